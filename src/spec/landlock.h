/* The value of the annotation dev.hako.landlock: rules for Landlock (docs/annotations.md has the
 * grammar). What is handled is denied unless a rule allows it. */
#ifndef HK_SPEC_LANDLOCK_H
#define HK_SPEC_LANDLOCK_H

#include "base/enumtab.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

struct hk_err;

/* Arrays of the same count belong together. Rights are the kernel's bits (base/sys.h). */
struct hk_landlock {
	uint32_t abi;   /* the least that the kernel must have */
	uint64_t fs;    /* handled */
	uint64_t net;
	uint64_t scope;
	const char **paths; /* clean, absolute, in the container */
	uint32_t *path_rights;
	size_t path_count;
	uint32_t *ports;
	uint32_t *port_rights;
	size_t port_count;
};

/* Kernel names in lower case without "LANDLOCK_ACCESS_FS_" and the like; each ends with NULL. */
extern const struct hk_enum hk_landlock_fs_rights[];
extern const struct hk_enum hk_landlock_net_rights[];
extern const struct hk_enum hk_landlock_scopes[];

#define HK_LANDLOCK_NEWEST_ABI 6 /* that this version of hako knows */

/* The first Linux with that ABI: "6.10". */
const char *hk_landlock_first_kernel(uint32_t abi);

/* 0, -EINVAL with what is wrong, or -ENOMEM. */
int hk_landlock_parse(
	const char *text, struct hk_arena *arena, struct hk_landlock *ret, struct hk_err *err);

#endif
