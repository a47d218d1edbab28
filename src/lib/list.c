/* hako_list: the ids of all containers. */
#include "lib/runtime.h"

#include "base/fd.h"
#include "lib/errors.h"
#include "state/state.h"

#include <hako/container.h>

#include <errno.h>
#include <stdlib.h>

static int list(hako_runtime *runtime, char ***ret, size_t *ret_count, struct hk_err *err)
{
	HK_FD int root = hk_state_root_open(runtime->root, 0, err);

	if (root == -ENOENT && runtime->default_root) {
		*ret = NULL; /* nothing was ever made here */
		*ret_count = 0;
		return 0;
	}
	return root < 0 ? root : hk_state_list(root, ret, ret_count, err);
}

int hako_list(hako_runtime *runtime, char ***ret, size_t *ret_count, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(list(runtime, ret, ret_count, &e), &e, err);
}

void hako_ids_free(char **ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
}
