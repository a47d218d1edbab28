/* The JSON reader: yajl's events become a tree of nodes that know their offsets. */
#include "json/json.h"

#include "base/err.h"
#include "base/str.h"
#include "json/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* Objects of up to this many members are checked for duplicate keys by comparing each pair. */
#define FEW_MEMBERS 16

struct level {
	struct hk_node *node; /* an array or object that is not at its end */
	struct hk_node *last; /* its newest child */
};

struct reader {
	yajl_handle yajl;
	const char *text;
	size_t len;
	const char *name;
	struct hk_arena *arena;
	struct hk_err *err;
	size_t end;	     /* of the token before this one */
	const char *key;     /* of the member whose value comes next */
	const char *end_key; /* the outermost object's member to stop at; NULL: none */
	bool at_end_key;
	struct hk_node *root;
	unsigned int depth;
	struct level levels[HK_JSON_MAX_DEPTH];
};

/* yajl's callbacks: 1 goes on, 0 stops. */
enum { STOP = 0, GO_ON = 1 };

static int stop_at(struct reader *r, size_t offset, int errnum, const char *why)
{
	size_t line, column;

	(void)hk_refuse(r->err, errnum, "invalid JSON: %s", why);
	hk_json_position(r->text, r->len, offset, &line, &column);
	if (r->err)
		(void)snprintf(r->err->position, sizeof(r->err->position), "%s:%zu:%zu", r->name,
			line, column);
	return STOP;
}

/* The newest value in each of the outermost levels, which are as many as depth. */
static void name_place(struct reader *r, unsigned int depth)
{
	char *pointer = r->err->property;

	for (unsigned int i = 0; i < depth; i++) {
		const struct hk_node *level = r->levels[i].node, *last = r->levels[i].last;

		if (last->key)
			hk_pointer_add(pointer, sizeof(r->err->property), last->key);
		else
			hk_pointer_add_index(pointer, sizeof(r->err->property), level->count - 1);
	}
}

static int out_of_memory(struct reader *r)
{
	(void)hk_fail(r->err, ENOMEM, "read %s", r->name);
	return STOP;
}

/* In a callback, yajl has consumed everything up to the end of this token, but does not say where
 * the token began (an escaped string is handed over decoded, with another length). Only white space
 * and separators, which cause no callback, can stand between two tokens. */
static size_t token_start(const struct reader *r)
{
	size_t i = r->end;

	while (i < r->len && memchr(" \t\r\n\v\f,:", r->text[i], 8)) /* as yajl's lexer */
		i++;
	return i;
}

static size_t next_token(struct reader *r)
{
	size_t start = token_start(r);

	r->end = yajl_get_bytes_consumed(r->yajl);
	return start;
}

static struct hk_node *add_node(struct reader *r, enum hk_node_type type)
{
	struct level *level = r->depth ? &r->levels[r->depth - 1] : NULL;
	struct hk_node *node = hk_arena_alloc(r->arena, sizeof(*node));
	size_t offset = next_token(r);

	if (!node) {
		(void)out_of_memory(r);
		return NULL;
	}
	node->type = type;
	node->offset = (uint32_t)offset; /* HK_JSON_MAX_SIZE fits */
	node->key = r->key;
	r->key = NULL;
	if (!level) {
		r->root = node;
		return node;
	}
	if (level->last)
		level->last->next = node;
	else
		level->node->first = node;
	level->last = node;
	level->node->count++;
	return node;
}

/* A \uD800-\uDBFF that no \uDC00-\uDFFF follows names no character; yajl makes a "?" of it. */
static bool has_lone_surrogate(const char *raw, size_t len)
{
	const char *end = raw + len, *s = raw;

	while ((s = memchr(s, '\\', (size_t)(end - s)))) {
		bool high = end - s >= 6 && s[1] == 'u' && (s[2] | 0x20) == 'd' &&
			    strchr("89abAB", s[3]);

		if (!high) {
			s += 2;
			continue;
		}
		s += 6;
		if (end - s < 6 || s[0] != '\\' || s[1] != 'u' || (s[2] | 0x20) != 'd' ||
			!strchr("cdefCDEF", s[3]))
			return true;
		s += 6;
	}
	return false;
}

