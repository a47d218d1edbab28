/* clone3(2) that runs a function in the child, which shares our memory until it execs. */
#ifndef HK_STAGE_CLONE_H
#define HK_STAGE_CLONE_H

#include "base/sys.h"

#include <sys/types.h>

/* Run entry(arg), which never returns, in a child made with args->flags. Where the architecture and
 * the build allow it the child is vfork's: our page tables are not copied, and we are suspended
 * until it has executed or ended. So entry may make async-signal-safe calls only and must not write
 * to what arg points to. The child's pid, or a negative errno. */
pid_t hk_clone_run(struct hk_clone_args *args, void (*entry)(void *arg), void *arg);

#endif
