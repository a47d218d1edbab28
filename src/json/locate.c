/* From a JSON pointer in an error to line and column of the text. */
#include "json/json.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* The node of the pointer or, where that is absent, of its closest ancestor. */
static const struct hk_node *closest_node(const struct hk_node *root, const char *pointer)
{
	char prefix[sizeof(((struct hk_err *)0)->property)];
	const struct hk_node *node;

	(void)snprintf(prefix, sizeof(prefix), "%s", pointer);
	while (!(node = hk_node_at(root, prefix))) {
		char *slash = strrchr(prefix, '/');

		if (!slash)
			return root;
		*slash = '\0';
	}
	return node;
}

void hk_json_locate(const char *text, size_t len, const char *name, struct hk_err *err)
{
	struct hk_arena arena = {0};
	const struct hk_node *root;
	size_t line, column;

	if (!err || !err->property[0] || err->position[0])
		return;
	/* It was read once, so it can be read again; but for memory, and then there is no position.
	 */
	if (hk_json_read(text, len, name, &arena, &root, NULL) == 0) {
		hk_json_position(
			text, len, closest_node(root, err->property)->offset, &line, &column);
		(void)snprintf(
			err->position, sizeof(err->position), "%s:%zu:%zu", name, line, column);
	}
	hk_arena_done(&arena);
}
