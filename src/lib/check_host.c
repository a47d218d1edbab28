/* Checks of a valid specification that need a look at this host. */
#include "lib/prepare.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "stage/stage.h"

#include <errno.h>
#include <sys/stat.h>

/* Is the file the namespace that we are in ourselves? */
static bool is_own_namespace(const char *path, const char *own)
{
	struct stat theirs, ours;

	return stat(path, &theirs) == 0 && stat(own, &ours) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

/* net.* sysctls of the host's own network namespace, joined by path, are the host's. */
static int check_sysctls(const struct hk_spec *spec, struct hk_err *err)
{
	const struct hk_namespace *net = hk_spec_namespace(spec, HK_NS_NETWORK);
	const struct hk_pairs *sysctl = &spec->linux.sysctl;

	if (!net || !net->path || sysctl->count == 0)
		return 0;
	if (!is_own_namespace(net->path, "/proc/self/ns/net"))
		return 0;
	for (size_t i = 0; i < sysctl->count; i++) {
		const char *key = sysctl->items[i].key;

		if (!hk_starts_with(key, "net.") && !hk_starts_with(key, "net/"))
			continue;
		(void)hk_refuse(
			err, EINVAL, "sysctl \"%s\" is not in a separate kernel namespace", key);
		return hk_err_at(err, "/linux/sysctl/%s", key);
	}
	return 0;
}

static int check_rootless(
	const struct hk_spec *spec, const struct hk_facts *facts, struct hk_err *err)
{
	const struct hk_namespace *user = hk_spec_namespace(spec, HK_NS_USER);

	if (facts->euid == 0)
		return 0;
	if (!user) {
		(void)hk_refuse(err, EINVAL, "rootless container requires user namespaces");
		return hk_err_at(err, "/linux/namespaces");
	}
	if (!user->path && spec->linux.uid_mappings.count == 0) {
		(void)hk_refuse(
			err, EINVAL, "rootless container requires at least one UID mapping");
		return hk_err_at(err, "/linux/uidMappings");
	}
	if (!user->path && spec->linux.gid_mappings.count == 0) {
		(void)hk_refuse(
			err, EINVAL, "rootless container requires at least one GID mapping");
		return hk_err_at(err, "/linux/gidMappings");
	}
	if (spec->process->user.additional_gid_count > 0) {
		(void)hk_refuse(
			err, EPERM, "cannot set any additional groups in a rootless container");
		return hk_err_at(err, "/process/user/additionalGids");
	}
	return 0;
}

static int check_user_namespace(const struct hk_spec *spec, struct hk_err *err)
{
	const struct hk_namespace *user = hk_spec_namespace(spec, HK_NS_USER);
	HK_FD int fd = -1;

	if (!user || !user->path)
		return 0;
	if (spec->linux.uid_mappings.count == 0 && spec->linux.gid_mappings.count == 0)
		return 0;
	fd = hk_namespace_open(user->path, HK_NS_USER, err);
	return fd < 0 ? fd : hk_check_joined_maps(spec, fd, err);
}

int hk_check_host(const struct hk_spec *spec, const struct hk_facts *facts, struct hk_err *err)
{
	int r;

	r = check_rootless(spec, facts, err);
	if (r == 0)
		r = check_sysctls(spec, err);
	if (r == 0)
		r = check_user_namespace(spec, err);
	return r;
}
