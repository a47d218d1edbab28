/* Reading the files of one cgroup directory. */
#include "cgroup/stats_source.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

void hk_source_failed(struct hk_stats_source *source, const char *file, int r)
{
	if (source->r < 0 || r >= 0)
		return;
	source->r = r;
	source->file = file;
}

const char *hk_source_text(struct hk_stats_source *source, const char *file)
{
	HK_FREE char *text = NULL;
	const char *copy = NULL;
	int r;

	if (source->r < 0)
		return NULL;
	r = hk_read_file_at(source->dir, file, &text);
	if (r == 0) {
		copy = hk_arena_strndup(
			source->arena, text, strlen(text) - hk_ends_with(text, "\n"));
		r = copy ? 0 : -ENOMEM;
	}
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
