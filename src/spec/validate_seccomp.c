/* Whether linux.seccomp makes sense, whatever libseccomp and kernel know. */
#include "spec/validate.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ERRNO     4095 /* what a system call can return, include/linux/err.h */
#define MAX_ARG_INDEX 5	   /* a system call has six arguments */

static bool is_action(const char *action, const char *name)
{
	return action && !strcmp(action, name);
}

static int validate_errno(const char *action, bool has_errno, uint32_t number, struct hk_pointer at,
	struct hk_findings *f)
{
	if (!has_errno)
		return 0;
	if (!is_action(action, "SCMP_ACT_ERRNO") && !is_action(action, "SCMP_ACT_TRACE"))
		return hk_invalid(f, at, "only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not for %s",
			action ? action : "no action");
	if (is_action(action, "SCMP_ACT_ERRNO") && number > MAX_ERRNO)
		return hk_invalid(
			f, at, "expected a number from 0 to %d, found %" PRIu32, MAX_ERRNO, number);
	if (number > UINT16_MAX)
		return hk_invalid(f, at, "expected a number from 0 to %d, found %" PRIu32,
			UINT16_MAX, number);
	return 0;
}

static int validate_args(const struct hk_seccomp_rule *rule, size_t i, struct hk_findings *f)
{
	for (size_t j = 0; j < rule->arg_count; j++)
		if (rule->args[j].index > MAX_ARG_INDEX)
			return hk_invalid(f,
				hk_at("/linux/seccomp/syscalls/%zu/args/%zu/index", i, j),
				"expected a number from 0 to %d, found %" PRIu32, MAX_ARG_INDEX,
				rule->args[j].index);
	return 0;
}

/* The init stage hands the listener's descriptor over with write(2): were that to wait for an
 * answer, nobody could give it. */
static int validate_notify(const struct hk_seccomp *seccomp, size_t i, struct hk_findings *f)
{
	const struct hk_seccomp_rule *rule = &seccomp->syscalls[i];

	if (!is_action(rule->action, "SCMP_ACT_NOTIFY"))
		return 0;
	for (size_t j = 0; j < rule->names.count; j++)
		if (!strcmp(rule->names.items[j], "write"))
			return hk_invalid(f, hk_at("/linux/seccomp/syscalls/%zu/names/%zu", i, j),
				"SCMP_ACT_NOTIFY cannot be used for the write system call");
	return 0;
}

static int validate_rule(const struct hk_seccomp *seccomp, size_t i, struct hk_findings *f)
{
	const struct hk_seccomp_rule *rule = &seccomp->syscalls[i];
	int r;

	if (!rule->names.count)
		return hk_invalid(f, hk_at("/linux/seccomp/syscalls/%zu/names", i),
			"must have one element or more");
	r = validate_errno(rule->action, rule->has_errno, rule->errno_ret,
		hk_at("/linux/seccomp/syscalls/%zu/errnoRet", i), f);
	if (r == 0)
		r = validate_args(rule, i, f);
	if (r == 0)
		r = validate_notify(seccomp, i, f);
	return r;
}

static int validate_listener(const struct hk_seccomp *seccomp, struct hk_findings *f)
{
	if (is_action(seccomp->default_action, "SCMP_ACT_NOTIFY"))
		return hk_invalid(f, hk_at("/linux/seccomp/defaultAction"),
			"SCMP_ACT_NOTIFY cannot be the default action");
	if (seccomp->listener_path && seccomp->listener_path[0] != '/')
		return hk_invalid(f, hk_at("/linux/seccomp/listenerPath"),
			"'%.100s' is not an absolute path", seccomp->listener_path);
	return 0;
}

int hk_validate_seccomp(const struct hk_seccomp *seccomp, struct hk_findings *f)
{
	int r;

	r = validate_listener(seccomp, f);
	if (r == 0)
		r = validate_errno(seccomp->default_action, seccomp->has_default_errno,
			seccomp->default_errno, hk_at("/linux/seccomp/defaultErrnoRet"), f);
	for (size_t i = 0; r == 0 && i < seccomp->syscall_count; i++)
		r = validate_rule(seccomp, i, f);
	return r;
}
