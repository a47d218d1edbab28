/* Where mounts and nodes may go, whatever links an image holds. */
#include "init/tree.h"

static void make_dir(const struct hk_ctx *ctx, const char *path)
{
	assert_int_equal(mkdirat(ctx->rootfd, path, 0755), 0);
}

static void make_file(const struct hk_ctx *ctx, const char *path)
{
	HK_FD int fd = openat(ctx->rootfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
}

static void make_link(const struct hk_ctx *ctx, const char *path, const char *target)
{
	assert_int_equal(symlinkat(target, ctx->rootfd, path), 0);
}

static bool exists(const struct hk_ctx *ctx, const char *path)
{
	return faccessat(ctx->rootfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void expect(struct hk_ctx *ctx, const char *target, bool directory, const char *path)
{
	struct hk_err err = {0};
	HK_FD int fd = hk_mount_point(ctx, target, 0, directory, false, &err);

	assert_string_equal(err.message, "");
	assert_is(ctx, fd, path);
}

static void refuse(struct hk_ctx *ctx, const char *target, uint32_t how, bool directory, int code,
	const char *message)
{
	struct hk_err err = {0};

	assert_int_equal(hk_mount_point(ctx, target, how, directory, false, &err), -code);
	assert_int_equal(err.code, code);
	assert_string_equal(err.message, message);
}

static void test_directories_are_made(void **state)
{
	struct hk_ctx *ctx = *state;

	expect(ctx, "/a/b/c", true, "a/b/c");
	assert_string_equal(ctx->parent.path, "/a/b");
	expect(ctx, "/a/b/d", true, "a/b/d");
	expect(ctx, "/a/b/c", true, "a/b/c");
	expect(ctx, "/e", true, "e");
}

static void test_files_are_made(void **state)
{
	struct hk_ctx *ctx = *state;
	struct stat st;

	expect(ctx, "/a/b/file", false, "a/b/file");
	assert_int_equal(fstatat(ctx->rootfd, "a/b/file", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* What is mounted on a directory covers the one that is open. */
static void test_covered_parent_is_forgotten(void **state)
{
	struct hk_ctx *ctx = *state;

	expect(ctx, "/a/b/c", true, "a/b/c");
	assert_true(ctx->parent.fd >= 0);
	expect(ctx, "/a/b", true, "a/b");
	assert_int_equal(ctx->parent.fd, -1);
	expect(ctx, "/a/b/c", true, "a/b/c");
	expect(ctx, "/a/b/d", true, "a/b/d");
	assert_true(ctx->parent.fd >= 0);
	expect(ctx, "/a", true, "a");
	assert_int_equal(ctx->parent.fd, -1);
}

static void test_links_stay_inside(void **state)
{
	struct hk_ctx *ctx = *state;

	make_dir(ctx, "a");
	make_link(ctx, "absolute", "/a");
	make_link(ctx, "up", "../../../a");
	make_link(ctx, "dangling", "/made/later");
	expect(ctx, "/absolute", true, "a");
	expect(ctx, "/absolute/x", true, "a/x");
	expect(ctx, "/up/y", true, "a/y");
	expect(ctx, "/dangling/z", true, "made/later/z");
	expect(ctx, "/up/file", false, "a/file");
	expect(ctx, "/a/../a/../../a/w", true, "a/w");
	/* the last component, beside one that is known */
	expect(ctx, "/a/one", true, "a/one");
	make_link(ctx, "a/link", "/a/one");
	expect(ctx, "/a/link", true, "a/one");
}

static void test_root_is_refused(void **state)
{
	struct hk_ctx *ctx = *state;

	make_link(ctx, "link", "..");
	refuse(ctx, "/", 0, true, EINVAL, "mount on '/': it is the root file system itself");
	refuse(ctx, "/link", 0, true, EINVAL,
		"mount on '/link': it is the root file system itself");
	refuse(ctx, "/x/..", 0, true, EINVAL,
		"mount on '/x/..': it is the root file system itself");
}

static void test_proc_is_refused(void **state)
{
	struct hk_ctx *ctx = *state;
	struct hk_err err = {0};
	HK_FD int fd = -1;

	make_dir(ctx, "proc");
	make_link(ctx, "link", "/proc/sys");
	make_link(ctx, "whole", "/proc");
	refuse(ctx, "/proc/sys", 0, true, EPERM, "mount on '/proc/sys': it is inside /proc");
	refuse(ctx, "/proc/self/attr/exec", 0, false, EPERM,
		"mount on '/proc/self/attr/exec': it is inside /proc");
	assert_false(exists(ctx, "proc/sys"));
	refuse(ctx, "/proc", 0, true, EPERM,
		"mount on '/proc': only a procfs may be mounted there");
	refuse(ctx, "/link", 0, true, EPERM, "mount on '/link': it is inside /proc");
	refuse(ctx, "/whole", 0, true, EPERM,
		"mount on '/whole': only a procfs may be mounted there");
	refuse(ctx, "/x/../proc/fs", 0, true, EPERM,
		"mount on '/x/../proc/fs': it is inside /proc");
	expect(ctx, "/proc/uptime", false, "proc/uptime");
	expect(ctx, "/process", true, "process");
	fd = hk_mount_point(ctx, "/proc", HK_MOUNT_PLAIN_DIR, true, true, &err);
	assert_is(ctx, fd, "proc");
}

static void test_plain_directories_are_no_links(void **state)
{
	struct hk_ctx *ctx = *state;

	make_dir(ctx, "a");
	make_link(ctx, "sys", "/a");
	refuse(ctx, "/sys", HK_MOUNT_PLAIN_DIR, true, ELOOP,
		"mount on '/sys': it must be an ordinary directory, not a symbolic link");
	refuse(ctx, "/sys/fs/cgroup", HK_MOUNT_PLAIN_DIR, true, ELOOP,
		"mount on '/sys/fs/cgroup': it must be an ordinary directory, not a symbolic link");
	assert_false(exists(ctx, "a/fs"));
}

static void test_proc_must_be_plain(void **state)
{
	struct hk_ctx *ctx = *state;
	struct hk_err err = {0};

	make_dir(ctx, "a");
	make_link(ctx, "proc", "/a");
	assert_int_equal(hk_mount_point(ctx, "/proc", 0, true, true, &err), -ELOOP);
}

static void test_kinds_must_match(void **state)
{
	struct hk_ctx *ctx = *state;

	make_dir(ctx, "dir");
	make_file(ctx, "file");
	make_link(ctx, "link", "file");
	refuse(ctx, "/dir", 0, false, ENOTDIR, "mount a file on '/dir', which is a directory");
	refuse(ctx, "/file", 0, true, ENOTDIR, "make the mount point '/file'");
	refuse(ctx, "/link", 0, true, ENOTDIR, "make the mount point '/link'");
	refuse(ctx, "/file/x", 0, true, ENOTDIR, "make the mount point '/file/x'");
}

static void test_parents(void **state)
{
	struct hk_ctx *ctx = *state;
	char name[NAME_MAX + 1], longest[NAME_MAX + 3];

	assert_is(ctx, hk_parent_open(ctx, "/dev/net/tun", name), "dev/net");
	assert_string_equal(name, "tun");
	assert_string_equal(ctx->parent.path, "/dev/net");
	assert_is(ctx, hk_parent_open(ctx, "/null", name), ".");
	assert_string_equal(name, "null");
	make_dir(ctx, "other");
	make_link(ctx, "link", "/other");
	assert_is(ctx, hk_parent_open(ctx, "/link/fuse", name), "other");
	assert_string_equal(ctx->parent.path, "");
	assert_int_equal(hk_parent_open(ctx, "/dev/..", name), -EINVAL);
	assert_int_equal(hk_parent_open(ctx, "/", name), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(hk_parent_open(ctx, longest, name), -ENAMETOOLONG);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_directories_are_made),
		CASE(test_files_are_made),
		CASE(test_covered_parent_is_forgotten),
		CASE(test_links_stay_inside),
		CASE(test_root_is_refused),
		CASE(test_proc_is_refused),
		CASE(test_plain_directories_are_no_links),
		CASE(test_proc_must_be_plain),
		CASE(test_kinds_must_match),
		CASE(test_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
