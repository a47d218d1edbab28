/* The files beside criu's images, and the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "criu/image.h"
#include "criu/mounts.h"
#include "criu/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/hako-image-XXXXXX";
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	hk_close(&dir);
	return rmdir(path); /* each test has cleaned up */
}

static void put(const char *name, const char *text)
{
	HK_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(hk_write_full(fd, text, strlen(text)), 0);
}

static void drop(const char *name)
{
	assert_int_equal(unlinkat(dir, name, 0), 0);
}

static void test_there_and_back(void **state)
{
	const char *items[] = {"/etc/hosts", "/a \"b\""};
	struct hk_strings in = {items, 2}, out = {0};
	struct hk_arena arena = {0};
	struct hk_err err = {0};

	(void)state;
	put(HK_IMAGE_MOUNTS, "an older one, which is longer than what follows it................");
	assert_int_equal(hk_image_write(dir, HK_IMAGE_MOUNTS, &in, &err), 0);
	assert_int_equal(hk_image_read_mounts(dir, &arena, &out, &err), 0);
	assert_int_equal(out.count, 2);
	assert_string_equal(out.items[1], items[1]);
	drop(HK_IMAGE_MOUNTS);
	hk_arena_done(&arena);
}

static void test_a_link_is_not_written_through(void **state)
{
	struct hk_strings in = {0};
	struct hk_err err = {0};
	struct stat st;

	(void)state;
	put("other", "precious");
	assert_int_equal(symlinkat("other", dir, HK_IMAGE_MOUNTS), 0);
	assert_int_equal(hk_image_write(dir, HK_IMAGE_MOUNTS, &in, &err), 0);
	assert_int_equal(fstatat(dir, "other", &st, 0), 0);
	assert_int_equal(st.st_size, strlen("precious"));
	assert_int_equal(fstatat(dir, HK_IMAGE_MOUNTS, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	drop("other");
	drop(HK_IMAGE_MOUNTS);
}

static void test_hostile_lists(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", NULL},
		{"[", NULL},
		{"null", "it is not an array"},
		{"{}", "it is not an array"},
		{"[1]", "it holds something that is not a string"},
		{"[[\"/a\"]]", "it holds something that is not a string"},
		{"[\"a\"]", "is no mount point"},
		{"[\"\"]", "is no mount point"},
		{"[\"/a/../etc\"]", "is no mount point"},
		{"[\"/a/\"]", "is no mount point"},
		{"[\"/a]:/etc\"]", "is no mount point"},
		{"[\"/a:b\"]", "is no mount point"},
		{"[\"/a\\nb\"]", "is no mount point"},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_arena arena = {0};
		struct hk_strings out = {0};
		struct hk_err err = {0};

		put(HK_IMAGE_MOUNTS, cases[i].text);
		assert_int_equal(hk_image_read_mounts(dir, &arena, &out, &err), -EINVAL);
		if (cases[i].message)
			assert_non_null(strstr(err.message, cases[i].message));
		hk_arena_done(&arena);
	}
	drop(HK_IMAGE_MOUNTS);
}

static void test_too_many(void **state)
{
	struct hk_arena arena = {0};
	struct hk_strings out = {0};
	struct hk_err err = {0};

	(void)state;
	put("list", "[\"a\",\"b\",\"c\",\"d\"]");
	assert_int_equal(hk_image_read(dir, "list", 4, &arena, &out, &err), 0);
	assert_int_equal(hk_image_read(dir, "list", 3, &arena, &out, &err), -EINVAL);
	assert_non_null(strstr(err.message, "more than 3"));
	drop("list");
	hk_arena_done(&arena);
}

static void test_what_is_no_file(void **state)
{
	struct hk_arena arena = {0};
	struct hk_strings out = {0};
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_image_read_mounts(dir, &arena, &out, &err), -ENOENT);
	assert_non_null(strstr(err.hint, "hako restores"));
	assert_int_equal(symlinkat("/etc/passwd", dir, HK_IMAGE_MOUNTS), 0);
	assert_int_equal(hk_image_read_mounts(dir, &arena, &out, &err), -ELOOP);
	drop(HK_IMAGE_MOUNTS);
	assert_int_equal(mkfifoat(dir, HK_IMAGE_MOUNTS, 0600), 0);
	assert_int_equal(hk_image_read_mounts(dir, &arena, &out, &err), -EINVAL);
	drop(HK_IMAGE_MOUNTS);
	hk_arena_done(&arena);
}

