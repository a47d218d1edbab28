/* JSON merge patches (RFC 7396), to make one invalid config.json of a valid one. */
#ifndef TESTS_SPEC_PATCH_H
#define TESTS_SPEC_PATCH_H

#include "base/str.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

static void write_node(struct hk_writer *w, const struct hk_node *node, const char *key)
{
	switch (node->type) {
	case HK_NODE_NULL:
		hk_write_null(w, key);
		return;
	case HK_NODE_BOOL:
		hk_write_bool(w, key, node->boolean);
		return;
	case HK_NODE_NUMBER:
		if (node->text[0] == '-')
			hk_write_i64(w, key, strtoll(node->text, NULL, 10));
		else
			hk_write_u64(w, key, strtoull(node->text, NULL, 10));
		return;
	case HK_NODE_STRING:
		hk_write_string(w, key, node->text);
		return;
	case HK_NODE_ARRAY:
		hk_write_array_begin(w, key);
		hk_node_each (child, node)
			write_node(w, child, NULL);
		hk_write_array_end(w);
		return;
	case HK_NODE_OBJECT:
		hk_write_object_begin(w, key);
		hk_node_each (child, node)
			write_node(w, child, child->key);
		hk_write_object_end(w);
		return;
	}
}

static void write_merged(struct hk_writer *w, const struct hk_node *base,
	const struct hk_node *patch, const char *key)
{
	if (!base || base->type != HK_NODE_OBJECT || patch->type != HK_NODE_OBJECT) {
		write_node(w, patch, key);
		return;
	}
	hk_write_object_begin(w, key);
	hk_node_each (child, base) {
		const struct hk_node *other = hk_node_get(patch, child->key);

		if (!other)
			write_node(w, child, child->key);
		else if (other->type != HK_NODE_NULL)
			write_merged(w, child, other, child->key);
	}
	hk_node_each (child, patch)
		if (!hk_node_get(base, child->key) && child->type != HK_NODE_NULL)
			write_node(w, child, child->key);
	hk_write_object_end(w);
}

/* The caller frees. NULL where one of them is no JSON. */
static char *patched(const char *base, const char *patch)
{
	struct hk_arena arena = {0};
	const struct hk_node *base_node, *patch_node;
	struct hk_strbuf out = {0};
	struct hk_writer w;

	if (hk_json_read(base, strlen(base), "base", &arena, &base_node, NULL) == 0 &&
		hk_json_read(patch, strlen(patch), "patch", &arena, &patch_node, NULL) == 0) {
		hk_writer_init(&w, &out, NULL);
		write_merged(&w, base_node, patch_node, NULL);
	}
	hk_arena_done(&arena);
	return hk_strbuf_take(&out);
}

#endif
