/* Linux security modules: which are on, and in what mode. */
#include "doctor/doctor.h"

#include "base/file.h"
#include "base/str.h"

#include <string.h>

/* The file's text without its last newline; NULL where it cannot be read. */
static char *read_line(const char *path)
{
	char *text = NULL;

	if (hk_read_file(path, &text) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void look_at_list(struct hk_doctor *d)
{
	static const struct hk_need need = {"list", false, "to know which there are"};
	HK_FREE char *list = read_line("/sys/kernel/security/lsm");

	if (list)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s", list);
	else
		hk_doctor_add(d, &need, HK_VERDICT_UNKNOWN,
			"mount -t securityfs securityfs /sys/kernel/security",
			"securityfs is not mounted, or there are none");
}

static void look_at_apparmor(struct hk_doctor *d)
{
	static const struct hk_need need = {"AppArmor", false, "process.apparmorProfile"};
	HK_FREE char *mode = read_line("/sys/module/apparmor/parameters/mode");

	if (!d->facts.apparmor)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"a kernel with it, and apparmor in its lsm= list; a config.json that has a "
			"profile is refused meanwhile",
			"not on");
	else if (!d->facts.apparmor_attr_dir)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED, "Linux 5.8 or later",
			"on, without a directory of its own in /proc/self/attr");
	else
		hk_doctor_add(
			d, &need, HK_VERDICT_OK, NULL, "on, mode %s", mode ? mode : "unknown");
}

static void look_at_selinux(struct hk_doctor *d)
{
	static const struct hk_need need = {
		"SELinux", false, "process.selinuxLabel, linux.mountLabel"};

	if (!d->facts.selinux)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"a kernel with it and a policy; a config.json that has a label is refused "
			"meanwhile",
			"not on");
	else if (hk_read_number("/sys/fs/selinux/enforce", 1))
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "on, enforcing");
	else
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED, "setenforce 1",
			"on, permissive: what it forbids is only logged");
}

void hk_doctor_lsm(struct hk_doctor *d)
{
	look_at_list(d);
	look_at_apparmor(d);
	look_at_selinux(d);
}
