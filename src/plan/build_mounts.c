/* mounts[]: file systems and bind mounts, in the order of config.json. (Remounts: build_remount.c)
 */
#include "plan/builder.h"

#include "base/err.h"
#include "base/path.h"
#include "base/sys.h"
#include "plan/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#define NOTIFY_TARGET "/run/notify"

static bool is(const char *type, const char *name)
{
	return type && strcmp(type, name) == 0;
}

bool hk_dev_is_bind(const struct hk_spec *spec)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < spec->mount_count; i++) {
		if (hk_mount_is_bind(&spec->mounts[i]) &&
			hk_mount_target(&spec->mounts[i], target) == 0 && is(target, "/dev"))
			return true;
	}
	return false;
}

/* Does a later step change what entry i mounts at target? */
static bool changes(const struct hk_builder *b, size_t i, const char *target)
{
	if (b->late_readonly[i].offset)
		return true;
	for (size_t j = i + 1; j < b->remounts_end; j++)
		if (hk_mount_has_option(&b->spec->mounts[j], "remount") &&
			hk_mount_is_at(&b->spec->mounts[j], target))
			return true;
	return false;
}

static uint32_t changes_how(const struct hk_builder *b, size_t i, const char *target)
{
	return changes(b, i, target) ? HK_MOUNT_CHANGES : 0;
}

static uint32_t bind_how(const struct hk_mount_options *o)
{
	switch (o->idmap) {
	case HK_IDMAP_NONE:
		break;
	case HK_IDMAP_MOUNT:
		return HK_MOUNT_IDMAP;
	case HK_IDMAP_TREE:
		return HK_MOUNT_IDMAP_TREE;
	}
	return 0;
}

static void add_bind(struct hk_builder *b, size_t i, const struct hk_mount_options *o,
	hk_ref_str property, const char *target)
{
	const struct hk_mount *mount = &b->spec->mounts[i];
	const char *source = mount->source ? mount->source : "";
	char path[PATH_MAX];
	int n = 0;

	/* what is relative is so to the bundle */
	if (source[0] != '/')
		n = snprintf(path, sizeof(path), "%s/%s", b->options->bundle, source);
	if (n < 0 || (size_t)n >= sizeof(path))
		b->blob.failed = true;
	HK_STEP(&b->blob, BIND, bind, property,
		.source = hk_blob_str(&b->blob, source[0] == '/' ? source : path),
		.target = hk_blob_str(&b->blob, target), .recursive = o->recursive,
		.attrs_set = o->attrs_set, .attrs_clear = o->attrs_clear, .rec_set = o->rec_set,
		.rec_clear = o->rec_clear, .propagation = o->propagation,
		.rec_propagation = o->rec_propagation,
		.how = bind_how(o) | changes_how(b, i, target),
		.mount = bind_how(o) ? (uint32_t)i : 0);
}

/* A block device's file system has to know that it is read-only; file systems without one share
 * their superblock, which must not change. */
static const char *superblock_options(
	struct hk_builder *b, const struct hk_mount *mount, const struct hk_mount_options *o)
{
	const char *text = hk_mount_options_superblock(o, false, &b->scratch);

	if (text && hk_mount_options_attrs(o) & HK_MOUNT_ATTR_RDONLY && mount->source &&
		mount->source[0] == '/')
		text = hk_arena_printf(&b->scratch, "ro%s%s", text[0] ? "," : "", text);
	if (!text)
		b->blob.failed = true;
	return text && text[0] ? text : NULL;
}

static uint32_t mount_how(const struct hk_mount *mount, const struct hk_mount_options *o)
{
	uint32_t how = 0;

	if (is(mount->type, "proc") || is(mount->type, "sysfs") || is(mount->type, "mqueue"))
		how |= HK_MOUNT_PLAIN_DIR;
	if (o->tmpcopyup)
		how |= HK_MOUNT_TMPCOPYUP;
	if (is(mount->type, "tmpfs") && !hk_mount_data_has(o->data, "mode"))
		how |= HK_MOUNT_KEEP_MODE;
	return how;
}

/* The kernel lets a user namespace mount sysfs only together with its own network namespace. */
static const char *fallback_source(const struct hk_builder *b, const struct hk_mount *mount)
{
	bool in_user_namespace = b->user_namespace || b->facts->in_user_namespace;

	if (is(mount->type, "sysfs") && in_user_namespace &&
		!hk_spec_new_namespace(b->spec, HK_NS_NETWORK))
		return "/sys";
	return NULL;
}

