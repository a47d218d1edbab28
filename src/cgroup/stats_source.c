/* Reading the files of one cgroup directory. */
#include "cgroup/stats_source.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void hk_source_failed(struct hk_stats_source *source, const char *file, int r)
{
	if (source->r < 0 || r >= 0)
		return;
	source->r = r;
	source->file = file;
}

/* Of any size: a line for each CPU, a line for each disk. */
static int read_text(int dir, const char *file, struct hk_strbuf *ret)
{
	HK_FD int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			hk_strbuf_add(ret, chunk, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return -errno;
	return ret->failed ? -ENOMEM : 0;
}

const char *hk_source_text(struct hk_stats_source *source, const char *file)
{
	struct hk_strbuf text = {0};
	const char *copy = NULL;
	int r;

	if (source->r < 0)
		return NULL;
	r = read_text(source->dir, file, &text);
	if (r == 0) {
		if (text.len && text.text[text.len - 1] == '\n')
			text.len--;
		copy = hk_arena_strndup(source->arena, text.len ? text.text : "", text.len);
		r = copy ? 0 : -ENOMEM;
	}
	hk_strbuf_done(&text);
	/* EOPNOTSUPP: swap that is not accounted for, pressure that is turned off */
	if (r != -ENOENT && r != -EOPNOTSUPP)
		hk_source_failed(source, file, r);
	return copy;
}

uint64_t hk_source_number(struct hk_stats_source *source, const char *file)
{
	const char *text = hk_source_text(source, file);
	uint64_t value = 0;

	if (text)
		hk_source_failed(source, file, hk_stats_parse_number(text, &value));
	return value;
}

struct hk_stats_counters hk_source_counters(struct hk_stats_source *source, const char *file)
{
	const char *text = hk_source_text(source, file);
	struct hk_stats_counters counters = {0};

	if (text)
		hk_source_failed(
			source, file, hk_stats_parse_counters(text, source->arena, &counters));
	return counters;
}

void hk_source_psi(struct hk_stats_source *source, const char *file, struct hk_stats_psi *ret)
{
	const char *text = hk_source_text(source, file);

	if (text)
		hk_source_failed(source, file, hk_stats_parse_psi(text, ret));
}
