/* What mount(2) can and fsconfig(2) cannot: mount(2) gets its options as one page of text, and not
 * each in 256 bytes; it knows flags that fsconfig has no words for, and takes quotes away from
 * SELinux's contexts, which may hold commas. The mount is copied into a detached one and taken away
 * again, so that everything else goes as with any other mount.
 *
 * There is no descriptor of what mount(2) has mounted: it has to be looked up by name, and the
 * mount point's may by then be something else, for another container may share the volume that it
 * is in (CVE-2021-30465). Hence it is mounted on a directory that nobody else has: of a scaffold, a
 * tmpfs of our own, that stands on the mount point meanwhile. */
#include "step/mount2.h"

#include "step/attach.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/fsconfig.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FSCONFIG_VALUE_MAX 255
#define DATA_MAX	   4096 /* a page */

/* mount(2) works in our own namespace only: the scaffold for a running container's mount stands on
 * a directory that every host has, in our private view of it. */
#define OWN_PLACE "/proc"

#define SPOT "spot" /* the directory in the scaffold */

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

/* The words that stand for flags of mount(2); all but the last two are fsconfig's too. */
static const struct flag_word {
	const char *word;
	unsigned long flag;
	bool mount_only;
} flag_words[] = {
	{"ro", MS_RDONLY, false},
	{"sync", MS_SYNCHRONOUS, false},
	{"dirsync", MS_DIRSYNC, false},
	{"mand", MS_MANDLOCK, false},
	{"lazytime", MS_LAZYTIME, false},
	{"iversion", MS_I_VERSION, true},
	{"silent", MS_SILENT, true},
};

static const struct flag_word *find_flag(const char *option, size_t len)
{
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
		if (strlen(flag_words[i].word) == len &&
			memcmp(option, flag_words[i].word, len) == 0)
			return &flag_words[i];
	return NULL;
}

bool hk_mount2_is_needed(const struct hk_ctx *ctx, const struct hk_step_mount *args)
{
	const char *p = hk_plan_str(ctx->plan, args->sb_options);

	while (p && *p) {
		size_t len = strcspn(p, ",");
		const char *value = memchr(p, '=', len);
		const struct flag_word *flag = find_flag(p, len);

		if (flag && flag->mount_only)
			return true;
		if (value &&
			(value[1] == '"' || len - (size_t)(value + 1 - p) > FSCONFIG_VALUE_MAX))
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

struct data {
	char text[DATA_MAX];
	size_t used;
};

/* One option more, in three parts. 0 or -E2BIG. */
static int add_option(
	struct data *data, const char *before, const char *text, size_t len, const char *after)
{
	size_t room = DATA_MAX - data->used;
	int n = snprintf(data->text + data->used, room, "%s%s%.*s%s", data->used ? "," : "", before,
		(int)len, text, after);

	if (n < 0 || (size_t)n >= room)
		return -E2BIG;
	data->used += (size_t)n;
	return 0;
}

/* Flags into *flags, all else into data. 0 or -E2BIG. */
static int split_options(const char *options, unsigned long *flags, struct data *data)
{
	int r = 0;

	for (const char *p = options; p && *p && r == 0;) {
		size_t len = strcspn(p, ",");
		const struct flag_word *flag = find_flag(p, len);

		if (flag)
			*flags |= flag->flag;
		else if (len > 0)
			r = add_option(data, "", p, len, "");
		p += len + (p[len] == ',');
	}
	return r;
}

static int read_options(struct hk_ctx *ctx, const struct hk_step_mount *args, int target,
	unsigned long *ret_flags, struct data *ret_data)
{
	const char *label = hk_plan_str(ctx->plan, args->label);
	char mode[HK_MODE_MAX];
	int r = 0;

	*ret_flags = 0;
	*ret_data = (struct data){0};
	if (label && !(args->how & HK_MOUNT_LABEL_XATTR)) /* in quotes: it holds commas */
		r = add_option(ret_data, "context=\"", label, strlen(label), "\"");
	if (r == 0 && args->how & HK_MOUNT_KEEP_MODE) {
		r = hk_covered_mode(target, mode);
		if (r == 0)
			r = add_option(ret_data, "mode=", mode, strlen(mode), "");
	}
	return r < 0 ? r
		     : split_options(hk_plan_str(ctx->plan, args->sb_options), ret_flags, ret_data);
}

/* A new tmpfs with nothing but a directory in it, put onto place. fd or a negative errno. */
static int put_scaffold(int place)
{
	HK_FD int fs = hk_sys_fsopen("tmpfs");
	HK_FD int scaffold = -1;
	int r = fs < 0 ? fs : hk_sys_fsconfig(fs, HK_FSCONFIG_CMD_CREATE, NULL, NULL);

	if (r < 0)
		return r;
	scaffold = hk_sys_fsmount(fs, 0);
	if (scaffold < 0)
		return scaffold;
	if (mkdirat(scaffold, SPOT, 0700) < 0)
		return -errno;
	r = hk_tree_attach(scaffold, place);
	return r < 0 ? r : hk_take_fd(&scaffold);
}

static int open_spot(int scaffold)
{
	int fd = openat(scaffold, SPOT, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A detached copy of what mount(2) has made. */
static int mount_in(struct hk_ctx *ctx, const struct hk_step_mount *args, int scaffold,
	unsigned long flags, const char *data)
{
	const char *source = hk_plan_str(ctx->plan, args->source);
	const char *fstype = hk_plan_str(ctx->plan, args->fstype);
	HK_FD int spot = open_spot(scaffold);
	HK_FD int mounted = -1;
	char link[HK_PROCFS_FD_PATH_MAX];

	if (spot < 0)
		return spot;
	if (mount(source ? source : fstype, hk_procfs_fd_path(spot, link), fstype, flags, data) < 0)
		return -errno;
	mounted = open_spot(scaffold); /* what covers it now */
	return mounted < 0 ? mounted : hk_tree_clone(mounted, false);
}

/* mount(2) and umount2(2) take no descriptor; its magic link in our own procfs, where we stand, is
 * as good. */
static int make_at(struct hk_ctx *ctx, const struct hk_step_mount *args, int place,
	unsigned long flags, const char *data)
{
	HK_FD int scaffold = put_scaffold(place);
	HK_FD int tree = -1;
	char link[HK_PROCFS_FD_PATH_MAX];

	if (scaffold < 0)
		return scaffold;
	tree = mount_in(ctx, args, scaffold, flags, data);
	if (umount2(hk_procfs_fd_path(scaffold, link), MNT_DETACH) < 0)
		return -errno;
	return hk_take_fd(&tree);
}

static int open_own_place(void)
{
	int fd = openat(AT_FDCWD, OWN_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int hk_mount2(struct hk_ctx *ctx, const struct hk_step_mount *args, int target, int *ret_tree)
{
	HK_FD int own = -1, tree = -1;
	unsigned long flags;
	struct data data;
	int r;

	r = read_options(ctx, args, target, &flags, &data);
	if (r < 0)
		return r;
	if (ctx->visit.theirs >= 0) {
		own = open_own_place();
		if (own < 0)
			return own;
	}
	if (fchdir(ctx->procfd) < 0)
		return -errno;
	tree = make_at(ctx, args, own < 0 ? target : own, flags, data.text);
	if (fchdir(ctx->rootfd) < 0) /* where steps before the pivot stand */
		return -errno;
	if (tree < 0)
		return tree;
	*ret_tree = hk_take_fd(&tree);
	return 0;
}
