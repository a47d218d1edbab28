/* Finding a program of the host's. */
#ifndef HK_BASE_PROGRAM_H
#define HK_BASE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

/* The first executable of that name in the absolute directories of PATH, then in those of usual: users'
 * PATHs often lack /usr/sbin, and clients may call us without any. */
bool hk_find_program(const char *name, const char *usual, char ret[static PATH_MAX]);

#endif
