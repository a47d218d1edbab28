/* The host's /dev/null, opened while paths are still the host's. */
#ifndef HK_STEP_DEVICE_H
#define HK_STEP_DEVICE_H

#include <stdbool.h>
#include <sys/stat.h>

struct hk_err;

/* A detached mount of it, known to be character device 1:3. fd or a negative errno with err set. */
int hk_host_null_open(struct hk_err *err);

/* Is this the null device? */
bool hk_is_null(const struct stat *st);

#endif
