/* Sources of bind mounts that the init stage asks the runtime for: those that a user namespace does
 * not let it reach, and id-mapped ones, for only who owns the file system may map its ids.
 *
 * The kernel takes a mapping as a user namespace. A file that belongs to containerID on the file
 * system belongs to hostID on the mount, hostID being an id of the runtime's user namespace: so the
 * container sees it through its own mapping, if it has one. */
#include "stage/source.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "stage/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

struct hk_mapped_ns {
	struct hk_mapped_ns *next;
	const struct hk_id_maps *uids; /* the specification's */
	const struct hk_id_maps *gids;
	int fd;
};

/* ---- user namespaces ---- */

static bool same_maps(const struct hk_id_maps *a, const struct hk_id_maps *b)
{
	return a->count == b->count &&
	       memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0;
}

int hk_idmap_namespace(
	const struct hk_id_maps *uids, const struct hk_id_maps *gids, struct hk_err *err)
{
	struct hk_keeper keeper;
	char path[64];
	int fd, r;

	r = hk_keeper_start(-1, &keeper, err);
	if (r < 0)
		return r;
	r = hk_idmap_write(keeper.pid, uids, gids, err);
	if (r == 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)keeper.pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		r = fd < 0 ? hk_fail(err, errno, "open the user namespace of an id mapping") : fd;
	}
	hk_keeper_end(&keeper);
	return r;
}

static int find_or_make_ns(struct hk_sources *sources, const struct hk_id_maps *uids,
	const struct hk_id_maps *gids, struct hk_err *err)
{
	struct hk_mapped_ns *ns;

	for (ns = sources->first; ns; ns = ns->next)
		if (same_maps(ns->uids, uids) && same_maps(ns->gids, gids))
			return ns->fd;
	ns = malloc(sizeof(*ns));
	if (!ns)
		return hk_fail(err, ENOMEM, "make the user namespace of an id mapping");
	*ns = (struct hk_mapped_ns){
		sources->first, uids, gids, hk_idmap_namespace(uids, gids, err)};
	if (ns->fd < 0) {
		int r = ns->fd;

		free(ns);
		return r;
	}
	sources->first = ns;
	return ns->fd;
}

void hk_sources_done(struct hk_sources *sources)
{
	while (sources->first) {
		struct hk_mapped_ns *ns = sources->first;

		sources->first = ns->next;
		hk_close(&ns->fd);
		free(ns);
	}
}

/* The user namespace whose mapping the mount gets. The fd stays where it is. */
static int mapping_of(struct hk_sources *sources, const struct hk_stage_options *options,
	const struct hk_mount *mount, struct hk_err *err)
{
	const struct hk_linux *lx = &options->spec->linux;
	const struct hk_namespace *user = hk_spec_namespace(options->spec, HK_NS_USER);

	if (mount->uid_mappings.count)
		return find_or_make_ns(sources, &mount->uid_mappings, &mount->gid_mappings, err);
	if (user && user->path)
		return options->slots[HK_SLOT_NS + HK_NS_USER];
	return find_or_make_ns(sources, &lx->uid_mappings, &lx->gid_mappings, err);
}

/* ---- id-mapped mounts ---- */

struct mounted {
	char type[64];
	bool idmapped;
};

