/* Cgroups of this host, made, joined, frozen, killed and removed: as the host is, then with its v1
 * hierarchies alone, then with its cgroup2 mount alone. Needs root; every group is named
 * hk-test-PID and gone at the end, and what is enabled at the root is as it was. */
#include "cgroup/cgroup.h"
#include "cgroup/devices.h"
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
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

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

static struct hk_cgroup_request request_of(const struct hk_resources *resources)
{
	return (struct hk_cgroup_request){
		.id = "unused",
		.cgroups_path = group_path,
		.resources = resources,
	};
}

static char *root_control; /* cgroup.subtree_control of the cgroup2 mount, "" if there is none */
static char root_enabled[256];

static void remember_root(const struct hk_cgroup_hierarchy *h)
{
	HK_FD int fd = -1;

	root_control = hk_arena_printf(&arena, "%s/cgroup.subtree_control", h->mountpoint);
	fd = open(root_control, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && hk_read_string(fd, root_enabled, sizeof(root_enabled)) >= 0);
}

static void restore_root(void)
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

static int setup_host(void **state)
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

static int setup_part(void **state, bool v2, enum hk_cgroup_mode mode)
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

static int setup_v1(void **state)
{
	return setup_part(state, false, HK_CGROUP_V1);
}

static int setup_v2(void **state)
{
	return setup_part(state, true, HK_CGROUP_V2);
}

static int teardown_host(void **state)
{
	(void)state;
	restore_root();
	hk_arena_done(&arena);
	host = (struct hk_cgroup_host){.mode = HK_CGROUP_NONE};
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	group = NULL;
	(void)snprintf(group_path, sizeof(group_path), "/hk-test-%d-%d", (int)getpid(), ++serial);
	return 0;
}

static int teardown(void **state)
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

static bool skip_without_root(void)
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

static void make(const struct hk_resources *resources)
{
	struct hk_cgroup_request request = request_of(resources);

	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_ok(hk_cgroup_create(group, &request, &err));
}

/* The host directory for a controller, or NULL. */
static const char *dir_of(const char *controller)
{
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		if (strcmp(name, controller) == 0)
			return path;
	}
	return NULL;
}

static const char *read_file(const char *controller, const char *file)
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

static void sub_group(const char *parent, char ret[512])
{
	(void)snprintf(ret, 512, "%s/below", parent);
	/* a hierarchy of two controllers comes twice */
	assert_true(mkdir(ret, 0755) == 0 || errno == EEXIST);
}

/* A child inside of every directory, as the init stage goes there: CLONE_INTO_CGROUP for v2, "0"
 * into the v1 files. It waits until it is killed. */
static pid_t spawn_inside(void)
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
static void reap(pid_t pid, int sig)
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

static void assert_gone(void)
{
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(errno, ENOENT);
	}
}

