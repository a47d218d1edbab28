/* hako_explain: what create and start would do, step by step, as text or JSON. */
#include <hako/plan.h>

#include "base/str.h"
#include "json/json.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/unit.h"
#include "plan/describe.h"
#include "rdt/schemata.h"
#include "state/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLAN_VERSION 1 /* of schema/plan.schema.json */

struct explanation {
	struct hk_prepared prepared;
	struct hk_sink sink;
};

/* ---- what the runtime does ---- */

static void put_state(struct explanation *e)
{
	hk_sink_begin(
		&e->sink, HK_SIDE_RUNTIME, "state", "write down that the container exists", NULL);
	hk_sink_text(&e->sink, "root", e->prepared.runtime->root);
	hk_sink_text(&e->sink, "id", e->prepared.id);
	hk_sink_end(&e->sink);
}

static void put_unit_property(struct explanation *e, const struct hk_unit_property *property)
{
	struct hk_strbuf value = {0};
	const char *copy;

	hk_variant_format(&property->value, &value);
	copy = value.failed ? NULL : hk_arena_strdup(&e->prepared.arena, value.text);
	hk_strbuf_done(&value);
	hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, "unit_property", "describe the unit",
		property->property);
	hk_sink_text(&e->sink, "name", property->name);
	hk_sink_text(&e->sink, "value", copy ? copy : "");
	hk_sink_end(&e->sink);
}

static int put_unit(struct explanation *e, struct hk_err *err)
{
	struct hk_prepared *p = &e->prepared;
	struct hk_unit_properties properties = {.arena = &p->arena};
	struct hk_scope_request request;
	int r;

	if (!p->unit.name)
		return 0;
	r = hk_prepared_scope(p, &request, err);
	if (r == 0)
		r = hk_scope_list(p->bus, &request, 0, &properties, err);
	if (r < 0)
		return r;
	hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, "unit", "have systemd start a unit",
		p->spec->linux.cgroups_path ? "/linux/cgroupsPath" : NULL);
	hk_sink_text(&e->sink, "name", p->unit.name);
	hk_sink_text(&e->sink, "bus", p->rootless ? "user" : "system");
	hk_sink_end(&e->sink);
	for (size_t i = 0; i < properties.count; i++)
		put_unit_property(e, &properties.items[i]);
	return 0;
}

/* A hierarchy of two controllers has two names for one directory. */
static void put_cgroups(struct explanation *e)
{
	const struct hk_prepared *p = &e->prepared;
	const char *before = "";

	for (size_t i = 0; i < hk_cgroup_path_count(p->cgroup); i++) {
		const char *controllers, *path;

		hk_cgroup_path(p->cgroup, i, &controllers, &path);
		if (strcmp(path, before) == 0)
			continue;
		before = path;
		hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, "cgroup", "make a cgroup",
			p->spec->linux.cgroups_path ? "/linux/cgroupsPath" : NULL);
		hk_sink_text(&e->sink, "path", path);
		hk_sink_end(&e->sink);
	}
}

static int put_limits(struct explanation *e, struct hk_err *err)
{
	struct hk_prepared *p = &e->prepared;
	struct hk_cgroup_write *writes;
	size_t count;
	int r;

	r = hk_cgroup_writes(p->cgroup, p->spec->linux.resources, &p->arena, &writes, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, "cgroup_write", "set a limit",
			writes[i].property);
		hk_sink_text(&e->sink, "dir", writes[i].dir);
		hk_sink_text(&e->sink, "file", writes[i].file);
		hk_sink_text(&e->sink, "value", writes[i].value);
		hk_sink_end(&e->sink);
	}
	return r;
}

static void put_device_number(struct hk_sink *sink, const char *name, int64_t number)
{
	if (number >= 0)
		hk_sink_number(sink, name, number);
}

static void put_device_rule(
	struct hk_sink *sink, const struct hk_device_rule *rule, const char *property)
{
	const char type[] = {rule->type, '\0'};
	char access[4];

	(void)snprintf(access, sizeof(access), "%s%s%s", rule->read ? "r" : "",
		rule->write ? "w" : "", rule->mknod ? "m" : "");
	hk_sink_begin(sink, HK_SIDE_RUNTIME, "device_rule",
		rule->allow ? "allow devices" : "deny devices", property);
	hk_sink_text(sink, "rule", rule->allow ? "allow" : "deny");
	hk_sink_text(sink, "type", type);
	put_device_number(sink, "major", rule->major);
	put_device_number(sink, "minor", rule->minor);
	hk_sink_text(sink, "access", access);
	hk_sink_end(sink);
}

/* The defaults follow the rules of config.json. */
static int put_device_rules(struct explanation *e, struct hk_err *err)
{
	struct hk_prepared *p = &e->prepared;
	const struct hk_resources *resources = p->spec->linux.resources;
	size_t own = resources ? resources->device_count : 0, count;
	struct hk_device_rule *rules;

	if (hk_cgroup_path_count(p->cgroup) == 0)
		return 0;
	if (hk_cgroup_device_rules(resources, &p->arena, &rules, &count) < 0)
		return hk_fail(err, ENOMEM, "list the device rules");
	for (size_t i = 0; i < count; i++) {
		const char *property =
			i < own ? hk_arena_printf(&p->arena, "/linux/resources/devices/%zu", i)
				: NULL;

		put_device_rule(&e->sink, &rules[i], property);
	}
	return 0;
}

static void put_rdt_directory(struct explanation *e, const char *kind, const char *what,
	const char *path, const char *property)
{
	hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, kind, what, property);
	hk_sink_text(&e->sink, "path", path);
	hk_sink_end(&e->sink);
}

