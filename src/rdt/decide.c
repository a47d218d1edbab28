/* Which class of service a container gets, by config.json and by what is there. */
#include "rdt/rdt.h"

#include "base/err.h"
#include "rdt/group.h"
#include "rdt/schemata.h"

#include <errno.h>
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

/* closID: made where schemata say how, and never changed. */
static int check_shared(
	const struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err)
{
	bool schemata = hk_rdt_line_count(config) > 0;

	if (!rdt->make)
		return schemata ? hk_rdt_compare(rdt, config, err) : 0;
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
		r = check_shared(&rdt, config, err);
	if (r == 0 && config->enable_monitoring)
		r = decide_monitor(&rdt, id, arena, err);
	if (r == 0)
		*ret = rdt;
	return r;
}