static void test_make_join_kill_destroy(void **state)
{
	pid_t pid, *pids = NULL;
	size_t count = 0;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	assert_true((host.mode != HK_CGROUP_V1) == (hk_cgroup_v2_fd(group) >= 0));
	assert_ok(hk_cgroup_pids(group, &pids, &count, &err));
	assert_int_equal(count, 0);
	pid = spawn_inside();
	free(pids);
	assert_ok(hk_cgroup_pids(group, &pids, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(pids[0], pid);
	free(pids);
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		assert_int_equal(atoi(read_file(name, "cgroup.procs")), pid);
	}
	assert_ok(hk_cgroup_kill(group, SIGTERM, &err));
	reap(pid, SIGTERM);
	pid = spawn_inside();
	assert_ok(hk_cgroup_kill(group, SIGKILL, &err));
	reap(pid, SIGKILL);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
	assert_ok(hk_cgroup_destroy(group, &err));
}

static void test_freeze(void **state)
{
	pid_t pid;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	assert_false(hk_cgroup_is_frozen(group));
	pid = spawn_inside();
	assert_ok(hk_cgroup_freeze(group, true, &err));
	assert_true(hk_cgroup_is_frozen(group));
	if (dir_of("freezer")) {
		/* A process frozen by v2 dies of it. */
		assert_int_equal(kill(pid, SIGTERM), 0);
		(void)poll(NULL, 0, 20);
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	} else {
		assert_non_null(strstr(read_file("", "cgroup.events"), "frozen 1\n"));
	}
	assert_ok(hk_cgroup_freeze(group, false, &err));
	assert_false(hk_cgroup_is_frozen(group));
	if (!dir_of("freezer"))
		assert_int_equal(kill(pid, SIGTERM), 0);
	reap(pid, SIGTERM);
}

/* A frozen container, with a frozen group of its own below: all of it dies. */
static void test_kill_frozen(void **state)
{
	char below[512], file[600];
	const char *freezer;
	pid_t pid, inner;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	freezer = dir_of("freezer");
	pid = spawn_inside();
	inner = spawn_inside();
	sub_group(freezer ? freezer : dir_of(""), below);
	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", below);
	{
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", (int)inner);
		assert_int_equal(hk_write_file_at(AT_FDCWD, file, text), 0);
	}
	(void)snprintf(
		file, sizeof(file), "%s/%s", below, freezer ? "freezer.state" : "cgroup.freeze");
	assert_int_equal(hk_write_file_at(AT_FDCWD, file, freezer ? "FROZEN" : "1"), 0);
	assert_ok(hk_cgroup_freeze(group, true, &err));
	assert_ok(hk_cgroup_kill(group, SIGKILL, &err));
	reap(pid, SIGKILL);
	reap(inner, SIGKILL);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
}

/* Without cgroup.kill, as on a v1 host: the v1 directories alone are opened. */
static void test_kill_by_v1(void **state)
{
	struct hk_pair items[1];
	struct hk_pairs paths = {items, 1};
	struct hk_cgroup *v1 = NULL;
	pid_t pids[100];

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	if (!dir_of("freezer")) {
		print_message("skipped: no v1 freezer on this host\n");
		skip();
	}
	for (size_t i = 0; i < 100; i++)
		pids[i] = spawn_inside();
	items[0] = (struct hk_pair){"freezer", dir_of("freezer")};
	assert_ok(hk_cgroup_open(&paths, &v1, &err));
	assert_ok(hk_cgroup_kill(v1, SIGKILL, &err));
	for (size_t i = 0; i < 100; i++)
		reap(pids[i], SIGKILL);
	hk_cgroup_free(v1);
}

static void test_refuses_what_is_in_use(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);
	struct hk_cgroup *second = NULL;
	pid_t pid;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	request.cgroups_path = group_path;
	assert_ok(hk_cgroup_new(&host, &request, &second, &err));
	/* an empty leftover is taken */
	assert_ok(hk_cgroup_create(second, &request, &err));
	pid = spawn_inside();
	assert_int_equal(hk_cgroup_create(second, &request, &err), -EBUSY);
	assert_non_null(strstr(err.message, "has processes"));
	assert_int_equal(hk_cgroup_kill(group, SIGKILL, NULL), 0);
	reap(pid, SIGKILL);
	assert_ok(hk_cgroup_freeze(group, true, &err));
	assert_int_equal(hk_cgroup_create(second, &request, &err), -EBUSY);
	assert_non_null(strstr(err.message, "frozen"));
	assert_ok(hk_cgroup_freeze(group, false, &err));
	hk_cgroup_free(second);
}

