/* What keeps a container from its cgroup or from a controller, said by what the directories above
 * it show. */
#include "cgroup/group.h"
#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *first_limit(const struct hk_cgroup_limits *limits)
{
	if (limits->v1_count)
		return limits->v1[0].property;
	return limits->v2_count ? limits->v2[0].property : NULL;
}

void hk_cgroup_explain_unmade(const struct hk_cgroup_request *request,
	const struct hk_cgroup_limits *limits, int r, struct hk_err *err)
{
	const char *limit = first_limit(limits);

	if (request->cgroups_path && *request->cgroups_path) {
		(void)hk_err_at(err, "/linux/cgroupsPath");
	} else if (limit) {
		(void)hk_err_at(err, "%s", limit);
		hk_err_prefix(err, "a limit takes a cgroup of the container's own: ");
	}
	if (r == -EROFS)
		hk_err_hint(err, HK_CGROUP_READ_ONLY);
	else if (r == -EACCES || r == -EPERM)
		hk_err_hint(err, HK_CGROUP_DELEGATE);
}

/* The first directory above, from the mountpoint on, that has the controller and keeps it to
 * itself. Those that are not there yet will be ours, and hide nothing. */
static bool find_withholder(
	const struct hk_cgroup_dir *dir, const char *controller, char ret[PATH_MAX])
{
	size_t end = strlen(dir->path);

	for (size_t len = strlen(dir->mountpoint); len < end;
		len += 1 + strcspn(dir->path + len + 1, "/")) {
		HK_FD int fd = -1;

		(void)snprintf(ret, PATH_MAX, "%.*s", (int)len, dir->path);
		fd = open(ret, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return false;
		if (!hk_cgroup_lists(fd, "cgroup.subtree_control", controller))
			return hk_cgroup_lists(fd, "cgroup.controllers", controller);
	}
	return false;
}

/* Does it refuse to hand a controller down? Then the hint says why. */
static bool explain_withholder(const char *path, struct hk_err *err)
{
	HK_FD int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (hk_cgroup_holds_processes(fd)) {
		hk_err_hint(err,
			"'%s' has it, but holds processes, and a cgroup v2 hands controllers down "
			"only while it holds none: move them to a cgroup below it",
			path);
		return true;
	}
	if (faccessat(fd, "cgroup.subtree_control", W_OK, AT_EACCESS) == 0)
		return false;
	if (errno == EROFS)
		hk_err_hint(err, HK_CGROUP_READ_ONLY);
	else
		hk_err_hint(err,
			"'%s' has it, but does not hand it down to us; with systemd, Delegate= of "
			"user@.service says what users get: `systemctl edit user@.service`",
			path);
	return true;
}

static void refuse(
	const struct hk_cgroup_dir *dir, const struct hk_cgroup_setting *s, struct hk_err *err)
{
	(void)hk_refuse(err, ENOENT, "cgroup controller %s is not available for '%s'",
		s->controller, dir->path);
	(void)hk_err_at(err, "%s", s->property);
}

bool hk_cgroup_foresee_controller(
	const struct hk_cgroup_dir *dir, const struct hk_cgroup_setting *s, struct hk_err *err)
{
	char path[PATH_MAX];

	if (!s->controller || !dir->mountpoint)
		return false;
	refuse(dir, s, err);
	(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", dir->mountpoint);
	if (hk_cgroup_lists(AT_FDCWD, path, s->controller))
		return find_withholder(dir, s->controller, path) && explain_withholder(path, err);
	hk_err_hint(err,
		"'%s' does not list it: it is not in the kernel, or on v1, or the container around "
		"hako has not got it",
		path);
	return true;
}

bool hk_cgroup_explain_controller(
	struct hk_cgroup_dir *dir, const struct hk_cgroup_setting *s, struct hk_err *err)
{
	int fd = hk_cgroup_dir_fd(dir);

	if (!hk_cgroup_dir_is_v2(dir) || !s->controller || fd < 0 ||
		hk_cgroup_lists(fd, "cgroup.controllers", s->controller))
		return false;
	if (!hk_cgroup_foresee_controller(dir, s, err))
		refuse(dir, s, err);
	return true;
}
