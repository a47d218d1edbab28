/* linux.intelRdt: a container's class of service in the resctrl file system, a directory, and its
 * monitoring group, a directory below that.
 *
 * What to do is decided before anything is made, so that the state on disk can say what has to be
 * removed whatever happens in between. err is never NULL in here. */
#ifndef HK_RDT_RDT_H
#define HK_RDT_RDT_H

#include "base/mem.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct hk_err;

struct hk_rdt {
	const char *root;    /* where resctrl is mounted */
	const char *group;   /* the class of service's directory; NULL: no intelRdt */
	const char *monitor; /* the monitoring group's; NULL: none */
	bool make;	     /* the group is not there yet */
	bool shared;	     /* it has a name that others may use too: closID */
};

/* Where the resctrl file system is mounted. -ENOENT with a hint where it is not. */
int hk_rdt_find(struct hk_arena *arena, const char **ret, struct hk_err *err);

/* Look at what is below root and decide; strings are allocated from arena. A class of service that
 * exists must have the schemata that config asks for; one without schemata must exist. Errors name
 * the property. */
int hk_rdt_decide(const char *root, const char *id, const struct hk_intel_rdt *config,
	struct hk_arena *arena, struct hk_rdt *ret, struct hk_err *err);

/* Does the container's end remove the group? The specification: only one that was made for it. */
static inline bool hk_rdt_owns_group(const struct hk_rdt *rdt)
{
	return rdt->make && !rdt->shared;
}

/* Are the schemata written? Those of a shared group are compared when it is there already. */
static inline bool hk_rdt_writes_schemata(const struct hk_rdt *rdt)
{
	return rdt->make || !rdt->shared;
}

/* Make what was decided; a shared group that somebody else has made meanwhile is compared, as one that was
 * there, and make becomes false. On failure everything made here is removed again. */
int hk_rdt_make(struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err);
/* Undo that, for a container that did not come to be. A shared group that others have joined
 * meanwhile stays. */
int hk_rdt_unmake(const struct hk_rdt *rdt, struct hk_err *err);

/* Put the process into the groups; its children will be in them too. */
int hk_rdt_assign(const struct hk_rdt *rdt, pid_t pid, struct hk_err *err);

/* Write the schemata of config to a group that exists, below root; on failure it has those it had.
 * *ret_before, in arena: for hk_rdt_restore, what they were. */
int hk_rdt_update(const char *root, const char *group, const struct hk_intel_rdt *config,
	struct hk_arena *arena, const char **ret_before, struct hk_err *err);
/* Best effort: there is an error already that counts. */
void hk_rdt_restore(const char *root, const char *group, const char *schemata);

/* The end of a container: both may be NULL, and may be gone. */
int hk_rdt_remove(const char *monitor, const char *group, struct hk_err *err);

#endif
