/* Everything about a container that is decided before anything of it is made: what `create` runs
 * and `explain` shows. */
#ifndef HK_LIB_PREPARE_H
#define HK_LIB_PREPARE_H

#include "cgroup/cgroup.h"
#include "lib/runtime.h"
#include "plan/build.h"
#include "plan/seccomp.h"
#include "rdt/rdt.h"
#include "spec/annotations.h"
#include "spec/spec.h"
#include "systemd/scope.h"

#include <hako/container.h>

/* Where the seccomp listener goes. */
struct hk_listener {
	const char *path;     /* NULL: nowhere, there is none */
	const char *property; /* that says so; "" for the caller's option */
};

/* Strings and the plan live in the arena. Zero-initialise. */
struct hk_prepared {
	struct hk_arena arena;
	const struct hako_runtime *runtime;
	const char *id;
	struct hako_create_options options;
	bool assume_console; /* nothing will be made: a terminal has its console socket */
	bool assume_root;    /* nor does it need our privilege: without a user namespace, root's */
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute */
	hako_spec *loaded;  /* where the caller gave no specification */
	const char *config_path; /* absolute; NULL: the bundle's config.json */
	const struct hk_spec *spec;
	struct hk_facts facts;
	bool rootless; /* the runtime's, see hk_cgroup_request */
	struct hk_cgroup_host cgroup_host;
	struct hk_bus *bus;  /* to systemd; NULL: another cgroup manager */
	struct hk_unit unit; /* name NULL: none */
	struct hk_cgroup_request cgroup_request;
	struct hk_cgroup *cgroup;
	struct hk_rdt rdt;
	struct hk_annotated annotated;
	struct hk_seccomp_filter filter;
	struct hk_listener listener;
	const char *notify_dir; /* NULL: no notify socket */
	const struct hk_plan *plan;
};

/* Read and check the options; nothing of the host is looked at. options NULL: defaults. */
int hk_prepare_options(const struct hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, struct hk_prepared *ret, struct hk_err *err);
/* From options to plan. Errors have property and position. */
int hk_prepare(struct hk_prepared *prepared, struct hk_err *err);
void hk_prepared_done(struct hk_prepared *prepared);
/* Behind hk_prepare, what is to be said of the specification though it is taken: strings of its arena.
 * 0 or -ENOMEM. */
int hk_prepared_warnings(struct hk_prepared *prepared, struct hk_strings *ret);

/* ---- the decisions of hk_prepare, one by one, for who does not want to stop at a failure ---- */

int hk_prepare_bundle(struct hk_prepared *prepared, struct hk_err *err);
int hk_prepare_annotations(struct hk_prepared *prepared, struct hk_findings *findings);
int hk_prepare_rootfs(struct hk_prepared *prepared, struct hk_err *err);
int hk_prepare_facts(struct hk_prepared *prepared, struct hk_err *err);
int hk_prepare_cgroup(struct hk_prepared *prepared, struct hk_err *err);
int hk_prepare_rdt(struct hk_prepared *prepared, struct hk_err *err);
int hk_prepare_seccomp(struct hk_prepared *prepared, struct hk_err *err);
/* Behind the annotations and the filter. */
int hk_prepare_listener(struct hk_prepared *prepared, struct hk_err *err);
/* Behind the others. Strings stay those of prepared. */
struct hk_plan_options hk_prepare_plan_options(struct hk_prepared *prepared);

/* ---- check_host.c: what only this host can tell about a valid specification ---- */

int hk_check_host(
	const struct hk_spec *spec, const struct hk_facts *facts, struct hk_findings *findings);
/* Does the user namespace have the mappings that config.json gives beside its path? True as well
 * where it gives none. */
int hk_check_joined_maps(const struct hk_spec *spec, int user_ns, struct hk_err *err);

#endif
