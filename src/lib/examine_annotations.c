/* What annotations need to be in the root file system already. */
#include "lib/examine.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "spec/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_missing(const struct hk_spec *spec, size_t mounts, int rootfs, const char *path)
{
	HK_FD int fd = hk_examine_open(spec, mounts, rootfs, path, 0);

	return fd == -ENOENT;
}

/* Is the path made on the way to one of the mounts? */
static bool leads_to_a_mount(const struct hk_spec *spec, const char *path)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < spec->mount_count; i++)
		if (hk_path_clean(spec->mounts[i].destination, true, target, sizeof(target)) == 0 &&
			hk_path_is_beneath(target, path))
			return true;
	return false;
}

static int examine_place(const struct hk_prepared *p, int rootfs, const char *path, size_t mounts,
	struct hk_pointer at, struct hk_findings *f)
{
	if (!is_missing(p->spec, mounts, rootfs, path))
		return 0;
	return hk_finding(f, EROFS, at, "put it into the image, or onto a mount",
		"the root file system has no '%.200s', and " HK_ANNOTATION_READONLY_ROOTFS
		" lets nothing be made in it",
		path);
}

static int examine_strict_root(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	const struct hk_spec *spec = p->spec;
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->mount_count; i++)
		r = examine_place(p, rootfs, spec->mounts[i].destination, i,
			hk_at("/mounts/%zu/destination", i), f);
	for (size_t i = 0; r == 0 && i < spec->linux.device_count; i++)
		r = examine_place(p, rootfs, spec->linux.devices[i].path, spec->mount_count,
			hk_at("/linux/devices/%zu/path", i), f);
	if (r == 0) /* the first of the default devices speaks for all */
		r = examine_place(p, rootfs, "/dev/null", spec->mount_count,
			hk_at_key("/annotations", HK_ANNOTATION_READONLY_ROOTFS), f);
	if (r == 0 && spec->process && spec->process->cwd)
		r = examine_place(
			p, rootfs, spec->process->cwd, spec->mount_count, hk_at("/process/cwd"), f);
	return r;
}

/* Nodes of /dev and the working directory are made. */
static bool will_be_made(const struct hk_prepared *p, const char *path)
{
	const struct hk_process *process = p->spec->process;

	return hk_path_is_beneath(path, "/dev") || leads_to_a_mount(p->spec, path) ||
	       (process && process->cwd && hk_path_is_beneath(process->cwd, path));
}

static int examine_landlock(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	const struct hk_landlock *rules = p->annotated.landlock;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->path_count; i++)
		if (!will_be_made(p, rules->paths[i]) &&
			is_missing(p->spec, p->spec->mount_count, rootfs, rules->paths[i]))
			r = hk_finding(f, ENOENT, hk_at_key("/annotations", HK_ANNOTATION_LANDLOCK),
				"each path of a Landlock rule must exist in the container",
				"the root file system has no '%.200s'", rules->paths[i]);
	return r;
}

/* As hk_hook_output_open sees it, which makes the file. */
static int examine_output(const char *path, const char *annotation, struct hk_findings *f)
{
	struct stat st;

	if (!path)
		return 0;
	if (lstat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return 0;
	if (lstat(path, &st) < 0 && errno == ENOENT) {
		const char *slash = strrchr(path, '/');
		char dir[PATH_MAX];

		(void)snprintf(dir, sizeof(dir), "%.*s/", (int)(slash ? slash - path : 0), path);
		if (access(dir, F_OK) == 0)
			return 0;
		return hk_finding(f, ENOENT, hk_at_key("/annotations", annotation), NULL,
			"'%.200s' for the output of hooks has no directory to be made in", path);
	}
	return hk_finding(f, EINVAL, hk_at_key("/annotations", annotation), NULL,
		"'%.200s' for the output of hooks is neither a file nor a device", path);
}

int hk_examine_annotations(const struct hk_prepared *p, struct hk_findings *f)
{
	HK_FD int rootfs = hk_examine_open_rootfs(p);
	int r;

	r = examine_output(p->annotated.hooks_stdout, HK_ANNOTATION_HOOKS_STDOUT, f);
	if (r == 0)
		r = examine_output(p->annotated.hooks_stderr, HK_ANNOTATION_HOOKS_STDERR, f);
	if (r == 0 && rootfs >= 0 && p->annotated.strict_rootfs)
		r = examine_strict_root(p, rootfs, f);
	if (r == 0 && rootfs >= 0 && p->annotated.landlock)
		r = examine_landlock(p, rootfs, f);
	return r;
}
