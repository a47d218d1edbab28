/* hako_mounts_add, hako_mounts_remove: mounts of a container that runs. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/sys.h"
#include "lib/errors.h"
#include "plan/build.h"
#include "spec/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct errand {
	enum hk_errand kind;
	pid_t init;
	struct hk_spec spec;
	struct hk_namespace namespaces[HK_NS_COUNT]; /* to be entered; the spec's */
	uint64_t inside; /* namespaces that whoever opens a proc in the container enters */
	int slots[HK_SLOT_COUNT];
};

static void errand_done(struct errand *e)
{
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		hk_close(&e->slots[i]);
	hk_spec_done(&e->spec);
}

/* ---- namespaces ---- */

static void add_namespace(struct errand *e, enum hk_ns_type type, int fd, const char *path)
{
	e->slots[HK_SLOT_NS + type] = fd;
	e->namespaces[e->spec.linux.namespace_count++] =
		(struct hk_namespace){.type = type, .path = path};
}

static int open_namespace(const struct errand *e, enum hk_ns_type type, struct hk_err *err)
{
	char path[64];

	(void)snprintf(
		path, sizeof(path), "/proc/%d/ns/%s", (int)e->init, hk_ns_infos[type].proc_name);
	return hk_namespace_open(path, type, err);
}

static int join_owner(struct errand *e, int mount_ns, struct hk_err *err)
{
	HK_FD int owner = hk_namespace_owner(mount_ns, err);

	if (owner < 0)
		return owner;
	if (!hk_namespace_is_ours(owner, HK_NS_USER))
		add_namespace(e, HK_NS_USER, hk_take_fd(&owner), "the container's");
	return 0;
}

static bool mounts_new(const struct hk_spec *spec, const char *type)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_mount *mount = &spec->mounts[i];

		if (mount->type && strcmp(mount->type, type) == 0 && !hk_mount_is_bind(mount))
			return true;
	}
	return false;
}

/* What these show is decided by the namespace of who mounts them. */
static int join_shown(struct errand *e, struct hk_err *err)
{
	static const struct {
		const char *fstype;
		enum hk_ns_type ns;
	} shown[] = {{"sysfs", HK_NS_NETWORK}, {"mqueue", HK_NS_IPC}};

	for (size_t i = 0; i < HK_COUNT(shown); i++) {
		HK_FD int fd = -1;

		if (!mounts_new(&e->spec, shown[i].fstype))
			continue;
		fd = open_namespace(e, shown[i].ns, err);
		if (fd < 0)
			return fd;
		if (!hk_namespace_is_ours(fd, shown[i].ns))
			add_namespace(e, shown[i].ns, hk_take_fd(&fd), "the container's");
	}
	return 0;
}

/* 1: init's namespace of that type is not ours; 0: it is, or this kernel has none such. */
static int differs(const struct errand *e, enum hk_ns_type type, struct hk_err *err)
{
	HK_FD int fd = -1;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", hk_ns_infos[type].proc_name);
	if (access(path, F_OK) < 0)
		return 0;
	fd = open_namespace(e, type, err);
	return fd < 0 ? fd : !hk_namespace_is_ours(fd, type);
}

/* And a proc by the pid namespace, where the container's processes would see us. It is opened by a
 * process that has all its namespaces but for the user namespace, which is joined. */
static int find_inside(struct errand *e, int init, struct hk_err *err)
{
	int r = mounts_new(&e->spec, "proc") ? differs(e, HK_NS_PID, err) : 0;

	if (r <= 0)
		return r;
	e->slots[HK_SLOT_INIT] = fcntl(init, F_DUPFD_CLOEXEC, 3);
	if (e->slots[HK_SLOT_INIT] < 0)
		return hk_fail(err, errno, "open the container's init");
	for (enum hk_ns_type type = 0; type < HK_NS_COUNT; type++) {
		r = type == HK_NS_USER ? 0 : differs(e, type, err);
		if (r < 0)
			return r;
		e->inside |= r ? hk_ns_infos[type].clone_flag : 0;
	}
	return 0;
}

