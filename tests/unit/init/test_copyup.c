/* Copying a tree that somebody changes meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fd.h"
#include "step/copyup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COPIES 6000

static atomic_bool enough;

static void make_file(int dir, const char *name, char content, mode_t mode)
{
	HK_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(hk_write_full(fd, &content, 1), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static void *exchange(void *arg)
{
	const int *dir = arg;

	while (!enough)
		(void)syscall(SYS_renameat2, *dir, "in/file", *dir, "other", RENAME_EXCHANGE);
	return NULL;
}

/* One that was trusted with a mode must not lend it to another one's content. */
static void check_copy(int to)
{
	HK_FD int fd = openat(to, "file", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char content;

	assert_true(fd >= 0);
	assert_int_equal(hk_read_full(fd, &content, 1), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, content == 'a' ? 04711 : 0640);
}

static void test_exchanged_file(void **state)
{
	char path[] = "/tmp/hako-copyup-XXXXXX";
	HK_FD int dir = -1, from = -1, to = -1;
	pthread_t thread;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(dir, "in", 0700), 0);
	assert_int_equal(mkdirat(dir, "out", 0700), 0);
	make_file(dir, "in/file", 'a', 04711);
	make_file(dir, "other", 'b', 0640);
	from = openat(dir, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(dir, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(pthread_create(&thread, NULL, exchange, &dir), 0);
	for (int i = 0; i < COPIES; i++) {
		assert_int_equal(hk_copy_tree(from, to), 0);
		check_copy(to);
		assert_int_equal(unlinkat(to, "file", 0), 0);
	}
	enough = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(unlinkat(dir, "in/file", 0), 0);
	assert_int_equal(unlinkat(dir, "other", 0), 0);
	assert_int_equal(unlinkat(dir, "in", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "out", AT_REMOVEDIR), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_exchanged_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
