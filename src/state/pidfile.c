/* --pid-file: the pid for whoever waits for the file to appear. */
#include "state/state.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_parent(const char *path, const char *name)
{
	HK_FREE char *parent = strndup(path, (size_t)(name - path));
	int fd;

	if (!parent)
		return -ENOMEM;
	fd = open(*parent ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* O_EXCL: nobody else's file is written through, be it a link or not. */
static int write_new(int dir, const char *name, pid_t pid)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	HK_FD int fd = openat(dir, name, flags, 0644);
	char text[16];

	if (fd < 0 && errno == EEXIST && unlinkat(dir, name, 0) == 0) /* of a killed runtime */
		fd = openat(dir, name, flags, 0644);
	if (fd < 0)
		return -errno;
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return hk_write_full(fd, text, strlen(text));
}

int hk_pid_file_write(const char *path, pid_t pid, struct hk_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char tmp[NAME_MAX + 1];
	HK_FD int dir = -1;
	int r;

	if (*name == '\0' || strlen(name) + 1 > NAME_MAX)
		return hk_refuse(err, EINVAL, "'%s' cannot be the name of a pid file", path);
	(void)snprintf(tmp, sizeof(tmp), ".%s", name);
	dir = open_parent(path, name);
	if (dir < 0)
		return hk_fail(err, -dir, "open the directory of the pid file '%s'", path);
	r = write_new(dir, tmp, pid);
	if (r == 0 && renameat(dir, tmp, dir, name) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	(void)unlinkat(dir, tmp, 0); /* half of it is of no use to anybody */
	return hk_fail(err, -r, "write the pid file '%s'", path);
}
