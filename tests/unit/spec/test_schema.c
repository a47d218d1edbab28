/* schema/config.schema.json against our tables, in both directions: the same properties of the same
 * types, names, limits; each with a description. */
#include "spec/walk.h"

#define SCHEMA "config.schema.json"

static size_t ignored;

static void compare_objects(struct at at, const struct hk_object *object, const char *pointer);

/* Required by the validators: a spec that a program builds has them at another time. */
static const char *const required_later[] = {"/root", "/process", "/process/args"};

static bool is_required_later(const char *pointer)
{
	for (size_t i = 0; i < HK_COUNT(required_later); i++)
		if (!strcmp(required_later[i], pointer))
			return true;
	return false;
}

static size_t count_names(const struct hk_enum *names)
{
	size_t n = 0;

	while (names[n].name)
		n++;
	return n;
}

/* The schema of an array's items, else of the value itself. */
static struct at of_element(struct at at)
{
	struct at items = member(at, "items");

	return resolve(items.node ? items : at);
}

static void compare_names(struct at at, const struct hk_property *property, const char *pointer)
{
	const struct hk_node *list = hk_node_get(of_element(at).node, "enum");

	if (!has_names(property))
		return;
	if (!list) {
		complain(pointer, "has names, but no enum");
		return;
	}
	hk_node_each (name, list)
		if (!hk_enum_find(property->names, name->text))
			complain(pointer, name->text);
	if (list->count != count_names(property->names))
		complain(pointer, "has other names than the table");
}

static void compare_limits(struct at at, const struct hk_property *property, const char *pointer)
{
	const struct hk_node *schema = of_element(at).node;
	const struct hk_node *min = hk_node_get(schema, "minimum");
	const struct hk_node *max = hk_node_get(schema, "maximum");
	struct hk_property of_uints = {.type = HK_PROPERTY_UINT, .size = sizeof(uint32_t)};

	if (property->type == HK_PROPERTY_UINTS)
		property = &of_uints;
	else if (property->type != HK_PROPERTY_INT && property->type != HK_PROPERTY_UINT)
		return;
	if (!min || !max)
		complain(pointer, "has no minimum or maximum");
	else if (!can_hold(property, min) || !can_hold(property, max))
		complain(pointer, "has limits that do not fit the table");
}

static void compare_length(struct at at, const struct hk_property *property, const char *pointer)
{
	const struct hk_node *longest = hk_node_get(of_element(at).node, "maxLength");
	uint64_t value = 0;

	if (!property->longest)
		return; /* a validator may have one */
	if (!longest || hk_parse_u64(longest->text, &value) < 0 || value != property->longest)
		complain(pointer, "has another maxLength than the table");
}

static void compare_required(
	struct at parent, const struct hk_property *property, const char *pointer)
{
	bool schema = is_required(parent.node, property->name);
	bool table = property->flags & HK_REQUIRED;

	if (schema != table && !(schema && is_required_later(pointer)))
		complain(pointer, "is required here and not there");
}

/* Text for a reader: at the property, or where its reference leads. */
static void check_description(const struct hk_node *schema, const char *pointer)
{
	const struct hk_node *text = hk_node_get(schema, "description");

	if (!text || text->type != HK_NODE_STRING || strlen(text->text) < 4)
		complain(pointer, "has no description");
}

static void compare_below(struct at at, const struct hk_property *property, const char *pointer)
{
	struct at values = resolve(member(at, "additionalProperties"));

	if (property->type == HK_PROPERTY_KEYED)
		at = values;
	else if (property->type == HK_PROPERTY_PAIRS && !says_type(values.node, "string"))
		complain(pointer, "has values that are no strings");
	else
		at = of_element(at);
	if (!at.node)
		complain(pointer, "says nothing of its values");
	else if (is_deep(property))
		compare_objects(at, property->object, pointer);
}

static void compare_property(
	struct at parent, struct at at, const struct hk_property *property, const char *pointer)
{
	const char *items = item_type_name(property);

