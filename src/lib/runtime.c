/* hako_runtime: the state directory, the cgroup manager, the log sink; and the versions. */
#include "lib/runtime.h"

#include "base/mem.h"
#include "base/path.h"
#include "lib/errors.h"
#include "lib/sized.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_ROOT "/run/hako"

/* The initial user namespace has a fixed number (PROC_USER_INIT_INO). */
static bool in_user_namespace(void)
{
	static const char initial[] = "user:[4026531837]";
	char link[64];
	ssize_t n = readlink("/proc/self/ns/user", link, sizeof(link));

	if (n < 0)
		return false; /* no /proc: take it as the host */
	return (size_t)n != sizeof(initial) - 1 || memcmp(link, initial, (size_t)n) != 0;
}

/* Whoever is root in a user namespace only has no say over the host. */
static bool without_privileges(void)
{
	return geteuid() != 0 || in_user_namespace();
}

/* Where the user's files of that kind go; NULL: nowhere. As with runc, root of a container that
 * calls itself root is taken at its word; podman, which is root in its user's namespace, leaves no
 * USER in the environment. */
static const char *runtime_dir(bool unprivileged)
{
	const char *dir = unprivileged ? getenv("XDG_RUNTIME_DIR") : NULL;
	const char *user = getenv("USER");

	if (!dir || dir[0] != '/' || (geteuid() == 0 && user && strcmp(user, "root") == 0))
		return NULL;
	return dir;
}

static char *default_root(const char *runtime_dir)
{
	char *root;

	if (!runtime_dir)
		return strdup(DEFAULT_ROOT);
	return asprintf(&root, "%s/hako", runtime_dir) < 0 ? NULL : root;
}

char *hako_default_root(void)
{
	return default_root(runtime_dir(without_privileges()));
}

/* given, below the working directory where it is relative; NULL with errno set. */
static char *from_root(const char *given)
{
	HK_FREE char *cwd = given[0] == '/' ? strdup("") : getcwd(NULL, 0);
	char *joined;

	return cwd && asprintf(&joined, "%s/%s", cwd, given) >= 0 ? joined : NULL;
}

static int absolute_root(const char *given, char **ret, struct hk_err *err)
{
	HK_FREE char *joined = NULL;
	char clean[PATH_MAX];
	int r;

	if (given[0] == '\0')
		return hk_refuse(err, EINVAL, "the state directory has an empty name");
	joined = from_root(given);
	if (!joined)
		return hk_fail(err, errno, "find the state directory '%s'", given);
	r = hk_path_clean(joined, true, clean, sizeof(clean));
	if (r < 0)
		return hk_fail(err, -r, "state directory '%s'", given);
	if (strcmp(clean, "/") == 0)
		return hk_refuse(err, EINVAL, "the state directory should not be /");
	*ret = strdup(clean);
	return *ret ? 0 : hk_fail(err, ENOMEM, "state directory '%s'", given);
}

static int set_root(
	struct hako_runtime *runtime, const char *given, bool unprivileged, struct hk_err *err)
{
	const char *dir = runtime_dir(unprivileged);

	runtime->root_mode = 0700;
	if (given)
		return absolute_root(given, &runtime->root, err);
	/* The XDG Base Directory Specification: without the sticky bit, a file that is not touched
	 * for six hours may be removed from there. */
	if (dir)
		runtime->root_mode |= S_ISVTX;
	runtime->default_root = true;
	runtime->root = default_root(dir);
	return runtime->root ? 0 : hk_fail(err, ENOMEM, "find the state directory");
}

static void forward_log(void *userdata, enum hk_log_level level, const char *message)
{
	const struct hako_runtime *runtime = userdata;

	runtime->sink(runtime->sink_userdata, (enum hako_log_level)level, message);
}

static int set_options(struct hako_runtime *runtime, const struct hako_runtime_options *options,
	struct hk_err *err)
{
	static const enum hk_cgroup_manager managers[] = {
		[HAKO_CGROUP_CGROUPFS] = HK_CGROUP_MANAGER_CGROUPFS,
		[HAKO_CGROUP_SYSTEMD] = HK_CGROUP_MANAGER_SYSTEMD,
		[HAKO_CGROUP_DISABLED] = HK_CGROUP_MANAGER_DISABLED,
	};
	/* Only where it is asked for: the look at the user namespace is three system calls. */
	bool look = !options->root || options->rootless == HAKO_ROOTLESS_AUTO;
	bool unprivileged = look && without_privileges();

	if ((size_t)options->cgroup_manager >= HK_COUNT(managers))
		return hk_refuse(
			err, EINVAL, "unknown cgroup manager %d", (int)options->cgroup_manager);
	if ((unsigned int)options->log_level > HAKO_LOG_DEBUG)
		return hk_refuse(err, EINVAL, "unknown log level %d", (int)options->log_level);
	if ((unsigned int)options->rootless > HAKO_ROOTLESS_NO)
		return hk_refuse(err, EINVAL, "unknown rootless mode %d", (int)options->rootless);
	runtime->cgroup_manager = managers[options->cgroup_manager];
	runtime->rootless = options->rootless == HAKO_ROOTLESS_AUTO
				    ? unprivileged
				    : options->rootless == HAKO_ROOTLESS_YES;
	runtime->sink = options->log;
	runtime->sink_userdata = options->log_userdata;
	runtime->dynamic_form = options->dynamic_form;
	runtime->log.level = (enum hk_log_level)options->log_level;
	runtime->log.sink = options->log ? forward_log : NULL;
	runtime->log.userdata = runtime;
	return set_root(runtime, options->root, unprivileged, err);
}

int hako_runtime_new(
	const struct hako_runtime_options *options, hako_runtime **ret, hako_error **err)
{
	struct hako_runtime_options ours = {.size = sizeof(ours)};
	struct hako_runtime *runtime;
	struct hk_err e = {0};
	int r = 0;

	if (options)
		r = hk_sized_copy(&ours, sizeof(ours), options, &e);
	if (r < 0)
		return hk_give(r, &e, err);
	runtime = calloc(1, sizeof(*runtime));
	if (!runtime)
		return hk_give(hk_fail(&e, ENOMEM, "make a runtime"), &e, err);
	r = set_options(runtime, &ours, &e);
	if (r < 0) {
		hako_runtime_free(runtime);
		return hk_give(r, &e, err);
	}
	*ret = runtime;
	return 0;
}

void hako_runtime_free(hako_runtime *runtime)
{
	if (!runtime)
		return;
	free(runtime->root);
	free(runtime);
}
