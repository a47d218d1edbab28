/* What to do about the errors that users meet most: one table, matched once. */
#include "lib/errors.h"

#include "base/mem.h"
#include "stage/userns.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define NOT_IN_THE_IMAGE                                                                           \
	"the root file system is read-only, by the annotation dev.hako.readonly-rootfs or on the " \
	"host: mount points, nodes of /dev and the working directory must be in the image "        \
	"already, or on a tmpfs mounted before"

static const struct hint {
	const char *step; /* the plan's step; NULL: any */
	int code;
	const char *text; /* a word that the message must hold; NULL: any */
	const char *hint;
} hints[] = {
	{"mount", EPERM, "sysfs",
		"sysfs needs a network namespace owned by this user namespace: add "
		"{\"type\":\"network\"} to linux.namespaces or bind-mount /sys"},
	{"mount", EPERM, "proc",
		"a new proc needs a pid namespace, and a host /proc without masks when in a user "
		"namespace"},
	{"mount", ENODEV, NULL, "the kernel does not know this file system: is its module loaded?"},
	{"mount", EINVAL, NULL,
		"the kernel refuses an option: dmesg may name it; for a bind mount add the option "
		"\"bind\""},
	{"bind", ENOENT, NULL, "the source of a bind mount must exist on the host"},
	{"mount", EROFS, NULL, NOT_IN_THE_IMAGE},
	{"bind", EROFS, NULL, NOT_IN_THE_IMAGE},
	{"device", EROFS, NULL, NOT_IN_THE_IMAGE},
	{"symlink", EROFS, NULL, NOT_IN_THE_IMAGE},
	{"console", EROFS, NULL, NOT_IN_THE_IMAGE},
	{"cwd", EROFS, NULL, NOT_IN_THE_IMAGE},
	{"landlock", ENOENT, NULL,
		"each path of dev.hako.landlock must exist in the container: take it out, or make "
		"it"},
	{"pivot", EINVAL, NULL, "a root file system on the initial ramfs needs --no-pivot"},
	{"ns_enter", EPERM, NULL,
		"it takes CAP_SYS_ADMIN, CAP_SYS_CHROOT and, to look at another user's process, "
		"CAP_SYS_PTRACE"},
	{NULL, EPERM, "set RLIMIT_",
		"to raise a hard limit, or to change a limit of another user's process, "
		"CAP_SYS_RESOURCE is needed"},
	{"ns_unshare", EPERM, NULL,
		"it takes CAP_SYS_ADMIN, or {\"type\":\"user\"} in linux.namespaces; a chroot, a "
		"seccomp filter or a security module around hako may forbid both"},
	{"ns_unshare", ENOSPC, NULL, "a limit below /proc/sys/user is reached"},
	{"credentials", EPERM, "capab",
		"the caller has not that capability itself: drop it from process.capabilities"},
	{"credentials", EINVAL, "id", "the user or group id has no mapping in the user namespace"},
	{"oom_score_adj", EACCES, NULL,
		"a lower oomScoreAdj than the caller's needs CAP_SYS_RESOURCE"},
	{"sysctl", ENOENT, NULL, "the running kernel does not have this sysctl"},
	{"memory_policy", EINVAL, NULL,
		"the nodes must be ones of this host with memory, and of the container's "
		"linux.resources.cpu.mems; MPOL_PREFERRED_MANY needs Linux 5.15, "
		"MPOL_WEIGHTED_INTERLEAVE 6.9"},
	{"memory_policy", ENOSYS, NULL, "the kernel is built without CONFIG_NUMA"},
	{"hook", EAGAIN, NULL,
		"a process with SCHED_DEADLINE can start no other one without "
		"SCHED_FLAG_RESET_ON_FORK; a limit on processes does this too"},
	{NULL, ENODEV, "find the network device",
		"it must be in the network namespace that hako runs in: `ip link` shows what is"},
	{NULL, EEXIST, "the network device",
		"linux.netDevices[].name gives it another name, \"eth%d\" a free one"},
	{NULL, EINVAL, "move the network device",
		"the kernel keeps loopback and some other devices (bridges, tunnels' fallback "
		"devices) in their network namespace"},
	{NULL, EBUSY, "move the network device", "is another program setting it up?"},
	{NULL, EPERM, "the network device",
		"it takes CAP_NET_ADMIN in the host's and in the container's network namespace"},
	{NULL, EACCES, "its address", "is IPv6 disabled in the container's network namespace?"},
	{NULL, ENOSYS, NULL,
		"hako needs Linux 5.12 (openat2, close_range, mount_setattr), or a seccomp "
		"filter around it hides a system call"},
	{NULL, EEXIST, "container with given ID already exists",
		"hako delete removes a stopped container"},
	{NULL, EACCES, "make the state directory",
		"an ordinary user needs a directory of its own, by XDG_RUNTIME_DIR or --root"},
	{NULL, EACCES, "inside its cgroup",
		"whoever is not root moves processes within the cgroup that was delegated only: "
		"run "
		"hako exec where the container was made, or by `systemd-run --user --scope`"},
	{NULL, ENOSPC, "cgroup", "cpuset: are cpus and mems of the parent cgroup set?"},
};

const char *hk_hint_find(const struct hk_err *err, char *buf, size_t cap)
{
	const char *found = NULL;

	if (strcmp(err->step, "ns_unshare") == 0)
		found = hk_userns_explain(err->code, buf, cap);
	if (found)
		return found;
	for (size_t i = 0; i < HK_COUNT(hints); i++) {
		const struct hint *hint = &hints[i];

		if (hint->code != err->code)
			continue;
		if (hint->step && strcmp(hint->step, err->step) != 0)
			continue;
		if (hint->text && !strstr(err->message, hint->text))
			continue;
		return hint->hint;
	}
	return NULL;
}