	at = resolve(at);
	check_description(at.node, pointer);
	if (!hk_node_get(at.node, "type") || !says_type(at.node, type_name(property)))
		complain(pointer, "has another type than the table");
	if (items && !says_type(of_element(at).node, items))
		complain(pointer, "has items of another type than the table");
	compare_required(parent, property, pointer);
	compare_names(at, property, pointer);
	compare_limits(at, property, pointer);
	compare_length(at, property, pointer);
	compare_below(at, property, pointer);
}

static const char *below(const char *pointer, const char *name)
{
	const char *joined = hk_arena_printf(&arena, "%s/%s", pointer, name);

	assert_non_null(joined);
	return joined;
}

static void compare_objects(struct at at, const struct hk_object *object, const char *pointer)
{
	struct at properties = member(at, "properties");

	check_description(at.node, *pointer ? pointer : "the schema");
	if (!properties.node) {
		complain(pointer, "has no properties");
		return;
	}
	for (size_t i = 0; i < object->count; i++)
		if (!hk_node_get(properties.node, object->properties[i].name))
			complain(below(pointer, object->properties[i].name), "only in the table");
	hk_node_each (child, properties.node) {
		const struct hk_property *property = find_property(object, child->key);
		const char *name = below(pointer, child->key);

		if (property) {
			compare_property(at, (struct at){at.file, child}, property, name);
		} else if (is_ignored(name)) {
			check_description(child, name);
			ignored++;
		} else {
			complain(name, "only in the schema");
		}
	}
}

static void compare(void)
{
	size_t listed = 0;

	schema_dir = "../../schema"; /* ctest runs us in tests/unit */
	ignored = 0;
	assert_non_null(load_schema(SCHEMA));
	compare_objects((struct at){SCHEMA, load_schema(SCHEMA)}, &hk_spec_object, "");
	while (hk_ignored_properties[listed].pointer)
		listed++;
	if (ignored != listed)
		complain("", "what is ignored is not all in the schema");
}

static void test_schema_and_tables_agree(void **state)
{
	(void)state;
	compare();
	assert_int_equal(failures, 0);
}

/* What is easily forgotten when a table or the schema is changed. */
static void test_differences_are_noticed(void **state)
{
	static const struct {
		const char *from, *to;
		const char *complaint;
	} changes[] = {
		{"\"hostname\": {", "\"hostName\": {", "/hostname: only in the table"},
		{"\"hostname\": {", "\"hostName\": {", "/hostName: only in the schema"},
		{"\"username\": {", "\"userName\": {",
			"/process/user/userName: only in the schema"},
		{"\"vm\": {", "\"-\": {", "what is ignored is not all in the schema"},
		{"\"description\": \"Rows.", "\"x\": \"",
			"/process/consoleSize/height: has no "
			"description"},
		{"\"required\": [\"height\", \"width\"]", "\"required\": [\"height\"]",
			"/process/consoleSize/width: is required here and not there"},
		{"\"required\": [\"path\"]", "\"required\": [\"path\", \"readonly\"]",
			"/root/readonly: is required here and not there"},
		{"\"LINUX32\"", "\"LINUX33\"", "/linux/personality/domain: LINUX33"},
		{"\"LINUX\", \"LINUX32\"", "\"LINUX\"",
			"/linux/personality/domain: has other names than the table"},
		{"\"maximum\": 65535", "\"maximum\": 65536",
			"/process/consoleSize/height: has limits that do not fit the table"},
		{"\"minimum\": -1000", "\"x\": 1", "/process/oomScoreAdj: has no minimum"},
		{"\"maxLength\": 4095", "\"maxLength\": 4096",
			"/root/path: has another maxLength than the table"},
		{"\"type\": \"boolean\"", "\"type\": \"string\"",
			"/root/readonly: has another type than the table"},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(changes); i++) {
		forget_schemas();
		edit.file = SCHEMA;
		edit.from = changes[i].from;
		edit.to = changes[i].to;
		compare();
		if (!strstr(complaints, changes[i].complaint))
			fail_msg("%s: %d, '%s'", changes[i].to, failures, complaints);
	}
}

static int teardown(void **state)
{
	(void)state;
	edit.file = NULL;
	forget_schemas();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_schema_and_tables_agree, teardown),
		cmocka_unit_test_teardown(test_differences_are_noticed, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
