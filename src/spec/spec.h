/* config.json as typed structs: runtime-spec 1.3, Linux.
 *
 * Everything a struct hk_spec points to lives in its arena. An absent string is NULL, an absent
 * array has count 0 and a NULL pointer, an absent number has has_ false beside it, an absent object
 * is a NULL pointer. Flags, options and names that config.json spells as strings are kept as the
 * user wrote them where an error or `explain` has to show them, else as the value they stand for.
 */
#ifndef HK_SPEC_SPEC_H
#define HK_SPEC_SPEC_H

#include "base/enumtab.h"
#include "base/mem.h"
#include "base/sys.h"
#include "json/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HK_SPEC_VERSION "1.3.0" /* the runtime-spec that we implement */

/* ---- process ---- */

struct hk_console_size { /* as struct winsize has them */
	uint16_t height;
	uint16_t width;
};

struct hk_user {
	uint32_t uid;
	uint32_t gid;
	bool has_umask;
	uint32_t umask;
	uint32_t *additional_gids;
	size_t additional_gid_count;
};

/* Bit n is capability number n (linux/capability.h). Names that neither we nor the running kernel
 * know are dropped with a warning when read. */
struct hk_capabilities {
	uint64_t bounding;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t permitted;
	uint64_t ambient;
};

struct hk_rlimit {
	uint32_t resource; /* RLIMIT_* */
	uint64_t soft;
	uint64_t hard;
};

struct hk_scheduler {
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	int32_t priority;
	uint64_t flags;	  /* SCHED_FLAG_* */
	uint64_t runtime; /* nanoseconds */
	uint64_t deadline;
	uint64_t period;
};

struct hk_io_priority {
	uint32_t class; /* IOPRIO_CLASS_* */
	int32_t priority;
};

struct hk_cpu_affinity {
	const char *initial; /* CPU lists, "0-3,7" */
	const char *final;
};

struct hk_process {
	bool terminal;
	struct hk_console_size *console_size;
	struct hk_user user;
	struct hk_strings args;
	struct hk_strings env;
	const char *cwd;
	struct hk_capabilities *capabilities;
	struct hk_rlimit *rlimits;
	size_t rlimit_count;
	bool no_new_privileges;
	const char *apparmor_profile;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	struct hk_scheduler *scheduler;
	const char *selinux_label;
	struct hk_io_priority *io_priority;
	struct hk_cpu_affinity *exec_cpu_affinity;
};

/* ---- root, mounts, hooks ---- */

struct hk_root {
	const char *path; /* as written: relative to the bundle, or absolute */
	bool readonly;
};

