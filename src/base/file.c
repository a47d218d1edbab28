/* Reading a file whose size is not known before. */
#include "base/file.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)16 << 20)

int hk_read_file(const char *path, char **ret)
{
	HK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
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
	hk_strbuf_puts(&text, "");
	*ret = hk_strbuf_take(&text);
	return *ret ? 0 : -ENOMEM;
}
