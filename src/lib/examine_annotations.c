/* What annotations need to be in the root file system already.
 *
 * A link in the image may lead into a mount, where there is something else: of a path with links in
 * it nothing is said. */
#include "lib/examine.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "spec/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

static bool is_missing(int rootfs, const char *path)
{
	HK_FD int fd = hk_sys_openat2(
		rootfs, path, O_PATH, 0, HK_RESOLVE_IN_ROOT | HK_RESOLVE_NO_SYMLINKS);

	return fd == -ENOENT;
}

/* Is the path on one of the first mounts? made: or is it made on the way to one? */
static bool is_mounted(const struct hk_spec *spec, size_t mounts, const char *path, bool made)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < mounts; i++)
		if (hk_path_clean(spec->mounts[i].destination, true, target, sizeof(target)) < 0 ||
			hk_path_is_beneath(path, target) ||
			(made && hk_path_is_beneath(target, path)))
			return true;
	return false;
}

static int examine_place(const struct hk_prepared *p, int rootfs, const char *path, size_t mounts,
	struct hk_pointer at, struct hk_findings *f)
{
	char clean[PATH_MAX];

	if (hk_path_clean(path, true, clean, sizeof(clean)) < 0 ||
		is_mounted(p->spec, mounts, clean, false) || !is_missing(rootfs, clean))
		return 0;
	return hk_finding(f, EROFS, at, "put it into the image, or onto a mount",
		"the root file system has no '%.200s', and " HK_ANNOTATION_READONLY_ROOTFS
		" lets nothing be made in it",
		clean);
}

static int examine_strict_root(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	const struct hk_spec *spec = p->spec;
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->mount_count; i++)
		r = examine_place(p, rootfs, spec->mounts[i].destination, i,
			hk_at("/mounts/%zu/destination", i), f);
	if (r == 0 && spec->process && spec->process->cwd)
		r = examine_place(
			p, rootfs, spec->process->cwd, spec->mount_count, hk_at("/process/cwd"), f);
	return r;
}

/* Nodes of /dev and the working directory are made. */
static bool will_be_made(const struct hk_prepared *p, const char *path)
{
	const struct hk_process *process = p->spec->process;

	return hk_path_is_beneath(path, "/dev") ||
	       is_mounted(p->spec, p->spec->mount_count, path, true) ||
	       (process && process->cwd && hk_path_is_beneath(process->cwd, path));
}

static int examine_landlock(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	const struct hk_landlock *rules = p->annotated.landlock;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->path_count; i++)
		if (!will_be_made(p, rules->paths[i]) && is_missing(rootfs, rules->paths[i]))
			r = hk_finding(f, ENOENT, hk_at_key("/annotations", HK_ANNOTATION_LANDLOCK),
				"each path of a Landlock rule must exist in the container",
				"the root file system has no '%.200s'", rules->paths[i]);
	return r;
}

int hk_examine_annotations(const struct hk_prepared *p, struct hk_findings *f)
{
	HK_FD int rootfs = p->rootfs ? open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = 0;

	if (rootfs >= 0 && p->annotated.strict_rootfs)
		r = examine_strict_root(p, rootfs, f);
	if (r == 0 && rootfs >= 0 && p->annotated.landlock)
		r = examine_landlock(p, rootfs, f);
	return r;
}