static const char *refuse_string(
	struct reader *r, size_t start, unsigned int depth, const char *why)
{
	(void)stop_at(r, start, EINVAL, why);
	name_place(r, depth);
	return NULL;
}

/* A copy of a string or key whose token is text[start] .. text[r->end - 1]. depth: the levels whose
 * newest values lead to it or, where it is a key, to its object. */
static const char *take_string(
	struct reader *r, size_t start, unsigned int depth, const unsigned char *s, size_t len)
{
	const char *copy;

	if (len && memchr(s, '\0', len))
		return refuse_string(r, start, depth, "a string with a NUL byte");
	/* A token of len + 2 bytes has no escape in it. */
	if (!hk_utf8_valid(s, len) ||
		(r->end - start != len + 2 && has_lone_surrogate(r->text + start, r->end - start)))
		return refuse_string(r, start, depth, "a string that is not UTF-8");
	copy = hk_arena_strndup(r->arena, (const char *)s, len);
	if (!copy)
		(void)out_of_memory(r);
	return copy;
}

static int on_null(void *ctx)
{
	return add_node(ctx, HK_NODE_NULL) ? GO_ON : STOP;
}

static int on_boolean(void *ctx, int value)
{
	struct hk_node *node = add_node(ctx, HK_NODE_BOOL);

	if (!node)
		return STOP;
	node->boolean = value;
	return GO_ON;
}

/* As written: yajl's own conversion refuses 18446744073709551615 (RLIM_INFINITY). */
static int on_number(void *ctx, const char *text, size_t len)
{
	struct reader *r = ctx;
	struct hk_node *node = add_node(r, HK_NODE_NUMBER);

	if (!node)
		return STOP;
	node->text = hk_arena_strndup(r->arena, text, len);
	return node->text ? GO_ON : out_of_memory(r);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	struct hk_node *node = add_node(r, HK_NODE_STRING);

	if (!node)
		return STOP;
	node->text = take_string(r, node->offset, r->depth, s, len);
	return node->text ? GO_ON : STOP;
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	size_t start = next_token(r);

	r->key = take_string(r, start, r->depth - 1, s, len);
	if (!r->key)
		return STOP;
	r->at_end_key = r->end_key && r->depth == 1 && strcmp(r->key, r->end_key) == 0;
	return r->at_end_key ? STOP : GO_ON;
}

static int open_level(struct reader *r, enum hk_node_type type)
{
	struct hk_node *node;

	if (r->depth == HK_JSON_MAX_DEPTH) {
		(void)stop_at(r, token_start(r), EINVAL, "arrays and objects nested too deeply");
		name_place(r, r->depth - 1);
		return STOP;
	}
	node = add_node(r, type);
	if (!node)
		return STOP;
	r->levels[r->depth++] = (struct level){.node = node};
	return GO_ON;
}

static int on_array_begin(void *ctx)
{
	return open_level(ctx, HK_NODE_ARRAY);
}

static int on_object_begin(void *ctx)
{
	return open_level(ctx, HK_NODE_OBJECT);
}

static int on_array_end(void *ctx)
{
	struct reader *r = ctx;

	(void)next_token(r);
	r->depth--;
	return GO_ON;
}

