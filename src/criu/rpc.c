/* The messages' fields, a table each, and the two walkers that write and read by them. */
#include "criu/rpc.h"

#include "base/err.h"
#include "base/mem.h"
#include "criu/pb.h"

#include <errno.h>
#include <string.h>

enum field_type {
	FLAG,	     /* bool; written where true */
	NUMBER,	     /* int; written where not negative */
	STRING,	     /* const char *; written where not NULL */
	STRINGS,     /* struct hk_strings */
	PAIRS,	     /* struct hk_pairs: messages of two strings, 1 and 2 */
	INHERITS,    /* struct hk_criu_inherits: messages of key and fd */
	PAGE_SERVER, /* const char *, with page_server_port beside it: criu_page_server_info */
	TEXT,	     /* char[]; read only, what does not fit is cut */
	MESSAGE,     /* more fields of the same struct; read only */
};

struct message;

struct field {
	uint32_t number;
	enum field_type type;
	size_t offset;
	size_t size;		       /* of a TEXT */
	const struct message *message; /* of a MESSAGE */
};

struct message {
	const struct field *fields;
	size_t count;
};

/* clang-format off */
#define OPT(n, kind, member) {.number = (n), .type = (kind), .offset = offsetof(struct hk_criu_opts, member)}
#define REPLY(n, kind, member) \
	{.number = (n), .type = (kind), .offset = offsetof(struct hk_criu_reply, member), \
		.size = sizeof(((struct hk_criu_reply *)0)->member)}
#define PART(n, part) {.number = (n), .type = MESSAGE, .message = &(part)}
#define FIELDS(table) {.fields = (table), .count = HK_COUNT(table)}

static const struct field opts_fields[] = {
	OPT(1, NUMBER, images_dir_fd),
	OPT(2, NUMBER, pid),
	OPT(3, FLAG, leave_running),
	OPT(4, FLAG, ext_unix_sk),
	OPT(5, FLAG, tcp_established),
	OPT(6, FLAG, evasive_devices),
	OPT(7, FLAG, shell_job),
	OPT(8, FLAG, file_locks),
	OPT(9, NUMBER, log_level),
	OPT(10, STRING, log_file),
	OPT(11, PAGE_SERVER, page_server_address),
	OPT(12, FLAG, notify_scripts),
	OPT(13, STRING, root),
	OPT(14, STRING, parent_img),
	OPT(15, FLAG, track_mem),
	OPT(16, FLAG, auto_dedup),
	OPT(17, NUMBER, work_dir_fd),
	OPT(18, FLAG, link_remap),
	OPT(25, PAIRS, cg_roots),
	OPT(26, FLAG, rst_sibling),
	OPT(27, INHERITS, inherit),
	OPT(34, NUMBER, manage_cgroups_mode),
	OPT(37, STRINGS, external),
	OPT(38, NUMBER, empty_ns),
	OPT(39, PAIRS, join_ns),
	OPT(44, STRING, freeze_cgroup),
	OPT(46, FLAG, tcp_skip_in_flight),
	OPT(48, FLAG, lazy_pages),
	OPT(50, FLAG, orphan_pts_master),
	OPT(51, STRING, config_file),
	OPT(52, FLAG, tcp_close),
	OPT(53, STRING, lsm_profile),
	OPT(63, STRING, lsm_mount_context),
	OPT(64, NUMBER, network_lock),
};
static const struct message opts_message = FIELDS(opts_fields);

enum { /* criu_req */
	REQ_TYPE = 1,
	REQ_OPTS = 2,
	REQ_NOTIFY_SUCCESS = 3,
	REQ_KEEP_OPEN = 4,
	REQ_FEATURES = 5,
};

enum { /* criu_features, inherit_fd, criu_page_server_info; ext_mount_map and its like */
	FEATURE_MEM_TRACK = 1,
	FEATURE_LAZY_PAGES = 2,
	INHERIT_KEY = 1,
	INHERIT_FD = 2,
	PAGE_SERVER_ADDRESS = 1,
	PAGE_SERVER_PORT = 2,
	PAIR_KEY = 1,
	PAIR_VALUE = 2,
};

