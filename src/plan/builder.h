/* What the parts of the builder share: private to plan/build*.c.
 *
 * Each part appends its steps to the blob in the order in which they run, and returns 0, or fails
 * with err set. */
#ifndef HK_PLAN_BUILDER_H
#define HK_PLAN_BUILDER_H

#include "base/findings.h"
#include "plan/blob.h"
#include "plan/build.h"
#include "plan/facts.h"
#include "spec/annotations.h"
#include "spec/spec.h"

struct hk_builder {
	const struct hk_spec *spec;
	const struct hk_facts *facts;
	const struct hk_plan_options *options;
	struct hk_blob blob;
	struct hk_arena scratch;
	struct hk_err *err; /* findings->err: never NULL */
	struct hk_findings *findings;

	/* Known when the building begins. */
	const struct hk_plan_joined
		*joined;     /* the container that is there; NULL: it is to be made */
	const char *process; /* JSON pointer of the process object: "/process", or "" */
	struct hk_annotated annotated;
	bool user_namespace;  /* the container has one, new or joined */
	bool mount_namespace; /* without: chroot */
	bool can_mount;	      /* the root file system gets a mount of its own */
	bool dev_is_bind;     /* the host's or a volume's /dev: nothing is made in it */

	const char **env; /* of the container's process */
	size_t env_count;
	hk_ref_strs env_ref;
	hk_ref_str *late_readonly; /* by mount: its property where it turns read-only at the end */
	size_t remounts_end; /* of the mounts: behind the last one that is a remount */
};

/* A part that may have failed, and may be gone on behind: r, or what hk_found says of a failure. */
static inline int hk_build_part(struct hk_builder *b, int r)
{
	return r < 0 ? hk_found(b->findings) : 0;
}

#define HK_NO_PROPERTY ((hk_ref_str){0})

/* The blob's property string, from a format. */
#define HK_PROPERTY(b, ...) hk_blob_printf(&(b)->blob, __VA_ARGS__)
/* That of a member of the process: "user/umask". */
#define HK_PROCESS_PROPERTY(b, member) HK_PROPERTY(b, "%s/" member, (b)->process)

/* ---- build.c ---- */

struct hk_builder hk_builder_new(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_findings *findings);
void hk_builder_done(struct hk_builder *b);
/* The program that there has to be. */
int hk_build_check_process(const struct hk_spec *spec, struct hk_err *err);

/* ---- build_program.c: what the first process of a container and one that joins it have in common
 * ---- */

/* While privilege and view are the host's. */
int hk_build_host_side(struct hk_builder *b);
void hk_build_console(struct hk_builder *b);
void hk_build_stdio(struct hk_builder *b);
void hk_build_cwd(struct hk_builder *b, bool make_only);
/* From the limits to READY: who runs the program, how it is confined, and that it is there. */
int hk_build_program(struct hk_builder *b);

/* ---- build_namespaces.c ---- */

/* New namespaces that the clone of the init stage itself makes; 0: the init stage makes them. */
uint64_t hk_build_clone_flags(const struct hk_builder *b);
void hk_build_namespaces(struct hk_builder *b);
void hk_build_session(struct hk_builder *b);

/* ---- build_rootfs.c ---- */

int hk_build_rootfs(struct hk_builder *b);
void hk_build_pivot(struct hk_builder *b);
/* Behind everything that is mounted: what is unbindable cannot be bound, not even by us. */
void hk_build_root_propagation(struct hk_builder *b);
/* Read-only and masked paths. */
int hk_build_restricted_paths(struct hk_builder *b);

/* ---- build_mounts.c ---- */

struct hk_mount_options;

int hk_build_mounts(struct hk_builder *b);
/* Is any mount a bind mount on /dev? */
bool hk_dev_is_bind(const struct hk_spec *spec);
/* ---- mount_entry.c ---- */

/* The clean destination: without a leading slash it means the same with one, as containers in the
 * wild have it. ret has room for PATH_MAX. -ENAMETOOLONG. */
int hk_mount_target(const struct hk_mount *mount, char *ret);
/* Is it at that clean destination? */
bool hk_mount_is_at(const struct hk_mount *mount, const char *target);
/* EINVAL about /mounts/I and member. */
int hk_build_refuse_mount(struct hk_builder *b, size_t i, const char *member, const char *why);

/* ---- build_late.c ---- */

/* Mount points and devices are made in /dev and in tmpfs mounts: they turn read-only at the end.
 * Takes ro out of the options of such a mount (type NULL: no file system of the container's own),
 * and notes it down. rro stays where there may be a tree, which is read-only at once. */
void hk_build_late_readonly(struct hk_builder *b, size_t i, const char *type,
	struct hk_mount_options *options, hk_ref_str property, const char *target);
/* The last word about ro and rw counts: entry i speaks of what earlier ones have put off. */
void hk_build_forget_readonly(struct hk_builder *b, size_t i, const char *target);
void hk_build_late_remounts(struct hk_builder *b);

/* ---- build_remount.c ---- */

int hk_build_remount(struct hk_builder *b, size_t i, const struct hk_mount_options *options,
	hk_ref_str property, const char *target);

/* ---- build_cgroup_mount.c ---- */

/* mounts[i] of type "cgroup" and "cgroup2". target is clean. */
int hk_build_cgroup_mount(struct hk_builder *b, size_t i, const struct hk_mount_options *options,
	hk_ref_str property, const char *target);

/* ---- build_devices.c ---- */

int hk_build_devices(struct hk_builder *b);

/* ---- build_hooks.c ---- */

/* The steps of the createContainer or startContainer hooks. */
int hk_build_hooks(struct hk_builder *b, enum hk_hook_point point, const char *status);

/* ---- build_annotations.c ---- */

int hk_build_core_sched(struct hk_builder *b);
/* The ruleset, and where it comes into force. */
int hk_build_landlock(struct hk_builder *b);
void hk_build_landlock_restrict(struct hk_builder *b);

/* ---- build_process.c ---- */

/* umask, host name, sysctls. */
int hk_build_kernel_settings(struct hk_builder *b);
/* scheduler, I/O priority, personality, memory policy */
int hk_build_attributes(struct hk_builder *b);
int hk_build_lsm(struct hk_builder *b);
void hk_build_seccomp(struct hk_builder *b);
void hk_build_credentials(struct hk_builder *b);
/* Appends no step: env, for the three that follow. */
int hk_build_environment(struct hk_builder *b);
void hk_build_home(struct hk_builder *b);
void hk_build_lookup(struct hk_builder *b);
void hk_build_exec(struct hk_builder *b);

#endif
