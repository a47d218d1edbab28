/* Namespaces: which the kernel has, and who may make them. */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/file.h"
#include "spec/spec.h"
#include "stage/keeper.h"
#include "stage/userns.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What the container of `spec` has, and that of `spec --rootless`. */
static bool is_essential(const struct hk_doctor *d, enum hk_ns_type type)
{
	static const bool always[HK_NS_COUNT] = {
		[HK_NS_MOUNT] = true,
		[HK_NS_PID] = true,
		[HK_NS_IPC] = true,
		[HK_NS_UTS] = true,
		[HK_NS_NETWORK] = true,
	};

	return always[type] || (type == HK_NS_USER && d->facts.euid != 0);
}

static void look_at_type(struct hk_doctor *d, enum hk_ns_type type)
{
	const struct hk_ns_info *info = &hk_ns_infos[type];
	const struct hk_need need = {info->name, is_essential(d, type),
		hk_doctor_text(d, "linux.namespaces {\"type\": \"%s\"}", info->name)};
	char path[96];
	int64_t most;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", info->proc_name);
	if (access(path, F_OK) < 0) {
		hk_doctor_add(d, &need, HK_VERDICT_MISSING, "a kernel that is built with them",
			"not in this kernel");
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", info->proc_name);
	most = hk_read_number(path, -1);
	if (most < 0)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "there");
	else
		hk_doctor_add(d, &need, most ? HK_VERDICT_OK : HK_VERDICT_MISSING,
			hk_doctor_text(d, "sysctl user.max_%s_namespaces=10000", info->proc_name),
			"at most %" PRId64 " for each user", most);
}

/* By making one, with a child that does nothing. */
static void try_user_namespace(struct hk_doctor *d)
{
	const struct hk_need need = {"new user namespace", d->facts.euid != 0,
		"linux.namespaces \"user\", id-mapped mounts"};
	struct hk_keeper keeper;
	struct hk_err err = {0};

	if (hk_keeper_start(-1, &keeper, &err) < 0) {
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			err.hint[0] ? hk_doctor_text(d, "%s", err.hint)
				    : "see the sysctls below; a seccomp filter around hako may "
				      "forbid it too",
			"refused: %s", hk_doctor_errno(d, err.code));
		return;
	}
	hk_keeper_end(&keeper);
	hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "we may");
}

static void look_at_switches(struct hk_doctor *d)
{
	const struct hk_need need = {"ordinary users", d->facts.euid != 0, "rootless containers"};
	bool restricted = false;

	for (const struct hk_userns_switch *s = hk_userns_switches; s->sysctl; s++) {
		if (!hk_userns_switch_is_bad(s))
			continue;
		restricted = true;
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED, s->advice, "%s=%" PRId64 ": %s",
			s->sysctl, s->bad, s->effect);
	}
	if (!restricted)
		hk_doctor_add(
			d, &need, HK_VERDICT_OK, NULL, "no sysctl keeps them from user namespaces");
}

void hk_doctor_namespaces(struct hk_doctor *d)
{
	for (int i = 0; i < HK_NS_COUNT; i++)
		look_at_type(d, (enum hk_ns_type)i);
	try_user_namespace(d);
	look_at_switches(d);
}
