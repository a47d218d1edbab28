/* Plans for a container that runs: mounts are added to it, or taken away.
 *
 * Of the specification only mounts, and as namespaces those that have to be joined (with a path)
 * count, and a new mount namespace: the init stage's own view of the host. */
#include "plan/builder.h"

#include "base/err.h"
#include "plan/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>

/* Where a later entry fails all is undone: that a mount of the list's own was changed goes with it.
 */
static bool was_mounted_before(const struct hk_spec *spec, size_t i)
{
	char target[PATH_MAX];

	if (hk_mount_target(&spec->mounts[i], target) < 0)
		return true; /* the builder says what is wrong */
	for (size_t j = 0; j < i; j++)
		if (hk_mount_is_at(&spec->mounts[j], target) &&
			!hk_mount_has_option(&spec->mounts[j], "remount"))
			return true;
	return false;
}

static int check_addition(struct hk_builder *b, size_t i)
{
	const struct hk_mount *mount = &b->spec->mounts[i];

	if (hk_mount_has_option(mount, "remount") && !was_mounted_before(b->spec, i))
		return hk_build_refuse_mount(b, i, "/options",
			"only what an earlier entry mounts can be remounted: the change could not "
			"be undone");
	if (mount->type && strncmp(mount->type, "cgroup", 6) == 0 && !hk_mount_is_bind(mount))
		return hk_build_refuse_mount(
			b, i, "/type", "cgroup mounts are made with the container only");
	return 0;
}

static void begin(struct hk_builder *b, uint64_t inside)
{
	hk_build_namespaces(b);
	/* our view of the host: nothing that happens in it is seen there */
	HK_STEP(&b->blob, PROPAGATION, propagation, HK_NO_PROPERTY, .flags = MS_SLAVE | MS_REC);
	HK_STEP(&b->blob, VISIT, visit, HK_NO_PROPERTY, .slot = HK_SLOT_NS + HK_NS_MOUNT,
		.namespaces = inside);
}

static int build_additions(struct hk_builder *b, uint64_t inside)
{
	int r;

	for (size_t i = 0; i < b->spec->mount_count; i++) {
		r = check_addition(b, i);
		if (r < 0)
			return r;
	}
	begin(b, inside);
	r = hk_build_mounts(b);
	if (r == 0)
		hk_build_late_remounts(b);
	return r;
}

/* All are found before the first is taken away. */
static int build_removals(struct hk_builder *b)
{
	char target[PATH_MAX];

	begin(b, 0);
	for (size_t i = 0; i < b->spec->mount_count; i++) {
		if (hk_mount_target(&b->spec->mounts[i], target) < 0)
			return hk_build_refuse_mount(b, i, "/destination", "the path is too long");
		for (size_t j = 0; j < i; j++)
			if (hk_mount_is_at(&b->spec->mounts[j], target))
				return hk_build_refuse_mount(b, i, "/destination",
					"an earlier entry removes what is there");
		HK_STEP(&b->blob, UNMOUNT, unmount, HK_PROPERTY(b, "/mounts/%zu/destination", i),
			.target = hk_blob_str(&b->blob, target));
	}
	HK_STEP(&b->blob, UNMOUNT, unmount, HK_NO_PROPERTY, .target = {0});
	return 0;
}

static int build(struct hk_builder *b, enum hk_errand errand, uint64_t inside)
{
	switch (errand) {
	case HK_ERRAND_ADD_MOUNTS:
		return build_additions(b, inside);
	case HK_ERRAND_REMOVE_MOUNTS:
		return build_removals(b);
	}
	return hk_refuse(b->err, EINVAL, "no such errand: %d", (int)errand);
}

int hk_plan_build_errand(enum hk_errand errand, const struct hk_spec *spec,
	const struct hk_facts *facts, uint64_t inside, const char *bundle, struct hk_arena *arena,
	const struct hk_plan **ret, struct hk_err *err)
{
	const struct hk_plan_options options = {.bundle = bundle};
	struct hk_findings first = HK_FIRST_FINDING(err);
	struct hk_builder b = {.spec = spec,
		.facts = facts,
		.options = &options,
		.err = err,
		.findings = &first,
		.user_namespace = hk_spec_namespace(spec, HK_NS_USER),
		.mount_namespace = true};
	int r = build(&b, errand, inside);

	if (r == 0) {
		HK_STEP(&b.blob, READY, ready, HK_NO_PROPERTY, .unused = 0);
		HK_STEP(&b.blob, FINISH, finish, HK_NO_PROPERTY, .unused = 0);
		*ret = hk_blob_finish(&b.blob, hk_build_clone_flags(&b), arena);
		r = *ret ? hk_plan_check(*ret, (*ret)->size, err)
			 : hk_fail(err, ENOMEM, "make the plan");
	}
	hk_blob_done(&b.blob);
	hk_arena_done(&b.scratch);
	return r;
}
