/* The host-side helpers: id maps, sockets, namespaces by path, rlimits, the notify proxy. */
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "stage/spawn.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/hako-stage-XXXXXX";

/* A child in new namespaces that only waits to be killed; -1 where that is not allowed. */
static pid_t waiting_child(int flags)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* where a test fails before end() */
		if (unshare(flags) < 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		(void)waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static const char *slurp(const char *path)
{
	static char text[4096];
	HK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(hk_read_string(fd, text, sizeof(text)) >= 0);
	return text;
}

static void test_id_maps(void **state)
{
	struct hk_id_map uids[] = {{0, 100000, 1000}, {1000, 0, 1}, {1001, 101001, 64535}};
	struct hk_id_map gids[] = {{0, 200000, 65536}};
	struct hk_id_maps uid_maps = {uids, 3}, gid_maps = {gids, 1};
	pid_t pid = waiting_child(CLONE_NEWUSER);
	struct hk_err err;
	char path[64];

	(void)state;
	if (pid < 0 || geteuid() != 0)
		skip();
	assert_int_equal(hk_idmap_write(pid, &uid_maps, &gid_maps, &err), 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	assert_string_equal(slurp(path), "         0     100000       1000\n"
					 "      1000          0          1\n"
					 "      1001     101001      64535\n");
	(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	assert_string_equal(slurp(path), "         0     200000      65536\n");
	(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	assert_string_equal(slurp(path), "allow\n");
	/* a second time is refused, and newuidmap cannot do it either */
	assert_int_equal(hk_idmap_write(pid, &uid_maps, &gid_maps, &err), -EPERM);
	assert_string_equal(err.property, "/linux/uidMappings");
	end(pid);
}

/* As a user without privileges: in a process that has given them up for good. */
static int map_own_ids(void)
{
	struct hk_id_map uids[] = {{0, 1234, 1}}, gids[] = {{0, 2345, 1}};
	struct hk_id_maps uid_maps = {uids, 1}, gid_maps = {gids, 1};
	char path[64];
	pid_t pid;

	if (setresgid(2345, 2345, 2345) < 0 || setresuid(1234, 1234, 1234) < 0)
		return 77;
	(void)prctl(PR_SET_DUMPABLE, 1); /* setresuid took /proc/PID away from us */
	pid = waiting_child(CLONE_NEWUSER);
	if (pid < 0)
		return 77;
	if (hk_idmap_write(pid, &uid_maps, &gid_maps, NULL) != 0)
		return 1;
	(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	if (strcmp(slurp(path), "deny\n") != 0)
		return 2;
	(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	if (strcmp(slurp(path), "         0       2345          1\n") != 0)
		return 3;
	end(pid);
	return 0;
}

static void test_own_ids_without_privileges(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(map_own_ids());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_namespace_open(void **state)
{
	struct hk_err err;
	int fd;

	(void)state;
	fd = hk_namespace_open("/proc/self/ns/net", HK_NS_NETWORK, &err);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	hk_close(&fd);
	assert_int_equal(hk_namespace_open("/proc/self/ns/ipc", HK_NS_NETWORK, &err), -EINVAL);
	assert_string_equal(
		err.message, "'/proc/self/ns/ipc' is a namespace of type ipc, not network");
	assert_int_equal(hk_namespace_open("/dev/null", HK_NS_PID, &err), -EINVAL);
	assert_string_equal(err.message, "'/dev/null' is not a namespace");
	assert_int_equal(hk_namespace_open("/nonexistent", HK_NS_PID, &err), -ENOENT);
	assert_string_equal(err.message, "open the pid namespace '/nonexistent'");
}

static int listen_at(int parent, const char *name, int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", parent, name);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(sock, 1), 0);
	return sock;
}

/* One message; *ret_fd is the fd that came with it, or -1. */
static ssize_t receive(int sock, char *text, size_t cap, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {text, cap - 1};
	struct msghdr header = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);

	*ret_fd = -1;
	if (rights)
		memcpy(ret_fd, CMSG_DATA(rights), sizeof(int));
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static void test_socket(void **state)
{
	char path[256], name[101], text[64];
	int parent, listener, sock, peer, fd;
	struct hk_err err;
	struct stat a, b;

	(void)state;
	/* longer than sun_path */
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	parent = open(path, O_PATH | O_CLOEXEC);
	listener = listen_at(parent, "sock", SOCK_STREAM);
	(void)snprintf(path, sizeof(path), "%s/%s/sock", dir, name);
	assert_true(strlen(path) > sizeof(((struct sockaddr_un *)0)->sun_path));

	sock = hk_socket_connect(path, &err);
	assert_true(sock >= 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	assert_int_equal(hk_socket_send_fd(sock, "/dev/pts/7", listener, &err), 0);
	assert_int_equal(receive(peer, text, sizeof(text), &fd), 10);
	assert_string_equal(text, "/dev/pts/7");
	assert_int_equal(fstat(fd, &a) | fstat(listener, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);

	/* a reader that is gone is an error, not a SIGPIPE */
	close(peer);
	assert_int_equal(hk_socket_send_fd(sock, "x", listener, &err), -EPIPE);
	close(listener);
	close(fd);
	close(sock);
	assert_int_equal(hk_socket_connect(path, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.message, path));
	assert_int_equal(unlinkat(parent, "sock", 0), 0);
	assert_int_equal(hk_socket_connect(path, &err), -ENOENT);
	close(parent);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(rmdir(path), 0);
}

static void test_seccomp_agent(void **state)
{
	int parent = open(dir, O_PATH | O_CLOEXEC), listener, peer, fd;
	struct hk_hook_state container = {"web", "/b", NULL};
	char path[128], text[1024];
	struct hk_err err;

	(void)state;
	listener = listen_at(parent, "agent", SOCK_STREAM);
	(void)snprintf(path, sizeof(path), "%s/agent", dir);
	assert_int_equal(
		hk_seccomp_notify_send(path, "m\"", parent, &container, "creating", 12, &err), 0);
	peer = accept(listener, NULL, NULL);
	assert_true(receive(peer, text, sizeof(text), &fd) > 0);
	assert_true(fd >= 0);
	assert_string_equal(text,
		"{\"ociVersion\":\"" HK_SPEC_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":12,"
		"\"metadata\":\"m\\\"\",\"state\":{\"ociVersion\":\"" HK_SPEC_VERSION "\","
		"\"id\":\"web\",\"status\":\"creating\",\"pid\":12,\"bundle\":\"/b\"}}");
	assert_int_equal(recv(peer, text, 1, 0), 0); /* one message, then the end */
	close(fd);
	close(peer);
	close(listener);
	assert_int_equal(unlinkat(parent, "agent", 0), 0);
	assert_int_equal(
		hk_seccomp_notify_send(path, NULL, parent, &container, "creating", 12, &err),
		-ENOENT);
	close(parent);
}

static void test_rlimits(void **state)
{
	struct hk_rlimit limits[] = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 20, 30}};
	struct hk_process process = {.rlimits = limits, .rlimit_count = 2};
	const struct hk_spec spec = {.process = &process};
	pid_t pid = waiting_child(0);
	struct rlimit now;
	struct hk_err err;

	(void)state;
	assert_int_equal(hk_rlimits_set(pid, &spec, &err), 0);
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &now), 0);
	assert_int_equal(now.rlim_cur, 20);
	assert_int_equal(now.rlim_max, 30);
	assert_int_equal(hk_rlimits_set(pid, &(struct hk_spec){0}, &err), 0);

	limits[1].soft = 31; /* above the hard one */
	assert_int_equal(hk_rlimits_set(pid, &spec, &err), -EINVAL);
	assert_string_equal(err.message, "set RLIMIT_NOFILE to soft 31, hard 30");
	assert_string_equal(err.property, "/process/rlimits/1");
	end(pid);
}

static void test_sealed_memfd(void **state)
{
	int fd = hk_sealed_memfd("test", "abc", 3, HK_MFD_NOEXEC_SEAL);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, 0), -1); /* F_SEAL_SEAL */
	close(fd);
}

static void test_notify(void **state)
{
	int parent = open(dir, O_PATH | O_CLOEXEC), host, theirs, pidfd, fd, status;
	struct hk_notify *notify = NULL;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char path[128], text[256];
	struct hk_err err;
	struct stat st;
	pid_t pid;

	(void)state;
	host = listen_at(parent, "host", SOCK_DGRAM);
	(void)snprintf(path, sizeof(path), "%s/host", dir);
	assert_int_equal(hk_notify_make_dir(parent, &err), 0);
	assert_int_equal(hk_notify_open(parent, "/no/such/socket", &notify, &err), -ENOENT);
	assert_null(notify);
	assert_int_equal(hk_notify_open(parent, path, &notify, &err), 0);
	assert_int_equal(fstatat(parent, "notify/notify.sock", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0777);

	pidfd = hk_sys_pidfd_open(getpid());
	assert_int_equal(hk_notify_set_init(notify, 4711, pidfd, &err), 0);
	close(pidfd);
	pid = fork();
	if (pid == 0)
		_exit(hk_notify_wait(notify, &err) == 0 ? 0 : 1);
	theirs = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify/notify.sock", dir);
	assert_int_equal(connect(theirs, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(send(theirs, "STATUS=x", 8, 0), 8);
	assert_int_equal(send(theirs, "NOTREADY=1", 10, 0), 10);
	assert_int_equal(send(theirs, "MAINPID=1\nREADY=1\nX=1", 21, 0), 21);
	assert_true(receive(host, text, sizeof(text), &fd) > 0);
	assert_string_equal(text, "STATUS=x");
	assert_true(receive(host, text, sizeof(text), &fd) > 0);
	assert_string_equal(text, "MAINPID=4711\nREADY=1");
	assert_int_equal(fd, -1);
	assert_true(receive(host, text, sizeof(text), &fd) > 0);
	assert_string_equal(text, "BARRIER=1");
	assert_true(fd >= 0);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* it waits for us */
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(theirs);
	hk_notify_free(notify);
	assert_int_equal(unlinkat(parent, "notify/notify.sock", 0), 0);

	/* a container that ends without a word: there is nothing to wait for */
	notify = NULL;
	assert_int_equal(hk_notify_open(parent, path, &notify, &err), 0);
	pid = waiting_child(0);
	pidfd = hk_sys_pidfd_open(pid);
	assert_int_equal(hk_notify_set_init(notify, pid, pidfd, &err), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(hk_notify_wait(notify, &err), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(pidfd);
	hk_notify_free(notify);
	close(host);
	assert_int_equal(unlinkat(parent, "notify/notify.sock", 0), 0);
	assert_int_equal(unlinkat(parent, "notify", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(parent, "host", 0), 0);
	close(parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_maps),
		cmocka_unit_test(test_own_ids_without_privileges),
		cmocka_unit_test(test_namespace_open),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_seccomp_agent),
		cmocka_unit_test(test_rlimits),
		cmocka_unit_test(test_sealed_memfd),
		cmocka_unit_test(test_notify),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return rmdir(dir) < 0 ? 1 : failed;
}
