/* What is no reason not to create a container, but should be known: said by create and by check. */
#include "lib/prepare.h"

#include "base/enumtab.h"
#include "base/str.h"
#include "spec/annotations.h"

#include <errno.h>

static int append(struct hk_strings *list, const char *text)
{
	if (!text)
		return -ENOMEM;
	list->items[list->count++] = text;
	return 0;
}

/* runtime-spec, config.md, "Linux Process": a warning, and no reason to fail. */
static int add_missing_capabilities(struct hk_prepared *p, struct hk_strings *list)
{
	uint64_t missing;
	int r = 0;

	if (!p->spec->process || !p->facts.known_caps) /* check did not get so far */
		return 0;
	missing = hk_plan_missing_capabilities(p->spec, &p->facts);
	for (const struct hk_enum *cap = hk_capability_names; r == 0 && cap->name; cap++)
		if (missing >> cap->value & 1)
			r = append(list,
				hk_arena_printf(&p->arena,
					"/process/capabilities: the container goes without %s, "
					"which the kernel or the runtime does not have",
					cap->name));
	return r;
}

/* Unknown annotations are no error to runtime-spec; but who misspells ours goes without it. */
static int add_stray_annotations(struct hk_prepared *p, struct hk_strings *list)
{
	const struct hk_pairs *annotations = &p->spec->annotations;
	char shown[128];
	int r = 0;

	for (size_t i = 0; r == 0 && i < annotations->count; i++)
		if (hk_annotation_is_stray(annotations->items[i].key))
			r = append(list, hk_arena_printf(&p->arena,
						 "/annotations: '%s' is unknown and has no effect",
						 hk_printable(annotations->items[i].key, shown,
							 sizeof(shown))));
	return r;
}

/* Who disables the manager wants no cgroup; what config.json limits by one is not limited then. */
static int add_lost_resources(struct hk_prepared *p, struct hk_strings *list)
{
	const struct hk_resources *r = p->spec->linux.resources;

	if (p->runtime->cgroup_manager != HK_CGROUP_MANAGER_DISABLED || !r)
		return 0;
	if (!r->device_count && !r->memory && !r->cpu && !r->pids_limit.set && !r->block_io &&
		!r->hugepage_limit_count && !r->network && !r->rdma_count && !r->unified.count)
		return 0;
	return append(list, "/linux/resources: nothing of it is applied, for the cgroup manager is "
			    "disabled");
}

int hk_prepared_warnings(struct hk_prepared *p, struct hk_strings *ret)
{
	const struct hk_strings *read = &p->spec->warnings;
	struct hk_strings list = {0};
	int r = 0;

	list.items = hk_arena_array(
		&p->arena, read->count + 64 + p->spec->annotations.count, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < read->count; i++)
		r = append(&list, read->items[i]);
	if (r == 0)
		r = add_missing_capabilities(p, &list);
	if (r == 0)
		r = add_stray_annotations(p, &list);
	if (r == 0)
		r = add_lost_resources(p, &list);
	if (r == 0)
		*ret = list;
	return r;
}
