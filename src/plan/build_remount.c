/* mounts[] with "remount".
 *
 * As with mount(8), "remount,bind" is about the mount alone, and "remount" about the file system
 * too. But what config.json binds is the host's, and so is a cgroup: there the file system is left
 * alone, as it is with ro and rw where there is no block device, for it may be mounted elsewhere.
 */
#include "plan/builder.h"

#include "base/err.h"
#include "base/sys.h"
#include "plan/options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

/* What an earlier entry has put there, if it is a file system of the container's own. */
static const struct hk_mount *find_own(const struct hk_builder *b, size_t i, const char *target)
{
	while (i-- > 0) {
		const struct hk_mount *mount = &b->spec->mounts[i];

		if (hk_mount_has_option(mount, "remount") || !hk_mount_is_at(mount, target))
			continue;
		if (hk_mount_is_bind(mount) || strncmp(mount->type, "cgroup", 6) == 0)
			return NULL;
		return mount;
	}
	return NULL;
}

static const char *superblock_options(
	struct hk_builder *b, const struct hk_mount *own, const struct hk_mount_options *o)
{
	const char *text = hk_mount_options_superblock(o, true, &b->scratch);
	const char *access = NULL;

	if (!own || !own->source || own->source[0] != '/')
		return text;
	if (hk_mount_options_attrs(o) & HK_MOUNT_ATTR_RDONLY)
		access = "ro";
	else if ((o->attrs_clear | o->rec_clear) & HK_MOUNT_ATTR_RDONLY)
		access = "rw";
	if (text && access)
		text = hk_arena_printf(&b->scratch, "%s%s%s", access, text[0] ? "," : "", text);
	return text;
}

/* What of the file system is to change; NULL: nothing. */
static int read_superblock_options(struct hk_builder *b, size_t i, const struct hk_mount *own,
	const struct hk_mount_options *options, const char **ret)
{
	struct hk_mount_options o = *options;
	int r;

	*ret = NULL;
	if (o.bind)
		return 0;
	o.sb_set &= ~(uint64_t)MS_SILENT; /* about what is logged when mounting */
	o.sb_clear &= ~(uint64_t)MS_SILENT;
	if ((o.sb_set | o.sb_clear) & MS_I_VERSION)
		return hk_build_refuse_mount(b, i, "/options",
			"iversion and noiversion are for new mounts: the kernel has no way to "
			"change them");
	*ret = superblock_options(b, own, &o);
	if (!*ret)
		return hk_fail(b->err, ENOMEM, "read the options of a remount");
	if (!**ret) {
		*ret = NULL;
	} else if (!own) {
		r = hk_build_refuse_mount(b, i, "/options",
			"what is there is no file system of the container's own: its options "
			"would change for the host too");
		hk_err_hint(b->err, "with \"bind\", a remount changes the mount alone");
		return r;
	}
	return 0;
}

int hk_build_remount(struct hk_builder *b, size_t i, const struct hk_mount_options *options,
	hk_ref_str property, const char *target)
{
	const struct hk_mount *own = find_own(b, i, target);
	struct hk_mount_options o = *options;
	const char *superblock;
	int r;

	r = read_superblock_options(b, i, own, &o, &superblock);
	if (r < 0)
		return r;
	if ((o.attrs_set | o.attrs_clear | o.rec_set | o.rec_clear) & HK_MOUNT_ATTR_RDONLY)
		hk_build_forget_readonly(b, i, target);
	hk_build_late_readonly(b, i, own ? own->type : NULL, &o, property, target);
	HK_STEP(&b->blob, REMOUNT, remount, property, .target = hk_blob_str(&b->blob, target),
		.sb_options = hk_blob_str(&b->blob, superblock), .attrs_set = o.attrs_set,
		.attrs_clear = o.attrs_clear, .rec_set = o.rec_set, .rec_clear = o.rec_clear,
		.propagation = o.propagation, .rec_propagation = o.rec_propagation);
	return 0;
}
