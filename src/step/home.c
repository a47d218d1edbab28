/* HOME, for an environment without one: from the container's /etc/passwd, by uid. The file is the
 * image's: no FIFO may stop us, no size may cost us. */
#include "step/step.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWD_MAX ((size_t)1 << 20)
#define LINE_SIZE  4096

/* name:password:uid:gid:gecos:home:shell, the last of which may be missing. The home of a line that
 * has this uid, or NULL. */
static const char *home_in_line(char *line, uint32_t uid)
{
	char *fields[6], *end, *rest = line;
	unsigned long value;

	for (int i = 0; i < 6; i++) {
		fields[i] = strsep(&rest, ":");
		if (!fields[i])
			return NULL;
	}
	if (fields[2][0] < '0' || fields[2][0] > '9')
		return NULL;
	errno = 0;
	value = strtoul(fields[2], &end, 10);
	if (*end || errno || value != uid || fields[5][0] != '/')
		return NULL;
	return fields[5];
}

static bool take_home(char *line, uint32_t uid, char *ret, size_t cap)
{
	const char *home = home_in_line(line, uid);

	return home && (size_t)snprintf(ret, cap, "HOME=%s", home) < cap;
}

/* Line by line through one buffer; a line that does not fit is skipped. */
static bool search(int fd, uint32_t uid, char *ret, size_t cap)
{
	char buf[LINE_SIZE];
	size_t len = 0, total = 0;
	bool skipping = false;
	ssize_t n = -1;

	while (total < PASSWD_MAX && (n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		char *start = buf, *newline;

		total += (size_t)n;
		len += (size_t)n;
		buf[len] = '\0';
		while ((newline = memchr(start, '\n', len - (size_t)(start - buf)))) {
			*newline = '\0';
			if (!skipping && take_home(start, uid, ret, cap))
				return true;
			skipping = false;
			start = newline + 1;
		}
		len -= (size_t)(start - buf);
		memmove(buf, start, len);
		if (len == sizeof(buf) - 1) {
			skipping = true;
			len = 0;
		}
	}
	/* the last line may have no newline */
	buf[len] = '\0';
	return n == 0 && !skipping && take_home(buf, uid, ret, cap);
}

int hk_step_home(struct hk_ctx *ctx, const struct hk_step_home *args, struct hk_err *err)
{
	int root = hk_ctx_root(ctx, err);
	HK_FD int fd = -1;
	struct stat st;

	if (root < 0)
		return root;
	/* an image without users is no error */
	fd = hk_root_open(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		!search(fd, args->uid, ctx->home, sizeof(ctx->home)))
		(void)snprintf(ctx->home, sizeof(ctx->home), "HOME=/");
	return 0;
}
