/* The id maps of a user namespace that is joined by path: config.json may repeat them, but not say
 * others (containerd and CRI-O give both). */
#include "lib/prepare.h"

#include "base/err.h"
#include "base/fd.h"
#include "stage/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Do the lines of a map file and the list hold the same, in any order? The kernel sorts long maps.
 */
static bool same_maps(const char *text, const struct hk_id_maps *maps)
{
	size_t lines = 0;

	for (const char *line = text; line && *line;
		line = strchr(line, '\n'), line += line != NULL) {
		struct hk_id_map read = {0};
		bool found = false;

		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &read.container_id,
			    &read.host_id, &read.size) != 3)
			return false;
		for (size_t i = 0; i < maps->count && !found; i++)
			found = maps->items[i].container_id == read.container_id &&
				maps->items[i].host_id == read.host_id &&
				maps->items[i].size == read.size;
		if (!found)
			return false;
		lines++;
	}
	return lines == maps->count;
}

static int compare(pid_t pid, const char *file, const struct hk_id_maps *maps, const char *property,
	struct hk_err *err)
{
	char path[64], text[16384]; /* 340 lines of at most 36 bytes */
	HK_FD int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : hk_read_string(fd, text, sizeof(text));
	if (n < 0)
		return hk_fail(err, (int)-n, "read the %s of a joined user namespace", file);
	if (same_maps(text, maps))
		return 0;
	(void)hk_refuse(err, EINVAL, "the joined user namespace has another %s", file);
	return hk_err_at(err, "%s", property);
}

int hk_check_joined_maps(const struct hk_spec *spec, int user_ns, struct hk_err *err)
{
	struct hk_keeper keeper;
	int r;

	r = hk_keeper_start(user_ns, &keeper, err);
	if (r < 0) {
		(void)hk_err_at(err, "/linux/namespaces");
		return r;
	}
	r = compare(keeper.pid, "uid_map", &spec->linux.uid_mappings, "/linux/uidMappings", err);
	if (r == 0)
		r = compare(keeper.pid, "gid_map", &spec->linux.gid_mappings, "/linux/gidMappings",
			err);
	hk_keeper_end(&keeper);
	return r;
}
