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

static bool wants_position(const struct hk_err *err)
{
	return err->property[0] && !err->position[0];
}

void hk_json_locate(
	const char *text, size_t len, const char *name, struct hk_err *errs, size_t count)
{
	const struct hk_node *root = NULL;
	struct hk_arena arena = {0};
	size_t line, column;

	for (size_t i = 0; i < count; i++) {
		if (!wants_position(&errs[i]))
			continue;
		/* It was read once, so it can be read again; but for memory, and then there is no
		 * position. */
		if (!root && hk_json_read(text, len, name, &arena, &root, NULL) < 0)
			break;
		hk_json_position(
			text, len, closest_node(root, errs[i].property)->offset, &line, &column);
		(void)snprintf(errs[i].position, sizeof(errs[i].position), "%s:%zu:%zu", name, line,
			column);
	}
	hk_arena_done(&arena);
}
