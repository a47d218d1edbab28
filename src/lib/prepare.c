/* From the caller's options to a plan: reads, probes and decides, and makes nothing. */
#include "lib/prepare.h"

#include "base/findings.h"
#include "json/utf8.h"
#include "lib/descriptors.h"
#include "lib/sized.h"
#include "lib/spec.h"
#include "lib/timeline.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_SUBGROUP   "container" /* as crun calls it */
#define PROCESSES_AT_FIRST 2

int hk_prepare_options(const struct hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, struct hk_prepared *ret, struct hk_err *err)
{
	int r;

	ret->runtime = runtime;
	ret->id = id;
	ret->options = (struct hako_create_options)HAKO_CREATE_OPTIONS_INIT;
	if (options) {
		r = hk_sized_copy(&ret->options, sizeof(ret->options), options, err);
		if (r < 0)
			return r;
	}
	r = hk_check_console_socket(ret->options.console_socket, ret->options.console_fd, err);
	if (r < 0)
		return r;
	if (ret->options.listen_fds > UINT_MAX - ret->options.preserve_fds)
		return hk_refuse(err, EINVAL, "too many file descriptors to preserve");
	return hk_check_preserved(ret->options.preserve_fds + ret->options.listen_fds, err);
}

static const char *absolute(struct hk_arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	const char *copy = real ? hk_arena_strdup(arena, real) : NULL;

	free(real);
	return copy;
}

/* The state is JSON, in which no other path can be kept. */
static int check_path(const char *what, const char *path, struct hk_err *err)
{
	if (hk_utf8_valid((const unsigned char *)path, strlen(path)))
		return 0;
	return hk_refuse(err, EINVAL, "%s '%s': the path is not UTF-8", what, path);
}

int hk_prepare_bundle(struct hk_prepared *p, struct hk_err *err)
{
	const char *given = p->options.bundle ? p->options.bundle : ".";

	p->bundle = absolute(&p->arena, given);
	if (!p->bundle)
		return hk_fail(err, errno, "open the bundle '%s'", given);
	return check_path("bundle", p->bundle, err);
}

static int load_spec(struct hk_prepared *p, struct hk_err *err)
{
	const hako_spec *given = p->options.spec;
	int r;

	if (given && given->err.code) { /* a builder call failed and nobody looked */
		*err = given->err;
		return -given->err.code;
	}
	if (!given) {
		r = hk_spec_load(p->bundle, p->options.config, &p->loaded, err);
		if (r < 0)
			return r;
		given = p->loaded;
	}
	p->config_path = given->path;
	r = p->config_path ? check_path("configuration", p->config_path, err) : 0;
	if (r < 0)
		return r;
	p->spec = &given->spec;
	r = hk_spec_validate(p->spec, err);
	if (r < 0)
		return r;
	return hk_prepare_annotations(p, &HK_FIRST_FINDING(err));
}

int hk_prepare_annotations(struct hk_prepared *p, struct hk_findings *f)
{
	return hk_annotated_read(&p->spec->annotations, &p->arena, &p->annotated, f);
}

int hk_prepare_rootfs(struct hk_prepared *p, struct hk_err *err)
{
	const char *path = p->spec->root->path, *joined = path;
	struct stat st;

	if (path[0] != '/')
		joined = hk_arena_printf(&p->arena, "%s/%s", p->bundle, path);
	if (!joined)
		return hk_fail(err, ENOMEM, "find the root file system");
	p->rootfs = absolute(&p->arena, joined);
	if (!p->rootfs || stat(p->rootfs, &st) < 0) {
		(void)hk_fail(err, errno, "root file system '%s'", joined);
		return hk_err_at(err, "/root/path");
	}
	if (!S_ISDIR(st.st_mode)) {
		(void)hk_fail(err, ENOTDIR, "root file system '%s'", joined);
		return hk_err_at(err, "/root/path");
	}
	if (check_path("root file system", p->rootfs, err) < 0)
		return hk_err_at(err, "/root/path");
	return 0;
}

/* The id on the host of an id in the container. */
static uint32_t host_id(const struct hk_id_maps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct hk_id_map *map = &maps->items[i];

		if (id >= map->container_id && id - map->container_id < map->size)
			return map->host_id + (id - map->container_id);
	}
	return id;
}

/* runtime-spec, "Cgroup ownership": the container's cgroup is its own to manage where it has a
 * cgroup namespace and a writable cgroup mount. Without its mappings process.user.uid is no user of
 * the host's: who has that number there must not get it. */
static bool wants_own_cgroup(const struct hk_spec *spec)
{
	if (!hk_spec_new_namespace(spec, HK_NS_CGROUP) || !hk_spec_knows_host_uids(spec))
		return false;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_mount *mount = &spec->mounts[i];

		if (mount->type && strcmp(mount->type, "cgroup") == 0)
			return !hk_mount_has_option(mount, "ro");
	}
	return false;
}

/* With the systemd manager: which unit it is, and that there is somebody to make it. Where the
 * user's service manager has its cgroup only it knows. */
