/* hako_pids: the processes of a container. */
#include "lib/container.h"

#include "lib/errors.h"

#include <errno.h>
#include <stdlib.h>

/* Without a cgroup of the container's own, init is all that we know of; and where all has ended, a
 * cgroup is somebody else's. */
static int list_init(const struct hk_loaded *loaded, pid_t **ret, size_t *ret_count)
{
	pid_t *pids;

	if (loaded->pidfd < 0) {
		*ret = NULL;
		*ret_count = 0;
		return 0;
	}
	pids = malloc(sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	*pids = loaded->state.init_pid;
	*ret = pids;
	*ret_count = 1;
	return 0;
}

static int list(
	const struct hako_container *container, pid_t **ret, size_t *ret_count, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	int r;

	r = hk_container_load(container->root, container->id, false, &loaded, err);
	if (r < 0)
		return r;
	if (hk_cgroup_path_count(loaded.cgroup) > 0 && !hk_loaded_has_ended(&loaded))
		return hk_cgroup_pids(loaded.cgroup, ret, ret_count, err);
	r = list_init(&loaded, ret, ret_count);
	return r < 0 ? hk_fail(err, -r, "list the container's processes") : 0;
}

int hako_pids(hako_container *container, pid_t **ret, size_t *ret_count, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(list(container, ret, ret_count, &e), &e, err);
}
