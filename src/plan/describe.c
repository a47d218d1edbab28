/* A plan as text: what `explain` prints and golden tests compare. */
#include "plan/build.h"

#include "base/enumtab.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>

/* ---- how numbers are shown ---- */

typedef void show_fn(struct hk_strbuf *out, uint64_t value);

static void show_signed(struct hk_strbuf *out, uint64_t value)
{
	hk_strbuf_printf(out, "%" PRId64, (int64_t)value);
}

static void show_octal(struct hk_strbuf *out, uint64_t value)
{
	hk_strbuf_printf(out, "0%" PRIo64, value);
}

static void show_hex(struct hk_strbuf *out, uint64_t value)
{
	hk_strbuf_printf(out, "0x%" PRIx64, value);
}

/* The names of the bits, then what has none. */
static void show_bits(struct hk_strbuf *out, uint64_t value, const struct hk_enum *names)
{
	const char *comma = "";

	for (; names->name; names++) {
		if (!names->value || (value & names->value) != names->value)
			continue;
		hk_strbuf_printf(out, "%s%s", comma, names->name);
		value &= ~names->value;
		comma = ",";
	}
	if (value)
		hk_strbuf_printf(out, "%s0x%" PRIx64, comma, value);
}

static void show_namespaces(struct hk_strbuf *out, uint64_t value)
{
	struct hk_enum names[HK_NS_COUNT + 1] = {0};

	for (size_t i = 0; i < HK_NS_COUNT; i++)
		names[i] = (struct hk_enum){hk_ns_infos[i].name, hk_ns_infos[i].clone_flag};
	show_bits(out, value, names);
}

