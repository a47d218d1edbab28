/* The state object, in runc's order of keys. */
#include "state_json.h"

#include "json.h"

#include <hako/runtime.h>

/* Go's zero time: what reads this expects a time also of a container that is half-made. */
#define NEVER "0001-01-01T00:00:00Z"

/* What stands between two members. */
static void separate(FILE *out, bool indented, const char *indent, const char *before)
{
	fputs(before, out);
	if (indented)
		fprintf(out, "\n%s", indent);
}

static void print_key(FILE *out, bool indented, const char *key)
{
	json_string(out, key);
	fputs(indented ? ": " : ":", out);
}

static void print_string(FILE *out, bool indented, const char *key, const char *value)
{
	print_key(out, indented, key);
	json_string(out, value);
}

static void print_annotations(FILE *out, const struct hako_state *state, bool indented)
{
	if (state->annotation_count == 0)
		return;
	print_key(out, indented, "annotations");
	for (size_t i = 0; i < state->annotation_count; i++) {
		separate(out, indented, "    ", i == 0 ? "{" : ",");
		print_string(out, indented, state->annotations[i].key, state->annotations[i].value);
	}
	separate(out, indented, "  ", "");
	fputc('}', out);
	separate(out, indented, "  ", ",");
}

void state_print(FILE *out, const struct hako_state *state, const char *owner, bool indented)
{
	separate(out, indented, "  ", "{");
	print_string(out, indented, "ociVersion", hako_spec_version());
	separate(out, indented, "  ", ",");
	print_string(out, indented, "id", state->id);
	separate(out, indented, "  ", ",");
	print_key(out, indented, "pid");
	fprintf(out, "%d", (int)state->pid);
	separate(out, indented, "  ", ",");
	print_string(out, indented, "status", hako_status_name(state->status));
	separate(out, indented, "  ", ",");
	print_string(out, indented, "bundle", state->bundle);
	separate(out, indented, "  ", ",");
	print_string(out, indented, "rootfs", state->rootfs);
	separate(out, indented, "  ", ",");
	print_string(out, indented, "created", state->created[0] ? state->created : NEVER);
	separate(out, indented, "  ", ",");
	print_annotations(out, state, indented);
	print_string(out, indented, "owner", owner);
	separate(out, indented, "", "");
	fputc('}', out);
}
