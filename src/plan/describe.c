/* A plan as what `explain` prints and golden tests compare. */
#include "plan/describe.h"

#include "base/enumtab.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spec/landlock.h"
#include "spec/tables.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* ---- what the numbers mean ---- */

static const struct hk_enum namespaces[] = {
#define X(upper, name, flag, proc) {name, flag},
	HK_NAMESPACE_TYPES(X)
#undef X
		{NULL, 0},
};

static const struct hk_enum slots[] = {
#define X(upper, name, flag, proc) {name, HK_SLOT_NS + HK_NS_##upper},
	HK_NAMESPACE_TYPES(X)
#undef X
		{NULL, 0},
};

static const struct hk_enum attributes[] = {
	{"ro", HK_MOUNT_ATTR_RDONLY},
	{"nosuid", HK_MOUNT_ATTR_NOSUID},
	{"nodev", HK_MOUNT_ATTR_NODEV},
	{"noexec", HK_MOUNT_ATTR_NOEXEC},
	{"atime-mode", HK_MOUNT_ATTR__ATIME},
	{"noatime", HK_MOUNT_ATTR_NOATIME},
	{"strictatime", HK_MOUNT_ATTR_STRICTATIME},
	{"nodiratime", HK_MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", HK_MOUNT_ATTR_NOSYMFOLLOW},
	{NULL, 0},
};

static const struct hk_enum propagations[] = {
	{"shared", MS_SHARED},
	{"slave", MS_SLAVE},
	{"private", MS_PRIVATE},
	{"unbindable", MS_UNBINDABLE},
	{"recursive", MS_REC},
	{NULL, 0},
};

static const struct hk_enum mount_hows[] = {
	{"plain-dir", HK_MOUNT_PLAIN_DIR},
	{"tmpcopyup", HK_MOUNT_TMPCOPYUP},
	{"keep-mode", HK_MOUNT_KEEP_MODE},
	{"idmap", HK_MOUNT_IDMAP},
	{"idmap-tree", HK_MOUNT_IDMAP_TREE},
	{"label-xattr", HK_MOUNT_LABEL_XATTR},
	{"changes", HK_MOUNT_CHANGES},
	{NULL, 0},
};

static const struct hk_enum pivots[] = {
	{"pivot_root", HK_PIVOT_ROOT},
	{"move", HK_PIVOT_MOVE},
	{"chroot", HK_PIVOT_CHROOT},
	{NULL, 0},
};

static const struct hk_enum sync_points[] = {
	{"hooks", HK_SYNC_HOOKS},
	{"net-devices", HK_SYNC_NET_DEVICES},
	{NULL, 0},
};

enum show {
	NUMBER,
	OCTAL,
	HEX,
	NAME, /* one of names */
	BITS, /* of names */
};

#define ANY HK_STEP_KIND_COUNT

/* What is not in here is a plain number, left out where it is 0. */
static const struct presentation {
	enum hk_step_kind kind;
	const char *field;
	enum show show;
	bool always; /* 0 too means something */
	const struct hk_enum *names;
} presentations[] = {
	{HK_STEP_NS_JOIN, "slot", NAME, true, slots},
	{HK_STEP_NS_JOIN, "type", BITS, true, namespaces},
	{HK_STEP_NS_ENTER, "flags", BITS, true, namespaces},
	{HK_STEP_NS_UNSHARE, "flags", BITS, true, namespaces},
	{HK_STEP_PROPAGATION, "flags", BITS, true, propagations},
	{HK_STEP_ROOT_PROPAGATION, "flags", BITS, true, propagations},
	{HK_STEP_MOUNT, "how", BITS, false, mount_hows},
	{HK_STEP_BIND, "how", BITS, false, mount_hows},
	{HK_STEP_PIVOT, "how", NAME, true, pivots},
	{HK_STEP_SYNC, "point", NAME, true, sync_points},
	{HK_STEP_DEVICE, "mode", OCTAL, true, NULL},
	{HK_STEP_UMASK, "mask", OCTAL, true, NULL},
	{HK_STEP_LANDLOCK, "fs", BITS, false, hk_landlock_fs_rights},
	{HK_STEP_LANDLOCK, "net", BITS, false, hk_landlock_net_rights},
	{HK_STEP_LANDLOCK, "scope", BITS, false, hk_landlock_scopes},
	{HK_STEP_LANDLOCK, "path_rights", BITS, false, hk_landlock_fs_rights},
	{HK_STEP_LANDLOCK, "port_rights", BITS, false, hk_landlock_net_rights},
	{HK_STEP_OOM_SCORE_ADJ, "score", NUMBER, true, NULL},
	{HK_STEP_SCHEDULER, "policy", NAME, true, hk_scheduler_policies},
	{HK_STEP_SCHEDULER, "flags", BITS, false, hk_scheduler_flags},
	{HK_STEP_MEMORY_POLICY, "mode", NAME, true, hk_memory_policy_modes},
	{HK_STEP_MEMORY_POLICY, "flags", BITS, false, hk_memory_policy_flags},
	{HK_STEP_PERSONALITY, "domain", HEX, true, NULL},
	{HK_STEP_RLIMIT, "resource", NUMBER, true, NULL},
	{HK_STEP_RLIMIT, "soft", NUMBER, true, NULL},
	{HK_STEP_RLIMIT, "hard", NUMBER, true, NULL},
	{ANY, "attrs", BITS, false, attributes},
	{ANY, "attrs_set", BITS, false, attributes},
	{ANY, "attrs_clear", BITS, false, attributes},
	{ANY, "rec_set", BITS, false, attributes},
	{ANY, "rec_clear", BITS, false, attributes},
	{ANY, "propagation", BITS, false, propagations},
	{ANY, "rec_propagation", BITS, false, propagations},
	{ANY, "bounding", HEX, true, NULL},
	{ANY, "effective", HEX, true, NULL},
	{ANY, "inheritable", HEX, true, NULL},
	{ANY, "permitted", HEX, true, NULL},
	{ANY, "ambient", HEX, true, NULL},
	{ANY, "flags", HEX, false, NULL},
	{ANY, "uid", NUMBER, true, NULL},
	{ANY, "gid", NUMBER, true, NULL},
};

static const struct presentation *find_presentation(uint32_t kind, const char *field)
{
	static const struct presentation plain = {ANY, "", NUMBER, false, NULL};

	for (size_t i = 0; i < HK_COUNT(presentations); i++) {
		const struct presentation *p = &presentations[i];

		if ((p->kind == kind || p->kind == ANY) && strcmp(p->field, field) == 0)
			return p;
	}
	return &plain;
}

/* ---- fields ---- */

static void put_number(struct hk_sink *sink, uint32_t kind, const char *name, uint64_t value)
{
	const struct presentation *p = find_presentation(kind, name);
	const char *word;

	if (!value && !p->always)
		return;
	switch (p->show) {
	case NUMBER:
		hk_sink_number(sink, name, (int64_t)value);
		break;
	case OCTAL:
		hk_sink_octal(sink, name, value);
		break;
	case HEX:
		hk_sink_hex(sink, name, value);
		break;
	case NAME:
		word = hk_enum_name(p->names, value);
		hk_sink_text(sink, name, word ? word : "?");
		break;
	case BITS:
		hk_sink_bits(sink, name, value, p->names);
		break;
	}
}

static void put_strings(
	struct hk_sink *sink, const struct hk_plan *plan, const char *name, hk_ref_strs ref)
{
	if (!ref.count)
		return;
	hk_sink_list_begin(sink, name);
	for (uint32_t i = 0; i < ref.count; i++)
		hk_sink_list_text(sink, hk_plan_strs_at(plan, ref, i));
	hk_sink_list_end(sink);
}

/* "read_file+execute": a list's own comma is another. What has no name is left out: the checker
 * does not know of names, the kernel refuses it. */
static void put_bits_item(struct hk_sink *sink, uint32_t value, const struct hk_enum *names)
{
	char text[256] = "";
	size_t len = 0;

	for (; names->name; names++)
		if (value & names->value && len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
				len ? "+" : "", names->name);
	hk_sink_list_text(sink, text);
}

static void put_numbers(struct hk_sink *sink, const struct hk_plan *plan, uint32_t kind,
	const char *name, hk_ref_u32s ref)
{
	const struct presentation *p = find_presentation(kind, name);

	if (!ref.count)
		return;
	hk_sink_list_begin(sink, name);
	for (uint32_t i = 0; i < ref.count; i++) {
		uint32_t value = hk_plan_u32s(plan, ref)[i];

		if (p->show == BITS)
			put_bits_item(sink, value, p->names);
		else
			hk_sink_list_unsigned(sink, value);
	}
	hk_sink_list_end(sink);
}

static void put_field(struct hk_sink *sink, const struct hk_plan *plan, uint32_t kind,
	const struct hk_step_field *field, const void *value)
{
	switch (field->type) {
	case HK_FIELD_u32:
		put_number(sink, kind, field->name, *(const uint32_t *)value);
		break;
	case HK_FIELD_u64:
	case HK_FIELD_i64:
		put_number(sink, kind, field->name, *(const uint64_t *)value);
		break;
	case HK_FIELD_str: {
		const char *text = hk_plan_str(plan, *(const hk_ref_str *)value);

		if (text)
			hk_sink_text(sink, field->name, text);
		break;
	}
	case HK_FIELD_strs:
		put_strings(sink, plan, field->name, *(const hk_ref_strs *)value);
		break;
	case HK_FIELD_u32s:
		put_numbers(sink, plan, kind, field->name, *(const hk_ref_u32s *)value);
		break;
	case HK_FIELD_bytes:
		if (((const hk_ref_bytes *)value)->size)
			hk_sink_bytes(sink, field->name, ((const hk_ref_bytes *)value)->size);
		break;
	}
}

void hk_plan_describe_clone(const struct hk_plan *plan, struct hk_sink *sink)
{
	hk_sink_begin(sink, HK_SIDE_RUNTIME, "clone", "make the container's first process",
		plan->clone_flags ? "/linux/namespaces" : NULL);
	hk_sink_bits(sink, "flags", plan->clone_flags, namespaces);
	hk_sink_end(sink);
}

void hk_plan_describe_step(
	const struct hk_plan *plan, const struct hk_step *step, struct hk_sink *sink)
{
	const struct hk_step_info *info = &hk_step_infos[step->kind];
	const char *args = hk_plan_args(plan, step);

	hk_sink_begin(sink, HK_SIDE_INIT, info->name, info->what,
		hk_plan_str(plan, (hk_ref_str){step->property}));
	for (uint32_t i = 0; i < info->field_count; i++)
		put_field(sink, plan, step->kind, &info->fields[i], args + i * HK_FIELD_SLOT);
	hk_sink_end(sink);
}

void hk_plan_describe_arguments(
	const struct hk_plan *plan, const struct hk_step *step, struct hk_sink *sink)
{
	const struct hk_step_info *info = &hk_step_infos[step->kind];
	const char *args = hk_plan_args(plan, step);

	for (uint32_t i = 0; i < info->field_count; i++)
		if (strcmp(info->fields[i].name, "env") != 0)
			put_field(
				sink, plan, step->kind, &info->fields[i], args + i * HK_FIELD_SLOT);
}

void hk_plan_describe(const struct hk_plan *plan, struct hk_strbuf *out)
{
	struct hk_sink sink = HK_TEXT_SINK(out);

	hk_plan_describe_clone(plan, &sink);
	for (uint32_t i = 0; i < plan->step_count; i++)
		hk_plan_describe_step(plan, &hk_plan_steps(plan)[i], &sink);
}
