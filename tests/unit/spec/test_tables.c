/* The schemas of the runtime-spec against our tables: every property of config.json for Linux is in
 * exactly one of a table and the list of what is ignored, and no table has one that is not there.
 *
 * The schemas are not part of this repository: HAKO_SPEC_SCHEMAS names their directory, else
 * ../shared/spec beside the repository is looked at. Without them the test is skipped. */
#include "spec/walk.h"

static int seen, ignored;

static void walk(
	struct at at, const struct hk_object *object, const char *pointer, uint64_t *found);

/* Where the specification has more room than we, with the reason; or requires what we do not. */
static const struct {
	const char *pointer, *reason;
} narrower[] = {
	{"/process/consoleSize/height", "struct winsize has 16 bits"},
	{"/process/consoleSize/width", "struct winsize has 16 bits"},
	{"/linux/resources/pids/limit", "clients leave it out, and so did the specification once"},
};

static bool may_differ(const char *pointer)
{
	for (size_t i = 0; i < HK_COUNT(narrower); i++)
		if (!strcmp(narrower[i].pointer, pointer))
			return true;
	return false;
}

static void check_types(struct at at, const struct hk_property *property, const char *pointer)
{
	struct at item = resolve(member(at, "items"));

	if (!says_type(at.node, type_name(property)))
		complain(pointer, "of another type than in the schema");
	if (item.node && !says_type(item.node, item_type_name(property)))
		complain(pointer, "its items are of another type than in the schema");
}

/* What the specification lets a file say, we can hold. */
static void check_room(
	const struct hk_node *schema, const struct hk_property *property, const char *pointer)
{
	const struct hk_node *min = hk_node_get(schema, "minimum");
	const struct hk_node *max = hk_node_get(schema, "maximum");

	if (property->type != HK_PROPERTY_INT && property->type != HK_PROPERTY_UINT)
		return;
	if ((min && !can_hold(property, min)) || (max && !can_hold(property, max)))
		if (!may_differ(pointer))
			complain(pointer, "has less room than the schema's limits");
}

/* Every name of the schema's enumeration is in the table's. */
static void check_names(struct at at, const struct hk_property *property, const char *pointer)
{
	struct at item = resolve(member(at, "items"));
	const struct hk_node *list = hk_node_get(item.node ? item.node : at.node, "enum");

	if (!list)
		return;
	if (!has_names(property)) {
		complain(pointer, "an enumeration in the schema, and any string in the table");
		return;
	}
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
	bool deep = is_deep(property);
	struct at sub = deep ? below(at, property->type) : at;
	uint64_t found = 0;

	walk(sub, deep ? property->object : NULL, pointer, &found);
	for (size_t i = 0; deep && i < property->object->count; i++)
		if (!(found & (UINT64_C(1) << i)))
			complain(hk_arena_printf(&arena, "%s/%s", pointer,
					 property->object->properties[i].name),
				"in a table, but not in the schema");
}

/* at is of the property, in a schema that requires it or does not. */
static void check_property(struct at at, bool required, const struct hk_object *object,
	const char *name, const char *parent, uint64_t *found)
{
	const struct hk_property *property = find_property(object, name);
	char pointer[256];

	seen++;
	(void)snprintf(pointer, sizeof(pointer), "%s/%s", parent, name);
	if (!property) {
		if (is_ignored(pointer))
			ignored++;
		else
			complain(pointer, "neither read nor in the list of what is ignored");
		return;
	}
	if (required && !(property->flags & HK_REQUIRED) && !may_differ(pointer))
		complain(pointer, "required in the schema, and not in the table");
	*found |= UINT64_C(1) << (property - object->properties);
	if (is_ignored(pointer))
		complain(pointer, "read, but in the list of what is ignored");
	at = resolve(at);
	assert_non_null(at.node);
	check_types(at, property, pointer);
	check_room(at.node, property, pointer);
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
			check_property((struct at){at.file, child},
				is_required(at.node, child->key), object, child->key, pointer,
				found);
	if (all)
		hk_node_each (part, all)
			walk((struct at){at.file, part}, object, pointer, found);
}

static bool find_schemas(void)
{
	schema_dir = getenv("HAKO_SPEC_SCHEMAS");
	if (!schema_dir)
		schema_dir = "../../../shared/spec"; /* ctest runs us in tests/unit */
	if (load_schema("config-schema.json"))
		return true;
	print_message("skipped: no runtime-spec schemas (set HAKO_SPEC_SCHEMAS)\n");
	return false;
}

/* The whole of the schemas against the whole of the tables. */
static void compare(void)
{
	uint64_t found = 0;

	seen = ignored = 0;
	walk((struct at){"config-schema.json", load_schema("config-schema.json")}, &hk_spec_object,
		"", &found);
	for (size_t i = 0; i < hk_spec_object.count; i++)
		if (!(found & (UINT64_C(1) << i)))
			complain(hk_spec_object.properties[i].name, "not in the schema");
	for (const struct hk_ignored_property *p = hk_ignored_properties; p->pointer; p++)
		ignored--;
	if (ignored != 0)
		complain("", "the list of what is ignored names what no schema has");
}

