/* The sizes of huge pages that the host has. */
#include "cgroup/stats_source.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define HUGEPAGES "/sys/kernel/mm/hugepages"

/* "hugepages-2048kB" -> "2MB", as the files of the hugetlb controller are called. */
static const char *page_size(struct hk_arena *arena, const char *name)
{
	static const char prefix[] = "hugepages-";
	unsigned long kb;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	kb = strtoul(name + sizeof(prefix) - 1, NULL, 10);
	if (kb >= 1u << 20)
		return hk_arena_printf(arena, "%luGB", kb >> 20);
	if (kb >= 1u << 10)
		return hk_arena_printf(arena, "%luMB", kb >> 10);
	return hk_arena_printf(arena, "%luKB", kb);
}

size_t hk_stats_page_sizes(struct hk_arena *arena, const char *ret[], size_t cap)
{
	DIR *stream = opendir(HUGEPAGES); /* a kernel without has no directory */
	struct dirent *entry;
	size_t count = 0;

	while (stream && count < cap && (entry = readdir(stream))) {
		ret[count] = page_size(arena, entry->d_name);
		if (ret[count])
			count++;
	}
	if (stream)
		(void)closedir(stream); /* only read */
	return count;
}
