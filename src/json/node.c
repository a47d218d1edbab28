/* Finding one's way in nodes: members, JSON pointers, lines and columns. */
#include "json/json.h"

#include <stdio.h>
#include <string.h>

const char *hk_node_type_name(enum hk_node_type type)
{
	static const char *const names[] = {
		[HK_NODE_NULL] = "null",
		[HK_NODE_BOOL] = "a boolean",
		[HK_NODE_NUMBER] = "a number",
		[HK_NODE_STRING] = "a string",
		[HK_NODE_ARRAY] = "an array",
		[HK_NODE_OBJECT] = "an object",
	};

	return names[type];
}

const struct hk_node *hk_node_get(const struct hk_node *object, const char *key)
{
	if (object->type != HK_NODE_OBJECT)
		return NULL;
	hk_node_each (child, object)
		if (!strcmp(child->key, key))
			return child;
	return NULL;
}

/* Is the reference token (RFC 6901: ~0 is "~", ~1 is "/") this key? */
static bool token_is(const char *token, size_t len, const char *key)
{
	for (size_t i = 0; i < len; i++, key++) {
		char c = token[i];

		if (c == '~' && i + 1 < len)
			c = token[++i] == '1' ? '/' : '~';
		if (*key != c)
			return false;
	}
	return !*key;
}

static const struct hk_node *element_at(const struct hk_node *array, const char *token, size_t len)
{
	uint64_t index = 0;

	if (!len || len > 10 || (len > 1 && token[0] == '0'))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (token[i] < '0' || token[i] > '9')
			return NULL;
		index = index * 10 + (uint64_t)(token[i] - '0');
	}
	hk_node_each (child, array)
		if (!index--)
			return child;
	return NULL;
}

static const struct hk_node *child_at(const struct hk_node *node, const char *token, size_t len)
{
	if (node->type == HK_NODE_ARRAY)
		return element_at(node, token, len);
	if (node->type != HK_NODE_OBJECT)
		return NULL;
	hk_node_each (child, node)
		if (token_is(token, len, child->key))
			return child;
	return NULL;
}

const struct hk_node *hk_node_at(const struct hk_node *root, const char *pointer)
{
	const struct hk_node *node = root;

	while (node && *pointer) {
		size_t len;

		if (*pointer++ != '/')
			return NULL;
		len = strcspn(pointer, "/");
		node = child_at(node, pointer, len);
		pointer += len;
	}
	return node;
}

void hk_pointer_add(char *pointer, size_t cap, const char *token)
{
	size_t n = strlen(pointer);

	if (n + 1 < cap)
		pointer[n++] = '/';
	for (; *token && n + 1 < cap; token++) {
		bool escaped = *token == '~' || *token == '/';

		if (escaped)
			pointer[n++] = '~';
		if (n + 1 < cap)
			pointer[n++] = *token == '~' ? '0' : *token == '/' ? '1' : *token;
	}
	pointer[n] = '\0';
}

void hk_pointer_add_index(char *pointer, size_t cap, size_t index)
{
	char token[24];

	(void)snprintf(token, sizeof(token), "%zu", index); /* 20 digits fit */
	hk_pointer_add(pointer, cap, token);
}

void hk_json_position(
	const char *text, size_t len, size_t offset, size_t *ret_line, size_t *ret_column)
{
	const char *end = text + (offset < len ? offset : len);
	const char *start = text, *nl;
	size_t line = 1;

	while ((nl = memchr(start, '\n', (size_t)(end - start)))) {
		start = nl + 1;
		line++;
	}
	*ret_line = line;
	*ret_column = (size_t)(end - start) + 1;
}