struct hk_id_map {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct hk_id_maps {
	struct hk_id_map *items;
	size_t count;
};

struct hk_mount {
	const char *destination;
	const char *type;   /* NULL: bind mounts need none */
	const char *source; /* NULL: none */
	struct hk_strings options;
	struct hk_id_maps uid_mappings;
	struct hk_id_maps gid_mappings;
};

struct hk_hook {
	const char *path;
	struct hk_strings args; /* argv verbatim; count 0: argv is {path} */
	struct hk_strings env;
	bool has_env;
	bool has_timeout;
	int64_t timeout; /* seconds */
};

struct hk_hook_list {
	struct hk_hook *items;
	size_t count;
};

/* In the order in which they run. */
#define HK_HOOK_POINTS(X)                                                                          \
	X(PRESTART, prestart, "prestart")                                                          \
	X(CREATE_RUNTIME, create_runtime, "createRuntime")                                         \
	X(CREATE_CONTAINER, create_container, "createContainer")                                   \
	X(START_CONTAINER, start_container, "startContainer")                                      \
	X(POSTSTART, poststart, "poststart")                                                       \
	X(POSTSTOP, poststop, "poststop")

enum hk_hook_point {
#define X(upper, lower, name) HK_HOOK_##upper,
	HK_HOOK_POINTS(X)
#undef X
		HK_HOOK_POINT_COUNT
};

struct hk_hooks {
	struct hk_hook_list at[HK_HOOK_POINT_COUNT];
};

/* ---- linux ---- */

#define HK_NAMESPACE_TYPES(X)                                                                      \
	X(USER, "user", HK_CLONE_NEWUSER, "user")                                                  \
	X(MOUNT, "mount", HK_CLONE_NEWNS, "mnt")                                                   \
	X(PID, "pid", HK_CLONE_NEWPID, "pid")                                                      \
	X(NETWORK, "network", HK_CLONE_NEWNET, "net")                                              \
	X(IPC, "ipc", HK_CLONE_NEWIPC, "ipc")                                                      \
	X(UTS, "uts", HK_CLONE_NEWUTS, "uts")                                                      \
	X(CGROUP, "cgroup", HK_CLONE_NEWCGROUP, "cgroup")                                          \
	X(TIME, "time", HK_CLONE_NEWTIME, "time")

enum hk_ns_type { /* runtime-spec name, clone flag, name in /proc/PID/ns */
#define X(upper, name, flag, proc) HK_NS_##upper,
	HK_NAMESPACE_TYPES(X)
#undef X
		HK_NS_COUNT
};

struct hk_namespace {
	enum hk_ns_type type;
	const char *path; /* NULL: a new one */
};

struct hk_device { /* linux.devices[] */
	char type; /* 'c', 'b', 'u' or 'p' */
	const char *path;
	int64_t major;
	int64_t minor;
	bool has_mode;
	uint32_t mode; /* permission bits only: podman writes the file type bits too */
	bool has_uid;
	uint32_t uid;
	bool has_gid;
	uint32_t gid;
};

struct hk_net_device {
	const char *host_name;
	const char *name; /* NULL: the same */
};

struct hk_time_offset {
	bool set;
	int64_t seconds;
	uint32_t nanoseconds;
};

struct hk_device_rule { /* linux.resources.devices[] */
	bool allow;
	char type;     /* 'a', 'c' or 'b' */
	int64_t major; /* -1: any; so is every negative number in config.json */
	int64_t minor;
	bool read;
	bool write;
	bool mknod;
};

struct hk_memory {
	struct hk_opt_i64 limit; /* bytes, -1: no limit */
	struct hk_opt_i64 reservation;
	struct hk_opt_i64 swap; /* memory + swap */
	struct hk_opt_i64 kernel;
	struct hk_opt_i64 kernel_tcp;
	struct hk_opt_u64 swappiness;
	bool has_disable_oom_killer;
	bool disable_oom_killer;
	bool has_use_hierarchy;
	bool use_hierarchy;
	bool check_before_update;
};

struct hk_cpu {
	struct hk_opt_u64 shares;
	struct hk_opt_i64 quota; /* microseconds */
	struct hk_opt_u64 burst;
	struct hk_opt_u64 period;
	struct hk_opt_i64 realtime_runtime;
	struct hk_opt_u64 realtime_period;
	const char *cpus;
	const char *mems;
	struct hk_opt_i64 idle;
};

struct hk_blkio_device { /* weightDevice and throttle*Device entries */
	int64_t major;
	int64_t minor;
	struct hk_opt_u64 weight;      /* weightDevice only */
	struct hk_opt_u64 leaf_weight; /* weightDevice only */
	uint64_t rate;		       /* throttle*Device only */
};

struct hk_blkio_devices {
	struct hk_blkio_device *items;
	size_t count;
};

struct hk_blkio {
	struct hk_opt_u64 weight;
	struct hk_opt_u64 leaf_weight;
	struct hk_blkio_devices weight_device;
	struct hk_blkio_devices throttle_read_bps;
	struct hk_blkio_devices throttle_write_bps;
	struct hk_blkio_devices throttle_read_iops;
	struct hk_blkio_devices throttle_write_iops;
};

struct hk_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;	       /* bytes */
};

struct hk_network_priority {
	const char *name;
	uint32_t priority;
};

struct hk_network {
	struct hk_opt_u64 class_id;
	struct hk_network_priority *priorities;
	size_t priority_count;
};

struct hk_rdma_limit {
	const char *device;
	struct hk_opt_u64 hca_handles;
	struct hk_opt_u64 hca_objects;
};

