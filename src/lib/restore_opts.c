/* What criu is told about a container that it restores. */
#include "lib/restoration.h"

#include "base/err.h"
#include "cgroup/host.h"
#include "criu/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

/* Namespaces that are somebody else's: criu is handed those two that it leaves alone, and joins
 * others by their path. */
static const char *const inherited_keys[HK_NS_COUNT] = {
	[HK_NS_NETWORK] = "extRootNetNS",
	[HK_NS_PID] = "extRootPidNS",
};

static void inherit(struct hk_restoration *r, const char *key, int fd)
{
	r->opts.inherit.items[r->opts.inherit.count++] = (struct hk_criu_inherit){key, fd};
}

static void keep_open(struct hk_restoration *r, int fd)
{
	r->fds[r->place.fd_count++] = fd;
	r->place.fds = r->fds;
}

static int add_namespace(
	struct hk_restoration *r, const struct hk_namespace *ns, size_t index, struct hk_err *err)
{
	struct hk_pairs *joins = &r->opts.join_ns;
	int fd = r->creation.slots[HK_SLOT_NS + ns->type];

	if (inherited_keys[ns->type]) {
		inherit(r, inherited_keys[ns->type], fd);
		keep_open(r, fd);
		return 0;
	}
	if (ns->type == HK_NS_CGROUP || ns->type == HK_NS_MOUNT) {
		(void)hk_refuse(err, ENOTSUP, "criu cannot restore into a %s namespace",
			hk_ns_infos[ns->type].name);
		return hk_err_at(err, "/linux/namespaces/%zu/path", index);
	}
	joins->items[joins->count++] = (struct hk_pair){hk_ns_infos[ns->type].proc_name, ns->path};
	return 0;
}

static int add_namespaces(struct hk_restoration *r, struct hk_err *err)
{
	const struct hk_linux *linux = &r->creation.prepared.spec->linux;
	int e = 0;

	for (size_t i = 0; e == 0 && i < linux->namespace_count; i++)
		if (linux->namespaces[i].path)
			e = add_namespace(r, &linux->namespaces[i], i, err);
	return e;
}

/* criu takes a descriptor away that it hands on, and with shell_job it wants stdin for itself too.
 */
