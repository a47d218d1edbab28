/* The growing list of a unit's properties. */
#include "systemd/list.h"

#include <string.h>

struct hk_unit_property *hk_unit_find(const struct hk_unit_properties *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

static bool grow(struct hk_unit_properties *list)
{
	struct hk_unit_property *items =
		hk_arena_grow(list->arena, list->items, list->count, &list->cap, sizeof(*items));

	if (items)
		list->items = items;
	return items;
}

/* Do not be without one: then memory was out when it was made. */
static bool is_whole(const struct hk_variant *value)
{
	bool is_text = strcmp(value->type, "s") == 0 || strcmp(value->type, "as") == 0;

	if (value->count == 0)
		return true;
	return value->atoms && (!is_text || value->atoms[0].text);
}

void hk_unit_put(struct hk_unit_properties *list, const char *name, struct hk_variant value,
	const char *property)
{
	struct hk_unit_property *item = hk_unit_find(list, name);

	if (!is_whole(&value) || (!item && list->count == list->cap && !grow(list))) {
		list->failed = true;
		return;
	}
	if (!item)
		item = &list->items[list->count++];
	*item = (struct hk_unit_property){name, value, property};
}
