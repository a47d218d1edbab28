/* One seccomp filter of several: libseccomp makes one for each architecture, since the time it
 * takes grows with the square of what is in a filter; here they are put behind a common beginning.
 *
 * The beginning also answers calls that are newer than the profile with ENOSYS, so that a C library
 * falls back to the older call, where the default action would make it give up. */
#ifndef HK_PLAN_SECCOMP_JOIN_H
#define HK_PLAN_SECCOMP_JOIN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* x32 calls come with x86-64's architecture, and this bit in their number. */
#define HK_X32_BIT 0x40000000u

struct hk_seccomp_program {
	uint32_t audit_arch; /* AUDIT_ARCH_*, x86-64's for x32 */
	bool x32;
	bool has_newest;
	uint32_t newest; /* calls above this number get ENOSYS; with HK_X32_BIT for x32 */
	const struct sock_filter *code;
	size_t count;
};

#define HK_SECCOMP_HEAD(programs) (9 * (programs) + 2) /* instructions at most */

/* Writes at most HK_SECCOMP_HEAD(count) instructions and all the code. Returns how many. */
size_t hk_seccomp_join(
	const struct hk_seccomp_program *programs, size_t count, struct sock_filter *out);

#endif
