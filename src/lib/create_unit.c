/* The unit of a container that is created: it exists before the cgroup's directories, and its first
 * process before the container's. */
#include "lib/creation.h"
#include "lib/unit.h"

#include "base/err.h"

int hk_creation_start_unit(struct hk_creation *c, struct hk_err *err)
{
	struct hk_prepared *p = &c->prepared;
	struct hk_scope_request request;
	int r;

	if (!p->unit.name)
		return 0;
	r = hk_prepared_scope(p, &request, err);
	if (r == 0)
		r = hk_holder_start(&c->holder, err);
	if (r == 0)
		r = hk_scope_start(p->bus, &request, c->holder.pid, &p->arena, err);
	if (r < 0)
		hk_holder_end(&c->holder);
	else
		p->cgroup_request.holder = c->holder.pid;
	return r;
}

int hk_creation_hand_unit_over(struct hk_creation *c, pid_t init, struct hk_err *err)
{
	int r;

	if (c->holder.pidfd < 0)
		return 0;
	r = hk_cgroup_track(c->prepared.cgroup, init, err);
	if (r == 0)
		hk_holder_end(&c->holder);
	return r;
}

void hk_creation_stop_unit(struct hk_creation *c)
{
	const struct hk_prepared *p = &c->prepared;
	struct hk_err e = {0};

	hk_holder_end(&c->holder);
	if (p->unit.name && !c->deleted && hk_scope_stop(p->bus, p->unit.name, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}
