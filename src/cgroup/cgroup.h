/* A container's cgroup: one directory in each hierarchy of the host, whatever mix of v1 and v2 that
 * is. Managers: the file system (cgroupfs), disabled, and systemd: of its units the directories and their
 * files are the same, systemd/ has the rest. */
#ifndef HK_CGROUP_CGROUP_H
#define HK_CGROUP_CGROUP_H

#include "base/mem.h"
#include "plan/facts.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

enum hk_cgroup_mode {
	HK_CGROUP_NONE,   /* no cgroup file system at all */
	HK_CGROUP_V1,     /* v1 hierarchies only */
	HK_CGROUP_HYBRID, /* v1 hierarchies and a cgroup2 mount beside them */
	HK_CGROUP_V2,     /* cgroup2 on /sys/fs/cgroup */
};

#define HK_CGROUP_MAX_HIERARCHIES 24

/* What to do where no cgroup can be made. */
#define HK_CGROUP_DELEGATE                                                                         \
	"have a cgroup v2 delegated to this user: start hako by `systemd-run --user --scope -p "   \
	"Delegate=yes`, or use --systemd-cgroup; v1 is not delegated to users"
#define HK_CGROUP_READ_ONLY                                                                        \
	"the cgroup file system is mounted read-only here: where hako runs in a container, that "  \
	"has to have it writable; or use --cgroup-manager disabled"

struct hk_cgroup_hierarchy {
	bool v2;
	const char *controllers; /* "cpu,cpuacct", "name=systemd"; v2: "" */
	const char *mountpoint;  /* host path */
	const char *self;        /* our own cgroup in it: "/", "/user.slice/..." */
};

/* The host's hierarchies. */
struct hk_cgroup_host {
	enum hk_cgroup_mode mode;
	struct hk_cgroup_hierarchy hierarchies[HK_CGROUP_MAX_HIERARCHIES];
	size_t count;
};

/* From statfs(/sys/fs/cgroup) and /proc/self/cgroup; mountinfo only where hierarchies are not in
 * their usual places. Strings live in arena. */
int hk_cgroup_host_probe(struct hk_arena *arena, struct hk_cgroup_host *ret, struct hk_err *err);

enum hk_cgroup_manager {
	HK_CGROUP_MANAGER_CGROUPFS,
	HK_CGROUP_MANAGER_SYSTEMD,
	HK_CGROUP_MANAGER_DISABLED,
};

struct hk_cgroup_request {
	enum hk_cgroup_manager manager;
	const char *id;
	const char *cgroups_path; /* linux.cgroupsPath; NULL: /ID beside our own */
	const char *unit_path;  /* systemd: of the unit's cgroup in each hierarchy, by cgroups_path */
	const char *subgroup;   /* systemd, v2 alone: the container's in the unit's; NULL: the unit's own */
	pid_t holder;           /* systemd: the process that is in it until others are; 0: none */
	bool rootless; /* stay in our own cgroup where we may make none and nothing was asked for */
	const struct hk_resources *resources; /* NULL: none */
	bool own_namespaces_writable;         /* delegate: new cgroup ns and a rw cgroup mount (v2) */
	uint32_t owner_uid;                   /* host uid that the delegated files go to */
	const char *leaf;   /* v2: the child of the container's cgroup that its processes are in, and
			     * that belongs to leaf_uid; NULL: they are in the container's own */
	uint32_t leaf_uid;  /* host uid */
};

struct hk_cgroup; /* opaque; every string and fd inside is its own */

/* Decide where the container's directories are. Makes nothing. err names /linux/cgroupsPath, or the
 * annotation that asks for a leaf where there is no v2 (-ENOTSUP). With
 * the disabled manager, and hierarchies left out for rootless, there is nothing to join. */
int hk_cgroup_new(const struct hk_cgroup_host *host, const struct hk_cgroup_request *request,
	struct hk_cgroup **ret, struct hk_err *err);
void hk_cgroup_free(struct hk_cgroup *cgroup);

/* Make the directories, the missing parents too, with cpuset filled in and device rules and limits
 * applied. Refuses a directory that holds processes or is frozen (-EBUSY), unless it is of a unit, which
 * has begun by now. On failure everything made here is removed again. err names the property of the
 * resource. */
int hk_cgroup_create(struct hk_cgroup *cgroup, const struct hk_cgroup_request *request,
	struct hk_err *err);

/* What hk_cgroup_create would fail of, as far as that shows without making anything. */
struct hk_findings;
int hk_cgroup_examine(struct hk_cgroup *cgroup, const struct hk_cgroup_request *request,
	struct hk_findings *findings);

/* What the init stage writes "0" into to be inside (v1 `tasks` files), in order. */
const char *const *hk_cgroup_join_files(const struct hk_cgroup *cgroup, size_t *ret_count);
/* Put a process into the hierarchy by which systemd knows its units, where that is v1's: in v2 it has been
 * born in it. */
int hk_cgroup_track(struct hk_cgroup *cgroup, pid_t pid, struct hk_err *err);
/* Directory fd of the v2 cgroup, or its leaf, for CLONE_INTO_CGROUP; stays the cgroup's. -1: none, or not made. */
int hk_cgroup_v2_fd(struct hk_cgroup *cgroup);
/* Does it have a directory on cgroup v2, there or gone? */
bool hk_cgroup_has_v2(struct hk_cgroup *cgroup);
/* Does the kernel take eBPF programs for device rules from us? 0, or a negative errno. */
int hk_cgroup_try_device_program(void);
/* How the container's cgroup mount is made up. */
const struct hk_cgroup_mount *hk_cgroup_mounts(const struct hk_cgroup *cgroup, size_t *ret_count);

