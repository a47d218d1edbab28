/* hako_restore: a container out of files, by the steps of create where they are the same. */
#include "lib/restoration.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "criu/image.h"
#include "lib/errors.h"
#include "lib/sized.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_DIR "criu-root"

static struct hk_restoration *of(struct hk_creation *c)
{
	return (struct hk_restoration *)c;
}

/* Before anything is made. */
static int read_image(struct hk_creation *c, struct hk_err *err)
{
	struct hk_restoration *r = of(c);
	int e = hk_criu_dirs_open(&r->options.criu, false, "restore.log", &r->dirs, err);

	return e < 0 ? e : hk_image_read_mounts(r->dirs.image, &c->prepared.arena, &r->points, err);
}

static int make_points(struct hk_creation *c, struct hk_err *err)
{
	struct hk_restoration *r = of(c);
	int e = hk_restoration_list_sources(&c->prepared, &r->sources, &c->prepared.arena, err);

	return e < 0 ? e : hk_restoration_make_points(r, err);
}

/* Where the root file system is bound for criu, in criu's own mount namespace. */
static int make_root(struct hk_creation *c, struct hk_err *err)
{
	struct hk_restoration *r = of(c);

	if (mkdirat(c->dir, ROOT_DIR, 0700) < 0)
		return hk_fail(err, errno, "make a directory for the root file system");
	r->place.root_source = c->prepared.rootfs;
	r->place.root_target =
		hk_arena_printf(&c->prepared.arena, "%s/%s/" ROOT_DIR, c->runtime->root, c->id);
	return r->place.root_target ? 0 : hk_fail(err, ENOMEM, "find the root file system");
}

static void remove_root(struct hk_creation *c)
{
	(void)unlinkat(c->dir, ROOT_DIR, AT_REMOVEDIR); /* else it goes with the directory */
}

static int fill_opts(struct hk_creation *c, struct hk_err *err)
{
	return hk_restoration_fill_opts(of(c), err);
}

static int check(struct hk_creation *c, struct hk_err *err)
{
	if (hk_spec_new_namespace(c->prepared.spec, HK_NS_MOUNT))
		return 0;
	(void)hk_refuse(err, ENOTSUP, "a container is restored into a mount namespace of its own");
	return hk_err_at(err, "/linux/namespaces");
}

static const struct hk_creation_step steps[] = {
	{"image", read_image, NULL},
	{"libraries", hk_creation_want_libraries, NULL},
	{"directory", hk_creation_make_directory, hk_creation_remove_directory},
	{"prepare", hk_creation_prepare, NULL},
	{"check", check, NULL},
	{"state", hk_creation_store_creating, NULL},
	{"unit", hk_creation_start_unit, hk_creation_stop_unit},
	{"cgroup", hk_creation_make_cgroup, hk_creation_remove_cgroup},
	{"rdt", hk_creation_make_rdt, hk_creation_remove_rdt},
	{"descriptors", hk_creation_open_files, hk_creation_close_slots},
	{"handle", hk_creation_make_handle, hk_creation_free_handle},
	{"mount points", make_points, NULL},
	{"root", make_root, remove_root},
	{"options", fill_opts, NULL},
	{"find network devices", hk_creation_find_net_devices, hk_creation_return_net_devices},
	{"criu", hk_restoration_run, NULL},
};

static struct hako_create_options create_options(const struct hako_restore_options *options)
{
	struct hako_create_options create = HAKO_CREATE_OPTIONS_INIT;

	create.bundle = options->bundle;
	create.spec = options->spec;
	create.console_socket = options->console_socket;
	create.console_fd = options->console_fd;
	create.pid_file = options->pid_file;
	create.notify_socket = options->notify_socket;
	return create;
}

static int restore(hako_runtime *runtime, const char *id,
	const struct hako_restore_options *options, hako_container **ret, struct hk_err *err)
{
	struct hk_restoration r = {
		.options = HAKO_RESTORE_OPTIONS_INIT,
		.dirs = HK_CRIU_DIRS_INIT,
		.opts = HK_CRIU_OPTS_INIT,
		.place = HK_CRIU_PLACE_INIT,
		.terminals = {-1, -1, -1},
	};
	struct hk_creation *c = &r.creation;
	struct hako_create_options create;
	int e;

	hk_creation_init(c, runtime, id, true);
	e = options ? hk_sized_copy(&r.options, sizeof(r.options), options, err) : 0;
	create = create_options(&r.options);
	if (e == 0)
		e = hk_id_check(id, err);
	if (e == 0)
		e = hk_criu_check_privilege(runtime, err);
	if (e == 0)
		e = hk_prepare_options(runtime, id, &create, &c->prepared, err);
	if (e == 0)
		e = hk_creation_run_steps(c, steps, HK_COUNT(steps), err);
	if (e == 0) {
		remove_root(c);
		*ret = hk_creation_take_container(c);
	}
	for (size_t i = 0; i < HK_COUNT(r.terminals); i++)
		hk_close(&r.terminals[i]);
	hk_criu_dirs_done(&r.dirs);
	hk_creation_done(c);
	return e;
}

int hako_restore(hako_runtime *runtime, const char *id, const struct hako_restore_options *options,
	hako_container **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(restore(runtime, id, options, ret, &e), &e, err);
}
