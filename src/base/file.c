/* Reading files whose size is not known before, and those that hold a number. */
#include "base/file.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)16 << 20)

int hk_read_file(const char *path, char **ret)
{
	return hk_read_file_at(AT_FDCWD, path, ret);
}

int hk_read_file_at(int dirfd, const char *path, char **ret)
{
	HK_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	struct hk_strbuf text = {0};
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			hk_strbuf_add(&text, chunk, (size_t)n);
	} while ((n > 0 && text.len < TEXT_MAX) || (n < 0 && errno == EINTR));
	if (n != 0) {
		hk_strbuf_done(&text);
		return n < 0 ? -errno : -EFBIG;
	}
	if (!text.failed && text.len > 0 && memchr(text.text, '\0', text.len)) {
		hk_strbuf_done(&text); /* who takes it for a string would miss the rest */
		return -EINVAL;
	}
	hk_strbuf_puts(&text, "");
	*ret = hk_strbuf_take(&text);
	return *ret ? 0 : -ENOMEM;
}

int hk_read_beneath(int dir, const char *path, uint64_t max, struct hk_arena *arena, char **ret,
	size_t *ret_len)
{
	/* O_NONBLOCK: a FIFO of that name must not hang us */
	HK_FD int fd = hk_beneath_open(dir, path, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	char *text;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return -EFBIG;
	text = hk_arena_alloc(arena, (size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	r = hk_read_full(fd, text, (size_t)st.st_size);
	if (r < 0)
		return r;
	text[st.st_size] = '\0';
	*ret = text;
	*ret_len = (size_t)st.st_size;
	return 0;
}

int64_t hk_read_number(const char *path, int64_t otherwise)
{
	HK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t value = otherwise;
	char text[32];
	ssize_t n = fd < 0 ? -1 : hk_read_string(fd, text, sizeof(text));

	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (n > 0)
		(void)hk_parse_i64(text, &value); /* keeps the other */
	return value;
}
