/* Who we are, and what we lack for what. */
#include "doctor/doctor.h"

#include <linux/capability.h>

static const struct capability {
	int number;
	struct hk_need need;
	const char *advice; /* NULL: the usual one */
} capabilities[] = {
	{CAP_SYS_ADMIN, {"CAP_SYS_ADMIN", true, "namespaces, mounts"}, NULL},
	{CAP_SETUID, {"CAP_SETUID", true, "process.user"}, NULL},
	{CAP_SETGID, {"CAP_SETGID", true, "process.user"}, NULL},
	{CAP_SETPCAP, {"CAP_SETPCAP", true, "process.capabilities: a smaller bounding set"}, NULL},
	{CAP_SYS_CHROOT, {"CAP_SYS_CHROOT", false, "joining mount namespaces, --no-pivot"}, NULL},
	{CAP_MKNOD, {"CAP_MKNOD", false, "device nodes; without it the host's are bound"}, NULL},
	{CAP_CHOWN, {"CAP_CHOWN", false, "owners of device nodes, terminals and cgroups"}, NULL},
	{CAP_DAC_OVERRIDE, {"CAP_DAC_OVERRIDE", false, "files of other users"}, NULL},
	{CAP_FOWNER, {"CAP_FOWNER", false, "modes of other users' files"}, NULL},
	{CAP_KILL, {"CAP_KILL", false, "signals to other users' processes"}, NULL},
	{CAP_NET_ADMIN, {"CAP_NET_ADMIN", false, "loopback, linux.netDevices"}, NULL},
	{CAP_SYS_PTRACE, {"CAP_SYS_PTRACE", false, "seccomp listeners, joining namespaces"}, NULL},
	{CAP_SYS_RESOURCE,
		{"CAP_SYS_RESOURCE", false,
			"rlimits above our own hard limits, an oomScoreAdj below our own"},
		"ask for no more than our own limits in process.rlimits, or give it to hako"},
	{CAP_SYS_NICE,
		{"CAP_SYS_NICE", false, "realtime schedulers, nice values below 0, ioPriority RT"},
		NULL},
	{CAP_CHECKPOINT_RESTORE, {"CAP_CHECKPOINT_RESTORE", false, "checkpoint, restore"}, NULL},
};

static void look_at_user(struct hk_doctor *d)
{
	static const struct hk_need need = {"user", false, "containers without a user namespace"};
	const char *where = d->facts.in_user_namespace ? ", in a user namespace" : "";

	if (d->facts.euid == 0)
		hk_doctor_add(d, &need,
			d->facts.in_user_namespace ? HK_VERDICT_LIMITED : HK_VERDICT_OK,
			"run hako outside of it, where the host's devices, cgroups and file "
			"systems are to be used",
			"root%s", where);
	else
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"run hako as root, or use a user namespace: hako spec --rootless",
			"uid %u (%s)%s", d->facts.euid, d->user, where);
}

/* Whom a user namespace gives them all inside, lacks nothing. */
static void look_at_ordinary_user(struct hk_doctor *d)
{
	static const struct hk_need need = {"capabilities", false,
		"what root alone does: device rules, netDevices, higher limits"};

	hk_doctor_add(d, &need, HK_VERDICT_LIMITED, "run hako as root where that is needed",
		"none on the host; a container's user namespace has its own");
}

void hk_doctor_privileges(struct hk_doctor *d)
{
	look_at_user(d);
	if (d->facts.euid != 0 && !hk_doctor_can(d, CAP_SYS_ADMIN)) {
		look_at_ordinary_user(d);
		return;
	}
	for (size_t i = 0; i < HK_COUNT(capabilities); i++) {
		const struct capability *cap = &capabilities[i];
		bool can = hk_doctor_can(d, cap->number);

		hk_doctor_add(d, &cap->need, can ? HK_VERDICT_OK : HK_VERDICT_MISSING,
			cap->advice ? cap->advice
				    : "give it to hako, or start hako from where it is",
			"%s", can ? "ours" : "not ours");
	}
}