/* State on disk: controller -> host directory, as runc's cgroup_paths (v2: ""): a hierarchy of two
 * controllers gives two pairs with the same path. */
size_t hk_cgroup_path_count(const struct hk_cgroup *cgroup);
void hk_cgroup_path(const struct hk_cgroup *cgroup, size_t i, const char **ret_controllers,
	const char **ret_path);
/* From what the state says; needs no probe of the host. Directories may be gone. */
int hk_cgroup_open(const struct hk_pairs *paths, struct hk_cgroup **ret, struct hk_err *err);

/* From an opened one to places below it that are there, "/" being itself: "PATH" in every hierarchy, or,
 * for some of v1's controllers, "NAME[,NAME...]:PATH". -EINVAL for what leads out, names nothing, or
 * is said twice. What is asked and done from then on is about those. */
int hk_cgroup_descend(struct hk_cgroup *cgroup, const char *const *places, size_t count,
	struct hk_err *err);
/* The cgroup v2 that this process is in, which must be the container's or below. O_PATH fd, or a negative
 * errno. That the pid is still the process's is the caller's to see behind it. */
int hk_cgroup_open_current(struct hk_cgroup *cgroup, pid_t pid, struct hk_err *err);

/* Later calls, on a new or an opened one. A directory that is gone counts as empty. */
/* Other limits, and what is in force of them now. *ret is in arena, and lives no longer than the cgroup and
 * the resources. Device rules are never touched. What is not asked for is left as it is, also where a file
 * holds two settings. -EBUSY: memory.checkBeforeUpdate, where v2's kernel would kill for the new limit; v1's
 * refuses it. err names the property as config.json's. */
struct hk_cgroup_change;
int hk_cgroup_change_prepare(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_cgroup_change **ret, struct hk_err *err);
/* Write them. On failure all is as it was when this was prepared. */
int hk_cgroup_change_apply(struct hk_cgroup_change *change, struct hk_err *err);
void hk_cgroup_change_undo(const struct hk_cgroup_change *change); /* best effort */
/* Freezing waits until every process is frozen, for ten seconds at most (-ETIMEDOUT: none is). */
int hk_cgroup_freeze(struct hk_cgroup *cgroup, bool frozen, struct hk_err *err);
bool hk_cgroup_is_frozen(struct hk_cgroup *cgroup);
/* The same by the paths of the state, without opening the cgroup; of the paths only the freezer's matters,
 * NULL where there is none. */
const struct hk_pair *hk_cgroup_paths_freezer(const struct hk_pairs *paths);
bool hk_cgroup_paths_frozen(const struct hk_pairs *paths);
/* Thaw it and the cgroups that the container made below, so that what has been killed can end: frozen
 * by v1, it would stay. Best effort. */
void hk_cgroup_thaw_all(struct hk_cgroup *cgroup);
/* sig to every process in it and below. SIGKILL: cgroup.kill, else freeze, kill, thaw. */
int hk_cgroup_kill(struct hk_cgroup *cgroup, int sig, struct hk_err *err);
/* Pids in it and below; heap array, the caller frees. */
int hk_cgroup_pids(struct hk_cgroup *cgroup, pid_t **ret, size_t *ret_count, struct hk_err *err);
/* Has the kernel killed something in it for lack of memory? */
bool hk_cgroup_oom_killed(struct hk_cgroup *cgroup);
/* For a cgroup whose own processes have all ended: the directories that hold processes, and do so for a
 * while, are somebody else's, and belong to it no longer. *ret becomes true if there were any. */
int hk_cgroup_disown_occupied(struct hk_cgroup *cgroup, bool *ret, struct hk_err *err);
/* Remove the directories and those below them; EBUSY is retried for a while. 0 when gone. Parents
 * that this very object made go too, unless somebody uses them. */
int hk_cgroup_destroy(struct hk_cgroup *cgroup, struct hk_err *err);

/* What hk_cgroup_create writes for the resources, in order. Strings live in arena or the cgroup. */
struct hk_cgroup_write {
	const char *dir;      /* host path of the container's directory */
	const char *file;     /* "memory.max" */
	const char *value;
	const char *property; /* "/linux/resources/memory/limit" */
};
int hk_cgroup_writes(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_cgroup_write **ret, size_t *ret_count,
	struct hk_err *err);

/* ---- pure: resources -> files (cgroup/convert.c), for create, update, explain, golden tests ---- */

enum hk_cgroup_setting_flags {
	HK_SETTING_OPTIONAL = 1, /* a file that does not exist is no error */
	HK_SETTING_ELSE = 2,     /* written only where the setting before it met no file */
};

struct hk_cgroup_setting {
	const char *controller; /* v1: the hierarchy that has it; v2: the controller needed, or NULL */
	const char *file;       /* "memory.max" */
	const char *value;
	const char *property;   /* "/linux/resources/memory/limit" */
	unsigned int flags;     /* enum hk_cgroup_setting_flags */
};

/* Settings in the order in which they are written. v2: cgroup2 file names. Errors for what this
 * version cannot express. Allocated in arena. */
int hk_cgroup_convert(const struct hk_resources *resources, bool v2, struct hk_arena *arena,
	struct hk_cgroup_setting **ret, size_t *ret_count, struct hk_err *err);

/* The device rules in force: the spec's, then the defaults that are always appended. */
int hk_cgroup_device_rules(const struct hk_resources *resources, struct hk_arena *arena,
	struct hk_device_rule **ret, size_t *ret_count);

#endif
