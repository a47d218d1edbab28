/* The names that config.json uses for the kernel's numbers. */
#include "spec/tables.h"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>

const struct hk_ns_info hk_ns_infos[HK_NS_COUNT] = {
#define X(upper, name, flag, proc) [HK_NS_##upper] = {name, flag, proc},
	HK_NAMESPACE_TYPES(X)
#undef X
};

const struct hk_enum hk_namespace_names[] = {
#define X(upper, name, flag, proc) {name, HK_NS_##upper},
	HK_NAMESPACE_TYPES(X)
#undef X
		{NULL, 0},
};

const char *const hk_hook_names[HK_HOOK_POINT_COUNT] = {
#define X(upper, lower, name) [HK_HOOK_##upper] = name,
	HK_HOOK_POINTS(X)
#undef X
};

/* linux/capability.h */
const struct hk_enum hk_capability_names[] = {
	{"CAP_CHOWN", 0},
	{"CAP_DAC_OVERRIDE", 1},
	{"CAP_DAC_READ_SEARCH", 2},
	{"CAP_FOWNER", 3},
	{"CAP_FSETID", 4},
	{"CAP_KILL", 5},
	{"CAP_SETGID", 6},
	{"CAP_SETUID", 7},
	{"CAP_SETPCAP", 8},
	{"CAP_LINUX_IMMUTABLE", 9},
	{"CAP_NET_BIND_SERVICE", 10},
	{"CAP_NET_BROADCAST", 11},
	{"CAP_NET_ADMIN", 12},
	{"CAP_NET_RAW", 13},
	{"CAP_IPC_LOCK", 14},
	{"CAP_IPC_OWNER", 15},
	{"CAP_SYS_MODULE", 16},
	{"CAP_SYS_RAWIO", 17},
	{"CAP_SYS_CHROOT", 18},
	{"CAP_SYS_PTRACE", 19},
	{"CAP_SYS_PACCT", 20},
	{"CAP_SYS_ADMIN", 21},
	{"CAP_SYS_BOOT", 22},
	{"CAP_SYS_NICE", 23},
	{"CAP_SYS_RESOURCE", 24},
	{"CAP_SYS_TIME", 25},
	{"CAP_SYS_TTY_CONFIG", 26},
	{"CAP_MKNOD", 27},
	{"CAP_LEASE", 28},
	{"CAP_AUDIT_WRITE", 29},
	{"CAP_AUDIT_CONTROL", 30},
	{"CAP_SETFCAP", 31},
	{"CAP_MAC_OVERRIDE", 32},
	{"CAP_MAC_ADMIN", 33},
	{"CAP_SYSLOG", 34},
	{"CAP_WAKE_ALARM", 35},
	{"CAP_BLOCK_SUSPEND", 36},
	{"CAP_AUDIT_READ", 37},
	{"CAP_PERFMON", 38},
	{"CAP_BPF", 39},
	{"CAP_CHECKPOINT_RESTORE", 40},
	{NULL, 0},
};

const struct hk_enum hk_rlimit_names[] = {
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_STACK", RLIMIT_STACK},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{NULL, 0},
};

const struct hk_enum hk_scheduler_policies[] = {
	{"SCHED_OTHER", SCHED_OTHER},
	{"SCHED_FIFO", SCHED_FIFO},
	{"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH},
	{"SCHED_ISO", HK_SCHED_ISO},
	{"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
	{NULL, 0},
};

const struct hk_enum hk_scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", HK_SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", HK_SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", HK_SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", HK_SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", HK_SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", HK_SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", HK_SCHED_FLAG_UTIL_CLAMP_MAX},
	{NULL, 0},
};

/* include/uapi/linux/ioprio.h */
const struct hk_enum hk_io_priority_classes[] = {
	{"IOPRIO_CLASS_RT", 1},
	{"IOPRIO_CLASS_BE", 2},
	{"IOPRIO_CLASS_IDLE", 3},
	{NULL, 0},
};

const struct hk_enum hk_device_types[] = {
	{"c", 'c'},
	{"b", 'b'},
	{"u", 'u'},
	{"p", 'p'},
	{NULL, 0},
};

const struct hk_enum hk_device_rule_types[] = {
	{"a", 'a'},
	{"c", 'c'},
	{"b", 'b'},
	{NULL, 0},
};

/* The specification's four, and the recursive ones that runc takes and docker writes. */
const struct hk_enum hk_rootfs_propagations[] = {
	{"private", MS_PRIVATE},
	{"shared", MS_SHARED},
	{"slave", MS_SLAVE},
	{"unbindable", MS_UNBINDABLE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"rshared", MS_SHARED | MS_REC},
	{"rslave", MS_SLAVE | MS_REC},
	{"runbindable", MS_UNBINDABLE | MS_REC},
	{NULL, 0},
};

const struct hk_enum hk_memory_policy_modes[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{"MPOL_PREFERRED_MANY", HK_MPOL_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", HK_MPOL_WEIGHTED_INTERLEAVE},
	{NULL, 0},
};

const struct hk_enum hk_memory_policy_flags[] = {
	{"MPOL_F_NUMA_BALANCING", HK_MPOL_F_NUMA_BALANCING},
	{"MPOL_F_RELATIVE_NODES", HK_MPOL_F_RELATIVE_NODES},
	{"MPOL_F_STATIC_NODES", HK_MPOL_F_STATIC_NODES},
	{NULL, 0},
};

const struct hk_enum hk_personality_domains[] = {
	{"LINUX", PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{NULL, 0},
};
