/* The floor: the kernel work that `run` of the default bundle cannot do without, and nothing else.
 *
 *   floor ROOTFS PROGRAM [CGROUP_HIERARCHY]...
 *
 * A cgroup with device rules in each v1 hierarchy; new pid, mount, uts, ipc and network namespaces;
 * the default mounts, device nodes, links, masks and read-only paths; loopback; pivot_root;
 * capabilities; the program; and the cgroups' removal. No configuration, no state, no checks of
 * what a container could have put in the way: this measures a limit, it is not a way to make
 * containers. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "hako-floor"

static void must(long result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd, path);
	must(write(fd, text, strlen(text)), path);
	(void)close(fd);
}

/* cgroups */

static const char *const device_rules[] = {"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm",
	"c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm"};

static void make_cgroup(const char *hierarchy)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/" NAME, hierarchy);
	must(mkdir(path, 0755), path);
	/* Everything but cpuset can be used at once; this one starts without any processor. */
	if (strstr(hierarchy, "cpuset")) {
		(void)snprintf(path, sizeof(path), "%s/" NAME "/cpuset.cpus", hierarchy);
		write_file(path, "0");
		(void)snprintf(path, sizeof(path), "%s/" NAME "/cpuset.mems", hierarchy);
		write_file(path, "0");
	}
	if (!strstr(hierarchy, "devices"))
		return;
	(void)snprintf(path, sizeof(path), "%s/" NAME "/devices.deny", hierarchy);
	write_file(path, "a");
	(void)snprintf(path, sizeof(path), "%s/" NAME "/devices.allow", hierarchy);
	for (size_t i = 0; i < sizeof(device_rules) / sizeof(device_rules[0]); i++)
		write_file(path, device_rules[i]);
}

static void join_cgroup(const char *hierarchy)
{
	char path[256];

	/* "tasks", and by the thread itself: cgroup.procs waits for an RCU grace period. */
	(void)snprintf(path, sizeof(path), "%s/" NAME "/tasks", hierarchy);
	write_file(path, "0");
}

static void remove_cgroup(const char *hierarchy)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/" NAME, hierarchy);
	must(rmdir(path), path);
}

/* The container */

static const struct {
	const char *type, *target, *data;
	unsigned long flags;
} mounts[] = {
	{"proc", "proc", NULL, 0},
	{"tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME},
	{"devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC},
	{"tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV},
	{"mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV},
	{"sysfs", "sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY},
};

static const struct {
	const char *path;
	unsigned int minor;
	unsigned int major;
} nodes[] = {{"dev/null", 3, 1}, {"dev/zero", 5, 1}, {"dev/full", 7, 1}, {"dev/random", 8, 1},
	{"dev/urandom", 9, 1}, {"dev/tty", 0, 5}};

static const char *const links[][2] = {{"pts/ptmx", "dev/ptmx"}, {"/proc/self/fd", "dev/fd"},
	{"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
	{"/proc/self/fd/2", "dev/stderr"}, {"/proc/kcore", "dev/core"}};

static const char *const masked_files[] = {"proc/kcore", "proc/keys", "proc/latency_stats",
	"proc/timer_list", "proc/timer_stats", "proc/sched_debug"};
static const char *const masked_directories[] = {
	"proc/acpi", "proc/asound", "sys/firmware", "proc/scsi"};
static const char *const read_only[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};

#define EACH(array) for (size_t i = 0; i < sizeof(array) / sizeof((array)[0]); i++)

static void make_dev(void)
{
	EACH(nodes)
	must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
		nodes[i].path);
	EACH(links)
	must(symlink(links[i][0], links[i][1]), links[i][1]);
}

static void mount_all(char **hierarchies)
{
	EACH(mounts)
	{
		if (!strncmp(mounts[i].target, "dev/", 4))
			must(mkdir(mounts[i].target, 0755), mounts[i].target);
		must(mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags,
			     mounts[i].data),
			mounts[i].target);
	}
	must(mount("tmpfs", "sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755"),
		"sys/fs/cgroup");
	for (; *hierarchies; hierarchies++) {
		char own[300];
		char *target = *hierarchies + 1;

		(void)snprintf(own, sizeof(own), "%s/" NAME, *hierarchies);
		must(mkdir(target, 0755), target);
		must(mount(own, target, NULL, MS_BIND, NULL), target);
		must(mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), target);
	}
	must(mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
		"remount cgroup");
	make_dev();
}

static void hide(void)
{
	EACH(masked_files)
	if (mount("dev/null", masked_files[i], NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
		must(-1, masked_files[i]);
	EACH(masked_directories)
	if (mount("tmpfs", masked_directories[i], "tmpfs", MS_RDONLY, NULL) < 0 && errno != ENOENT)
		must(-1, masked_directories[i]);
	EACH(read_only)
	{
		if (mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) < 0) {
			if (errno != ENOENT)
				must(-1, read_only[i]);
			continue;
		}
		must(mount(NULL, read_only[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
			read_only[i]);
	}
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd, "socket");
	must(ioctl(fd, SIOCSIFFLAGS, &request), "loopback");
	(void)close(fd);
}

static void drop_capabilities(void)
{
	const uint32_t keep = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{keep, keep, keep}, {0, 0, 0}};

	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c) >= 0; c++)
		if (c >= 32 || !(keep >> c & 1))
			must(prctl(PR_CAPBSET_DROP, c), "bounding set");
	must(syscall(SYS_capset, &header, data), "capset");
}

static void container(const char *rootfs, char *program, char **hierarchies)
{
	char *const argv[] = {program, NULL}, *const envp[] = {(char *)"PATH=/bin", NULL};

	for (char **each = hierarchies; *each; each++)
		join_cgroup(*each);
	must(sethostname("floor", 5), "sethostname");
	raise_loopback();
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "propagation");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	mount_all(hierarchies);
	hide();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount2");
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "read-only root");
	must(chdir("/"), "/");
	must(setsid(), "setsid");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	drop_capabilities();
	must(execve(program, argv, envp), program);
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET,
		.exit_signal = SIGCHLD};
	int status;
	long pid;

	if (argc < 3) {
		fprintf(stderr, "usage: floor ROOTFS PROGRAM [CGROUP_HIERARCHY]...\n");
		return 2;
	}
	for (char **each = argv + 3; *each; each++)
		make_cgroup(*each);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	must(pid, "clone3");
	if (pid == 0)
		container(argv[1], argv[2], argv + 3);
	must(waitpid((pid_t)pid, &status, 0), "waitpid");
	for (char **each = argv + 3; *each; each++)
		remove_cgroup(*each);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