static void test_limits_and_update(void **state)
{
	struct hk_memory memory = {.limit = N(64 << 20), .swap = N(128 << 20)};
	struct hk_cpu cpu = {
		.shares = N(512), .quota = N(50000), .period = N(100000), .cpus = "0", .mems = "0"};
	struct hk_resources resources = {.memory = &memory, .cpu = &cpu, .pids_limit = N(50)};

	(void)state;
	if (skip_without_root())
		return;
	if (access("/sys/fs/cgroup/memory", F_OK) < 0 ||
		access("/sys/fs/cgroup/cpuset", F_OK) < 0) {
		print_message("skipped: memory and cpuset are not on v1 here\n");
		skip();
	}
	make(&resources);
	assert_string_equal(read_file("memory", "memory.limit_in_bytes"), "67108864\n");
	assert_string_equal(read_file("memory", "memory.memsw.limit_in_bytes"), "134217728\n");
	assert_string_equal(read_file("cpu", "cpu.shares"), "512\n");
	assert_string_equal(read_file("cpu", "cpu.cfs_quota_us"), "50000\n");
	assert_string_equal(read_file("cpuset", "cpuset.cpus"), "0\n");
	assert_string_equal(read_file("pids", "pids.max"), "50\n");

	/* up: the new limit is above the old sum, so the sum has to be raised first */
	memory.limit.value = 256 << 20;
	memory.swap.value = 512 << 20;
	cpu = (struct hk_cpu){.quota = N(20000), .period = N(10000)};
	resources.pids_limit.value = -1;
	assert_ok(hk_cgroup_update(group, &resources, &err));
	assert_string_equal(read_file("memory", "memory.limit_in_bytes"), "268435456\n");
	assert_string_equal(read_file("memory", "memory.memsw.limit_in_bytes"), "536870912\n");
	assert_string_equal(read_file("cpu", "cpu.cfs_quota_us"), "20000\n");
	assert_string_equal(read_file("cpu", "cpu.cfs_period_us"), "10000\n");
	assert_string_equal(read_file("cpu", "cpu.shares"), "512\n");
	assert_string_equal(read_file("pids", "pids.max"), "max\n");

	/* down: the limit first */
	memory.limit.value = 16 << 20;
	memory.swap.value = 32 << 20;
	assert_ok(hk_cgroup_update(group, &resources, &err));
	assert_string_equal(read_file("memory", "memory.limit_in_bytes"), "16777216\n");
	assert_string_equal(read_file("memory", "memory.memsw.limit_in_bytes"), "33554432\n");

	/* a sum below the limit never fits */
	memory.swap.value = 8 << 20;
	assert_int_equal(hk_cgroup_update(group, &resources, &err), -EINVAL);
	assert_string_equal(err.property, "/linux/resources/memory/swap");
}

#define UNIFIED "/sys/fs/cgroup/unified"

static bool lists(const char *path, const char *word)
{
	HK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[256];

	return fd >= 0 && hk_read_string(fd, text, sizeof(text)) >= 0 && strstr(text, word);
}

static void test_controller_of_v2_on_hybrid(void **state)
{
	struct hk_hugepage_limit limit = {"2MB", 0};
	struct hk_resources resources = {.hugepage_limits = &limit, .hugepage_limit_count = 1};

	(void)state;
	if (skip_without_root())
		return;
	if (host.mode != HK_CGROUP_HYBRID || !lists(UNIFIED "/cgroup.controllers", "hugetlb")) {
		print_message("skipped: hugetlb is not on v2 beside v1 here\n");
		skip();
	}
	make(&resources);
	assert_string_equal(read_file("", "hugetlb.2MB.max"), "0\n");
	assert_string_equal(read_file("", "hugetlb.2MB.rsvd.max"), "0\n");
}

static bool exists(const char *controller)
{
	return access(dir_of(controller), F_OK) == 0;
}

static void test_failure_leaves_nothing(void **state)
{
	struct hk_cpu cpu = {.quota = N(1)}; /* a millisecond is the least */
	struct hk_resources resources = {.cpu = &cpu};
	struct hk_cgroup_request request = request_of(&resources);
	char deep[128], parent[256];
	const char *name, *path;

	(void)state;
	if (skip_without_root())
		return;
	(void)snprintf(deep, sizeof(deep), "%s/b/c", group_path);
	request.cgroups_path = deep;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_int_equal(hk_cgroup_create(group, &request, &err), -EINVAL);
	assert_string_equal(err.property, "/linux/resources/cpu/quota");
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		hk_cgroup_path(group, i, &name, &path);
		assert_false(exists(name));
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(strlen(path) - 4), path);
		assert_non_null(strstr(parent, "/hk-test-"));
		assert_int_equal(access(parent, F_OK), -1);
	}
}

