/* A container on its way back: what the steps of hako_restore share. */
#ifndef HK_LIB_RESTORATION_H
#define HK_LIB_RESTORATION_H

#include "criu/process.h"
#include "lib/creation.h"
#include "lib/criu_options.h"

/* What the container's mounts are of, by config.json alone. */
struct hk_source {
	const char *point; /* as config.json has it, clean; behind hk_restoration_make_points where
			    * its links in the root file system lead */
	const char *path;  /* on the host */
	bool directory;	   /* the mount point is to be one */
	bool made;	   /* criu mounts it anew: only the mount point is ours */
	bool readonly;
	bool mapped; /* its ids are */
};

struct hk_sources {
	struct hk_source *items;
	size_t count;
};

struct hk_restoration {
	struct hk_creation creation; /* the first: the steps of both are the same functions */
	struct hako_restore_options options;
	struct hk_criu_dirs dirs;
	struct hk_criu_opts opts;
	struct hk_criu_place place;
	struct hk_sources sources;
	struct hk_strings points; /* mount points of the image, in the order of their keys */
	int fds[HK_NS_COUNT + 3]; /* that criu keeps open */
	int terminals[3];	  /* copies of stdio, in the place of terminals; -1: none */
	bool restored;		  /* its init may run */
};

/* ---- restore_sources.c: pure ---- */

/* Every mount of the plan, the later of two on the same point counting. */
int hk_restoration_list_sources(const struct hk_prepared *prepared, struct hk_sources *ret,
	struct hk_arena *arena, struct hk_err *err);
/* That of a mount point, or NULL. */
const struct hk_source *hk_source_find(const struct hk_sources *sources, const char *point);

/* ---- restore_mounts.c ---- */

/* Make the mount points that are in the root file system itself; those on other mounts come with
 * them. */
int hk_restoration_make_points(struct hk_restoration *r, struct hk_err *err);
/* criu's word for each external mount of the image, with the source that config.json has for it. */
int hk_restoration_add_mounts(struct hk_restoration *r, struct hk_err *err);
/* What config.json mounts read-only is so behind that, whatever the image says, or it fails. */
int hk_restoration_check_mounts(const struct hk_restoration *r, pid_t pid, struct hk_err *err);

/* ---- restore_opts.c ---- */

/* All that criu is told. */
int hk_restoration_fill_opts(struct hk_restoration *r, struct hk_err *err);

/* ---- restore_criu.c ---- */

/* Have criu do it. */
int hk_restoration_run(struct hk_creation *creation, struct hk_err *err);

#endif
