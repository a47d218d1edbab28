/* mounts[].options: words become attributes, propagation and options for the file system. */
#ifndef HK_PLAN_OPTIONS_H
#define HK_PLAN_OPTIONS_H

#include "base/mem.h"
#include "spec/spec.h"

enum hk_idmap {
	HK_IDMAP_NONE,
	HK_IDMAP_MOUNT, /* "idmap", or mappings without either word */
	HK_IDMAP_TREE,	/* "ridmap" */
};

struct hk_mount_options {
	/* MOUNT_ATTR_*: of the mount itself, and of the whole tree. A bit of clear was named by the
	 * user; where one of the atime modes was, clear has the whole mask, as mount_setattr wants.
	 */
	uint64_t attrs_set;
	uint64_t attrs_clear;
	uint64_t rec_set;
	uint64_t rec_clear;
	/* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0: as it is. rec is for the whole tree
	 * and comes first; the other is for the mount itself, where that becomes something else. */
	uint64_t propagation;
	uint64_t rec_propagation;
	/* The file system's own: MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME,
	 * MS_I_VERSION, MS_SILENT. A bit of clear was named by the user. */
	uint64_t sb_set;
	uint64_t sb_clear;
	bool bind;
	bool recursive; /* rbind */
	bool remount;
	bool tmpcopyup;
	enum hk_idmap idmap;
	const char *data; /* what is left for the file system, comma-separated; NULL: nothing */
};

/* err is not NULL. index is the mount's in config.json, for errors: /mounts/INDEX/options/OPTION.
 * Data beside bind is refused, but for what hk_mount_option_is_idle: the file system is mounted already,
 * with its options. */
int hk_mount_options_parse(const struct hk_mount *mount, size_t index, struct hk_arena *arena,
	struct hk_mount_options *ret, struct hk_err *err);

/* The i-th option that is understood, in alphabetical order; NULL behind the last: for `features`.
 */
const char *hk_mount_option_name(size_t i);

/* The attributes that a mount without others below it ends up with: those for the whole tree come
 * last. */
uint64_t hk_mount_options_attrs(const struct hk_mount_options *options);

/* The options of the superblock in mount(8)'s words, comma-separated, the data last; "" where there
 * are none. named: those too that clear something, as a remount wants it. NULL: memory is out. */
const char *hk_mount_options_superblock(
	const struct hk_mount_options *options, bool named, struct hk_arena *arena);

/* Does the comma-separated data have "key=..." or "key"? */
bool hk_mount_data_has(const char *data, const char *key);

#endif
