/* A root file system to run steps in, without privileges. */
#ifndef TESTS_INIT_TREE_H
#define TESTS_INIT_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fd.h"
#include "step/mount_point.h"
#include "step/procfs.h"
#include "step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int tree_setup(void **state)
{
	struct hk_ctx *ctx = test_calloc(1, sizeof(*ctx));
	char path[] = "/tmp/hako-tree-XXXXXX";

	assert_non_null(mkdtemp(path));
	assert_non_null(realpath(path, ctx->root_path));
	ctx->rootfd = open(ctx->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(ctx->rootfd >= 0);
	ctx->procfd = hk_procfs_open_mounted();
	assert_true(ctx->procfd >= 0);
	ctx->parent.fd = -1;
	*state = ctx;
	return 0;
}

static int tree_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tree_teardown(void **state)
{
	struct hk_ctx *ctx = *state;

	hk_parent_forget(ctx);
	hk_close(&ctx->rootfd);
	hk_close(&ctx->procfd);
	assert_int_equal(nftw(ctx->root_path, tree_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
	test_free(ctx);
	return 0;
}

/* Is fd what stands at that path of the tree? */
static inline void assert_is(const struct hk_ctx *ctx, int fd, const char *path)
{
	struct stat a, b;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstatat(ctx->rootfd, path, &b, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(a.st_dev, b.st_dev);
	assert_int_equal(a.st_ino, b.st_ino);
}

#endif
