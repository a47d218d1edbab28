/* Messages to and from criu, against the bytes that protobuf makes of its rpc.proto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "criu/pb.h"
#include "criu/rpc.h"

#include <errno.h>
#include <limits.h>
#include <linux/sched.h>
#include <string.h>

#define BYTES(literal) (literal), sizeof(literal) - 1

static void assert_message(struct hk_strbuf *message, const char *bytes, size_t len)
{
	assert_false(message->failed);
	assert_int_equal(message->len, len);
	assert_memory_equal(message->text, bytes, len);
	hk_strbuf_done(message);
}

static void test_small_requests(void **state)
{
	struct hk_criu_features lazy = {.lazy_pages = true};
	struct hk_strbuf m = {0};

	(void)state;
	hk_criu_put_version_request(&m);
	assert_message(&m, BYTES("\x08\x0a\x20\x01"));
	hk_criu_put_notify_answer(&m, false);
	assert_message(&m, BYTES("\x08\x06\x18\x00"));
	hk_criu_put_notify_answer(&m, true);
	assert_message(&m, BYTES("\x08\x06\x18\x01"));
	hk_criu_put_feature_request(&m, &lazy);
	assert_message(&m, BYTES("\x08\x09\x20\x01\x2a\x02\x10\x01"));
}

static void test_a_request_without_options(void **state)
{
	struct hk_criu_opts opts = HK_CRIU_OPTS_INIT;
	struct hk_strbuf m = {0};

	(void)state;
	hk_criu_put_request(&m, HK_CRIU_SINGLE_PRE_DUMP, &opts);
	assert_message(&m, BYTES("\x08\x0d\x12\x00"));
}

static void test_a_request(void **state)
{
	static const char bytes[] =
		"\x08\x01\x12\x5d\x08\xac\x02\x10\xe7\x24\x18\x01\x48\x04\x52\x08"
		"dump.log\x5a\x09\x0a\x03::1\x10\xff\xff\x03\xca\x01\x06\x0a\x00\x12\x02/c"
		"\xda\x01\x05\x0a\x01k\x10\x00\x90\x02\x00\xaa\x02\x0dmnt[/a]:hako0"
		"\xaa\x02\x01x\xb0\x02\x80\x80\x80\x80\x04\xba\x02\x09\x0a\x03ipc\x12\x02/n"
		"\x80\x04\x02";
	const char *external[] = {"mnt[/a]:hako0", "x"};
	struct hk_criu_inherit inherit = {"k", 0};
	struct hk_pair root = {"", "/c"}, join = {"ipc", "/n"};
	struct hk_criu_opts opts = HK_CRIU_OPTS_INIT;
	struct hk_strbuf m = {0};

	(void)state;
	opts.images_dir_fd = 300;
	opts.pid = 4711;
	opts.leave_running = true;
	opts.log_level = 4;
	opts.log_file = "dump.log";
	opts.page_server_address = "::1";
	opts.page_server_port = 65535;
	opts.manage_cgroups_mode = HK_CRIU_CGROUP_IGNORE;
	opts.external = (struct hk_strings){external, 2};
	opts.empty_ns = CLONE_NEWNET;
	opts.network_lock = HK_CRIU_LOCK_NFTABLES;
	opts.cg_roots = (struct hk_pairs){&root, 1};
	opts.inherit = (struct hk_criu_inherits){&inherit, 1};
	opts.join_ns = (struct hk_pairs){&join, 1};
	hk_criu_put_request(&m, HK_CRIU_DUMP, &opts);
	assert_message(&m, BYTES(bytes));
}

/* Each flag on its own: the number of its field. */
static void test_the_numbers_of_flags(void **state)
{
	static const struct {
		size_t offset;
		uint32_t number;
	} flags[] = {
#define ROW(member, n) {offsetof(struct hk_criu_opts, member), n}
		ROW(leave_running, 3),
		ROW(ext_unix_sk, 4),
		ROW(tcp_established, 5),
		ROW(evasive_devices, 6),
		ROW(shell_job, 7),
		ROW(file_locks, 8),
		ROW(notify_scripts, 12),
		ROW(track_mem, 15),
		ROW(auto_dedup, 16),
		ROW(link_remap, 18),
		ROW(rst_sibling, 26),
		ROW(tcp_skip_in_flight, 46),
		ROW(lazy_pages, 48),
		ROW(orphan_pts_master, 50),
		ROW(tcp_close, 52),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(flags); i++) {
		struct hk_criu_opts opts = HK_CRIU_OPTS_INIT;
		struct hk_strbuf m = {0}, inner = {0}, expected = {0};

		*(bool *)((char *)&opts + flags[i].offset) = true;
		hk_criu_put_request(&m, HK_CRIU_DUMP, &opts);
		hk_pb_put_number(&inner, flags[i].number, 1);
		hk_pb_put_number(&expected, 1, HK_CRIU_DUMP);
		hk_pb_put_bytes(&expected, 2, inner.text, inner.len);
		assert_message(&m, expected.text, expected.len);
		hk_strbuf_done(&inner);
		hk_strbuf_done(&expected);
	}
}