/* Parents that this very object made go with it, unless somebody else is there by then. */
static void test_own_parents(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);
	char deep[128], neighbour[512];

	(void)state;
	if (skip_without_root())
		return;
	(void)snprintf(deep, sizeof(deep), "%s/b/c", group_path);
	request.cgroups_path = deep;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_ok(hk_cgroup_create(group, &request, &err));
	(void)snprintf(neighbour, sizeof(neighbour), "%.*s/neighbour",
		(int)strlen(host.hierarchies[0].mountpoint) + (int)strlen(group_path),
		dir_of(host.hierarchies[0].controllers));
	assert_int_equal(mkdir(neighbour, 0755), 0);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
	/* its parent is still there, the other one's neighbours are not */
	assert_int_equal(rmdir(neighbour), 0);
	*strrchr(neighbour, '/') = '\0';
	assert_int_equal(rmdir(neighbour), 0);
}

/* A leftover whose own directory is empty, but not those below. */
static void test_occupied_below(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);
	char below[512], file[600], text[16];
	pid_t pid;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	pid = spawn_inside();
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		sub_group(path, below);
		if (strcmp(name, "cpuset") == 0)
			continue;
		(void)snprintf(file, sizeof(file), "%s/cgroup.procs", below);
		(void)snprintf(text, sizeof(text), "%d", (int)pid);
		assert_int_equal(hk_write_file_at(AT_FDCWD, file, text), 0);
	}
	assert_int_equal(hk_cgroup_create(group, &request, &err), -EBUSY);
	assert_string_equal(err.property, "/linux/cgroupsPath");
	assert_ok(hk_cgroup_kill(group, SIGKILL, &err));
	reap(pid, SIGKILL);
}

