/* Limits and device rules in force in real cgroups. */
#include "cgroup/real.h"
#include "cgroup/devices.h"

#define UNIFIED "/sys/fs/cgroup/unified"

static int update(const struct hk_resources *resources)
{
	struct hk_cgroup_change *change;
	int r = hk_cgroup_change_prepare(group, resources, &arena, &change, &err);

	return r < 0 ? r : hk_cgroup_change_apply(change, &err);
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
	assert_ok(update(&resources));
	assert_string_equal(read_file("memory", "memory.limit_in_bytes"), "268435456\n");
	assert_string_equal(read_file("memory", "memory.memsw.limit_in_bytes"), "536870912\n");
	assert_string_equal(read_file("cpu", "cpu.cfs_quota_us"), "20000\n");
	assert_string_equal(read_file("cpu", "cpu.cfs_period_us"), "10000\n");
	assert_string_equal(read_file("cpu", "cpu.shares"), "512\n");
	assert_string_equal(read_file("pids", "pids.max"), "max\n");

	/* down: the limit first */
	memory.limit.value = 16 << 20;
	memory.swap.value = 32 << 20;
	assert_ok(update(&resources));
	assert_string_equal(read_file("memory", "memory.limit_in_bytes"), "16777216\n");
	assert_string_equal(read_file("memory", "memory.memsw.limit_in_bytes"), "33554432\n");

	/* a sum below the limit never fits */
	memory.swap.value = 8 << 20;
	assert_int_equal(update(&resources), -EINVAL);
	assert_string_equal(err.property, "/linux/resources/memory/swap");
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
	assert_ok(update(&resources));
	assert_string_equal(read_file("", "memory.max"), "67108864\n");
	assert_string_equal(read_file("", "memory.swap.max"), "33554432\n");
	assert_string_equal(read_file("", "cpu.max"), "50000 200000\n");
	assert_string_equal(read_file("", "pids.max"), "max\n");

	memory = (struct hk_memory){.limit = N(-1)};
	cpu = (struct hk_cpu){.quota = N(-1), .idle = N(1)};
	assert_ok(update(&resources));
	assert_string_equal(read_file("", "memory.max"), "max\n");
	assert_string_equal(read_file("", "memory.swap.max"), "max\n");
	assert_string_equal(read_file("", "cpu.max"), "max 200000\n");
	assert_string_equal(read_file("", "cpu.idle"), "1\n");
	cpu = (struct hk_cpu){.idle = N(0), .shares = N(1024)};
	assert_ok(update(&resources));
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
	assert_int_equal(update(&resources), -EBUSY);
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

static void test_update_of_nothing(void **state)
{
	struct hk_resources resources = {.pids_limit = N(5)};

	(void)state;
	if (skip_without_root())
		return;
	make(NULL);
	assert_ok(hk_cgroup_destroy(group, &err));
	assert_int_equal(update(&resources), -ENOENT);
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

int main(void)
{
	const struct CMUnitTest as_it_is[] = {
		TEST(test_limits_and_update),
		TEST(test_controller_of_v2_on_hybrid),
		TEST(test_oom_kill_is_seen),
		TEST(test_update_of_nothing),
		TEST(test_device_files),
		TEST(test_device_program),
	};
	const struct CMUnitTest v1_alone[] = {
		TEST(test_device_files),
		TEST(test_oom_kill_is_seen),
		TEST(test_update_of_nothing),
	};
	const struct CMUnitTest v2_alone[] = {
		TEST(test_limits_and_update_of_v2),
		TEST(test_check_before_update),
		TEST(test_device_rules_of_v2),
		TEST(test_oom_kill_is_seen),
		TEST(test_update_of_nothing),
	};
	int failed = cmocka_run_group_tests(as_it_is, setup_host, teardown_host);

	failed += cmocka_run_group_tests(v1_alone, setup_v1, teardown_host);
	failed += cmocka_run_group_tests(v2_alone, setup_v2, teardown_host);
	return failed;
}
