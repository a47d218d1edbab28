/* What keeps ordinary users from making user namespaces. */
#ifndef HK_STAGE_USERNS_H
#define HK_STAGE_USERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sysctl that does so with one of its values; a kernel without it has no such file. */
struct hk_userns_switch {
	const char *sysctl;
	const char *file;
	int64_t bad;
	int code; /* what comes of it: a positive errno */
	const char *effect;
	const char *advice;
};

/* All that are known: an array that ends with a NULL sysctl. */
extern const struct hk_userns_switch hk_userns_switches[];

/* Has it the bad value here? */
bool hk_userns_switch_is_bad(const struct hk_userns_switch *which);

/* The one that explains the errno of a refused namespace, in words, in buf; NULL: none does. */
const char *hk_userns_explain(int code, char *buf, size_t cap);

#endif
