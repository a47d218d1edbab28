/* A container on disk: <root>/<id>/state.json, replaced by rename under the directory's lock. */
#ifndef HK_STATE_STATE_H
#define HK_STATE_STATE_H

#include "base/mem.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hk_err;

#define HK_STATE_VERSION 1
#define HK_ID_MAX	 250

/* The member of state.json that stands behind those of which hk_state_load_brief gives an account, in
 * the files of older versions as well. It is always there. */
#define HK_STATE_BRIEF_END "hooks"

#define HK_STATE_COMMON	 "common.json"
#define HK_STATE_SECCOMP "seccomp.bpf" /* the name of that file */

/* [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, at most HK_ID_MAX. -EINVAL "invalid container ID format". */
int hk_id_check(const char *id, struct hk_err *err);

/* What state.json keeps. Strings live in the arena. */
struct hk_state {
	struct hk_arena arena;
	const char *id;
	const char *bundle;	  /* absolute */
	const char *rootfs;	  /* absolute */
	const char *config_path;  /* absolute; NULL: the bundle's config.json */
	const char *created;	  /* RFC 3339 with nanoseconds, UTC; NULL while creating */
	pid_t init_pid;		  /* 0: not yet */
	uint64_t init_start_time; /* field 22 of /proc/PID/stat */
	uint32_t owner;		  /* uid that created it */
	struct hk_pairs cgroup_paths; /* controllers -> host directory */
	struct hk_pairs annotations;

	uint64_t rootfs_mount;	  /* id of the mount that the rootfs stood on, where the container has
				   * put one of its own there on the host; 0: it has not */
	bool rootless;
	bool systemd_cgroup;
	bool systemd_user;        /* of the user's service manager, not the system's */
	const char *systemd_unit; /* stopped with the container; NULL: none */
	bool private_pid_namespace;  /* kill of init kills all */
	bool no_new_keyring;         /* it has the session keyring of who created it */
	bool seccomp;                /* there is a filter beside, see hk_state_seccomp_load */
	const char *notify_socket;   /* the host's, for start to pass readiness on to; NULL: none */
	struct hk_resources *resources;  /* in force, without device rules; NULL: none were ever asked for */
	const char *intel_rdt_path;      /* resctrl group; NULL: none */
	const char *intel_rdt_monitor;   /* the monitoring group in it; NULL: none */
	bool intel_rdt_owned;            /* the group goes with the container */
	struct hk_pairs namespace_paths; /* runc's "NEWNET" -> "/proc/PID/ns/net" */
	struct hk_strings joined_namespaces; /* "net", ...: those that are somebody else's */
	struct hk_hooks hooks;       /* poststart and poststop are still to come */
	const char *mount_label;     /* linux.mountLabel, for mounts that are added; NULL: none */
};

void hk_state_done(struct hk_state *state);

/* The state root, made with that mode where missing; mode 0: it is not made. Returns an O_PATH directory
 * fd or a negative errno. */
int hk_state_root_open(const char *path, mode_t mode, struct hk_err *err);

/* Make the container's directory (0711); -EEXIST "container with given ID already exists".
 * Returns its fd, locked exclusively until closed. */
int hk_state_dir_create(int root, const char *id, struct hk_err *err);
/* Open it; lock: take the exclusive lock (waits). -ENOENT "container does not exist". */
int hk_state_dir_open(int root, const char *id, bool lock, struct hk_err *err);
/* The same with the lock, which is not waited for: -EWOULDBLOCK where somebody has it. */
int hk_state_dir_try_open(int root, const char *id, struct hk_err *err);
/* Let others have the lock, and take it again (waits). -ENOENT: the directory has been removed. */
void hk_state_dir_unlock(int dir);
int hk_state_dir_lock(int dir);
/* Remove the directory with all that is ever in it, by fixed names. */
int hk_state_dir_remove(int root, const char *id, struct hk_err *err);

int hk_state_load(int dir, const char *id, struct hk_state *ret, struct hk_err *err);
/* What a list shows, and what tells the status, alone: the members of hk_state up to annotations. It is
 * below the state root, and what is in ret lives in arena. The rest of the file is not even looked at. */
int hk_state_load_brief(int root, const char *id, struct hk_arena *arena, struct hk_state *ret,
	struct hk_err *err);
/* tmp + rename; no fsync: after a crash of the machine the container is gone as well. -EFBIG: it would be
 * larger than what hk_state_load takes. -EINVAL: a string is not UTF-8, and would not come back. */
int hk_state_store(int dir, const struct hk_state *state, struct hk_err *err);

/* What every process of the container has in common, see hk_spec_write_common, in a file of its own that
 * exec alone reads. */
int hk_state_common_store(int dir, const struct hk_spec *spec, struct hk_err *err);
/* *ret is done by hk_spec_done. */
int hk_state_common_load(int dir, struct hk_spec *ret, struct hk_err *err);

/* The seccomp filter as create has compiled it, in a file of its own: for each further process of
 * the container, so that the profile is not compiled again. */
struct hk_state_seccomp {
	const void *instructions; /* struct sock_filter[] */
	size_t size;		  /* bytes */
	uint32_t flags;		  /* SECCOMP_FILTER_FLAG_* */
	bool notify;
	const char *listener_path; /* where the listener goes; NULL: there is none */
	const char *listener_metadata;
};

int hk_state_seccomp_store(int dir, const struct hk_state_seccomp *seccomp, struct hk_err *err);
/* All of it is in arena. That there is none is an error too: the state says whether there is. */
int hk_state_seccomp_load(
	int dir, struct hk_arena *arena, struct hk_state_seccomp *ret, struct hk_err *err);

/* The pid in decimal without a newline, by ".NAME" and rename: a reader never sees half of it. A
 * relative path is relative to our working directory. */
int hk_pid_file_write(const char *path, pid_t pid, struct hk_err *err);

/* The ids below the root, sorted; heap array of heap strings. Entries with an invalid name are
 * left out. */
int hk_state_list(int root, char ***ret, size_t *ret_count, struct hk_err *err);

#endif