static void test_every_property_is_known(void **state)
{
	(void)state;
	if (!find_schemas())
		skip();
	compare();
	assert_true(seen > 180);
	assert_int_equal(failures, 0);
}

/* What a newer specification may bring, and whether the comparison sees it. */
static void test_news_are_noticed(void **state)
{
	static const struct {
		const char *file, *from, *to;
		const char *complaint;
	} news[] = {
		{"config-schema.json", "\"hostname\"", "\"hostName\"",
			"hostname: not in the schema"},
		{"config-schema.json", "\"noNewPrivileges\"", "\"newPrivileges\"",
			"/process/noNewPrivileges: in a table, but not in the schema"},
		{"config-schema.json", "\"username\"", "\"userName\"",
			": the list of what is ignored names what no schema has"},
		{"config-schema.json", "\"IOPRIO_CLASS_RT\"", "\"IOPRIO_CLASS_X\"",
			"/process/ioPriority/class: IOPRIO_CLASS_X"},
		{"config-schema.json", "\"oomScoreAdj\": {",
			"\"oomScoreAdj\": {\"type\": \"string\"}, \"x\": {",
			"/process/oomScoreAdj: of another type than in the schema"},
		{"config-schema.json", "\"apparmorProfile\": {",
			"\"apparmorProfile\": {\"enum\": [\"a\"],",
			"/process/apparmorProfile: an enumeration in the schema, and any string in "
			"the table"},
		{"config-linux.json", "\"cgroupsPath\": {", "\"x\": {}, \"cgroupsPath\": {",
			"/linux/x: neither read nor in the list of what is ignored"},
		{"config-linux.json", "\"swappiness\": {", "\"x\": {}, \"swappiness\": {",
			"/linux/resources/memory/x: neither read nor in the list of what is "
			"ignored"},
		{"config-linux.json", "defs.json#/definitions/uint64",
			"defs.json#/definitions/int64",
			"/linux/resources/cpu/period: has less room than the schema's limits"},
		{"defs.json", "\"timeout\": {", "\"x\": {}, \"timeout\": {",
			"/hooks/poststop/x: neither read nor in the list of what is ignored"},
		{"defs.json", "\"source\": {", "\"source\": {\"type\": \"array\"}, \"x\": {",
			"/mounts/source: of another type than in the schema"},
		{"defs-linux.json", "\"SCMP_ACT_LOG\"", "\"SCMP_ACT_X\"",
			"/linux/seccomp/syscalls/action: SCMP_ACT_X"},
		{"defs-linux.json", "\"SECCOMP_FILTER_FLAG_LOG\"", "\"SECCOMP_FILTER_FLAG_X\"",
			"/linux/seccomp/flags: SECCOMP_FILTER_FLAG_X"},
		{"defs-linux.json", "\"hcaHandles\": {", "\"x\": {}, \"hcaHandles\": {",
			"/linux/resources/rdma/x: neither read nor in the list of what is ignored"},
		{"defs-linux.json", "\"leafWeight\": {", "\"x\": {}, \"leafWeight\": {",
			"/linux/resources/blockIO/weightDevice/x: neither read nor in the list of "
			"what is ignored"},
		{"defs-linux.json", "\"time\"", "\"x\"", "/linux/namespaces/type: x"},
	};

	(void)state;
	if (!find_schemas())
		skip();
	for (size_t i = 0; i < HK_COUNT(news); i++) {
		forget_schemas();
		edit.file = news[i].file;
		edit.from = news[i].from;
		edit.to = news[i].to;
		compare();
		if (!strstr(complaints, news[i].complaint))
			fail_msg(
				"%s: %s: %d, '%s'", news[i].file, news[i].to, failures, complaints);
	}
}

static int teardown(void **state)
{
	(void)state;
	edit.file = NULL;
	forget_schemas();
	return 0;
}

static void check_table(const struct hk_object *object)
{
	assert_true(object->count <= 64);
	for (size_t i = 0; i < object->count; i++) {
		const struct hk_property *p = &object->properties[i];

		assert_ptr_equal(find_property(object, p->name), p); /* no name twice */
		assert_true((size_t)p->offset + (p->type == HK_PROPERTY_STRUCT ? 0 : p->size) <=
			    object->size);
		if (is_deep(p))
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
		cmocka_unit_test_teardown(test_every_property_is_known, teardown),
		cmocka_unit_test_teardown(test_news_are_noticed, teardown),
		cmocka_unit_test(test_tables_are_sound),
		cmocka_unit_test(test_capabilities_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
