/* The conversation: every pair of messages in both directions, and hostile datagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	struct hk_wire runtime, init;
};

static int setup(void **state)
{
	struct pair *p = test_calloc(1, sizeof(*p));
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	hk_wire_init(&p->runtime, sv[0], true);
	hk_wire_init(&p->init, sv[1], false);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	hk_close(&p->runtime.fd);
	hk_close(&p->init.fd);
	test_free(p);
	return 0;
}

/* What the conversation allows, written down a second time and by hand: the state after
 * one message (behind PLAN), then who may speak. */
static bool is_legal_second(uint32_t first, uint32_t second)
{
	if (second == HK_MSG_LOG || second == HK_MSG_FAILED)
		return true;
	switch (first) {
	case HK_MSG_FAILED:
		return false;
	case HK_MSG_MAP_IDS:
		return second == HK_MSG_IDS_MAPPED;
	case HK_MSG_SYNC:
	case HK_MSG_LISTENER:
		return second == HK_MSG_CONTINUE;
	case HK_MSG_WANT_SOURCE:
		return second == HK_MSG_SOURCE;
	case HK_MSG_READY:
		return second == HK_MSG_START;
	default: /* PLAN, CHILD, NETLINK, LOG want no answer: the init stage goes on */
		return second == HK_MSG_MAP_IDS || second == HK_MSG_CHILD ||
		       second == HK_MSG_NETLINK || second == HK_MSG_SYNC ||
		       second == HK_MSG_WANT_SOURCE || second == HK_MSG_LISTENER ||
		       second == HK_MSG_READY;
	}
}

static void all_pairs_both_directions(void **state)
{
	int legal = 0;

	(void)state;
	for (uint32_t first = 0; first < HK_MSG_TYPE_COUNT; first++) {
		for (uint32_t second = 0; second < HK_MSG_TYPE_COUNT; second++) {
			for (int up = 0; up < 2; up++) {
				struct hk_wire wire;
				bool right_way = hk_msg_rules[second].to_runtime == (bool)up;
				int expect;

				hk_wire_init(&wire, -1, true);
				assert_int_equal(hk_wire_step(&wire, HK_MSG_PLAN, false), 0);
				if (first != HK_MSG_PLAN &&
					hk_wire_step(&wire, first, hk_msg_rules[first].to_runtime) <
						0)
					continue; /* an answer to nothing */
				expect = right_way && is_legal_second(first, second) ? 0 : -EPROTO;
				assert_int_equal(hk_wire_step(&wire, second, up), expect);
				legal += expect == 0;
			}
		}
	}
	assert_int_equal(legal, 4 * 9 + 5 * 3 + 2); /* PLAN CHILD NETLINK LOG; questions; FAILED */
}

static void plan_is_first_and_once(void **state)
{
	struct hk_wire wire;

	(void)state;
	for (uint32_t type = 0; type < HK_MSG_TYPE_COUNT; type++) {
		bool always = type == HK_MSG_LOG || type == HK_MSG_FAILED || type == HK_MSG_PLAN;

		hk_wire_init(&wire, -1, true);
		assert_int_equal(hk_wire_step(&wire, type, hk_msg_rules[type].to_runtime),
			always ? 0 : -EPROTO);
	}
	hk_wire_init(&wire, -1, true);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_PLAN, false), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_PLAN, false), -EPROTO);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_TYPE_COUNT, true), -EPROTO);
	assert_int_equal(hk_wire_step(&wire, UINT32_MAX, false), -EPROTO);
}

static void nothing_follows_the_end(void **state)
{
	struct hk_wire wire;

	(void)state;
	hk_wire_init(&wire, -1, true);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_PLAN, false), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_READY, true), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_START, false), 0);
	assert_true(wire.done);
	for (uint32_t type = 0; type < HK_MSG_TYPE_COUNT; type++) {
		struct hk_wire copy = wire;
		bool always = type == HK_MSG_LOG || type == HK_MSG_FAILED;

		assert_int_equal(hk_wire_step(&copy, type, hk_msg_rules[type].to_runtime),
			always ? 0 : -EPROTO);
	}
}