static void put_rdt(struct explanation *e)
{
	const struct hk_intel_rdt *config = e->prepared.spec->linux.intel_rdt;
	const struct hk_rdt *rdt = &e->prepared.rdt;

	if (!rdt->group)
		return;
	put_rdt_directory(e, "rdt_group",
		rdt->make ? "make a class of service" : "take a class of service", rdt->group,
		rdt->shared ? "/linux/intelRdt/closID" : "/linux/intelRdt");
	for (size_t i = 0; hk_rdt_writes_schemata(rdt) && i < hk_rdt_line_count(config); i++) {
		struct hk_rdt_line line = hk_rdt_line(config, i);

		hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, "rdt_schema",
			"divide cache or memory bandwidth",
			hk_arena_strdup(&e->prepared.arena, line.property));
		hk_sink_text(&e->sink, "value", line.text);
		hk_sink_end(&e->sink);
	}
	if (rdt->monitor)
		put_rdt_directory(e, "rdt_monitor", "make a monitoring group", rdt->monitor,
			"/linux/intelRdt/enableMonitoring");
}

static void put_hook(struct explanation *e, enum hk_hook_point point, size_t i)
{
	struct hk_prepared *p = &e->prepared;
	const struct hk_hook *hook = &p->spec->hooks.at[point].items[i];

	hk_sink_begin(&e->sink, HK_SIDE_RUNTIME, "hook", "run a hook",
		hk_arena_printf(&p->arena, "/hooks/%s/%zu", hk_hook_names[point], i));
	hk_sink_text(&e->sink, "name", hk_hook_names[point]);
	hk_sink_text(&e->sink, "path", hook->path);
	if (hook->args.count) {
		hk_sink_list_begin(&e->sink, "args");
		for (size_t a = 0; a < hook->args.count; a++)
			hk_sink_list_text(&e->sink, hook->args.items[a]);
		hk_sink_list_end(&e->sink);
	}
	if (hook->has_timeout)
		hk_sink_number(&e->sink, "timeout", hook->timeout);
	hk_sink_end(&e->sink);
}

static void put_hooks(struct explanation *e, enum hk_hook_point point)
{
	for (size_t i = 0; i < e->prepared.spec->hooks.at[point].count; i++)
		put_hook(e, point, i);
}

/* ---- all, in order ---- */

static bool waits_for_hooks(const struct hk_plan *plan, const struct hk_step *step)
{
	const struct hk_step_sync *sync = hk_plan_args(plan, step);

	return step->kind == HK_STEP_SYNC && sync->point == HK_SYNC_HOOKS;
}

static void put_plan(struct explanation *e)
{
	const struct hk_plan *plan = e->prepared.plan;

	hk_plan_describe_clone(plan, &e->sink);
	for (uint32_t i = 0; i < plan->step_count; i++) {
		const struct hk_step *step = &hk_plan_steps(plan)[i];

		hk_plan_describe_step(plan, step, &e->sink);
		if (waits_for_hooks(plan, step)) {
			put_hooks(e, HK_HOOK_PRESTART);
			put_hooks(e, HK_HOOK_CREATE_RUNTIME);
		}
	}
	put_hooks(e, HK_HOOK_POSTSTART);
}

static int put_steps(struct explanation *e, struct hk_err *err)
{
	int r;

	put_state(e);
	r = put_unit(e, err);
	if (r < 0)
		return r;
	put_cgroups(e);
	r = put_limits(e, err);
	if (r == 0)
		r = put_device_rules(e, err);
	if (r < 0)
		return r;
	put_rdt(e);
	put_plan(e);
	return 0;
}

static int write_text(struct explanation *e, struct hk_strbuf *out, struct hk_err *err)
{
	e->sink = HK_TEXT_SINK(out);
	return put_steps(e, err);
}

static int write_json(struct explanation *e, struct hk_strbuf *out, struct hk_err *err)
{
	struct hk_writer w;
	int r;

	hk_writer_init(&w, out, "  ");
	e->sink = HK_JSON_SINK(&w);
	hk_write_object_begin(&w, NULL);
	hk_write_u64(&w, "version", PLAN_VERSION);
	hk_write_string(&w, "id", e->prepared.id);
	hk_write_string(&w, "bundle", e->prepared.bundle);
	hk_write_array_begin(&w, "steps");
	r = put_steps(e, err);
	hk_write_array_end(&w);
	hk_write_object_end(&w);
	hk_strbuf_putc(out, '\n');
	return r;
}

typedef int write_fn(struct explanation *e, struct hk_strbuf *out, struct hk_err *err);

static int explain(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	write_fn *write, char **ret, struct hk_err *err)
{
	struct explanation e = {.prepared = {.assume_console = true, .assume_root = true}};
	struct hk_strbuf out = {0};
	int r;

	r = hk_id_check(id, err);
	if (r == 0 && runtime->cgroup_manager == HK_CGROUP_MANAGER_SYSTEMD)
		r = hk_dynamic_want(runtime, "libsystemd", err);
	if (r == 0)
		r = hk_prepare_options(runtime, id, options, &e.prepared, err);
	if (r == 0)
		r = hk_prepare(&e.prepared, err);
	if (r == 0)
		r = write(&e, &out, err);
	if (r == 0) {
		*ret = hk_strbuf_take(&out);
		r = *ret ? 0 : hk_fail(err, ENOMEM, "describe the plan");
	}
	hk_strbuf_done(&out);
	hk_prepared_done(&e.prepared);
	return r;
}

int hako_explain(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	char **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(explain(runtime, id, options, write_text, ret, &e), &e, err);
}

int hako_explain_json(hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, char **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(explain(runtime, id, options, write_json, ret, &e), &e, err);
}