static void read_good(const char *bytes, size_t len, struct hk_criu_reply *ret)
{
	struct hk_err err = {0};

	memset(ret, 0xff, sizeof(*ret));
	assert_int_equal(hk_criu_read_reply(bytes, len, ret, &err), 0);
}

static void test_answers(void **state)
{
	struct hk_criu_reply reply;

	(void)state;
	read_good(BYTES("\x08\x06\x10\x01\x2a\x11\x0a\x0cpost-restore\x10\xe7\x24"), &reply);
	assert_int_equal(reply.type, HK_CRIU_NOTIFY);
	assert_true(reply.success);
	assert_string_equal(reply.script, "post-restore");
	assert_int_equal(reply.notify_pid, 4711);
	assert_int_equal(reply.error, 0);

	read_good(
		BYTES("\x08\x02\x10\x00\x22\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x38\x34"
		      "\x4a\x17"
		      "Error (criu/x.c:1): no\n"),
		&reply);
	assert_int_equal(reply.type, HK_CRIU_RESTORE);
	assert_false(reply.success);
	assert_int_equal(reply.restored_pid, -1);
	assert_int_equal(reply.error, 52);
	assert_string_equal(reply.error_text, "Error (criu/x.c:1): no\n");

	read_good(BYTES("\x08\x0a\x10\x01\x52\x0a\x08\x03\x10\x11\x1a\x02v3\x20\x01"), &reply);
	assert_int_equal(reply.version_major, 3);
	assert_int_equal(reply.version_minor, 17);
	assert_int_equal(reply.version_sublevel, 1);

	read_good(BYTES("\x08\x09\x10\x01\x42\x06\x08\x01\x10\x00\x18\x01"), &reply);
	assert_true(reply.features.mem_track);
	assert_false(reply.features.lazy_pages);
}

static void test_texts_are_cut_and_ended(void **state)
{
	struct hk_criu_reply reply;
	struct hk_strbuf m = {0}, inner = {0};
	char text[100];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[3] = '\0';
	hk_pb_put_bytes(&inner, 1, text, sizeof(text));
	hk_pb_put_bytes(&m, 5, inner.text, inner.len);
	read_good(m.text, m.len, &reply);
	assert_int_equal(strlen(reply.script), sizeof(reply.script) - 1);
	assert_int_equal(reply.script[3], '?');
	hk_strbuf_done(&inner);
	hk_strbuf_done(&m);
}

static void test_what_is_no_answer(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{BYTES("\x08")},					 /* no value */
		{BYTES("\x08\xff")},					 /* half a value */
		{BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")}, /* 65 bits */
		{BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
		{BYTES("\x00\x01")}, /* field 0 */
		{BYTES("\x0b\x0c")}, /* a group */
		{BYTES("\x0f")},     /* no type */
		{BYTES("\x4a\x05"
		       "abcd")}, /* cut */
		{BYTES("\x4a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
		{BYTES("\x0d\x01\x02\x03")},		     /* fixed32, cut */
		{BYTES("\x09\x01\x02\x03\x04\x05\x06\x07")}, /* fixed64, cut */
		{BYTES("\x0a\x01\x01")},		     /* type as a string */
		{BYTES("\x28\x01")},			     /* notify as a number */
		{BYTES("\x2a\x02\x0a\x01")},		     /* cut inside of notify */
	};
	struct hk_criu_reply reply;

	(void)state;
	for (size_t i = 0; i < HK_COUNT(bad); i++) {
		struct hk_err err = {0};

		assert_int_equal(
			hk_criu_read_reply(bad[i].bytes, bad[i].len, &reply, &err), -EPROTO);
		assert_int_equal(err.code, EPROTO);
	}
}

static void test_unknown_fields_are_passed_over(void **state)
{
	struct hk_criu_reply reply;

	(void)state;
	read_good(
		BYTES("\xa0\x06\x01\xa5\x06\x01\x02\x03\x04\xa1\x06\x01\x02\x03\x04\x05\x06\x07\x08"
		      "\xa2\x06\x01x\x08\x06"),
		&reply);
	assert_int_equal(reply.type, HK_CRIU_NOTIFY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_requests),
		cmocka_unit_test(test_a_request_without_options),
		cmocka_unit_test(test_a_request),
		cmocka_unit_test(test_the_numbers_of_flags),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_texts_are_cut_and_ended),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_unknown_fields_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
