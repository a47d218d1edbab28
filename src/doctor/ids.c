/* Id maps of ordinary users: the helper programs, and the ids that are theirs to map. */
#include "doctor/doctor.h"

#include "base/file.h"
#include "base/str.h"
#include "stage/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static void look_at_helper(struct hk_doctor *d, const char *name)
{
	const struct hk_need need = {name, false, "rootless containers with more than one id"};
	char path[64];
	struct stat st;

	if (!hk_idmap_find_helper(name, path, sizeof(path)))
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"install the package uidmap (Debian) or shadow", "not installed");
	else if (stat(path, &st) == 0 && !(st.st_mode & S_ISUID) &&
		 getxattr(path, "security.capability", NULL, 0) < 0)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			hk_doctor_text(
				d, "chmod u+s %s, or setcap cap_setuid+ep (cap_setgid+ep)", path),
			"%s, but neither setuid nor with file capabilities", path);
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s", path);
}

/* "name:first:count": how many, of a line about that user. */
static uint64_t count_of(char *line, const char *user, const char *uid)
{
	char *rest = line;
	const char *name = strsep(&rest, ":"), *first = strsep(&rest, ":");
	uint64_t count = 0;

	if (!first || !rest || (strcmp(name, user) != 0 && strcmp(name, uid) != 0))
		return 0;
	return hk_parse_u64(rest, &count) == 0 ? count : 0;
}

static void look_at_ranges(struct hk_doctor *d, const char *name, const char *flag)
{
	const char *file = hk_doctor_text(d, "/etc/%s", name);
	const struct hk_need need = {file, false, "rootless containers with more than one id"};
	HK_FREE char *text = NULL;
	uint64_t ids = 0;
	char uid[16];
	char *rest, *line;

	(void)snprintf(uid, sizeof(uid), "%u", d->facts.euid);
	rest = hk_read_file(file, &text) < 0 ? NULL : text; /* nobody has any */
	while ((line = strsep(&rest, "\n")))
		ids += count_of(line, d->user, uid);
	if (ids >= 65536 || d->facts.euid == 0)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%" PRIu64 " ids for %s%s", ids,
			d->user, ids ? "" : ", who needs none");
	else
		hk_doctor_add(d, &need, ids ? HK_VERDICT_LIMITED : HK_VERDICT_MISSING,
			hk_doctor_text(d,
				"usermod --add-sub%s 100000-165535 %s, with a range that "
				"nobody else has",
				flag, d->user),
			"%" PRIu64 " ids for %s", ids, d->user);
}

void hk_doctor_ids(struct hk_doctor *d)
{
	look_at_helper(d, "newuidmap");
	look_at_helper(d, "newgidmap");
	look_at_ranges(d, "subuid", "uids");
	look_at_ranges(d, "subgid", "gids");
}
