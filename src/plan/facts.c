/* Probing the host. This runs at every start: a handful of system calls, and only those whose
 * answer can change the plan. */
#include "plan/facts.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "spec/annotations.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The initial namespaces have fixed inode numbers; PROC_USER_INIT_INO is part of the ABI. */
static int probe_user_namespace(bool *ret, struct hk_err *err)
{
	static const char initial[] = "user:[4026531837]";
	char text[64];
	ssize_t n = readlink("/proc/self/ns/user", text, sizeof(text) - 1);

	if (n < 0)
		return hk_fail(err, errno, "read '/proc/self/ns/user'");
	text[n] = '\0';
	*ret = strcmp(text, initial) != 0;
	return 0;
}

/* Looked at here, not in the end, when a seccomp filter may forbid it. */
static bool setgroups_denied(void)
{
	HK_FD int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	char text[16];

	return fd >= 0 && hk_read_string(fd, text, sizeof(text)) > 0 && strcmp(text, "deny\n") == 0;
}

static int probe_own_caps(uint64_t *ret_effective, uint64_t *ret_permitted, struct hk_err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return hk_fail(err, errno, "read our own capabilities");
	*ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

/* cap_last_cap has stood at CAP_CHECKPOINT_RESTORE since 5.9: begin there. */
static uint64_t probe_known_caps(void)
{
	int last = CAP_CHECKPOINT_RESTORE;

	while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	return UINT64_MAX >> (63 - last);
}

static bool apparmor_enabled(void)
{
	char text[2] = "";
	int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, 1) != 1)
		text[0] = 'N';
	(void)close(fd);
	return text[0] == 'Y';
}

static bool has_cgroup_mount(const struct hk_spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *type = spec->mounts[i].type;

		if (type && (strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0))
			return true;
	}
	return false;
}

static enum hk_cgroup_view probe_cgroup_view(void)
{
	struct statfs fs;

	if (statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type == SYSFS_MAGIC)
		return HK_CGROUP_VIEW_NONE;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? HK_CGROUP_VIEW_V2 : HK_CGROUP_VIEW_V1;
}

void hk_facts_assume_root(struct hk_facts *facts)
{
	facts->euid = facts->egid = 0;
	facts->in_user_namespace = facts->setgroups_denied = false;
	facts->can_mknod = true;
	facts->permitted_caps = facts->known_caps;
}

static uint32_t probe_landlock_abi(void)
{
	int abi = hk_sys_landlock_abi();

	return abi < 0 ? 0 : (uint32_t)abi;
}

/* ENODEV: no core has siblings; EINVAL: the kernel is built without it. */
static int probe_core_sched(void)
{
	uint64_t cookie;

	return prctl(HK_PR_SCHED_CORE, HK_PR_SCHED_CORE_GET, 0, HK_PR_SCHED_CORE_THREAD, &cookie) <
			       0
		       ? errno
		       : 0;
}

/* The kernel looks at the mode before it looks for the nodes, and does not find those: EFAULT says
 * that it knows the mode, and nothing has changed. */
bool hk_probe_memory_policy(uint32_t mode)
{
	return hk_sys_set_mempolicy(mode, (const unsigned long *)UINTPTR_MAX, 2) == -EFAULT;
}

static bool wants_apparmor(const struct hk_spec *spec)
{
	return !spec || (spec->process && spec->process->apparmor_profile);
}

static bool wants_selinux(const struct hk_spec *spec)
{
	return !spec || (spec->process && spec->process->selinux_label) || spec->linux.mount_label;
}

/* Has the loaded policy no such context? Who may not ask finds out later. */
static bool is_unknown_context(const char *context)
{
	return context && hk_write_file_at(AT_FDCWD, "/sys/fs/selinux/context", context) == -EINVAL;
}

static void probe_selinux(const struct hk_spec *spec, struct hk_facts *facts)
{
	facts->selinux = exists("/sys/fs/selinux/enforce");
	if (!spec || !facts->selinux)
		return;
	facts->process_label_unknown =
		spec->process && is_unknown_context(spec->process->selinux_label);
	facts->mount_label_unknown = is_unknown_context(spec->linux.mount_label);
}

static bool has_annotation(const struct hk_spec *spec, const char *key)
{
	return !spec || hk_annotation_get(&spec->annotations, key);
}

int hk_facts_probe(const struct hk_spec *spec, struct hk_facts *ret, struct hk_err *err)
{
	struct hk_facts facts = {.euid = geteuid(), .egid = getegid()};
	uint64_t effective = 0;
	int r = probe_user_namespace(&facts.in_user_namespace, err);

	if (r == 0)
		r = probe_own_caps(&effective, &facts.permitted_caps, err);
	if (r < 0)
		return r;
	facts.setgroups_denied = facts.in_user_namespace && setgroups_denied();
	facts.can_mknod = !facts.in_user_namespace && (effective >> CAP_MKNOD & 1);
	facts.kcore = exists("/proc/kcore");
	facts.known_caps = probe_known_caps();
	if (wants_apparmor(spec)) {
		facts.apparmor = apparmor_enabled();
		facts.apparmor_attr_dir = exists("/proc/self/attr/apparmor");
	}
	if (wants_selinux(spec))
		probe_selinux(spec, &facts);
	if (!spec || has_cgroup_mount(spec))
		facts.cgroup_view = probe_cgroup_view();
	if (has_annotation(spec, HK_ANNOTATION_LANDLOCK))
		facts.landlock_abi = probe_landlock_abi();
	if (has_annotation(spec, HK_ANNOTATION_CORE_SCHED))
		facts.core_sched_errno = probe_core_sched();
	*ret = facts;
	return 0;
}