static int decide_unit(struct hk_prepared *p, struct hk_err *err)
{
	struct hk_unit_properties ignored = {.arena = &p->arena};
	const char *root = "/";
	int r;

	if (p->runtime->cgroup_manager != HK_CGROUP_MANAGER_SYSTEMD)
		return 0;
	r = hk_bus_open(p->rootless, &p->bus, err);
	if (r == 0 && p->rootless)
		r = hk_bus_get(p->bus, "ControlGroup", &p->arena, &root, err);
	if (r < 0)
		return r;
	if (p->rootless && p->cgroup_host.mode != HK_CGROUP_V2) {
		(void)hk_refuse(err, ENOTSUP,
			"a user's systemd can give out cgroups on cgroup v2 alone, which this "
			"host does not have");
		hk_err_hint(err, "--cgroup-manager=cgroupfs needs no cgroup at all where nothing "
				 "is limited");
		return -ENOTSUP;
	}
	r = hk_unit_decide(p->spec->linux.cgroups_path, p->id,
		p->rootless ? "user.slice" : "system.slice", root, &p->arena, &p->unit, err);
	if (r < 0)
		return r;
	r = hk_unit_put_annotations(&ignored, &p->spec->annotations, err); /* are they right? */
	if (r < 0)
		return r;
	p->cgroup_request.unit_path = p->unit.path;
	p->cgroup_request.subgroup = p->annotated.systemd_subgroup;
	if (!p->cgroup_request.subgroup)
		p->cgroup_request.subgroup = DEFAULT_SUBGROUP;
	else if (!p->cgroup_request.subgroup[0])
		p->cgroup_request.subgroup = NULL;
	return 0;
}

/* A limit of less than two processes would forbid the init stage the fork by which it enters new
 * namespaces: it is in force when init is there, see hk_creation_limit_processes. A scope's
 * TasksMax is not put off. */
static const struct hk_resources *resources_at_first(struct hk_prepared *p)
{
	const struct hk_resources *asked = p->spec->linux.resources;
	struct hk_resources *first;

	if (!asked || !asked->pids_limit.set || asked->pids_limit.value < 0 ||
		asked->pids_limit.value >= PROCESSES_AT_FIRST || asked->unified.count > 0 ||
		p->runtime->cgroup_manager != HK_CGROUP_MANAGER_CGROUPFS)
		return asked;
	first = hk_arena_alloc(&p->arena, sizeof(*first));
	if (!first)
		return NULL;
	*first = *asked;
	first->pids_limit.value = PROCESSES_AT_FIRST;
	return first;
}

int hk_prepare_cgroup(struct hk_prepared *p, struct hk_err *err)
{
	const struct hk_spec *spec = p->spec;
	const struct hk_resources *resources = resources_at_first(p);
	uint32_t uid = spec->process ? spec->process->user.uid : 0; /* check goes on without one */
	int r;

	if (spec->linux.resources && !resources)
		return hk_fail(err, ENOMEM, "place the cgroup");
	r = hk_cgroup_host_probe(&p->arena, &p->cgroup_host, err);
	if (r < 0)
		return r;
	p->cgroup_request = (struct hk_cgroup_request){
		.manager = p->runtime->cgroup_manager,
		.id = p->id,
		.cgroups_path = spec->linux.cgroups_path,
		.rootless = p->rootless,
		.resources = resources,
		.own_namespaces_writable = wants_own_cgroup(spec),
		.owner_uid = host_id(&spec->linux.uid_mappings, uid),
		.leaf = p->annotated.delegate_cgroup,
		.leaf_uid = host_id(&spec->linux.uid_mappings, 0),
	};
	r = decide_unit(p, err);
	return r < 0 ? r : hk_cgroup_new(&p->cgroup_host, &p->cgroup_request, &p->cgroup, err);
}

int hk_prepare_rdt(struct hk_prepared *p, struct hk_err *err)
{
	const struct hk_intel_rdt *config = p->spec->linux.intel_rdt;
	const char *root;
	int r;

	if (!config)
		return 0;
	r = hk_rdt_find(&p->arena, &root, err);
	return r < 0 ? r : hk_rdt_decide(root, p->id, config, &p->arena, &p->rdt, err);
}

int hk_prepare_seccomp(struct hk_prepared *p, struct hk_err *err)
{
	if (!p->spec->linux.seccomp)
		return 0;
	hk_timeline_property(hk_timeline_of(p->options.timeline), "/linux/seccomp");
	return hk_seccomp_compile(p->spec->linux.seccomp, &p->arena, &p->filter, err);
}