static int by_key_and_offset(const void *a, const void *b)
{
	const struct hk_node *left = *(const struct hk_node *const *)a;
	const struct hk_node *right = *(const struct hk_node *const *)b;
	int order = strcmp(left->key, right->key);

	return order ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

static const struct hk_node *find_duplicate_by_pairs(const struct hk_node *object)
{
	hk_node_each (child, object)
		for (const struct hk_node *other = child->next; other; other = other->next)
			if (!strcmp(child->key, other->key))
				return other;
	return NULL;
}

static int find_duplicate_by_order(const struct hk_node *object, const struct hk_node **ret)
{
	HK_FREE const struct hk_node **nodes = calloc(object->count, sizeof(*nodes));
	size_t n = 0;

	if (!nodes)
		return -ENOMEM;
	hk_node_each (child, object)
		nodes[n++] = child;
	qsort(nodes, n, sizeof(*nodes), by_key_and_offset);
	*ret = NULL;
	for (size_t i = 1; i < n && !*ret; i++)
		if (!strcmp(nodes[i - 1]->key, nodes[i]->key))
			*ret = nodes[i];
	return 0;
}

static int on_object_end(void *ctx)
{
	struct reader *r = ctx;
	const struct hk_node *object = r->levels[r->depth - 1].node;
	const struct hk_node *duplicate;
	char why[96], key[64];

	(void)next_token(r);
	r->depth--;
	if (object->count <= FEW_MEMBERS)
		duplicate = find_duplicate_by_pairs(object);
	else if (find_duplicate_by_order(object, &duplicate) < 0)
		return out_of_memory(r);
	if (!duplicate)
		return GO_ON;
	(void)snprintf(why, sizeof(why), "duplicate key '%s'",
		hk_printable(duplicate->key, key, sizeof(key)));
	(void)stop_at(r, duplicate->offset, EINVAL, why);
	name_place(r, r->depth);
	hk_pointer_add(r->err->property, sizeof(r->err->property), duplicate->key);
	return STOP;
}

/* Where the error is: the token that yajl refuses, which it has consumed, or the byte in a string,
 * which it has not. At the end of the text, its count is that of a chunk of its own. */
static size_t error_offset(const struct reader *r, const char *why, bool at_end)
{
	size_t start = token_start(r), consumed = yajl_get_bytes_consumed(r->yajl);

	if (strstr(why, "premature EOF"))
		return r->len;
	if (at_end)
		return start;
	if (start < consumed && hk_starts_with(why, "lexical") && r->text[start] == '"')
		return consumed;
	/* A refused comma or colon was skipped as a separator. */
	if (!hk_starts_with(why, "lexical") && start >= consumed && consumed &&
		memchr(",:", r->text[consumed - 1], 2))
		return consumed - 1;
	return start;
}

/* yajl's text is "parse error: WHY\n" or "lexical error: WHY\n". */
static int syntax_error(struct reader *r, bool at_end)
{
	unsigned char *text = yajl_get_error(r->yajl, 0, NULL, 0);
	char *why = (char *)text;

	if (!why)
		return hk_fail(r->err, ENOMEM, "read %s", r->name);
	why[strcspn(why, "\n")] = '\0';
	(void)stop_at(r, error_offset(r, why, at_end), EINVAL,
		strstr(why, ": ") ? strstr(why, ": ") + 2 : why);
	yajl_free_error(r->yajl, text);
	return -EINVAL;
}

static int parse(struct reader *r)
{
	yajl_status status;

	status = yajl_parse(r->yajl, (const unsigned char *)r->text, r->len);
	if (status == yajl_status_error)
		return syntax_error(r, false);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(r->yajl);
	if (status == yajl_status_error)
		return syntax_error(r, true);
	if (r->at_end_key)
		status = on_object_end(r) == GO_ON ? yajl_status_ok : yajl_status_client_canceled;
	return status == yajl_status_ok ? 0 : -r->err->code; /* or a callback stopped */
}

int hk_json_read(const char *text, size_t len, const char *name, struct hk_arena *arena,
	const struct hk_node **ret, struct hk_err *err)
{
	return hk_json_read_head(text, len, name, NULL, arena, ret, err);
}

int hk_json_read_head(const char *text, size_t len, const char *name, const char *end,
	struct hk_arena *arena, const struct hk_node **ret, struct hk_err *err)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_object_begin,
		.yajl_map_key = on_key,
		.yajl_end_map = on_object_end,
		.yajl_start_array = on_array_begin,
		.yajl_end_array = on_array_end,
	};
	struct hk_err scratch = {0};
	struct reader r = {.text = text, .len = len, .name = name, .arena = arena, .end_key = end};
	int result;

	r.err = err ? err : &scratch;
	if (len > HK_JSON_MAX_SIZE)
		return hk_refuse(
			err, EFBIG, "%s is larger than %zu MiB", name, HK_JSON_MAX_SIZE >> 20);
	r.yajl = yajl_alloc(&callbacks, NULL, &r);
	if (!r.yajl)
		return hk_fail(err, ENOMEM, "read %s", name);
	/* Ours is stricter: yajl's lets overlong forms and surrogates pass. */
	(void)yajl_config(r.yajl, yajl_dont_validate_strings, 1);
	result = parse(&r);
	yajl_free(r.yajl);
	if (result < 0)
		return result;
	*ret = r.root;
	return 0;
}
