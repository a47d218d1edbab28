/* Checks of a valid specification that need a look at this host. */
#include "lib/prepare.h"

#include "base/fd.h"
#include "base/str.h"
#include "spec/validate.h"
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
static int check_sysctls(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_namespace *net = hk_spec_namespace(spec, HK_NS_NETWORK);
	const struct hk_pairs *sysctl = &spec->linux.sysctl;
	int r = 0;

	if (!net || !net->path || sysctl->count == 0)
		return 0;
	if (!is_own_namespace(net->path, "/proc/self/ns/net"))
		return 0;
	for (size_t i = 0; r == 0 && i < sysctl->count; i++) {
		const char *key = sysctl->items[i].key;

		if (hk_starts_with(key, "net.") || hk_starts_with(key, "net/"))
			r = hk_invalid(f, hk_at_key("/linux/sysctl", key),
				"sysctl \"%s\" is not in a separate kernel namespace", key);
	}
	return r;
}

/* The devices are the host's: what is root in a user namespace only has no say over them. */
static int check_net_devices(
	const struct hk_spec *spec, const struct hk_facts *facts, struct hk_findings *f)
{
	const struct hk_namespace *net = hk_spec_namespace(spec, HK_NS_NETWORK);
	struct hk_pointer at = hk_at("/linux/netDevices");

	if (spec->linux.net_device_count == 0)
		return 0;
	if (facts->euid != 0 || facts->in_user_namespace)
		return hk_finding(f, EPERM, at,
			"leave linux.netDevices out, or run hako as root of the host",
			"a rootless container cannot take network devices of the host");
	if (net && net->path && is_own_namespace(net->path, "/proc/self/ns/net"))
		return hk_invalid(f, at,
			"network devices need another network namespace to go to than hako's own");
	return 0;
}

static int check_rootless(
	const struct hk_spec *spec, const struct hk_facts *facts, struct hk_findings *f)
{
	const struct hk_namespace *user = hk_spec_namespace(spec, HK_NS_USER);

	if (facts->euid == 0)
		return 0;
	if (!user)
		return hk_invalid(f, hk_at("/linux/namespaces"),
			"rootless container requires user namespaces");
	if (!user->path && spec->linux.uid_mappings.count == 0)
		return hk_invalid(f, hk_at("/linux/uidMappings"),
			"rootless container requires at least one UID mapping");
	if (!user->path && spec->linux.gid_mappings.count == 0)
		return hk_invalid(f, hk_at("/linux/gidMappings"),
			"rootless container requires at least one GID mapping");
	if (spec->process->user.additional_gid_count > 0)
		return hk_finding(f, EPERM, hk_at("/process/user/additionalGids"), NULL,
			"cannot set any additional groups in a rootless container");
	return 0;
}

static int check_user_namespace(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_namespace *user = hk_spec_namespace(spec, HK_NS_USER);
	HK_FD int fd = -1;

	if (!user || !user->path)
		return 0;
	if (spec->linux.uid_mappings.count == 0 && spec->linux.gid_mappings.count == 0)
		return 0;
	fd = hk_namespace_open(user->path, HK_NS_USER, f->err);
	if (fd < 0 || hk_check_joined_maps(spec, fd, f->err) < 0)
		return hk_found(f);
	return 0;
}

int hk_check_host(const struct hk_spec *spec, const struct hk_facts *facts, struct hk_findings *f)
{
	int r;

	r = check_rootless(spec, facts, f);
	if (r == 0)
		r = check_sysctls(spec, f);
	if (r == 0)
		r = check_net_devices(spec, facts, f);
	if (r == 0)
		r = check_user_namespace(spec, f);
	return r;
}
