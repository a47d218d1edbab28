/* Ownership of file descriptors. -1 means none; 0 is a descriptor like any other. */
#ifndef HK_BASE_FD_H
#define HK_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Closed when it leaves its scope; initialise it at the declaration. */
#define HK_FD __attribute__((cleanup(hk_close)))

/* Close *fd if it is one and set it to -1. errno is kept. */
void hk_close(int *fd);
/* Hand ownership over: returns *fd and leaves -1 behind. */
int hk_take_fd(int *fd);

/* Read or write all of it, over EINTR and short counts. 0 or a negative errno; hk_read_full fails
 * with -EPIPE on an early end of file. */
int hk_write_full(int fd, const void *buf, size_t len);
int hk_read_full(int fd, void *buf, size_t len);

/* Read at most cap - 1 bytes to the end of file and end them with NUL. Returns the length, -EFBIG
 * where there is more, or another negative errno. */
ssize_t hk_read_string(int fd, char *buf, size_t cap);

/* Write the string in one write(2) to dirfd/path opened O_WRONLY|O_CLOEXEC, as kernel files want
 * it. A short count is -EIO. */
int hk_write_file_at(int dirfd, const char *path, const char *text);

/* Is this open file on the file system with that f_type (linux/magic.h)? */
bool hk_fd_is_fs(int fd, uint64_t magic);

#endif
