/* The tables of config.json's hooks. */
#include "spec/tables.h"

static const struct hk_property hook_properties[] = {
	HK_STRING("path", struct hk_hook, path, .flags = HK_REQUIRED, HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRINGS("args", struct hk_hook, args, HK_LONGEST(HK_LONGEST_ARG)),
	HK_STRINGS("env", struct hk_hook, env, HK_HAS(struct hk_hook, has_env),
		HK_LONGEST(HK_LONGEST_ARG)),
	HK_INT("timeout", struct hk_hook, timeout, HK_HAS(struct hk_hook, has_timeout)),
};

static const struct hk_object hook_object = HK_OBJECT_TYPE(struct hk_hook, hook_properties);

static const struct hk_property hooks_properties[] = {
#define X(upper, lower, name)                                                                      \
	HK_OBJECTS(name, struct hk_hooks, at[HK_HOOK_##upper].items, at[HK_HOOK_##upper].count,    \
		&hook_object),
	HK_HOOK_POINTS(X)
#undef X
};

const struct hk_object hk_hooks_object = HK_OBJECT_TYPE(struct hk_hooks, hooks_properties);
