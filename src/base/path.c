/* The two resolvers, and making what a mount needs inside the container's root. Part of the init
 * image.
 *
 * The kernel resolves (openat2) where nothing is to be made. The walk below resolves in user space,
 * one component at a time, where components are to be made on the way, and where openat2 is missing
 * or refused by a seccomp filter. It never hands the kernel more than one component, never a "..",
 * and lets it follow no link. */
#include "base/path.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40

enum walk_rules {
	WALK_BENEATH = 1,  /* absolute paths and ".." above the start are refused: -EXDEV */
	WALK_NO_LINKS = 2, /* links are refused: -ELOOP */
};

enum walk_make {
	MAKE_NOTHING,
	MAKE_DIRS, /* every missing component is made as a directory */
	MAKE_FILE, /* ... and the last one as a file */
};

struct walk {
	int root;
	unsigned int rules; /* enum walk_rules */
	enum walk_make make;
	int flags;   /* open(2)'s, for the last component */
	mode_t mode; /* of what is made */
	int dir;     /* where we are; owned */
	unsigned int links;
	char done[PATH_MAX]; /* components from root to dir, no link among them */
	char todo[PATH_MAX]; /* what is left of the path */
};

/* Copy the first component of *path and move *path behind it, to a slash or the end. 0, or
 * -ENAMETOOLONG where no file can have that name. */
static int take_component(const char **path, char ret[NAME_MAX + 1])
{
	const char *start = *path + strspn(*path, "/");
	size_t len = strcspn(start, "/");

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, start, len);
	ret[len] = '\0';
	*path = start + len;
	return 0;
}

static int open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Walk w->done anew from the root. Opening ".." instead would leave the root if somebody moved the
 * directory out of it meanwhile. */
static int enter_done(struct walk *w)
{
	HK_FD int dir = open_dir(w->root, ".");
	const char *rest = w->done;

	while (dir >= 0 && *rest) {
		char name[NAME_MAX + 1];
		int next = take_component(&rest, name);

		if (next == 0)
			next = open_dir(dir, name);
		hk_close(&dir);
		dir = next;
	}
	if (dir < 0)
		return dir;
	hk_close(&w->dir);
	w->dir = hk_take_fd(&dir);
	return 0;
}

static int go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (!w->done[0])
		return w->rules & WALK_BENEATH ? -EXDEV : 0; /* ".." of the root is the root */
	*(slash ? slash : w->done) = '\0';
	return enter_done(w);
}

