/* System calls that the oldest libc we build with does not wrap, and the constants that its kernel
 * headers lack. Each wrapper returns >= 0, or a negative errno; errno itself is not promised.
 * Every descriptor made here is close-on-exec. */
#ifndef HK_BASE_SYS_H
#define HK_BASE_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* include/uapi/linux/sched.h */
#define HK_CLONE_NEWTIME       0x00000080u
#define HK_CLONE_VM	       0x00000100u
#define HK_CLONE_PIDFD	       0x00001000u
#define HK_CLONE_VFORK	       0x00004000u
#define HK_CLONE_PARENT	       0x00008000u
#define HK_CLONE_NEWNS	       0x00020000u
#define HK_CLONE_NEWCGROUP     0x02000000u
#define HK_CLONE_NEWUTS	       0x04000000u
#define HK_CLONE_NEWIPC	       0x08000000u
#define HK_CLONE_NEWUSER       0x10000000u
#define HK_CLONE_NEWPID	       0x20000000u
#define HK_CLONE_NEWNET	       0x40000000u
#define HK_CLONE_CLEAR_SIGHAND 0x100000000ull /* Linux 5.5 */
#define HK_CLONE_INTO_CGROUP   0x200000000ull

struct hk_clone_args { /* struct clone_args, CLONE_ARGS_SIZE_VER2 */
	_Alignas(8) uint64_t flags;
	uint64_t pidfd; /* int * */
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

/* include/uapi/linux/pidfd.h: struct pidfd_info, PIDFD_INFO_SIZE_VER0 */
struct hk_pidfd_info {
	_Alignas(8) uint64_t mask; /* what is asked for beyond the ids */
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid; /* as our pid namespace numbers them */
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	uint32_t spare;
};

/* include/uapi/linux/openat2.h */
#define HK_RESOLVE_NO_XDEV	 0x01u
#define HK_RESOLVE_NO_MAGICLINKS 0x02u
#define HK_RESOLVE_NO_SYMLINKS	 0x04u
#define HK_RESOLVE_BENEATH	 0x08u
#define HK_RESOLVE_IN_ROOT	 0x10u

/* include/uapi/linux/mount.h */
#define HK_OPEN_TREE_CLONE	   1u
#define HK_AT_RECURSIVE		   0x8000u
#define HK_MOVE_MOUNT_F_EMPTY_PATH 0x00000004u
#define HK_MOVE_MOUNT_T_EMPTY_PATH 0x00000040u
#define HK_MOUNT_ATTR_RDONLY	   0x00000001u
#define HK_MOUNT_ATTR_NOSUID	   0x00000002u
#define HK_MOUNT_ATTR_NODEV	   0x00000004u
#define HK_MOUNT_ATTR_NOEXEC	   0x00000008u
#define HK_MOUNT_ATTR__ATIME	   0x00000070u
#define HK_MOUNT_ATTR_RELATIME	   0x00000000u
#define HK_MOUNT_ATTR_NOATIME	   0x00000010u
#define HK_MOUNT_ATTR_STRICTATIME  0x00000020u
#define HK_MOUNT_ATTR_NODIRATIME   0x00000080u
#define HK_MOUNT_ATTR_IDMAP	   0x00100000u
#define HK_MOUNT_ATTR_NOSYMFOLLOW  0x00200000u

struct hk_mount_attr { /* struct mount_attr */
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation; /* MS_SHARED, MS_PRIVATE, MS_SLAVE or MS_UNBINDABLE, 0 = as it is */
	uint64_t userns_fd;
};

enum hk_fsconfig_command { /* enum fsconfig_command */
	HK_FSCONFIG_SET_FLAG = 0,
	HK_FSCONFIG_SET_STRING = 1,
	HK_FSCONFIG_CMD_CREATE = 6,
	HK_FSCONFIG_CMD_RECONFIGURE = 7,
};

/* linux/magic.h */
#define HK_PROC_SUPER_MAGIC    0x9fa0u
#define HK_SYSFS_MAGIC	       0x62656572u
#define HK_DEVPTS_SUPER_MAGIC  0x1cd1u
#define HK_TMPFS_MAGIC	       0x01021994u
#define HK_CGROUP_SUPER_MAGIC  0x27e0ebu
#define HK_CGROUP2_SUPER_MAGIC 0x63677270u

/* include/uapi/linux/landlock.h */
#define HK_LANDLOCK_EXECUTE		       (1u << 0)
#define HK_LANDLOCK_WRITE_FILE		       (1u << 1)
#define HK_LANDLOCK_READ_FILE		       (1u << 2)
#define HK_LANDLOCK_READ_DIR		       (1u << 3)
#define HK_LANDLOCK_REMOVE_DIR		       (1u << 4)
#define HK_LANDLOCK_REMOVE_FILE		       (1u << 5)
#define HK_LANDLOCK_MAKE_CHAR		       (1u << 6)
#define HK_LANDLOCK_MAKE_DIR		       (1u << 7)
#define HK_LANDLOCK_MAKE_REG		       (1u << 8)
#define HK_LANDLOCK_MAKE_SOCK		       (1u << 9)
#define HK_LANDLOCK_MAKE_FIFO		       (1u << 10)
#define HK_LANDLOCK_MAKE_BLOCK		       (1u << 11)
#define HK_LANDLOCK_MAKE_SYM		       (1u << 12)
#define HK_LANDLOCK_REFER		       (1u << 13) /* ABI 2 */
#define HK_LANDLOCK_TRUNCATE		       (1u << 14) /* ABI 3 */
#define HK_LANDLOCK_IOCTL_DEV		       (1u << 15) /* ABI 5 */
#define HK_LANDLOCK_BIND_TCP		       (1u << 0)  /* ABI 4 */
#define HK_LANDLOCK_CONNECT_TCP		       (1u << 1)
#define HK_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1u << 0) /* ABI 6 */
#define HK_LANDLOCK_SCOPE_SIGNAL	       (1u << 1)

struct hk_landlock_ruleset { /* struct landlock_ruleset_attr, ABI 6; zeros are legal before */
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/* include/uapi/linux/prctl.h */
#define HK_PR_SCHED_CORE	      62
#define HK_PR_SCHED_CORE_GET	      0
#define HK_PR_SCHED_CORE_CREATE	      1
#define HK_PR_SCHED_CORE_SHARE_FROM   3
#define HK_PR_SCHED_CORE_THREAD	      0
#define HK_PR_SCHED_CORE_THREAD_GROUP 1

/* include/uapi/linux/sched.h */
#define HK_SCHED_ISO		     4u
#define HK_SCHED_FLAG_RESET_ON_FORK  0x01u
#define HK_SCHED_FLAG_RECLAIM	     0x02u
#define HK_SCHED_FLAG_DL_OVERRUN     0x04u
#define HK_SCHED_FLAG_KEEP_POLICY    0x08u
#define HK_SCHED_FLAG_KEEP_PARAMS    0x10u
#define HK_SCHED_FLAG_UTIL_CLAMP_MIN 0x20u
#define HK_SCHED_FLAG_UTIL_CLAMP_MAX 0x40u

#define HK_SCHED_ATTR_SIZE_VER0 48u
struct hk_sched_attr { /* struct sched_attr, SCHED_ATTR_SIZE_VER1 */
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min; /* behind SCHED_ATTR_SIZE_VER0 */
	uint32_t util_max;
};

/* include/uapi/linux/mempolicy.h */
#define HK_MPOL_PREFERRED_MANY	    5u
#define HK_MPOL_WEIGHTED_INTERLEAVE 6u
#define HK_MPOL_F_NUMA_BALANCING    (1u << 13)
#define HK_MPOL_F_RELATIVE_NODES    (1u << 14)
#define HK_MPOL_F_STATIC_NODES	    (1u << 15)

#define HK_CLOSE_RANGE_CLOEXEC (1u << 2)
#define HK_MFD_CLOEXEC	       1u
#define HK_MFD_ALLOW_SEALING   2u
#define HK_MFD_NOEXEC_SEAL     8u
#define HK_MFD_EXEC	       0x10u

pid_t hk_sys_clone3(const struct hk_clone_args *args);
int hk_sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int hk_sys_open_tree(int dirfd, const char *path, unsigned int flags);
int hk_sys_move_mount(
	int from, const char *from_path, int to, const char *to_path, unsigned int flags);
int hk_sys_fsopen(const char *fstype);
int hk_sys_fsconfig(int fd, enum hk_fsconfig_command command, const char *key, const char *value);
int hk_sys_fspick(int fd); /* the file system that fd's mount is of */
int hk_sys_fsmount(int fsfd, unsigned int attrs);
int hk_sys_mount_setattr(
	int fd, const char *path, unsigned int flags, const struct hk_mount_attr *attr);
int hk_sys_pivot_root(const char *new_root, const char *put_old);
int hk_sys_pidfd_open(pid_t pid);
int hk_sys_pidfd_send_signal(int pidfd, int sig);
int hk_sys_pidfd_getfd(int pidfd, int target_fd);
/* PIDFD_GET_INFO, Linux 6.13. */
int hk_sys_pidfd_info(int pidfd, struct hk_pidfd_info *ret);
int hk_sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
int hk_sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
int hk_sys_memfd_create(const char *name, unsigned int flags);
int hk_sys_sched_setattr(pid_t pid, const struct hk_sched_attr *attr);
/* nodes: as many bits as max - 1, as the kernel counts. */
int hk_sys_set_mempolicy(uint32_t mode, const unsigned long *nodes, unsigned long max);
int hk_sys_seccomp(unsigned int operation, unsigned int flags, void *args);
/* The newest Landlock ABI that the kernel has. -ENOSYS, -EOPNOTSUPP: none. */
int hk_sys_landlock_abi(void);
int hk_sys_landlock_create_ruleset(const struct hk_landlock_ruleset *ruleset);
int hk_sys_landlock_add_path(int ruleset, uint64_t rights, int parent);
int hk_sys_landlock_add_port(int ruleset, uint64_t rights, uint64_t port);
int hk_sys_landlock_restrict_self(int ruleset);

#endif
