/* Which mounts of a container criu has to be given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "criu/mounts.h"

#include <errno.h>
#include <string.h>

#define HOST                                                                                       \
	"21 1 259:0 / / rw - ext4 /dev/root rw\n"                                                  \
	"22 21 0:5 / /dev rw,nosuid shared:7 - devtmpfs devtmpfs rw\n"                             \
	"23 21 0:20 / /proc rw - proc proc rw\n"                                                   \
	"24 21 0:21 / /sys rw - sysfs sysfs rw\n"                                                  \
	"25 24 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"                                    \
	"26 21 0:30 / /run rw - tmpfs tmpfs rw\n"

#define ROOT "50 36 259:0 /var/b/rootfs / rw - ext4 /dev/root rw\n"

static const struct {
	const char *container;
	const char *points; /* external ones, each with a blank behind it */
} cases[] = {
	{ROOT, ""},
	/* of the container's own instances */
	{ROOT "53 50 0:40 / /proc rw - proc proc rw\n"
	      "54 53 0:40 /bus /proc/bus ro - proc proc rw\n"
	      "55 50 0:41 / /dev rw - tmpfs tmpfs rw\n"
	      "56 55 0:42 / /dev/pts rw - devpts devpts rw\n"
	      "57 53 0:43 / /proc/acpi ro - tmpfs tmpfs rw\n"
	      "58 50 0:43 / /sys/firmware ro - tmpfs tmpfs rw\n",
		""},
	/* the host's instance of what is one for each namespace, whole */
	{ROOT "53 50 0:20 / /proc rw - proc proc rw\n54 50 0:21 / /sys ro - sysfs sysfs rw\n", ""},
	/* masks: three of the same file of the host's */
	{ROOT "53 50 0:40 / /proc rw - proc proc rw\n"
	      "54 53 0:5 /null /proc/kcore ro master:7 - devtmpfs devtmpfs rw\n"
	      "55 53 0:5 /null /proc/keys ro master:7 - devtmpfs devtmpfs rw\n",
		"/proc/kcore /proc/keys "},
	/* binds of the file system that the root is on, and of the root itself */
	{ROOT "53 50 259:0 /etc/hosts /etc/hosts rw - ext4 /dev/root rw\n"
	      "54 50 259:0 /var/b/rootfs/a /b rw - ext4 /dev/root rw\n"
	      "55 50 259:0 /var/b/rootfs2 /c rw - ext4 /dev/root rw\n",
		"/etc/hosts /c "},
	/* a part of a bind is bound from that */
	{ROOT "53 50 259:0 /srv /srv rw - ext4 /dev/root rw\n"
	      "54 53 259:0 /srv/x /srv/x ro - ext4 /dev/root rw\n",
		"/srv "},
	/* but not one that is somewhere else */
	{ROOT "53 50 259:0 /srv /srv rw - ext4 /dev/root rw\n"
	      "54 50 259:0 /srv/x /etc/x ro - ext4 /dev/root rw\n",
		"/srv /etc/x "},
	/* the host's tmpfs and devtmpfs, whole and in part */
	{ROOT "53 50 0:30 / /hostrun rw - tmpfs tmpfs rw\n54 50 0:5 / /dev rw - devtmpfs dev rw\n",
		"/hostrun /dev "},
	{ROOT "53 50 0:30 /user /user rw - tmpfs tmpfs rw\n", "/user "},
	{ROOT "53 50 0:28 /ctest /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/sys/fs/cgroup "},
	/* a file system that is mounted nowhere any more */
	{ROOT "53 50 0:99 /a /a rw - tmpfs tmpfs rw\n", "/a "},
	/* names with blanks */
	{ROOT "53 50 0:30 /a\\040b /a\\040b rw - tmpfs tmpfs rw\n", "/a b "},
};

static int find(
	const char *container, struct hk_arena *arena, struct hk_strings *ret, struct hk_err *err)
{
	struct hk_mounts theirs = {0}, ours = {0};

	assert_int_equal(hk_mounts_parse(hk_arena_strdup(arena, container), arena, &theirs), 0);
	assert_int_equal(hk_mounts_parse(hk_arena_strdup(arena, HOST), arena, &ours), 0);
	assert_int_equal(ours.count, 6);
	return hk_mounts_external(&theirs, &ours, arena, ret, err);
}

static void test_external(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_strings points = {0};
		struct hk_arena arena = {0};
		struct hk_err err = {0};
		char text[256] = "";

		assert_int_equal(find(cases[i].container, &arena, &points, &err), 0);
		for (size_t k = 0; k < points.count; k++) {
			strcat(text, points.items[k]);
			strcat(text, " ");
		}
		assert_string_equal(text, cases[i].points);
		hk_arena_done(&arena);
	}
}

static void test_names_that_criu_would_misread(void **state)
{
	static const char *const bad[] = {
		ROOT "53 50 0:30 /x /a]:/etc rw - tmpfs tmpfs rw\n",
		ROOT "53 50 0:30 /x /a:b rw - tmpfs tmpfs rw\n",
		ROOT "53 50 0:30 /x /a\\012b rw - tmpfs tmpfs rw\n",
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(bad); i++) {
		struct hk_strings points = {0};
		struct hk_arena arena = {0};
		struct hk_err err = {0};

		assert_int_equal(find(bad[i], &arena, &points, &err), -EINVAL);
		assert_non_null(strstr(err.message, "cannot be checkpointed"));
		hk_arena_done(&arena);
	}
}

static void test_flags(void **state)
{
	struct hk_mountinfo mount = {.flags = "rw,nosuid,relatime"};

	(void)state;
	assert_true(hk_mount_has_flag(&mount, "rw"));
	assert_true(hk_mount_has_flag(&mount, "relatime"));
	assert_false(hk_mount_has_flag(&mount, "ro"));
	assert_false(hk_mount_has_flag(&mount, "rel"));
	assert_false(hk_mount_has_flag(&mount, "nosuid,relatime"));
}

static void test_our_own(void **state)
{
	struct hk_mounts mounts = {0};
	struct hk_arena arena = {0};
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_mounts_read(0, &arena, &mounts, &err), 0);
	assert_true(mounts.count > 0);
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_names_that_criu_would_misread),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
