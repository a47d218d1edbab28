/* The hooks that run on the host: prestart, createRuntime, poststart, poststop. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* argv or environ: the strings, then NULL. */
static char **with_end(const struct hk_strings *strings, const char *if_empty)
{
	size_t count = strings->count;
	char **list = calloc(count + 2, sizeof(*list));

	if (!list)
		return NULL;
	for (size_t i = 0; i < count; i++)
		list[i] = (char *)strings->items[i]; /* execve's argument type, it does not write */
	if (count == 0)
		list[0] = (char *)if_empty;
	return list;
}

static char *state_text(const struct hk_hook_state *state, const char *status, pid_t pid)
{
	HK_FREE char *before = NULL, *after = NULL;
	struct hk_strbuf text = {0};

	if (hk_hook_state_split(state, status, &before, &after) < 0)
		return NULL;
	hk_strbuf_printf(&text, "%s%d%s", before, (int)pid, after);
	return hk_strbuf_take(&text);
}

static void log_failure(const struct hk_log *log, const struct hk_err *err)
{
	char reason[128];
	bool has_reason = err->flags & HK_ERR_ERRNO_TEXT;

	hk_logf(log, HK_LOG_WARNING, "%s%s%s", err->message, has_reason ? ": " : "",
		has_reason ? hk_errno_text(err->code, reason, sizeof(reason)) : "");
}

/* What the hooks of a point have in common. */
struct surroundings {
	const char *name; /* of the point */
	const char *input;
	const char *cwd;
	struct hk_child_output output;
	int owner; /* see hk_child */
};

static int run_one(
	const struct hk_hook *hook, const struct surroundings *s, size_t index, struct hk_err *err)
{
	HK_FREE char **argv = with_end(&hook->args, hook->path);
	HK_FREE char **env = with_end(&hook->env, NULL);
	struct hk_child child = {
		.path = hook->path,
		.argv = argv,
		.env = hook->has_env ? env : NULL, /* absent: ours, as the peers do it */
		.cwd = s->cwd,
		.input = s->input,
		.timeout = hook->has_timeout ? hook->timeout : 0,
		.output = &s->output,
		.owner = &s->owner,
	};
	struct hk_child_result result;
	char why[640];
	int r;

	if (!argv || !env)
		return hk_fail(err, ENOMEM, "run a hook");
	r = hk_child_run(&child, &result, err);
	if (r < 0) {
		hk_err_prefix(err, "error running %s hook #%zu: ", s->name, index);
		return r;
	}
	if (!result.timed_out && WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0)
		return 0;
	r = hk_refuse(err, result.timed_out ? ETIMEDOUT : EIO, "error running %s hook #%zu: %s",
		s->name, index, hk_child_describe(&result, child.timeout, why, sizeof(why)));
	if (s->output.out >= 0 || s->output.err >= 0)
		hk_err_hint(err, "see what it wrote to the file of the annotation run.oci.hooks.%s",
			s->output.err >= 0 ? "stderr" : "stdout");
	return r;
}

static void note_hook(struct hk_timeline *timeline, const struct surroundings *s, size_t index)
{
	char property[64];

	if (!timeline)
		return;
	(void)snprintf(property, sizeof(property), "/hooks/%s/%zu", s->name, index);
	hk_timeline_begin(timeline, "hook");
	hk_timeline_property(timeline, property);
}

static int run_each(const struct hk_hook_list *list, const struct surroundings *s,
	struct hk_timeline *timeline, struct hk_err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		int r;

		note_hook(timeline, s, i);
		r = run_one(&list->items[i], s, i, err);
		hk_timeline_end(timeline, r);
		if (r < 0) {
			(void)hk_err_at(err, "/hooks/%s/%zu", s->name, i);
			return r;
		}
	}
	return 0;
}

int hk_hooks_run(const struct hk_hooks *hooks, enum hk_hook_point point,
	const struct hk_hook_state *state, const char *status, pid_t pid, struct hk_err *err)
{
	return hk_hooks_run_timed(hooks, point, state, status, pid, NULL, err);
}

/* While a container is made, a hook is of no use without its first process, and whoever ends that
 * wants us to end. It is our child: the pid is its own. */
static int open_owner(enum hk_hook_point point, pid_t pid)
{
	bool creating = point == HK_HOOK_PRESTART || point == HK_HOOK_CREATE_RUNTIME;

	return creating ? hk_sys_pidfd_open(pid) : -1;
}

int hk_hooks_run_timed(const struct hk_hooks *hooks, enum hk_hook_point point,
	const struct hk_hook_state *state, const char *status, pid_t pid,
	struct hk_timeline *timeline, struct hk_err *err)
{
	const struct hk_hook_list *list = &hooks->at[point];
	struct surroundings s = {.name = hk_hook_names[point], .cwd = state->bundle, .owner = -1};
	HK_FREE char *input = NULL;
	int r;

	if (list->count == 0)
		return 0;
	s.input = input = state_text(state, status, pid);
	if (!input)
		return hk_fail(err, ENOMEM, "write the state for the %s hooks", s.name);
	r = hk_hook_output_open(state->annotations, &s.output, err);
	if (r < 0)
		return r;
	s.owner = open_owner(point, pid);
	r = run_each(list, &s, timeline, err);
	hk_close(&s.owner);
	hk_hook_output_close(&s.output);
	return r;
}

void hk_hooks_run_all(const struct hk_hooks *hooks, enum hk_hook_point point,
	const struct hk_hook_state *state, const char *status, const struct hk_log *log)
{
	const struct hk_hook_list *list = &hooks->at[point];
	/* what they clean up is there still where the bundle is not */
	struct surroundings s = {.name = hk_hook_names[point],
		.cwd = access(state->bundle, X_OK) == 0 ? state->bundle : "/",
		.output = {-1, -1},
		.owner = -1};
	HK_FREE char *input = NULL;
	struct hk_err err;

	if (list->count == 0)
		return;
	s.input = input = state_text(state, status, 0);
	if (!input)
		hk_logf(log, HK_LOG_WARNING, "no memory to run the %s hooks", s.name);
	if (hk_hook_output_open(state->annotations, &s.output, &err) < 0)
		log_failure(log, &err); /* they clean up: better unseen than not at all */
	for (size_t i = 0; input && i < list->count; i++)
		if (run_one(&list->items[i], &s, i, &err) < 0)
			log_failure(log, &err);
	hk_hook_output_close(&s.output);
}
