/* One directory of a container's cgroup: making, opening, reading and removing it. */
#ifndef HK_CGROUP_DIR_H
#define HK_CGROUP_DIR_H

#include "cgroup/cgroup.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct hk_cgroup_version;
struct hk_cgroup_request;
struct hk_device_rule;
struct hk_err;

struct hk_cgroup_dir {
	const struct hk_cgroup_version *version; /* what v1 and v2 do differently */
	const char *controllers;		 /* "cpu,cpuacct"; v2: "" */
	const char *mountpoint;			 /* NULL: read from the state */
	const char *path;
	const char *own;	       /* our own cgroup beside it; NULL as mountpoint */
	struct hk_cgroup_mount *mount; /* its place in the container's view, or NULL */
	int fd;			       /* O_PATH, of path; -1 until it is needed */
	const char *leaf;	       /* the child that the processes are in, or NULL */
	int leaf_fd;		       /* O_PATH; -1 until it is made */
	bool leaf_made;		       /* by us, just now */
	bool existed;		       /* create found it there */
	size_t made_from; /* create made path[0..made_from] and all below; 0: nothing */
};

/* One callback for each thing that v1 and v2 do in different ways, over one directory. */
struct hk_cgroup_version {
	bool v2;
	const char *join_file; /* relative to the directory; NULL: CLONE_INTO_CGROUP */
	/* After mkdir: make it fit for processes and for its controllers' files to be there. */
	int (*prepare)(struct hk_cgroup_dir *dir, const char *controllers, struct hk_err *err);
	/* The rules, in order, replace whatever the directory had. -EPERM where not allowed. */
	int (*devices)(struct hk_cgroup_dir *dir, const struct hk_device_rule *rules, size_t count,
		struct hk_err *err);
	/* Hand it to the user; NULL: this version cannot be delegated. */
	int (*delegate)(struct hk_cgroup_dir *dir, uint32_t uid, struct hk_err *err);
	/* Make dir->leaf, hand the controllers down to it and itself to the user; or NULL. */
	int (*make_leaf)(struct hk_cgroup_dir *dir, uint32_t uid, struct hk_err *err);
	bool (*is_frozen)(struct hk_cgroup_dir *dir);
	int (*freeze)(struct hk_cgroup_dir *dir, bool frozen, struct hk_err *err);
	/* Thaw everything below as well; best effort, before processes that were killed can end. */
	void (*thaw_all)(struct hk_cgroup_dir *dir);
	/* SIGKILL to all in it and below at once. -EOPNOTSUPP where the kernel has no such file. */
	int (*kill)(struct hk_cgroup_dir *dir);
	bool (*oom_killed)(struct hk_cgroup_dir *dir);
};

extern const struct hk_cgroup_version hk_cgroup_v1;
extern const struct hk_cgroup_version hk_cgroup_v2;

static inline bool hk_cgroup_dir_is_v2(const struct hk_cgroup_dir *dir)
{
	return dir->version->v2;
}

/* Have we the right to make it? Its parent is there. */
bool hk_cgroup_dir_may_make(const struct hk_cgroup_dir *dir);
/* A leftover may be taken over, another container's cgroup never: -EBUSY where there are processes
 * in the directory or below, or it is frozen. */
int hk_cgroup_dir_check_unused(struct hk_cgroup_dir *dir, struct hk_err *err);
/* What joins a frozen cgroup stops there. 0, or -EBUSY. */
int hk_cgroup_dir_check_thawed(struct hk_cgroup_dir *dir, struct hk_err *err);
/* mkdir, with the parents. One that is there already is taken; existed says so. */
int hk_cgroup_dir_make(struct hk_cgroup_dir *dir, struct hk_err *err);
/* Remove what hk_cgroup_dir_make made, parents included. Best effort. */
void hk_cgroup_dir_unmake(struct hk_cgroup_dir *dir);

/* The directory's fd, opened at the first call; the dir keeps it. Or a negative errno. */
int hk_cgroup_dir_fd(struct hk_cgroup_dir *dir);

/* The file's text without the last newline. Its length or a negative errno. */
ssize_t hk_cgroup_read(int dirfd, const char *file, char *buf, size_t cap);
/* Is the word in the file, a list of them? */
bool hk_cgroup_lists(int dirfd, const char *file, const char *word);
/* Does this cgroup v2 hold processes of its own, which keep it from handing controllers down? */
bool hk_cgroup_holds_processes(int dirfd);
/* The number behind "key " in a file of such lines. -ENOENT, -ENODATA, -EBADMSG. */
int hk_cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *ret);

/* How long all directories of a container together are waited for. */
#define HK_CGROUP_REMOVE_BUDGET_MS 4000

/* rmdir the tree at path. EBUSY, of processes that are about to end, is waited for while
 * *budget_ms lasts. 0 also where nothing is there. */
int hk_cgroup_remove(const char *path, int *budget_ms);

#endif
