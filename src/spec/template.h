/* The template of `spec` with the host's part of it as an argument, for tests. */
#ifndef HK_SPEC_TEMPLATE_H
#define HK_SPEC_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

/* cgroup2: the host has nothing but cgroup v2, where containers get a cgroup namespace. Caller
 * frees; NULL when memory is out. */
char *hk_spec_template_for(bool rootless, uint32_t uid, uint32_t gid, bool cgroup2);

#endif
