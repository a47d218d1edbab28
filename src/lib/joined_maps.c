/* The id maps of a user namespace that is joined by path: config.json may repeat them, but not say
 * others (containerd and CRI-O give both). */
#include "lib/prepare.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Only async-signal-safe calls: the parent may have threads. Stays until the socket is closed. */
static void __attribute__((noreturn)) stay_inside(int user_ns, int sock)
{
	unsigned char code = 0;

	if (setns(user_ns, CLONE_NEWUSER) < 0)
		code = (unsigned char)errno;
	(void)!write(sock, &code, 1); /* a parent that is gone: nothing to tell */
	(void)!read(sock, &code, 1);
	_exit(0);
}

/* Do the lines of a map file and the list hold the same, in any order? The kernel sorts long maps.
 */
static bool same_maps(const char *text, const struct hk_id_maps *maps)
{
	size_t lines = 0;

	for (const char *line = text; line && *line;
		line = strchr(line, '\n'), line += line != NULL) {
		struct hk_id_map read = {0};
		bool found = false;

		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &read.container_id,
			    &read.host_id, &read.size) != 3)
			return false;
		for (size_t i = 0; i < maps->count && !found; i++)
			found = maps->items[i].container_id == read.container_id &&
				maps->items[i].host_id == read.host_id &&
				maps->items[i].size == read.size;
		if (!found)
			return false;
		lines++;
	}
	return lines == maps->count;
}

static int compare(pid_t pid, const char *file, const struct hk_id_maps *maps, const char *property,
	struct hk_err *err)
{
	char path[64], text[16384]; /* 340 lines of at most 36 bytes */
	HK_FD int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : hk_read_string(fd, text, sizeof(text));
	if (n < 0)
		return hk_fail(err, (int)-n, "read the %s of a joined user namespace", file);
	if (same_maps(text, maps))
		return 0;
	(void)hk_refuse(err, EINVAL, "the joined user namespace has another %s", file);
	return hk_err_at(err, "%s", property);
}

static int compare_both(pid_t pid, int sock, const struct hk_spec *spec, struct hk_err *err)
{
	unsigned char code;
	int r;

	r = hk_read_full(sock, &code, 1);
	if (r < 0)
		return hk_fail(err, -r, "look into a joined user namespace");
	if (code) {
		(void)hk_fail(err, code, "join the user namespace");
		return hk_err_at(err, "/linux/namespaces");
	}
	r = compare(pid, "uid_map", &spec->linux.uid_mappings, "/linux/uidMappings", err);
	if (r == 0)
		r = compare(pid, "gid_map", &spec->linux.gid_mappings, "/linux/gidMappings", err);
	return r;
}

int hk_check_joined_maps(const struct hk_spec *spec, int user_ns, struct hk_err *err)
{
	/* Exit signal 0: the caller's own SIGCHLD handling does not see this child. */
	struct hk_clone_args args = {0};
	int sock[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0)
		return hk_fail(err, errno, "make a socket pair");
	pid = hk_sys_clone3(&args);
	if (pid == 0) {
		(void)close(sock[0]); /* else the parent's close would not end us */
		stay_inside(user_ns, sock[1]);
	}
	hk_close(&sock[1]);
	if (pid < 0)
		r = hk_fail(err, -pid, "look into a joined user namespace");
	else
		r = compare_both(pid, sock[0], spec, err);
	hk_close(&sock[0]);
	while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	return r;
}
