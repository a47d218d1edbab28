/* The unit of systemd's that a container's cgroup is, as the commands deal with it. */
#ifndef HK_LIB_UNIT_H
#define HK_LIB_UNIT_H

#include "lib/prepare.h"
#include "state/state.h"
#include "systemd/scope.h"

/* What the unit of hk_prepare's container is to be like. Strings are those of prepared. */
int hk_prepared_scope(
	struct hk_prepared *prepared, struct hk_scope_request *ret, struct hk_err *err);

/* The process is outside, because we may not clone into the cgroup: systemd may put it there. bus NULL: one
 * is opened for it. */
int hk_unit_enter(struct hk_bus *bus, const struct hk_state *state, int cgroup, pid_t pid,
	struct hk_err *err);

/* Stop the unit of a container whose processes are dead. Without a systemd to be asked there is nothing to
 * stop: that is logged. */
int hk_unit_end(const struct hk_state *state, const struct hk_log *log, struct hk_err *err);

#endif
