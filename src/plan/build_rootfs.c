/* The root file system: opened at the beginning, entered at the end, and what is taken away in it.
 */
#include "plan/builder.h"

#include "base/err.h"
#include "plan/dedup.h"
#include "spec/tables.h"

#include <errno.h>
#include <sys/mount.h>

/* rootfsPropagation's flags, 0 where there is none. */
static uint64_t root_propagation(const struct hk_spec *spec)
{
	const char *name = spec->linux.rootfs_propagation;
	const struct hk_enum *entry = name ? hk_enum_find(hk_rootfs_propagations, name) : NULL;

	return entry ? entry->value : 0;
}

bool hk_plan_mounts_on_host(const struct hk_spec *spec)
{
	return !hk_spec_namespace(spec, HK_NS_MOUNT) &&
	       (spec->mount_count || (spec->root && spec->root->readonly));
}

static int check_rootfs(const struct hk_builder *b)
{
	if (b->user_namespace && hk_plan_mounts_on_host(b->spec)) {
		(void)hk_refuse(b->err, EPERM,
			"mounts and a read-only root need a mount namespace: a user namespace "
			"has no power over the host's");
		hk_err_hint(b->err, "add {\"type\": \"mount\"} to linux.namespaces");
		return hk_err_at(b->err, b->spec->mount_count ? "/mounts" : "/root/readonly");
	}
	if (b->options->no_pivot && root_propagation(b->spec) & MS_PRIVATE) {
		(void)hk_refuse(b->err, EINVAL,
			"a private root cannot be without pivot_root: the host's mounts would "
			"stay");
		return hk_err_at(b->err, "/linux/rootfsPropagation");
	}
	return 0;
}

/* What the host's mounts become for us, that is for what is bound from them. None of them stays
 * shared with the host unless that is asked for; a word about the root mount alone (private, slave,
 * unbindable) does not change what the others are. What is unbindable cannot be bound, not even by
 * us: it is private until we have done. Without pivot_root some are unmounted in the end, which
 * must not reach the host: none stays shared then, whatever is asked for. */
static uint64_t host_propagation(uint64_t flags, bool no_pivot)
{
	if (flags & MS_SHARED && !no_pivot)
		return flags;
	if (flags & MS_REC && flags & (MS_PRIVATE | MS_UNBINDABLE))
		return MS_PRIVATE | MS_REC;
	return MS_SLAVE | MS_REC;
}

static void add_propagation(struct hk_builder *b)
{
	uint64_t flags = root_propagation(b->spec);

	HK_STEP(&b->blob, PROPAGATION, propagation,
		flags ? HK_PROPERTY(b, "/linux/rootfsPropagation") : HK_NO_PROPERTY,
		.flags = host_propagation(flags, b->options->no_pivot));
}

int hk_build_rootfs(struct hk_builder *b)
{
	int r = check_rootfs(b);

	if (r < 0)
		return r;
	if (b->mount_namespace)
		add_propagation(b);
	HK_STEP(&b->blob, ROOTFS, rootfs, HK_PROPERTY(b, "/root/path"),
		.source = hk_blob_str(&b->blob, b->options->rootfs), .recursive = true,
		.slave = (root_propagation(b->spec) & MS_SLAVE) != 0, .open_only = !b->can_mount,
		.on_host = b->can_mount && !b->mount_namespace,
		.readonly = b->annotated.strict_rootfs);
	return 0;
}

void hk_build_pivot(struct hk_builder *b)
{
	enum hk_pivot how = b->options->no_pivot ? HK_PIVOT_MOVE : HK_PIVOT_ROOT;

	HK_STEP(&b->blob, PIVOT, pivot, HK_PROPERTY(b, "/root/path"),
		.how = b->mount_namespace ? how : HK_PIVOT_CHROOT);
}

void hk_build_root_propagation(struct hk_builder *b)
{
	uint64_t flags = root_propagation(b->spec);

	if (b->mount_namespace && flags)
		HK_STEP(&b->blob, ROOT_PROPAGATION, root_propagation,
			HK_PROPERTY(b, "/linux/rootfsPropagation"), .flags = flags);
}

/* Each path once: containerd masks a path for every CPU, and lists some twice. */
static int add_paths(struct hk_builder *b, const struct hk_strings *paths, const char *member,
	enum hk_step_kind kind)
{
	bool *keep = hk_keep_last(paths->items, paths->count, hk_whole_string, &b->scratch);

	if (!keep)
		return hk_fail(b->err, ENOMEM, "read %s", member);
	for (size_t i = 0; i < paths->count; i++) {
		hk_ref_str property = HK_PROPERTY(b, "/linux/%s/%zu", member, i);
		hk_ref_str path = hk_blob_str(&b->blob, paths->items[i]);

		if (keep[i] && kind == HK_STEP_MASK)
			HK_STEP(&b->blob, MASK, mask, property, .path = path);
		else if (keep[i])
			HK_STEP(&b->blob, READONLY, readonly, property, .path = path);
	}
	return 0;
}

int hk_build_restricted_paths(struct hk_builder *b)
{
	int r = add_paths(b, &b->spec->linux.readonly_paths, "readonlyPaths", HK_STEP_READONLY);

	if (r < 0)
		return r;
	return add_paths(b, &b->spec->linux.masked_paths, "maskedPaths", HK_STEP_MASK);
}
