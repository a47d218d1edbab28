/* The whole cgroup of a container, as the files of this folder see it. */
#ifndef HK_CGROUP_GROUP_H
#define HK_CGROUP_GROUP_H

#include "cgroup/cgroup.h"
#include "cgroup/dir.h"
#include "spec/annotations.h"

#define HK_CGROUP_LEAF_PROPERTY "/annotations/" HK_ANNOTATION_DELEGATE_CGROUP

struct hk_cgroup {
	struct hk_arena arena;
	struct hk_cgroup_dir dirs[HK_CGROUP_MAX_HIERARCHIES];
	size_t count;
	struct hk_cgroup_mount mounts[HK_CGROUP_MAX_HIERARCHIES];
	size_t mount_count;
	/* Made from dirs by hk_cgroup_describe. */
	const char **join_files;
	size_t join_count;
	struct hk_pair *paths; /* a controller, its directory */
	size_t path_count;
};

/* An empty one, no fd open; NULL when memory is out. */
struct hk_cgroup *hk_cgroup_alloc(void);
/* Fill in join_files and paths after a change of dirs. -ENOMEM. */
int hk_cgroup_describe(struct hk_cgroup *cgroup);
/* Take directory i out: the container stays in our own cgroup of that hierarchy. */
void hk_cgroup_leave_out(struct hk_cgroup *cgroup, size_t i);

/* The v1 directory of a controller; the v2 directory. NULL: none. */
struct hk_cgroup_dir *hk_cgroup_find_v1(struct hk_cgroup *cgroup, const char *controller);
struct hk_cgroup_dir *hk_cgroup_find_v2(struct hk_cgroup *cgroup);

/* The settings of resources for this host, v1's where a v1 hierarchy has the controller and v2's
 * for the rest. Errors name the property, also for a controller that is nowhere. */
struct hk_cgroup_limits {
	struct hk_cgroup_setting *v1;
	size_t v1_count;
	struct hk_cgroup_setting *v2;
	size_t v2_count;
};
int hk_cgroup_limits_convert(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_cgroup_limits *ret, struct hk_err *err);
/* Write them. */
int hk_cgroup_limits_apply(
	struct hk_cgroup *cgroup, const struct hk_cgroup_limits *limits, struct hk_err *err);

/* What a failure means, by a look at what is there (explain.c). */
/* For the error of a directory that could not be made: the limit that asks for it, where no cgroupsPath
 * does, and what to do. */
void hk_cgroup_explain_unmade(const struct hk_cgroup_request *request,
	const struct hk_cgroup_limits *limits, int r, struct hk_err *err);
/* Is a v2 file missing because its controller is? Then err says who withholds that. */
bool hk_cgroup_explain_controller(
	struct hk_cgroup_dir *dir, const struct hk_cgroup_setting *setting, struct hk_err *err);
/* Can the setting's controller not be handed down to the directory, which need not be there? Then err says
 * so. */
bool hk_cgroup_foresee_controller(const struct hk_cgroup_dir *dir,
	const struct hk_cgroup_setting *setting, struct hk_err *err);

/* Send sig to every process of the directory and below, as far as the list reads; each is named by
 * a pidfd that was opened between two readings of the list. *ret_seen: how many there were. */
int hk_cgroup_signal_dir(struct hk_cgroup_dir *dir, int sig, size_t *ret_seen);

/* The pids of one directory and below, sorted, no duplicates; heap. */
int hk_cgroup_dir_pids(struct hk_cgroup_dir *dir, pid_t **ret, size_t *ret_count);
/* The directories that have to be asked for processes: up to two. */
size_t hk_cgroup_process_dirs(struct hk_cgroup *cgroup, struct hk_cgroup_dir *ret[2]);

#endif