static void show_attrs(struct hk_strbuf *out, uint64_t value)
{
	static const struct hk_enum names[] = {
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

	show_bits(out, value, names);
}

static void show_propagation(struct hk_strbuf *out, uint64_t value)
{
	static const struct hk_enum names[] = {
		{"shared", MS_SHARED},
		{"slave", MS_SLAVE},
		{"private", MS_PRIVATE},
		{"unbindable", MS_UNBINDABLE},
		{"recursive", MS_REC},
		{NULL, 0},
	};

	show_bits(out, value, names);
}

static void show_mount_how(struct hk_strbuf *out, uint64_t value)
{
	static const struct hk_enum names[] = {
		{"plain-dir", HK_MOUNT_PLAIN_DIR},
		{"tmpcopyup", HK_MOUNT_TMPCOPYUP},
		{"keep-mode", HK_MOUNT_KEEP_MODE},
		{"optional", HK_MOUNT_OPTIONAL},
		{"file", HK_MOUNT_FILE},
		{"allow-under-proc", HK_MOUNT_ALLOW_UNDER_PROC},
		{NULL, 0},
	};

	show_bits(out, value, names);
}

static void show_pivot(struct hk_strbuf *out, uint64_t value)
{
	static const struct hk_enum names[] = {
		{"pivot_root", HK_PIVOT_ROOT},
		{"move", HK_PIVOT_MOVE},
		{"chroot", HK_PIVOT_CHROOT},
		{NULL, 0},
	};
	const char *name = hk_enum_name(names, value);

	hk_strbuf_puts(out, name ? name : "?");
}

static void show_slot(struct hk_strbuf *out, uint64_t value)
{
	if (value >= HK_SLOT_NS && value < HK_SLOT_COUNT)
		hk_strbuf_puts(out, hk_ns_infos[value - HK_SLOT_NS].name);
}

static void show_sync(struct hk_strbuf *out, uint64_t value)
{
	hk_strbuf_puts(out, value == HK_SYNC_HOOKS ? "hooks" : "?");
}

#define ANY HK_STEP_KIND_COUNT

/* What is not in here is a plain number, left out where it is 0. */
static const struct presentation {
	enum hk_step_kind kind;
	const char *field;
	show_fn *show;
	bool always; /* 0 too means something */
} presentations[] = {
	{HK_STEP_NS_JOIN, "slot", show_slot, true},
	{HK_STEP_NS_JOIN, "type", show_namespaces, true},
	{HK_STEP_NS_UNSHARE, "flags", show_namespaces, true},
	{HK_STEP_PROPAGATION, "flags", show_propagation, true},
	{HK_STEP_ROOT_PROPAGATION, "flags", show_propagation, true},
	{HK_STEP_MOUNT, "how", show_mount_how, false},
	{HK_STEP_BIND, "how", show_mount_how, false},
	{HK_STEP_PIVOT, "how", show_pivot, true},
	{HK_STEP_SYNC, "point", show_sync, true},
	{HK_STEP_DEVICE, "mode", show_octal, true},
	{HK_STEP_UMASK, "mask", show_octal, true},
	{HK_STEP_OOM_SCORE_ADJ, "score", show_signed, true},
	{HK_STEP_SCHEDULER, "policy", show_signed, true},
	{HK_STEP_PERSONALITY, "domain", show_hex, true},
	{ANY, "attrs", show_attrs, false},
	{ANY, "attrs_set", show_attrs, false},
	{ANY, "attrs_clear", show_attrs, false},
	{ANY, "rec_set", show_attrs, false},
	{ANY, "rec_clear", show_attrs, false},
	{ANY, "propagation", show_propagation, false},
	{ANY, "bounding", show_hex, true},
	{ANY, "effective", show_hex, true},
	{ANY, "inheritable", show_hex, true},
	{ANY, "permitted", show_hex, true},
	{ANY, "ambient", show_hex, true},
	{ANY, "flags", show_hex, false},
	{ANY, "uid", show_signed, true},
	{ANY, "gid", show_signed, true},
};

static const struct presentation *find_presentation(uint32_t kind, const char *field)
{
	static const struct presentation plain = {ANY, "", show_signed, false};

	for (size_t i = 0; i < HK_COUNT(presentations); i++) {
		const struct presentation *p = &presentations[i];

		if ((p->kind == kind || p->kind == ANY) && strcmp(p->field, field) == 0)
			return p;
	}
	return &plain;
}

/* ---- fields ---- */

static void put_name(struct hk_strbuf *out, const char *name)
{
	hk_strbuf_printf(out, "  %s=", name);
}

static void put_number(
	struct hk_strbuf *out, const struct hk_step *step, const char *name, uint64_t value)
{
	const struct presentation *p = find_presentation(step->kind, name);

	if (!value && !p->always)
		return;
	put_name(out, name);
	p->show(out, value);
}

/* In quotes where it could be taken for more than one word. */
static void put_text(struct hk_strbuf *out, const char *text)
{
	char line[1024];
	const char *quote = text[0] && !strpbrk(text, " \",()[]") ? "" : "\"";

	hk_strbuf_printf(out, "%s%s%s", quote, hk_printable(text, line, sizeof(line)), quote);
}

static void put_strings(
	struct hk_strbuf *out, const struct hk_plan *plan, const char *name, hk_ref_strs ref)
{
	if (!ref.count)
		return;
	put_name(out, name);
	for (uint32_t i = 0; i < ref.count; i++) {
		hk_strbuf_putc(out, i ? ',' : '[');
		put_text(out, hk_plan_strs_at(plan, ref, i));
	}
	hk_strbuf_putc(out, ']');
}

static void put_numbers(
	struct hk_strbuf *out, const struct hk_plan *plan, const char *name, hk_ref_u32s ref)
{
	if (!ref.count)
		return;
	put_name(out, name);
	for (uint32_t i = 0; i < ref.count; i++)
		hk_strbuf_printf(out, "%c%" PRIu32, i ? ',' : '[', hk_plan_u32s(plan, ref)[i]);
	hk_strbuf_putc(out, ']');
}

static void put_field(struct hk_strbuf *out, const struct hk_plan *plan, const struct hk_step *step,
	const struct hk_step_field *field, const void *value)
{
	switch (field->type) {
	case HK_FIELD_u32:
		put_number(out, step, field->name, *(const uint32_t *)value);
		break;
	case HK_FIELD_u64:
	case HK_FIELD_i64:
		put_number(out, step, field->name, *(const uint64_t *)value);
		break;
	case HK_FIELD_str: {
		const char *text = hk_plan_str(plan, *(const hk_ref_str *)value);

		if (!text)
			break;
		put_name(out, field->name);
		put_text(out, text);
		break;
	}
	case HK_FIELD_strs:
		put_strings(out, plan, field->name, *(const hk_ref_strs *)value);
		break;
	case HK_FIELD_u32s:
		put_numbers(out, plan, field->name, *(const hk_ref_u32s *)value);
		break;
	case HK_FIELD_bytes: {
		const hk_ref_bytes *ref = value;

		if (ref->size)
			hk_strbuf_printf(out, "  %s=%" PRIu32 " bytes", field->name, ref->size);
		break;
	}
	}
}

static void put_step(struct hk_strbuf *out, const struct hk_plan *plan, const struct hk_step *step)
{
	const struct hk_step_info *info = &hk_step_infos[step->kind];
	const char *property = hk_plan_str(plan, (hk_ref_str){step->property});
	const char *args = hk_plan_args(plan, step);

	hk_strbuf_puts(out, info->name);
	for (uint32_t i = 0; i < info->field_count; i++)
		put_field(out, plan, step, &info->fields[i], args + i * HK_FIELD_SLOT);
	if (property)
		hk_strbuf_printf(out, "  (%s)", property);
	hk_strbuf_putc(out, '\n');
}

void hk_plan_describe(const struct hk_plan *plan, struct hk_strbuf *out)
{
	hk_strbuf_puts(out, "clone  flags=");
	show_namespaces(out, plan->clone_flags);
	hk_strbuf_putc(out, '\n');
	for (uint32_t i = 0; i < plan->step_count; i++)
		put_step(out, plan, &hk_plan_steps(plan)[i]);
}
