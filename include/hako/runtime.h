/* The runtime: where state is kept and how cgroups are managed. One per state root and set of
 * options; any number of threads may use it at the same time on different containers.
 *
 * libhako installs no signal handler, changes neither umask, working directory nor environment, is
 * no subreaper and never exits the caller. It waits for children: SIGCHLD must not be ignored. */
#ifndef HAKO_RUNTIME_H
#define HAKO_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hako/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hako_runtime hako_runtime;

enum hako_cgroup_manager {
	HAKO_CGROUP_CGROUPFS = 0, /* mkdir and write below /sys/fs/cgroup */
	HAKO_CGROUP_SYSTEMD = 1,  /* scopes over D-Bus */
	HAKO_CGROUP_DISABLED = 2, /* the container stays in the caller's cgroups */
};

enum hako_log_level {
	HAKO_LOG_ERROR = 0,
	HAKO_LOG_WARNING = 1,
	HAKO_LOG_INFO = 2,
	HAKO_LOG_DEBUG = 3,
};

enum hako_rootless {
	HAKO_ROOTLESS_AUTO = 0, /* from the effective uid and the user namespace */
	HAKO_ROOTLESS_YES = 1,
	HAKO_ROOTLESS_NO = 2,
};

/* Called for each log line (no newline at its end), from the thread that is in libhako. */
typedef void hako_log_fn(void *userdata, enum hako_log_level level, const char *message);

/* A program that is linked statically cannot load shared libraries: libsystemd for the systemd cgroup
 * manager, libmnl for linux.netDevices. Where it carries its dynamically linked form, an operation that wants
 * one executes that in its place before it has changed anything. It must be one that begins anew with the
 * same argv, environment and open descriptors. The memory stays the caller's as long as the runtime. */
struct hako_dynamic_form {
	const void *image; /* of the executable file, size bytes */
	size_t size;
	char *const *argv; /* ends with NULL */
};

/* Set size to sizeof(struct hako_runtime_options) and the rest to zero for the defaults. A smaller
 * size is an older program's; a larger one is -E2BIG unless what is beyond ours is zero. */
struct hako_runtime_options {
	size_t size;
	const char *root; /* state directory; NULL: hako_default_root() */
	enum hako_cgroup_manager cgroup_manager;
	enum hako_rootless rootless;
	enum hako_log_level log_level; /* the most talkative level that log is called for */
	hako_log_fn *log;              /* NULL: nothing is logged */
	void *log_userdata;
	const struct hako_dynamic_form *dynamic_form; /* NULL: libraries are loaded by this program */
};

/* *ret is the caller's, freed by hako_runtime_free. options NULL: all defaults. The state directory
 * is made when the first container is. Errors: EINVAL, E2BIG, ENOMEM. */
HAKO_API int hako_runtime_new(const struct hako_runtime_options *options, hako_runtime **ret,
	hako_error **err);
/* For a program that knows that an operation will want a library, and would not begin it in vain, or
 * has read what can be read once only: execute the dynamic form now, if there is one. 0 where there is
 * none. Errors: those of memfd_create(2) and execve(2). */
HAKO_API int hako_runtime_want_libraries(hako_runtime *runtime, hako_error **err);
HAKO_API void hako_runtime_free(hako_runtime *runtime); /* NULL is accepted */

/* "/run/hako", or "$XDG_RUNTIME_DIR/hako" for a user without privileges. Heap string, the caller
 * frees; NULL when memory is out. */
HAKO_API char *hako_default_root(void);

/* "0.1.0"; the git commit it was built from, or ""; the runtime-spec version; libseccomp's. Static
 * strings. */
HAKO_API const char *hako_version(void);
HAKO_API const char *hako_commit(void);
HAKO_API const char *hako_spec_version(void);
HAKO_API const char *hako_libseccomp_version(void);

#ifdef __cplusplus
}
#endif

#endif
