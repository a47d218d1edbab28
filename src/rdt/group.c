/* Making, filling and removing the groups of a resctrl file system. */
#include "rdt/rdt.h"

#include "base/err.h"
#include "base/fd.h"
#include "rdt/group.h"
#include "rdt/schemata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_file(
	const char *root, const char *group, const char *file, const char *text, struct hk_err *err)
{
	HK_FD int dir = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : hk_write_file_at(dir, file, text);

	return r < 0 ? hk_rdt_fail(root, -r, err, "write '%.*s' to '%s/%s'",
			       (int)strcspn(text, "\n"), text, group, file)
		     : 0;
}

int hk_rdt_write_schema(const char *root, const char *group, const char *line, struct hk_err *err)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	if (n < 0 || (size_t)n >= sizeof(text))
		return hk_refuse(err, EINVAL, "longer than a page");
	return write_file(root, group, "schemata", text, err);
}

static int make_group(struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err)
{
	int r;

	if (!rdt->make || mkdir(rdt->group, 0755) == 0)
		return 0;
	/* Another container of the same closID was quicker: it is one that exists now. */
	if (errno == EEXIST && rdt->shared) {
		rdt->make = false;
		return hk_rdt_compare(rdt, config, err);
	}
	r = hk_rdt_fail(rdt->root, errno, err, "make the class of service '%s'", rdt->group);
	if (r == -ENOSPC)
		hk_err_hint(err,
			"the hardware has few classes of service: containers can share one by "
			"linux.intelRdt.closID");
	return hk_err_at(err, rdt->shared ? "/linux/intelRdt/closID" : "/linux/intelRdt");
}

/* A write for each line: the kernel takes no resource twice in one, and so an error has its line.
 */
static int write_schemata(
	const struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err)
{
	for (size_t i = 0; hk_rdt_writes_schemata(rdt) && i < hk_rdt_line_count(config); i++) {
		struct hk_rdt_line line = hk_rdt_line(config, i);
		int r = hk_rdt_write_schema(rdt->root, rdt->group, line.text, err);

		if (r < 0) {
			hk_err_hint(err, "what this host has is in '%s/info'", rdt->root);
			return hk_err_at(err, "%s", line.property);
		}
	}
	return 0;
}

/* One of that name is somebody else's: the container has to have its own. */
static int make_monitor(const struct hk_rdt *rdt, struct hk_err *err)
{
	int r;

	if (!rdt->monitor || mkdir(rdt->monitor, 0755) == 0)
		return 0;
	r = hk_rdt_fail(rdt->root, errno, err, "make the monitoring group '%s'", rdt->monitor);
	if (r == -ENOSPC)
		hk_err_hint(err, "the hardware has no more of them: remove one");
	return hk_err_at(err, "/linux/intelRdt/enableMonitoring");
}

static int remove_directory(const char *path, struct hk_err *err)
{
	if (!path || rmdir(path) == 0 || errno == ENOENT)
		return 0;
	return hk_fail(err, errno, "remove the resctrl group '%s'", path);
}

int hk_rdt_make(struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err)
{
	int r = make_group(rdt, config, err);

	if (r < 0)
		return r;
	r = write_schemata(rdt, config, err);
	if (r == 0)
		r = make_monitor(rdt, err);
	if (r < 0 && rdt->make)
		(void)remove_directory(rdt->group, NULL); /* the first error counts */
	return r;
}

static bool has_tasks(const char *group)
{
	HK_FD int dir = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
	HK_FD int tasks = dir < 0 ? -1 : openat(dir, "tasks", O_RDONLY | O_CLOEXEC);
	char byte;

	return tasks >= 0 && read(tasks, &byte, 1) > 0;
}

int hk_rdt_unmake(const struct hk_rdt *rdt, struct hk_err *err)
{
	bool keep = !rdt->make || (rdt->shared && has_tasks(rdt->group));

	return hk_rdt_remove(rdt->monitor, keep ? NULL : rdt->group, err);
}

int hk_rdt_assign(const struct hk_rdt *rdt, pid_t pid, struct hk_err *err)
{
	char text[16];
	int r;

	(void)snprintf(text, sizeof(text), "%d\n", (int)pid); /* 12 bytes are enough */
	/* A monitoring group takes tasks of its own class of service alone. */
	r = write_file(rdt->root, rdt->group, "tasks", text, err);
	if (r == 0 && rdt->monitor)
		r = write_file(rdt->root, rdt->monitor, "tasks", text, err);
	if (r < 0)
		return hk_err_at(err, "/linux/intelRdt");
	return 0;
}

int hk_rdt_remove(const char *monitor, const char *group, struct hk_err *err)
{
	int r = remove_directory(monitor, err);

	return r < 0 ? r : remove_directory(group, err);
}
