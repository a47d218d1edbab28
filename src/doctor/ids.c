/* Id maps of ordinary users: the helper programs, and the ids that are theirs to map. */
#include "doctor/doctor.h"

#include "base/file.h"
#include "stage/stage.h"
#include "stage/subordinate.h"

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

/* How many ids the file gives to us. */
static uint64_t count_ids(struct hk_doctor *d, const char *file)
{
	HK_FREE char *text = NULL;
	struct hk_arena arena = {0};
	struct hk_id_ranges ranges = {0};
	uint64_t ids = 0;

	(void)hk_read_file(file, &text); /* without it nobody has any */
	(void)hk_subordinate_parse(text, d->user, d->facts.euid, &arena, &ranges);
	for (size_t i = 0; i < ranges.count; i++)
		ids += ranges.items[i].count;
	hk_arena_done(&arena);
	return ids;
}

static void look_at_ranges(struct hk_doctor *d, const char *name, const char *flag)
{
	const char *file = hk_doctor_text(d, "/etc/%s", name);
	const struct hk_need need = {file, false, "rootless containers with more than one id"};
	uint64_t ids = count_ids(d, file);

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
