/* What of the host decides over the plan. Probed once, then data: tests write it by hand. */
#ifndef HK_PLAN_FACTS_H
#define HK_PLAN_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hk_err;
struct hk_spec;

/* How /sys/fs/cgroup looks to a container's cgroup mount. */
enum hk_cgroup_view {
	HK_CGROUP_VIEW_NONE, /* no cgroup file system on this host */
	HK_CGROUP_VIEW_V1,   /* v1 hierarchies, a cgroup2 one beside them perhaps (hybrid) */
	HK_CGROUP_VIEW_V2,
};

/* One hierarchy as the container's cgroup mount shows it. */
struct hk_cgroup_mount {
	const char *name;    /* directory below /sys/fs/cgroup: "cpu,cpuacct", "systemd", "unified" */
	const char *options; /* for fsopen("cgroup"): "cpu,cpuacct", "none,name=systemd"; v2: NULL */
	const char *source;  /* host path of the container's own directory in it */
	const char *links;   /* comma-separated names that point to it ("cpu,cpuacct"), or NULL */
	bool v2;
};

struct hk_facts {
	uint32_t euid;
	uint32_t egid;
	bool in_user_namespace;  /* ours is not the initial one */
	bool setgroups_denied;   /* by it, if it is not */
	bool can_mknod;          /* CAP_MKNOD in the initial user namespace */
	bool apparmor;           /* LSM enabled on the host */
	bool apparmor_attr_dir;  /* /proc/self/attr/apparmor exists (5.8) */
	bool selinux;
	bool process_label_unknown; /* the policy has no such context: process.selinuxLabel */
	bool mount_label_unknown;   /* linux.mountLabel */
	bool kcore;              /* /proc/kcore exists */
	enum hk_cgroup_view cgroup_view;
	uint32_t landlock_abi;   /* 0: no Landlock here */
	int core_sched_errno;    /* why there is no core scheduling here; 0: there is */
	uint64_t known_caps;     /* bits 0..cap_last_cap */
	uint64_t permitted_caps; /* our own: what a container without a user namespace can get */
};

/* As they are for a runtime that is root on this host, whoever we are. */
void hk_facts_assume_root(struct hk_facts *facts);

/* Probe this host; only what the spec makes necessary is looked at. spec NULL: everything is. */
int hk_facts_probe(const struct hk_spec *spec, struct hk_facts *ret, struct hk_err *err);

/* Does the kernel know this mode of set_mempolicy(2), or with MPOL_BIND this flag of it? */
bool hk_probe_memory_policy(uint32_t mode);

#endif
