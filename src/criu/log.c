/* What criu's log says of a failure. */
#include "criu/talk.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL  65536 /* a failure is at the end */
#define LINES 3

/* The end of the file as a string, the caller's; or NULL. */
static char *read_tail(int dir, const char *name)
{
	HK_FD int fd = hk_beneath_open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	text = malloc(TAIL + 1);
	n = text ? pread(fd, text, TAIL, st.st_size > TAIL ? st.st_size - TAIL : 0) : 0;
	if (text)
		text[n < 0 ? 0 : n] = '\0';
	return text;
}

const char *hk_criu_error_of(const char *line)
{
	const char *error = strstr(line, "Error (");
	const char *text = error ? strstr(error, "): ") : NULL;

	return text ? text + 3 : NULL;
}

/* The last lines that tell an error, oldest first. */
static size_t last_errors(char *text, const char *ret[LINES])
{
	size_t count = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		const char *error = hk_criu_error_of(line);

		if (!error)
			continue;
		if (count == LINES) {
			memmove(ret, ret + 1, (LINES - 1) * sizeof(*ret));
			count--;
		}
		ret[count++] = error;
	}
	return count;
}

void hk_criu_log_hint(int dir, const char *path, const char *name, struct hk_err *err)
{
	HK_FREE char *text = read_tail(dir, name);
	const char *lines[LINES];
	char said[256] = "", one[100];
	size_t count, len = 0;

	if (!text || !err || err->hint[0])
		return;
	count = last_errors(text, lines);
	for (size_t i = 0; i < count; i++) {
		const char *clean = hk_printable(lines[i], one, sizeof(one));
		size_t more = strlen(clean);

		if (len + more + 3 > sizeof(said))
			break;
		memcpy(said + len, clean, more);
		memcpy(said + len + more, "; ", 3);
		len += more + 2;
	}
	hk_err_hint(err, "%ssee %s/%s", said, path, name);
}
