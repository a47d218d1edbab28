/* hako_update: other limits for a container that exists. */
#include <hako/update.h>

#include "lib/change.h"
#include "lib/container.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/unit.h"
#include "rdt/rdt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct update {
	struct hk_change change;
	struct hk_loaded loaded;
	struct hk_resources in_force; /* behind the change */
	struct hk_bus *bus;	      /* to systemd; NULL: the container has no unit */
	struct hk_cgroup_change *limits;
	struct hk_rdt rdt; /* made for it; group NULL: not */
	const char *rdt_root;
	const char *schemata; /* of a group that it had, before the change; NULL: unchanged */
};

static int check_status(const struct hk_loaded *loaded, struct hk_err *err)
{
	enum hako_status status = hk_loaded_status(loaded);

	if (status == HAKO_STOPPED || status == HAKO_CREATING)
		return hk_refuse(
			err, ESRCH, "container not running: it is %s", hako_status_name(status));
	return 0;
}

/* ---- intelRdt ---- */

static bool asks_for_rdt(const struct update *u)
{
	return u->change.rdt.l3_cache_schema || u->change.rdt.mem_bw_schema;
}

static int move_processes(struct update *u, struct hk_err *err)
{
	HK_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r = hk_cgroup_pids(u->loaded.cgroup, &pids, &count, err);

	/* Init last, whatever the order: with it every later child is in the group. */
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = hk_rdt_assign(&u->rdt, pids[i], err);
		if (r == -ESRCH)
			r = 0; /* it has ended */
	}
	return r < 0 ? r : hk_rdt_assign(&u->rdt, u->loaded.state.init_pid, err);
}

/* A group of its own for a container that was created without one. The state names it before it is
 * there, as at creation. */
static int make_group(struct update *u, struct hk_err *err)
{
	struct hk_state *state = &u->loaded.state;
	int r;

	r = hk_rdt_decide(u->rdt_root, state->id, &u->change.rdt, &u->change.arena, &u->rdt, err);
	if (r < 0)
		return r;
	state->intel_rdt_path = u->rdt.group;
	state->intel_rdt_owned = hk_rdt_owns_group(&u->rdt);
	r = hk_state_store(u->loaded.dir, state, err);
	if (r == 0)
		r = hk_rdt_make(&u->rdt, &u->change.rdt, err);
	if (r == 0)
		r = move_processes(u, err);
	return r;
}

static int change_rdt(struct update *u, struct hk_err *err)
{
	const char *group = u->loaded.state.intel_rdt_path;
	int r;

	if (!asks_for_rdt(u))
		return 0;
	r = hk_rdt_find(&u->change.arena, &u->rdt_root, err);
	if (r < 0)
		return r;
	if (!group)
		return make_group(u, err);
	if (strcmp(group, u->rdt_root) == 0)
		return hk_refuse(err, EPERM,
			"the container is in the default class of service, which all processes of "
			"the host are in");
	return hk_rdt_update(
		u->rdt_root, group, &u->change.rdt, &u->change.arena, &u->schemata, err);
}

/* ---- the unit ---- */

/* On v1 systemd answers any change by taking all devices away and allowing them again, one by one:
 * no process is to see that. Returns whether it is to be thawed; one that cannot be frozen may see
 * it. */
static bool freeze_for_systemd(struct update *u)
{
	const struct hk_pair *freezer = hk_cgroup_paths_freezer(&u->loaded.state.cgroup_paths);

	return freezer && strcmp(freezer->key, "freezer") == 0 && /* of v1 */
	       !hk_cgroup_is_frozen(u->loaded.cgroup) &&
	       hk_cgroup_freeze(u->loaded.cgroup, true, NULL) == 0;
}