static int add_terminal(struct hk_restoration *r, const char *key, size_t index, struct hk_err *err)
{
	int given = r->options.stdio[index];
	int fd;

	if (!r->options.criu.shell_job)
		return 0;
	fd = fcntl(given >= 0 ? given : (int)index, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return hk_fail(err, errno, "hand criu the terminal");
	r->terminals[index] = fd;
	inherit(r, key, fd);
	keep_open(r, fd);
	return 0;
}

/* Our 0, 1, 2, or those of the options, are criu's. */
static int add_stdio(struct hk_restoration *r, struct hk_err *err)
{
	struct hk_strings stdio = {0};
	int e = hk_image_read(r->dirs.image, HK_IMAGE_DESCRIPTORS, HK_COUNT(r->options.stdio),
		&r->creation.prepared.arena, &stdio, err);

	for (size_t i = 0; i < HK_COUNT(r->options.stdio); i++)
		r->place.stdio[i] = r->options.stdio[i];
	for (size_t i = 0; e == 0 && i < stdio.count; i++) {
		if (!hk_stdio_is_key(stdio.items[i]))
			continue;
		if (hk_stdio_is_terminal(stdio.items[i]))
			e = add_terminal(r, stdio.items[i], i, err);
		else
			inherit(r, stdio.items[i], (int)i);
	}
	return e;
}

/* controller: one, or "" for v2. */
static const struct hk_cgroup_hierarchy *find_hierarchy(
	const struct hk_cgroup_host *host, const char *controller)
{
	for (size_t i = 0; i < host->count; i++) {
		const char *list = host->hierarchies[i].controllers;

		if (strcmp(list, controller) == 0 || hk_cgroup_names(list, controller))
			return &host->hierarchies[i];
	}
	return NULL;
}

/* The tasks' cgroups go where the container's is, under whatever name they were dumped. criu takes
 * all controllers of a hierarchy together. */
static int add_cgroups(struct hk_restoration *r, struct hk_err *err)
{
	const struct hk_prepared *p = &r->creation.prepared;
	struct hk_pairs *roots = &r->opts.cg_roots;
	size_t count = hk_cgroup_path_count(p->cgroup);

	roots->items =
		hk_arena_array(&r->creation.prepared.arena, count + 1, sizeof(*roots->items));
	if (!roots->items)
		return hk_fail(err, ENOMEM, "list the container's cgroups");
	for (size_t i = 0; i < count; i++) {
		const struct hk_cgroup_hierarchy *hierarchy;
		const char *controller, *path;
		size_t len;

		hk_cgroup_path(p->cgroup, i, &controller, &path);
		hierarchy = find_hierarchy(&p->cgroup_host, controller);
		len = hierarchy ? strlen(hierarchy->mountpoint) : 0;
		if (len && strncmp(path, hierarchy->mountpoint, len) == 0)
			roots->items[roots->count++] =
				(struct hk_pair){hierarchy->controllers, path + len};
	}
	r->place.cgroup_join = hk_cgroup_join_files(p->cgroup, &r->place.cgroup_join_count);
	r->place.cgroup_v2 = hk_cgroup_v2_fd(p->cgroup);
	return 0;
}

static int add_arrays(struct hk_restoration *r, struct hk_err *err)
{
	struct hk_arena *arena = &r->creation.prepared.arena;

	r->opts.inherit.items =
		hk_arena_array(arena, HK_NS_COUNT + 3, sizeof(*r->opts.inherit.items));
	r->opts.join_ns.items = hk_arena_array(arena, HK_NS_COUNT, sizeof(*r->opts.join_ns.items));
	if (!r->opts.inherit.items || !r->opts.join_ns.items)
		return hk_fail(err, ENOMEM, "list the container's namespaces");
	return 0;
}

/* criu passes over it where there is nobody to take it. */
static int check_mount_context(const struct hk_restoration *r, struct hk_err *err)
{
	if (!r->options.lsm_mount_context || access("/sys/fs/selinux/enforce", F_OK) == 0)
		return 0;
	return hk_refuse(
		err, ENOTSUP, "a mount context is given, but SELinux is not enabled on this host");
}

/* With other images criu makes the devices itself, or fails to; and a namespace that is joined
 * still has those that were moved into it. */
static int check_net_devices(const struct hk_restoration *r, struct hk_err *err)
{
	const struct hk_spec *spec = r->creation.prepared.spec;

	if (!spec->linux.net_device_count ||
		(r->opts.empty_ns == CLONE_NEWNET && hk_spec_new_namespace(spec, HK_NS_NETWORK)))
		return 0;
	(void)hk_refuse(
		err, ENOTSUP, "restore moves network devices into an empty network namespace only");
	hk_err_hint(err, "checkpoint and restore with --empty-ns network, or leave netDevices out");
	return hk_err_at(err, "/linux/netDevices");
}

int hk_restoration_fill_opts(struct hk_restoration *r, struct hk_err *err)
{
	const struct hk_prepared *p = &r->creation.prepared;
	int e = hk_criu_opts_fill(&r->options.criu, &r->dirs, &p->spec->annotations, &r->opts, err);

	r->place.image = r->dirs.image;
	r->place.work = r->dirs.work;
	r->opts.root = r->place.root_target;
	r->opts.rst_sibling = true;
	r->opts.evasive_devices = true;
	r->opts.lsm_profile = r->options.lsm_profile;
	r->opts.lsm_mount_context = r->options.lsm_mount_context;
	r->opts.tcp_close = r->options.tcp_close;
	if (e == 0)
		e = check_mount_context(r, err);
	if (e == 0)
		e = check_net_devices(r, err);
	if (e == 0)
		e = add_arrays(r, err);
	if (e == 0)
		e = add_namespaces(r, err);
	if (e == 0)
		e = add_stdio(r, err);
	if (e == 0)
		e = add_cgroups(r, err);
	return e < 0 ? e : hk_restoration_add_mounts(r, err);
}
