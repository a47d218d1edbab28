/* hako_create and hako_run: one list of steps on the host, undone newest first when one fails. */
#include "lib/creation.h"

#include "base/fd.h"
#include "lib/errors.h"
#include "lib/timeline.h"

static const struct hk_creation_step steps[] = {
	{"libraries", hk_creation_want_libraries, NULL},
	{"directory", hk_creation_make_directory, hk_creation_remove_directory},
	{"prepare", hk_creation_prepare, NULL},
	{"state", hk_creation_store_creating, hk_creation_remove_rootfs_mount},
	{"unit", hk_creation_start_unit, hk_creation_stop_unit},
	{"cgroup", hk_creation_make_cgroup, hk_creation_remove_cgroup},
	{"rdt", hk_creation_make_rdt, hk_creation_remove_rdt},
	{"descriptors", hk_creation_open_slots, hk_creation_close_slots},
	{"handle", hk_creation_make_handle, hk_creation_free_handle},
	{"find network devices", hk_creation_find_net_devices, hk_creation_return_net_devices},
	{"init stage", hk_creation_run_stage, hk_creation_kill_init},
	{"start", hk_creation_await_program, NULL},
};

static int create(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	bool run, hako_container **ret, struct hk_err *err)
{
	struct hk_creation c;
	int r;

	hk_creation_init(&c, runtime, id, run);
	r = hk_id_check(id, err);
	if (r == 0)
		r = hk_prepare_options(runtime, id, options, &c.prepared, err);
	c.timeline = hk_timeline_of(c.prepared.options.timeline);
	if (r == 0)
		r = hk_creation_run_steps(&c, steps, HK_COUNT(steps), err);
	if (r == 0)
		*ret = hk_creation_take_container(&c);
	hk_creation_done(&c);
	return r;
}

int hako_create(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	hako_container **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(create(runtime, id, options, false, ret, &e), &e, err);
}

int hako_run(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	hako_container **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(create(runtime, id, options, true, ret, &e), &e, err);
}
