/* hako_pause, hako_resume: the freezer of a container's cgroup. */
#include "lib/container.h"

#include "lib/errors.h"

#include <errno.h>

/* No lock: whoever holds it may be waiting for the very processes that are frozen. */
static int set_frozen(const struct hako_container *container, bool frozen, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	enum hako_status status;
	int r;

	r = hk_container_load(container->root, container->id, false, &loaded, err);
	if (r < 0)
		return r;
	status = hk_loaded_status(&loaded);
	if (frozen && status != HAKO_RUNNING && status != HAKO_CREATED)
		return hk_refuse(
			err, ESRCH, "container not running: it is %s", hako_status_name(status));
	if (!frozen && status != HAKO_PAUSED)
		return hk_refuse(
			err, EINVAL, "container not paused: it is %s", hako_status_name(status));
	return hk_cgroup_freeze(loaded.cgroup, frozen, err);
}

int hako_pause(hako_container *container, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(set_frozen(container, true, &e), &e, err);
}

int hako_resume(hako_container *container, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(set_frozen(container, false, &e), &e, err);
}
