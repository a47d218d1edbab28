/* Which class of service a container gets, by config.json and by what is there. */
#include "rdt/rdt.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "rdt/group.h"
#include "rdt/schemata.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Directories that the kernel made, and which are no classes of service. */
static int check_name(const char *name, struct hk_err *err)
{
	static const char *const reserved[] = {"info", "mon_data", "mon_groups"};

	for (size_t i = 0; i < HK_COUNT(reserved); i++) {
		if (strcmp(name, reserved[i]) != 0)
			continue;
		(void)hk_refuse(err, EINVAL, "resctrl has a directory '%s' of its own", name);
		hk_err_hint(err, "give linux.intelRdt.closID another name");
		return hk_err_at(err, "/linux/intelRdt/closID");
	}
	return 0;
}

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

static int compare(const struct hk_rdt *rdt, const struct hk_intel_rdt *config,
	struct hk_arena *arena, struct hk_err *err)
{
	const char *path = hk_arena_printf(arena, "%s/schemata", rdt->group);
	HK_FREE char *present = NULL;
	struct hk_rdt_line line;
	size_t i;
	int r = path ? hk_read_file(path, &present) : -ENOMEM;

	if (r < 0)
		return hk_rdt_fail(rdt->root, -r, err, "read the schemata of '%s'", rdt->group);
	i = hk_rdt_first_difference(config, present, bandwidth_step(rdt->root, arena));
	if (i == hk_rdt_line_count(config))
		return 0;
	line = hk_rdt_line(config, i);
	(void)hk_refuse(err, EEXIST, "the class of service '%s' exists and has not '%.200s'",
		config->clos_id, line.text);
	hk_err_hint(err, "%s/schemata has what it has; use that, or another closID", rdt->group);
	return hk_err_at(err, "%s", line.property);
}

/* closID: made where schemata say how, and never changed. */
static int check_shared(const struct hk_rdt *rdt, const struct hk_intel_rdt *config,
	struct hk_arena *arena, struct hk_err *err)
{
	bool schemata = hk_rdt_line_count(config) > 0;

	if (!rdt->make)
		return schemata ? compare(rdt, config, arena, err) : 0;
	if (schemata)
		return 0;
	(void)hk_refuse(err, ENOENT, "the class of service '%s' does not exist", config->clos_id);
	hk_err_hint(err, "mkdir '%s', or say by schemata how to make it", rdt->group);
	return hk_err_at(err, "/linux/intelRdt/closID");
}

static int decide_monitor(
	struct hk_rdt *rdt, const char *id, struct hk_arena *arena, struct hk_err *err)
{
	const char *groups = hk_arena_printf(arena, "%s/mon_groups", rdt->root);

	rdt->monitor = hk_arena_printf(arena, "%s/mon_groups/%s", rdt->group, id);
	if (!groups || !rdt->monitor)
		return hk_fail(err, ENOMEM, "find the monitoring group");
	if (is_directory(groups))
		return 0;
	(void)hk_refuse(err, ENOTSUP, "the resctrl file system of this host does not monitor");
	return hk_err_at(err, "/linux/intelRdt/enableMonitoring");
}

int hk_rdt_decide(const char *root, const char *id, const struct hk_intel_rdt *config,
	struct hk_arena *arena, struct hk_rdt *ret, struct hk_err *err)
{
	const char *name = config->clos_id ? config->clos_id : id;
	bool is_root = strcmp(name, "/") == 0;
	struct hk_rdt rdt = {.root = root, .shared = config->clos_id};
	int r;

	r = check_name(name, err);
	if (r < 0)
		return r;
	rdt.group = is_root ? root : hk_arena_printf(arena, "%s/%s", root, name);
	if (!rdt.group)
		return hk_fail(err, ENOMEM, "find the class of service");
	rdt.make = !is_directory(rdt.group);
	if (rdt.shared)
		r = check_shared(&rdt, config, arena, err);
	if (r == 0 && config->enable_monitoring)
		r = decide_monitor(&rdt, id, arena, err);
	if (r == 0)
		*ret = rdt;
	return r;
}