static void a_log_line_keeps_the_question(void **state)
{
	struct hk_wire wire;

	(void)state;
	hk_wire_init(&wire, -1, true);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_PLAN, false), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_SYNC, true), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_LOG, true), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_SYNC, true), -EPROTO);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_CONTINUE, false), 0);
	assert_int_equal(hk_wire_step(&wire, HK_MSG_CONTINUE, false), -EPROTO);
}

static void rules_are_consistent(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < HK_MSG_TYPE_COUNT; type++) {
		const struct hk_msg_rule *rule = &hk_msg_rules[type];

		assert_non_null(rule->name);
		assert_true(rule->size > 0 && rule->size <= sizeof(union hk_msg_payload));
		assert_true(rule->fds_min <= rule->fds_max && rule->fds_max <= HK_WIRE_MAX_FDS);
		if (rule->answer != HK_MSG_NONE) {
			assert_true(rule->to_runtime);
			assert_false(hk_msg_rules[rule->answer].to_runtime);
		}
	}
}

static void send_plan(struct pair *p)
{
	struct hk_msg_plan plan = {.slot_count = 1, .slots = {HK_SLOT_START}};
	struct hk_msg msg;
	uint32_t count = 0;
	int fds[HK_WIRE_MAX_FDS];

	assert_int_equal(hk_wire_send(&p->runtime, HK_MSG_PLAN, &plan, (int[]){0, 1}, 2), 0);
	assert_int_equal(hk_wire_receive(&p->init, &msg, fds, &count), 0);
	assert_int_equal(msg.type, HK_MSG_PLAN);
	assert_int_equal(msg.payload.plan.slots[0], HK_SLOT_START);
	assert_int_equal(count, 2);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		hk_close(&fds[i]);
	}
}

static void talks_both_ways(void **state)
{
	struct pair *p = *state;
	struct hk_msg_sync sync = {.point = HK_SYNC_HOOKS};
	struct hk_msg msg;
	uint32_t count;
	int fds[HK_WIRE_MAX_FDS];

	send_plan(p);
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_NETLINK, NULL, (int[]){0}, 1), 0);
	assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), 0);
	assert_int_equal(msg.type, HK_MSG_NETLINK);
	assert_int_equal(count, 1);
	assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	hk_close(&fds[0]);
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_SYNC, &sync, NULL, 0), 0);
	assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), 0);
	assert_int_equal(msg.payload.sync.point, HK_SYNC_HOOKS);
	assert_int_equal(hk_wire_send(&p->runtime, HK_MSG_CONTINUE, NULL, NULL, 0), 0);
	assert_int_equal(hk_wire_receive(&p->init, &msg, fds, &count), 0);
	assert_int_equal(msg.type, HK_MSG_CONTINUE);
	assert_int_equal(count, 0);
}

static void refuses_to_send_nonsense(void **state)
{
	struct pair *p = *state;
	int fds[HK_WIRE_MAX_FDS + 1] = {0};

	assert_int_equal(hk_wire_send(&p->runtime, HK_MSG_CONTINUE, NULL, NULL, 0), -EPROTO);
	assert_int_equal(hk_wire_send(&p->runtime, HK_MSG_READY, NULL, NULL, 0), -EPROTO);
	assert_int_equal(hk_wire_send(&p->runtime, HK_MSG_PLAN, NULL, NULL, 0), -EPROTO);
	assert_int_equal(
		hk_wire_send(&p->runtime, HK_MSG_PLAN, NULL, fds, HK_WIRE_MAX_FDS + 1), -EPROTO);
	assert_false(p->runtime.plan_seen); /* what was not sent did not happen */
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_SYNC, NULL, NULL, 0), -EPROTO);
}

