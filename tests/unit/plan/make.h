/* Plans for tests: the template of `spec`, a merge patch, hand-written facts and options. */
#ifndef TESTS_PLAN_MAKE_H
#define TESTS_PLAN_MAKE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/sys.h"
#include "plan/build.h"
#include "spec/patch.h"
#include "spec/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

struct made {
	struct hk_spec spec;
	struct hk_arena arena;
	const struct hk_plan *plan;
	struct hk_err err;
	int r;
};

static const struct hk_cgroup_mount v1_mounts[] = {
	{"cpu,cpuacct", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/box", "cpu,cpuacct", false},
	{"memory", "memory", "/sys/fs/cgroup/memory/box", NULL, false},
	{"systemd", "none,name=systemd", "/sys/fs/cgroup/systemd/box", NULL, false},
};
static const struct hk_cgroup_mount hybrid_mounts[] = {
	{"memory", "memory", "/sys/fs/cgroup/memory/box", NULL, false},
	{"unified", NULL, "/sys/fs/cgroup/unified/box", NULL, true},
};
static const struct hk_cgroup_mount v2_mounts[] = {
	{"", NULL, "/sys/fs/cgroup/box", NULL, true},
};
static const char *const join_files[] = {
	"/sys/fs/cgroup/cpu,cpuacct/box/tasks", "/sys/fs/cgroup/memory/box/tasks"};

/* A later member of an initialiser replaces the default before it: meant here. */
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#define FACTS(...)                                                                                 \
	((struct hk_facts){.can_mknod = true,                                                      \
		.kcore = true,                                                                     \
		.cgroup_view = HK_CGROUP_VIEW_V2,                                                  \
		.known_caps = (1ull << 41) - 1,                                                    \
		.permitted_caps = (1ull << 41) - 1,                                                \
		__VA_ARGS__})
#define OPTIONS(...)                                                                               \
	((struct hk_plan_options){.id = "box", .bundle = "/b", .rootfs = "/b/rootfs", __VA_ARGS__})
#define V1_CGROUPS                                                                                 \
	.own_cgroup = true, .cgroup_mounts = v1_mounts, .cgroup_mount_count = HK_COUNT(v1_mounts), \
	.cgroup_join = join_files, .cgroup_join_count = HK_COUNT(join_files)
#define HYBRID_CGROUPS                                                                             \
	.own_cgroup = true, .cgroup_mounts = hybrid_mounts,                                        \
	.cgroup_mount_count = HK_COUNT(hybrid_mounts)
#define V2_CGROUPS                                                                                 \
	.own_cgroup = true, .cgroup_mounts = v2_mounts, .cgroup_mount_count = HK_COUNT(v2_mounts)

/* patch NULL: the template itself. The spec must be valid; whether the plan is shows in r. */
static inline void make(struct made *made, const char *patch, const struct hk_facts *facts,
	const struct hk_plan_options *options)
{
	HK_FREE char *base = hk_spec_template_for(false, 0, 0, false);
	HK_FREE char *text = patched(base, patch ? patch : "{}");

	*made = (struct made){0};
	hk_spec_init(&made->spec);
	assert_non_null(text);
	if (hk_spec_parse(text, strlen(text), "config.json", &made->spec, &made->err) < 0 ||
		hk_spec_validate(&made->spec, &made->err) < 0)
		fail_msg("%s: %s", made->err.property, made->err.message);
	made->r = hk_plan_build(&made->spec, facts, options, &made->arena, &made->plan, &made->err);
}

static inline void unmake(struct made *made)
{
	hk_spec_done(&made->spec);
	hk_arena_done(&made->arena);
}

/* The n-th step of that kind, or NULL. */
static inline const struct hk_step *nth(
	const struct hk_plan *plan, enum hk_step_kind kind, size_t n)
{
	const struct hk_step *steps = hk_plan_steps(plan);

	for (uint32_t i = 0; i < plan->step_count; i++) {
		if (steps[i].kind == kind && !n--)
			return &steps[i];
	}
	return NULL;
}

static inline size_t count_of(const struct hk_plan *plan, enum hk_step_kind kind)
{
	size_t n = 0;

	while (nth(plan, kind, n))
		n++;
	return n;
}

#endif
