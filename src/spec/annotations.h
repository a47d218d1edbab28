/* The annotations that change what the runtime does: one table of names and parsers. All others are
 * left alone, as runtime-spec wants it. */
#ifndef HK_SPEC_ANNOTATIONS_H
#define HK_SPEC_ANNOTATIONS_H

#include "base/mem.h"
#include "json/values.h"
#include "spec/landlock.h"

#include <stdbool.h>
#include <stddef.h>

struct hk_findings;

#define HK_ANNOTATION_CORE_SCHED "dev.hako.core-sched"
#define HK_ANNOTATION_LANDLOCK "dev.hako.landlock"
#define HK_ANNOTATION_READONLY_ROOTFS "dev.hako.readonly-rootfs"
#define HK_ANNOTATION_CRIU_CONFIG "org.criu.config"
#define HK_ANNOTATION_SYSTEMD_PROPERTY "org.systemd.property."
#define HK_ANNOTATION_DELEGATE_CGROUP "run.oci.delegate-cgroup"
#define HK_ANNOTATION_HOOKS_STDERR "run.oci.hooks.stderr"
#define HK_ANNOTATION_HOOKS_STDOUT "run.oci.hooks.stdout"
#define HK_ANNOTATION_KEEP_GROUPS "run.oci.keep_original_groups"
#define HK_ANNOTATION_SECCOMP_RECEIVER "run.oci.seccomp.receiver"
#define HK_ANNOTATION_SYSTEMD_SUBGROUP "run.oci.systemd.subgroup"

/* What they say. Strings are those of the annotations. Absent: NULL, false. */
struct hk_annotated {
	bool core_sched;              /* a core-scheduling cookie of its own */
	bool strict_rootfs;           /* nothing is made in the root file system */
	bool keep_groups;             /* the caller's supplementary groups stay */
	const char *hooks_stdout;     /* host files for the output of all hooks */
	const char *hooks_stderr;
	const char *seccomp_receiver; /* socket for the listener where there is no listenerPath */
	const char *delegate_cgroup;  /* one path component below the container's cgroup */
	const char *systemd_subgroup; /* one path component, or "" */
	const struct hk_landlock *landlock;
};

/* Read those we know. A value that is wrong is a finding with the annotation's JSON pointer; where
 * findings are collected it counts as absent. */
int hk_annotated_read(const struct hk_pairs *annotations, struct hk_arena *arena,
	struct hk_annotated *ret, struct hk_findings *f);

/* The value of one, or NULL. */
const char *hk_annotation_get(const struct hk_pairs *annotations, const char *name);

/* One of our own prefix that we do not know: most likely a spelling mistake. */
bool hk_annotation_is_stray(const char *name);

/* For `features`: the i-th name, or prefix (with "." at its end), that gives a container more than
 * config.json alone would; NULL behind the last. Sorted. */
const char *hk_annotation_unsafe(size_t i);

#endif
