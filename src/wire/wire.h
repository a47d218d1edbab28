/* Messages between the runtime and its init stage: a SOCK_SEQPACKET pair, one message a datagram,
 * {header, payload}, at most the declared number of descriptors. One table says which message goes
 * which way, how big it is, how many fds it carries and what may follow; both sides read it.
 *
 * After the seccomp filter is loaded the init stage uses plain read(2) and write(2) here, which
 * every profile that can run a program allows: messages without fds never need sendmsg. */
#ifndef HK_WIRE_WIRE_H
#define HK_WIRE_WIRE_H

#include "base/err.h"
#include "plan/steps.h"

#include <stdbool.h>
#include <stdint.h>

#define HK_WIRE_MAX_FDS (1 + HK_SLOT_COUNT)

struct hk_msg_empty {
	uint32_t unused;
};

struct hk_msg_plan { /* fds: the plan's memfd, then one for each of slots[] */
	uint32_t slot_count;
	uint32_t slots[HK_SLOT_COUNT]; /* enum hk_slot */
};

struct hk_msg_step {
	uint32_t step; /* index in the plan */
};

struct hk_msg_sync {
	uint32_t point; /* enum hk_sync_point */
};

struct hk_msg_listener {
	int32_t fd; /* in the init stage: for pidfd_getfd */
};

struct hk_msg_log {
	uint32_t level; /* enum hk_log_level */
	char text[252];
};

struct hk_msg_failed {
	struct hk_err error;
};

/* clang-format off */
/* name, payload, least fds, most fds, toward the runtime?, the message that must answer it */
#define HK_MESSAGES(X) \
	X(PLAN,        plan,     1, HK_WIRE_MAX_FDS, false, NONE) /* first of all */ \
	X(IDS_MAPPED,  empty,    0, 0, false, NONE) \
	X(CONTINUE,    empty,    0, 0, false, NONE) \
	X(SOURCE,      empty,    1, 1, false, NONE) /* a detached mount */ \
	X(START,       empty,    0, 0, false, NONE) /* state is on disk, go to wait_start */ \
	X(MAP_IDS,     empty,    0, 0, true, IDS_MAPPED) /* unshared the user namespace: write my id maps */ \
	X(CHILD,       empty,    1, 1, true, NONE)  /* pidfd of the process that goes on; the sender exits */ \
	X(NETLINK,     empty,    1, 1, true, NONE)  /* a netlink socket of the network namespace */ \
	X(SYNC,        sync,     0, 0, true, CONTINUE) \
	X(WANT_SOURCE, step,     0, 0, true, SOURCE) /* a bind's source: out of reach in the user namespace, or id-mapped */ \
	X(LISTENER,    listener, 0, 0, true, CONTINUE) /* seccomp notify fd */ \
	X(READY,       empty,    0, 0, true, START) \
	X(FAILED,      failed,   0, 0, true, NONE)  /* always legal; the last one */ \
	X(LOG,         log,      0, 0, true, NONE)  /* always legal */
/* clang-format on */

enum hk_msg_type {
#define X(upper, lower, fds_min, fds_max, up, answer) HK_MSG_##upper,
	HK_MESSAGES(X)
#undef X
	HK_MSG_TYPE_COUNT,
	HK_MSG_NONE = HK_MSG_TYPE_COUNT
};

union hk_msg_payload {
	struct hk_msg_empty empty;
	struct hk_msg_plan plan;
	struct hk_msg_step step;
	struct hk_msg_sync sync;
	struct hk_msg_listener listener;
	struct hk_msg_log log;
	struct hk_msg_failed failed;
};

struct hk_msg {
	uint32_t type; /* enum hk_msg_type */
	uint32_t size; /* of the payload */
	union hk_msg_payload payload;
};

struct hk_msg_rule {
	const char *name;
	uint32_t size;
	uint32_t fds_min;
	uint32_t fds_max;
	bool to_runtime;
	uint32_t answer; /* the only message that may come back next; HK_MSG_NONE: wants none */
};

extern const struct hk_msg_rule hk_msg_rules[HK_MSG_TYPE_COUNT];

/* One side's view of the conversation: what it last received or sent that wants an answer. */
struct hk_wire {
	int fd;
	bool runtime;     /* which side we are */
	bool plan_seen;   /* PLAN went over, as the first message and once */
	bool done;        /* READY was answered, or FAILED went over: nothing may follow but LOG, FAILED */
	uint32_t pending; /* a question without its answer, else HK_MSG_NONE */
};

void hk_wire_init(struct hk_wire *wire, int fd, bool runtime);

/* May this message go over now, in that direction? Pure: 0, or -EPROTO. Updates the state. */
int hk_wire_step(struct hk_wire *wire, uint32_t type, bool to_runtime);

/* Send; fds stay the caller's. 0, -EPROTO where the table forbids it, or the socket's errno. */
int hk_wire_send(struct hk_wire *wire, enum hk_msg_type type, const void *payload, const int *fds,
	uint32_t fd_count);

/* Receive one message and its fds (close-on-exec, now the caller's; ret_fds has room for
 * HK_WIRE_MAX_FDS). Type, size, fd count, direction and order are checked. 0; -EPROTO after closing
 * whatever came; -EPIPE at the end of the conversation; or another negative errno. */
int hk_wire_receive(struct hk_wire *wire, struct hk_msg *ret, int *ret_fds, uint32_t *ret_fd_count);

#endif
