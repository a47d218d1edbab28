/* In the place of bus.c where the build has not found <systemd/sd-bus.h>: there is no bus to be
 * opened, and the rest is only there to be linked. */
#include "systemd/bus.h"

#include "base/err.h"

#include <errno.h>

static int refuse(struct hk_err *err)
{
	(void)hk_refuse(err, ENOTSUP, "this hako was built without the systemd cgroup manager");
	hk_err_hint(err, "use --cgroup-manager=cgroupfs, or build hako where systemd's headers are "
			 "(Debian: libsystemd-dev)");
	return -ENOTSUP;
}

bool hk_bus_is_built(void)
{
	return false;
}

int hk_bus_try_library(struct hk_err *err)
{
	return refuse(err);
}

int hk_bus_open(bool user, struct hk_bus **ret, struct hk_err *err)
{
	(void)user;
	(void)ret;
	return refuse(err);
}

void hk_bus_close(struct hk_bus *bus)
{
	(void)bus;
}

int hk_bus_get(struct hk_bus *bus, const char *name, struct hk_arena *arena, const char **ret,
	struct hk_err *err)
{
	(void)bus;
	(void)name;
	(void)arena;
	(void)ret;
	return refuse(err);
}

int hk_bus_start_unit(struct hk_bus *bus, const char *name,
	const struct hk_unit_properties *properties, struct hk_err *err)
{
	(void)bus;
	(void)name;
	(void)properties;
	return refuse(err);
}

int hk_bus_stop_unit(struct hk_bus *bus, const char *name, struct hk_err *err)
{
	(void)bus;
	(void)name;
	return refuse(err);
}

int hk_bus_reset_failed_unit(struct hk_bus *bus, const char *name, struct hk_err *err)
{
	(void)bus;
	(void)name;
	return refuse(err);
}

int hk_bus_set_properties(struct hk_bus *bus, const char *name,
	const struct hk_unit_properties *properties, struct hk_err *err)
{
	(void)bus;
	(void)name;
	(void)properties;
	return refuse(err);
}

int hk_bus_attach_process(
	struct hk_bus *bus, const char *name, const char *below, pid_t pid, struct hk_err *err)
{
	(void)bus;
	(void)name;
	(void)below;
	(void)pid;
	return refuse(err);
}
