/* Lists of CPUs and memory nodes, as the kernel and runtime-spec write them: "0-3,7". */
#ifndef HK_BASE_IDLIST_H
#define HK_BASE_IDLIST_H

#include <stdint.h>

#define HK_CPU_LIMIT  8192u /* no kernel can be configured for more (NR_CPUS) */
#define HK_NODE_LIMIT 1024u /* the same for memory nodes (MAX_NUMNODES) */

/* The range that *list begins with, blanks around it passed over. *list is moved to the next one,
 * and is NULL behind the last. 0, -EINVAL where that is no range or it descends, -ERANGE where it
 * has a number that is not below limit. */
int hk_id_list_next(const char **list, uint32_t limit, uint32_t *ret_first, uint32_t *ret_last);

/* Is it a list of one range or more? 0, or as hk_id_list_next. */
int hk_id_list_check(const char *list, uint32_t limit);

#endif
