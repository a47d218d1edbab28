/* Reading files whose size is not known before, and those that hold a number. */
#include "base/file.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
