/* Groups in a tree that looks like a resctrl file system, which hardly any machine has: mkdir,
 * rmdir and write, which the objects under test call, are the ones below, and do what the kernel
 * does beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "rdt/rdt.h"
#include "rdt/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULTS "MB:0=100;1=100\nL3:0=fffff;1=fffff\n"

static char root[] = "/tmp/hako-rdt-XXXXXX";
static struct hk_arena arena;
static struct hk_err err;

static struct {
	const char *refuse; /* mkdir of a path that ends so fails with code */
	int code;
	const char *schemata; /* a new group's schemata file is a link to this; NULL: a pipe */
	int written;	      /* the pipe's other end */
	const char *bad_line; /* no schemata file takes it */
	char lines[256];      /* that schemata files have taken */
} fake;

/* ---- the kernel's part ---- */

static const char *in(const char *path)
{
	return hk_arena_printf(&arena, "%s/%s", root, path);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_directory(const char *path)
{
	assert_int_equal(syscall(SYS_mkdirat, AT_FDCWD, path, 0755), 0);
}

int mkdir(const char *path, mode_t mode)
{
	size_t len = strlen(path), end = fake.refuse ? strlen(fake.refuse) : 0;

	if (fake.refuse && len >= end && strcmp(path + len - end, fake.refuse) == 0) {
		errno = fake.code;
		return -1;
	}
	if (syscall(SYS_mkdirat, AT_FDCWD, path, mode) < 0)
		return -1;
	put(hk_arena_printf(&arena, "%s/tasks", path), "");
	if (strstr(path, "/mon_groups/"))
		return 0;
	make_directory(hk_arena_printf(&arena, "%s/mon_groups", path));
	path = hk_arena_printf(&arena, "%s/schemata", path);
	if (fake.schemata) {
		assert_int_equal(symlink(fake.schemata, path), 0);
		return 0;
	}
	assert_int_equal(mkfifo(path, 0600), 0);
	fake.written = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fake.written >= 0);
	return 0;
}

/* As rdtgroup_schemata_write() does: a line without its end is none. */
ssize_t write(int fd, const void *buf, size_t count)
{
	const char *text = buf, *link = hk_arena_printf(&arena, "/proc/self/fd/%d", fd);
	char path[256];
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	size_t used = strlen(fake.lines);

	if (n > 9 && strncmp(path + n - 9, "/schemata", 9) == 0) {
		bool is_bad = fake.bad_line && strncmp(text, fake.bad_line, count - 1) == 0;

		if (count == 0 || text[count - 1] != '\n' || is_bad) {
			errno = EINVAL;
			return -1;
		}
		(void)snprintf(
			fake.lines + used, sizeof(fake.lines) - used, "%.*s", (int)count, text);
	}
	return syscall(SYS_write, fd, buf, count);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, type == FTW_DP ? AT_REMOVEDIR : 0);
}

