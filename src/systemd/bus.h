/* What is asked of systemd over D-Bus. The library for it is loaded when a bus is opened, and not before. */
#ifndef HK_SYSTEMD_BUS_H
#define HK_SYSTEMD_BUS_H

#include "systemd/properties.h"

#include <stdbool.h>
#include <sys/types.h>

struct hk_bus;

/* Was this program built with the means to speak D-Bus? */
bool hk_bus_is_built(void);

/* Is the library there that a bus needs? */
int hk_bus_try_library(struct hk_err *err);

/* user: the service manager of the user that we are, or that plays root in our user namespace; else the
 * system's. A bus is used by one thread. err says what to do where there is none. */
int hk_bus_open(bool user, struct hk_bus **ret, struct hk_err *err);
void hk_bus_close(struct hk_bus *bus); /* NULL is accepted */

/* A string that is a property of the service manager: "Version", "ControlGroup". In arena. */
int hk_bus_get(struct hk_bus *bus, const char *name, struct hk_arena *arena, const char **ret,
	struct hk_err *err);

/* Each waits until systemd has done it, for 30 seconds at most (-ETIMEDOUT). Errors are complete but for
 * the property of config.json. */

/* -EEXIST: there is a unit of that name. */
int hk_bus_start_unit(struct hk_bus *bus, const char *name,
	const struct hk_unit_properties *properties, struct hk_err *err);
/* -ENOENT: there is no such unit. */
int hk_bus_stop_unit(struct hk_bus *bus, const char *name, struct hk_err *err);
/* Forget that it has failed, and it with that. -ENOENT: there is no such unit. */
int hk_bus_reset_failed_unit(struct hk_bus *bus, const char *name, struct hk_err *err);
/* Until it is stopped. systemd has written to the cgroup when this returns. */
int hk_bus_set_properties(struct hk_bus *bus, const char *name,
	const struct hk_unit_properties *properties, struct hk_err *err);
/* below: "/container" of the unit's cgroup, or "". */
int hk_bus_attach_process(
	struct hk_bus *bus, const char *name, const char *below, pid_t pid, struct hk_err *err);

#endif
