/* System calls and other parts of the kernel that are compiled in or not. */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "rdt/rdt.h"
#include "spec/tables.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define OLDEST 5012 /* 5.12 */

/* ---- system calls, with arguments that change nothing ---- */

/* An exit signal that cannot be: EINVAL before anything is made. */
static int try_clone3(void)
{
	struct hk_clone_args args = {.exit_signal = UINT64_MAX};

	return hk_sys_clone3(&args);
}

/* EBADF for a descriptor that cannot be, EINVAL for a flag that is not known. */
static int try_clone_into_cgroup(void)
{
	struct hk_clone_args args = {.flags = HK_CLONE_INTO_CGROUP, .cgroup = INT_MAX};
	int r;

	if (access("/proc/self/cgroup", F_OK) < 0)
		return -ENOSYS; /* a kernel without cgroups would not look at the descriptor */
	r = hk_sys_clone3(&args);
	if (r == 0)
		_exit(0);
	return r == -EINVAL ? -ENOSYS : r;
}

static int try_openat2(void)
{
	HK_FD int fd = hk_sys_openat2(
		AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, HK_RESOLVE_IN_ROOT);

	return fd;
}

/* No descriptor has that number; before 5.11 the flag is not known. */
static int try_close_range(void)
{
	int r = hk_sys_close_range(~0u, ~0u, HK_CLOSE_RANGE_CLOEXEC);

	return r == -EINVAL ? -ENOSYS : r;
}

static int try_pidfd(void)
{
	HK_FD int self = hk_sys_pidfd_open(getpid());
	HK_FD int copy = -1;
	int r;

	if (self < 0)
		return self;
	r = hk_sys_pidfd_send_signal(self, 0);
	if (r < 0)
		return r;
	copy = hk_sys_pidfd_getfd(self, self);
	return copy;
}

/* Without CLONE no privilege is asked for. */
static int try_mount_api(void)
{
	HK_FD int fd = hk_sys_open_tree(AT_FDCWD, "/", 0);

	return fd;
}

static int try_mount_setattr(void)
{
	struct hk_mount_attr attr = {0};
	int r = hk_sys_mount_setattr(-1, "", 0, &attr);

	return r == -EPERM ? 0 : r; /* it asks for the privilege first */
}

static const struct call {
	struct hk_need need;
	int (*try)(void);
	const char *since;
} calls[] = {
	{{"clone3", true, "the container's first process"}, try_clone3, "5.3"},
	{{"CLONE_INTO_CGROUP", false, "entering a cgroup v2 without waiting"},
		try_clone_into_cgroup, "5.7"},
	{{"openat2", true, "paths that stay inside the root file system"}, try_openat2, "5.6"},
	{{"close_range", true, "no descriptor of the host reaches a container"}, try_close_range,
		"5.11"},
	{{"pidfds", true, "signals and waits that cannot meet another process"}, try_pidfd, "5.6"},
	{{"mount API", true, "mounts: fsopen, fsmount, open_tree, move_mount"}, try_mount_api,
		"5.2"},
	{{"mount_setattr", true, "attributes of mounts, id-mapped mounts"}, try_mount_setattr,
		"5.12"},
};

/* Other errors come from the arguments: the call is there. */
static void look_at_call(struct hk_doctor *d, const struct call *call)
{
	int r = call->try();

	if (r != -ENOSYS && r != -EPERM) {
		hk_doctor_add(d, &call->need, HK_VERDICT_OK, NULL, "there");
		return;
	}
	hk_doctor_add(d, &call->need, HK_VERDICT_MISSING,
		hk_doctor_text(d,
			"it is in Linux %s and later; where the kernel is new enough, a seccomp "
			"filter around hako hides it",
			call->since),
		"%s",
		r == -ENOSYS ? "the kernel says that there is no such system call"
			     : "refused, as a seccomp filter does it");
}

static void look_at_release(struct hk_doctor *d)
{
	static const struct hk_need need = {"release", true, "everything: Linux 5.12 at least"};
	bool old = hk_doctor_kernel_version() < OLDEST;
	struct utsname name = {0};

	(void)uname(&name); /* cannot fail for a valid pointer */
	hk_doctor_add(d, &need, old ? HK_VERDICT_MISSING : HK_VERDICT_OK,
		"boot a kernel of Linux 5.12 or later", "Linux %s, %s", name.release, name.machine);
}

