/* A container's compiled seccomp filter on disk: a header of fixed size, the instructions, and two
 * strings. For this machine and this version alone, as the state is. */
#include "state/state.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC	     UINT64_C(0x31706d6f63636573) /* "seccomp1" */
#define MAX_STRING   (64u << 10)
#define HAS_NOTIFY   1u
#define HAS_PATH     2u
#define HAS_METADATA 4u

struct header {
	uint64_t magic;
	uint32_t flags; /* of seccomp(2) */
	uint32_t has;
	uint32_t size;	    /* of the instructions */
	uint32_t path_size; /* of the strings, with their NUL */
	uint32_t metadata_size;
	uint32_t reserved;
};

static struct iovec string_part(const char *s)
{
	return (struct iovec){(char *)(s ? s : ""), s ? strlen(s) + 1 : 1};
}

static int write_parts(int fd, const struct iovec *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = hk_write_full(fd, parts[i].iov_base, parts[i].iov_len);

		if (r < 0)
			return r;
	}
	return 0;
}

int hk_state_seccomp_store(int dir, const struct hk_state_seccomp *seccomp, struct hk_err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	HK_FD int fd = openat(dir, HK_STATE_SECCOMP, flags, 0600);
	struct iovec parts[] = {
		{NULL, sizeof(struct header)},
		{(void *)seccomp->instructions, seccomp->size},
		string_part(seccomp->listener_path),
		string_part(seccomp->listener_metadata),
	};
	struct header header = {
		.magic = MAGIC,
		.flags = seccomp->flags,
		.has = (seccomp->notify ? HAS_NOTIFY : 0) |
		       (seccomp->listener_path ? HAS_PATH : 0) |
		       (seccomp->listener_metadata ? HAS_METADATA : 0),
		.size = (uint32_t)seccomp->size,
		.path_size = (uint32_t)parts[2].iov_len,
		.metadata_size = (uint32_t)parts[3].iov_len,
	};
	int r;

	parts[0].iov_base = &header;
	r = fd < 0 ? -errno : write_parts(fd, parts, HK_COUNT(parts));
	return r < 0 ? hk_fail(err, -r, "keep the seccomp filter in the state directory") : 0;
}

/* The strings end where their sizes say, and the whole fills the file. */
static bool is_sound(const struct header *h, const char *rest, size_t len)
{
	const char *path = rest + h->size, *metadata = path + h->path_size;

	if (h->magic != MAGIC || h->size == 0 || h->size % sizeof(struct sock_filter) != 0 ||
		h->size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return false;
	if (h->path_size == 0 || h->path_size > MAX_STRING || h->metadata_size == 0 ||
		h->metadata_size > MAX_STRING)
		return false;
	if ((uint64_t)h->size + h->path_size + h->metadata_size != len)
		return false;
	return path[h->path_size - 1] == '\0' && metadata[h->metadata_size - 1] == '\0';
}

static int read_all(
	int dir, struct hk_arena *arena, struct header *ret, char **ret_rest, size_t *ret_len)
{
	/* O_NONBLOCK: a FIFO of that name must not hang us */
	HK_FD int fd = hk_beneath_open(dir, HK_STATE_SECCOMP, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < sizeof(*ret) ||
		(uint64_t)st.st_size >
			sizeof(*ret) + BPF_MAXINSNS * sizeof(struct sock_filter) + 2 * MAX_STRING)
		return -EINVAL;
	len = (size_t)st.st_size - sizeof(*ret);
	*ret_rest = hk_arena_alloc(arena, len + 1);
	if (!*ret_rest)
		return -ENOMEM;
	r = hk_read_full(fd, ret, sizeof(*ret));
	if (r == 0)
		r = hk_read_full(fd, *ret_rest, len);
	*ret_len = len;
	return r;
}

int hk_state_seccomp_load(
	int dir, struct hk_arena *arena, struct hk_state_seccomp *ret, struct hk_err *err)
{
	struct header h = {0};
	char *rest = NULL;
	size_t len = 0;
	int r = read_all(dir, arena, &h, &rest, &len);

	if (r == 0 && !is_sound(&h, rest, len))
		r = -EINVAL;
	if (r < 0)
		return hk_fail(err, -r, "read the container's seccomp filter");
	*ret = (struct hk_state_seccomp){
		.instructions = rest,
		.size = h.size,
		.flags = h.flags,
		.notify = h.has & HAS_NOTIFY,
		.listener_path = h.has & HAS_PATH ? rest + h.size : NULL,
		.listener_metadata = h.has & HAS_METADATA ? rest + h.size + h.path_size : NULL,
	};
	return 0;
}
