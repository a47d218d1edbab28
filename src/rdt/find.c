/* Where the host has its resctrl file system. */
#include "rdt/rdt.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mountinfo.h"

#include <errno.h>
#include <string.h>

/* A bind mount of a single group is not the file system. */
static bool is_resctrl(const struct hk_mountinfo *mount)
{
	return strcmp(mount->type, "resctrl") == 0 && strcmp(mount->root, "/") == 0;
}

int hk_rdt_find(struct hk_arena *arena, const char **ret, struct hk_err *err)
{
	HK_FREE char *text = NULL;
	char *rest, *line;
	int r = hk_read_file("/proc/self/mountinfo", &text);

	if (r < 0)
		return hk_fail(err, -r, "look for the resctrl file system");
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		struct hk_mountinfo mount;

		if (!hk_mountinfo_parse(line, &mount) || !is_resctrl(&mount))
			continue;
		*ret = hk_arena_strdup(arena, mount.point);
		return *ret ? 0 : hk_fail(err, ENOMEM, "look for the resctrl file system");
	}
	(void)hk_refuse(err, ENOENT, "no resctrl file system is mounted on this host");
	hk_err_hint(err, "on a CPU that has it: mount -t resctrl resctrl /sys/fs/resctrl");
	return hk_err_at(err, "/linux/intelRdt");
}
