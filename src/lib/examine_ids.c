/* The id maps of a new user namespace: whose ids they are, and so who may map them. */
#include "lib/examine.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "lib/container.h"
#include "spec/validate.h"
#include "stage/stage.h"
#include "stage/subordinate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of two: user ids and group ids. */
struct kind {
	const char *ids;
	const char *property;
	const char *map;	 /* of the user namespace that we are in */
	const char *subordinate; /* subuid(5) */
	const char *flag;
};

static const struct kind kinds[] = {
	{"uids", "/linux/uidMappings", "/proc/self/uid_map", "/etc/subuid", "--add-subuids"},
	{"gids", "/linux/gidMappings", "/proc/self/gid_map", "/etc/subgid", "--add-subgids"},
};

/* As the kernel looks: within one line, "INSIDE OUTSIDE COUNT". */
static bool is_mapped(const struct kind *kind, const struct hk_id_map *map)
{
	HK_FREE char *text = NULL;
	char *rest = hk_read_file(kind->map, &text) < 0 ? NULL : text, *line;
	uint64_t first, count;

	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "%" SCNu64 " %*u %" SCNu64, &first, &count) == 2 &&
			map->host_id >= first &&
			(uint64_t)map->host_id + map->size <= first + count)
			return true;
	return !text; /* without /proc nobody knows */
}

/* Not every system keeps them in files: nsswitch.conf(5) says so. */
static bool are_in_files(void)
{
	HK_FREE char *text = NULL;

	return hk_read_file("/etc/nsswitch.conf", &text) < 0 || !strstr(text, "\nsubid:");
}

static int examine_outside(
	const struct kind *kind, const struct hk_id_maps *maps, struct hk_findings *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < maps->count; i++) {
		const struct hk_id_map *map = &maps->items[i];

		if (!is_mapped(kind, map))
			r = hk_finding(f, EPERM, hk_at("%s/%zu", kind->property, i),
				"hostID counts in that namespace, not on the host",
				"the user namespace that hako is in does not have the %s %" PRIu32
				" to %" PRIu64,
				kind->ids, map->host_id, (uint64_t)map->host_id + map->size - 1);
	}
	return r;
}

/* Each map alone, as newuidmap looks at them. */
static int compare(const struct kind *kind, const struct hk_id_maps *maps,
	const struct hk_id_ranges *given, uint32_t own, const char *user, struct hk_findings *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < maps->count; i++) {
		const struct hk_id_map *map = &maps->items[i];
		uint64_t last = (uint64_t)map->host_id + map->size - 1;
		char hint[160];

		if ((map->size == 1 && map->host_id == own) ||
			hk_subordinate_cover(given, map->host_id, map->size))
			continue;
		(void)snprintf(hint, sizeof(hint), "`usermod %s %" PRIu32 "-%" PRIu64 " %s`",
			kind->flag, map->host_id, last, user);
		r = hk_finding(f, EPERM, hk_at("%s/%zu", kind->property, i), hint,
			"%s does not give the %s %" PRIu32 " to %" PRIu64 " to the user %s",
			kind->subordinate, kind->ids, map->host_id, last, user);
	}
	return r;
}

static int examine_given(const struct hk_prepared *p, const struct kind *kind,
	const struct hk_id_maps *maps, uint32_t own, struct hk_findings *f)
{
	HK_FREE char *text = NULL;
	struct hk_arena arena = {0};
	const char *user = hk_owner_name(p->facts.euid, &arena);
	struct hk_id_ranges given;
	int r = user ? 0 : -ENOMEM;

	(void)hk_read_file(kind->subordinate, &text); /* without it nobody has any */
	if (r == 0)
		r = hk_subordinate_parse(text, user, p->facts.euid, &arena, &given);
	if (r == 0)
		r = compare(kind, maps, &given, own, user, f);
	hk_arena_done(&arena);
	return r;
}

/* An ordinary user maps its own id by itself, others with the help of a program. */
static int examine_kind(const struct hk_prepared *p, const struct kind *kind,
	const struct hk_id_maps *maps, uint32_t own, struct hk_findings *f)
{
	const char *helper;
	int r = p->facts.in_user_namespace ? examine_outside(kind, maps, f) : 0;

	if (r < 0 || p->facts.euid == 0 ||
		(maps->count == 1 && maps->items[0].size == 1 && maps->items[0].host_id == own))
		return r;
	helper = hk_idmap_missing_helper();
	if (helper)
		return hk_finding(f, EPERM, hk_at("%s", kind->property),
			"install it (package uidmap or shadow), or map your own id alone",
			"without privileges more than one's own id is mapped by %s, which is not "
			"installed",
			helper);
	return are_in_files() ? examine_given(p, kind, maps, own, f) : 0;
}

int hk_examine_id_maps(const struct hk_prepared *p, struct hk_findings *f)
{
	const struct hk_linux *linux = &p->spec->linux;
	int r;

	if (!hk_spec_new_namespace(p->spec, HK_NS_USER))
		return 0;
	r = examine_kind(p, &kinds[0], &linux->uid_mappings, p->facts.euid, f);
	return r < 0 ? r : examine_kind(p, &kinds[1], &linux->gid_mappings, p->facts.egid, f);
}

void hk_explain_id_maps(const struct hk_prepared *p, struct hk_err *err)
{
	struct hk_err why = {0};
	struct hk_findings first = HK_FIRST_FINDING(&why);

	if (err->code != EPERM || (!hk_starts_with(err->property, kinds[0].property) &&
					  !hk_starts_with(err->property, kinds[1].property)))
		return;
	if (hk_examine_id_maps(p, &first) < 0 && why.hint[0])
		hk_err_hint(err, "%s: %s", why.message, why.hint);
}
