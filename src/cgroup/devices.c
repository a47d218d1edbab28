/* Device rules: the defaults behind the user's, and the one set of exceptions that v1 wants. */
#include "cgroup/devices.h"
#include "base/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROPERTY "/linux/resources/devices"

/* Nodes may be made of anything, and these be used, whatever config.json says: null, random, full,
 * tty, zero, urandom, pts slaves, ptmx, tun. */
static const struct hk_device_rule defaults[] = {
	{.allow = true, .type = 'c', .major = -1, .minor = -1, .mknod = true},
	{.allow = true, .type = 'b', .major = -1, .minor = -1, .mknod = true},
#define RWM .read = true, .write = true, .mknod = true
	{.allow = true, .type = 'c', .major = 1, .minor = 3, RWM},
	{.allow = true, .type = 'c', .major = 1, .minor = 8, RWM},
	{.allow = true, .type = 'c', .major = 1, .minor = 7, RWM},
	{.allow = true, .type = 'c', .major = 5, .minor = 0, RWM},
	{.allow = true, .type = 'c', .major = 1, .minor = 5, RWM},
	{.allow = true, .type = 'c', .major = 1, .minor = 9, RWM},
	{.allow = true, .type = 'c', .major = 136, .minor = -1, RWM},
	{.allow = true, .type = 'c', .major = 5, .minor = 2, RWM},
	{.allow = true, .type = 'c', .major = 10, .minor = 200, RWM},
#undef RWM
};

int hk_cgroup_device_rules(const struct hk_resources *resources, struct hk_arena *arena,
	struct hk_device_rule **ret, size_t *ret_count)
{
	size_t count = resources ? resources->device_count : 0;
	struct hk_device_rule *rules =
		hk_arena_array(arena, count + HK_COUNT(defaults), sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		rules[i] = resources->devices[i];
		if (rules[i].major < 0)
			rules[i].major = -1;
		if (rules[i].minor < 0)
			rules[i].minor = -1;
	}
	memcpy(rules + count, defaults, sizeof(defaults));
	*ret = rules;
	*ret_count = count + HK_COUNT(defaults);
	return 0;
}

static bool is_empty(const struct hk_device_rule *rule)
{
	return !rule->read && !rule->write && !rule->mknod;
}

static bool is_everything(const struct hk_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 && rule->read &&
	       rule->write && rule->mknod;
}

static bool same_devices(const struct hk_device_rule *a, const struct hk_device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool covers(const struct hk_device_rule *wide, const struct hk_device_rule *narrow)
{
	return wide->type == narrow->type && (wide->major < 0 || wide->major == narrow->major) &&
	       (wide->minor < 0 || wide->minor == narrow->minor);
}

static bool overlap(const struct hk_device_rule *a, const struct hk_device_rule *b)
{
	return a->type == b->type && (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor);
}

static bool share_access(const struct hk_device_rule *a, const struct hk_device_rule *b)
{
	return (a->read && b->read) || (a->write && b->write) || (a->mknod && b->mknod);
}

static void add_exception(struct hk_device_set *set, const struct hk_device_rule *rule)
{
	for (size_t i = 0; i < set->count; i++) {
		struct hk_device_rule *e = &set->exceptions[i];

		if (same_devices(e, rule)) {
			e->read |= rule->read;
			e->write |= rule->write;
			e->mknod |= rule->mknod;
			return;
		}
	}
	set->exceptions[set->count++] = *rule;
}

/* Back to the default for what the rule covers. False: it is a part of a wider exception. */
static bool drop_exceptions(struct hk_device_set *set, const struct hk_device_rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct hk_device_rule e = set->exceptions[i];

		if (overlap(&e, rule) && share_access(&e, rule)) {
			if (!covers(rule, &e))
				return false;
			e.read &= !rule->read;
			e.write &= !rule->write;
			e.mknod &= !rule->mknod;
		}
		if (!is_empty(&e))
			set->exceptions[kept++] = e;
	}
	set->count = kept;
	return true;
}

static bool add_rule(struct hk_device_set *set, const struct hk_device_rule *rule)
{
	if (rule->allow == set->allow)
		return drop_exceptions(set, rule);
	add_exception(set, rule);
	return true;
}

int hk_device_set_from_rules(const struct hk_device_rule *rules, size_t count,
	struct hk_arena *arena, struct hk_device_set *ret, struct hk_err *err)
{
	struct hk_device_set set = {0};

	/* a rule of type 'a' that is no full wildcard becomes two */
	set.exceptions = hk_arena_array(arena, count + 1, 2 * sizeof(*set.exceptions));
	if (!set.exceptions)
		return hk_fail(err, ENOMEM, "compile the device rules");
	for (size_t i = 0; i < count; i++) {
		struct hk_device_rule rule = rules[i];
		bool fits = true;

		if (is_everything(&rule)) {
			set.allow = rule.allow;
			set.count = 0;
			continue;
		}
		if (is_empty(&rule))
			continue;
		if (rule.type == 'a') {
			rule.type = 'b';
			fits = add_rule(&set, &rule);
			rule.type = 'c';
		}
		if (fits && add_rule(&set, &rule))
			continue;
		(void)hk_refuse(err, EINVAL,
			"cgroup v1 cannot make an exception from a part of an earlier device rule");
		(void)hk_err_at(err, PROPERTY "/%zu", i);
		return -EINVAL;
	}
	*ret = set;
	return 0;
}

static const char *number(int64_t n, char ret[24])
{
	if (n < 0)
		return "*";
	(void)snprintf(ret, 24, "%" PRId64, n);
	return ret;
}

const char *hk_device_line(const struct hk_device_rule *rule, char ret[HK_DEVICE_LINE_MAX])
{
	char major[24], minor[24];

	(void)snprintf(ret, HK_DEVICE_LINE_MAX, "%c %s:%s %s%s%s", rule->type,
		number(rule->major, major), number(rule->minor, minor), rule->read ? "r" : "",
		rule->write ? "w" : "", rule->mknod ? "m" : "");
	return ret;
}
