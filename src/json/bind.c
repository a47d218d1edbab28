/* The walker over the tables of json/bind.h. */
#include "json/bind.h"

#include "base/findings.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

static int out_of_memory(struct hk_binding *binding)
{
	return hk_fail(binding->findings->err, ENOMEM, "read %s", binding->name);
}

/* Store the low bytes of value. Two's complement: a signed number's bytes are right too. */
static void store(void *member, size_t size, uint64_t value)
{
	uint32_t u32 = (uint32_t)value;
	uint16_t u16 = (uint16_t)value;
	uint8_t u8 = (uint8_t)value;

	if (size == sizeof(value))
		memcpy(member, &value, size);
	else if (size == sizeof(u32))
		memcpy(member, &u32, size);
	else if (size == sizeof(u16))
		memcpy(member, &u16, size);
	else
		memcpy(member, &u8, sizeof(u8));
}

/* ---- one reader a type ---- */

typedef int read_fn(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object);

static int expect_string(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, uint32_t longest)
{
	int r = hk_bind_expect(binding, place, node, HK_NODE_STRING);

	if (r == 0 && longest && strlen(node->text) > longest)
		return hk_bind_refuse(binding, place, node, "longer than %u bytes", longest);
	return r;
}

static int read_string(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	int r = expect_string(binding, place, node, property->longest);

	if (r < 0)
		return r;
	*(const char **)(object + property->offset) = node->text;
	return 0;
}

static int read_bool(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	int r = hk_bind_expect(binding, place, node, HK_NODE_BOOL);

	if (r < 0)
		return r;
	*(bool *)(object + property->offset) = node->boolean;
	return 0;
}

static int read_int(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	int64_t value;
	int r = hk_bind_int(binding, place, node, property->size, &value);

	if (r < 0)
		return r;
	store(object + property->offset, property->size, (uint64_t)value);
	return 0;
}

static int read_uint(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	uint64_t value;
	int r = hk_bind_uint(binding, place, node, property->size, &value);

	if (r < 0)
		return r;
	store(object + property->offset, property->size, value);
	return 0;
}

static int find_name(struct hk_binding *binding, const struct hk_enum *names,
	const struct hk_place *place, const struct hk_node *node, const struct hk_enum **ret)
{
	char list[384], found[64];
	int r = hk_bind_expect(binding, place, node, HK_NODE_STRING);

	if (r < 0)
		return r;
	*ret = hk_enum_find(names, node->text);
	if (*ret)
		return 0;
	return hk_bind_refuse(binding, place, node, "expected %s, found '%s'",
		hk_enum_list(names, list, sizeof(list)),
		hk_printable(node->text, found, sizeof(found)));
}

static int read_name(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	const struct hk_enum *entry;
	int r = find_name(binding, property->names, place, node, &entry);

	if (r < 0)
		return r;
	*(const char **)(object + property->offset) = entry->name;
	return 0;
}

static int read_enum(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	const struct hk_enum *entry;
	int r = find_name(binding, property->names, place, node, &entry);

	if (r < 0)
		return r;
	store(object + property->offset, property->size, entry->value);
	return 0;
}

static int read_flags(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	struct hk_place at = {.parent = place};
	const struct hk_enum *entry;
	uint64_t flags = 0;
	int r = hk_bind_expect(binding, place, node, HK_NODE_ARRAY);

	if (r < 0)
		return r;
	hk_node_each (child, node) {
		r = find_name(binding, property->names, &at, child, &entry);
		if (hk_bind_gives_up(binding, r))
			return r;
		if (r == 0)
			flags |= entry->value;
		at.index++;
	}
	store(object + property->offset, property->size, flags);
	return 0;
}

/* names NULL: any string. */
static int read_array_of_strings(struct hk_binding *binding, const struct hk_enum *names,
	uint32_t longest, const struct hk_place *place, const struct hk_node *node,
	struct hk_strings *ret)
{
	struct hk_place at = {.parent = place};
	struct hk_strings strings = {0};
	const struct hk_enum *entry;
	int r = hk_bind_expect(binding, place, node, HK_NODE_ARRAY);

