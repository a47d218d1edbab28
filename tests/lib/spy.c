/* A container's hostile process: looks at all other processes that it sees, again and again, for
 * whatever is not the container's. It prints a line for each thing that it finds, "seen" for each
 * init stage that it has caught, and never ends. It takes CAP_SYS_PTRACE, over the host's user
 * namespace. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PROC_MAGIC 0x9fa0
#define NSFS_MAGIC 0x6e736673

static void say(int pid, const char *fmt, ...)
{
	va_list ap;

	printf("%d: ", pid);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static const char *link_of(const char *path, char text[256])
{
	ssize_t n = readlink(path, text, 255);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static int is_ours(const char *path)
{
	char own[32], ours[256], theirs[256];

	(void)snprintf(own, sizeof(own), "/proc/self/ns%s", strrchr(path, '/'));
	return !link_of(path, theirs)[0] || strcmp(theirs, link_of(own, ours)) == 0;
}

static void look_at_namespaces(int pid)
{
	static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, names[i]);
		if (!is_ours(path))
			say(pid, "another %s namespace", names[i]);
	}
}

/* Does the directory lead up to another root than ours? Takes the descriptor. */
static void look_above(int pid, const char *path, int fd)
{
	struct stat st, root;

	for (int i = 0; i < 64; i++) {
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (up < 0)
			break;
		(void)close(fd);
		fd = up;
	}
	if (fstat(fd, &st) == 0 && stat("/", &root) == 0 &&
		(st.st_dev != root.st_dev || st.st_ino != root.st_ino))
		say(pid, "'%s' is beneath another root", path);
	(void)close(fd);
}

static void look_at_directory(int pid, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		look_above(pid, path, fd);
}

/* Does it show what the container's own does not? */
static void look_at_procfs(int pid, const char *path, int fd)
{
	char ours[256], theirs[256];
	ssize_t n = readlinkat(fd, "self/ns/pid", theirs, sizeof(theirs) - 1);

	theirs[n < 0 ? 0 : n] = '\0';
	if (faccessat(fd, "sys", F_OK, 0) == 0)
		say(pid, "'%s' is a procfs without masks", path);
	if (strcmp(theirs, link_of("/proc/self/ns/pid", ours)) != 0)
		say(pid, "'%s' is another procfs", path);
}

/* By a descriptor of our own, for the other may close it at any moment. */
static void look_at_fd(int pid, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return;
	if (fstatfs(fd, &fs) == 0 && fstat(fd, &st) == 0) {
		if (fs.f_type == NSFS_MAGIC)
			say(pid, "'%s' is a namespace", path);
		else if (fs.f_type == PROC_MAGIC && S_ISDIR(st.st_mode))
			look_at_procfs(pid, path, fd);
		else if (S_ISDIR(st.st_mode)) {
			look_above(pid, path, fd);
			return;
		}
	}
	(void)close(fd);
}

static void look_at_fds(int pid)
{
	char path[64];
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", pid, e->d_name);
		look_at_fd(pid, path);
	}
	if (dir)
		(void)closedir(dir);
}

/* The binary, and all that is mapped: sealed memory, or a file that the container has too. */
static void look_at_memory(int pid)
{
	char path[64], line[512], *name;
	FILE *maps;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		name = strchr(line, '/');
		if (!name || strncmp(name, "/memfd:hako-", 12) == 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (access(name, F_OK) < 0)
			say(pid, "'%s' is mapped", name);
	}
	if (maps)
		(void)fclose(maps);
}

static void look_at_environ(int pid)
{
	char path[64], text[4096];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	if (n > 0 && memmem(text, (size_t)n, "SECRET", 6))
		say(pid, "the runtime's environment");
	if (fd >= 0)
		(void)close(fd);
}

static void look_at(int pid)
{
	char path[64], exe[256];
	int stage;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	stage = strncmp(link_of(path, exe), "/memfd:hako-", 12) == 0;
	look_at_fds(pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/root", pid);
	look_at_directory(pid, path);
	(void)snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	look_at_directory(pid, path);
	look_at_namespaces(pid);
	look_at_memory(pid);
	look_at_environ(pid);
	if (stage)
		say(pid, "seen");
}

int main(void)
{
	int self = getpid();

	printf("ready\n");
	fflush(stdout);
	for (;;) {
		DIR *proc = opendir("/proc");

		for (struct dirent *e = proc ? readdir(proc) : NULL; e; e = readdir(proc)) {
			int pid = atoi(e->d_name);

			if (pid > 0 && pid != self)
				look_at(pid);
		}
		if (proc)
			(void)closedir(proc);
	}
}
