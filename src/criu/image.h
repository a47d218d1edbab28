/* What we put beside criu's images: which mounts are external, and what stdio was. On the way back
 * it is somebody else's: bounded, and checked word by word. */
#ifndef HK_CRIU_IMAGE_H
#define HK_CRIU_IMAGE_H

#include "base/mem.h"
#include "json/values.h"

#include <stdbool.h>
#include <sys/types.h>

struct hk_err;
struct hk_mounts;

/* Mount points, in the order of their indices. */
#define HK_IMAGE_MOUNTS "external-mounts.json"
/* Three strings, as runc writes them. */
#define HK_IMAGE_DESCRIPTORS "descriptors.json"

/* Write a list of strings into the directory, in the place of a file of that name. */
int hk_image_write(int dir, const char *name, const struct hk_strings *strings, struct hk_err *err);
/* Read one, of at most max strings: no link, a regular file. */
int hk_image_read(int dir, const char *name, size_t max, struct hk_arena *arena,
	struct hk_strings *ret, struct hk_err *err);

/* The mount points of an image: at most HK_IMAGE_MAX_MOUNTS, absolute and clean. */
#define HK_IMAGE_MAX_MOUNTS 4096
int hk_image_read_mounts(
	int dir, struct hk_arena *arena, struct hk_strings *ret, struct hk_err *err);
/* How criu is told of the external mount of that index: the index alone is the key. NULL: no
 * memory. */
const char *hk_image_mount_key(struct hk_arena *arena, size_t index);

/* What 0, 1 and 2 of a process are, for HK_IMAGE_DESCRIPTORS: "pipe:[INODE]", "/PATH"; or, of a
 * regular file or a terminal that is mounted nowhere in the container, the key by which criu leaves
 * it out. "" where it is closed. ret_external: those keys. */
int hk_stdio_describe(pid_t pid, const struct hk_mounts *mounts, struct hk_arena *arena,
	struct hk_strings *ret, struct hk_strings *ret_external, struct hk_err *err);
/* Is it the key of a terminal: the caller's, who has to say that it is to be? */
bool hk_stdio_is_terminal(const char *key);
/* Is that something that restored stdio takes the place of? */
bool hk_stdio_is_key(const char *text);

#endif
