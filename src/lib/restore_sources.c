/* What is mounted where, as the plan for a new container has it. */
#include "lib/restoration.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

#define PLACE "/dev/null" /* what files are masked with */

struct list {
	const struct hk_prepared *prepared;
	struct hk_sources sources;
	size_t cap;
};

static void add(struct list *list, struct hk_source source)
{
	if (list->sources.count < list->cap && source.point)
		list->sources.items[list->sources.count++] = source;
}

static void add_bind(struct list *list, const struct hk_step_bind *args)
{
	const struct hk_plan *plan = list->prepared->plan;

	add(list, (struct hk_source){
			  .point = hk_plan_str(plan, args->target),
			  .path = hk_plan_str(plan, args->source),
			  .readonly = (args->attrs_set | args->rec_set) & HK_MOUNT_ATTR_RDONLY,
			  .mapped = args->how & (HK_MOUNT_IDMAP | HK_MOUNT_IDMAP_TREE),
		  });
}

/* The directory of the hierarchy that is mounted there: v2, or the v1 one that the mount point is
 * named after. */
static const char *cgroup_source(const struct list *list, const char *fstype, const char *point)
{
	const struct hk_cgroup_mount *mounts;
	bool v2 = strcmp(fstype, "cgroup2") == 0;
	const char *name = strrchr(point, '/');
	size_t count;

	mounts = hk_cgroup_mounts(list->prepared->cgroup, &count);
	for (size_t i = 0; i < count; i++)
		if (v2 ? mounts[i].v2 : name && strcmp(name + 1, mounts[i].name) == 0)
			return mounts[i].source;
	return NULL;
}

static void add_mount(struct list *list, const struct hk_step_mount *args)
{
	const struct hk_plan *plan = list->prepared->plan;
	const char *fstype = hk_plan_str(plan, args->fstype);
	struct hk_source source = {
		.point = hk_plan_str(plan, args->target),
		.path = hk_plan_str(plan, args->else_bind),
		.directory = true,
		.made = true,
		.readonly = args->attrs & HK_MOUNT_ATTR_RDONLY,
	};

	if (source.point && fstype && hk_starts_with(fstype, "cgroup"))
		source.path = cgroup_source(list, fstype, source.point);
	add(list, source);
}

static void add_remount(struct list *list, const struct hk_step_remount *args)
{
	const char *point = hk_plan_str(list->prepared->plan, args->target);

	for (size_t i = list->sources.count; point && i-- > 0;) {
		struct hk_source *source = &list->sources.items[i];

		if (strcmp(source->point, point) != 0)
			continue;
		if (args->attrs_set & HK_MOUNT_ATTR_RDONLY)
			source->readonly = true;
		else if (args->attrs_clear & HK_MOUNT_ATTR_RDONLY)
			source->readonly = false;
		return;
	}
}

static void add_step(struct list *list, const struct hk_step *step)
{
	const struct hk_plan *plan = list->prepared->plan;
	const void *args = hk_plan_args(plan, step);
	const char *path;

	switch ((enum hk_step_kind)step->kind) {
	case HK_STEP_BIND:
		add_bind(list, args);
		return;
	case HK_STEP_MOUNT:
		add_mount(list, args);
		return;
	case HK_STEP_REMOUNT:
		add_remount(list, args);
		return;
	case HK_STEP_DEVICE: /* bound from the host's node where it cannot be made */
		path = hk_plan_str(plan, ((const struct hk_step_device *)args)->path);
		add(list, (struct hk_source){.point = path, .path = path, .made = true});
		return;
	case HK_STEP_MASK:
		path = hk_plan_str(plan, ((const struct hk_step_mask *)args)->path);
		add(list, (struct hk_source){.point = path, .path = PLACE, .made = true});
		return;
	default: /* the other kinds mount nothing from outside */
		return;
	}
}

int hk_restoration_list_sources(const struct hk_prepared *prepared, struct hk_sources *ret,
	struct hk_arena *arena, struct hk_err *err)
{
	const struct hk_plan *plan = prepared->plan;
	const struct hk_step *steps = hk_plan_steps(plan);
	struct list list = {.prepared = prepared, .cap = plan->step_count};

	list.sources.items = hk_arena_array(arena, list.cap, sizeof(*list.sources.items));
	if (!list.sources.items)
		return hk_fail(err, ENOMEM, "list the container's mounts");
	for (size_t i = 0; i < plan->step_count; i++)
		add_step(&list, &steps[i]);
	*ret = list.sources;
	return 0;
}

const struct hk_source *hk_source_find(const struct hk_sources *sources, const char *point)
{
	for (size_t i = sources->count; i-- > 0;)
		if (strcmp(sources->items[i].point, point) == 0)
			return &sources->items[i];
	return NULL;
}
