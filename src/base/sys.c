/* Raw system calls. Part of the init image. */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The numbers that older kernel headers lack; from clone3 on they are the same on every
 * architecture but alpha. */
#ifndef SYS_open_tree
#define SYS_open_tree  428
#define SYS_move_mount 429
#define SYS_fsopen     430
#define SYS_fsconfig   431
#define SYS_fsmount    432
#define SYS_fspick     433
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define OPEN_TREE_CLOEXEC O_CLOEXEC
#define FSOPEN_CLOEXEC	  1u
#define FSMOUNT_CLOEXEC	  1u
#define FSPICK_CLOEXEC	  1u
#define FSPICK_EMPTY_PATH 8u

#define LANDLOCK_CREATE_RULESET_VERSION 1u
#define LANDLOCK_RULE_PATH_BENEATH	1
#define LANDLOCK_RULE_NET_PORT		2

/* The value or the negative errno of a system call. */
#define RESULT(call)                                                                               \
	({                                                                                         \
		long result_ = (call);                                                             \
		result_ < 0 ? -errno : (int)result_;                                               \
	})

pid_t hk_sys_clone3(const struct hk_clone_args *args)
{
	return RESULT(syscall(SYS_clone3, args, sizeof(*args)));
}

int hk_sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	const struct {
		uint64_t flags, mode, resolve;
	} how = {flags | O_CLOEXEC, mode, resolve};
	int r, tries = 0;

	/* EAGAIN: a rename or mount raced with ".."; the kernel asks for another try */
	do
		r = RESULT(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
	while ((r == -EAGAIN || r == -EINTR) && ++tries < 128);
	return r;
}

int hk_sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return RESULT(syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int hk_sys_move_mount(
	int from, const char *from_path, int to, const char *to_path, unsigned int flags)
{
	return RESULT(syscall(SYS_move_mount, from, from_path, to, to_path, flags));
}

int hk_sys_fsopen(const char *fstype)
{
	return RESULT(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC));
}

int hk_sys_fsconfig(int fd, enum hk_fsconfig_command command, const char *key, const char *value)
{
	return RESULT(syscall(SYS_fsconfig, fd, command, key, value, 0));
}

int hk_sys_fsmount(int fsfd, unsigned int attrs)
{
	return RESULT(syscall(SYS_fsmount, fsfd, FSMOUNT_CLOEXEC, attrs));
}

int hk_sys_fspick(int fd)
{
	return RESULT(syscall(SYS_fspick, fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH));
}

int hk_sys_mount_setattr(
	int fd, const char *path, unsigned int flags, const struct hk_mount_attr *attr)
{
	return RESULT(syscall(SYS_mount_setattr, fd, path, flags, attr, sizeof(*attr)));
}

int hk_sys_pivot_root(const char *new_root, const char *put_old)
{
	return RESULT(syscall(SYS_pivot_root, new_root, put_old));
}

int hk_sys_pidfd_open(pid_t pid)
{
	return RESULT(syscall(SYS_pidfd_open, pid, 0));
}

int hk_sys_pidfd_send_signal(int pidfd, int sig)
{
	return RESULT(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int hk_sys_pidfd_getfd(int pidfd, int target_fd)
{
	return RESULT(syscall(SYS_pidfd_getfd, pidfd, target_fd, 0));
}

int hk_sys_pidfd_info(int pidfd, struct hk_pidfd_info *ret)
{
	return RESULT(ioctl(pidfd, _IOWR(0xff, 11, struct hk_pidfd_info), ret));
}

int hk_sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return RESULT(syscall(SYS_close_range, first, last, flags));
}

int hk_sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return RESULT(syscall(SYS_execveat, fd, path, argv, envp, flags));
}

int hk_sys_memfd_create(const char *name, unsigned int flags)
{
	return RESULT(syscall(SYS_memfd_create, name, flags | HK_MFD_CLOEXEC));
}

int hk_sys_sched_setattr(pid_t pid, const struct hk_sched_attr *attr)
{
	return RESULT(syscall(SYS_sched_setattr, pid, attr, 0));
}

int hk_sys_set_mempolicy(uint32_t mode, const unsigned long *nodes, unsigned long max)
{
	return RESULT(syscall(SYS_set_mempolicy, mode, nodes, max));
}

int hk_sys_seccomp(unsigned int operation, unsigned int flags, void *args)
{
	return RESULT(syscall(SYS_seccomp, operation, flags, args));
}

int hk_sys_landlock_abi(void)
{
	return RESULT(syscall(
		SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION));
}

/* The kernel makes it close-on-exec. */
int hk_sys_landlock_create_ruleset(const struct hk_landlock_ruleset *ruleset)
{
	return RESULT(syscall(SYS_landlock_create_ruleset, ruleset, sizeof(*ruleset), 0));
}

int hk_sys_landlock_add_path(int ruleset, uint64_t rights, int parent)
{
	const struct {
		uint64_t allowed_access;
		int32_t parent_fd;
	} __attribute__((packed)) rule = {rights, parent};

	return RESULT(
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
}

int hk_sys_landlock_add_port(int ruleset, uint64_t rights, uint64_t port)
{
	const struct {
		uint64_t allowed_access;
		uint64_t port;
	} rule = {rights, port};

	return RESULT(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_NET_PORT, &rule, 0));
}

int hk_sys_landlock_restrict_self(int ruleset)
{
	return RESULT(syscall(SYS_landlock_restrict_self, ruleset, 0));
}
