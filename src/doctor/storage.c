/* The state directory and its file system, and which file systems can be id-mapped. */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/sys.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The part of the path that is there, into ret. */
static void find_existing(const char *path, char ret[PATH_MAX])
{
	(void)snprintf(ret, PATH_MAX, "%s", path);
	while (access(ret, F_OK) < 0) {
		char *slash = strrchr(ret, '/');

		if (!slash || slash == ret) {
			(void)snprintf(ret, PATH_MAX, "%s", slash ? "/" : ".");
			return;
		}
		*slash = '\0';
	}
}

/* The type of the file system that a clean absolute path is on: of the longest mount point. */
static const char *filesystem_of(struct hk_doctor *d, const char *path)
{
	HK_FREE char *text = NULL;
	const char *type = "unknown";
	size_t longest = 0;
	char *rest, *line;

	rest = hk_read_file("/proc/self/mountinfo", &text) < 0 ? NULL : text;
	while ((line = strsep(&rest, "\n"))) {
		struct hk_mountinfo mount;

		if (!hk_mountinfo_parse(line, &mount) || strlen(mount.point) < longest ||
			!hk_path_is_beneath(path, mount.point))
			continue;
		longest = strlen(mount.point);
		type = mount.type;
	}
	return hk_doctor_text(d, "%s", type);
}

static void look_at_root(struct hk_doctor *d)
{
	static const struct hk_need need = {"state directory", true, "the state of containers"};
	char existing[PATH_MAX];
	struct statvfs fs;
	const char *type;

	find_existing(d->root, existing);
	type = filesystem_of(d, existing);
	if (access(existing, W_OK | X_OK) < 0)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			d->facts.euid ? "set XDG_RUNTIME_DIR to a directory of your own, or use "
					"--root DIR"
				      : "use --root DIR with another directory",
			"%s: '%s' (%s) is not writable: %s", d->root, existing, type,
			hk_doctor_errno(d, errno));
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s, writable, %s%s", d->root, type,
			statvfs(existing, &fs) == 0 && fs.f_flag & ST_NOEXEC ? ", noexec" : "");
}

/* By a copy of the mount that is attached nowhere. 0 or a negative errno. */
static int try_mapping(const char *path)
{
	static const struct hk_id_map map = {.container_id = 0, .host_id = 100000, .size = 65536};
	static const struct hk_id_maps maps = {.items = (struct hk_id_map *)&map, .count = 1};
	struct hk_mount_attr attr = {.attr_set = HK_MOUNT_ATTR_IDMAP};
	HK_FD int tree = hk_sys_open_tree(AT_FDCWD, path, HK_OPEN_TREE_CLONE);
	HK_FD int ns = -1;

	if (tree < 0)
		return tree;
	ns = hk_idmap_namespace(&maps, &maps, NULL);
	if (ns < 0)
		return ns;
	attr.userns_fd = (uint64_t)ns;
	return hk_sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr);
}

static void look_at_mapping(struct hk_doctor *d, const char *path)
{
	char existing[PATH_MAX];
	struct hk_need need = {"id-mapped mounts", false, "mounts[].uidMappings, gidMappings"};
	const char *type;
	int r;

	find_existing(path, existing);
	type = filesystem_of(d, existing);
	if (!hk_doctor_can(d, CAP_SYS_ADMIN) || d->facts.in_user_namespace) {
		hk_doctor_add(d, &need, HK_VERDICT_UNKNOWN,
			"run hako as root: only who owns a file system may map its ids",
			"we may not try: %s (%s)", existing, type);
		return;
	}
	r = try_mapping(existing);
	if (r == 0)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s (%s)", existing, type);
	else
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"another file system, or a newer kernel: ext4 and xfs can since 5.12, "
			"overlay since 5.19, tmpfs since 6.3",
			"not of %s (%s): %s", existing, type, hk_doctor_errno(d, -r));
}

void hk_doctor_storage(struct hk_doctor *d)
{
	look_at_root(d);
	look_at_mapping(d, d->root);
	if (d->directory)
		look_at_mapping(d, d->directory);
}
