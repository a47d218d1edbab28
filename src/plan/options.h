/* mounts[].options: words become attributes, propagation and options for the file system. */
#ifndef HK_PLAN_OPTIONS_H
#define HK_PLAN_OPTIONS_H

#include "base/mem.h"
#include "spec/spec.h"

struct hk_mount_options {
	/* MOUNT_ATTR_*: of the mount itself, and of the whole tree. A bit of clear was named by the
	 * user; where one of the atime modes was, clear has the whole mask, as mount_setattr wants.
	 */
	uint64_t attrs_set;
	uint64_t attrs_clear;
	uint64_t rec_set;
	uint64_t rec_clear;
	uint64_t propagation; /* MS_SHARED, ... and MS_REC perhaps; 0: as it is */
	uint64_t sb_flags;    /* MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME */
	bool bind;
	bool recursive; /* rbind */
	bool remount;
	bool tmpcopyup;
	const char *data; /* what is left for the file system, comma-separated; NULL: nothing */
};

/* err is not NULL. index is the mount's in config.json, for errors: /mounts/INDEX/options/OPTION.
 * Data beside bind or remount is refused. */
int hk_mount_options_parse(const struct hk_mount *mount, size_t index, struct hk_arena *arena,
	struct hk_mount_options *ret, struct hk_err *err);

/* The i-th option that is understood, in alphabetical order; NULL behind the last: for `features`.
 */
const char *hk_mount_option_name(size_t i);

/* Does the comma-separated data have "key=..." or "key"? */
bool hk_mount_data_has(const char *data, const char *key);

#endif
