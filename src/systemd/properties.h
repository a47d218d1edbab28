/* The properties of a container's unit, from what cgroup/ would write into its files. Pure. */
#ifndef HK_SYSTEMD_PROPERTIES_H
#define HK_SYSTEMD_PROPERTIES_H

#include "cgroup/cgroup.h"
#include "systemd/unit.h"
#include "systemd/variant.h"

struct hk_unit_property {
	const char *name;
	struct hk_variant value;
	const char *property; /* of config.json, which it comes from; NULL: the runtime's own */
};

/* Zero-initialise, set arena. After memory ran out, failed is set and later puts do nothing. A name is
 * there once: what is put last counts. */
struct hk_unit_properties {
	struct hk_arena *arena;
	struct hk_unit_property *items;
	size_t count;
	size_t cap;
	bool failed;
};

/* What makes it a container's unit. pid: the process that a scope begins with; 0: none is named. */
void hk_unit_put_base(struct hk_unit_properties *list, const struct hk_unit *unit, const char *id,
	bool v2, pid_t pid);

/* Has any of the limits a property that an older systemd does not know, so that its version counts? */
bool hk_unit_limits_need_version(const struct hk_cgroup_write *writes, size_t count);
/* The limits that have a property in that version; the others are in the files alone. */
void hk_unit_put_limits(struct hk_unit_properties *list, const struct hk_cgroup_write *writes,
	size_t count, unsigned int version);
/* How the properties of before become those of after, in a unit that exists: what has changed, and for
 * what is no more there its default. Both are lists of hk_unit_put_limits. */
void hk_unit_put_difference(struct hk_unit_properties *list,
	const struct hk_unit_properties *before, const struct hk_unit_properties *after);

/* cgroup v1: the rules that systemd writes again at each reload of its configuration. It has no words for "all
 * but", which is left to the files, nor for a minor number of all majors: that is denied from a reload on. */
void hk_unit_put_devices(
	struct hk_unit_properties *list, const struct hk_device_rule *rules, size_t count);

/* Those that annotations give, in the place of any of the same name. -EINVAL with err at the annotation. */
int hk_unit_put_annotations(
	struct hk_unit_properties *list, const struct hk_pairs *annotations, struct hk_err *err);

/* "v252.38-1" or "252 (252.38-1)" -> 252; 0: unknown. */
unsigned int hk_unit_version(const char *text);

#endif
