/* A container's unit as its commands see it: started, changed, entered, stopped. */
#ifndef HK_SYSTEMD_SCOPE_H
#define HK_SYSTEMD_SCOPE_H

#include "systemd/bus.h"

/* What the unit is to be like. */
struct hk_scope_request {
	const struct hk_unit *unit;
	const char *id;
	bool v2; /* cgroup v2 alone: there are no v1 hierarchies */
	const struct hk_cgroup_write *writes; /* the limits, see hk_cgroup_writes */
	size_t write_count;
	const struct hk_device_rule *devices; /* in force */
	size_t device_count;
	const struct hk_pairs *annotations;
};

/* All of its properties; pid: what it begins with, 0: nobody; version: systemd's, 0: the oldest. Pure. */
int hk_scope_properties(const struct hk_scope_request *request, pid_t pid, unsigned int version,
	struct hk_unit_properties *ret, struct hk_err *err);
/* The same, as far as this systemd knows them. */
int hk_scope_list(struct hk_bus *bus, const struct hk_scope_request *request, pid_t pid,
	struct hk_unit_properties *ret, struct hk_err *err);

/* Start it, with pid inside. A unit of that name that has failed gives way, any other does not: -EEXIST with
 * err at /linux/cgroupsPath. An error about a property is at that of config.json. */
int hk_scope_start(struct hk_bus *bus, const struct hk_scope_request *request, pid_t pid,
	struct hk_arena *arena, struct hk_err *err);

/* Change the limits of a unit from what before says to what after says. */
int hk_scope_change(struct hk_bus *bus, const char *unit, const struct hk_cgroup_write *before,
	size_t before_count, const struct hk_cgroup_write *after, size_t after_count,
	struct hk_arena *arena, struct hk_err *err);

/* Put a process into the cgroup at path, which is the unit's or below. */
int hk_scope_attach(
	struct hk_bus *bus, const char *unit, const char *path, pid_t pid, struct hk_err *err);

/* 0 also where it is gone. */
int hk_scope_stop(struct hk_bus *bus, const char *unit, struct hk_err *err);

#endif