/* Exit status 0: nobody's container was made without a cgroup; 1 and up: the step that failed. */
static int as_nobody(void)
{
	struct hk_cgroup_request request = {.id = "hk-test-nobody", .rootless = true};
	struct hk_resources limits = {.pids_limit = N(5)};
	const struct hk_cgroup_mount *mounts;
	struct hk_cgroup *mine;
	size_t count;

	if (setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (hk_cgroup_new(&host, &request, &mine, NULL) < 0)
		return 2;
	(void)hk_cgroup_join_files(mine, &count);
	if (count != 0 || hk_cgroup_path_count(mine) != 0)
		return 3;
	mounts = hk_cgroup_mounts(mine, &count);
	if (count != host.count || strstr(mounts[0].source, "hk-test-nobody"))
		return 4;
	if (hk_cgroup_create(mine, &request, NULL) < 0 || hk_cgroup_v2_fd(mine) != -1)
		return 5;
	hk_cgroup_free(mine);

	request.resources = &limits;
	if (hk_cgroup_new(&host, &request, &mine, NULL) < 0)
		return 6;
	if (hk_cgroup_create(mine, &request, NULL) != -EACCES)
		return 7;
	hk_cgroup_free(mine);
	request.resources = NULL;
	request.cgroups_path = "/hk-test-nobody";
	if (hk_cgroup_new(&host, &request, &mine, NULL) < 0)
		return 8;
	if (hk_cgroup_create(mine, &request, NULL) != -EACCES)
		return 9;
	hk_cgroup_free(mine);
	return 0;
}

static void test_rootless(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (skip_without_root())
		return;
	pid = fork();
	if (pid == 0)
		_exit(as_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The state on disk names an ordinary directory: it stays. */
static void test_no_cgroup_is_removed(void **state)
{
	char path[] = "/tmp/hk-test-XXXXXX";
	struct hk_pair item = {"memory", path};
	struct hk_pairs paths = {&item, 1};

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_ok(hk_cgroup_open(&paths, &group, &err));
	assert_int_equal(hk_cgroup_destroy(group, &err), -ENOTSUP);
	assert_int_equal(rmdir(path), 0);
}

static void test_missing_controller(void **state)
{
	struct hk_network network = {.class_id = N(1)};
	struct hk_resources resources = {.network = &network};
	struct hk_cgroup_request request = request_of(&resources);
	struct hk_cgroup_host less = {.mode = HK_CGROUP_V1};

	(void)state;
	if (skip_without_root())
		return;
	for (size_t i = 0; i < host.count; i++)
		if (!host.hierarchies[i].v2 && !strstr(host.hierarchies[i].controllers, "net_cls"))
			less.hierarchies[less.count++] = host.hierarchies[i];
	if (less.count == 0) {
		print_message("skipped: no v1 hierarchy on this host\n");
		skip();
	}
	assert_ok(hk_cgroup_new(&less, &request, &group, &err));
	assert_int_equal(hk_cgroup_create(group, &request, &err), -ENOTSUP);
	assert_string_equal(err.property, "/linux/resources/network/classID");
	assert_string_equal(err.message, "cgroup controller net_cls is not mounted on this host");
	assert_gone();
}

static void test_device_files(void **state)
{
	struct hk_device_rule rules[] = {
		{false, 'a', -1, -1, true, true, true},
		{true, 'c', 10, 229, true, true, false},
	};
	struct hk_resources resources = {.devices = rules, .device_count = 2};

	(void)state;
	if (skip_without_root())
		return;
	make(&resources);
	if (!dir_of("devices")) {
		print_message("skipped: no v1 devices controller on this host\n");
		skip();
	}
	assert_string_equal(read_file("devices", "devices.list"),
		"c 10:229 rw\nc *:* m\nb *:* m\nc 1:3 rwm\nc 1:8 rwm\nc 1:7 rwm\nc 5:0 rwm\n"
		"c 1:5 rwm\nc 1:9 rwm\nc 136:* rwm\nc 5:2 rwm\nc 10:200 rwm\n");
	rules[0].allow = true;
	resources.device_count = 1;
	{
		struct hk_cgroup_request request = request_of(&resources);

		/* over the leftover */
		assert_ok(hk_cgroup_create(group, &request, &err));
	}
	assert_string_equal(read_file("devices", "devices.list"), "a *:* rwm\n");
}

/* The program in the kernel: /dev/zero may be opened, /dev/null not for writing. */
static int open_devices(void)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	int null_read = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int null_both = open("/dev/null", O_RDWR | O_CLOEXEC);
	int random = open("/dev/random", O_RDONLY | O_CLOEXEC);

	return (zero >= 0) | (null_read >= 0) << 1 | (null_both >= 0) << 2 | (random >= 0) << 3;
}

static int status_inside(int dirfd)
{
	struct hk_clone_args args = {
		.exit_signal = SIGCHLD, .flags = HK_CLONE_INTO_CGROUP, .cgroup = (uint64_t)dirfd};
	pid_t pid = hk_sys_clone3(&args);
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(open_devices());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool opens_inside(int dirfd, const char *path)
{
	struct hk_clone_args args = {
		.exit_signal = SIGCHLD, .flags = HK_CLONE_INTO_CGROUP, .cgroup = (uint64_t)dirfd};
	pid_t pid = hk_sys_clone3(&args);
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(open(path, O_RDONLY | O_CLOEXEC) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_device_program(void **state)
{
	struct hk_device_rule rules[] = {
		{true, 'c', 1, 5, true, true, true},
		{true, 'c', 1, 3, true, true, true},
		{false, 'c', 1, 3, false, true, false},
	};
	struct hk_device_rule many[2000];
	struct bpf_insn *program;
	size_t count;
	int dirfd;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	dirfd = hk_cgroup_v2_fd(group);
	if (dirfd < 0) {
		print_message("skipped: no cgroup v2 on this host\n");
		skip();
	}
	/* Beside v1's device rules the v2 directory has none: then all four can be opened. */
	if (host.mode == HK_CGROUP_HYBRID)
		assert_int_equal(status_inside(dirfd), 1 | 2 | 4 | 8);
	assert_int_equal(hk_devbpf_compile(rules, 3, &arena, &program, &count), 0);
	assert_ok(hk_devbpf_install(dirfd, program, count, true, &err));
	assert_int_equal(status_inside(dirfd), 1 | 2);
	/* what replaces it decides alone */
	rules[2].allow = true;
	assert_int_equal(hk_devbpf_compile(rules, 3, &arena, &program, &count), 0);
	assert_ok(hk_devbpf_install(dirfd, program, count, true, &err));
	assert_int_equal(status_inside(dirfd), 1 | 2 | 4);
	/* and the verifier takes a long list */
	for (int i = 0; i < 2000; i++)
		many[i] = (struct hk_device_rule){
			i % 3, i % 2 ? 'c' : 'b', i / 7, i % 7 - 1, true, i % 5 > 0, false};
	assert_int_equal(hk_devbpf_compile(many, 2000, &arena, &program, &count), 0);
	assert_ok(hk_devbpf_install(dirfd, program, count, true, &err));
	assert_ok(hk_devbpf_install(dirfd, NULL, 0, true, &err));
	if (host.mode == HK_CGROUP_HYBRID)
		assert_int_equal(status_inside(dirfd), 1 | 2 | 4 | 8);
}

/* The whole way: create puts the rules of config.json in force by itself. */
static void test_device_rules_of_v2(void **state)
{
	struct hk_device_rule rules[] = {
		{false, 'a', -1, -1, true, true, true},
		{true, 'c', 4, -1, true, true, true},
	};
	struct hk_resources resources = {.devices = rules, .device_count = 2};
	struct hk_cgroup_request request;
	int dirfd;

	(void)state;
	if (skip_without_root())
		return;
	make(&resources);
	dirfd = hk_cgroup_v2_fd(group);
	assert_int_equal(status_inside(dirfd), 1 | 2 | 4 | 8);
	assert_int_equal(access("/dev/kmsg", F_OK), 0);
	assert_false(opens_inside(dirfd, "/dev/kmsg"));
	/* over the leftover, and nothing of the old program stays */
	rules[0].allow = true;
	request = request_of(&resources);
	assert_ok(hk_cgroup_create(group, &request, &err));
	assert_true(opens_inside(dirfd, "/dev/kmsg"));
}

static void test_delegation(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);
	struct stat st;
	char path[512];

	(void)state;
	if (skip_without_root())
		return;
	request.own_namespaces_writable = true;
	request.owner_uid = 12345;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_ok(hk_cgroup_create(group, &request, &err));
	assert_int_equal(stat(dir_of(""), &st), 0);
	assert_int_equal(st.st_uid, 12345);
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir_of(""));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	(void)snprintf(path, sizeof(path), "%s/cgroup.freeze", dir_of(""));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
}

static void test_threaded_parent(void **state)
{
	struct hk_cgroup_request request;
	struct hk_cgroup *inner = NULL;
	char below[512], file[600], path[128];

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	sub_group(dir_of(""), below);
	(void)snprintf(file, sizeof(file), "%s/cgroup.type", below);
	assert_int_equal(hk_write_file_at(AT_FDCWD, file, "threaded"), 0);
	(void)snprintf(path, sizeof(path), "%s/below/container", group_path);
	request = request_of(NULL);
	request.cgroups_path = path;
	assert_ok(hk_cgroup_new(&host, &request, &inner, &err));
	assert_int_equal(hk_cgroup_create(inner, &request, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.message, "threaded"));
	hk_cgroup_free(inner);
	/* the failure took its directory back */
	(void)snprintf(file, sizeof(file), "%s/container", below);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(access(below, F_OK), 0);
}

static void test_controller_not_on_v2(void **state)
{
	struct hk_pair pair = {"nothing.max", "1"};
	struct hk_resources resources = {.unified = {&pair, 1}};
	struct hk_cgroup_request request = request_of(&resources);

	(void)state;
	if (skip_without_root())
		return;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_int_equal(hk_cgroup_create(group, &request, &err), -ENOENT);
	assert_string_equal(err.property, "/linux/resources/unified/nothing.max");
	assert_non_null(strstr(err.message, "controller nothing is not available"));
	assert_non_null(strstr(err.hint, "does not list it"));
	assert_gone();
}

static void test_limits_and_update_of_v2(void **state)
{
	struct hk_memory memory = {
		.limit = N(64 << 20), .swap = N(128 << 20), .reservation = N(32 << 20)};
	struct hk_cpu cpu = {.shares = N(512), .quota = N(50000), .cpus = "0", .mems = "0"};
	struct hk_resources resources = {.memory = &memory, .cpu = &cpu, .pids_limit = N(50)};
	char controllers[512];

	(void)state;
	if (skip_without_root())
		return;
	(void)snprintf(controllers, sizeof(controllers), "%s/cgroup.controllers",
		host.hierarchies[0].mountpoint);
	if (!lists(controllers, "memory") || !lists(controllers, "cpuset")) {
		print_message("skipped: the cgroup2 mount has no memory or cpuset controller\n");
		skip();
	}
	make(&resources);
	assert_string_equal(read_file("", "memory.max"), "67108864\n");
	assert_string_equal(read_file("", "memory.swap.max"), "67108864\n");
	assert_string_equal(read_file("", "memory.low"), "33554432\n");
	assert_string_equal(read_file("", "cpu.weight"), "59\n");
	assert_string_equal(read_file("", "cpu.max"), "50000 100000\n");
	assert_string_equal(read_file("", "cpuset.cpus"), "0\n");
	assert_string_equal(read_file("", "pids.max"), "50\n");

	/* a period alone keeps the quota; a sum alone is taken with the limit in force */
	memory = (struct hk_memory){.swap = N(96 << 20)};
	cpu = (struct hk_cpu){.period = N(200000)};
	resources.pids_limit.value = -1;
	assert_ok(hk_cgroup_update(group, &resources, &err));
	assert_string_equal(read_file("", "memory.max"), "67108864\n");
	assert_string_equal(read_file("", "memory.swap.max"), "33554432\n");
	assert_string_equal(read_file("", "cpu.max"), "50000 200000\n");
	assert_string_equal(read_file("", "pids.max"), "max\n");

	memory = (struct hk_memory){.limit = N(-1)};
	cpu = (struct hk_cpu){.quota = N(-1), .idle = N(1)};
	assert_ok(hk_cgroup_update(group, &resources, &err));
	assert_string_equal(read_file("", "memory.max"), "max\n");
	assert_string_equal(read_file("", "memory.swap.max"), "max\n");
	assert_string_equal(read_file("", "cpu.max"), "max 200000\n");
	assert_string_equal(read_file("", "cpu.idle"), "1\n");
	cpu = (struct hk_cpu){.idle = N(0), .shares = N(1024)};
	assert_ok(hk_cgroup_update(group, &resources, &err));
	assert_string_equal(read_file("", "cpu.weight"), "100\n");
}

/* The kernel of v2 would kill for the limit: with checkBeforeUpdate it is not written. */
static void test_check_before_update(void **state)
{
	struct hk_memory memory = {.limit = N(4096), .check_before_update = true};
	struct hk_resources resources = {.memory = &memory};
	pid_t pid;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	if (access(hk_arena_printf(&arena, "%s/memory.max", dir_of("")), F_OK) < 0) {
		print_message("skipped: the cgroup2 mount has no memory controller\n");
		skip();
	}
	pid = spawn_inside();
	assert_int_equal(hk_cgroup_update(group, &resources, &err), -EBUSY);
	assert_string_equal(err.property, "/linux/resources/memory/limit");
	assert_string_equal(read_file("", "memory.max"), "max\n");
	assert_int_equal(kill(pid, SIGKILL), 0);
	reap(pid, SIGKILL);
}

static void test_oom_kill_is_seen(void **state)
{
	struct hk_memory memory = {.limit = N(8 << 20), .swap = N(8 << 20)};
	struct hk_resources resources = {.memory = &memory};
	struct hk_cgroup_request request = request_of(&resources);
	struct hk_clone_args args = {.exit_signal = SIGCHLD};
	const char *const *files;
	size_t count;
	pid_t pid;

	(void)state;
	if (skip_without_root())
		return;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	if (hk_cgroup_create(group, &request, &err) < 0) {
		print_message("skipped: %s\n", err.message);
		skip();
	}
	assert_false(hk_cgroup_oom_killed(group));
	files = hk_cgroup_join_files(group, &count);
	if (hk_cgroup_v2_fd(group) >= 0) {
		args.flags = HK_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)hk_cgroup_v2_fd(group);
	}
	pid = hk_sys_clone3(&args);
	assert_true(pid >= 0);
	if (pid == 0) {
		char *big = malloc(64 << 20);

		for (size_t i = 0; i < count; i++)
			(void)hk_write_file_at(AT_FDCWD, files[i], "0");
		for (size_t i = 0; big && i < 64 << 20; i += 4096)
			*(volatile char *)(big + i) = 1;
		_exit(0);
	}
	reap(pid, SIGKILL);
	assert_true(hk_cgroup_oom_killed(group));
}

/* Hundreds at once: more than one batch of pidfds, and a list of several pages. */
static void test_signals_many(void **state)
{
	enum { COUNT = 300 };
	pid_t pids[COUNT];

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	for (size_t i = 0; i < COUNT; i++)
		pids[i] = spawn_inside();
	assert_ok(hk_cgroup_kill(group, SIGTERM, &err));
	for (size_t i = 0; i < COUNT; i++)
		reap(pids[i], SIGTERM);
}

static void test_removes_a_tree(void **state)
{
	char below[512], deeper[600];

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		sub_group(path, below);
		(void)snprintf(deeper, sizeof(deeper), "%s/deeper", below);
		assert_true(mkdir(deeper, 0755) == 0 || errno == EEXIST);
	}
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
}

static void test_waits_for_the_dying(void **state)
{
	pid_t pid, killer;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	pid = spawn_inside();
	killer = fork();
	if (killer == 0) {
		(void)poll(NULL, 0, 50);
		_exit(kill(pid, SIGKILL) < 0);
	}
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
	reap(pid, SIGKILL);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
}

static void test_update_of_nothing(void **state)
{
	struct hk_resources resources = {.pids_limit = N(5)};

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_int_equal(hk_cgroup_update(group, &resources, &err), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest as_it_is[] = {
		TEST(test_make_join_kill_destroy),
		TEST(test_freeze),
		TEST(test_kill_frozen),
		TEST(test_kill_by_v1),
		TEST(test_refuses_what_is_in_use),
		TEST(test_limits_and_update),
		TEST(test_oom_kill_is_seen),
		TEST(test_controller_of_v2_on_hybrid),
		TEST(test_failure_leaves_nothing),
		TEST(test_own_parents),
		TEST(test_occupied_below),
		TEST(test_rootless),
		TEST(test_no_cgroup_is_removed),
		TEST(test_missing_controller),
		TEST(test_device_files),
		TEST(test_device_program),
		TEST(test_removes_a_tree),
		TEST(test_waits_for_the_dying),
		TEST(test_update_of_nothing),
	};
	const struct CMUnitTest v1_alone[] = {
		TEST(test_make_join_kill_destroy),
		TEST(test_freeze),
		TEST(test_kill_frozen),
		TEST(test_signals_many),
		TEST(test_device_files),
	};
	const struct CMUnitTest v2_alone[] = {
		TEST(test_make_join_kill_destroy),
		TEST(test_freeze),
		TEST(test_kill_frozen),
		TEST(test_signals_many),
		TEST(test_refuses_what_is_in_use),
		TEST(test_own_parents),
		TEST(test_occupied_below),
		TEST(test_rootless),
		TEST(test_device_rules_of_v2),
		TEST(test_limits_and_update_of_v2),
		TEST(test_check_before_update),
		TEST(test_oom_kill_is_seen),
		TEST(test_delegation),
		TEST(test_threaded_parent),
		TEST(test_controller_not_on_v2),
		TEST(test_removes_a_tree),
	};
	int failed = cmocka_run_group_tests(as_it_is, setup_host, teardown_host);

	failed += cmocka_run_group_tests(v1_alone, setup_v1, teardown_host);
	failed += cmocka_run_group_tests(v2_alone, setup_v2, teardown_host);
	return failed;
}
