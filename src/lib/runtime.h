/* What a hako_runtime is. */
#ifndef HK_LIB_RUNTIME_H
#define HK_LIB_RUNTIME_H

#include "base/log.h"
#include "cgroup/cgroup.h"

#include <hako/runtime.h>

#include <stdbool.h>
#include <sys/types.h>

/* Never changed behind hako_runtime_new: threads share it. */
struct hako_runtime {
	char *root; /* absolute, clean */
	mode_t root_mode; /* to make it with */
	bool default_root;
	bool rootless;
	enum hk_cgroup_manager cgroup_manager;
	struct hk_log log;
	hako_log_fn *sink;
	void *sink_userdata;
	const struct hako_dynamic_form *dynamic_form; /* the caller's; or NULL */
};

#endif
