/* Joining, freezing, signalling and killing in real cgroups. */
#include "cgroup/real.h"

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

int main(void)
{
	const struct CMUnitTest as_it_is[] = {
		TEST(test_make_join_kill_destroy),
		TEST(test_freeze),
		TEST(test_kill_frozen),
		TEST(test_kill_by_v1),
		TEST(test_refuses_what_is_in_use),
		TEST(test_occupied_below),
		TEST(test_signals_many),
		TEST(test_waits_for_the_dying),
	};
	const struct CMUnitTest v1_alone[] = {
		TEST(test_make_join_kill_destroy),
		TEST(test_freeze),
		TEST(test_kill_frozen),
		TEST(test_signals_many),
		TEST(test_waits_for_the_dying),
	};
	const struct CMUnitTest v2_alone[] = {
		TEST(test_make_join_kill_destroy),
		TEST(test_freeze),
		TEST(test_kill_frozen),
		TEST(test_signals_many),
		TEST(test_refuses_what_is_in_use),
		TEST(test_occupied_below),
		TEST(test_waits_for_the_dying),
	};
	int failed = cmocka_run_group_tests(as_it_is, setup_host, teardown_host);

	failed += cmocka_run_group_tests(v1_alone, setup_v1, teardown_host);
	failed += cmocka_run_group_tests(v2_alone, setup_v2, teardown_host);
	return failed;
}