static int change_unit(struct update *u, const struct hk_resources *from,
	const struct hk_resources *to, struct hk_err *err)
{
	struct hk_cgroup_write *before, *after;
	size_t before_count, after_count;
	struct hk_arena *arena = &u->change.arena;
	bool frozen;
	int r;

	if (!u->bus)
		return 0;
	frozen = freeze_for_systemd(u);
	r = hk_cgroup_writes(u->loaded.cgroup, from, arena, &before, &before_count, err);
	if (r == 0)
		r = hk_cgroup_writes(u->loaded.cgroup, to, arena, &after, &after_count, err);
	if (r == 0)
		r = hk_scope_change(u->bus, u->loaded.state.systemd_unit, before, before_count,
			after, after_count, arena, err);
	if (frozen)
		(void)hk_cgroup_freeze(u->loaded.cgroup, false, NULL); /* resume can do it again */
	return r;
}

/* systemd writes quota and period together, and neither to the byte: both have to be written again.
 */
static void take_whole_bandwidth(struct update *u)
{
	struct hk_cpu *cpu = u->change.resources.cpu;

	if (cpu && (cpu->quota.set || cpu->period.set)) {
		cpu->quota = u->in_force.cpu->quota;
		cpu->period = u->in_force.cpu->period;
	}
}

/* ---- all ---- */

static void undo(struct update *u)
{
	struct hk_state *state = &u->loaded.state;

	(void)change_unit(u, &u->in_force, state->resources, NULL); /* the first error counts */
	hk_cgroup_change_undo(u->limits);
	if (u->schemata)
		hk_rdt_restore(u->rdt_root, state->intel_rdt_path, u->schemata);
	if (!u->rdt.group)
		return;
	(void)hk_rdt_unmake(&u->rdt, NULL); /* what stays, the state names and delete removes */
	if (access(u->rdt.group, F_OK) < 0)
		state->intel_rdt_path = NULL;
	(void)hk_state_store(u->loaded.dir, state, NULL);
}

static int change_all(struct update *u, struct hk_err *err)
{
	struct hk_state *state = &u->loaded.state;
	struct hk_resources *before = state->resources;
	int r;

	r = hk_resources_change(before, &u->change.resources, &u->change.arena, &u->in_force, err);
	if (r < 0)
		return r;
	if (state->systemd_unit)
		r = hk_bus_open(state->systemd_user, &u->bus, err);
	if (r < 0)
		return r;
	if (u->bus)
		take_whole_bandwidth(u);
	r = hk_cgroup_change_prepare(
		u->loaded.cgroup, &u->change.resources, &u->change.arena, &u->limits, err);
	if (r < 0)
		return r;
	/* systemd first: what it writes is overwritten by what is asked for, to the byte */
	r = change_unit(u, before, &u->in_force, err);
	if (r == 0)
		r = hk_cgroup_change_apply(u->limits, err);
	if (r == 0)
		r = change_rdt(u, err);
	if (r == 0) {
		state->resources = &u->in_force;
		r = hk_state_store(u->loaded.dir, state, err);
	}
	if (r < 0) {
		state->resources = before;
		undo(u);
	}
	return r;
}

static int load(const struct hako_container *container, struct update *u, struct hk_err *err)
{
	int r = hk_container_load(container->root, container->id, true, &u->loaded, err);

	if (r == 0)
		r = check_status(&u->loaded, err);
	return r < 0 ? r : hk_dynamic_want_bus(container->runtime, &u->loaded.state, err);
}

static int update(const struct hako_container *container, const struct hako_update_options *options,
	struct hk_err *err)
{
	struct update u = {.loaded = HK_LOADED_INIT};
	int r;

	r = hk_change_read(&u.change, options, &container->runtime->log, err);
	if (r == 0)
		r = load(container, &u, err);
	if (r == 0) {
		r = change_all(&u, err);
		if (r < 0)
			hk_change_locate(&u.change, err);
	}
	hk_bus_close(u.bus);
	hk_loaded_done(&u.loaded);
	hk_change_done(&u.change);
	return r;
}

int hako_update(
	hako_container *container, const struct hako_update_options *options, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(update(container, options, &e), &e, err);
}
