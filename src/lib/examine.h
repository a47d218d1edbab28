/* The parts of hako_check that look at this host, by subject. Each tells findings what hako_create
 * would fail of, and returns 0 or, with the failure to look at all, a negative errno. Properties that
 * have a finding already may hold anything. */
#ifndef HK_LIB_EXAMINE_H
#define HK_LIB_EXAMINE_H

#include "base/findings.h"
#include "lib/prepare.h"

/* Sources and places of mounts, file system types, their options. */
int hk_examine_mounts(const struct hk_prepared *prepared, struct hk_findings *findings);
/* What is looked for in the root file system; hooks, devices, sockets. */
int hk_examine_files(const struct hk_prepared *prepared, struct hk_findings *findings);
/* What a strictly read-only root and Landlock rules need to be there. */
int hk_examine_annotations(const struct hk_prepared *prepared, struct hk_findings *findings);
/* Namespaces and sysctls that the running kernel may not have. */
int hk_examine_kernel(const struct hk_prepared *prepared, struct hk_findings *findings);
/* Limits and priorities that take a privilege. */
int hk_examine_privileges(const struct hk_prepared *prepared, struct hk_findings *findings);
/* Ids that we may not map. */
int hk_examine_id_maps(const struct hk_prepared *prepared, struct hk_findings *findings);
/* Does an error of create mean the same? Then it gets that for its hint. */
void hk_explain_id_maps(const struct hk_prepared *prepared, struct hk_err *err);

/* ---- a mount may put another thing in the place of what the image holds ---- */

/* fd of the root file system, or negative where it is not there. */
int hk_examine_open_rootfs(const struct hk_prepared *prepared);
/* Does the path lie in or below one of the first mounts? path is clean, and no link in it followed. */
bool hk_examine_is_mounted_over(const struct hk_spec *spec, size_t mounts, const char *path);
/* What the container will see at the path when its first mounts are made, as an O_PATH fd. -EXDEV where
 * that cannot be known: a mount is there, or a link may lead into one. Else a negative errno. */
int hk_examine_open(
	const struct hk_spec *spec, size_t mounts, int rootfs, const char *path, int flags);

#endif
