/* The only way to /proc: through a descriptor that is checked to be procfs. A path through the
 * container's /proc may lead anywhere (CVE-2019-16884, CVE-2025-52881). */
#ifndef HK_STEP_PROCFS_H
#define HK_STEP_PROCFS_H

#include <stdbool.h>
#include <stdint.h>

/* The root of the procfs that is mounted on /proc, whoever mounted it. fd or a negative errno. */
int hk_procfs_open_mounted(void);
/* An instance of our own, attached nowhere, for the pid namespace we are in. whole: with what is
 * about no process, /proc/sys and the rest; a container that got hold of that would have it without
 * masks. fd or a negative errno. */
int hk_procfs_open_private(bool whole);

/* Open a file below it: no other mount, no magic link on the way. fd or a negative errno. */
int hk_procfs_open(int procfd, const char *path, int flags);
/* Write text in one write(2). 0 or a negative errno; a short count is -EIO. */
int hk_procfs_write(int procfd, const char *path, const char *text);
/* Read a small file as a string. Length or a negative errno. */
long hk_procfs_read(int procfd, const char *path, char *ret, unsigned long cap);

/* Open what the O_PATH descriptor fd names once more, with these flags. fd or a negative errno. */
int hk_procfs_reopen(int procfd, int fd, int flags);

#define HK_PROCFS_FD_PATH_MAX 40
/* "self/fd/N", for the calls that take no descriptor: relative to procfd. Returns ret. */
const char *hk_procfs_fd_path(int fd, char ret[HK_PROCFS_FD_PATH_MAX]);

#endif
