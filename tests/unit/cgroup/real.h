/* Real cgroups of this host for the tests beside this file: as the host is, its v1 hierarchies
 * alone, its cgroup2 mount alone. Needs root; every group is named hk-test-PID and gone at the end,
 * and what is enabled at the root is as it was. */
#ifndef HK_TESTS_CGROUP_REAL_H
#define HK_TESTS_CGROUP_REAL_H

#include "cgroup/group.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#define N(n)                                                                                       \
	{                                                                                          \
		.set = true, .value = (n)                                                          \
	}

static struct hk_arena arena;
static struct hk_cgroup_host host;
static char group_path[64]; /* the cgroupsPath of this test */
static int serial;

static struct hk_cgroup *group;
static struct hk_err err;

static inline struct hk_cgroup_request request_of(const struct hk_resources *resources)
{
	return (struct hk_cgroup_request){
		.id = "unused",
		.cgroups_path = group_path,
		.resources = resources,
	};
}

static char *root_control; /* cgroup.subtree_control of the cgroup2 mount, "" if there is none */
static char root_enabled[256];

static inline void remember_root(const struct hk_cgroup_hierarchy *h)
{
	HK_FD int fd = -1;

	root_control = hk_arena_printf(&arena, "%s/cgroup.subtree_control", h->mountpoint);
	fd = open(root_control, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && hk_read_string(fd, root_enabled, sizeof(root_enabled)) >= 0);
}

static inline void restore_root(void)
{
	HK_FD int fd = root_control ? open(root_control, O_RDONLY | O_CLOEXEC) : -1;
	char now[256], *rest = now, *name;

	if (fd < 0 || hk_read_string(fd, now, sizeof(now)) < 0)
		return;
	while ((name = strsep(&rest, " \n"))) {
		char off[64];

		(void)snprintf(off, sizeof(off), "-%s", name);
		if (*name && !strstr(root_enabled, name))
			(void)hk_write_file_at(AT_FDCWD, root_control, off);
	}
}

static inline int setup_host(void **state)
{
	(void)state;
	root_control = NULL;
	if (geteuid() != 0)
		return 0;
	if (hk_cgroup_host_probe(&arena, &host, NULL) < 0)
		return -1;
	for (size_t i = 0; i < host.count; i++)
		if (host.hierarchies[i].v2)
			remember_root(&host.hierarchies[i]);
	return 0;
}

static inline int setup_part(void **state, bool v2, enum hk_cgroup_mode mode)
{
	size_t kept = 0;

	if (setup_host(state) < 0)
		return -1;
	for (size_t i = 0; i < host.count; i++)
		if (host.hierarchies[i].v2 == v2)
			host.hierarchies[kept++] = host.hierarchies[i];
	host.count = kept;
	host.mode = mode;
	return 0;
}

static inline int setup_v1(void **state)
{
	return setup_part(state, false, HK_CGROUP_V1);
}

static inline int setup_v2(void **state)
{
	return setup_part(state, true, HK_CGROUP_V2);
}

static inline int teardown_host(void **state)
{
	(void)state;
	restore_root();
	hk_arena_done(&arena);
	host = (struct hk_cgroup_host){.mode = HK_CGROUP_NONE};
	return 0;
}

static inline int setup(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	group = NULL;
	(void)snprintf(group_path, sizeof(group_path), "/hk-test-%d-%d", (int)getpid(), ++serial);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	if (group) {
		for (size_t i = 0; i < group->count; i++)
			group->dirs[i].version->thaw_all(&group->dirs[i]);
		(void)hk_cgroup_kill(group, SIGKILL, NULL);
		(void)hk_cgroup_destroy(group, NULL);
	}
	hk_cgroup_free(group);
	return 0;
}

static inline bool skip_without_root(void)
{
	if (geteuid() == 0 && host.count > 0)
		return false;
	print_message("skipped: needs root and a cgroup file system\n");
	skip();
	return true;
}

#define assert_ok(call)                                                                            \
	do {                                                                                       \
		int assert_r = (call);                                                             \
		if (assert_r != 0)                                                                 \
			fail_msg("%s: %d: %s %s", #call, assert_r, err.property, err.message);     \
	} while (0)

static inline void make(const struct hk_resources *resources)
{
	struct hk_cgroup_request request = request_of(resources);

	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_ok(hk_cgroup_create(group, &request, &err));
}

/* The host directory for a controller, or NULL. */
static inline const char *dir_of(const char *controller)
{
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		if (strcmp(name, controller) == 0)
			return path;
	}
	return NULL;
}

static inline const char *read_file(const char *controller, const char *file)
{
	static char text[4096];
	char path[512];
	HK_FD int fd = -1;

	assert_non_null(dir_of(controller));
	(void)snprintf(path, sizeof(path), "%s/%s", dir_of(controller), file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("open %s: %s", path, strerror(errno));
	assert_true(hk_read_string(fd, text, sizeof(text)) >= 0);
	return text;
}

static inline void sub_group(const char *parent, char ret[512])
{
	(void)snprintf(ret, 512, "%s/below", parent);
	/* a hierarchy of two controllers comes twice */
	assert_true(mkdir(ret, 0755) == 0 || errno == EEXIST);
}

/* A child inside of every directory, as the init stage goes there: CLONE_INTO_CGROUP for v2, "0"
 * into the v1 files. It waits until it is killed. */
static inline pid_t spawn_inside(void)
{
	struct hk_clone_args args = {.exit_signal = SIGCHLD};
	const char *const *files;
	int ready[2];
	size_t count;
	pid_t pid;
	char c;

	files = hk_cgroup_join_files(group, &count);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	if (hk_cgroup_v2_fd(group) >= 0) {
		args.flags = HK_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)hk_cgroup_v2_fd(group);
	}
	pid = hk_sys_clone3(&args);
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < count; i++)
			if (hk_write_file_at(AT_FDCWD, files[i], "0") < 0)
				_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		fail_msg("the child could not join");
	(void)close(ready[0]);
	return pid;
}

/* Ten seconds: a process that is left frozen must fail the test, not hang it. */
static inline void reap(pid_t pid, int sig)
{
	int status = 0;
	pid_t got = 0;

	for (int i = 0; i < 10000 && got == 0; i++) {
		got = waitpid(pid, &status, WNOHANG);
		if (got == 0)
			(void)poll(NULL, 0, 1);
	}
	assert_int_equal(got, pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
}

static inline void assert_gone(void)
{
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(errno, ENOENT);
	}
}

static inline bool lists(const char *path, const char *word)
{
	HK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[256];

	return fd >= 0 && hk_read_string(fd, text, sizeof(text)) >= 0 && strstr(text, word);
}

#endif