struct hk_resources {
	struct hk_device_rule *devices;
	size_t device_count;
	struct hk_memory *memory;
	struct hk_cpu *cpu;
	struct hk_opt_i64 pids_limit;
	struct hk_blkio *block_io;
	struct hk_hugepage_limit *hugepage_limits;
	size_t hugepage_limit_count;
	struct hk_network *network;
	struct hk_rdma_limit *rdma;
	size_t rdma_count;
	struct hk_pairs unified;
};

struct hk_seccomp_arg {
	uint32_t index;
	uint64_t value;
	uint64_t value_two;
	const char *op; /* "SCMP_CMP_EQ" ... */
};

struct hk_seccomp_rule { /* linux.seccomp.syscalls[] */
	struct hk_strings names;
	const char *action;
	bool has_errno;
	uint32_t errno_ret;
	struct hk_seccomp_arg *args;
	size_t arg_count;
};

struct hk_seccomp {
	const char *default_action;
	bool has_default_errno;
	uint32_t default_errno;
	struct hk_strings architectures;
	struct hk_strings flags;
	bool has_flags; /* an empty array is not the same as none */
	const char *listener_path;
	const char *listener_metadata;
	struct hk_seccomp_rule *syscalls;
	size_t syscall_count;
};

struct hk_intel_rdt {
	const char *clos_id;
	struct hk_strings schemata;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	bool enable_monitoring;
};

struct hk_memory_policy {
	uint32_t mode; /* MPOL_* */
	const char *nodes;
	uint32_t flags; /* MPOL_F_*, in mode's upper bits as set_mempolicy(2) wants them */
};

struct hk_personality {
	uint64_t domain;	 /* PER_LINUX or PER_LINUX32 */
	struct hk_strings flags; /* none is defined yet: the reader warns of each */
};

struct hk_linux {
	struct hk_namespace *namespaces;
	size_t namespace_count;
	struct hk_id_maps uid_mappings;
	struct hk_id_maps gid_mappings;
	struct hk_time_offset monotonic;
	struct hk_time_offset boottime;
	struct hk_device *devices;
	size_t device_count;
	struct hk_net_device *net_devices;
	size_t net_device_count;
	const char *cgroups_path;
	struct hk_resources *resources;
	const char *rootfs_propagation;
	struct hk_strings masked_paths;
	struct hk_strings readonly_paths;
	struct hk_seccomp *seccomp;
	struct hk_pairs sysctl;
	const char *mount_label;
	struct hk_intel_rdt *intel_rdt;
	struct hk_memory_policy *memory_policy;
	struct hk_personality *personality;
};

/* ---- the whole ---- */

struct hk_spec {
	struct hk_arena arena;
	const char *oci_version;
	struct hk_root *root;
	struct hk_process *process;
	const char *hostname;
	const char *domainname;
	struct hk_mount *mounts;
	size_t mount_count;
	struct hk_hooks hooks;
	struct hk_pairs annotations;
	struct hk_linux linux; /* built with -Ulinux: GNU C would make it 1 */
	bool process_alone;    /* the text was a process object, and there is nothing else */

	/* The text that it was read from and the file's name, to find line and column when an error
	 * names a property; NULL for a spec made by the builder. */
	const char *text;
	size_t text_len;
	const char *file;
	/* What the reader wants said but does not refuse (unknown capability, ...). */
	struct hk_strings warnings;
};

struct hk_err;
struct hk_findings;

/* Both zero-initialise; done accepts a half-read spec. */
void hk_spec_init(struct hk_spec *spec);
void hk_spec_done(struct hk_spec *spec);

/* Read dirfd/name (a regular file of at most 16 MiB). On failure err names line, column and JSON
 * pointer, and the spec is empty. name is also the name in errors. */
int hk_spec_read(int dirfd, const char *name, struct hk_spec *ret, struct hk_err *err);
/* The same from memory; text is copied. */
int hk_spec_parse(
	const char *text, size_t len, const char *name, struct hk_spec *ret, struct hk_err *err);
/* hk_spec_read that goes on behind what it cannot read, where findings collects: that is absent
 * from the spec then, which is whole in all else. */
int hk_spec_read_all(
	int dirfd, const char *name, struct hk_spec *ret, struct hk_findings *findings);
/* An array of mounts, as `mounts add` reads: a spec with nothing else. Errors name the property as if the
 * array were config.json's: "/mounts/0". */
