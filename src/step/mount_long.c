/* mount(2) gets its options as one page of text, fsconfig(2) each in 256 bytes. The mount is made
 * on its mount point, copied into a detached one, and taken away again, so that everything else
 * goes as with any other mount. */
#include "step/mount_long.h"

#include "step/attach.h"

#include "base/fd.h"
#include "base/path.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define FSCONFIG_VALUE_MAX 255
#define DATA_MAX	   4096 /* a page */

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

/* The words that fsconfig knows for every file system; mount(2) takes them as flags. */
static const struct {
	const char *word;
	unsigned long flag;
} flag_words[] = {
	{"ro", MS_RDONLY},
	{"sync", MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC},
	{"mand", MS_MANDLOCK},
	{"lazytime", MS_LAZYTIME},
};

bool hk_mount_is_long(const struct hk_ctx *ctx, const struct hk_step_mount *args)
{
	const char *p = hk_plan_str(ctx->plan, args->sb_options);

	while (p && *p) {
		size_t len = strcspn(p, ",");
		const char *value = memchr(p, '=', len);

		if (value && len - (size_t)(value + 1 - p) > FSCONFIG_VALUE_MAX)
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

static unsigned long flag_of(const char *option, size_t len)
{
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
		if (strlen(flag_words[i].word) == len &&
			memcmp(option, flag_words[i].word, len) == 0)
			return flag_words[i].flag;
	return 0;
}

/* Flags into *ret_flags, all else behind the label into data. 0 or -E2BIG. */
static int split_options(
	const char *options, const char *label, unsigned long *ret_flags, char data[DATA_MAX])
{
	/* in quotes: it holds commas */
	int n = snprintf(data, DATA_MAX, label ? "context=\"%s\"" : "%s", label ? label : "");
	size_t used = (size_t)n;

	if (used >= DATA_MAX)
		return -E2BIG;
	for (const char *p = options; *p;) {
		size_t len = strcspn(p, ",");
		unsigned long flag = flag_of(p, len);

		*ret_flags |= flag;
		if (!flag && len > 0) {
			if (used + len + 2 > DATA_MAX)
				return -E2BIG;
			used += (size_t)snprintf(data + used, DATA_MAX - used, "%s%.*s",
				used ? "," : "", (int)len, p);
		}
		p += len + (p[len] == ',');
	}
	return 0;
}

/* A detached copy of what has just been mounted there, and away with the original. */
static int detach(struct hk_ctx *ctx, const char *where, const char *link)
{
	HK_FD int mounted = hk_root_open(ctx->rootfd, where, O_PATH | O_DIRECTORY);
	HK_FD int tree = mounted < 0 ? mounted : hk_tree_clone(mounted, false);
	char path[HK_PROCFS_FD_PATH_MAX];

	if (mounted >= 0)
		link = hk_procfs_fd_path(mounted, path);
	if (umount2(link, MNT_DETACH) < 0)
		return -errno;
	return hk_take_fd(&tree);
}

int hk_mount_long(struct hk_ctx *ctx, const struct hk_step_mount *args, int target, int *ret_tree)
{
	const char *source = hk_plan_str(ctx->plan, args->source);
	const char *fstype = hk_plan_str(ctx->plan, args->fstype);
	char link[HK_PROCFS_FD_PATH_MAX], data[DATA_MAX];
	unsigned long flags = 0;
	int r;

	r = split_options(hk_plan_str(ctx->plan, args->sb_options),
		hk_plan_str(ctx->plan, args->label), &flags, data);
	if (r < 0)
		return r;
	/* mount(2) takes no descriptor; its magic link in our own procfs is as good */
	if (fchdir(ctx->procfd) < 0)
		return -errno;
	if (mount(source ? source : fstype, hk_procfs_fd_path(target, link), fstype, flags, data) <
		0)
		r = -errno;
	else
		r = detach(ctx, hk_plan_str(ctx->plan, args->target), link);
	if (fchdir(ctx->rootfd) < 0) { /* where steps before the pivot stand */
		hk_close(&r);
		return -errno;
	}
	if (r < 0)
		return r;
	*ret_tree = r;
	return 0;
}
