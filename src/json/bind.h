/* Binding: nodes become typed structs by tables, one struct hk_property a JSON property.
 *
 * Unknown properties are ignored. A property that is null is absent, and so is an empty string,
 * unless the property is required: the structs of runc, which wrote most files that we read, cannot
 * tell them apart. Elements of arrays and values of maps are taken as they are, and may not be
 * null. Numbers are whole numbers written with digits alone. */
#ifndef HK_JSON_BIND_H
#define HK_JSON_BIND_H

#include "base/enumtab.h"
#include "base/mem.h"
#include "json/json.h"
#include "json/values.h"

#include <stddef.h>

struct hk_findings;

enum hk_property_type {
	HK_PROPERTY_STRING,  /* const char * */
	HK_PROPERTY_BOOL,    /* bool */
	HK_PROPERTY_INT,     /* int32_t or int64_t, by size */
	HK_PROPERTY_UINT,    /* uint16_t, uint32_t or uint64_t, by size */
	HK_PROPERTY_NAME,    /* const char *, one of names */
	HK_PROPERTY_ENUM,    /* one of names -> its value; an integer of any size */
	HK_PROPERTY_FLAGS,   /* array of names -> their values or-ed; uint32_t or uint64_t */
	HK_PROPERTY_STRINGS, /* struct hk_strings */
	HK_PROPERTY_NAMES,   /* struct hk_strings, each one of names */
	HK_PROPERTY_UINTS,   /* uint32_t * and its count */
	HK_PROPERTY_PAIRS,   /* object of strings -> struct hk_pairs */
	HK_PROPERTY_STRUCT,  /* object -> the struct itself */
	HK_PROPERTY_OBJECT,  /* object -> pointer to a new struct */
	HK_PROPERTY_OBJECTS, /* array of objects -> pointer to structs, and their count */
	HK_PROPERTY_KEYED,   /* object of objects -> the same; the key is the first member,
				const char * */
	HK_PROPERTY_CUSTOM,  /* read decides */
};

enum hk_property_flags {
	HK_REQUIRED = 1,
};

struct hk_binding;
struct hk_place;
struct hk_object;

typedef int hk_property_fn(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member);

struct hk_property {
	const char *name;
	enum hk_property_type type;
	uint16_t flags;
	uint16_t offset; /* of the member in its struct */
	uint16_t size;	 /* of the member */
	uint16_t has;	 /* 1 + offset of the bool that says that it is there; 0: none */
	uint16_t count;	 /* offset of the size_t that counts an array */
	uint32_t longest; /* bytes that a STRING, or each of STRINGS, may have; 0: any number */
	union {
		const struct hk_object *object; /* STRUCT, OBJECT, OBJECTS, KEYED */
		const struct hk_enum *names;	/* NAME, ENUM, FLAGS, NAMES */
		hk_property_fn *read;		/* CUSTOM */
	};
};

struct hk_object {
	const struct hk_property *properties;
	size_t count;			/* at most 64 */
	size_t size;			/* of the struct */
	void (*defaults)(void *object); /* where zero is not what absent means; or NULL */
};

/* Where we are in the text, for errors: the chain of keys and indices to the root. */
struct hk_place {
	const struct hk_place *parent;
	const char *key; /* NULL: an array's element */
	size_t index;
};

/* A text being bound. Zero-initialise; then set all but warnings. */
struct hk_binding {
	const char *text; /* the nodes' text, for line and column */
	size_t len;
	const char *name; /* of the file */
	struct hk_arena *arena;
	struct hk_findings *findings;
	struct hk_strings warnings; /* what was said with hk_bind_warn */
	size_t warning_cap;
};

/* Fill the struct (all zero) of that object type from node. Where findings are collected, what has
 * one is absent, and a required string "". */
int hk_bind(struct hk_binding *binding, const struct hk_object *object, const struct hk_node *node,
	void *ret);

/* ---- for custom properties ---- */

/* Refuse the node: EINVAL, its JSON pointer and its position. Always -EINVAL: whether to go on is
 * hk_bind_gives_up's question. */