/* proc and sysfs are labelled by the kernel's policy; mqueue takes no option for it. */
static const char *label_of(
	const struct hk_builder *b, const struct hk_mount *mount, uint32_t *ret_how)
{
	const char *label = b->spec->linux.mount_label;

	if (!label || is(mount->type, "proc") || is(mount->type, "sysfs"))
		return NULL;
	*ret_how = is(mount->type, "mqueue") ? HK_MOUNT_LABEL_XATTR : 0;
	return label;
}

static void add_new(struct hk_builder *b, size_t i, const struct hk_mount_options *o,
	hk_ref_str property, const char *target)
{
	const struct hk_mount *mount = &b->spec->mounts[i];
	uint32_t label_how = 0;
	const char *label = label_of(b, mount, &label_how);

	HK_STEP(&b->blob, MOUNT, mount, property, .fstype = hk_blob_str(&b->blob, mount->type),
		.source = hk_blob_str(&b->blob, mount->source ? mount->source : mount->type),
		.target = hk_blob_str(&b->blob, target),
		.sb_options = hk_blob_str(&b->blob, superblock_options(b, mount, o)),
		.attrs = o->attrs_set, .rec_set = o->rec_set, .rec_clear = o->rec_clear,
		.propagation = o->propagation, .rec_propagation = o->rec_propagation,
		.else_bind = hk_blob_str(&b->blob, fallback_source(b, mount)),
		.label = hk_blob_str(&b->blob, label),
		.how = mount_how(mount, o) | label_how | changes_how(b, i, target));
}

static int read_mount(
	struct hk_builder *b, size_t i, struct hk_mount_options *ret_options, char *ret_target)
{
	const struct hk_mount *mount = &b->spec->mounts[i];
	int r;

	if (hk_mount_target(mount, ret_target) < 0)
		return hk_build_refuse_mount(b, i, "/destination", "the path is too long");
	r = hk_mount_options_parse(mount, i, &b->scratch, ret_options, b->err);
	if (r < 0)
		return r;
	if (ret_options->bind && !ret_options->remount && !mount->source)
		return hk_build_refuse_mount(b, i, "/source", "a bind mount needs a source");
	if (!ret_options->bind && !ret_options->remount && !mount->type)
		return hk_build_refuse_mount(b, i, "/type", "a file system needs a type");
	if (ret_options->tmpcopyup &&
		(ret_options->bind || ret_options->remount || !is(mount->type, "tmpfs")))
		return hk_build_refuse_mount(b, i, "/options", "tmpcopyup is for a new tmpfs");
	return 0;
}

static int add_mount(struct hk_builder *b, size_t i)
{
	const struct hk_mount *mount = &b->spec->mounts[i];
	hk_ref_str property = HK_PROPERTY(b, "/mounts/%zu", i);
	struct hk_mount_options o;
	char target[PATH_MAX];
	int r = read_mount(b, i, &o, target);

	if (r < 0)
		return r;
	if (o.remount)
		return hk_build_remount(b, i, &o, property, target);
	hk_build_late_readonly(b, i, o.bind ? NULL : mount->type, &o, property, target);
	if (o.bind)
		add_bind(b, i, &o, property, target);
	else if (is(mount->type, "cgroup") || is(mount->type, "cgroup2"))
		return hk_build_cgroup_mount(b, i, &o, property, target);
	else
		add_new(b, i, &o, property, target);
	return 0;
}

/* Most have none, and thousands of mounts need not be compared then. */
static size_t find_remounts_end(const struct hk_spec *spec)
{
	size_t end = spec->mount_count;

	while (end > 0 && !hk_mount_has_option(&spec->mounts[end - 1], "remount"))
		end--;
	return end;
}

int hk_build_mounts(struct hk_builder *b)
{
	const uint64_t attrs = HK_MOUNT_ATTR_RDONLY | HK_MOUNT_ATTR_NOSUID | HK_MOUNT_ATTR_NODEV |
			       HK_MOUNT_ATTR_NOEXEC;

	b->late_readonly =
		hk_arena_array(&b->scratch, b->spec->mount_count, sizeof(*b->late_readonly));
	if (!b->late_readonly)
		return hk_fail(b->err, ENOMEM, "read the mounts");
	b->remounts_end = find_remounts_end(b->spec);
	for (size_t i = 0; i < b->spec->mount_count; i++) {
		int r = hk_build_part(b, add_mount(b, i));

		if (r < 0)
			return r;
	}
	if (b->options->notify_dir && b->can_mount)
		HK_STEP(&b->blob, BIND, bind, HK_NO_PROPERTY,
			.source = hk_blob_str(&b->blob, b->options->notify_dir),
			.target = hk_blob_str(&b->blob, NOTIFY_TARGET), .attrs_set = attrs);
	return 0;
}
