/* What checkpoint and restore have in common: from the caller's options to criu's. */
#ifndef HK_LIB_CRIU_OPTIONS_H
#define HK_LIB_CRIU_OPTIONS_H

#include "criu/rpc.h"
#include "lib/runtime.h"

#include <hako/checkpoint.h>

/* The directories of one call. */
struct hk_criu_dirs {
	int image;
	int work;	       /* -1: the image's */
	const char *work_path; /* as the user knows it: of the log */
	const char *log;       /* its name */
};

#define HK_CRIU_DIRS_INIT                                                                          \
	{                                                                                          \
		.image = -1, .work = -1                                                            \
	}

/* criu needs root. -EPERM. */
int hk_criu_check_privilege(const struct hako_runtime *runtime, struct hk_err *err);

/* Open the directories; make_image: it is made where it is missing, as the working one always is.
 */
int hk_criu_dirs_open(const struct hako_criu_options *options, bool make_image, const char *log,
	struct hk_criu_dirs *ret, struct hk_err *err);
void hk_criu_dirs_done(struct hk_criu_dirs *dirs);

/* All that does not depend on the direction, annotation org.criu.config included. Strings stay the
 * caller's. */
int hk_criu_opts_fill(const struct hako_criu_options *options, const struct hk_criu_dirs *dirs,
	const struct hk_pairs *annotations, struct hk_criu_opts *ret, struct hk_err *err);

/* criu has failed: its log's last words become the hint. */
void hk_criu_dirs_hint(const struct hk_criu_dirs *dirs, struct hk_err *err);

#endif
