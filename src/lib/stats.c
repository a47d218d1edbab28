/* hako_stats_json: a sample of what a container uses. */
#include "lib/stats.h"

#include <hako/events.h>

#include "base/str.h"
#include "json/json.h"
#include "lib/errors.h"

#include <errno.h>

int hk_not_running(const char *id, struct hk_err *err)
{
	return hk_refuse(err, ESRCH, "container with id %s is not running", id);
}

static int sample(struct hk_loaded *loaded, struct hk_arena *arena, char **ret, struct hk_err *err)
{
	const struct hk_state *state = &loaded->state;
	struct hk_rdt_stats rdt = {0};
	struct hk_stats stats;
	int r;

	r = hk_cgroup_stats(loaded->cgroup, arena, &stats, err);
	if (r == -ENOENT && hk_cgroup_path_count(loaded->cgroup) > 0) /* deleted meanwhile */
		return hk_not_running(state->id, err);
	if (r == 0 && state->intel_rdt_path)
		r = hk_rdt_stats(state->intel_rdt_path, state->intel_rdt_monitor, arena, &rdt, err);
	if (r < 0)
		return r;
	*ret = hk_stats_text(state->id, &stats, &rdt);
	return *ret ? 0 : hk_fail(err, ENOMEM, "write the statistics");
}

int hk_stats_event(struct hk_loaded *loaded, char **ret, struct hk_err *err)
{
	struct hk_arena arena = {0};
	int r = sample(loaded, &arena, ret, err);

	hk_arena_done(&arena);
	return r;
}

int hk_oom_event(const char *id, char **ret, struct hk_err *err)
{
	struct hk_strbuf text = {0};
	struct hk_writer w;

	hk_writer_init(&w, &text, NULL);
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "type", "oom");
	hk_write_string(&w, "id", id);
	hk_write_object_end(&w);
	*ret = hk_strbuf_take(&text);
	return *ret ? 0 : hk_fail(err, ENOMEM, "write an event");
}

static int stats_json(const struct hako_container *container, char **ret, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	int r;

	r = hk_container_load(container->root, container->id, false, &loaded, err);
	if (r < 0)
		return r;
	if (hk_loaded_status(&loaded) == HAKO_STOPPED)
		return hk_not_running(container->id, err);
	return hk_stats_event(&loaded, ret, err);
}

int hako_stats_json(hako_container *container, char **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(stats_json(container, ret, &e), &e, err);
}
