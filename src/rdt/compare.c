/* Is a class of service that exists the one that config.json asks for? */
#include "rdt/rdt.h"

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "rdt/group.h"
#include "rdt/schemata.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define PAUSES	 10
#define PAUSE_NS 5000000

/* 0 where the hardware has no such control. */
static uint32_t bandwidth_step(const char *root, struct hk_arena *arena)
{
	const char *path = hk_arena_printf(arena, "%s/info/MB/bandwidth_gran", root);
	HK_FREE char *text = NULL;
	uint32_t step = 0;

	if (path && hk_read_file(path, &text) == 0) {
		text[strcspn(text, "\n")] = '\0';
		(void)hk_parse_u32(text, &step); /* stays 0 */
	}
	return step;
}

/* The first line of config that the group has not; the number of them where it has all. */
static int find_difference(const struct hk_rdt *rdt, const struct hk_intel_rdt *config,
	struct hk_arena *arena, size_t *ret, struct hk_err *err)
{
	const char *path = hk_arena_printf(arena, "%s/schemata", rdt->group);
	HK_FREE char *present = NULL;
	int r = path ? hk_read_file(path, &present) : -ENOMEM;

	if (r < 0)
		return hk_rdt_fail(rdt->root, -r, err, "read the schemata of '%s'", rdt->group);
	*ret = hk_rdt_first_difference(config, present, bandwidth_step(rdt->root, arena));
	return 0;
}

/* Who has made the group just now, another container of this closID, may still be writing its
 * lines. */
static int find_lasting_difference(const struct hk_rdt *rdt, const struct hk_intel_rdt *config,
	struct hk_arena *arena, size_t *ret, struct hk_err *err)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int r = find_difference(rdt, config, arena, ret, err);

	for (int i = 0; r == 0 && *ret < hk_rdt_line_count(config) && i < PAUSES; i++) {
		(void)nanosleep(&pause, NULL); /* EINTR: looked at sooner */
		r = find_difference(rdt, config, arena, ret, err);
	}
	return r;
}

int hk_rdt_compare(const struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err)
{
	struct hk_arena arena = {0};
	struct hk_rdt_line line;
	size_t i;
	int r = find_lasting_difference(rdt, config, &arena, &i, err);

	hk_arena_done(&arena);
	if (r < 0 || i == hk_rdt_line_count(config))
		return r;
	line = hk_rdt_line(config, i);
	(void)hk_refuse(err, EEXIST, "the class of service '%s' exists and has not '%.200s'",
		config->clos_id, line.text);
	hk_err_hint(err, "%s/schemata has what it has; use that, or another closID", rdt->group);
	return hk_err_at(err, "%s", line.property);
}
