/* JSON Schema files as a tree to walk: loading them and following their references. For the tests
 * that hold schemas against our tables. */
#ifndef TESTS_SPEC_WALK_H
#define TESTS_SPEC_WALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "spec/tables.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 8
#define MAX_TEXT  (1 << 17)

static const char *schema_dir;
static struct hk_arena arena;

static struct schema {
	char name[64];
	const struct hk_node *root;
} schemas[MAX_FILES];
static size_t schema_count;

/* A change of a file's text on its way in, to see that a test notices. */
static struct {
	const char *file, *from, *to;
} edit;

/* What was complained of. */
static int failures;
static char complaints[4096];

static inline void complain(const char *pointer, const char *why)
{
	size_t n = strlen(complaints);
	int len;

	if (!edit.file)
		print_error("%s: %s\n", pointer, why);
	len = snprintf(complaints + n, sizeof(complaints) - n, "%s: %s\n", pointer, why);
	assert_true(len > 0 && (size_t)len < sizeof(complaints) - n);
	failures++;
}

static inline const char *edited(const char *name, const char *text)
{
	const char *at;

	if (!edit.file || strcmp(edit.file, name) != 0)
		return text;
	at = strstr(text, edit.from);
	assert_non_null(at);
	return hk_arena_printf(
		&arena, "%.*s%s%s", (int)(at - text), text, edit.to, at + strlen(edit.from));
}

/* NULL where the file is not there. */
static inline const struct hk_node *load_schema(const char *name)
{
	static char text[MAX_TEXT];
	char path[640];
	const struct hk_node *node;
	const char *source;
	ssize_t len;
	int fd;

	for (size_t i = 0; i < schema_count; i++)
		if (!strcmp(schemas[i].name, name))
			return schemas[i].root;
	(void)snprintf(path, sizeof(path), "%s/%s", schema_dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	len = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	assert_true(len > 0 && (size_t)len < sizeof(text) - 1);
	text[len] = '\0';
	source = edited(name, text);
	assert_non_null(source);
	assert_int_equal(hk_json_read(source, strlen(source), name, &arena, &node, NULL), 0);
	assert_true(schema_count < MAX_FILES);
	(void)snprintf(schemas[schema_count].name, sizeof(schemas[0].name), "%s", name);
	schemas[schema_count++].root = node;
	return node;
}

static inline void forget_schemas(void)
{
	hk_arena_done(&arena);
	schema_count = 0;
	failures = 0;
	complaints[0] = '\0';
}

/* A schema and the file that its references are relative to. */
struct at {
	const char *file;
	const struct hk_node *node;
};

static inline struct at member(struct at at, const char *name)
{
	return (struct at){at.file, hk_node_get(at.node, name)};
}

/* Follow "$ref": "FILE#POINTER". node is NULL where the file is not there. */
static inline struct at resolve(struct at at)
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

static inline const struct hk_property *find_property(
	const struct hk_object *object, const char *name)
{
	for (size_t i = 0; object && i < object->count; i++)
		if (!strcmp(object->properties[i].name, name))
			return &object->properties[i];
	return NULL;
}

static inline bool is_ignored(const char *pointer)
{
	for (const struct hk_ignored_property *p = hk_ignored_properties; p->pointer; p++)
		if (!strcmp(p->pointer, pointer))
			return true;
	return false;
}

/* Has the property a table of its own? */
static inline bool is_deep(const struct hk_property *property)
{
	return property->type == HK_PROPERTY_STRUCT || property->type == HK_PROPERTY_OBJECT ||
	       property->type == HK_PROPERTY_OBJECTS || property->type == HK_PROPERTY_KEYED;
}

static inline bool has_names(const struct hk_property *property)
{
	return property->type == HK_PROPERTY_NAME || property->type == HK_PROPERTY_ENUM ||
	       property->type == HK_PROPERTY_NAMES || property->type == HK_PROPERTY_FLAGS;
}

/* JSON Schema's word for what the table reads; NULL: a custom reader decides. */
static inline const char *type_name(const struct hk_property *property)
{
	static const char *const names[] = {
		[HK_PROPERTY_STRING] = "string",
		[HK_PROPERTY_BOOL] = "boolean",
		[HK_PROPERTY_INT] = "integer",
		[HK_PROPERTY_UINT] = "integer",
		[HK_PROPERTY_NAME] = "string",
		[HK_PROPERTY_ENUM] = "string",
		[HK_PROPERTY_FLAGS] = "array",
		[HK_PROPERTY_STRINGS] = "array",
		[HK_PROPERTY_NAMES] = "array",
		[HK_PROPERTY_UINTS] = "array",
		[HK_PROPERTY_PAIRS] = "object",
		[HK_PROPERTY_STRUCT] = "object",
		[HK_PROPERTY_OBJECT] = "object",
		[HK_PROPERTY_OBJECTS] = "array",
		[HK_PROPERTY_KEYED] = "object",
		[HK_PROPERTY_CUSTOM] = NULL,
	};

	return names[property->type];
}

/* And for an array's items; NULL: no array, or one of objects. */
static inline const char *item_type_name(const struct hk_property *property)
{
	switch (property->type) {
	case HK_PROPERTY_FLAGS:
	case HK_PROPERTY_STRINGS:
	case HK_PROPERTY_NAMES:
		return "string";
	case HK_PROPERTY_UINTS:
		return "integer";
	default:
		return NULL;
	}
}

static inline bool says_type(const struct hk_node *schema, const char *type)
{
	const struct hk_node *node = schema ? hk_node_get(schema, "type") : NULL;

	return !node || !type || node->type != HK_NODE_STRING || !strcmp(node->text, type);
}

/* Is the schema's list "required" one with that name? */
static inline bool is_required(const struct hk_node *schema, const char *name)
{
	const struct hk_node *list = hk_node_get(schema, "required");

	if (list)
		hk_node_each (item, list)
			if (!strcmp(item->text, name))
				return true;
	return false;
}

/* The numbers that the property's member can hold, as JSON writes them. */
static inline void member_limits(
	const struct hk_property *property, int64_t *ret_min, uint64_t *ret_max)
{
	unsigned int bits = 8u * property->size;

	if (property->type == HK_PROPERTY_INT) {
		*ret_max = (uint64_t)INT64_MAX >> (64 - bits);
		*ret_min = -(int64_t)*ret_max - 1;
	} else {
		*ret_max = UINT64_MAX >> (64 - bits);
		*ret_min = 0;
	}
}

/* Is the number, as the schema writes it, one that the property's member can hold? */
static inline bool can_hold(const struct hk_property *property, const struct hk_node *number)
{
	uint64_t max, positive;
	int64_t min, negative;

	member_limits(property, &min, &max);
	if (number->text[0] == '-')
		return hk_parse_i64(number->text, &negative) == 0 && negative >= min;
	return hk_parse_u64(number->text, &positive) == 0 && positive <= max;
}

#endif
