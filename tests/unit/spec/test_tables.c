/* The schemas of the runtime-spec against our tables: every property of config.json for Linux is in
 * exactly one of a table and the list of what is ignored, and no table has one that is not there.
 *
 * The schemas are not part of this repository: HAKO_SPEC_SCHEMAS names their directory, else
 * ../shared/spec beside the repository is looked at. Without them the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spec/tables.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 8

static char schema_dir[512];
static struct hk_arena arena;

static struct schema {
	char name[64];
	const struct hk_node *root;
} schemas[MAX_FILES];
static size_t schema_count;

static int failures, seen;

static const struct hk_node *load_schema(const char *name)
{
	static char text[1 << 16];
	char path[640];
	const struct hk_node *node;
	ssize_t len;
	int fd;

	for (size_t i = 0; i < schema_count; i++)
		if (!strcmp(schemas[i].name, name))
			return schemas[i].root;
	(void)snprintf(path, sizeof(path), "%s/%s", schema_dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL; /* another platform's */
	len = read(fd, text, sizeof(text));
	(void)close(fd);
	assert_true(len > 0 && (size_t)len < sizeof(text));
	assert_int_equal(hk_json_read(text, (size_t)len, name, &arena, &node, NULL), 0);
	assert_true(schema_count < MAX_FILES);
	(void)snprintf(schemas[schema_count].name, sizeof(schemas[0].name), "%s", name);
	schemas[schema_count++].root = node;
	return node;
}

/* A schema and the file that its references are relative to. */
struct at {
	const char *file;
	const struct hk_node *node;
};

/* Follow "$ref": "FILE#POINTER". node is NULL where the file is not there. */
static struct at resolve(struct at at)
{
	const struct hk_node *ref;

	while (at.node && (ref = hk_node_get(at.node, "$ref"))) {
		const char *hash = strchr(ref->text, '#');

		assert_non_null(hash);
		if (hash != ref->text)
			at.file = hk_arena_strndup(&arena, ref->text, (size_t)(hash - ref->text));
		at.node = load_schema(at.file);
		if (at.node) {
			at.node = hk_node_at(at.node, hash + 1);
			assert_non_null(at.node);
		}
	}
	return at;
}

static const struct hk_property *find(const struct hk_object *object, const char *name)
{
	for (size_t i = 0; object && i < object->count; i++)
		if (!strcmp(object->properties[i].name, name))
			return &object->properties[i];
	return NULL;
}

static bool is_ignored(const char *pointer)
{
	for (const struct hk_ignored_property *p = hk_ignored_properties; p->pointer; p++)
		if (!strcmp(p->pointer, pointer))
			return true;
	return false;
}

static void complain(const char *pointer, const char *why)
{
	print_error("%s: %s\n", pointer, why);
	failures++;
}

static void walk(
	struct at at, const struct hk_object *object, const char *pointer, uint64_t *found);

/* Does the schema want what the table reads? */
static bool type_fits(const struct hk_property *property, const struct hk_node *schema)
{
	const struct hk_node *type = hk_node_get(schema, "type");
	const char *name = type && type->type == HK_NODE_STRING ? type->text : NULL;

	if (!name)
		return true;
	switch (property->type) {
	case HK_PROPERTY_STRING:
	case HK_PROPERTY_NAME:
	case HK_PROPERTY_ENUM:
		return !strcmp(name, "string");
	case HK_PROPERTY_BOOL:
		return !strcmp(name, "boolean");
	case HK_PROPERTY_INT:
	case HK_PROPERTY_UINT:
		return !strcmp(name, "integer");
	case HK_PROPERTY_FLAGS:
	case HK_PROPERTY_STRINGS:
	case HK_PROPERTY_NAMES:
	case HK_PROPERTY_UINTS:
	case HK_PROPERTY_OBJECTS:
		return !strcmp(name, "array");
	case HK_PROPERTY_PAIRS:
	case HK_PROPERTY_STRUCT:
	case HK_PROPERTY_OBJECT:
	case HK_PROPERTY_KEYED:
		return !strcmp(name, "object");
	case HK_PROPERTY_CUSTOM:
		return true;
	}
	return false;
}

/* Every name of the schema's enumeration is in the table's. */
static void check_names(struct at at, const struct hk_property *property, const char *pointer)
{
	struct at item = at;
	const struct hk_node *list;

	if (property->type != HK_PROPERTY_NAME && property->type != HK_PROPERTY_ENUM &&
		property->type != HK_PROPERTY_NAMES && property->type != HK_PROPERTY_FLAGS)
		return;
	if (hk_node_get(at.node, "items"))
		item = resolve((struct at){at.file, hk_node_get(at.node, "items")});
	list = hk_node_get(item.node, "enum");
	if (!list)
		return;
	hk_node_each (name, list)
		if (!hk_enum_find(property->names, name->text))
			complain(pointer, name->text);
}

