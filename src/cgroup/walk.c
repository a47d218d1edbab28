/* A cgroup and all below it, deepest first. However deep the container has nested them, this takes
 * the same few descriptors and no stack: the way back up is "..". */
#include "cgroup/walk.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct child {
	char *name;
	bool entered; /* the walk is in it, or further down */
};

struct walk {
	int top; /* the caller's */
	int fd;	 /* O_PATH, of where the walk is; -1: at the top */
	/* what is left to do: the last one lies in the directory where the walk is, or is it */
	struct child *items;
	size_t count;
	size_t cap;
	int passed_over; /* why the first directory that could not be entered was left out, or 0 */
};

static int here(const struct walk *walk)
{
	return walk->fd >= 0 ? walk->fd : walk->top;
}

/* An open directory stream of what fd names; fd may be O_PATH. */
static DIR *open_stream(int fd)
{
	HK_FD int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = readable < 0 ? NULL : fdopendir(readable);

	if (stream)
		(void)hk_take_fd(&readable);
	return stream;
}

/* The next directory in the stream, NULL at its end. */
static const char *next_child(DIR *stream)
{
	struct dirent *entry;

	while ((entry = readdir(stream))) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
	return NULL;
}

static int add(struct walk *walk, const char *name)
{
	if (walk->count == walk->cap) {
		size_t cap = walk->cap ? walk->cap * 2 : 16;
		struct child *items = reallocarray(walk->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		walk->items = items;
		walk->cap = cap;
	}
	walk->items[walk->count] = (struct child){.name = strdup(name)};
	if (!walk->items[walk->count].name)
		return -ENOMEM;
	walk->count++;
	return 0;
}

static void drop_last(struct walk *walk)
{
	free(walk->items[--walk->count].name);
}

static int add_children(struct walk *walk, DIR *stream)
{
	const char *name;
	int r = 0;

	while (r == 0 && (name = next_child(stream)))
		r = add(walk, name);
	(void)closedir(stream);
	return r;
}

static int pass_over(struct walk *walk, int error)
{
	if (error != -ENOENT && walk->passed_over == 0) /* gone meanwhile is as good as seen */
		walk->passed_over = error;
	drop_last(walk);
	return 0;
}

static int enter(struct walk *walk)
{
	struct child *last = &walk->items[walk->count - 1];
	HK_FD int fd = hk_sys_openat2(here(walk), last->name,
		O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
		HK_RESOLVE_BENEATH | HK_RESOLVE_NO_SYMLINKS | HK_RESOLVE_NO_XDEV);
	DIR *stream = fd < 0 ? NULL : open_stream(fd);

	if (!stream)
		return pass_over(walk, fd < 0 ? fd : -errno);
	last->entered = true;
	hk_close(&walk->fd);
	walk->fd = hk_take_fd(&fd);
	return add_children(walk, stream);
}

/* Nothing can lead astray on the way up: a cgroup is never moved to another parent. */
static int leave(struct walk *walk, hk_cgroup_visit *visit, void *userdata)
{
	int r = visit(walk->fd, userdata), up;

	if (r != 0 && r != -ENOENT)
		return r;
	up = openat(walk->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (up < 0)
		return -errno;
	hk_close(&walk->fd);
	walk->fd = up;
	drop_last(walk);
	return 0;
}

static int visit_below(struct walk *walk, hk_cgroup_visit *visit, void *userdata)
{
	DIR *stream = open_stream(walk->top);
	int r = stream ? add_children(walk, stream) : -errno;

	while (r == 0 && walk->count > 0)
		r = walk->items[walk->count - 1].entered ? leave(walk, visit, userdata)
							 : enter(walk);
	return r;
}

int hk_cgroup_walk(int dirfd, hk_cgroup_visit *visit, void *userdata)
{
	struct walk walk = {.top = dirfd, .fd = -1};
	int r = visit_below(&walk, visit, userdata);

	if (r == 0)
		r = visit(dirfd, userdata);
	while (walk.count > 0)
		drop_last(&walk);
	free(walk.items);
	hk_close(&walk.fd);
	return r != 0 ? r : walk.passed_over;
}

static int visit_children_gone(int dirfd, void *userdata)
{
	DIR *stream = open_stream(dirfd);
	const char *name;

	(void)userdata;
	while (stream && (name = next_child(stream)))
		(void)unlinkat(dirfd, name, AT_REMOVEDIR); /* what stays is in its parent's way */
	if (stream)
		(void)closedir(stream);
	return 0;
}

int hk_cgroup_remove_below(int dirfd)
{
	return hk_cgroup_walk(dirfd, visit_children_gone, NULL);
}
