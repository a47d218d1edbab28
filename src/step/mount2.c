/* What mount(2) can and fsconfig(2) cannot: mount(2) gets its options as one page of text, and not
 * each in 256 bytes; it knows flags that fsconfig has no words for, and takes quotes away from
 * SELinux's contexts, which may hold commas. The mount is made on its mount point, copied into a
 * detached one, and taken away again, so that everything else goes as with any other mount. */
#include "step/mount2.h"

#include "step/attach.h"

#include "base/fd.h"
#include "base/path.h"
#include "step/fsconfig.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define FSCONFIG_VALUE_MAX 255
#define DATA_MAX	   4096 /* a page */

/* mount(2) works in our own namespace only: what is for a running container is made on a directory
 * that every host has, in our private view of it. */
#define OWN_PLACE "/proc"

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

/* A detached copy of what has just been mounted there, and away with the original. */
static int detach(int root, const char *where, const char *link)
{
	HK_FD int mounted = hk_root_open(root, where, O_PATH | O_DIRECTORY);
	HK_FD int tree = mounted < 0 ? mounted : hk_tree_clone(mounted, false);
	char path[HK_PROCFS_FD_PATH_MAX];

	if (mounted >= 0)
		link = hk_procfs_fd_path(mounted, path);
	if (umount2(link, MNT_DETACH) < 0)
		return -errno;
	return hk_take_fd(&tree);
}

static int make_at(struct hk_ctx *ctx, const struct hk_step_mount *args, int root, int target,
	const char *where, unsigned long flags, const char *data)
{
	const char *source = hk_plan_str(ctx->plan, args->source);
	const char *fstype = hk_plan_str(ctx->plan, args->fstype);
	char link[HK_PROCFS_FD_PATH_MAX];
	int r;

	/* mount(2) takes no descriptor; its magic link in our own procfs is as good */
	if (fchdir(ctx->procfd) < 0)
		return -errno;
	if (mount(source ? source : fstype, hk_procfs_fd_path(target, link), fstype, flags, data) <
		0)
		r = -errno;
	else
		r = detach(root, where, link);
	if (fchdir(ctx->rootfd) < 0) { /* where steps before the pivot stand */
		hk_close(&r);
		return -errno;
	}
	return r;
}

int hk_mount2(struct hk_ctx *ctx, const struct hk_step_mount *args, int target, int *ret_tree)
{
	HK_FD int root = -1, place = -1;
	unsigned long flags;
	struct data data;
	int r;

	r = read_options(ctx, args, target, &flags, &data);
	if (r < 0)
		return r;
	if (ctx->visit.theirs < 0) {
		r = make_at(ctx, args, ctx->rootfd, target, hk_plan_str(ctx->plan, args->target),
			flags, data.text);
	} else {
		root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		place = openat(AT_FDCWD, OWN_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = root < 0 || place < 0
			    ? -errno
			    : make_at(ctx, args, root, place, OWN_PLACE, flags, data.text);
	}
	if (r < 0)
		return r;
	*ret_tree = r;
	return 0;
}