	if (r < 0 || !node->count)
		return r;
	strings.items = hk_arena_array(binding->arena, node->count, sizeof(*strings.items));
	if (!strings.items)
		return out_of_memory(binding);
	hk_node_each (child, node) {
		r = names ? find_name(binding, names, &at, child, &entry)
			  : expect_string(binding, &at, child, longest);
		if (hk_bind_gives_up(binding, r))
			return r;
		if (r == 0)
			strings.items[strings.count++] = child->text;
		at.index++;
	}
	*ret = strings;
	return 0;
}

static int read_strings(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	return read_array_of_strings(binding, NULL, property->longest, place, node,
		(struct hk_strings *)(object + property->offset));
}

static int read_names(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	return read_array_of_strings(binding, property->names, 0, place, node,
		(struct hk_strings *)(object + property->offset));
}

/* An array's items (a pointer) and count, set together; none where it is empty. */
static void set_array(const struct hk_property *property, char *object, void *items, size_t count)
{
	memcpy(object + property->offset, &items, sizeof(items));
	memcpy(object + property->count, &count, sizeof(count));
}

static int read_uints(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	struct hk_place at = {.parent = place};
	uint32_t *items;
	int r = hk_bind_expect(binding, place, node, HK_NODE_ARRAY);

	if (r < 0 || !node->count)
		return r;
	items = hk_arena_array(binding->arena, node->count, sizeof(*items));
	if (!items)
		return out_of_memory(binding);
	hk_node_each (child, node) {
		uint64_t value = 0;

		r = hk_bind_uint(binding, &at, child, sizeof(*items), &value);
		if (hk_bind_gives_up(binding, r))
			return r;
		items[at.index++] = (uint32_t)value;
	}
	set_array(property, object, items, node->count);
	return 0;
}

static int read_pairs(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	struct hk_place at = {.parent = place};
	struct hk_pairs pairs = {0};
	int r = hk_bind_expect(binding, place, node, HK_NODE_OBJECT);

	if (r < 0 || !node->count)
		return r;
	pairs.items = hk_arena_array(binding->arena, node->count, sizeof(*pairs.items));
	if (!pairs.items)
		return out_of_memory(binding);
	hk_node_each (child, node) {
		at.key = child->key;
		r = hk_bind_expect(binding, &at, child, HK_NODE_STRING);
		if (hk_bind_gives_up(binding, r))
			return r;
		if (r == 0)
			pairs.items[pairs.count++] = (struct hk_pair){child->key, child->text};
	}
	memcpy(object + property->offset, &pairs, sizeof(pairs));
	return 0;
}

static int bind_object(struct hk_binding *binding, const struct hk_object *type,
	const struct hk_place *place, const struct hk_node *node, char *object);

static int read_struct(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	return bind_object(binding, property->object, place, node, object + property->offset);
}

static int read_object(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	char *item = hk_arena_alloc(binding->arena, property->object->size);
	int r;

	if (!item)
		return out_of_memory(binding);
	r = bind_object(binding, property->object, place, node, item);
	if (hk_bind_gives_up(binding, r))
		return r;
	memcpy(object + property->offset, &item, sizeof(item));
	return 0;
}

/* The children of an array or, by their keys, of an object. */
static int read_children(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	const struct hk_object *type = property->object;
	struct hk_place at = {.parent = place};
	char *items;

	if (!node->count)
		return 0;
	items = hk_arena_array(binding->arena, node->count, type->size);
	if (!items)
		return out_of_memory(binding);
	hk_node_each (child, node) {
		char *item = items + at.index * type->size;
		int r;

		at.key = child->key;
		r = bind_object(binding, type, &at, child, item);
		if (hk_bind_gives_up(binding, r))
			return r;
		if (child->key)
			memcpy(item, &child->key, sizeof(child->key));
		at.index++;
	}
	set_array(property, object, items, node->count);
	return 0;
}

static int read_objects(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	int r = hk_bind_expect(binding, place, node, HK_NODE_ARRAY);

	return r < 0 ? r : read_children(binding, property, place, node, object);
}

static int read_keyed(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	int r = hk_bind_expect(binding, place, node, HK_NODE_OBJECT);

	return r < 0 ? r : read_children(binding, property, place, node, object);
}

static int read_custom(struct hk_binding *binding, const struct hk_property *property,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	return property->read(binding, place, node, object + property->offset);
}

