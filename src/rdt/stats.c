/* What a container's group in the resctrl file system says of cache and memory bandwidth. */
#include "rdt/stats.h"

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "rdt/rdt.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* Without the last newline; NULL where it is not there. */
static const char *read_text(struct hk_arena *arena, const char *directory, const char *file)
{
	const char *path = hk_arena_printf(arena, "%s/%s", directory, file);
	HK_FREE char *text = NULL;

	if (!path || hk_read_file(path, &text) < 0)
		return NULL;
	return hk_arena_strndup(arena, text, strlen(text) - hk_ends_with(text, "\n"));
}

/* *ret_has where it is there: a counter that is "Unavailable" is there, and 0. */
static uint64_t read_number(
	struct hk_arena *arena, const char *directory, const char *file, bool *ret_has)
{
	const char *text = read_text(arena, directory, file);
	uint64_t value = 0;

	if (text && ret_has)
		*ret_has = true;
	if (text)
		(void)hk_parse_u64(text, &value); /* stays 0 */
	return value;
}

/* The line of a resource in a schemata file, "L3:0=f". */
static const char *read_schema(struct hk_arena *arena, const char *group, const char *resource)
{
	const char *text = read_text(arena, group, "schemata");
	size_t len = strlen(resource);

	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = text + strspn(text, " ");

		if (strncmp(line, resource, len) == 0 && line[len] == ':')
			return hk_arena_strndup(arena, line, strcspn(line, "\n"));
	}
	return NULL;
}

static int is_l3(const struct dirent *entry)
{
	return hk_starts_with(entry->d_name, "mon_L3_");
}

static int read_nodes(const char *group, struct hk_arena *arena, struct hk_rdt_stats *ret)
{
	const char *directory = hk_arena_printf(arena, "%s/mon_data", group);
	struct dirent **entries = NULL;
	int count;

	if (!directory)
		return -ENOMEM;
	count = scandir(directory, &entries, is_l3, alphasort);
	if (count < 0) /* hardware that does not monitor */
		return errno == ENOENT ? 0 : -errno;
	ret->nodes = hk_arena_array(arena, (size_t)count + 1, sizeof(*ret->nodes));
	for (int i = 0; i < count; i++) {
		const char *node = hk_arena_printf(arena, "%s/%s", directory, entries[i]->d_name);

		if (ret->nodes && node)
			ret->nodes[ret->node_count++] = (struct hk_rdt_node){
				read_number(arena, node, "mbm_total_bytes", &ret->has_bandwidth),
				read_number(arena, node, "mbm_local_bytes", &ret->has_bandwidth),
				read_number(arena, node, "llc_occupancy", &ret->has_occupancy),
			};
		free(entries[i]);
	}
	free(entries);
	return ret->node_count == (size_t)count ? 0 : -ENOMEM;
}

int hk_rdt_stats_at(const char *root, const char *group, const char *monitor,
	struct hk_arena *arena, struct hk_rdt_stats *ret, struct hk_err *err)
{
	const char *l3 = hk_arena_printf(arena, "%s/info/L3", root);
	const char *mb = hk_arena_printf(arena, "%s/info/MB", root);
	struct hk_rdt_stats stats = {0};
	int r = l3 && mb ? read_nodes(monitor ? monitor : group, arena, &stats) : -ENOMEM;

	if (r < 0)
		return hk_fail(err, -r, "read the resctrl group '%s'", group);
	stats.cbm_mask = read_text(arena, l3, "cbm_mask");
	stats.min_cbm_bits = read_number(arena, l3, "min_cbm_bits", NULL);
	stats.l3_closids = read_number(arena, l3, "num_closids", NULL);
	stats.l3_schema_root = read_schema(arena, root, "L3");
	stats.l3_schema = read_schema(arena, group, "L3");
	stats.bandwidth_gran = read_number(arena, mb, "bandwidth_gran", NULL);
	stats.delay_linear = read_number(arena, mb, "delay_linear", NULL);
	stats.min_bandwidth = read_number(arena, mb, "min_bandwidth", NULL);
	stats.mb_closids = read_number(arena, mb, "num_closids", NULL);
	stats.mb_schema_root = read_schema(arena, root, "MB");
	stats.mb_schema = read_schema(arena, group, "MB");
	*ret = stats;
	return 0;
}

int hk_rdt_stats(const char *group, const char *monitor, struct hk_arena *arena,
	struct hk_rdt_stats *ret, struct hk_err *err)
{
	const char *root;
	int r = hk_rdt_find(arena, &root, err);

	return r < 0 ? r : hk_rdt_stats_at(root, group, monitor, arena, ret, err);
}
