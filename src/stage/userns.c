/* The switches of the kernel and of distributions that keep ordinary users from user namespaces. */
#include "stage/userns.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

const struct hk_userns_switch hk_userns_switches[] = {
	{"kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone", 0, EPERM,
		"ordinary users may not make user namespaces",
		"sysctl kernel.unprivileged_userns_clone=1"},
	{"kernel.apparmor_restrict_unprivileged_userns",
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1, EPERM,
		"programs without a profile get no capabilities in their user namespaces",
		"an AppArmor profile with `userns,` for hako, or sysctl "
		"kernel.apparmor_restrict_unprivileged_userns=0"},
	{"user.max_user_namespaces", "/proc/sys/user/max_user_namespaces", 0, ENOSPC,
		"nobody may make user namespaces", "sysctl user.max_user_namespaces=10000"},
	{NULL, NULL, 0, 0, NULL, NULL},
};

bool hk_userns_switch_is_bad(const struct hk_userns_switch *which)
{
	return hk_read_number(which->file, !which->bad) == which->bad;
}

const char *hk_userns_explain(int code, char *buf, size_t cap)
{
	for (const struct hk_userns_switch *s = hk_userns_switches; s->sysctl; s++) {
		if (s->code != code || !hk_userns_switch_is_bad(s))
			continue;
		(void)snprintf(buf, cap, "%s=%" PRId64 ": %s; %s", s->sysctl, s->bad, s->effect,
			s->advice);
		return buf;
	}
	return NULL;
}
