/* What there is to say of a resource limit that could not be set. Part of the init image. */
#ifndef HK_BASE_RLIMIT_H
#define HK_BASE_RLIMIT_H

#include <stdint.h>

struct hk_err;

/* name: "RLIMIT_CPU". Returns -errnum. */
int hk_rlimit_refused(
	const char *name, uint64_t soft, uint64_t hard, int errnum, struct hk_err *err);

#endif
