/* Events as JSON: private to the library. */
#ifndef HK_LIB_STATS_H
#define HK_LIB_STATS_H

#include "cgroup/stats.h"
#include "lib/container.h"
#include "rdt/stats.h"

/* {"type":"stats",...} with a sample taken now. -ESRCH where the container does not run any more.
 */
int hk_stats_event(struct hk_loaded *loaded, char **ret, struct hk_err *err);
/* {"type":"oom",...} */
int hk_oom_event(const char *id, char **ret, struct hk_err *err);
/* "container with id ... is not running" */
int hk_not_running(const char *id, struct hk_err *err);

/* The line for a sample; NULL when memory is out. Pure. */
char *hk_stats_text(const char *id, const struct hk_stats *stats, const struct hk_rdt_stats *rdt);

#endif
