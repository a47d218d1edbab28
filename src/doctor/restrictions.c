/* What a program can be kept from by itself: seccomp and Landlock. */
#include "doctor/doctor.h"

#include "base/file.h"
#include "base/str.h"
#include "plan/seccomp.h"
#include "spec/landlock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static void append(char *list, size_t cap, const char *word)
{
	size_t len = strlen(list);

	(void)snprintf(list + len, cap - len, "%s%s", len ? ", " : "", word);
}

static void look_at_filters(struct hk_doctor *d)
{
	static const struct hk_need need = {"seccomp", false, "linux.seccomp"};
	char version[32];

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"a kernel with CONFIG_SECCOMP_FILTER: without it a config.json that has "
			"linux.seccomp is refused",
			"not in this kernel");
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "filters, by libseccomp %s",
			hk_seccomp_version(version, sizeof(version)));
}

static void look_at_actions(struct hk_doctor *d)
{
	static const struct hk_need actions = {"seccomp actions", false, "linux.seccomp actions"};
	static const struct hk_need notify = {
		"seccomp notify", false, "SCMP_ACT_NOTIFY and its listener"};
	static const char *const names[] = {"kill_process", "kill_thread", "trap", "errno",
		"user_notif", "trace", "log", "allow"};
	HK_FREE char *known = NULL;
	char lacking[128] = "";

	if (hk_read_file("/proc/sys/kernel/seccomp/actions_avail", &known) < 0) {
		hk_doctor_add(d, &actions, HK_VERDICT_UNKNOWN, NULL,
			"/proc/sys/kernel/seccomp/actions_avail cannot be read");
		return;
	}
	for (size_t i = 0; i < HK_COUNT(names); i++)
		if (!hk_doctor_has_word(known, names[i], " \n"))
			append(lacking, sizeof(lacking), names[i]);
	if (lacking[0])
		hk_doctor_add(
			d, &actions, HK_VERDICT_LIMITED, "a newer kernel", "all but %s", lacking);
	else
		hk_doctor_add(d, &actions, HK_VERDICT_OK, NULL, "every action");
	hk_doctor_add(d, &notify,
		hk_doctor_has_word(known, "user_notif", " \n") ? HK_VERDICT_OK : HK_VERDICT_MISSING,
		"Linux 5.0 and later have it", "%s",
		hk_doctor_has_word(known, "user_notif", " \n") ? "there" : "not in this kernel");
}

static void look_at_flags(struct hk_doctor *d)
{
	static const struct hk_need need = {"seccomp flags", false, "linux.seccomp.flags"};
	const char *const *flags = hk_seccomp_known_flags();
	char lacking[256] = "";

	for (size_t i = 0; flags[i]; i++)
		if (!hk_seccomp_flag_supported(flags[i]))
			append(lacking, sizeof(lacking), flags[i]);
	if (lacking[0])
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"a newer kernel: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is of Linux 5.19",
			"all but %s", lacking);
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "every flag");
}

static void look_at_landlock(struct hk_doctor *d)
{
	static const struct hk_need need = {"Landlock", false, "the annotation dev.hako.landlock"};
	uint32_t abi = d->facts.landlock_abi;

	if (abi == 0)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"a kernel with CONFIG_SECURITY_LANDLOCK, and landlock in its lsm= list",
			"not in this kernel, or not switched on");
	else if (abi < HK_LANDLOCK_NEWEST_ABI)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"network rules need ABI 4 (Linux 6.7), device ioctls 5 (6.10), scopes 6 "
			"(6.12)",
			"ABI %u", abi);
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "ABI %u", abi);
}

void hk_doctor_restrictions(struct hk_doctor *d)
{
	look_at_filters(d);
	look_at_actions(d);
	look_at_flags(d);
	look_at_landlock(d);
}
