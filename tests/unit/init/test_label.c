/* Labels as an attribute: what is written, and what is said where it cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fd.h"
#include "step/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LABEL "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811"

static void test_written(void **state)
{
	char path[] = "/tmp/hk-label-XXXXXX", value[256];
	HK_FD int dir = -1;
	struct hk_err err = {0};
	ssize_t n;
	int r;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* as fsmount(2) gives it */
	assert_true(dir >= 0);
	r = hk_label_root(dir, LABEL, "/dev/mqueue", &err);
	n = getxattr(path, "security.selinux", value, sizeof(value));
	assert_int_equal(rmdir(path), 0);
	if (r == -EPERM || r == -EOPNOTSUPP)
		skip(); /* not root, or a file system without such attributes */
	assert_int_equal(r, 0);
	assert_int_equal(n, sizeof(LABEL));
	assert_string_equal(value, LABEL);
}

static void test_refused(void **state)
{
	HK_FD int dir = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct hk_err err = {0};
	int r = hk_label_root(dir, LABEL, "/dev/mqueue", &err);

	(void)state;
	assert_true(r == -EOPNOTSUPP || r == -EPERM || r == -EACCES);
	assert_int_equal(err.code, -r);
	assert_true(err.flags & HK_ERR_ERRNO_TEXT);
	assert_string_equal(err.message, "set the mount label '" LABEL "' of '/dev/mqueue'");
}

static void test_no_directory(void **state)
{
	HK_FD int file = open("/dev/null", O_PATH | O_CLOEXEC);
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_label_root(file, LABEL, "/dev/mqueue", &err), -ENOTDIR);
	assert_string_equal(err.message, "open '/dev/mqueue' to label it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
