/* What a container's unit is like: the list, and the properties that come from no file. */
#include "systemd/properties.h"
#include "systemd/list.h"

#include "base/err.h"
#include "cgroup/devices.h"
#include "spec/annotations.h"
#include "spec/validate.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- a container's unit ---- */

static struct hk_variant truth(struct hk_unit_properties *list, bool yes)
{
	return hk_variant_number(list->arena, "b", yes);
}

static void put_own(struct hk_unit_properties *list, const char *name, struct hk_variant value)
{
	hk_unit_put(list, name, value, NULL);
}

void hk_unit_put_base(struct hk_unit_properties *list, const struct hk_unit *unit, const char *id,
	bool v2, pid_t pid)
{
	struct hk_arena *arena = list->arena;
	struct hk_variant slice = hk_variant_text(arena, unit->slice);

	put_own(list, "Description",
		hk_variant_text(arena, hk_arena_printf(arena, "hako container %s", id)));
	if (unit->is_slice) {
		slice.type =
			"as"; /* its name has put it there already: the parent has to be started */
		put_own(list, "Wants", slice);
	} else {
		put_own(list, "Slice", slice);
		put_own(list, "Delegate", truth(list, true));
	}
	/* else it would conflict with shutdown.target, and be stopped before its engine */
	put_own(list, "DefaultDependencies", truth(list, false));
	put_own(list, "MemoryAccounting", truth(list, true));
	put_own(list, "CPUAccounting", truth(list, true));
	put_own(list, v2 ? "IOAccounting" : "BlockIOAccounting", truth(list, true));
	put_own(list, "TasksAccounting", truth(list, true));
	/* a scope that has failed would stay loaded, and its name taken */
	put_own(list, "CollectMode", hk_variant_text(arena, "inactive-or-failed"));
	/* on v2 the device rules are a program of ours, which a reload leaves alone, and so are
	 * those that plugins add */
	if (v2)
		put_own(list, "DevicePolicy", hk_variant_text(arena, "auto"));
	if (pid > 0 && !unit->is_slice) {
		struct hk_variant pids = hk_variant_number(arena, "u", (uint64_t)pid);

		pids.type = "au";
		put_own(list, "PIDs", pids);
	}
}

/* ---- device rules of v1 ---- */

static const char *device_access(struct hk_arena *arena, const struct hk_device_rule *rule)
{
	return hk_arena_printf(arena, "%s%s%s", rule->read ? "r" : "", rule->write ? "w" : "",
		rule->mknod ? "m" : "");
}

/* No name for a minor number of all drivers. */
static bool has_path(const struct hk_device_rule *rule)
{
	return rule->major >= 0 || rule->minor < 0;
}

/* systemd takes the path of a node, or all devices of a major number by the name of their driver or
 * by "*". /dev/char and /dev/block are links that udev makes for what is there: systemd does not
 * follow them for their major and minor numbers, it reads these from the path. */
static const char *device_path(struct hk_arena *arena, const struct hk_device_rule *rule)
{
	const char *kind = rule->type == 'b' ? "block" : "char";

	if (rule->major < 0)
		return hk_arena_printf(arena, "%s-*", kind);
	if (rule->minor < 0)
		return hk_arena_printf(arena, "%s-%" PRId64, kind, rule->major);
	return hk_arena_printf(
		arena, "/dev/%s/%" PRId64 ":%" PRId64, kind, rule->major, rule->minor);
}

void hk_unit_put_devices(
	struct hk_unit_properties *list, const struct hk_device_rule *rules, size_t count)
{
	struct hk_device_set set;
	union hk_atom *atoms;
	size_t n = 0;

	if (hk_device_set_from_rules(rules, count, list->arena, &set, NULL) < 0)
		return; /* the files say what is wrong */
	if (set.allow) {
		put_own(list, "DevicePolicy", hk_variant_text(list->arena, "auto"));
		return;
	}
	atoms = hk_arena_array(list->arena, 2 * set.count + 1, sizeof(*atoms));
	list->failed |= !atoms;
	for (size_t i = 0; atoms && i < set.count; i++) {
		if (!has_path(&set.exceptions[i]))
			continue;
		atoms[n].text = device_path(list->arena, &set.exceptions[i]);
		atoms[n + 1].text = device_access(list->arena, &set.exceptions[i]);
		list->failed |= !atoms[n].text || !atoms[n + 1].text;
		n += 2;
	}
	put_own(list, "DevicePolicy", hk_variant_text(list->arena, "strict"));
	put_own(list, "DeviceAllow",
		(struct hk_variant){.type = "a(ss)", .atoms = atoms, .count = n});
}

/* ---- annotations ---- */

/* What unit files call TimeoutStopSec is TimeoutStopUSec on D-Bus, in microseconds. */
static int convert_seconds(struct hk_unit_properties *list, const char **name,
	struct hk_variant *value, struct hk_err *err)
{
	size_t len = strlen(*name);
	double seconds;

	if (len < 4 || strcmp(*name + len - 3, "Sec") != 0 ||
		!islower((unsigned char)(*name)[len - 4]))
		return 0;
	if (value->type[0] == 'd')
		seconds = value->atoms[0].real;
	else if (value->type[0] && strchr("yqut", value->type[0]))
		seconds = (double)value->atoms[0].number;
	else if (value->type[0] && strchr("nix", value->type[0]))
		seconds = (double)(int64_t)value->atoms[0].number;
	else
		return hk_refuse(err, EINVAL, "expected a number of seconds");
	if (seconds < 0 || seconds > 1e12)
		return hk_refuse(err, EINVAL, "the number of seconds is out of range");
	*name = hk_arena_printf(list->arena, "%.*sUSec", (int)(len - 3), *name);
	*value = hk_variant_number(list->arena, "t", (uint64_t)(seconds * 1e6));
	return *name ? 0 : hk_fail(err, ENOMEM, "read the property");
}

static int put_annotation(
	struct hk_unit_properties *list, const struct hk_pair *pair, struct hk_err *err)
{
	const char *name = pair->key + strlen(HK_ANNOTATION_SYSTEMD_PROPERTY);
	const char *at = hk_arena_strdup(list->arena, hk_at_key("/annotations", pair->key).text);
	struct hk_variant value;
	int r = hk_variant_parse(pair->value, list->arena, &value, err);

	if (r == 0)
		r = convert_seconds(list, &name, &value, err);
	if (r == -EINVAL) {
		hk_err_hint(err, "the value is in GVariant's text notation, as in \"uint64 5\", "
				 "\"'text'\", \"['a.service', 'b.service']\"");
		return hk_err_at(err, "%s", at ? at : "");
	}
	if (r == 0)
		hk_unit_put(list, name, value, at);
	return r;
}

int hk_unit_put_annotations(
	struct hk_unit_properties *list, const struct hk_pairs *annotations, struct hk_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < annotations->count; i++)
		if (hk_starts_with(annotations->items[i].key, HK_ANNOTATION_SYSTEMD_PROPERTY))
			r = put_annotation(list, &annotations->items[i], err);
	return r;
}

unsigned int hk_unit_version(const char *text)
{
	text += strcspn(text, "0123456789");
	return (unsigned int)strtoul(text, NULL, 10);
}