static int open_namespaces(struct errand *e, int init, struct hk_err *err)
{
	HK_FD int mount_ns = open_namespace(e, HK_NS_MOUNT, err);
	int r;

	if (mount_ns < 0)
		return mount_ns;
	if (hk_namespace_is_ours(mount_ns, HK_NS_MOUNT))
		return hk_refuse(err, EINVAL, "the container has no mount namespace of its own");
	e->spec.linux.namespaces = e->namespaces;
	r = join_owner(e, mount_ns, err);
	if (r == 0)
		r = join_shown(e, err);
	if (r == 0)
		r = find_inside(e, init, err);
	/* the init stage's own view of the host is a new one; in the slot is the container's */
	add_namespace(e, HK_NS_MOUNT, hk_take_fd(&mount_ns), NULL);
	return r;
}

/* ---- the errand ---- */

static int read_file(struct errand *e, const char *file, struct hk_err *err)
{
	const char *slash = strrchr(file, '/');
	HK_FREE char *text = NULL;
	int r = hk_read_file(file, &text);

	if (r < 0)
		return hk_fail(err, -r, "read '%s'", file);
	return hk_spec_parse_mounts(text, strlen(text), slash ? slash + 1 : file, &e->spec, err);
}

static int check_running(const struct hk_loaded *loaded, struct hk_err *err)
{
	switch (hk_loaded_status(loaded)) {
	case HAKO_CREATED:
	case HAKO_RUNNING:
	case HAKO_PAUSED:
		return 0;
	case HAKO_CREATING:
	case HAKO_STOPPED:
		break;
	}
	return hk_refuse(err, ESRCH, "container not running");
}

static int run_errand(struct errand *e, const struct hako_container *container,
	const struct hk_loaded *loaded, struct hk_arena *arena, struct hk_err *err)
{
	struct hk_findings first = HK_FIRST_FINDING(err);
	const struct hk_plan *plan;
	struct hk_facts facts;
	struct hk_stage_options stage = {
		.spec = &e->spec,
		.stdio = {-1, -1, -1},
		.cgroup_v2_fd = -1,
		.log = &container->runtime->log,
	};
	int r;

	e->spec.linux.mount_label = loaded->state.mount_label;
	r = open_namespaces(e, loaded->pidfd, err);
	/* they were opened by pid: it must still be the container's */
	if (r == 0 && hk_sys_pidfd_send_signal(loaded->pidfd, 0) < 0)
		r = hk_refuse(err, ESRCH, "container not running");
	if (r == 0 && e->kind == HK_ERRAND_ADD_MOUNTS)
		r = hk_validate_mounts(&e->spec, &first);
	if (r == 0)
		r = hk_facts_probe(&e->spec, &facts, err);
	if (r == 0)
		r = hk_plan_build_errand(e->kind, &e->spec, &facts, e->inside, loaded->state.bundle,
			arena, &plan, err);
	if (r < 0)
		return r;
	stage.plan = plan;
	memcpy(stage.slots, e->slots, sizeof(stage.slots));
	return hk_stage_run_errand(&stage, err);
}

/* The file's array is no member of anything: "/mounts/0/source" is its "/0/source". What is about
 * no entry has no place in the file. */
static void rename_property(struct hk_err *err)
{
	const size_t prefix = strlen("/mounts");

	if (strncmp(err->property, "/mounts/", prefix + 1) == 0)
		memmove(err->property, err->property + prefix, strlen(err->property + prefix) + 1);
	else
		err->property[0] = '\0';
}

static int change_mounts(
	struct hako_container *container, enum hk_errand kind, const char *file, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	struct errand e = {.kind = kind};
	struct hk_arena arena = {0};
	int r;

	for (int i = 0; i < HK_SLOT_COUNT; i++)
		e.slots[i] = -1;
	r = hk_container_load(container->root, container->id, true, &loaded, err);
	if (r == 0)
		r = check_running(&loaded, err);
	if (r < 0)
		return r;
	e.init = loaded.state.init_pid;
	r = read_file(&e, file, err);
	if (r == 0 && e.spec.mount_count > 0)
		r = run_errand(&e, container, &loaded, &arena, err);
	if (r < 0) {
		rename_property(err);
		hk_spec_locate(&e.spec, err);
	}
	errand_done(&e);
	hk_arena_done(&arena);
	return r;
}

int hako_mounts_add(hako_container *container, const char *file, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(change_mounts(container, HK_ERRAND_ADD_MOUNTS, file, &e), &e, err);
}

int hako_mounts_remove(hako_container *container, const char *file, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(change_mounts(container, HK_ERRAND_REMOVE_MOUNTS, file, &e), &e, err);
}
