/* The floor of exec: the kernel work that a further process of the default bundle's container
 * cannot do without, and nothing else.
 *
 *   exec_floor PID PROGRAM [CGROUP_DIRECTORY]...
 *
 * Into the v1 cgroups, the namespaces of PID, a session of its own; the limit, the capabilities and
 * no_new_privs of the default configuration; the program; its end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES   (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
#define CAPABILITIES (1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE)

static void must(long result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "exec_floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void join_cgroup(const char *directory)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/tasks", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd, path);
	must(write(fd, "0", 1), path);
	(void)close(fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{CAPABILITIES, CAPABILITIES, 0}, {0, 0, 0}};

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap >= 32 || !(CAPABILITIES >> cap & 1))
			must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "bounding set");
	must(syscall(SYS_capset, &header, data), "capset");
}

static _Noreturn void run(const char *program)
{
	const struct rlimit files = {1024, 1024};
	char *const argv[] = {(char *)program, NULL}, *const env[] = {"PATH=/bin", NULL};

	must(setsid(), "setsid");
	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	drop_capabilities();
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	must(syscall(SYS_close_range, 3, ~0u, 4), "close_range");
	must(execve(program, argv, env), program);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status;

	must(pid, "fork");
	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int main(int argc, char **argv)
{
	int pidfd;
	pid_t pid;

	if (argc < 3)
		return 125;
	pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	must(pidfd, "pidfd_open");
	pid = fork();
	if (pid == 0) {
		for (int i = 3; i < argc; i++)
			join_cgroup(argv[i]);
		must(setns(pidfd, NAMESPACES), "setns");
		pid = fork();
		if (pid == 0)
			run(argv[2]);
		_exit(wait_for(pid));
	}
	return wait_for(pid);
}
