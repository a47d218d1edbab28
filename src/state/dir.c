/* The state root and the containers' directories in it: made, locked, removed by fixed names. */
#include "state/state.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

/* mkdir -p: the directories above are ours too when they are missing. */
static int make_dirs(const char *path, mode_t mode)
{
	HK_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + 1; *copy && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(copy, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int hk_state_root_open(const char *path, mode_t mode, struct hk_err *err)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int fd = open(path, flags);
	int r;

	if (fd < 0 && errno == ENOENT && mode) {
		r = make_dirs(path, mode);
		if (r < 0)
			return hk_fail(err, -r, "make the state directory '%s'", path);
		fd = open(path, flags);
	}
	return fd < 0 ? hk_fail(err, errno, "open the state directory '%s'", path) : fd;
}

/* Take the lock, as flock(2) has it, then see that it is not the lock of a directory removed
 * meanwhile. *ret_mode: its permission bits. */
static int lock_dir(int dir, int operation, mode_t *ret_mode)
{
	struct stat st;
	int r;

	do
		r = flock(dir, operation);
	while (r < 0 && errno == EINTR);
	if (r < 0 || fstat(dir, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return -ENOENT;
	*ret_mode = st.st_mode & 07777;
	return 0;
}

int hk_state_dir_lock(int dir)
{
	mode_t mode;

	return lock_dir(dir, LOCK_EX, &mode);
}

void hk_state_dir_unlock(int dir)
{
	(void)flock(dir, LOCK_UN); /* cannot fail: it is open */
}

int hk_state_dir_create(int root, const char *id, struct hk_err *err)
{
	/* x for all: a user of the container's reaches its notify socket through it */
	const mode_t mode = 0711;
	HK_FD int dir = -1;
	mode_t now;
	int r;

	r = hk_id_check(id, err);
	if (r < 0)
		return r;
	if (mkdirat(root, id, mode) < 0) {
		if (errno == EEXIST)
			return hk_refuse(err, EEXIST, "container with given ID already exists");
		return hk_fail(err, errno, "make the state directory of container '%s'", id);
	}
	dir = hk_beneath_open(root, id, O_RDONLY | O_DIRECTORY, 0);
	r = dir < 0 ? dir : lock_dir(dir, LOCK_EX, &now);
	if (r == 0 && now != mode && fchmod(dir, mode) < 0) /* the umask took bits away */
		r = -errno;
	if (r < 0) {
		(void)unlinkat(root, id, AT_REMOVEDIR); /* just made and empty */
		return hk_fail(err, -r, "open the new state directory of container '%s'", id);
	}
	return hk_take_fd(&dir);
}

/* operation 0: it is not locked. */
static int open_dir(int root, const char *id, int operation, struct hk_err *err)
{
	HK_FD int dir = -1;
	mode_t mode;
	int r;

	r = hk_id_check(id, err);
	if (r < 0)
		return r;
	dir = hk_beneath_open(root, id, O_RDONLY | O_DIRECTORY, 0);
	r = dir < 0 ? dir : 0;
	if (r == 0 && operation)
		r = lock_dir(dir, operation, &mode);
	if (r == -ENOENT)
		return hk_refuse(err, ENOENT, "container does not exist");
	if (r < 0)
		return hk_fail(err, -r, "open the state directory of container '%s'", id);
	return hk_take_fd(&dir);
}

int hk_state_dir_open(int root, const char *id, bool lock, struct hk_err *err)
{
	return open_dir(root, id, lock ? LOCK_EX : 0, err);
}

int hk_state_dir_try_open(int root, const char *id, struct hk_err *err)
{
	return open_dir(root, id, LOCK_EX | LOCK_NB, err);
}

/* All that is ever in it. state.json is the last: until then an interrupted removal can go on. */
static const struct {
	const char *path;
	int flags;
} contents[] = {
	{"notify/notify.sock", 0},
	{"notify", AT_REMOVEDIR},
	{"criu-root", AT_REMOVEDIR},
	{"exec.result", 0},
	{"exec.fifo", 0},
	{HK_STATE_COMMON, 0},
	{HK_STATE_SECCOMP, 0},
	{"state.json.tmp", 0},
	{"state.json", 0},
};

/* Never through a link: a link in the place of "notify" is ELOOP. */
static int remove_entry(int dir, const char *path, int flags)
{
	const char *slash = strchr(path, '/');
	HK_FD int parent = -1;
	char name[32];

	if (slash) {
		(void)memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		parent = hk_beneath_open(dir, name, O_PATH | O_DIRECTORY, 0);
		if (parent < 0)
			return parent;
		path = slash + 1;
	}
	return unlinkat(slash ? parent : dir, path, flags) < 0 ? -errno : 0;
}

int hk_state_dir_remove(int root, const char *id, struct hk_err *err)
{
	HK_FD int dir = -1;
	int r;

	r = hk_id_check(id, err);
	if (r < 0)
		return r;
	dir = hk_beneath_open(root, id, O_PATH | O_DIRECTORY, 0);
	if (dir == -ENOENT)
		return 0; /* that is what was asked for */
	if (dir < 0)
		return hk_fail(err, -dir, "open the state directory of container '%s'", id);
	for (size_t i = 0; i < HK_COUNT(contents); i++) {
		r = remove_entry(dir, contents[i].path, contents[i].flags);
		if (r < 0 && r != -ENOENT)
			return hk_fail(
				err, -r, "remove '%s' of container '%s'", contents[i].path, id);
	}
	if (unlinkat(root, id, AT_REMOVEDIR) < 0)
		return hk_fail(err, errno, "remove the state directory of container '%s'", id);
	return 0;
}
