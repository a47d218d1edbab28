/* Another process in a container that is there. */
#ifndef HAKO_EXEC_H
#define HAKO_EXEC_H

#include <stdbool.h>
#include <stddef.h>

#include <hako/container.h>
#include <hako/process.h>
#include <hako/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sized as hako_runtime_options; zero is the default of every member but the descriptors, which
 * HAKO_EXEC_OPTIONS_INIT sets. */
struct hako_exec_options {
	size_t size;
	const hako_spec
		*spec; /* its process is what runs; NULL: that of the container's config.json */
	const char *console_socket; /* path of the socket that gets the pty's master, or NULL */
	int console_fd;		    /* a connected socket instead of a path; -1: none */
	const char *pidfd_socket;   /* path of the socket that gets the process's pidfd, or NULL */
	const char *pid_file;	    /* written before the program runs, or NULL */
	int stdio[3];		    /* become the process's 0, 1, 2; -1: the caller's own */
	unsigned int preserve_fds;  /* fds 3 .. 3+n-1 of the caller go through */
	const char *const *cgroups; /* existing cgroups below the container's to run in: "PATH", or
				     * for some of v1's controllers "NAME[,NAME...]:PATH" */
	size_t cgroup_count;
	bool ignore_paused; /* in a paused container too: it begins when that is resumed */
	hako_timeline *timeline; /* note in it what is done when, or NULL; stays the caller's */
};

#define HAKO_EXEC_OPTIONS_INIT                                                                     \
	{                                                                                          \
		.size = sizeof(struct hako_exec_options), .console_fd = -1, .stdio = {             \
			-1,                                                                        \
			-1,                                                                        \
			-1                                                                         \
		}                                                                                  \
	}

/* Run a process in the namespaces, the cgroup and the root file system of the container's init,
 * confined as the container is: its seccomp filter, its Landlock rules, its session keyring. What
 * the process object says of user, capabilities, limits, labels and so on counts for this process.
 *
 * Succeeds when the program has been executed: *ret is the caller's, freed by hako_process_free,
 * and the process a child of the calling process, for hako_process_wait. options NULL: defaults.
 * Errors: EINVAL (options, process; "cannot exec in a paused container ..."), ESRCH "cannot exec in
 * a stopped container", ENOENT for a program or directory that is not in the container, EACCES for
 * one that the user may not execute, and what the kernel refuses. On failure nothing is left. */
HAKO_API int hako_exec(hako_container *container, const struct hako_exec_options *options,
	hako_process **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
