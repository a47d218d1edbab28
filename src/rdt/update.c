/* Other schemata for a class of service that exists. */
#include "rdt/rdt.h"

#include "base/err.h"
#include "base/file.h"
#include "rdt/group.h"

#include <errno.h>
#include <string.h>

/* A write for each line, as when it was made. */
void hk_rdt_restore(const char *root, const char *group, const char *schemata)
{
	HK_FREE char *text = strdup(schemata);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		line += strspn(line, " ");
		if (*line)
			(void)hk_rdt_write_schema(root, group, line, NULL);
	}
}

int hk_rdt_update(const char *root, const char *group, const struct hk_intel_rdt *config,
	struct hk_arena *arena, const char **ret_before, struct hk_err *err)
{
	struct hk_rdt rdt = {.root = root, .group = group};
	const char *path = hk_arena_printf(arena, "%s/schemata", group), *before;
	HK_FREE char *text = NULL;
	int r = path ? hk_read_file(path, &text) : -ENOMEM;

	if (r < 0)
		return hk_rdt_fail(root, -r, err, "read the schemata of '%s'", group);
	before = hk_arena_strdup(arena, text);
	if (!before)
		return hk_fail(err, ENOMEM, "keep the schemata of '%s'", group);
	r = hk_rdt_make(&rdt, config, err); /* there is nothing to make: the lines are written */
	if (r < 0)
		hk_rdt_restore(root, group, before);
	else
		*ret_before = before;
	return r;
}