static void test_keys_of_stdio(void **state)
{
	static const char *const good[] = {
		"pipe:[1]", "pipe:[4026531840]", "file[1a:2b3c]", "tty[8801:18]"};
	static const char *const bad[] = {"", "/dev/null", "pipe:[]", "pipe:[1", "pipe:[1]x",
		"pipe:[a]", "file[1a]", "file[:1]", "file[1:]", "file[1:2]:x", "file[1:G]",
		"extRootNetNS", "socket:[1]", "pipe:[111111111111111111111]", "xpipe:[1]"};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(good); i++)
		assert_true(hk_stdio_is_key(good[i]));
	for (size_t i = 0; i < HK_COUNT(bad); i++)
		assert_false(hk_stdio_is_key(bad[i]));
}

/* A child with a pipe, a file and nothing. */
static void test_stdio(void **state)
{
	struct hk_mounts none = {0}, ours = {0};
	struct hk_strings stdio = {0}, files = {0};
	struct hk_arena arena = {0};
	struct hk_err err = {0};
	int ends[2], ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int file = openat(dir, "out", O_WRONLY | O_CREAT, 0600);

		if (dup2(ends[0], 0) < 0 || dup2(file, 1) < 0 || close(2) < 0 ||
			write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(hk_stdio_describe(pid, &none, &arena, &stdio, &files, &err), 0);
	assert_int_equal(stdio.count, 3);
	assert_memory_equal(stdio.items[0], "pipe:[", 6);
	assert_true(hk_stdio_is_key(stdio.items[0]));
	assert_memory_equal(stdio.items[1], "file[", 5);
	assert_true(hk_stdio_is_key(stdio.items[1]));
	assert_string_equal(stdio.items[2], "");
	assert_int_equal(files.count, 1);
	assert_string_equal(files.items[0], stdio.items[1]);

	/* a file that its own mounts have is no external one */
	files.count = stdio.count = 0;
	assert_int_equal(hk_mounts_read(pid, &arena, &ours, &err), 0);
	assert_int_equal(hk_stdio_describe(pid, &ours, &arena, &stdio, &files, &err), 0);
	assert_int_equal(files.count, 0);
	assert_memory_equal(stdio.items[1], path, strlen(path));

	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	for (int i = 0; i < 2; i++) {
		(void)close(ends[i]);
		(void)close(ready[i]);
	}
	drop("out");
	hk_arena_done(&arena);
}

static void test_the_log_becomes_a_hint(void **state)
{
	struct hk_err err = {0};

	(void)state;
	put("dump.log", "(00.1) nothing\n(00.2) Error (criu/a.c:1): first\nError: not criu's\n"
			"(00.3) Error (criu/b.c:2): se\tcond\n(00.4) Error (criu/c.c:3): third\n"
			"(00.5) Error (criu/d.c:4): fourth\nthe end");
	(void)hk_refuse(&err, EIO, "criu failed");
	hk_criu_log_hint(dir, "/images", "dump.log", &err);
	assert_string_equal(err.hint, "se\\tcond; third; fourth; see /images/dump.log");
	err.hint[0] = '\0';
	drop("dump.log");
	hk_criu_log_hint(dir, "/images", "dump.log", &err);
	assert_string_equal(err.hint, "");
}

static void test_error_lines(void **state)
{
	(void)state;
	assert_string_equal(hk_criu_error_of("(00.1) Error (criu/a.c:1): no: not"), "no: not");
	assert_string_equal(hk_criu_error_of("Error (x): y"), "y");
	assert_null(hk_criu_error_of("Error: ipv4: Address already assigned."));
	assert_null(hk_criu_error_of("Error (x"));
	assert_null(hk_criu_error_of(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_a_link_is_not_written_through),
		cmocka_unit_test(test_hostile_lists),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_keys_of_stdio),
		cmocka_unit_test(test_stdio),
		cmocka_unit_test(test_the_log_becomes_a_hint),
		cmocka_unit_test(test_error_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
