/* Between a container and its unit: what both the making of one and the later commands need. */
#include "lib/unit.h"

#include "base/err.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int hk_prepared_scope(struct hk_prepared *p, struct hk_scope_request *ret, struct hk_err *err)
{
	const struct hk_resources *resources = p->spec->linux.resources;
	struct hk_scope_request request = {
		.unit = &p->unit,
		.id = p->id,
		.v2 = p->cgroup_host.mode == HK_CGROUP_V2,
		.annotations = &p->spec->annotations,
	};
	struct hk_cgroup_write *writes;
	struct hk_device_rule *rules;
	int r;

	r = hk_cgroup_writes(p->cgroup, resources, &p->arena, &writes, &request.write_count, err);
	if (r < 0)
		return r;
	if (hk_cgroup_device_rules(resources, &p->arena, &rules, &request.device_count) < 0)
		return hk_fail(err, ENOMEM, "list the device rules");
	request.writes = writes;
	request.devices = rules;
	*ret = request;
	return 0;
}

/* The host path of an open directory. */
static int path_of(int fd, char ret[PATH_MAX], struct hk_err *err)
{
	char link[40];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return hk_fail(err, errno, "find the container's cgroup");
	ret[n] = '\0';
	return 0;
}

int hk_unit_enter(
	struct hk_bus *bus, const struct hk_state *state, int cgroup, pid_t pid, struct hk_err *err)
{
	struct hk_bus *ours = NULL;
	char path[PATH_MAX];
	int r = path_of(cgroup, path, err);

	if (r == 0 && !bus)
		r = hk_bus_open(state->systemd_user, &ours, err);
	if (r == 0)
		r = hk_scope_attach(bus ? bus : ours, state->systemd_unit, path, pid, err);
	hk_bus_close(ours);
	return r;
}

int hk_unit_end(const struct hk_state *state, const struct hk_log *log, struct hk_err *err)
{
	struct hk_bus *bus = NULL;
	struct hk_err e = {0};
	int r;

	if (!state->systemd_unit)
		return 0;
	if (hk_bus_open(state->systemd_user, &bus, &e) < 0) {
		hk_logf(log, HK_LOG_WARNING, "the unit '%s' is not stopped: %s",
			state->systemd_unit, e.message);
		return 0;
	}
	r = hk_scope_stop(bus, state->systemd_unit, err);
	hk_bus_close(bus);
	return r;
}
