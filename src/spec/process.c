/* The tables of config.json's process. */
#include "spec/tables.h"

static const struct hk_property console_size_properties[] = {
	HK_UINT("height", struct hk_console_size, height, .flags = HK_REQUIRED),
	HK_UINT("width", struct hk_console_size, width, .flags = HK_REQUIRED),
};

static const struct hk_object console_size_object =
	HK_OBJECT_TYPE(struct hk_console_size, console_size_properties);

static const struct hk_property user_properties[] = {
	HK_UINT("uid", struct hk_user, uid),
	HK_UINT("gid", struct hk_user, gid),
	HK_UINT("umask", struct hk_user, umask, HK_HAS(struct hk_user, has_umask)),
	HK_UINTS("additionalGids", struct hk_user, additional_gids, additional_gid_count),
};

static const struct hk_object user_object = HK_OBJECT_TYPE(struct hk_user, user_properties);

/* A set: bit n is capability n. The specification wants unknown names passed over: files made for
 * newer kernels name newer capabilities. */
static int read_capabilities(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	struct hk_place at = {.parent = place};
	uint64_t set = 0;
	int r = hk_bind_expect(binding, place, node, HK_NODE_ARRAY);

	if (r < 0)
		return r;
	hk_node_each (name, node) {
		const struct hk_enum *entry;

		r = hk_bind_expect(binding, &at, name, HK_NODE_STRING);
		entry = r < 0 ? NULL : hk_enum_find(hk_capability_names, name->text);
		if (entry)
			set |= UINT64_C(1) << entry->value;
		else if (r == 0)
			r = hk_bind_warn(
				binding, &at, "unknown capability '%s' is ignored", name->text);
		if (hk_bind_gives_up(binding, r))
			return r;
		at.index++;
	}
	*(uint64_t *)member = set;
	return 0;
}

static const struct hk_property capabilities_properties[] = {
	HK_CUSTOM("bounding", struct hk_capabilities, bounding, read_capabilities),
	HK_CUSTOM("effective", struct hk_capabilities, effective, read_capabilities),
	HK_CUSTOM("inheritable", struct hk_capabilities, inheritable, read_capabilities),
	HK_CUSTOM("permitted", struct hk_capabilities, permitted, read_capabilities),
	HK_CUSTOM("ambient", struct hk_capabilities, ambient, read_capabilities),
};

static const struct hk_object capabilities_object =
	HK_OBJECT_TYPE(struct hk_capabilities, capabilities_properties);

static const struct hk_property rlimit_properties[] = {
	HK_ENUM("type", struct hk_rlimit, resource, hk_rlimit_names, .flags = HK_REQUIRED),
	HK_UINT("soft", struct hk_rlimit, soft, .flags = HK_REQUIRED),
	HK_UINT("hard", struct hk_rlimit, hard, .flags = HK_REQUIRED),
};

static const struct hk_object rlimit_object = HK_OBJECT_TYPE(struct hk_rlimit, rlimit_properties);

static const struct hk_property scheduler_properties[] = {
	HK_ENUM("policy", struct hk_scheduler, policy, hk_scheduler_policies, .flags = HK_REQUIRED),
	HK_INT("nice", struct hk_scheduler, nice),
	HK_INT("priority", struct hk_scheduler, priority),
	HK_FLAGS("flags", struct hk_scheduler, flags, hk_scheduler_flags),
	HK_UINT("runtime", struct hk_scheduler, runtime),
	HK_UINT("deadline", struct hk_scheduler, deadline),
	HK_UINT("period", struct hk_scheduler, period),
};

static const struct hk_object scheduler_object =
	HK_OBJECT_TYPE(struct hk_scheduler, scheduler_properties);

static const struct hk_property io_priority_properties[] = {
	HK_ENUM("class", struct hk_io_priority, class, hk_io_priority_classes,
		.flags = HK_REQUIRED),
	HK_INT("priority", struct hk_io_priority, priority),
};

static const struct hk_object io_priority_object =
	HK_OBJECT_TYPE(struct hk_io_priority, io_priority_properties);

static const struct hk_property cpu_affinity_properties[] = {
	HK_STRING("initial", struct hk_cpu_affinity, initial, HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRING("final", struct hk_cpu_affinity, final, HK_LONGEST(HK_LONGEST_PATH)),
};

static const struct hk_object cpu_affinity_object =
	HK_OBJECT_TYPE(struct hk_cpu_affinity, cpu_affinity_properties);

static const struct hk_property process_properties[] = {
	HK_BOOL("terminal", struct hk_process, terminal),
	HK_OBJECT("consoleSize", struct hk_process, console_size, &console_size_object),
	HK_STRUCT("user", struct hk_process, user, &user_object),
	HK_STRINGS("args", struct hk_process, args, HK_LONGEST(HK_LONGEST_ARG)),
	HK_STRINGS("env", struct hk_process, env, HK_LONGEST(HK_LONGEST_ARG)),
	HK_STRING("cwd", struct hk_process, cwd, .flags = HK_REQUIRED, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OBJECT("capabilities", struct hk_process, capabilities, &capabilities_object),
	HK_OBJECTS("rlimits", struct hk_process, rlimits, rlimit_count, &rlimit_object),
	HK_BOOL("noNewPrivileges", struct hk_process, no_new_privileges),
	HK_STRING("apparmorProfile", struct hk_process, apparmor_profile,
		HK_LONGEST(HK_LONGEST_PATH)),
	HK_INT("oomScoreAdj", struct hk_process, oom_score_adj,
		HK_HAS(struct hk_process, has_oom_score_adj)),
	HK_OBJECT("scheduler", struct hk_process, scheduler, &scheduler_object),
	HK_STRING("selinuxLabel", struct hk_process, selinux_label, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OBJECT("ioPriority", struct hk_process, io_priority, &io_priority_object),
	HK_OBJECT("execCPUAffinity", struct hk_process, exec_cpu_affinity, &cpu_affinity_object),
};

const struct hk_object hk_process_object = HK_OBJECT_TYPE(struct hk_process, process_properties);