int hk_spec_parse_mounts(const char *text, size_t len, const char *name, struct hk_spec *ret,
	struct hk_err *err);
/* hk_spec_read of a file that holds a process object alone, as `exec --process` has it, and that may be
 * a pipe. */
int hk_spec_read_process(int dirfd, const char *name, struct hk_spec *ret, struct hk_err *err);
/* One resources object, as `update --resources` reads. */
int hk_spec_parse_resources(const char *text, size_t len, const char *name, struct hk_arena *arena,
	struct hk_resources *ret, struct hk_err *err);

/* What a change of a container's resources comes to. in_force: as they are, NULL for none. Zeros that
 * clients write for "leave it alone" leave the change; what is meant with it, because it depends on
 * what is changed, comes in (the sum of memory and swap with a new memory limit, the weight with the
 * end of idle). ret: what is in force behind it, without device rules, which a change never touches.
 * Both must be valid together; err has the property as if it were config.json's. Pointers in ret are
 * into arena and both arguments. */
int hk_resources_change(const struct hk_resources *in_force, struct hk_resources *change,
	struct hk_arena *arena, struct hk_resources *ret, struct hk_err *err);

/* Everything that can be refused without looking at the host: the specification's MUSTs and the
 * cross-property rules of runc (features.md 2.6). err has the property. */
int hk_spec_validate(const struct hk_spec *spec, struct hk_err *err);
/* The same for findings. */
int hk_spec_examine(const struct hk_spec *spec, struct hk_findings *findings);

/* Fill err->position from err->property, when the spec was read from a text. */
void hk_spec_locate(const struct hk_spec *spec, struct hk_err *err);
/* The same for many, in one reading. */
void hk_spec_locate_all(const struct hk_spec *spec, struct hk_err *errs, size_t count);

/* What hk_spec_validate says of the process alone. */
int hk_spec_validate_process(const struct hk_spec *spec, struct hk_err *err);
/* JSON pointer of the process object in the text: "/process", or "". */
const char *hk_spec_process_at(const struct hk_spec *spec);

/* The namespace entry of that type, or NULL. */
const struct hk_namespace *hk_spec_namespace(const struct hk_spec *spec, enum hk_ns_type type);
/* Does the container get a namespace of its own of that type (new, not joined)? */
bool hk_spec_new_namespace(const struct hk_spec *spec, enum hk_ns_type type);
/* Is it known who the container's users are on the host? Not where a user namespace is joined by its path,
 * and linux.uidMappings does not repeat its mappings. */
bool hk_spec_knows_host_uids(const struct hk_spec *spec);

/* Is the word among the mount's options? */
bool hk_mount_has_option(const struct hk_mount *mount, const char *option);
/* "bind" or "rbind" among the options decides; the type is a hint that people rely on. */
bool hk_mount_is_bind(const struct hk_mount *mount);

/* A key of linux.sysctl, with dots or slashes, as a path below /proc/sys: no component is empty,
 * "." or "..". -EINVAL, -ENAMETOOLONG. */
int hk_sysctl_path(const char *key, char *ret, size_t cap);

extern const struct hk_ns_info {
	const char *name;      /* in config.json */
	uint64_t clone_flag;   /* HK_CLONE_NEW* */
	const char *proc_name; /* in /proc/PID/ns */
} hk_ns_infos[HK_NS_COUNT];

extern const char *const hk_hook_names[HK_HOOK_POINT_COUNT];

/* Is it an option of a tmpfs on a bind mount, which mount(2) passes over in silence? The reader
 * warns of it. */
bool hk_mount_option_is_idle(const struct hk_mount *mount, const char *option);

/* "CAP_CHOWN" -> its number, in the order of the numbers; "RLIMIT_CPU" -> RLIMIT_CPU. */
extern const struct hk_enum hk_capability_names[];
extern const struct hk_enum hk_rlimit_names[];

/* The template of `spec` (spec/template.c): the text of a default config.json, tab-indented as
 * runc's. rootless: for the user that calls. Caller frees; NULL when memory is out. */
char *hk_spec_template(bool rootless, uint32_t uid, uint32_t gid);

#endif