static const struct field restore_fields[] = {REPLY(1, NUMBER, restored_pid)};
static const struct message restore_message = FIELDS(restore_fields);

static const struct field notify_fields[] = {
	REPLY(1, TEXT, script),
	REPLY(2, NUMBER, notify_pid),
};
static const struct message notify_message = FIELDS(notify_fields);

static const struct field feature_fields[] = {
	REPLY(FEATURE_MEM_TRACK, FLAG, features.mem_track),
	REPLY(FEATURE_LAZY_PAGES, FLAG, features.lazy_pages),
};
static const struct message feature_message = FIELDS(feature_fields);

static const struct field version_fields[] = {
	REPLY(1, NUMBER, version_major),
	REPLY(2, NUMBER, version_minor),
	REPLY(4, NUMBER, version_sublevel),
};
static const struct message version_message = FIELDS(version_fields);

static const struct field reply_fields[] = {
	REPLY(1, NUMBER, type),
	REPLY(2, FLAG, success),
	PART(4, restore_message),
	PART(5, notify_message),
	REPLY(7, NUMBER, error),
	PART(8, feature_message),
	REPLY(9, TEXT, error_text),
	PART(10, version_message),
};
static const struct message reply_message = FIELDS(reply_fields);
/* clang-format on */

static void put_string(struct hk_strbuf *out, uint32_t number, const char *text)
{
	hk_pb_put_bytes(out, number, text, strlen(text));
}

/* A message as a field of another one; inner is used up. */
static void put_message(struct hk_strbuf *out, uint32_t number, struct hk_strbuf *inner)
{
	out->failed = out->failed || inner->failed;
	hk_pb_put_bytes(out, number, inner->text, inner->len);
	hk_strbuf_done(inner);
}

static void put_pairs(struct hk_strbuf *out, uint32_t number, const struct hk_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct hk_strbuf inner = {0};

		put_string(&inner, PAIR_KEY, pairs->items[i].key);
		put_string(&inner, PAIR_VALUE, pairs->items[i].value);
		put_message(out, number, &inner);
	}
}

static void put_inherits(
	struct hk_strbuf *out, uint32_t number, const struct hk_criu_inherits *inherits)
{
	for (size_t i = 0; i < inherits->count; i++) {
		struct hk_strbuf inner = {0};

		put_string(&inner, INHERIT_KEY, inherits->items[i].key);
		hk_pb_put_number(&inner, INHERIT_FD, (uint64_t)inherits->items[i].fd);
		put_message(out, number, &inner);
	}
}

static void put_page_server(struct hk_strbuf *out, uint32_t number, const char *address, int port)
{
	struct hk_strbuf inner = {0};

	put_string(&inner, PAGE_SERVER_ADDRESS, address);
	hk_pb_put_number(&inner, PAGE_SERVER_PORT, (uint64_t)port);
	put_message(out, number, &inner);
}

static void put_field(
	struct hk_strbuf *out, const struct field *field, const struct hk_criu_opts *opts)
{
	const void *member = (const char *)opts + field->offset;
	const struct hk_strings *strings = member;
	const char *const *string = member;
	const int *number = member;

	switch (field->type) {
	case FLAG:
		if (*(const bool *)member)
			hk_pb_put_number(out, field->number, 1);
		return;
	case NUMBER:
		if (*number >= 0)
			hk_pb_put_number(out, field->number, (uint64_t)*number);
		return;
	case STRING:
		if (*string)
			put_string(out, field->number, *string);
		return;
	case STRINGS:
		for (size_t i = 0; i < strings->count; i++)
			put_string(out, field->number, strings->items[i]);
		return;
	case PAIRS:
		put_pairs(out, field->number, member);
		return;
	case INHERITS:
		put_inherits(out, field->number, member);
		return;
	case PAGE_SERVER:
		if (*string)
			put_page_server(out, field->number, *string, opts->page_server_port);
		return;
	case TEXT:
	case MESSAGE:
		return; /* of answers */
	}
}