static void look_at_image(struct hk_doctor *d)
{
	static const struct hk_need need = {
		"executable memory", true, "the init stage, run from a sealed memfd"};
	int64_t noexec = hk_read_number("/proc/sys/vm/memfd_noexec", 0);
	struct hk_err err = {0};
	HK_FD int image = hk_init_image_open(&err);

	if (image < 0)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			err.hint[0] ? hk_doctor_text(d, "%s", err.hint) : "set vm.memfd_noexec=1",
			"%s: %s", err.message, hk_doctor_errno(d, err.code));
	else if (noexec > 1)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"set vm.memfd_noexec to 1: hako says which of its memfds is executable",
			"vm.memfd_noexec=%d: a file without a name takes its place", (int)noexec);
	else
		hk_doctor_add(
			d, &need, HK_VERDICT_OK, NULL, "memfd, vm.memfd_noexec=%d", (int)noexec);
}

/* ---- what is switched on, or not ---- */

static void look_at_device_programs(struct hk_doctor *d)
{
	static const struct hk_need need = {
		"eBPF device programs", false, "device rules on cgroup v2"};
	int r = hk_cgroup_try_device_program();

	if (r == 0)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "the kernel takes them");
	else if (r == -EPERM || r == -EACCES)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"run hako as root of the host, or with CAP_BPF and CAP_NET_ADMIN; an "
			"ordinary user has no device rules",
			"we may not load them");
	else
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"a kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF",
			"the kernel refuses them: %s", hk_doctor_errno(d, -r));
}

static void look_at_psi(struct hk_doctor *d)
{
	static const struct hk_need need = {"PSI", false, "pressure in the statistics of `events`"};
	HK_FREE char *text = NULL;
	int r = hk_read_file("/proc/pressure/cpu", &text);

	if (r == 0)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "/proc/pressure");
	else
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			r == -EOPNOTSUPP ? "boot with psi=1" : "a kernel with CONFIG_PSI",
			"/proc/pressure/cpu: %s", hk_doctor_errno(d, -r));
}

static void look_at_core_scheduling(struct hk_doctor *d)
{
	static const struct hk_need need = {
		"core scheduling", false, "the annotation dev.hako.core-sched"};

	switch (d->facts.core_sched_errno) {
	case 0:
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "there");
		break;
	case ENODEV:
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"nothing: where a core runs one thread, none is shared with others",
			"no core of this host has sibling threads");
		break;
	default:
		hk_doctor_add(d, &need, HK_VERDICT_MISSING, "a kernel with CONFIG_SCHED_CORE",
			"not in this kernel");
	}
}

/* "MPOL_BIND" and so on, those that the kernel does not have, with commas. */
static void look_at_memory_policy(struct hk_doctor *d)
{
	static const struct hk_need need = {"memory policies", false, "linux.memoryPolicy"};
	char lacking[256] = "";
	size_t len = 0, known = 0;

	for (const struct hk_enum *mode = hk_memory_policy_modes; mode->name; mode++) {
		if (hk_probe_memory_policy((uint32_t)mode->value))
			known++;
		else if (len < sizeof(lacking))
			len += (size_t)snprintf(lacking + len, sizeof(lacking) - len, "%s%s",
				len ? ", " : "", mode->name);
	}
	if (known == 0)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING, "a kernel with CONFIG_NUMA",
			"not in this kernel");
	else if (len)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"MPOL_PREFERRED_MANY needs Linux 5.15, MPOL_WEIGHTED_INTERLEAVE 6.9",
			"all but %s", lacking);
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "every mode");
}

static bool is_known_filesystem(const char *name)
{
	HK_FREE char *text = NULL;
	HK_FREE char *word = NULL;

	return hk_read_file("/proc/filesystems", &text) == 0 &&
	       asprintf(&word, "\t%s\n", name) > 0 && strstr(text, word);
}

static void look_at_resctrl(struct hk_doctor *d)
{
	static const struct hk_need need = {"resctrl", false, "linux.intelRdt"};
	struct hk_err err = {0};
	const char *root;

	if (hk_rdt_find(&d->arena, &root, &err) == 0)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s", root);
	else if (is_known_filesystem("resctrl"))
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"mount -t resctrl resctrl /sys/fs/resctrl", "not mounted");
	else
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"a CPU that divides its cache or memory bandwidth, and a kernel with "
			"CONFIG_X86_CPU_RESCTRL",
			"neither mounted nor known to the kernel");
}

void hk_doctor_kernel(struct hk_doctor *d)
{
	look_at_release(d);
	for (size_t i = 0; i < HK_COUNT(calls); i++)
		look_at_call(d, &calls[i]);
	look_at_image(d);
	look_at_device_programs(d);
	look_at_psi(d);
	look_at_core_scheduling(d);
	look_at_memory_policy(d);
	look_at_resctrl(d);
}
