/* Programs that hako calls. */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/proc.h"
#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PATIENCE     20 /* seconds for `criu check` */

/* Of PATH, as execvp(3) would find it, into ret. */
static bool find(const char *name, char ret[PATH_MAX])
{
	const char *path = getenv("PATH");

	if (!path || !path[0])
		path = DEFAULT_PATH;
	for (size_t len; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		(void)snprintf(
			ret, PATH_MAX, "%.*s/%s", len ? (int)len : 1, len ? path : ".", name);
		if (access(ret, X_OK) == 0)
			return true;
	}
	return false;
}

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

	if (!find("criu", path)) {
		hk_doctor_add(
			d, &need, HK_VERDICT_MISSING, "install the package criu", "not in PATH");
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
	bool there = find("ps", path);

	hk_doctor_add(d, &need, there ? HK_VERDICT_OK : HK_VERDICT_MISSING,
		"install the package procps, or use `hako ps --format json`", "%s",
		there ? path : "not in PATH");
}

void hk_doctor_programs(struct hk_doctor *d)
{
	look_at_criu(d);
	look_at_ps(d);
}