static void errors_and_logs_are_ended(void **state)
{
	struct pair *p = *state;
	struct hk_msg_failed failed;
	struct hk_msg_log log = {.level = HK_LOG_WARNING};
	struct hk_msg msg;
	uint32_t count;
	int fds[HK_WIRE_MAX_FDS];

	memset(log.text, 'x', sizeof(log.text));
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_LOG, &log, NULL, 0), 0);
	assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), 0);
	assert_int_equal(strlen(msg.payload.log.text), sizeof(log.text) - 1);
	memset(&failed, 0xff, sizeof(failed));
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_FAILED, &failed, NULL, 0), 0);
	assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), 0);
	assert_int_equal(msg.payload.failed.error.code, EPROTO);
	assert_int_equal(
		strlen(msg.payload.failed.error.message), sizeof(failed.error.message) - 1);
	assert_true(p->runtime.done);
}

static void the_end_is_epipe(void **state)
{
	struct pair *p = *state;
	struct hk_msg msg;
	uint32_t count;
	int fds[HK_WIRE_MAX_FDS];

	send_plan(p);
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_READY, NULL, NULL, 0), 0);
	hk_close(&p->init.fd);
	assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), 0);
	assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), -EPIPE);
	/* and SIGPIPE does not end the runtime */
	assert_int_equal(hk_wire_send(&p->runtime, HK_MSG_START, NULL, NULL, 0), -EPIPE);
}

static void an_unread_message_is_the_end_as_well(void **state)
{
	struct pair *p = *state;
	struct hk_msg msg;
	uint32_t count;
	int fds[HK_WIRE_MAX_FDS];

	send_plan(p);
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_READY, NULL, NULL, 0), 0);
	hk_close(&p->runtime.fd); /* ECONNRESET at the other side */
	assert_int_equal(hk_wire_receive(&p->init, &msg, fds, &count), -EPIPE);
}

/* ---- hostile datagrams ---- */

static size_t lowest_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	(void)close(fd);
	return (size_t)fd;
}

static void send_raw(int sock, const void *data, size_t len, uint32_t fd_count)
{
	struct iovec iov = {(void *)data, len};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *rights;

	if (fd_count > 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memset(CMSG_DATA(rights), 0, fd_count * sizeof(int)); /* fd 0, again and again */
	}
	assert_int_equal(sendmsg(sock, &header, 0), len);
}

static void refuses_hostile_datagrams(void **state)
{
	struct pair *p = *state;
	struct {
		struct hk_msg msg;
		char more[64];
	} raw;
	size_t head = offsetof(struct hk_msg, payload);
	const struct {
		uint32_t type, size;
		size_t len;
		uint32_t fds;
	} cases[] = {
		{HK_MSG_SYNC, 4, 4, 0},		  /* less than a header */
		{HK_MSG_SYNC, 4, head, 0},	  /* no payload */
		{HK_MSG_SYNC, 4, head + 3, 0},	  /* cut */
		{HK_MSG_SYNC, 4, head + 5, 0},	  /* too long */
		{HK_MSG_SYNC, 8, head + 4, 0},	  /* lying size */
		{HK_MSG_SYNC, 8, head + 8, 0},	  /* size of another message */
		{HK_MSG_SYNC, 4, sizeof(raw), 0}, /* bigger than any */
		{HK_MSG_SYNC, 4, head + 4, 1},	  /* an fd too many */
		{HK_MSG_NETLINK, 4, head + 4, 0}, /* none where one is due */
		{HK_MSG_NETLINK, 4, head + 4, 2},
		{HK_MSG_NETLINK, 4, head + 4, 40}, /* more than there is room for */
		{HK_MSG_TYPE_COUNT, 4, head + 4, 1}, {UINT32_MAX, 4, head + 4, 1},
		{HK_MSG_CONTINUE, 4, head + 4, 1}, /* the wrong way */
		{HK_MSG_CONTINUE, 4, head + 4, 0},
		{HK_MSG_LOG, 256, head + 256, 0}, /* level out of range */
	};
	size_t before;

	send_plan(p);
	before = lowest_free_fd();
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_wire was = p->runtime;
		struct hk_msg msg;
		uint32_t count = 99;
		int fds[HK_WIRE_MAX_FDS];

		memset(&raw, 0x7f, sizeof(raw));
		raw.msg.type = cases[i].type;
		raw.msg.size = cases[i].size;
		send_raw(p->init.fd, &raw, cases[i].len, cases[i].fds);
		assert_int_equal(hk_wire_receive(&p->runtime, &msg, fds, &count), -EPROTO);
		assert_int_equal(count, 99);
		assert_memory_equal(&was, &p->runtime, sizeof(was));
		assert_int_equal(lowest_free_fd(), before); /* whatever came is closed */
	}
}

