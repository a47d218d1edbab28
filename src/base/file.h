/* Whole files of the host. */
#ifndef HK_BASE_FILE_H
#define HK_BASE_FILE_H

#include <stdint.h>

/* All of a text file of at most 16 MiB, such as /proc has, whatever fstat(2) says of its size. The
 * caller frees. 0 or a negative errno, -EINVAL for a file with NUL bytes, which is no text. */
int hk_read_file(const char *path, char **ret);
int hk_read_file_at(int dirfd, const char *path, char **ret);

/* The number that a file of /proc or /sys holds; otherwise where it cannot be read, or holds more.
 */
int64_t hk_read_number(const char *path, int64_t otherwise);

#endif
