/* HOME out of passwd files as images have them, broken ones too. */
#include "init/tree.h"

static void expect(struct hk_ctx *ctx, uint32_t uid, const char *home)
{
	const struct hk_step_home args = {.uid = uid};
	struct hk_err err = {0};

	assert_int_equal(hk_step_home(ctx, &args, &err), 0);
	assert_string_equal(ctx->home, home);
}

static void write_passwd(struct hk_ctx *ctx, const char *text)
{
	HK_FD int fd = -1;

	if (mkdirat(ctx->rootfd, "etc", 0755) < 0)
		assert_int_equal(errno, EEXIST);
	fd = openat(ctx->rootfd, "etc/passwd", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(hk_write_full(fd, text, strlen(text)), 0);
}

static void test_users(void **state)
{
	write_passwd(*state, "root:x:0:0:root:/root:/bin/sh\n"
			     "ten:x:10:10::/home/ten:\n"
			     "hundred:x:100:10::/home/hundred:\n"
			     "again:x:0:0::/second:/bin/sh\n");
	expect(*state, 0, "HOME=/root");
	expect(*state, 10, "HOME=/home/ten");
	expect(*state, 100, "HOME=/home/hundred");
	expect(*state, 1, "HOME=/");
}

static void test_broken_lines_are_skipped(void **state)
{
	write_passwd(*state, "\n:::\nfew:x:0:0\n"
			     "sign:x:+0:0::/sign:\nblank:x: 0:0::/blank:\nempty:x::0::/empty:\n"
			     "rest:x:0x:0::/rest:\nrelative:x:0:0::relative:\nnone:x:0:0:::\n"
			     "big:x:18446744073709551616:0::/big:\n"
			     "good:x:0:0::/good:\n");
	expect(*state, 0, "HOME=/good");
}

static void test_long_lines_are_skipped(void **state)
{
	static char text[3 * 4096];
	size_t len = 0;

	while (len < 2 * 4096)
		text[len++] = 'x';
	(void)snprintf(text + len, sizeof(text) - len, ":x:0:0::/wrong:\ngood:x:0:0::/good:\n");
	write_passwd(*state, text);
	expect(*state, 0, "HOME=/good");
}

static void test_last_line_without_an_end(void **state)
{
	static char text[4096 + 64];

	write_passwd(*state, "root:x:0:0:root:/root:/bin/sh");
	expect(*state, 0, "HOME=/root");
	write_passwd(*state, "one:x:1:1::/one:\nroot:x:0:0:root:/root:/bin/sh");
	expect(*state, 0, "HOME=/root");
	memset(text, 'x', 4096);
	(void)snprintf(text + 4096, sizeof(text) - 4096, ":x:0:0::/wrong:");
	write_passwd(*state, text);
	expect(*state, 0, "HOME=/");
}

static void test_line_without_a_shell(void **state)
{
	write_passwd(*state, "root:x:0:0:root:/root\nten:x:10:10::\n");
	expect(*state, 0, "HOME=/root");
	expect(*state, 10, "HOME=/");
}

static void test_no_file(void **state)
{
	expect(*state, 0, "HOME=/");
}

/* Opening it would wait for a writer. */
static void test_fifo(void **state)
{
	struct hk_ctx *ctx = *state;

	assert_int_equal(mkdirat(ctx->rootfd, "etc", 0755), 0);
	assert_int_equal(mkfifoat(ctx->rootfd, "etc/passwd", 0644), 0);
	expect(ctx, 0, "HOME=/");
}

static void test_link_out_of_the_root(void **state)
{
	struct hk_ctx *ctx = *state;

	assert_int_equal(symlinkat("/etc", ctx->rootfd, "link"), 0);
	assert_int_equal(symlinkat("link", ctx->rootfd, "etc"), 0);
	expect(ctx, 0, "HOME=/");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_users),
		CASE(test_broken_lines_are_skipped),
		CASE(test_long_lines_are_skipped),
		CASE(test_last_line_without_an_end),
		CASE(test_line_without_a_shell),
		CASE(test_no_file),
		CASE(test_fifo),
		CASE(test_link_out_of_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
