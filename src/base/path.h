/* Paths as (directory descriptor, name). Two resolvers and no third:
 * hk_beneath_* where a symbolic link is an attack: the host's own state, what a running container
 * had time to change;
 * hk_root_* for the container's root file system, where links are followed as inside it.
 * Part of the init image; libc only. Every descriptor is close-on-exec. */
#ifndef HK_BASE_PATH_H
#define HK_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct hk_err;

/* openat2(RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS). Returns the fd or a negative errno. */
int hk_beneath_open(int dirfd, const char *path, int flags, mode_t mode);

/* openat2(RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS): an absolute path or link means the root. Never
 * creates: O_CREAT is refused with -EINVAL. Returns the fd or a negative errno. */
int hk_root_open(int rootfd, const char *path, int flags);

/* Open the directory, each missing component made with mkdirat on its parent's fd (mode before
 * umask), existing links followed inside the root. Returns an O_PATH fd or a negative errno. */
int hk_root_mkdirs(int rootfd, const char *path, mode_t mode);

/* As hk_root_mkdirs for the parent, with search permission where mode has read; the last component
 * is made as an empty regular file where nothing is there (O_EXCL|O_NOFOLLOW), and an existing thing
 * of any kind is opened following links inside the root. Returns an O_PATH fd or a negative errno. */
int hk_root_mkfile(int rootfd, const char *path, mode_t mode);

/* The parent directory of path, made where missing (as hk_root_mkdirs), and its last component,
 * which is never "." or ".." or empty (-EINVAL). *ret_name points into path. O_PATH fd. */
int hk_root_parent(int rootfd, const char *path, mode_t mode, char *ret_name, size_t cap);

/* An ordinary directory reached without any symbolic link, for proc, sysfs, mqueue and cgroup
 * mounts (CVE-2019-19921): missing components are made. -ELOOP or -ENOTDIR otherwise. */
int hk_root_plain_dir(int rootfd, const char *path, mode_t mode);

/* Lexically clean, as Go's path.Clean: no "//", no "/./", ".." folded, no trailing slash. With
 * absolute, the result starts with "/" whatever path does, and never climbs above it.
 * -ENAMETOOLONG where it does not fit. */
int hk_path_clean(const char *path, bool absolute, char *ret, size_t cap);

/* Is it one component, that leads nowhere else: not empty, "." or "..", of at most NAME_MAX bytes? */
bool hk_path_is_name(const char *name);
/* Is any component ".."? */
bool hk_path_has_dot_dot(const char *path);

/* Is path dir itself or beneath it? Both clean and absolute. */
bool hk_path_is_beneath(const char *path, const char *dir);

#endif