int hk_bind_refuse(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Must a reader that has many nodes to read give up because of one that was refused (r)? */
bool hk_bind_gives_up(const struct hk_binding *binding, int r);
int hk_bind_expect(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, enum hk_node_type type);
int hk_bind_int(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, size_t size, int64_t *ret);
int hk_bind_uint(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, size_t size, uint64_t *ret);
/* Something to tell the user that is no error: "/process/...: MESSAGE". */
int hk_bind_warn(struct hk_binding *binding, const struct hk_place *place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- rows of tables: name in JSON, struct, member ---- */

/* clang-format off */
#define HK_MEMBER(kind, json, s, m) \
	.name = (json), .type = HK_PROPERTY_##kind, .offset = offsetof(s, m), \
	.size = sizeof(((s *)0)->m)
#define HK_HAS(s, m) .has = offsetof(s, m) + 1
#define HK_LONGEST(bytes) .longest = (bytes)
#define HK_STRING(json, s, m, ...) {HK_MEMBER(STRING, json, s, m), __VA_ARGS__}
#define HK_BOOL(json, s, m, ...) {HK_MEMBER(BOOL, json, s, m), __VA_ARGS__}
#define HK_INT(json, s, m, ...) {HK_MEMBER(INT, json, s, m), __VA_ARGS__}
#define HK_UINT(json, s, m, ...) {HK_MEMBER(UINT, json, s, m), __VA_ARGS__}
#define HK_OPT_INT(json, s, m) {HK_MEMBER(INT, json, s, m.value), HK_HAS(s, m.set)}
#define HK_OPT_UINT(json, s, m) {HK_MEMBER(UINT, json, s, m.value), HK_HAS(s, m.set)}
#define HK_NAME(json, s, m, table, ...) \
	{HK_MEMBER(NAME, json, s, m), .names = (table), __VA_ARGS__}
#define HK_ENUM(json, s, m, table, ...) \
	{HK_MEMBER(ENUM, json, s, m), .names = (table), __VA_ARGS__}
#define HK_FLAGS(json, s, m, table) {HK_MEMBER(FLAGS, json, s, m), .names = (table)}
#define HK_STRINGS(json, s, m, ...) {HK_MEMBER(STRINGS, json, s, m), __VA_ARGS__}
#define HK_NAMES(json, s, m, table, ...) \
	{HK_MEMBER(NAMES, json, s, m), .names = (table), __VA_ARGS__}
#define HK_UINTS(json, s, m, n) {HK_MEMBER(UINTS, json, s, m), .count = offsetof(s, n)}
#define HK_PAIRS(json, s, m) {HK_MEMBER(PAIRS, json, s, m)}
#define HK_STRUCT(json, s, m, type, ...) \
	{HK_MEMBER(STRUCT, json, s, m), .object = (type), __VA_ARGS__}
/* The properties of a JSON object that has no struct of its own, but belongs to s. */
#define HK_PART(json, part) {.name = (json), .type = HK_PROPERTY_STRUCT, .object = (part)}
#define HK_OBJECT(json, s, m, type, ...) \
	{HK_MEMBER(OBJECT, json, s, m), .object = (type), __VA_ARGS__}
#define HK_OBJECTS(json, s, m, n, type) \
	{HK_MEMBER(OBJECTS, json, s, m), .count = offsetof(s, n), .object = (type)}
#define HK_KEYED(json, s, m, n, type) \
	{HK_MEMBER(KEYED, json, s, m), .count = offsetof(s, n), .object = (type)}
#define HK_CUSTOM(json, s, m, fn, ...) \
	{HK_MEMBER(CUSTOM, json, s, m), .read = (fn), __VA_ARGS__}

/* The object type of a struct with that table. */
#define HK_OBJECT_TYPE(s, table, ...) \
	{.properties = (table), .count = HK_COUNT(table), .size = sizeof(s), __VA_ARGS__}
/* clang-format on */

#endif