static read_fn *const readers[] = {
	[HK_PROPERTY_STRING] = read_string,
	[HK_PROPERTY_BOOL] = read_bool,
	[HK_PROPERTY_INT] = read_int,
	[HK_PROPERTY_UINT] = read_uint,
	[HK_PROPERTY_NAME] = read_name,
	[HK_PROPERTY_ENUM] = read_enum,
	[HK_PROPERTY_FLAGS] = read_flags,
	[HK_PROPERTY_STRINGS] = read_strings,
	[HK_PROPERTY_NAMES] = read_names,
	[HK_PROPERTY_UINTS] = read_uints,
	[HK_PROPERTY_PAIRS] = read_pairs,
	[HK_PROPERTY_STRUCT] = read_struct,
	[HK_PROPERTY_OBJECT] = read_object,
	[HK_PROPERTY_OBJECTS] = read_objects,
	[HK_PROPERTY_KEYED] = read_keyed,
	[HK_PROPERTY_CUSTOM] = read_custom,
};

/* ---- objects ---- */

static bool is_absent(const struct hk_property *property, const struct hk_node *node)
{
	bool string = property->type == HK_PROPERTY_STRING || property->type == HK_PROPERTY_NAME ||
		      property->type == HK_PROPERTY_ENUM;

	return node->type == HK_NODE_NULL ||
	       (string && node->type == HK_NODE_STRING && !node->text[0]);
}

static const struct hk_property *find_property(const struct hk_object *type, const char *name)
{
	for (size_t i = 0; i < type->count; i++)
		if (!strcmp(type->properties[i].name, name))
			return &type->properties[i];
	return NULL;
}

static int check_required(struct hk_binding *binding, const struct hk_object *type,
	const struct hk_place *place, const struct hk_node *node, uint64_t seen)
{
	for (size_t i = 0; i < type->count; i++) {
		const struct hk_property *property = &type->properties[i];
		struct hk_place at = {.parent = place, .key = property->name};
		const struct hk_node *empty;
		int r;

		if (!(property->flags & HK_REQUIRED) || seen & (UINT64_C(1) << i))
			continue;
		empty = hk_node_get(node, property->name);
		if (empty && empty->type == HK_NODE_STRING)
			r = hk_bind_refuse(binding, &at, empty, "must not be empty");
		else
			r = hk_bind_refuse(
				binding, &at, empty ? empty : node, "required, but missing");
		if (hk_bind_gives_up(binding, r))
			return r;
	}
	return 0;
}

/* Who uses the object counts on its required strings: where we go on without one it is "". */
static void put_placeholders(const struct hk_object *type, char *object)
{
	static const char *const empty = "";

	for (size_t i = 0; i < type->count; i++) {
		const struct hk_property *property = &type->properties[i];
		bool string =
			property->type == HK_PROPERTY_STRING || property->type == HK_PROPERTY_NAME;

		if (string && property->flags & HK_REQUIRED)
			memcpy(object + property->offset, &empty, sizeof(empty));
	}
}

static int bind_object(struct hk_binding *binding, const struct hk_object *type,
	const struct hk_place *place, const struct hk_node *node, char *object)
{
	uint64_t seen = 0;
	int r;

	if (binding->findings->collect)
		put_placeholders(type, object);
	if (type->defaults)
		type->defaults(object);
	r = hk_bind_expect(binding, place, node, HK_NODE_OBJECT);
	if (r < 0)
		return r;
	hk_node_each (child, node) {
		const struct hk_property *property = find_property(type, child->key);
		struct hk_place at = {.parent = place, .key = child->key};

		if (!property || is_absent(property, child))
			continue;
		r = readers[property->type](binding, property, &at, child, object);
		if (hk_bind_gives_up(binding, r))
			return r;
		if (r == 0 && property->has)
			*(bool *)(object + property->has - 1) = true;
		seen |= UINT64_C(1) << (property - type->properties);
	}
	return check_required(binding, type, place, node, seen);
}

int hk_bind(struct hk_binding *binding, const struct hk_object *object, const struct hk_node *node,
	void *ret)
{
	int r = bind_object(binding, object, NULL, node, ret);

	return hk_bind_gives_up(binding, r) ? r : 0;
}
