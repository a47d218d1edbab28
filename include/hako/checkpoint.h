/* Checkpoint and restore: a container's processes as files, and back, by criu(8), which does it and has
 * to be installed (3.17 or later, found in PATH or in the usual places). Both need root.
 *
 * Who can write to an image can have everything that a process can have: restore what you would run
 * as root. What an image cannot choose is what of the host is mounted: that is config.json's word. */
#ifndef HAKO_CHECKPOINT_H
#define HAKO_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include <hako/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What both directions take. Strings may be NULL, which is the default; paths that are relative are
 * so to the working directory. */
struct hako_criu_options {
	const char *image_path;          /* directory of the image files; NULL: "checkpoint" */
	const char *work_path;           /* of dump.log or restore.log; NULL: the image's */
	const char *manage_cgroups_mode; /* "soft" (default), "full", "strict" or "ignore" */
	const char *network_lock;        /* "iptables" (default), "nftables" or "skip" */
	const char *empty_ns;            /* "network": its devices and addresses are left out */
	bool tcp_established;            /* established TCP connections too */
	bool ext_unix_sk;                /* Unix sockets connected to processes outside too */
	bool shell_job;                  /* a process that has the caller's terminal too */
	bool file_locks;                 /* file locks too */
	bool auto_dedup;                 /* memory that is there twice is punched out of the image */
	bool lazy_pages;                 /* memory goes over when it is needed */
	const void *reserved[8];         /* NULL: room for what is to come */
};

/* Sized as hako_runtime_options; HAKO_CHECKPOINT_OPTIONS_INIT are the defaults. */
struct hako_checkpoint_options {
	size_t size;
	struct hako_criu_options criu;
	const char *parent_path; /* of an earlier pre-dump's image, relative to this one's */
	const char *page_server; /* "ADDRESS:PORT" that memory is sent to */
	int status_fd;           /* a NUL is written to it when lazy pages can be asked for; -1: none */
	bool pre_dump;           /* only the memory, the container goes on running */
	bool leave_running;      /* it goes on running */
	bool tcp_skip_in_flight; /* connections that are not established yet are left out */
	bool link_remap;         /* files that were unlinked get a name again */
};

#define HAKO_CHECKPOINT_OPTIONS_INIT                                                               \
	{                                                                                          \
		.size = sizeof(struct hako_checkpoint_options), .status_fd = -1                    \
	}

/* Write a running or paused container into the image directory, which is made where its parent is
 * there. Unless it is left running it is gone behind that, as by hako_delete. options NULL: the
 * defaults. On failure it goes on running.
 * Errors: EINVAL (options, status), ESRCH "container not running", EPERM, ENOENT (no criu), ENOTSUP
 * (an old one, or what it cannot do), EIO (what criu says; the hint has its log). */
HAKO_API int hako_checkpoint(hako_container *container,
	const struct hako_checkpoint_options *options, hako_error **err);

/* Sized as hako_runtime_options; HAKO_RESTORE_OPTIONS_INIT are the defaults. */
struct hako_restore_options {
	size_t size;
	struct hako_criu_options criu;
	const char *bundle;            /* directory; NULL: "." */
	const hako_spec *spec;         /* NULL: read it */
	const char *console_socket;    /* path of the socket that gets the pty's master, or NULL */
	int console_fd;                /* a connected socket instead of a path; -1: none */
	const char *pid_file;          /* written when the container is restored, or NULL */
	const char *notify_socket;     /* as hako_create_options; only that there is one counts */
	int stdio[3];                  /* in the place of the pipes and files that were 0, 1, 2; -1: the
	                                * caller's own */
	const char *lsm_profile;       /* "apparmor:NAME" or "selinux:LABEL" for the processes */
	const char *lsm_mount_context; /* SELinux context for mounts that have one */
	bool tcp_close;                /* established TCP connections are closed */
};

#define HAKO_RESTORE_OPTIONS_INIT                                                                  \
	{                                                                                          \
		.size = sizeof(struct hako_restore_options), .console_fd = -1,                     \
		.stdio = {-1, -1, -1}                                                              \
	}

/* Make a container of an image directory: its state, cgroup and mounts are those of the bundle's
 * config.json. It runs behind that. *ret is the caller's, and its init a child of the calling
 * process. prestart and createRuntime hooks run when its namespaces are there. On failure nothing is
 * left. Errors: as hako_create and hako_checkpoint. */
HAKO_API int hako_restore(hako_runtime *runtime, const char *id,
	const struct hako_restore_options *options, hako_container **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
