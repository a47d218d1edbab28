/* schema/plan.schema.json is made from the list of step kinds and how their arguments are shown;
 * with UPDATE_GOLDEN in the environment it is written anew. */
#include "plan/blob.h"
#include "plan/describe.h"
#include "plan/make.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA "../../schema/plan.schema.json"

/* The steps of the runtime: lib/explain.c puts them between those of the plan. tests/integration
 * compares them with what explain prints. */
static const struct runtime_step {
	const char *name;
	const char *what;
	const char *strings; /* arguments that are strings, separated by blanks */
	const char *numbers;
	const char *lists;
} runtime_steps[] = {
	{"state", "write down that the container exists", "root id", "", ""},
	{"unit", "have systemd start a unit", "name bus", "", ""},
	{"unit_property", "describe the unit", "name value", "", ""},
	{"cgroup", "make a cgroup", "path", "", ""},
	{"cgroup_write", "set a limit", "dir file value", "", ""},
	{"device_rule", "allow or deny devices", "rule type access", "major minor", ""},
	{"rdt_group", "make or take a class of service", "path", "", ""},
	{"rdt_schema", "divide cache or memory bandwidth", "value", "", ""},
	{"rdt_monitor", "make a monitoring group", "path", "", ""},
	{"clone", "make the container's first process", "", "", "flags"},
	{"hook", "run a hook", "name path", "timeout", "args"},
};

static void put_type(struct hk_writer *w, const char *key, const char *type)
{
	hk_write_object_begin(w, key);
	hk_write_string(w, "type", type);
	hk_write_object_end(w);
}

static void put_array(struct hk_writer *w, const char *key, const char *items)
{
	hk_write_object_begin(w, key);
	hk_write_string(w, "type", "array");
	put_type(w, "items", items);
	hk_write_object_end(w);
}

static void put_words(struct hk_writer *w, const char *words, const char *type)
{
	while (*words) {
		size_t len = strcspn(words, " ");
		char word[64];

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, words);
		if (strcmp(type, "list") == 0)
			put_array(w, word, "string");
		else
			put_type(w, word, type);
		words += len + (words[len] == ' ');
	}
}

static void step_begin(struct hk_writer *w, const char *name, const char *by, const char *what)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "description", what);
	hk_write_object_begin(w, "properties");
	hk_write_object_begin(w, "step");
	hk_write_string(w, "const", name);
	hk_write_object_end(w);
	hk_write_object_begin(w, "by");
	hk_write_string(w, "const", by);
	hk_write_object_end(w);
	hk_write_object_begin(w, "arguments");
	hk_write_bool(w, "additionalProperties", false);
	hk_write_object_begin(w, "properties");
}

static void step_end(struct hk_writer *w)
{
	hk_write_object_end(w);
	hk_write_object_end(w);
	hk_write_object_end(w);
	hk_write_object_end(w);
}

/* The JSON types of the arguments show in a step that has each of them. */
static struct hk_strbuf example(enum hk_step_kind kind)
{
	static const char *const strings[] = {"a"};
	static const uint32_t numbers[] = {1};
	const struct hk_step_info *info = &hk_step_infos[kind];
	struct hk_blob blob = {0};
	uint64_t args[64] = {0};
	struct hk_strbuf text = {0};
	struct hk_arena blob_arena = {0};
	struct hk_writer w;
	struct hk_sink sink;
	const struct hk_plan *plan;

	assert_true(info->field_count <= HK_COUNT(args));
	for (uint32_t i = 0; i < info->field_count; i++) {
		hk_ref_str s;
		hk_ref_strs ss;
		hk_ref_u32s ns;
		hk_ref_bytes b;

		switch (info->fields[i].type) {
		case HK_FIELD_u32:
		case HK_FIELD_u64:
		case HK_FIELD_i64:
			args[i] = 1;
			break;
		case HK_FIELD_str:
			s = hk_blob_str(&blob, "a");
			memcpy(&args[i], &s, sizeof(s));
			break;
		case HK_FIELD_strs:
			ss = hk_blob_strs(&blob, strings, 1);
			memcpy(&args[i], &ss, sizeof(ss));
			break;
		case HK_FIELD_u32s:
			ns = hk_blob_u32s(&blob, numbers, 1);
			memcpy(&args[i], &ns, sizeof(ns));
			break;
		case HK_FIELD_bytes:
			b = hk_blob_bytes(&blob, "a", 1);
			memcpy(&args[i], &b, sizeof(b));
			break;
		}
	}
	hk_blob_step(&blob, kind, (hk_ref_str){0}, args);
	plan = hk_blob_finish(&blob, 0, &blob_arena);
	assert_non_null(plan);
	hk_writer_init(&w, &text, NULL);
	sink = HK_JSON_SINK(&w);
	hk_plan_describe_step(plan, hk_plan_steps(plan), &sink);
	hk_blob_done(&blob);
	hk_arena_done(&blob_arena);
	return text;
}

static const char *schema_type(const struct hk_node *node)
{
	switch (node->type) {
	case HK_NODE_NUMBER:
		return "integer";
	case HK_NODE_STRING:
		return "string";
	default:
		fail_msg("an argument is neither a number nor a string");
		return NULL;
	}
}

