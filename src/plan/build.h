/* Making a plan: (spec, facts, options) -> one block of memory. Touches nothing outside. */
#ifndef HK_PLAN_BUILD_H
#define HK_PLAN_BUILD_H

#include "base/findings.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "spec/spec.h"

/* What the caller asks for beside config.json, and what the runtime has decided already. */
struct hk_plan_options {
	const char *id;
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute, as the host sees it; exec needs neither */
	bool no_pivot;
	bool no_new_keyring;
	uint32_t preserve_fds;   /* counted from fd 3, the LISTEN_FDS ones included */
	uint32_t listen_fds;     /* of those, LISTEN_FDS says so many */
	const char *listen_fdnames; /* what LISTEN_FDNAMES says of them; or NULL */
	bool console;            /* HK_SLOT_CONSOLE will be there */
	const char *notify_dir;  /* host directory of the notify socket, bound on /run/notify; or NULL */
	const void *seccomp_filter; /* BPF instructions (plan/seccomp.h); size 0: none */
	size_t seccomp_size;	    /* bytes */
	uint32_t seccomp_flags;	    /* SECCOMP_FILTER_FLAG_* */
	bool seccomp_notify;
	/* Where the container's cgroup is. */
	bool own_cgroup;		/* it has one, and joins it by the files or by clone3 */
	const char *const *cgroup_join; /* host files to write "0" into, in order */
	size_t cgroup_join_count;
	const struct hk_cgroup_mount *cgroup_mounts; /* see plan/facts.h */
	size_t cgroup_mount_count;
};

/* What of a container that runs decides over the plan of another process for it. */
struct hk_plan_joined {
	uint64_t namespaces; /* HK_CLONE_NEW*: those of its init that are not the runtime's own */
	uint32_t init_pid;   /* as the runtime sees it */
};

/* The block is allocated from arena. Errors name the property. */
int hk_plan_build(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_arena *arena, const struct hk_plan **ret,
	struct hk_err *err);

enum hk_errand {
	HK_ERRAND_ADD_MOUNTS,
	HK_ERRAND_REMOVE_MOUNTS,
};

/* A plan that changes a container that runs, whose mount namespace will be in its slot. Of the spec the
 * mounts and their label count, and as namespaces those that are to be joined and a new mount namespace,
 * the init stage's own. inside: HK_CLONE_NEW* bits, the namespaces of the container's first process that it
 * does not share with us; 0 where no proc of its pid namespace is to be mounted. bundle: what relative sources
 * are relative to. err is not NULL; its property is as in config.json, "/mounts/0", or about a namespace. */
int hk_plan_build_errand(enum hk_errand errand, const struct hk_spec *spec,
	const struct hk_facts *facts, uint64_t inside, const char *bundle, struct hk_arena *arena,
	const struct hk_plan **ret, struct hk_err *err);

/* The plan of a process beside a container's init. Of spec: process; annotations, linux.namespaces,
 * personality and memoryPolicy, which are the container's, the namespaces (with any path) being
 * those that joined has. */
int hk_plan_build_exec(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, const struct hk_plan_joined *joined,
	struct hk_arena *arena, const struct hk_plan **ret, struct hk_err *err);

/* The capabilities that config.json asks for and nobody here can give: the kernel does not know
 * them, or, without a user namespace, the runtime does not have them. The plan goes without. */
uint64_t hk_plan_missing_capabilities(const struct hk_spec *spec, const struct hk_facts *facts);

/* Does the container mount in the mount namespace that it shares with the runtime? All of it is
 * below one mount of the root file system onto itself then, which somebody has to take away in the
 * end. */
bool hk_plan_mounts_on_host(const struct hk_spec *spec);

/* What keeps a plan from being made, all of it. */
int hk_plan_examine(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_findings *findings);

#endif
