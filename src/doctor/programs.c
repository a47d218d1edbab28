/* Programs that hako calls. */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/proc.h"
#include "base/program.h"
#include "criu/process.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PATIENCE 20 /* seconds for `criu check` */

/* Did it succeed? Its output is in *ret. */
static bool run(const char *path, const char *argument, struct hk_child_result *ret)
{
	char *argv[] = {(char *)path, (char *)argument, NULL};
	struct hk_child child = {.path = path, .argv = argv, .timeout = PATIENCE};

	return hk_child_run(&child, ret, NULL) == 0 && WIFEXITED(ret->status) &&
	       WEXITSTATUS(ret->status) == 0;
}

/* The first line that says something, for a message. */
static const char *first_line(struct hk_doctor *d, const struct hk_child_result *result)
{
	const char *text = result->err[0] ? result->err : result->out;

	text += strspn(text, " \n");
	return hk_doctor_text(d, "%.*s", (int)strcspn(text, "\n"), text);
}

static void look_at_criu(struct hk_doctor *d)
{
	static const struct hk_need need = {"criu", false, "checkpoint, restore"};
	struct hk_child_result result = {0};
	unsigned int major = 0, minor = 0;
	char path[PATH_MAX];

	if (!hk_find_program("criu", HK_CRIU_DEFAULT_PATH, path)) {
		hk_doctor_add(d, &need, HK_VERDICT_MISSING, "install the package criu",
			"neither in PATH nor in a usual place");
		return;
	}
	if (!run(path, "--version", &result)) {
		hk_doctor_add(d, &need, HK_VERDICT_MISSING, "install it again",
			"%s does not run: %s", path, first_line(d, &result));
		return;
	}
	(void)sscanf(result.out, "Version: %u.%u", &major, &minor);
	if (run(path, "check", &result))
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s %u.%u, `criu check` is content",
			path, major, minor);
	else
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			d->facts.euid ? "run hako as root; then `criu check` tells more"
				      : "a newer criu, or a kernel with CONFIG_CHECKPOINT_RESTORE: "
					"`criu check` tells more",
			"%s %u.%u, but `criu check` says: %s", path, major, minor,
			result.timed_out ? "nothing, for too long" : first_line(d, &result));
}

static void look_at_ps(struct hk_doctor *d)
{
	static const struct hk_need need = {"ps", false, "`hako ps` as a table"};
	char path[PATH_MAX];
	bool there = hk_find_program("ps", "/usr/bin:/bin", path);

	hk_doctor_add(d, &need, there ? HK_VERDICT_OK : HK_VERDICT_MISSING,
		"install the package procps, or use `hako ps --format json`", "%s",
		there ? path : "neither in PATH nor in a usual place");
}

void hk_doctor_programs(struct hk_doctor *d)
{
	look_at_criu(d);
	look_at_ps(d);
}