static void put_init_step(struct hk_writer *w, enum hk_step_kind kind)
{
	struct hk_strbuf text = example(kind);
	struct hk_arena nodes = {0};
	const struct hk_node *root, *arguments;

	assert_int_equal(hk_json_read(text.text, text.len, "step", &nodes, &root, NULL), 0);
	arguments = hk_node_get(root, "arguments");
	step_begin(w, hk_step_infos[kind].name, "init", hk_step_infos[kind].what);
	hk_node_each (argument, arguments) {
		if (argument->type == HK_NODE_ARRAY)
			put_array(w, argument->key,
				argument->first ? schema_type(argument->first) : "string");
		else
			put_type(w, argument->key, schema_type(argument));
	}
	step_end(w);
	hk_arena_done(&nodes);
	hk_strbuf_done(&text);
}

static void put_steps(struct hk_writer *w)
{
	hk_write_array_begin(w, "oneOf");
	for (size_t i = 0; i < HK_COUNT(runtime_steps); i++) {
		const struct runtime_step *s = &runtime_steps[i];

		step_begin(w, s->name, "runtime", s->what);
		put_words(w, s->strings, "string");
		put_words(w, s->numbers, "integer");
		put_words(w, s->lists, "list");
		step_end(w);
	}
	for (int kind = 0; kind < HK_STEP_KIND_COUNT; kind++)
		put_init_step(w, (enum hk_step_kind)kind);
	hk_write_array_end(w);
}

static void put_property(
	struct hk_writer *w, const char *name, const char *type, const char *description)
{
	hk_write_object_begin(w, name);
	hk_write_string(w, "description", description);
	hk_write_string(w, "type", type);
	hk_write_object_end(w);
}

static void put_step_schema(struct hk_writer *w)
{
	hk_write_object_begin(w, "items");
	hk_write_string(w, "type", "object");
	hk_write_array_begin(w, "required");
	hk_write_string(w, NULL, "step");
	hk_write_string(w, NULL, "by");
	hk_write_string(w, NULL, "what");
	hk_write_string(w, NULL, "arguments");
	hk_write_array_end(w);
	hk_write_bool(w, "additionalProperties", false);
	hk_write_object_begin(w, "properties");
	put_property(w, "step", "string", "The kind of step.");
	put_property(w, "by", "string",
		"Who does it: \"runtime\" on the host, \"init\" inside the container.");
	put_property(w, "what", "string", "The step in a few words.");
	put_property(w, "property", "string",
		"JSON pointer of the config.json property that it comes from; absent where the "
		"runtime does it by itself.");
	put_property(w, "arguments", "object", "An argument that is 0 or empty is left out.");
	hk_write_object_end(w);
	put_steps(w);
	hk_write_object_end(w);
}

static char *make_schema(void)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	hk_writer_init(&w, &out, "\t");
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "$schema", "http://json-schema.org/draft-07/schema#");
	hk_write_string(&w, "$id", "https://hako.invalid/schema/plan.schema.json");
	hk_write_string(&w, "title", "What `hako explain --format json` prints");
	hk_write_string(&w, "description",
		"What create and start do with a bundle, step by step, in order. Made from the "
		"list of step kinds: do not edit.");
	hk_write_string(&w, "type", "object");
	hk_write_array_begin(&w, "required");
	hk_write_string(&w, NULL, "version");
	hk_write_string(&w, NULL, "id");
	hk_write_string(&w, NULL, "bundle");
	hk_write_string(&w, NULL, "steps");
	hk_write_array_end(&w);
	hk_write_bool(&w, "additionalProperties", false);
	hk_write_object_begin(&w, "properties");
	hk_write_object_begin(&w, "version");
	hk_write_string(&w, "description", "Of this format.");
	hk_write_u64(&w, "const", 1);
	hk_write_object_end(&w);
	put_property(&w, "id", "string", "The container's id.");
	put_property(&w, "bundle", "string", "Absolute path.");
	hk_write_object_begin(&w, "steps");
	hk_write_string(&w, "description",
		"In the order in which they are taken; what the arguments mean is in "
		"src/plan/steps.h.");
	hk_write_string(&w, "type", "array");
	put_step_schema(&w);
	hk_write_object_end(&w);
	hk_write_object_end(&w);
	hk_write_object_end(&w);
	hk_strbuf_putc(&out, '\n');
	return hk_strbuf_take(&out);
}

static void test_schema(void **state)
{
	HK_FREE char *made = make_schema();
	char *committed;
	FILE *file;
	long size;

	(void)state;
	assert_non_null(made);
	if (getenv("UPDATE_GOLDEN")) {
		file = fopen(SCHEMA, "w");
		assert_non_null(file);
		assert_true(fputs(made, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	file = fopen(SCHEMA, "r");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	committed = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(committed, 1, (size_t)size, file), (size_t)size);
	(void)fclose(file);
	if (strcmp(made, committed) != 0)
		fail_msg("%s is not up to date: run this test with UPDATE_GOLDEN=1", SCHEMA);
	free(committed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
