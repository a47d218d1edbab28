/* Other schemata for a class of service that exists. */
#include "rdt/rdt.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "rdt/group.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A write for each line, as when it was made. */
static void write_back(const char *group, char *schemata)
{
	HK_FD int dir = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *rest = schemata, *line;

	while (dir >= 0 && (line = strsep(&rest, "\n"))) {
		line += strspn(line, " ");
		if (*line) /* best effort: the error that led here counts */
			(void)hk_write_file_at(dir, "schemata", line);
	}
}

int hk_rdt_update(const char *root, const char *group, const struct hk_intel_rdt *config,
	struct hk_arena *arena, struct hk_err *err)
{
	const struct hk_rdt rdt = {.root = root, .group = group};
	const char *path = hk_arena_printf(arena, "%s/schemata", group);
	HK_FREE char *before = NULL;
	int r = path ? hk_read_file(path, &before) : -ENOMEM;

	if (r < 0)
		return hk_rdt_fail(root, -r, err, "read the schemata of '%s'", group);
	r = hk_rdt_make(&rdt, config, err); /* there is nothing to make: the lines are written */
	if (r < 0)
		write_back(group, before);
	return r;
}
