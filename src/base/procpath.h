/* What may be mounted inside the container's /proc. Part of the init image. */
#ifndef HK_BASE_PROCPATH_H
#define HK_BASE_PROCPATH_H

#include <stdbool.h>

/* May a file system be mounted on that path, clean and inside the container, beneath /proc? True for
 * the files that lxcfs and its like put their own in the place of. */
bool hk_proc_may_be_covered(const char *path);

#endif