int rmdir(const char *path)
{
	return nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int set_up(void **state)
{
	(void)state;
	(void)strcpy(root + sizeof(root) - 7, "XXXXXX");
	memset(&fake, 0, sizeof(fake));
	memset(&err, 0, sizeof(err));
	fake.written = -1;
	if (!mkdtemp(root))
		return -1;
	make_directory(in("info"));
	make_directory(in("info/MB"));
	make_directory(in("mon_groups"));
	put(in("info/last_cmd_status"), "ok\n");
	put(in("info/MB/bandwidth_gran"), "10\n");
	put(in("tasks"), "");
	put(in("schemata"), DEFAULTS);
	make_directory(in("gold"));
	make_directory(in("gold/mon_groups"));
	put(in("gold/tasks"), "");
	put(in("gold/schemata"), "MB:0=20;1=100\nL3:0=000ff;1=fffff\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hk_close(&fake.written);
	assert_int_equal(rmdir(root), 0);
	hk_arena_done(&arena);
	return 0;
}

/* ---- looking at it ---- */

static bool is_there(const char *path)
{
	return access(in(path), F_OK) == 0;
}

static void has(const char *path, const char *text)
{
	HK_FD int fd = open(in(path), O_RDONLY | O_CLOEXEC);
	char found[256];

	assert_true(hk_read_string(fd, found, sizeof(found)) >= 0);
	assert_string_equal(found, text);
}

/* What came through the schemata file of the group made last. */
static void was_written(const char *text)
{
	char found[256] = "";
	ssize_t n = read(fake.written, found, sizeof(found) - 1);

	if (n < 0)
		assert_int_equal(errno, EAGAIN);
	assert_string_equal(found, text);
}

static struct hk_rdt decide(const struct hk_intel_rdt *config)
{
	struct hk_rdt rdt = {0};

	if (hk_rdt_decide(root, "box", config, &arena, &rdt, &err) < 0)
		fail_msg("%s: %s", err.property, err.message);
	return rdt;
}

static void refused(const struct hk_intel_rdt *config, const char *id, int code,
	const char *property, const char *message)
{
	struct hk_rdt rdt = {0};

	assert_int_equal(hk_rdt_decide(root, id, config, &arena, &rdt, &err), -code);
	assert_string_equal(err.property, property);
	if (!strstr(err.message, message))
		fail_msg("%s", err.message);
	assert_null(rdt.group);
}

static void make(struct hk_rdt *rdt, const struct hk_intel_rdt *config)
{
	if (hk_rdt_make(rdt, config, &err) < 0)
		fail_msg("%s: %s", err.property, err.message);
}

static void make_fails(const struct hk_intel_rdt *config, int code, const char *property,
	const char *message, const char *hint)
{
	struct hk_rdt rdt = decide(config);

	assert_int_equal(hk_rdt_make(&rdt, config, &err), -code);
	assert_string_equal(err.property, property);
	if (!strstr(err.message, message) || !strstr(err.hint, hint))
		fail_msg("%s (%s)", err.message, err.hint);
}

/* The end of the container, by what its state says. */
static void remove_it(const struct hk_rdt *rdt)
{
	assert_int_equal(
		hk_rdt_remove(rdt->monitor, hk_rdt_owns_group(rdt) ? rdt->group : NULL, &err), 0);
}

#define SCHEMATA(...)                                                                              \
	.schemata = {.items = (const char *[]){__VA_ARGS__},                                       \
		.count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

/* ---- what the specification says ---- */

static void test_group_of_its_own(void **state)
{
	const struct hk_intel_rdt config = {.l3_cache_schema = "L3:0=f",
		.mem_bw_schema = "MB:0=20",
		SCHEMATA("L3:0=3", "L2:0=1"),
		.enable_monitoring = true};
	struct hk_rdt rdt = decide(&config);

	(void)state;
	assert_string_equal(rdt.group, in("box"));
	assert_true(rdt.make && hk_rdt_owns_group(&rdt));
	assert_false(is_there("box"));
	make(&rdt, &config);
	was_written("L3:0=f\nMB:0=20\nL3:0=3\nL2:0=1\n");
	assert_true(is_there("box/mon_groups/box"));
	assert_int_equal(hk_rdt_assign(&rdt, 4711, &err), 0);
	has("box/tasks", "4711\n");
	has("box/mon_groups/box/tasks", "4711\n");
	has("tasks", "");
	remove_it(&rdt);
	assert_false(is_there("box"));
	remove_it(&rdt); /* it may be gone */
}

static void test_nothing_asked_for(void **state)
{
	const struct hk_intel_rdt config = {.clos_id = NULL};
	struct hk_rdt rdt = decide(&config);

	(void)state;
	make(&rdt, &config);
	assert_true(is_there("box"));
	was_written("");
	assert_null(rdt.monitor);
	remove_it(&rdt);
	assert_false(is_there("box"));
}

/* Not made by us: used, and left. */
static void test_group_of_its_name_that_exists(void **state)
{
	const struct hk_intel_rdt config = {.l3_cache_schema = "L3:0=f"};
	struct hk_rdt rdt;

	(void)state;
	make_directory(in("box"));
	put(in("box/schemata"), "");
	rdt = decide(&config);
	assert_false(rdt.make || hk_rdt_owns_group(&rdt));
	make(&rdt, &config);
	has("box/schemata", "L3:0=f\n");
	remove_it(&rdt);
	assert_true(is_there("box"));
	assert_int_equal(hk_rdt_unmake(&rdt, &err), 0);
	assert_true(is_there("box"));
}

static void test_new_class(void **state)
{
	const struct hk_intel_rdt config = {.clos_id = "silver", SCHEMATA("MB:0=50")};
	struct hk_rdt rdt = decide(&config);

	(void)state;
	assert_true(rdt.make && rdt.shared && !hk_rdt_owns_group(&rdt));
	make(&rdt, &config);
	was_written("MB:0=50\n");
	remove_it(&rdt);
	assert_true(is_there("silver"));
}

/* Two containers decide to make it, and one is quicker. */
static void test_class_that_another_makes(void **state)
{
	const struct hk_intel_rdt config = {.clos_id = "silver", SCHEMATA("MB:0=50")};
	struct hk_rdt rdt = decide(&config);

	(void)state;
	assert_true(rdt.make);
	make_directory(in("silver"));
	put(in("silver/schemata"), "MB:0=50\n");
	make(&rdt, &config);
	assert_false(rdt.make);
	assert_string_equal(fake.lines, "");
	assert_int_equal(hk_rdt_unmake(&rdt, &err), 0);
	assert_true(is_there("silver"));

	rdt.make = true;
	put(in("silver/schemata"), "MB:0=60\n");
	assert_int_equal(hk_rdt_make(&rdt, &config, &err), -EEXIST);
	assert_string_equal(err.property, "/linux/intelRdt/schemata/0");
	assert_true(is_there("silver"));
}

static void test_class_that_exists(void **state)
{
	const struct hk_intel_rdt plain = {.clos_id = "gold", .enable_monitoring = true};
	const struct hk_intel_rdt same = {
		.clos_id = "gold", .l3_cache_schema = "L3:0=ff", .mem_bw_schema = "MB:0=11;1=100"};
	struct hk_rdt rdt = decide(&plain);

	(void)state;
	make(&rdt, &plain);
	assert_int_equal(hk_rdt_assign(&rdt, 1, &err), 0);
	has("gold/tasks", "1\n");
	has("gold/mon_groups/box/tasks", "1\n");
	remove_it(&rdt);
	assert_false(is_there("gold/mon_groups/box"));
	assert_true(is_there("gold"));

	rdt = decide(&same);
	make(&rdt, &same);
	has("gold/schemata", "MB:0=20;1=100\nL3:0=000ff;1=fffff\n"); /* not written */
	assert_int_equal(hk_rdt_unmake(&rdt, &err), 0);
	assert_true(is_there("gold"));
}

static void test_class_that_differs(void **state)
{
	(void)state;
	refused(&(struct hk_intel_rdt){.clos_id = "gold", .l3_cache_schema = "L3:0=fe"}, "box",
		EEXIST, "/linux/intelRdt/l3CacheSchema", "'gold' exists and has not 'L3:0=fe'");
	refused(&(struct hk_intel_rdt){.clos_id = "gold",
			.mem_bw_schema = "MB:0=20",
			SCHEMATA("L3:0=ff", "L3:1=1")},
		"box", EEXIST, "/linux/intelRdt/schemata/1", "L3:1=1");
}

static void test_class_that_does_not_exist(void **state)
{
	(void)state;
	refused(&(struct hk_intel_rdt){.clos_id = "lead"}, "box", ENOENT, "/linux/intelRdt/closID",
		"'lead' does not exist");
	assert_non_null(strstr(err.hint, "mkdir"));
}

static void test_default_class(void **state)
{
	const struct hk_intel_rdt config = {.clos_id = "/", .enable_monitoring = true};
	const struct hk_intel_rdt same = {.clos_id = "/", .l3_cache_schema = "L3:0=fffff"};
	struct hk_rdt rdt = decide(&config);

	(void)state;
	assert_string_equal(rdt.group, root);
	make(&rdt, &config);
	assert_int_equal(hk_rdt_assign(&rdt, 5, &err), 0);
	has("tasks", "5\n");
	has("mon_groups/box/tasks", "5\n");
	remove_it(&rdt);
	assert_false(is_there("mon_groups/box"));
	assert_true(is_there("schemata"));

	(void)decide(&same);
	refused(&(struct hk_intel_rdt){.clos_id = "/", .l3_cache_schema = "L3:0=f"}, "box", EEXIST,
		"/linux/intelRdt/l3CacheSchema", "'/' exists");
	has("schemata", DEFAULTS);
}

static void test_directories_of_the_kernel(void **state)
{
	(void)state;
	refused(&(struct hk_intel_rdt){.clos_id = "info"}, "box", EINVAL, "/linux/intelRdt/closID",
		"'info' of its own");
	refused(&(struct hk_intel_rdt){.clos_id = NULL}, "mon_groups", EINVAL,
		"/linux/intelRdt/closID", "'mon_groups' of its own");
}

static void test_no_monitoring(void **state)
{
	(void)state;
	assert_int_equal(rmdir(in("mon_groups")), 0);
	refused(&(struct hk_intel_rdt){.enable_monitoring = true}, "box", ENOTSUP,
		"/linux/intelRdt/enableMonitoring", "does not monitor");
}

/* ---- failure ---- */

static void test_out_of_classes(void **state)
{
	(void)state;
	fake.refuse = "/box";
	fake.code = ENOSPC;
	put(in("info/last_cmd_status"), "Out of CLOSIDs\n");
	make_fails(&(struct hk_intel_rdt){.l3_cache_schema = "L3:0=f"}, ENOSPC, "/linux/intelRdt",
		"(Out of CLOSIDs)", "linux.intelRdt.closID");
	assert_false(is_there("box"));
}

static void test_out_of_monitors(void **state)
{
	(void)state;
	fake.refuse = "/mon_groups/box";
	fake.code = ENOSPC;
	put(in("info/last_cmd_status"), "Out of RMIDs\n");
	make_fails(&(struct hk_intel_rdt){.enable_monitoring = true}, ENOSPC,
		"/linux/intelRdt/enableMonitoring", "(Out of RMIDs)", "no more");
	assert_false(is_there("box"));
	/* the class was there before, and stays */
	make_fails(&(struct hk_intel_rdt){.clos_id = "gold", .enable_monitoring = true}, ENOSPC,
		"/linux/intelRdt/enableMonitoring", "gold/mon_groups/box", "");
	assert_true(is_there("gold"));
}

static void test_monitor_of_that_name_exists(void **state)
{
	(void)state;
	make_directory(in("gold/mon_groups/box"));
	make_fails(&(struct hk_intel_rdt){.clos_id = "gold", .enable_monitoring = true}, EEXIST,
		"/linux/intelRdt/enableMonitoring", "gold/mon_groups/box", "");
	assert_true(is_there("gold/mon_groups/box"));
}

/* A file that takes no such text, as the kernel's. */
static void test_schema_that_the_kernel_refuses(void **state)
{
	(void)state;
	fake.schemata = "/proc/self/oom_score_adj";
	put(in("info/last_cmd_status"), "Mask 5 has non-consecutive 1-bits\n");
	make_fails(&(struct hk_intel_rdt){SCHEMATA("L3:0=5")}, EINVAL, "/linux/intelRdt/schemata/0",
		"write 'L3:0=5' to", "/info'");
	assert_non_null(strstr(err.message, "(Mask 5 has non-consecutive 1-bits)"));
	assert_false(is_there("box"));
	make_fails(&(struct hk_intel_rdt){.clos_id = "new", .mem_bw_schema = "MB:0=x"}, EINVAL,
		"/linux/intelRdt/memBwSchema", "MB:0=x", "");
	assert_false(is_there("new"));
}

static void test_undo(void **state)
{
	const struct hk_intel_rdt own = {.enable_monitoring = true};
	const struct hk_intel_rdt shared = {.clos_id = "silver", SCHEMATA("MB:0=50")};
	struct hk_rdt rdt = decide(&own);

	(void)state;
	make(&rdt, &own);
	assert_int_equal(hk_rdt_unmake(&rdt, &err), 0);
	assert_false(is_there("box"));

	rdt = decide(&shared);
	hk_close(&fake.written);
	make(&rdt, &shared);
	assert_int_equal(hk_rdt_unmake(&rdt, &err), 0);
	assert_false(is_there("silver"));

	hk_close(&fake.written);
	make(&rdt, &shared);
	put(in("silver/tasks"), "99\n"); /* somebody has joined meanwhile */
	assert_int_equal(hk_rdt_unmake(&rdt, &err), 0);
	assert_true(is_there("silver"));
}

static void test_process_that_cannot_be_assigned(void **state)
{
	const struct hk_intel_rdt config = {.clos_id = "gold"};
	struct hk_rdt rdt = decide(&config);

	(void)state;
	assert_int_equal(unlink(in("gold/tasks")), 0);
	assert_int_equal(symlink("/proc/self/oom_score_adj", in("gold/tasks")), 0);
	assert_int_equal(hk_rdt_assign(&rdt, 4711, &err), -EINVAL);
	assert_string_equal(err.property, "/linux/intelRdt");
	assert_non_null(strstr(err.message, "gold/tasks"));
}

static void test_not_mounted(void **state)
{
	const char *found = NULL;

	(void)state;
	if (hk_rdt_find(&arena, &found, &err) == 0) {
		print_message("resctrl is mounted on %s\n", found);
		skip();
	}
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.property, "/linux/intelRdt");
	assert_non_null(strstr(err.hint, "mount -t resctrl"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void test_statistics(void **state)
{
	struct hk_rdt_stats stats;

	(void)state;
	make_directory(in("info/L3"));
	put(in("info/L3/cbm_mask"), "fffff\n");
	put(in("info/L3/num_closids"), "16\n");
	put(in("info/MB/num_closids"), "8\n");
	make_directory(in("gold/mon_data"));
	make_directory(in("gold/mon_data/mon_L3_01"));
	make_directory(in("gold/mon_data/mon_L3_00"));
	put(in("gold/mon_data/mon_L3_00/llc_occupancy"), "4096\n");
	put(in("gold/mon_data/mon_L3_01/llc_occupancy"), "Unavailable\n");
	assert_int_equal(hk_rdt_stats_at(root, in("gold"), NULL, &arena, &stats, &err), 0);
	assert_string_equal(stats.cbm_mask, "fffff");
	assert_int_equal(stats.l3_closids, 16);
	assert_int_equal(stats.bandwidth_gran, 10);
	assert_string_equal(stats.l3_schema_root, "L3:0=fffff;1=fffff");
	assert_string_equal(stats.l3_schema, "L3:0=000ff;1=fffff");
	assert_string_equal(stats.mb_schema, "MB:0=20;1=100");
	assert_true(stats.has_occupancy && !stats.has_bandwidth);
	assert_int_equal(stats.node_count, 2);
	assert_true(stats.nodes[0].occupancy == 4096 && stats.nodes[1].occupancy == 0);
}

static void test_update(void **state)
{
	const struct hk_intel_rdt config = {.l3_cache_schema = "L3:0=0000f;1=fffff"};
	const char *before = NULL;

	(void)state;
	put(in("gold/schemata"), "L3:0=000ff;1=fffff\n");
	assert_int_equal(hk_rdt_update(root, in("gold"), &config, &arena, &before, &err), 0);
	assert_string_equal(before, "L3:0=000ff;1=fffff\n");
	{
		HK_FD int fd = open(in("gold/schemata"), O_RDONLY | O_CLOEXEC);
		char text[64];

		assert_true(fd >= 0 && hk_read_string(fd, text, sizeof(text)) > 0);
		assert_string_equal(text, "L3:0=0000f;1=fffff\n");
	}
	assert_int_equal(hk_rdt_update(root, in("none"), &config, &arena, &before, &err), -ENOENT);
}

/* What the group had is written again, behind the line that it took. */
static void test_update_that_the_kernel_refuses(void **state)
{
	const struct hk_intel_rdt config = {
		.l3_cache_schema = "L3:0=0000f;1=fffff", .mem_bw_schema = "MB:0=x"};
	const char *before = NULL;

	(void)state;
	fake.bad_line = config.mem_bw_schema;
	assert_int_equal(hk_rdt_update(root, in("gold"), &config, &arena, &before, &err), -EINVAL);
	assert_string_equal(err.property, "/linux/intelRdt/memBwSchema");
	assert_string_equal(fake.lines, "L3:0=0000f;1=fffff\n"
					"MB:0=20;1=100\nL3:0=000ff;1=fffff\n");
	assert_null(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_group_of_its_own),
		T(test_nothing_asked_for),
		T(test_group_of_its_name_that_exists),
		T(test_new_class),
		T(test_class_that_another_makes),
		T(test_class_that_exists),
		T(test_class_that_differs),
		T(test_class_that_does_not_exist),
		T(test_default_class),
		T(test_directories_of_the_kernel),
		T(test_no_monitoring),
		T(test_out_of_classes),
		T(test_out_of_monitors),
		T(test_monitor_of_that_name_exists),
		T(test_schema_that_the_kernel_refuses),
		T(test_undo),
		T(test_process_that_cannot_be_assigned),
		T(test_not_mounted),
		T(test_statistics),
		T(test_update),
		T(test_update_that_the_kernel_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
