/* The conversation's rules, and messages over its socket. Part of the init image. */
#include "wire/wire.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/passfd.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct hk_msg_rule hk_msg_rules[HK_MSG_TYPE_COUNT] = {
#define X(upper, lower, least, most, up, back)                                                     \
	[HK_MSG_##upper] = {.name = #upper,                                                        \
		.size = sizeof(struct hk_msg_##lower),                                             \
		.fds_min = (least),                                                                \
		.fds_max = (most),                                                                 \
		.to_runtime = (up),                                                                \
		.answer = HK_MSG_##back},
	HK_MESSAGES(X)
#undef X
};

_Static_assert(HK_WIRE_MAX_FDS <= HK_PASS_MAX_FDS, "all of a message go at once");

void hk_wire_init(struct hk_wire *wire, int fd, bool runtime)
{
	*wire = (struct hk_wire){.fd = fd, .runtime = runtime, .pending = HK_MSG_NONE};
}

int hk_wire_step(struct hk_wire *wire, uint32_t type, bool to_runtime)
{
	const struct hk_msg_rule *rule = type < HK_MSG_TYPE_COUNT ? &hk_msg_rules[type] : NULL;

	if (!rule || rule->to_runtime != to_runtime)
		return -EPROTO;
	if (type == HK_MSG_LOG)
		return 0;
	if (type == HK_MSG_FAILED) {
		wire->done = true;
		wire->pending = HK_MSG_NONE;
		return 0;
	}
	if (wire->done || wire->plan_seen == (type == HK_MSG_PLAN))
		return -EPROTO;
	if (type == HK_MSG_PLAN) {
		wire->plan_seen = true;
		return 0;
	}
	if (to_runtime) {
		if (wire->pending != HK_MSG_NONE)
			return -EPROTO;
		if (rule->answer != HK_MSG_NONE)
			wire->pending = type;
		return 0;
	}
	if (wire->pending == HK_MSG_NONE || hk_msg_rules[wire->pending].answer != type)
		return -EPROTO;
	wire->pending = HK_MSG_NONE;
	wire->done = type == HK_MSG_START;
	return 0;
}

static ssize_t send_plain(const struct hk_wire *wire, const void *data, size_t len)
{
	ssize_t n;

	do {
		if (wire->runtime) /* SIGPIPE would be the caller's process' end */
			n = send(wire->fd, data, len, MSG_NOSIGNAL);
		else /* the init stage ignores SIGPIPE, and its seccomp filter allows this one */
			n = write(wire->fd, data, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int hk_wire_send(struct hk_wire *wire, enum hk_msg_type type, const void *payload, const int *fds,
	uint32_t fd_count)
{
	struct hk_wire next = *wire;
	struct hk_msg msg = {.type = type};
	const struct hk_msg_rule *rule;
	size_t len;
	ssize_t n;
	int r;

	r = hk_wire_step(&next, type, !wire->runtime);
	if (r < 0)
		return r;
	rule = &hk_msg_rules[type];
	if (fd_count < rule->fds_min || fd_count > rule->fds_max)
		return -EPROTO;
	msg.size = rule->size;
	if (payload)
		memcpy(&msg.payload, payload, rule->size);
	len = offsetof(struct hk_msg, payload) + rule->size;
	n = fd_count > 0 ? hk_send_fds(wire->fd, &msg, len, fds, fd_count)
			 : send_plain(wire, &msg, len);
	if (n < 0)
		return (int)n;
	if ((size_t)n != len)
		return -EIO;
	*wire = next;
	return 0;
}

static void close_all(int *fds, uint32_t fd_count)
{
	for (uint32_t i = 0; i < fd_count; i++)
		hk_close(&fds[i]);
}

static ssize_t receive_plain(int sock, void *buf, size_t cap)
{
	ssize_t n;

	do
		n = read(sock, buf, cap);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* One datagram. Its length, 0 at the end, or a negative errno; no fd is left open then. */
static ssize_t receive_datagram(
	struct hk_wire *wire, void *buf, size_t cap, int *ret_fds, uint32_t *ret_fd_count)
{
	bool plain = !wire->runtime && wire->pending != HK_MSG_NONE &&
		     hk_msg_rules[hk_msg_rules[wire->pending].answer].fds_max == 0;
	ssize_t n;

	*ret_fd_count = 0;
	n = plain ? receive_plain(wire->fd, buf, cap)
		  : hk_receive_fds(wire->fd, buf, cap, ret_fds, HK_WIRE_MAX_FDS, ret_fd_count);
	/* ECONNRESET: it closed without having read all */
	return n == -ECONNRESET ? 0 : n;
}

static bool slots_are_valid(const struct hk_msg_plan *plan, uint32_t fd_count)
{
	uint64_t seen = 0;

	if (plan->slot_count > HK_SLOT_COUNT || fd_count != 1 + plan->slot_count)
		return false;
	for (uint32_t i = 0; i < plan->slot_count; i++) {
		if (plan->slots[i] >= HK_SLOT_COUNT || seen & 1ull << plan->slots[i])
			return false;
		seen |= 1ull << plan->slots[i];
	}
	return true;
}

/* The message by itself, whenever it comes. */
static bool is_well_formed(struct hk_msg *msg, size_t len, uint32_t fd_count)
{
	const struct hk_msg_rule *rule;

	if (len < offsetof(struct hk_msg, payload) || msg->type >= HK_MSG_TYPE_COUNT)
		return false;
	rule = &hk_msg_rules[msg->type];
	if (msg->size != rule->size || len != offsetof(struct hk_msg, payload) + rule->size)
		return false;
	if (fd_count < rule->fds_min || fd_count > rule->fds_max)
		return false;
	if (msg->type == HK_MSG_PLAN)
		return slots_are_valid(&msg->payload.plan, fd_count);
	if (msg->type == HK_MSG_FAILED)
		hk_err_sanitize(&msg->payload.failed.error);
	if (msg->type == HK_MSG_LOG) {
		msg->payload.log.text[sizeof(msg->payload.log.text) - 1] = '\0';
		return msg->payload.log.level <= HK_LOG_DEBUG;
	}
	return true;
}

int hk_wire_receive(struct hk_wire *wire, struct hk_msg *ret, int *ret_fds, uint32_t *ret_fd_count)
{
	struct {
		struct hk_msg msg;
		char excess; /* read(2) cuts a datagram silently: this tells a longer one */
	} in = {0};
	uint32_t fd_count;
	ssize_t n;

	n = receive_datagram(wire, &in, sizeof(in), ret_fds, &fd_count);
	if (n < 0)
		return (int)n;
	if (n == 0) {
		close_all(ret_fds, fd_count);
		return -EPIPE;
	}
	if (!is_well_formed(&in.msg, (size_t)n, fd_count) ||
		hk_wire_step(wire, in.msg.type, wire->runtime) < 0) {
		close_all(ret_fds, fd_count);
		return -EPROTO;
	}
	*ret = in.msg;
	*ret_fd_count = fd_count;
	return 0;
}
