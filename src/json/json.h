/* JSON, by yajl: a text becomes nodes that know where they stood. The only folder that names yajl.
 *
 * Limits: HK_JSON_MAX_DEPTH levels; no NUL in any string or key; no duplicate key in an object; no
 * byte but white space behind the value; UTF-8 throughout. */
#ifndef HK_JSON_JSON_H
#define HK_JSON_JSON_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hk_err;

#define HK_JSON_MAX_DEPTH 128
#define HK_JSON_MAX_SIZE ((size_t)16 << 20)

enum hk_node_type {
	HK_NODE_NULL,
	HK_NODE_BOOL,
	HK_NODE_NUMBER,
	HK_NODE_STRING,
	HK_NODE_ARRAY,
	HK_NODE_OBJECT,
};

struct hk_node {
	enum hk_node_type type;
	uint32_t offset;      /* of its first byte in the text */
	const char *key;      /* in an object, else NULL */
	struct hk_node *next; /* sibling */
	union {
		bool boolean;
		const char *text;      /* of a string; of a number, as written */
		struct hk_node *first; /* child of an array or object */
	};
	uint32_t count; /* children */
};

#define hk_node_each(child, parent)                                                                \
	for (const struct hk_node *child = (parent)->first; child; child = child->next)

/* Read a whole text. name is the file's name in err->position. Nodes and strings live in arena. An
 * error names the innermost value that it is in, where the text is not just no JSON. */
int hk_json_read(const char *text, size_t len, const char *name, struct hk_arena *arena,
	const struct hk_node **ret, struct hk_err *err);
/* Read an object's members before the one of that name alone: what is behind is not looked at. Where there
 * is none of that name, all of the text is read. */
int hk_json_read_head(const char *text, size_t len, const char *name, const char *end,
	struct hk_arena *arena, const struct hk_node **ret, struct hk_err *err);

/* The member of an object, or NULL. */
const struct hk_node *hk_node_get(const struct hk_node *object, const char *key);
/* The node that a JSON pointer (RFC 6901) names, or NULL. */
const struct hk_node *hk_node_at(const struct hk_node *root, const char *pointer);

/* Append "/" and the reference token, escaped, to a JSON pointer; what does not fit is cut. */
void hk_pointer_add(char *pointer, size_t cap, const char *token);
void hk_pointer_add_index(char *pointer, size_t cap, size_t index);

/* Line and column (both from 1, in bytes) of an offset. */
void hk_json_position(const char *text, size_t len, size_t offset, size_t *ret_line,
	size_t *ret_column);

/* Fill the position of each error ("NAME:LINE:COLUMN") from its property, where it has that alone; of a
 * property that is absent, with the place of what it would be in. The text was read before, and is read
 * once more, if at all. */
void hk_json_locate(
	const char *text, size_t len, const char *name, struct hk_err *errs, size_t count);

const char *hk_node_type_name(enum hk_node_type type); /* "an object", "a string", ... */

/* ---- writing ---- */

struct hk_strbuf;

/* A writer that puts commas, colons and indentation by itself. indent NULL: one line. Values in an
 * array pass a NULL key. Errors are sticky in the buffer. */
struct hk_writer {
	struct hk_strbuf *out;
	const char *indent;
	unsigned int depth;
	bool first; /* nothing in this array or object yet */
	bool lossy; /* a string had bytes that are no UTF-8, and cannot be read back */
};

void hk_writer_init(struct hk_writer *writer, struct hk_strbuf *out, const char *indent);
void hk_write_object_begin(struct hk_writer *writer, const char *key);
void hk_write_object_end(struct hk_writer *writer);
void hk_write_array_begin(struct hk_writer *writer, const char *key);
void hk_write_array_end(struct hk_writer *writer);
/* A NULL string is written as null; bytes that are no UTF-8 as U+FFFD. Slashes are not escaped; <, > and & are not either. */
void hk_write_string(struct hk_writer *writer, const char *key, const char *value);
void hk_write_i64(struct hk_writer *writer, const char *key, int64_t value);
void hk_write_u64(struct hk_writer *writer, const char *key, uint64_t value);
/* value / 1000, with three decimals. */
void hk_write_thousandths(struct hk_writer *writer, const char *key, uint64_t value);
void hk_write_bool(struct hk_writer *writer, const char *key, bool value);
void hk_write_null(struct hk_writer *writer, const char *key);

#endif