/* The init stage reads answers without fds by read(2), which cuts and drops silently. */
static void init_refuses_hostile_answers(void **state)
{
	struct pair *p = *state;
	struct hk_msg raw = {.type = HK_MSG_CONTINUE, .size = 4};
	struct hk_msg msg;
	uint32_t count = 99;
	int fds[HK_WIRE_MAX_FDS];
	char big[sizeof(struct hk_msg) + 64] = {0};
	size_t before;

	send_plan(p);
	before = lowest_free_fd();
	assert_int_equal(hk_wire_send(&p->init, HK_MSG_SYNC, &(struct hk_msg_sync){0}, NULL, 0), 0);
	memcpy(big, &raw, sizeof(raw));
	send_raw(p->runtime.fd, big, sizeof(big), 0);
	assert_int_equal(hk_wire_receive(&p->init, &msg, fds, &count), -EPROTO);
	raw.type = HK_MSG_START;
	send_raw(p->runtime.fd, &raw, offsetof(struct hk_msg, payload) + 4, 0);
	assert_int_equal(hk_wire_receive(&p->init, &msg, fds, &count), -EPROTO);
	raw.type = HK_MSG_CONTINUE;
	send_raw(p->runtime.fd, &raw, offsetof(struct hk_msg, payload) + 4, 1);
	assert_int_equal(
		hk_wire_receive(&p->init, &msg, fds, &count), 0); /* read(2) drops the fd */
	assert_int_equal(count, 0);
	assert_int_equal(lowest_free_fd(), before);
}

static void plan_slots_are_checked(void **state)
{
	static const struct {
		uint32_t fds, count, slots[2];
	} cases[] = {
		{2, 2, {0, 1}}, /* fewer fds than slots */
		{3, 1, {0, 0}}, /* more */
		{3, 2, {0, 0}}, /* the same twice */
		{2, 1, {HK_SLOT_COUNT, 0}},
		{1, UINT32_MAX, {0, 0}},
	};
	struct pair *p = *state;

	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_msg raw = {.type = HK_MSG_PLAN, .size = sizeof(struct hk_msg_plan)};
		struct hk_msg msg;
		uint32_t count;
		int fds[HK_WIRE_MAX_FDS];

		raw.payload.plan.slot_count = cases[i].count;
		memcpy(raw.payload.plan.slots, cases[i].slots, sizeof(cases[i].slots));
		send_raw(p->runtime.fd, &raw, offsetof(struct hk_msg, payload) + raw.size,
			cases[i].fds);
		assert_int_equal(hk_wire_receive(&p->init, &msg, fds, &count), -EPROTO);
	}
	assert_false(p->init.plan_seen);
}

int main(void)
{
#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs_both_directions),
		cmocka_unit_test(plan_is_first_and_once),
		cmocka_unit_test(nothing_follows_the_end),
		cmocka_unit_test(a_log_line_keeps_the_question),
		cmocka_unit_test(rules_are_consistent),
		PAIR_TEST(talks_both_ways),
		PAIR_TEST(refuses_to_send_nonsense),
		PAIR_TEST(errors_and_logs_are_ended),
		PAIR_TEST(the_end_is_epipe),
		PAIR_TEST(an_unread_message_is_the_end_as_well),
		PAIR_TEST(refuses_hostile_datagrams),
		PAIR_TEST(init_refuses_hostile_answers),
		PAIR_TEST(plan_slots_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
