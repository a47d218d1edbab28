/* What a seccomp filter says to system calls that are newer than its profile: ENOSYS, so that a C
 * library falls back to the older call, where the default action would make it give up. */
#ifndef HK_PLAN_SECCOMP_ENOSYS_H
#define HK_PLAN_SECCOMP_ENOSYS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* x32 calls come with x86-64's architecture, and this bit in their number. */
#define HK_X32_BIT 0x40000000u

/* An architecture of the filter, and the highest number that the profile names on it. */
struct hk_seccomp_abi {
	uint32_t audit_arch; /* AUDIT_ARCH_* */
	uint32_t newest;
	bool splits_x32;     /* x86-64 */
	bool has_x32;	     /* the profile has x32 too */
	uint32_t newest_x32; /* with HK_X32_BIT */
};

#define HK_ENOSYS_PER_ABI 7 /* instructions at most */

/* Write the instructions that go before the filter: they return ENOSYS or fall through. Returns how
 * many; out has room for HK_ENOSYS_PER_ABI * count + 1. */
size_t hk_seccomp_enosys(const struct hk_seccomp_abi *abis, size_t count, struct sock_filter *out);

#endif