/* As /proc/self/mountinfo numbers it; -1: unknown. */
static int mount_id(const char *path)
{
	HK_FD int fd = open(path, O_PATH | O_CLOEXEC);
	HK_FD int info = -1;
	char name[64], text[512];
	const char *line;
	int id;

	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = fd < 0 ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	if (info < 0 || hk_read_string(info, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "mnt_id:");
	return line && sscanf(line, "mnt_id: %d", &id) == 1 ? id : -1;
}

/* A line of mountinfo, if it is that mount's. */
static bool read_line(const char *line, int wanted, struct mounted *ret)
{
	const char *tail = strstr(line, " - ");
	int id;

	if (!tail || sscanf(line, "%d", &id) != 1 || id != wanted)
		return false;
	ret->idmapped = strstr(line, ",idmapped");
	return sscanf(tail, " - %63s", ret->type) == 1;
}

/* The mount that a path is on: for the words of an error. */
static bool find_mounted(const char *path, struct mounted *ret)
{
	HK_FREE char *line = NULL;
	int id = mount_id(path);
	FILE *file = id < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
	size_t cap = 0;
	bool found = false;

	while (file && !found && getline(&line, &cap, file) > 0)
		found = read_line(line, id, ret);
	if (file)
		(void)fclose(file); /* read only */
	return found;
}

static int idmap_failed(
	const struct hk_step_bind *bind, const char *source, int errnum, struct hk_err *err)
{
	const char *below = bind->how & HK_MOUNT_IDMAP_TREE ? ", or a mount below it," : "";
	struct mounted mounted = {"?", false};
	int r = hk_fail(err, errnum, "map the ids of the bind mount's source '%s'", source);

	if (!find_mounted(source, &mounted))
		return r;
	if (mounted.idmapped)
		hk_err_hint(err, "the mount is id-mapped already");
	else if (errnum == EINVAL)
		hk_err_hint(err,
			"its file system (%s)%s cannot be id-mapped: not at all, or not by this "
			"kernel",
			mounted.type, below);
	else if (errnum == EPERM)
		hk_err_hint(err,
			"only who owns the file system (%s)%s may do that: the runtime needs "
			"CAP_SYS_ADMIN where it was mounted, which is usually the host",
			mounted.type, below);
	return r;
}

static int map_ids(struct hk_sources *sources, const struct hk_stage_options *options,
	const struct hk_step_bind *bind, const char *source, int tree, struct hk_err *err)
{
	unsigned int at = AT_EMPTY_PATH | (bind->how & HK_MOUNT_IDMAP_TREE ? HK_AT_RECURSIVE : 0);
	struct hk_mount_attr attr = {.attr_set = HK_MOUNT_ATTR_IDMAP};
	int ns, r;

	if (bind->mount >= options->spec->mount_count)
		return hk_refuse(err, EPROTO,
			"the plan maps the ids of mount %u, which is not there", bind->mount);
	ns = mapping_of(sources, options, &options->spec->mounts[bind->mount], err);
	if (ns < 0)
		return ns;
	attr.userns_fd = (uint64_t)ns;
	r = hk_sys_mount_setattr(tree, "", at, &attr);
	return r < 0 ? idmap_failed(bind, source, -r, err) : 0;
}

/* ---- propagation ---- */

static int set_propagation(int tree, uint64_t type, struct hk_err *err)
{
	struct hk_mount_attr attr = {.propagation = type};
	int r = hk_sys_mount_setattr(tree, "", AT_EMPTY_PATH | HK_AT_RECURSIVE, &attr);

	return r < 0 ? hk_fail(err, -r, "set the propagation of a bind mount's source") : 0;
}

/* A copy of what is shared is in the host's peer group: a mount in the container would appear on
 * the host. The init stage's own copies are not, since a mount namespace of another user namespace
 * begins with slaves, and by the plan's step `propagation`. */
static int leave_host(const struct hk_stage_options *options, int tree, struct hk_err *err)
{
	const struct hk_plan *plan = options->plan;
	int r = 0;

	if (hk_spec_namespace(options->spec, HK_NS_USER))
		r = set_propagation(tree, MS_SLAVE, err);
	for (uint32_t i = 0; r == 0 && i < plan->step_count; i++) {
		const struct hk_step *step = &hk_plan_steps(plan)[i];
		const struct hk_step_propagation *args = hk_plan_args(plan, step);

		if (step->kind == HK_STEP_PROPAGATION && args->flags & MS_REC)
			r = set_propagation(tree, args->flags & ~(uint64_t)MS_REC, err);
	}
	return r;
}

/* ---- the source ---- */

static int open_source(struct hk_sources *sources, const struct hk_stage_options *options,
	const struct hk_step_bind *bind, const char *source, struct hk_err *err)
{
	HK_FD int tree = hk_sys_open_tree(
		AT_FDCWD, source, HK_OPEN_TREE_CLONE | (bind->recursive ? HK_AT_RECURSIVE : 0));
	int r = 0;

	if (tree < 0)
		return hk_fail(err, -tree, "open the bind mount's source '%s'", source);
	if (bind->how & (HK_MOUNT_IDMAP | HK_MOUNT_IDMAP_TREE))
		r = map_ids(sources, options, bind, source, tree, err);
	if (r == 0)
		r = leave_host(options, tree, err);
	return r < 0 ? r : hk_take_fd(&tree);
}

int hk_source_open(struct hk_sources *sources, const struct hk_stage_options *options,
	uint32_t index, struct hk_err *err)
{
	const struct hk_plan *plan = options->plan;
	const struct hk_step *step = index < plan->step_count ? &hk_plan_steps(plan)[index] : NULL;
	const struct hk_step_bind *bind = NULL;
	const char *source = NULL;
	int tree;

	if (step && step->kind == HK_STEP_BIND) {
		bind = hk_plan_args(plan, step);
		source = hk_plan_str(plan, bind->source);
	}
	if (!source)
		return hk_refuse(
			err, EPROTO, "the init stage asked for the source of step %u", index);
	tree = open_source(sources, options, bind, source, err);
	if (tree < 0)
		(void)hk_err_at(
			err, "%s", step->property ? (const char *)plan + step->property : "");
	return tree;
}