void hk_criu_put_request(
	struct hk_strbuf *out, enum hk_criu_type type, const struct hk_criu_opts *opts)
{
	struct hk_strbuf inner = {0};

	hk_pb_put_number(out, REQ_TYPE, type);
	for (size_t i = 0; i < opts_message.count; i++)
		put_field(&inner, &opts_message.fields[i], opts);
	put_message(out, REQ_OPTS, &inner);
}

void hk_criu_put_version_request(struct hk_strbuf *out)
{
	hk_pb_put_number(out, REQ_TYPE, HK_CRIU_VERSION);
	hk_pb_put_number(out, REQ_KEEP_OPEN, 1);
}

void hk_criu_put_feature_request(struct hk_strbuf *out, const struct hk_criu_features *asked)
{
	struct hk_strbuf inner = {0};

	hk_pb_put_number(out, REQ_TYPE, HK_CRIU_FEATURE_CHECK);
	hk_pb_put_number(out, REQ_KEEP_OPEN, 1);
	if (asked->mem_track)
		hk_pb_put_number(&inner, FEATURE_MEM_TRACK, 1);
	if (asked->lazy_pages)
		hk_pb_put_number(&inner, FEATURE_LAZY_PAGES, 1);
	put_message(out, REQ_FEATURES, &inner);
}

void hk_criu_put_notify_answer(struct hk_strbuf *out, bool success)
{
	hk_pb_put_number(out, REQ_TYPE, HK_CRIU_NOTIFY);
	hk_pb_put_number(out, REQ_NOTIFY_SUCCESS, success);
}

static const struct field *find_field(const struct message *message, uint32_t number)
{
	for (size_t i = 0; i < message->count; i++)
		if (message->fields[i].number == number)
			return &message->fields[i];
	return NULL;
}

/* A string without NUL, whatever criu sent. */
static void read_text(const struct hk_pb_value *value, char *ret, size_t size)
{
	size_t len = value->len < size ? value->len : size - 1;

	for (size_t i = 0; i < len; i++)
		ret[i] = value->bytes[i] ? (char)value->bytes[i] : '?';
	ret[len] = '\0';
}

static enum hk_pb_type wire_type(enum field_type type)
{
	return type == FLAG || type == NUMBER ? HK_PB_NUMBER : HK_PB_BYTES;
}

static int read_message(
	const struct message *message, struct hk_pb_reader reader, struct hk_criu_reply *reply);

static int read_field(
	const struct field *field, const struct hk_pb_value *value, struct hk_criu_reply *reply)
{
	void *member = (char *)reply + field->offset;

	if (value->type != wire_type(field->type))
		return -EPROTO;
	if (field->type == MESSAGE)
		return read_message(field->message,
			(struct hk_pb_reader){value->bytes, value->bytes + value->len}, reply);
	if (field->type == FLAG)
		*(bool *)member = value->number != 0;
	else if (field->type == NUMBER)
		*(int *)member = (int)(uint32_t)value->number;
	else
		read_text(value, member, field->size);
	return 0;
}

/* Messages are nested as the tables are: two levels. */
static int read_message( // NOLINT(misc-no-recursion)
	const struct message *message, struct hk_pb_reader reader, struct hk_criu_reply *reply)
{
	struct hk_pb_value value;
	int r;

	while ((r = hk_pb_next(&reader, &value)) > 0) {
		const struct field *field = find_field(message, value.field);

		if (field)
			r = read_field(field, &value, reply);
		if (r < 0)
			return r;
	}
	return r;
}

int hk_criu_read_reply(
	const void *message, size_t len, struct hk_criu_reply *ret, struct hk_err *err)
{
	struct hk_pb_reader reader = {message, (const uint8_t *)message + len};

	*ret = (struct hk_criu_reply){0};
	if (read_message(&reply_message, reader, ret) < 0)
		return hk_refuse(err, EPROTO, "criu sent %zu bytes that are no answer", len);
	return 0;
}
