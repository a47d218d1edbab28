/* The state document of a hook, in two halves around the pid. */
#include "plan/hook_state.h"

#include "base/mem.h"
#include "base/str.h"
#include "json/json.h"
#include "spec/spec.h"

#include <errno.h>
#include <string.h>

int hk_hook_state_split(
	const struct hk_hook_state *state, const char *status, char **ret_before, char **ret_after)
{
	struct hk_strbuf text = {0};
	struct hk_writer writer;
	char *before, *after;
	size_t pid_at;

	hk_writer_init(&writer, &text, NULL);
	hk_write_object_begin(&writer, NULL);
	hk_write_string(&writer, "ociVersion", HK_SPEC_VERSION);
	hk_write_string(&writer, "id", state->id);
	hk_write_string(&writer, "status", status);
	hk_write_u64(&writer, "pid", 0);
	pid_at = text.len - 1;
	hk_write_string(&writer, "bundle", state->bundle);
	if (state->annotations && state->annotations->count) {
		hk_write_object_begin(&writer, "annotations");
		for (size_t i = 0; i < state->annotations->count; i++)
			hk_write_string(&writer, state->annotations->items[i].key,
				state->annotations->items[i].value);
		hk_write_object_end(&writer);
	}
	hk_write_object_end(&writer);
	before = hk_strbuf_take(&text);
	after = before ? strdup(before + pid_at + 1) : NULL;
	if (!after) {
		free(before);
		return -ENOMEM;
	}
	before[pid_at] = '\0';
	*ret_before = before;
	*ret_after = after;
	return 0;
}
