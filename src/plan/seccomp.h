/* linux.seccomp -> BPF, by libseccomp. The only file that names seccomp.h. */
#ifndef HK_PLAN_SECCOMP_H
#define HK_PLAN_SECCOMP_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hk_err;
struct hk_seccomp;

struct hk_seccomp_filter {
	const void *instructions; /* struct sock_filter[]; in the arena */
	size_t size;              /* bytes */
	uint32_t flags;           /* SECCOMP_FILTER_FLAG_* */
	bool notify;              /* a rule or the default is SCMP_ACT_NOTIFY */
};

/* Errors name the property below /linux/seccomp. System calls that this libseccomp does not know
 * are skipped. System calls newer than every one that the profile names get ENOSYS, not the default
 * action, unless that permits (features.md 2.5). */
int hk_seccomp_compile(const struct hk_seccomp *profile, struct hk_arena *arena,
	struct hk_seccomp_filter *ret, struct hk_err *err);

/* For `features`: everything this libseccomp and kernel know; NULL-terminated static arrays. */
const char *const *hk_seccomp_actions(void);
const char *const *hk_seccomp_operators(void);
const char *const *hk_seccomp_architectures(void);
const char *const *hk_seccomp_known_flags(void);
/* The version "2.5.4" into ret. Returns ret. */
const char *hk_seccomp_version(char *ret, size_t cap);
bool hk_seccomp_flag_supported(const char *flag);

#endif
