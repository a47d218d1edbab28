/* The parts of hako_check that look at this host, by subject. Each tells findings what hako_create
 * would fail of, and returns 0 or, with the failure to look at all, a negative errno. Properties that
 * have a finding already may hold anything. */
#ifndef HK_LIB_EXAMINE_H
#define HK_LIB_EXAMINE_H

#include "base/findings.h"
#include "lib/prepare.h"

/* The root file system and what is looked for in it; sources of bind mounts, hooks, sockets. */
int hk_examine_files(const struct hk_prepared *prepared, struct hk_findings *findings);
/* What a strictly read-only root and Landlock rules need to be there. */
int hk_examine_annotations(const struct hk_prepared *prepared, struct hk_findings *findings);
/* Namespaces, file system types and sysctls that the running kernel may not have. */
int hk_examine_kernel(const struct hk_prepared *prepared, struct hk_findings *findings);
/* Limits and priorities that take a privilege. */
int hk_examine_privileges(const struct hk_prepared *prepared, struct hk_findings *findings);

#endif