/* config.json comes first, what is only a habit of this host last. */
int hk_prepare_listener(struct hk_prepared *p, struct hk_err *err)
{
	const struct hk_seccomp *seccomp = p->spec->linux.seccomp;
	const struct hk_listener places[] = {
		{seccomp ? seccomp->listener_path : NULL, "/linux/seccomp/listenerPath"},
		{p->annotated.seccomp_receiver, "/annotations/" HK_ANNOTATION_SECCOMP_RECEIVER},
		{p->options.seccomp_receiver, ""},
	};

	for (size_t i = 0; !p->listener.path && i < HK_COUNT(places); i++)
		p->listener = places[i];
	if (!seccomp || p->listener.path)
		return 0;
	if (p->filter.notify) {
		(void)hk_refuse(err, EINVAL, "SCMP_ACT_NOTIFY needs a listenerPath");
		return hk_err_at(err, "/linux/seccomp/listenerPath");
	}
	if (seccomp->listener_metadata) {
		(void)hk_refuse(err, EINVAL, "without a listenerPath, nobody gets it");
		return hk_err_at(err, "/linux/seccomp/listenerMetadata");
	}
	return 0;
}

static bool has_console(const struct hk_prepared *p)
{
	if (p->assume_console)
		return p->spec->process && p->spec->process->terminal;
	return p->options.console_socket || p->options.console_fd >= 0;
}

struct hk_plan_options hk_prepare_plan_options(struct hk_prepared *p)
{
	struct hk_plan_options options = {
		.id = p->id,
		.bundle = p->bundle,
		.rootfs = p->rootfs,
		.no_pivot = p->options.no_pivot,
		.no_new_keyring = p->options.no_new_keyring,
		.preserve_fds = p->options.preserve_fds + p->options.listen_fds,
		.listen_fds = p->options.listen_fds,
		.listen_fdnames = p->options.listen_fdnames,
		.console = has_console(p),
		.notify_dir = p->notify_dir,
		.seccomp_filter = p->filter.instructions,
		.seccomp_size = p->filter.size,
		.seccomp_flags = p->filter.flags,
		.seccomp_notify = p->filter.notify,
	};

	options.own_cgroup = hk_cgroup_path_count(p->cgroup) > 0;
	options.cgroup_join = hk_cgroup_join_files(p->cgroup, &options.cgroup_join_count);
	options.cgroup_mounts = hk_cgroup_mounts(p->cgroup, &options.cgroup_mount_count);
	return options;
}

static int build_plan(struct hk_prepared *p, struct hk_err *err)
{
	struct hk_plan_options options = hk_prepare_plan_options(p);

	return hk_plan_build(p->spec, &p->facts, &options, &p->arena, &p->plan, err);
}

static int check_console(struct hk_prepared *p, struct hk_err *err)
{
	return hk_check_console(p->spec->process->terminal, has_console(p), err);
}

int hk_prepare_facts(struct hk_prepared *p, struct hk_err *err)
{
	int r = hk_facts_probe(p->spec, &p->facts, err);

	if (r < 0)
		return r;
	p->rootless = p->runtime->rootless;
	/* a container without a user namespace is root's, and so is its plan */
	if (p->assume_root && !hk_spec_namespace(p->spec, HK_NS_USER)) {
		hk_facts_assume_root(&p->facts);
		p->rootless = false;
	}
	return 0;
}

static int check_host(struct hk_prepared *p, struct hk_err *err)
{
	return hk_check_host(p->spec, &p->facts, &HK_FIRST_FINDING(err));
}

static int find_notify_dir(struct hk_prepared *p, struct hk_err *err)
{
	if (!p->options.notify_socket)
		return 0;
	p->notify_dir = hk_arena_printf(&p->arena, "%s/%s/notify", p->runtime->root, p->id);
	return p->notify_dir ? 0 : hk_fail(err, ENOMEM, "find the notify socket");
}

int hk_prepare(struct hk_prepared *p, struct hk_err *err)
{
	static const struct {
		const char *name; /* in a timeline */
		int (*decide)(struct hk_prepared *p, struct hk_err *err);
	} decisions[] = {
		{"bundle", hk_prepare_bundle},
		{"read and validate", load_spec},
		{"check the console", check_console},
		{"find the rootfs", hk_prepare_rootfs},
		{"notify socket", find_notify_dir},
		{"probe the host", hk_prepare_facts},
		{"check the host", check_host},
		{"place the cgroup", hk_prepare_cgroup},
		{"decide on rdt", hk_prepare_rdt},
		{"compile seccomp", hk_prepare_seccomp},
		{"find the listener", hk_prepare_listener},
		{"build the plan", build_plan},
	};
	struct hk_timeline *timeline = hk_timeline_of(p->options.timeline);
	int r = 0;

	for (size_t i = 0; r == 0 && i < HK_COUNT(decisions); i++) {
		hk_timeline_begin(timeline, decisions[i].name);
		r = decisions[i].decide(p, err);
		hk_timeline_end(timeline, r);
	}
	if (r < 0 && p->spec)
		hk_spec_locate(p->spec, err);
	return r;
}

void hk_prepared_done(struct hk_prepared *p)
{
	hk_cgroup_free(p->cgroup);
	hk_bus_close(p->bus);
	hako_spec_free(p->loaded);
	hk_arena_done(&p->arena);
}
