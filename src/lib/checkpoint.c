/* hako_checkpoint: a running container becomes files. */
#include "lib/container.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "criu/image.h"
#include "criu/mounts.h"
#include "criu/talk.h"
#include "lib/criu_options.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/sized.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct checkpoint {
	struct hako_container *container;
	struct hako_checkpoint_options options;
	struct hk_loaded loaded;
	struct hk_arena arena;
	struct hk_criu_dirs dirs;
	struct hk_criu_opts opts;
};

static int check_status(const struct hk_loaded *loaded, struct hk_err *err)
{
	switch (hk_loaded_status(loaded)) {
	case HAKO_RUNNING:
	case HAKO_PAUSED:
		break;
	case HAKO_CREATED:
	case HAKO_CREATING:
		return hk_refuse(err, EINVAL,
			"container cannot be checkpointed before its program has been started");
	case HAKO_STOPPED:
		return hk_refuse(err, ESRCH, "container not running");
	}
	if (loaded->state.rootfs_mount)
		return hk_refuse(err, ENOTSUP,
			"a container without a mount namespace of its own cannot be checkpointed");
	return 0;
}

/* criu takes the parent from the image it is the parent of. */
static int set_parent(struct checkpoint *c, struct hk_err *err)
{
	const char *path = c->options.parent_path;
	struct stat st;

	if (!path)
		return 0;
	if (path[0] == '/')
		return hk_refuse(err, EINVAL,
			"the parent image '%s' must be relative to the image directory", path);
	if (fstatat(c->dirs.image, path, &st, 0) < 0)
		return hk_fail(err, errno, "find the parent image '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return hk_fail(err, ENOTDIR, "find the parent image '%s'", path);
	c->opts.parent_img = path;
	c->opts.track_mem = true;
	return 0;
}

static int set_page_server(struct checkpoint *c, struct hk_err *err)
{
	const char *text = c->options.page_server;
	const char *colon = text ? strrchr(text, ':') : NULL;
	uint32_t port;

	if (!text)
		return 0;
	if (!colon || colon == text || hk_parse_u32(colon + 1, &port) < 0 || port == 0 ||
		port > 65535)
		return hk_refuse(err, EINVAL, "'%s' is not a page server's ADDRESS:PORT", text);
	c->opts.page_server_address = hk_arena_strndup(&c->arena, text, (size_t)(colon - text));
	c->opts.page_server_port = (int)port;
	return c->opts.page_server_address ? 0 : hk_fail(err, ENOMEM, "read the page server");
}

static int check_status_fd(const struct hako_checkpoint_options *options, struct hk_err *err)
{
	int fd = options->status_fd, flags;

	if (fd < 0)
		return 0;
	if (!options->criu.lazy_pages)
		return hk_refuse(err, EINVAL, "a status descriptor is for lazy pages");
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return hk_fail(err, errno, "use the status descriptor %d", fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return hk_refuse(err, EBADF, "the status descriptor %d is not writable", fd);
	return 0;
}

/* The cgroup that criu freezes to stop all at once: v1's freezer, or the one of v2. */
static const char *find_freezer(const struct hk_pairs *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		if (strcmp(paths->items[i].key, "freezer") == 0)
			return paths->items[i].value;
	return paths->count == 1 && !paths->items[0].key[0] ? paths->items[0].value : NULL;
}

static int add_external(struct checkpoint *c, const char *text, struct hk_err *err)
{
	if (!text)
		return hk_fail(err, ENOMEM, "list what is external to the container");
	c->opts.external.items[c->opts.external.count++] = text;
	return 0;
}

/* Network and pid namespaces that are somebody else's stay where they are. */
static int add_namespaces(struct checkpoint *c, struct hk_err *err)
{
	static const struct {
		const char *name, *key;
	} kinds[] = {{"net", "extRootNetNS"}, {"pid", "extRootPidNS"}};
	const struct hk_strings *joined = &c->loaded.state.joined_namespaces;
	int pid = c->loaded.state.init_pid, r = 0;

	for (size_t i = 0; r == 0 && i < joined->count; i++)
		for (size_t k = 0; r == 0 && k < HK_COUNT(kinds); k++) {
			const char *path;
			struct stat st;

			if (strcmp(joined->items[i], kinds[k].name) != 0)
				continue;
			path = hk_arena_printf(&c->arena, "/proc/%d/ns/%s", pid, kinds[k].name);
			if (!path || stat(path, &st) < 0)
				return hk_fail(err, path ? errno : ENOMEM,
					"find the container's %s namespace", kinds[k].name);
			r = add_external(c,
				hk_arena_printf(&c->arena, "%s[%llu]:%s", kinds[k].name,
					(unsigned long long)st.st_ino, kinds[k].key),
				err);
		}
	return r;
}

static int add_mounts(struct checkpoint *c, const struct hk_strings *points, struct hk_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < points->count; i++) {
		const char *key = hk_image_mount_key(&c->arena, i);

		r = add_external(c,
			key ? hk_arena_printf(&c->arena, "mnt[%s]:%s", points->items[i], key)
			    : NULL,
			err);
	}
	return r;
}

/* What is not the container's own, told to criu and written down for restore. */
static int describe_outside(struct checkpoint *c, struct hk_err *err)
{
	struct hk_strings points = {0}, stdio = {0}, files = {0};
	struct hk_mounts mounts = {0}, host = {0};
	pid_t pid = c->loaded.state.init_pid;
	int r;

	r = hk_mounts_read(pid, &c->arena, &mounts, err);
	if (r == 0)
		r = hk_mounts_read(0, &c->arena, &host, err);
	if (r == 0)
		r = hk_mounts_external(&mounts, &host, &c->arena, &points, err);
	if (r == 0)
		r = hk_stdio_describe(pid, &mounts, &c->arena, &stdio, &files, err);
	if (r < 0)
		return r;
	c->opts.external.items = hk_arena_array(&c->arena, points.count + files.count + HK_NS_COUNT,
		sizeof(*c->opts.external.items));
	if (!c->opts.external.items)
		return hk_fail(err, ENOMEM, "list what is external to the container");
	r = add_mounts(c, &points, err);
	for (size_t i = 0; r == 0 && i < files.count; i++)
		if (c->options.criu.shell_job || !hk_stdio_is_terminal(files.items[i]))
			r = add_external(c, files.items[i], err);
	if (r == 0)
		r = add_namespaces(c, err);
	if (r == 0 && !c->options.pre_dump)
		r = hk_image_write(c->dirs.image, HK_IMAGE_MOUNTS, &points, err);
	if (r == 0 && !c->options.pre_dump)
		r = hk_image_write(c->dirs.image, HK_IMAGE_DESCRIPTORS, &stdio, err);
	return r;
}

static int fill_opts(struct checkpoint *c, struct hk_err *err)
{
	const struct hako_checkpoint_options *options = &c->options;
	const struct hk_state *state = &c->loaded.state;
	int r = hk_criu_opts_fill(&options->criu, &c->dirs, &state->annotations, &c->opts, err);

	if (r < 0)
		return r;
	c->opts.pid = state->init_pid;
	c->opts.root = state->rootfs;
	c->opts.freeze_cgroup = find_freezer(&state->cgroup_paths);
	c->opts.leave_running = options->leave_running;
	c->opts.tcp_skip_in_flight = options->tcp_skip_in_flight;
	c->opts.link_remap = options->link_remap;
	r = set_parent(c, err);
	if (r == 0)
		r = set_page_server(c, err);
	return r < 0 ? r : describe_outside(c, err);
}

/* Whoever waits on the descriptor may start `criu lazy-pages` now. */
static int on_notify(void *userdata, const char *script, pid_t pid, int fd, struct hk_err *err)
{
	struct checkpoint *c = userdata;

	(void)pid;
	(void)fd;
	if (strcmp(script, "status-ready") != 0 || c->options.status_fd < 0)
		return 0;
	if (hk_write_full(c->options.status_fd, "", 1) < 0)
		return hk_fail(err, errno, "write to the status descriptor");
	c->options.status_fd = -1; /* once */
	return 0;
}

static int dump(struct checkpoint *c, struct hk_err *err)
{
	HK_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct hk_criu_place place = HK_CRIU_PLACE_INIT;
	struct hk_criu_task task = {
		.type = c->options.pre_dump ? HK_CRIU_SINGLE_PRE_DUMP : HK_CRIU_DUMP,
		.opts = &c->opts,
		.features =
			{
				.mem_track = c->options.pre_dump,
				.lazy_pages = c->options.criu.lazy_pages,
			},
		.notify = on_notify,
		.userdata = c,
	};
	int r;

	if (null < 0)
		return hk_fail(err, errno, "open '/dev/null'");
	for (int i = 0; i < 3; i++)
		place.stdio[i] = null;
	place.image = c->dirs.image;
	place.work = c->dirs.work;
	r = hk_criu_run(&place, &task, err);
	if (r < 0)
		hk_criu_dirs_hint(&c->dirs, err);
	return r;
}

static int run(struct checkpoint *c, struct hk_err *err)
{
	struct hako_container *container = c->container;
	int r;

	r = hk_criu_check_privilege(container->runtime, err);
	if (r == 0)
		r = check_status_fd(&c->options, err);
	if (r == 0)
		r = hk_container_load(container->root, container->id, true, &c->loaded, err);
	if (r == 0)
		r = check_status(&c->loaded, err);
	if (r == 0) /* for what is left of it afterwards */
		r = hk_dynamic_want_bus(container->runtime, &c->loaded.state, err);
	if (r == 0)
		r = hk_criu_dirs_open(&c->options.criu, true, "dump.log", &c->dirs, err);
	if (r == 0)
		r = fill_opts(c, err);
	if (r == 0)
		r = dump(c, err);
	if (r < 0 || c->options.pre_dump || c->options.leave_running)
		return r;
	return hk_container_destroy(container->runtime, container->root, &c->loaded,
		!c->loaded.state.private_pid_namespace, err);
}

static int checkpoint(struct hako_container *container,
	const struct hako_checkpoint_options *options, struct hk_err *err)
{
	struct checkpoint c = {
		.container = container,
		.options = HAKO_CHECKPOINT_OPTIONS_INIT,
		.loaded = HK_LOADED_INIT,
		.dirs = HK_CRIU_DIRS_INIT,
		.opts = HK_CRIU_OPTS_INIT,
	};
	int r = options ? hk_sized_copy(&c.options, sizeof(c.options), options, err) : 0;

	if (r == 0)
		r = run(&c, err);
	hk_criu_dirs_done(&c.dirs);
	hk_loaded_done(&c.loaded);
	hk_arena_done(&c.arena);
	return r;
}

int hako_checkpoint(
	hako_container *container, const struct hako_checkpoint_options *options, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(checkpoint(container, options, &e), &e, err);
}
