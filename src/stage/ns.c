/* Existing namespaces, named by path. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static const char *type_name(uint64_t clone_flag)
{
	for (size_t i = 0; i < HK_NS_COUNT; i++)
		if (hk_ns_infos[i].clone_flag == clone_flag)
			return hk_ns_infos[i].name;
	return "unknown";
}

int hk_namespace_owner(int ns, struct hk_err *err)
{
	int fd = ioctl(ns, NS_GET_USERNS); /* close-on-exec */

	return fd < 0 ? hk_fail(err, errno, "find the user namespace that owns another one") : fd;
}

bool hk_namespace_is_ours(int ns, enum hk_ns_type type)
{
	char path[32];
	struct stat theirs, ours;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", hk_ns_infos[type].proc_name);
	return fstat(ns, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

int hk_namespace_open(const char *path, enum hk_ns_type type, struct hk_err *err)
{
	/* O_NONBLOCK: a FIFO of that name must not hang us */
	HK_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int clone_flag;

	if (fd < 0)
		return hk_fail(
			err, errno, "open the %s namespace '%s'", hk_ns_infos[type].name, path);
	/* other file systems and devices have ioctls of that number too */
	if (!hk_fd_is_fs(fd, NSFS_MAGIC))
		return hk_refuse(err, EINVAL, "'%s' is not a namespace", path);
	clone_flag = ioctl(fd, NS_GET_NSTYPE);
	if (clone_flag < 0)
		return hk_fail(err, errno, "read the type of the namespace '%s'", path);
	if ((uint32_t)clone_flag != hk_ns_infos[type].clone_flag)
		return hk_refuse(err, EINVAL, "'%s' is a namespace of type %s, not %s", path,
			type_name((uint32_t)clone_flag), hk_ns_infos[type].name);
	return hk_take_fd(&fd);
}
