/* The sections, in the order in which they are shown. */
#include "doctor/doctor.h"

#include "base/err.h"

#include <errno.h>

/* What everything else needs. Without /proc nobody knows what we are, and all that could be said of
 * the rest only followed from that. */
static bool look_at_ourselves(struct hk_doctor *d)
{
	static const struct hk_need need = {"/proc", true, "everything"};
	struct hk_err err = {0};

	bool there = hk_facts_probe(NULL, &d->facts, &err) == 0;

	if (there)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "mounted");
	else
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"mount -t proc proc /proc; then look again", "cannot %s: %s", err.message,
			hk_doctor_errno(d, err.code));
	return there;
}

int hk_doctor_look(struct hk_doctor *d)
{
	static const struct {
		const char *name;
		void (*look)(struct hk_doctor *d);
	} sections[] = {
		{"kernel", hk_doctor_kernel},
		{"restrictions", hk_doctor_restrictions},
		{"cgroups", hk_doctor_cgroups},
		{"namespaces", hk_doctor_namespaces},
		{"id maps", hk_doctor_ids},
		{"security modules", hk_doctor_lsm},
		{"privileges", hk_doctor_privileges},
		{"limits", hk_doctor_limits},
		{"storage", hk_doctor_storage},
		{"programs", hk_doctor_programs},
		{"systemd", hk_doctor_systemd},
	};

	d->section = sections[0].name;
	if (!look_at_ourselves(d))
		return d->failed ? -ENOMEM : 0;
	for (size_t i = 0; i < HK_COUNT(sections); i++) {
		d->section = sections[i].name;
		sections[i].look(d);
	}
	return d->failed ? -ENOMEM : 0;
}
