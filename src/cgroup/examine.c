/* Whether a container's cgroup could be made as it is asked for, without making anything. */
#include "cgroup/group.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/findings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PARTS 8

/* Each member of linux.resources alone: what cannot be had of one does not hide the others. */
static size_t split(const struct hk_resources *all, struct hk_resources parts[MAX_PARTS])
{
	size_t n = 0;

	parts[n++] = (struct hk_resources){.memory = all->memory};
	parts[n++] = (struct hk_resources){.cpu = all->cpu};
	parts[n++] = (struct hk_resources){.pids_limit = all->pids_limit};
	parts[n++] = (struct hk_resources){.block_io = all->block_io};
	parts[n++] = (struct hk_resources){.hugepage_limits = all->hugepage_limits,
		.hugepage_limit_count = all->hugepage_limit_count};
	parts[n++] = (struct hk_resources){.network = all->network};
	parts[n++] = (struct hk_resources){.rdma = all->rdma, .rdma_count = all->rdma_count};
	parts[n++] = (struct hk_resources){.unified = all->unified};
	return n;
}

/* A v2 controller that the kernel does not have, that v1 has taken, or that somebody above keeps.
 */
static int examine_controllers(struct hk_cgroup *cgroup, const struct hk_cgroup_limits *limits,
	struct hk_findings *findings)
{
	const struct hk_cgroup_dir *v2 = hk_cgroup_find_v2(cgroup);
	int r = 0;

	for (size_t i = 0; v2 && r == 0 && i < limits->v2_count; i++)
		if (hk_cgroup_foresee_controller(v2, &limits->v2[i], findings->err))
			r = hk_found(findings);
	return r;
}

static int examine_part(
	struct hk_cgroup *cgroup, const struct hk_resources *part, struct hk_findings *findings)
{
	struct hk_cgroup_limits limits;
	struct hk_arena arena = {0};
	int r = hk_cgroup_limits_convert(cgroup, part, &arena, &limits, findings->err);

	if (r < 0)
		r = hk_found(findings);
	else
		r = examine_controllers(cgroup, &limits, findings);
	hk_arena_done(&arena);
	return r;
}

static int examine_resources(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_findings *findings)
{
	struct hk_resources parts[MAX_PARTS];
	size_t count = resources ? split(resources, parts) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = examine_part(cgroup, &parts[i], findings);
	return r;
}

/* The part of path that is there already, into ret. */
static void find_ancestor(const char *path, char ret[PATH_MAX])
{
	(void)snprintf(ret, PATH_MAX, "%s", path);
	while (access(ret, F_OK) < 0) {
		char *slash = strrchr(ret, '/');

		if (!slash || slash == ret)
			break;
		*slash = '\0';
	}
}

/* Among threads no whole process can be: neither in a threaded cgroup, nor in one below that or
 * below its domain. */
static int examine_type(const char *ancestor, bool is_there, struct hk_err *err)
{
	HK_FD int fd = open(ancestor, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char type[32] = "";

	/* the root and v1 have no type, and where it cannot be read making says more */
	(void)hk_cgroup_read(fd, "cgroup.type", type, sizeof(type));
	if (!type[0] || strcmp(type, "domain") == 0 ||
		(is_there && strcmp(type, "domain threaded") == 0))
		return 0;
	return hk_refuse(err, EOPNOTSUPP,
		"cgroup '%s' is of the type '%s' and takes no whole process%s", ancestor, type,
		is_there ? "" : " below it");
}

/* What a unit lacks systemd makes, whoever may write there. */
static int examine_place(
	struct hk_cgroup_dir *dir, const char *ancestor, bool is_unit, struct hk_findings *findings)
{
	bool is_there = strcmp(ancestor, dir->path) == 0;
	int r = 0;

	if (is_there)
		r = hk_cgroup_dir_check_unused(dir, findings->err);
	else if (!is_unit && access(ancestor, W_OK) < 0)
		r = hk_fail(findings->err, errno, "make a cgroup in '%s'", ancestor);
	return r < 0 ? r : examine_type(ancestor, is_there, findings->err);
}

static int examine_dir(struct hk_cgroup_dir *dir, const struct hk_cgroup_request *request,
	const struct hk_cgroup_limits *limits, struct hk_findings *findings)
{
	char ancestor[PATH_MAX];
	int r;

	find_ancestor(dir->path, ancestor);
	r = examine_place(dir, ancestor, request->unit_path, findings);
	if (r == 0)
		return 0;
	hk_cgroup_explain_unmade(request, limits, r, findings->err);
	return hk_found(findings);
}

/* One finding will do for all hierarchies. */
static int examine_dirs(struct hk_cgroup *cgroup, const struct hk_cgroup_request *request,
	struct hk_findings *findings)
{
	struct hk_cgroup_limits limits = {0};
	struct hk_arena arena = {0};
	size_t before = findings->count;
	int r = 0;

	/* what cannot be converted is found with the resources */
	(void)hk_cgroup_limits_convert(cgroup, request->resources, &arena, &limits, findings->err);
	for (size_t i = 0; r == 0 && i < cgroup->count && findings->count == before; i++)
		r = examine_dir(&cgroup->dirs[i], request, &limits, findings);
	hk_arena_done(&arena);
	return r;
}

int hk_cgroup_examine(struct hk_cgroup *cgroup, const struct hk_cgroup_request *request,
	struct hk_findings *findings)
{
	int r;

	if (request->manager == HK_CGROUP_MANAGER_DISABLED)
		return 0;
	r = examine_dirs(cgroup, request, findings);
	return r < 0 ? r : examine_resources(cgroup, request->resources, findings);
}
