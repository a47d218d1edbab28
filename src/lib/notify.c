/* Readiness: what a container tells its service manager. */
#include "lib/container.h"

#include "lib/errors.h"

int hako_container_notify_fd(const hako_container *container)
{
	return container->notify ? hk_notify_fd(container->notify) : -1;
}

/* Behind a failure nothing more can be passed on. */
static int finish(struct hako_container *container, int r, const struct hk_err *e, hako_error **err)
{
	if (r < 0) {
		hk_notify_free(container->notify);
		container->notify = NULL;
	}
	return hk_give(r, e, err);
}

int hako_container_notify(hako_container *container, hako_error **err)
{
	struct hk_err e = {0};

	if (!container->notify)
		return 0;
	return finish(container, hk_notify_pass(container->notify, &e), &e, err);
}

int hako_container_notify_wait(hako_container *container, hako_error **err)
{
	struct hk_err e = {0};

	if (!container->notify)
		return 0;
	return finish(container, hk_notify_wait(container->notify, &e), &e, err);
}