static int go_down(struct walk *w, const char *name)
{
	size_t len = strlen(w->done), n = strlen(name);
	int fd;

	if (len + n + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	fd = open_dir(w->dir, name);
	if (fd == -ENOENT && w->make != MAKE_NOTHING) {
		/* a directory on the way to a file: who may read may search */
		if (mkdirat(w->dir, name, w->mode | (w->mode & 0444) >> 2) < 0 && errno != EEXIST)
			return -errno;
		fd = open_dir(w->dir, name);
	}
	if (fd < 0)
		return fd;
	hk_close(&w->dir);
	w->dir = fd;
	if (len > 0)
		w->done[len++] = '/';
	memcpy(w->done + len, name, n + 1);
	return 0;
}

/* procfs has magic links, whose text is not where they lead. Its others are self, thread-self,
 * mounts and net, whose texts begin with a pid or with "self/". */
static bool is_magic(int dir, const char *target)
{
	return hk_fd_is_fs(dir, HK_PROC_SUPER_MAGIC) && !(target[0] >= '0' && target[0] <= '9') &&
	       strncmp(target, "self/", 5) != 0;
}

/* Put a link's target before what is left of the path. rest points into w->todo. */
static int follow(struct walk *w, const char *target, const char *rest)
{
	size_t len = strlen(target), left = strlen(rest);

	if (w->rules & WALK_NO_LINKS || ++w->links > MAX_LINKS || is_magic(w->dir, target))
		return -ELOOP;
	if (len + left >= sizeof(w->todo))
		return -ENAMETOOLONG;
	memmove(w->todo + len, rest, left + 1);
	memcpy(w->todo, target, len);
	if (target[0] != '/')
		return 0;
	w->done[0] = '\0';
	return enter_done(w);
}

/* The thing itself, or a missing one made. A link that took the name's place just now is not
 * followed. */
static int open_last(struct walk *w, const char *name)
{
	HK_FD int fd = openat(w->dir, name, w->flags | O_NOFOLLOW | O_CLOEXEC, w->mode);
	struct stat st;

	if (fd < 0 && errno == ENOENT && w->make == MAKE_FILE) {
		HK_FD int made = openat(w->dir, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, w->mode);

		if (made < 0 && errno != EEXIST)
			return -errno;
		fd = openat(w->dir, name, w->flags | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	if (w->flags & O_PATH && !(w->flags & O_NOFOLLOW)) {
		if (fstat(fd, &st) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode))
			return -ELOOP;
	}
	return hk_take_fd(&fd);
}

/* One component. Returns the fd that was asked for in *ret_fd behind the last one. */
static int walk_component(struct walk *w, int *ret_fd)
{
	char name[NAME_MAX + 1], target[PATH_MAX];
	const char *rest = w->todo;
	bool last, keep_link;
	ssize_t n;
	int r;

	r = take_component(&rest, name);
	if (r < 0)
		return r;
	last = !*rest && w->make != MAKE_DIRS;
	keep_link = last && w->flags & (O_NOFOLLOW | O_EXCL);
	if (!name[0] || strcmp(name, ".") == 0) {
		r = 0;
	} else if (strcmp(name, "..") == 0) {
		r = go_up(w);
	} else {
		n = readlinkat(w->dir, name, target, sizeof(target) - 1);
		if (n > 0 && !keep_link) {
			target[n] = '\0';
			return follow(w, target, rest);
		}
		if (last) {
			*ret_fd = open_last(w, name);
			return *ret_fd < 0 ? *ret_fd : 0;
		}
		r = go_down(w, name);
	}
	memmove(w->todo, rest, strlen(rest) + 1);
	return r;
}

static int walk(int rootfd, const char *path, unsigned int rules, enum walk_make make, int flags,
	mode_t mode)
{
	struct walk w = {.root = rootfd,
		.rules = rules,
		.make = make,
		.flags = flags,
		.mode = mode,
		.dir = -1};
	size_t len = strlen(path);
	int r, fd = -1;

	if (len == 0)
		return -ENOENT;
	if (len >= sizeof(w.todo))
		return -ENAMETOOLONG;
	if (path[0] == '/' && rules & WALK_BENEATH)
		return -EXDEV;
	memcpy(w.todo, path, len + 1);
	r = enter_done(&w);
	while (r == 0 && fd < 0 && w.todo[0])
		r = walk_component(&w, &fd);
	if (r == 0 && fd < 0) { /* the path ended in a directory: "..", "a/" */
		fd = openat(w.dir, ".", flags | O_CLOEXEC);
		r = fd < 0 ? -errno : 0;
	}
	hk_close(&w.dir);
	return r < 0 ? r : fd;
}

/* No openat2 in this kernel, or a seccomp filter that does not know it? Where EPERM comes from the
 * file, the walk meets it again. */
static bool is_missing(int r)
{
	return r == -ENOSYS || r == -EPERM;
}

int hk_beneath_open(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd;

	if (!(flags & O_CREAT))
		mode = 0; /* openat2 refuses one */
	fd = hk_sys_openat2(
		dirfd, path, (uint64_t)flags, mode, HK_RESOLVE_BENEATH | HK_RESOLVE_NO_SYMLINKS);
	if (is_missing(fd))
		fd = walk(dirfd, path, WALK_BENEATH | WALK_NO_LINKS, MAKE_NOTHING, flags, mode);
	return fd;
}

int hk_root_open(int rootfd, const char *path, int flags)
{
	int fd;

	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
		return -EINVAL;
	fd = hk_sys_openat2(
		rootfd, path, (uint64_t)flags, 0, HK_RESOLVE_IN_ROOT | HK_RESOLVE_NO_MAGICLINKS);
	if (is_missing(fd))
		fd = walk(rootfd, path, 0, MAKE_NOTHING, flags, 0);
	return fd;
}

/* The last component of path, and what is before it in parent. 0, -EINVAL where there is none that
 * could be made, or -ENAMETOOLONG. */
static int split(const char *path, char *parent, size_t cap, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = (size_t)(name - path);

	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (len >= cap)
		return -ENAMETOOLONG;
	if (len == 0) {
		parent[0] = '/';
		len = 1;
	} else {
		memcpy(parent, path, len);
	}
	parent[len] = '\0';
	*ret_name = name;
	return 0;
}

/* Most often only the last component is missing, and the kernel resolves the rest: three system
 * calls instead of the walk's four for each component. Whatever does not fit (a dangling link, say)
 * is the walk's. */
static int make_last(
	int rootfd, const char *path, uint64_t resolve, enum walk_make make, mode_t mode)
{
	uint64_t flags = O_PATH;
	char parent[PATH_MAX];
	HK_FD int dir = -1;
	const char *name;
	int r;

	r = split(path, parent, sizeof(parent), &name);
	if (r < 0)
		return r;
	dir = hk_sys_openat2(rootfd, parent, O_PATH | O_DIRECTORY, 0, HK_RESOLVE_IN_ROOT | resolve);
	if (dir < 0)
		return dir;
	if (make == MAKE_DIRS) {
		flags |= O_DIRECTORY;
		if (mkdirat(dir, name, mode) < 0)
			return -errno;
	} else {
		HK_FD int made = openat(
			dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

		if (made < 0)
			return -errno;
	}
	/* a link that took its place just now is refused; O_NOFOLLOW would open the link */
	return hk_sys_openat2(dir, name, flags, 0, HK_RESOLVE_BENEATH | HK_RESOLVE_NO_SYMLINKS);
}

static bool is_walks(int r)
{
	return r == -ENOENT || r == -EEXIST || r == -EINVAL || is_missing(r);
}

int hk_root_mkdirs(int rootfd, const char *path, mode_t mode)
{
	int fd = hk_root_open(rootfd, path, O_PATH | O_DIRECTORY);

	if (fd == -ENOENT)
		fd = make_last(rootfd, path, HK_RESOLVE_NO_MAGICLINKS, MAKE_DIRS, mode);
	if (is_walks(fd))
		fd = walk(rootfd, path, 0, MAKE_DIRS, O_PATH | O_DIRECTORY, mode);
	return fd;
}

int hk_root_mkfile(int rootfd, const char *path, mode_t mode)
{
	int fd = hk_root_open(rootfd, path, O_PATH);

	if (fd == -ENOENT)
		fd = make_last(rootfd, path, HK_RESOLVE_NO_MAGICLINKS, MAKE_FILE, mode);
	if (is_walks(fd))
		fd = walk(rootfd, path, 0, MAKE_FILE, O_PATH, mode);
	return fd;
}

int hk_root_parent(int rootfd, const char *path, mode_t mode, char *ret_name, size_t cap)
{
	char parent[PATH_MAX];
	const char *name;
	int fd, r;

	r = split(path, parent, sizeof(parent), &name);
	if (r < 0)
		return r;
	if (strlen(name) >= cap)
		return -ENAMETOOLONG;
	fd = hk_root_mkdirs(rootfd, parent, mode);
	if (fd >= 0)
		memcpy(ret_name, name, strlen(name) + 1);
	return fd;
}

int hk_root_plain_dir(int rootfd, const char *path, mode_t mode)
{
	int fd = hk_sys_openat2(
		rootfd, path, O_PATH | O_DIRECTORY, 0, HK_RESOLVE_IN_ROOT | HK_RESOLVE_NO_SYMLINKS);

	if (fd == -ENOENT)
		fd = make_last(rootfd, path, HK_RESOLVE_NO_SYMLINKS, MAKE_DIRS, mode);
	if (is_walks(fd))
		fd = walk(rootfd, path, WALK_NO_LINKS, MAKE_DIRS, O_PATH | O_DIRECTORY, mode);
	return fd;
}

int hk_path_clean(const char *path, bool absolute, char *ret, size_t cap)
{
	bool rooted = absolute || path[0] == '/';
	size_t len = 0, floor; /* floor: what ".." cannot remove: "/" or leading "../.." */

	if (cap < 2)
		return -ENAMETOOLONG;
	if (rooted)
		ret[len++] = '/';
	floor = len;
	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");
		const char *component = p;
		bool up = n == 2 && memcmp(p, "..", 2) == 0;
		bool slash = len > 0 && ret[len - 1] != '/';

		p += n;
		if (n == 1 && component[0] == '.')
			continue;
		if (up && len > floor) {
			while (len > floor && ret[len - 1] != '/')
				len--;
			if (len > floor)
				len--; /* the slash */
			continue;
		}
		if (up && rooted)
			continue;
		if (len + slash + n >= cap)
			return -ENAMETOOLONG;
		if (slash)
			ret[len++] = '/';
		memcpy(ret + len, component, n);
		len += n;
		if (up)
			floor = len;
	}
	if (len == 0)
		ret[len++] = '.';
	ret[len] = '\0';
	return 0;
}

bool hk_path_is_beneath(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len > 0 && dir[len - 1] == '/')
		len--; /* "/" */
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool hk_path_is_name(const char *name)
{
	return name[0] && strlen(name) <= NAME_MAX && !strchr(name, '/') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool hk_path_has_dot_dot(const char *path)
{
	for (size_t len; *path; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0)
			return true;
	}
	return false;
}
