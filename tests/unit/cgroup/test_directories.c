/* Making and removing real cgroups, and refusing to. */
#include "cgroup/real.h"

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
	int r;

	(void)state;
	if (skip_without_root())
		return;
	(void)snprintf(deep, sizeof(deep), "%s/b/c", group_path);
	request.cgroups_path = deep;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	r = hk_cgroup_create(group, &request, &err);
	/* no entry: this host's cgroup2 mount has no cpu controller */
	assert_true(r == -EINVAL || (host.mode == HK_CGROUP_V2 && r == -ENOENT));
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

/* Which no systemd has: there is nothing to be made in it. */
static void test_missing_unit(void **state)
{
	struct hk_cgroup_request request = {
		.manager = HK_CGROUP_MANAGER_SYSTEMD, .id = "web", .subgroup = "container"};

	(void)state;
	if (skip_without_root())
		return;
	request.unit_path = group_path;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_int_equal(hk_cgroup_create(group, &request, &err), -ENOENT);
	assert_string_equal(err.property, "/linux/cgroupsPath");
	assert_gone();
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

static void in_each_directory(void (*act)(const char *path))
{
	for (size_t i = 0; i < hk_cgroup_path_count(group); i++) {
		const char *name, *path;

		hk_cgroup_path(group, i, &name, &path);
		act(path);
	}
}

static void make_two_below(const char *path)
{
	char below[512], deeper[600];

	sub_group(path, below);
	(void)snprintf(deeper, sizeof(deeper), "%s/deeper", below);
	assert_true(mkdir(deeper, 0755) == 0 || errno == EEXIST);
}

static void test_removes_a_tree(void **state)
{
	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	in_each_directory(make_two_below);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
}

/* One below the other, as many as nobody counts on. */
static void make_many_below(const char *path)
{
	HK_FD int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 300; i++) {
		int next;

		assert_true(mkdirat(fd, "d", 0755) == 0 || errno == EEXIST);
		next = openat(fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		hk_close(&fd);
		fd = next;
	}
}

/* Few descriptors do for any depth. */
static void test_removes_what_is_deep(void **state)
{
	struct rlimit before, few;
	pid_t pid;
	int r;

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	in_each_directory(make_many_below);
	pid = spawn_inside();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){.rlim_cur = 40, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = hk_cgroup_kill(group, SIGKILL, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_ok(r);
	reap(pid, SIGKILL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = hk_cgroup_destroy(group, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_ok(r);
	assert_gone();
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

static uint32_t owner_of(const char *dir, const char *file)
{
	char path[600];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	assert_int_equal(stat(path, &st), 0);
	return st.st_uid;
}

/* The child is its owner's; the cgroup with the limits is not. */
static void test_leaf(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);
	char leaf[512], given[4096], link[64], target[600];
	ssize_t n;

	(void)state;
	if (skip_without_root())
		return;
	request.leaf = "inner";
	request.leaf_uid = 12345;
	request.own_namespaces_writable = true; /* of what the namespace shows: the child */
	request.owner_uid = 54321;
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_int_equal(hk_cgroup_v2_fd(group), -1);
	assert_ok(hk_cgroup_create(group, &request, &err));
	(void)snprintf(leaf, sizeof(leaf), "%s/inner", dir_of(""));
	assert_int_equal(owner_of(leaf, ""), 12345);
	assert_int_equal(owner_of(leaf, "cgroup.procs"), 12345);
	assert_int_equal(owner_of(leaf, "cgroup.freeze"), 0);
	assert_int_equal(owner_of(dir_of(""), ""), 0);
	assert_int_equal(owner_of(dir_of(""), "cgroup.procs"), 0);
	/* all that the one has, the other has */
	(void)snprintf(given, sizeof(given), "%s", read_file("", "cgroup.controllers"));
	assert_string_equal(read_file("", "cgroup.subtree_control"), given);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", hk_cgroup_v2_fd(group));
	n = readlink(link, target, sizeof(target) - 1);
	assert_true(n > 0);
	target[n] = '\0';
	assert_string_equal(target, leaf);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_gone();
}

/* A name that the kernel has taken: an error, and nothing is left. */
static void test_leaf_that_cannot_be(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);

	(void)state;
	if (skip_without_root())
		return;
	request.leaf = "cgroup.procs";
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_int_equal(hk_cgroup_create(group, &request, &err), -ENOTDIR);
	assert_string_equal(err.property, "/annotations/run.oci.delegate-cgroup");
	assert_gone();
}

/* What fails behind it takes it along. */
static void test_leaf_is_undone(void **state)
{
	struct hk_cgroup_request request = request_of(NULL);

	(void)state;
	if (skip_without_root())
		return;
	request.leaf = "inner";
	assert_ok(hk_cgroup_new(&host, &request, &group, &err));
	assert_ok(hk_cgroup_create(group, &request, &err));
	for (size_t i = group->count; i > 0; i--)
		hk_cgroup_dir_unmake(&group->dirs[i - 1]);
	assert_gone();
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

int main(void)
{
	const struct CMUnitTest as_it_is[] = {
		TEST(test_failure_leaves_nothing),
		TEST(test_own_parents),
		TEST(test_rootless),
		TEST(test_no_cgroup_is_removed),
		TEST(test_missing_controller),
		TEST(test_missing_unit),
		TEST(test_removes_a_tree),
		TEST(test_removes_what_is_deep),
	};
	const struct CMUnitTest v2_alone[] = {
		TEST(test_failure_leaves_nothing),
		TEST(test_own_parents),
		TEST(test_rootless),
		TEST(test_removes_a_tree),
		TEST(test_removes_what_is_deep),
		TEST(test_delegation),
		TEST(test_leaf),
		TEST(test_leaf_that_cannot_be),
		TEST(test_leaf_is_undone),
		TEST(test_threaded_parent),
		TEST(test_controller_not_on_v2),
		TEST(test_missing_unit),
	};
	int failed = cmocka_run_group_tests(as_it_is, setup_host, teardown_host);

	failed += cmocka_run_group_tests(v2_alone, setup_v2, teardown_host);
	return failed;
}