/* What is below a property: the object itself, an array's items, a map's values. */
static struct at below(struct at at, enum hk_property_type type)
{
	const struct hk_node *items = hk_node_get(at.node, "items");

	if (type == HK_PROPERTY_KEYED)
		return resolve((struct at){at.file, hk_node_get(at.node, "additionalProperties")});
	if (!items)
		return at;
	if (hk_node_get(items, "anyOf"))
		items = hk_node_at(items, "/anyOf/0");
	return resolve((struct at){at.file, items});
}

static void check_below(struct at at, const struct hk_property *property, const char *pointer)
{
	bool deep = property->type == HK_PROPERTY_STRUCT || property->type == HK_PROPERTY_OBJECT ||
		    property->type == HK_PROPERTY_OBJECTS || property->type == HK_PROPERTY_KEYED;
	struct at sub = deep ? below(at, property->type) : at;
	uint64_t found = 0;

	walk(sub, deep ? property->object : NULL, pointer, &found);
	for (size_t i = 0; deep && i < property->object->count; i++)
		if (!(found & (UINT64_C(1) << i))) {
			print_error("%s/%s\n", pointer, property->object->properties[i].name);
			complain(pointer, "in a table, but not in the schema");
		}
}

static void check_property(struct at at, const struct hk_object *object, const char *name,
	const char *parent, uint64_t *found)
{
	const struct hk_property *property = find(object, name);
	char pointer[256];

	seen++;
	(void)snprintf(pointer, sizeof(pointer), "%s/%s", parent, name);
	if (!property) {
		if (!is_ignored(pointer))
			complain(pointer, "neither read nor in the list of what is ignored");
		return;
	}
	*found |= UINT64_C(1) << (property - object->properties);
	if (is_ignored(pointer))
		complain(pointer, "read, but in the list of what is ignored");
	at = resolve(at);
	assert_non_null(at.node);
	if (!type_fits(property, at.node))
		complain(pointer, "of another type than in the schema");
	check_names(at, property, pointer);
	check_below(at, property, pointer);
}

static void walk(struct at at, const struct hk_object *object, const char *pointer, uint64_t *found)
{
	const struct hk_node *properties, *all;

	at = resolve(at);
	properties = hk_node_get(at.node, "properties");
	all = hk_node_get(at.node, "allOf");
	if (properties)
		hk_node_each (child, properties)
			check_property(
				(struct at){at.file, child}, object, child->key, pointer, found);
	if (all)
		hk_node_each (part, all)
			walk((struct at){at.file, part}, object, pointer, found);
}

static bool find_schemas(void)
{
	const char *dir = getenv("HAKO_SPEC_SCHEMAS");
	const char *slash = strrchr(__FILE__, '/');

	if (dir)
		(void)snprintf(schema_dir, sizeof(schema_dir), "%s", dir);
	else
		(void)snprintf(schema_dir, sizeof(schema_dir), "%.*s/../../../../shared/spec",
			(int)(slash - __FILE__), __FILE__);
	return load_schema("config-schema.json");
}

static void test_every_property_is_known(void **state)
{
	uint64_t found = 0;

	(void)state;
	if (!find_schemas()) {
		print_message("skipped: no runtime-spec schemas (set HAKO_SPEC_SCHEMAS)\n");
		skip();
	}
	walk((struct at){"config-schema.json", load_schema("config-schema.json")}, &hk_spec_object,
		"", &found);
	for (size_t i = 0; i < hk_spec_object.count; i++)
		if (!(found & (UINT64_C(1) << i)))
			complain(hk_spec_object.properties[i].name, "not in the schema");
	assert_true(seen > 180);
	assert_int_equal(failures, 0);
	hk_arena_done(&arena);
}

static void check_table(const struct hk_object *object)
{
	assert_true(object->count <= 64);
	for (size_t i = 0; i < object->count; i++) {
		const struct hk_property *p = &object->properties[i];

		assert_ptr_equal(find(object, p->name), p); /* no name twice */
		assert_true((size_t)p->offset + (p->type == HK_PROPERTY_STRUCT ? 0 : p->size) <=
			    object->size);
		if (p->type == HK_PROPERTY_STRUCT || p->type == HK_PROPERTY_OBJECT ||
			p->type == HK_PROPERTY_OBJECTS || p->type == HK_PROPERTY_KEYED)
			check_table(p->object);
	}
}

static void test_tables_are_sound(void **state)
{
	(void)state;
	check_table(&hk_spec_object);
}

static void test_capabilities_are_in_order(void **state)
{
	(void)state;
	for (uint64_t i = 0; hk_capability_names[i].name; i++)
		assert_int_equal(hk_capability_names[i].value, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_property_is_known),
		cmocka_unit_test(test_tables_are_sound),
		cmocka_unit_test(test_capabilities_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
