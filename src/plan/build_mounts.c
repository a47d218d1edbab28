/* mounts[]: file systems and bind mounts, in the order of config.json. */
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

/* A destination without a leading slash means the same with one: containers in the wild have it. */
static int clean_destination(const struct hk_mount *mount, char *ret)
{
	return hk_path_clean(mount->destination, true, ret, PATH_MAX);
}

static bool has_bind_option(const struct hk_mount *mount)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		if (is(mount->options.items[i], "bind") || is(mount->options.items[i], "rbind"))
			return true;
	}
	return is(mount->type, "bind");
}

bool hk_dev_is_bind(const struct hk_spec *spec)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < spec->mount_count; i++) {
		if (has_bind_option(&spec->mounts[i]) &&
			clean_destination(&spec->mounts[i], target) == 0 && is(target, "/dev"))
			return true;
	}
	return false;
}

/* Mountpoints and devices are made in /dev and in tmpfs mounts: they turn read-only at the end. */
static bool is_late_readonly(
	const struct hk_mount *mount, const struct hk_mount_options *o, const char *target)
{
	bool later = is(target, "/dev") || (!o->bind && is(mount->type, "tmpfs"));

	return later && !o->remount && (o->attrs_set | o->rec_set) & HK_MOUNT_ATTR_RDONLY;
}

static void add_bind(struct hk_builder *b, const struct hk_mount *mount,
	const struct hk_mount_options *o, hk_ref_str property, const char *target)
{
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
		.rec_clear = o->rec_clear, .propagation = o->propagation);
}

/* Options of the superblock, in fsconfig's words. A block device's file system has to know that it
 * is read-only; file systems without one share their superblock, which must not change. */
static const char *superblock_options(
	struct hk_builder *b, const struct hk_mount *mount, const struct hk_mount_options *o)
{
	bool readonly =
		o->attrs_set & HK_MOUNT_ATTR_RDONLY && mount->source && mount->source[0] == '/';
	const char *text = hk_arena_printf(&b->scratch, "%s%s%s%s%s%s", readonly ? ",ro" : "",
		o->sb_flags & MS_SYNCHRONOUS ? ",sync" : "",
		o->sb_flags & MS_DIRSYNC ? ",dirsync" : "",
		o->sb_flags & MS_MANDLOCK ? ",mand" : "",
		o->sb_flags & MS_LAZYTIME ? ",lazytime" : "", o->data ? "," : "");

	if (text && o->data)
		text = hk_arena_printf(&b->scratch, "%s%s", text, o->data);
	if (!text)
		b->blob.failed = true;
	return text && text[0] ? text + 1 : NULL;
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

/* proc and sysfs are labelled by the kernel's policy, mqueue by its mounter. */
static const char *label(const struct hk_builder *b, const struct hk_mount *mount)
{
	if (mount_how(mount, &(struct hk_mount_options){0}) & HK_MOUNT_PLAIN_DIR)
		return NULL;
	return b->spec->linux.mount_label;
}

static void add_new(struct hk_builder *b, const struct hk_mount *mount,
	const struct hk_mount_options *o, hk_ref_str property, const char *target)
{
	HK_STEP(&b->blob, MOUNT, mount, property, .fstype = hk_blob_str(&b->blob, mount->type),
		.source = hk_blob_str(&b->blob, mount->source ? mount->source : mount->type),
		.target = hk_blob_str(&b->blob, target),
		.sb_options = hk_blob_str(&b->blob, superblock_options(b, mount, o)),
		.attrs = o->attrs_set, .rec_set = o->rec_set, .rec_clear = o->rec_clear,
		.propagation = o->propagation,
		.else_bind = hk_blob_str(&b->blob, fallback_source(b, mount)),
		.label = hk_blob_str(&b->blob, label(b, mount)), .how = mount_how(mount, o));
}

static int refuse_mount(struct hk_builder *b, size_t i, const char *member, const char *why)
{
	(void)hk_refuse(b->err, EINVAL, "mount on '%s': %s", b->spec->mounts[i].destination, why);
	return hk_err_at(b->err, "/mounts/%zu%s", i, member);
}

static int read_mount(
	struct hk_builder *b, size_t i, struct hk_mount_options *ret_options, char *ret_target)
{
	const struct hk_mount *mount = &b->spec->mounts[i];
	int r;

	if (clean_destination(mount, ret_target) < 0)
		return refuse_mount(b, i, "/destination", "the path is too long");
	r = hk_mount_options_parse(mount, i, &b->scratch, ret_options, b->err);
	if (r < 0)
		return r;
	if (ret_options->bind && !ret_options->remount && !mount->source)
		return refuse_mount(b, i, "/source", "a bind mount needs a source");
	if (!ret_options->bind && !ret_options->remount && !mount->type)
		return refuse_mount(b, i, "/type", "a file system needs a type");
	if (ret_options->tmpcopyup && !is(mount->type, "tmpfs"))
		return refuse_mount(b, i, "/options", "tmpcopyup is for tmpfs");
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
	if (is_late_readonly(mount, &o, target)) {
		o.attrs_set &= ~(uint64_t)HK_MOUNT_ATTR_RDONLY;
		o.rec_set &= ~(uint64_t)HK_MOUNT_ATTR_RDONLY;
		b->late_readonly[i] = property;
	}
	if (o.remount)
		HK_STEP(&b->blob, REMOUNT, remount, property,
			.target = hk_blob_str(&b->blob, target),
			.attrs_set = o.attrs_set | o.rec_set,
			.attrs_clear = o.attrs_clear | o.rec_clear);
	else if (o.bind)
		add_bind(b, mount, &o, property, target);
	else if (is(mount->type, "cgroup") || is(mount->type, "cgroup2"))
		hk_build_cgroup_mount(b, mount, &o, property, target);
	else
		add_new(b, mount, &o, property, target);
	return 0;
}

int hk_build_mounts(struct hk_builder *b)
{
	const uint64_t attrs = HK_MOUNT_ATTR_RDONLY | HK_MOUNT_ATTR_NOSUID | HK_MOUNT_ATTR_NODEV |
			       HK_MOUNT_ATTR_NOEXEC;

	b->late_readonly =
		hk_arena_array(&b->scratch, b->spec->mount_count, sizeof(*b->late_readonly));
	if (!b->late_readonly)
		return hk_fail(b->err, ENOMEM, "read the mounts");
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

void hk_build_late_remounts(struct hk_builder *b)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < b->spec->mount_count; i++) {
		if (!b->late_readonly[i].offset)
			continue;
		(void)clean_destination(&b->spec->mounts[i], target); /* as it was when mounted */
		HK_STEP(&b->blob, REMOUNT, remount, b->late_readonly[i],
			.target = hk_blob_str(&b->blob, target), .attrs_set = HK_MOUNT_ATTR_RDONLY);
	}
	if (b->spec->root->readonly)
		HK_STEP(&b->blob, REMOUNT, remount, HK_PROPERTY(b, "/root/readonly"),
			.target = hk_blob_str(&b->blob, "/"), .attrs_set = HK_MOUNT_ATTR_RDONLY);
}
