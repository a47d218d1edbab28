/* What must be there as a file: the program, sources and places of bind mounts, hooks, sockets.
 *
 * A mount may put another thing in the place of what the image holds, and a link in the image may
 * lead into one. Where that could be, nothing is said. */
#include "lib/examine.h"

#include "base/fd.h"
#include "base/path.h"
#include "plan/environment.h"
#include "spec/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- programs ---- */

/* 0, or why nobody can execute it. Closes fd, which may be an errno. */
static int check_program(int program)
{
	HK_FD int fd = program;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -EACCES;
}

static int check_program_of_image(const struct hk_spec *spec, int rootfs, const char *path)
{
	return check_program(hk_examine_open(spec, spec->mount_count, rootfs, path, 0));
}

/* Could it be found there? */
static bool is_in_search_path(
	const struct hk_spec *spec, int rootfs, const char *name, const char *search_path)
{
	for (const char *dir = search_path; dir;) {
		size_t len = strcspn(dir, ":");
		char path[PATH_MAX];
		int r;

		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, name);
		r = dir[0] == '/' ? check_program_of_image(spec, rootfs, path) : -ENOENT;
		if (r == 0 || r == -EXDEV)
			return true;
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	return false;
}

static int examine_program(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	const struct hk_process *process = p->spec->process;
	const char *name, *search_path;
	int r;

	if (!process || !process->args.count)
		return 0;
	name = process->args.items[0];
	search_path = hk_environment_get(process->env.items, process->env.count, "PATH");
	if (!strchr(name, '/')) {
		if (is_in_search_path(p->spec, rootfs, name, search_path))
			return 0;
		return hk_finding(f, ENOENT, hk_at("/process/args/0"),
			"the directories of PATH in process.env are searched, in the root file "
			"system",
			"exec: \"%.200s\": executable file not found in $PATH", name);
	}
	if (name[0] != '/')
		return 0; /* relative to cwd, which may be made */
	r = check_program_of_image(p->spec, rootfs, name);
	if (r == -EACCES)
		return hk_finding(f, EACCES, hk_at("/process/args/0"), NULL,
			"exec: \"%.200s\": permission denied", name);
	if (r < 0 && r != -EXDEV)
		return hk_finding(f, -r, hk_at("/process/args/0"), NULL,
			"exec: \"%.200s\": no such file or directory in the root file system",
			name);
	return 0;
}

static int examine_cwd(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	const char *cwd = p->spec->process ? p->spec->process->cwd : NULL;
	HK_FD int fd = -1;
	struct stat st;

	if (!cwd || !cwd[0])
		return 0;
	fd = hk_examine_open(p->spec, p->spec->mount_count, rootfs, cwd, 0);
	if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
		return 0; /* what is missing is made */
	return hk_finding(f, ENOTDIR, hk_at("/process/cwd"), NULL,
		"'%.200s' is a file in the root file system: not a directory", cwd);
}

/* ---- hooks, devices, sockets ---- */

static int check_host_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return check_program(fd < 0 ? -errno : fd);
}

/* startContainer hooks are the container's; the others run on the host's files. */
static int examine_hooks(const struct hk_prepared *p, struct hk_findings *f)
{
	int r = 0;

	for (int point = 0; point < HK_HOOK_POINT_COUNT; point++) {
		const struct hk_hook_list *hooks = &p->spec->hooks.at[point];

		for (size_t i = 0; r == 0 && point != HK_HOOK_START_CONTAINER && i < hooks->count;
			i++) {
			int why = check_host_program(hooks->items[i].path);

			if (why == 0)
				continue;
			(void)hk_fail(f->err, -why, "execute the hook '%s'", hooks->items[i].path);
			(void)hk_err_at(f->err, "/hooks/%s/%zu/path", hk_hook_names[point], i);
			r = hk_found(f);
		}
	}
	return r;
}

/* Where no node can be made the host's own is bound. */
static int examine_bound_device(const struct hk_device *device, size_t i, struct hk_findings *f)
{
	if (device->type == 'p' || access(device->path, F_OK) == 0 || errno != ENOENT)
		return 0;
	return hk_finding(f, ENOENT, hk_at("/linux/devices/%zu/path", i), NULL,
		"the host has no '%.200s', and a node of another path cannot be made without "
		"CAP_MKNOD on the host",
		device->path);
}

static bool is_same_device(const struct hk_device *device, const struct stat *st)
{
	switch (device->type) {
	case 'p':
		return S_ISFIFO(st->st_mode);
	case 'b':
		return S_ISBLK(st->st_mode) && st->st_rdev == makedev((unsigned int)device->major,
								      (unsigned int)device->minor);
	default: /* 'c' and 'u' */
		return S_ISCHR(st->st_mode) && st->st_rdev == makedev((unsigned int)device->major,
								      (unsigned int)device->minor);
	}
}

/* What the image has at the path must be the device already. */
static int examine_device_place(
	const struct hk_prepared *p, int rootfs, size_t i, struct hk_findings *f)
{
	const struct hk_device *device = &p->spec->linux.devices[i];
	HK_FD int fd = -1;
	struct stat st;

	if (rootfs < 0)
		return 0;
	fd = hk_examine_open(p->spec, p->spec->mount_count, rootfs, device->path, O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || is_same_device(device, &st))
		return 0;
	return hk_finding(f, EEXIST, hk_at("/linux/devices/%zu/path", i), NULL,
		"something else than the device exists at '%.200s' in the root file system",
		device->path);
}

static int examine_devices(const struct hk_prepared *p, int rootfs, struct hk_findings *f)
{
	bool bound = !p->facts.can_mknod || hk_spec_namespace(p->spec, HK_NS_USER);
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->spec->linux.device_count; i++) {
		if (bound)
			r = examine_bound_device(&p->spec->linux.devices[i], i, f);
		if (r == 0)
			r = examine_device_place(p, rootfs, i, f);
	}
	return r;
}

static int examine_listener(const struct hk_prepared *p, struct hk_findings *f)
{
	const char *path = p->listener.path;
	struct stat st;

	if (!p->filter.notify || !path)
		return 0;
	if (stat(path, &st) < 0) {
		(void)hk_fail(f->err, errno, "connect to '%s'", path);
	} else {
		if (S_ISSOCK(st.st_mode))
			return 0;
		(void)hk_refuse(f->err, ENOTSOCK, "'%s' is not a socket", path);
	}
	(void)hk_err_at(f->err, "%s", p->listener.property);
	hk_err_hint(f->err, "the seccomp agent has to listen before the container is created");
	return hk_found(f);
}

int hk_examine_files(const struct hk_prepared *p, struct hk_findings *f)
{
	HK_FD int rootfs = hk_examine_open_rootfs(p);
	int r = rootfs < 0 ? 0 : examine_program(p, rootfs, f);

	if (r == 0 && rootfs >= 0)
		r = examine_cwd(p, rootfs, f);
	if (r == 0)
		r = examine_hooks(p, f);
	if (r == 0)
		r = examine_devices(p, rootfs, f);
	if (r == 0)
		r = examine_listener(p, f);
	return r;
}
