/* Whole files of the host. */
#ifndef HK_BASE_FILE_H
#define HK_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct hk_arena;

/* All of a text file of at most 16 MiB, such as /proc has, whatever fstat(2) says of its size. The
 * caller frees. 0 or a negative errno, -EINVAL for a file with NUL bytes, which is no text. */
int hk_read_file(const char *path, char **ret);
int hk_read_file_at(int dirfd, const char *path, char **ret);

/* All of a regular file of at most max bytes below dir, which is replaced, never written to: its size
 * does not change under us. No link leads there, nor out. In arena, ended by a NUL that does not
 * count. 0, -EINVAL for another kind of file, -EFBIG, or another negative errno. */
int hk_read_beneath(int dir, const char *path, uint64_t max, struct hk_arena *arena, char **ret,
	size_t *ret_len);

/* The number that a file of /proc or /sys holds; otherwise where it cannot be read, or holds more.
 */
int64_t hk_read_number(const char *path, int64_t otherwise);

#endif
