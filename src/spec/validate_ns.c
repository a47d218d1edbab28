/* Whether the namespaces, the id mappings and the ids that need them fit together. */
#include "spec/validate.h"

#include <inttypes.h>
#include <string.h>

#define MAX_MAPS 340 /* lines that the kernel takes: UID_GID_MAP_MAX_EXTENTS */

static int validate_list(const struct hk_linux *lx, struct hk_findings *f)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < lx->namespace_count; i++) {
		const struct hk_namespace *ns = &lx->namespaces[i];

		if (seen & (1u << ns->type))
			return hk_invalid(f, hk_at("/linux/namespaces/%zu", i),
				"the %s namespace is there twice", hk_ns_infos[ns->type].name);
		seen |= 1u << ns->type;
		if (ns->path && ns->path[0] != '/')
			return hk_invalid(f, hk_at("/linux/namespaces/%zu/path", i),
				"'%.200s' is not an absolute path", ns->path);
	}
	return 0;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int validate_map(
	const struct hk_id_maps *maps, size_t i, const char *at, struct hk_findings *f)
{
	const struct hk_id_map *map = &maps->items[i];

	if (!map->size)
		return hk_invalid(f, hk_at("%s/%zu/size", at, i), "must not be 0");
	/* The last id of all, (uid_t)-1, is none. */
	if ((uint64_t)map->container_id + map->size > UINT32_MAX)
		return hk_invalid(f, hk_at("%s/%zu/containerID", at, i),
			"%" PRIu32 " and %" PRIu32 " more go beyond the last id", map->container_id,
			map->size);
	if ((uint64_t)map->host_id + map->size > UINT32_MAX)
		return hk_invalid(f, hk_at("%s/%zu/hostID", at, i),
			"%" PRIu32 " and %" PRIu32 " more go beyond the last id", map->host_id,
			map->size);
	for (size_t j = 0; j < i; j++) {
		const struct hk_id_map *other = &maps->items[j];

		if (overlap(map->container_id, map->size, other->container_id, other->size) ||
			overlap(map->host_id, map->size, other->host_id, other->size))
			return hk_invalid(
				f, hk_at("%s/%zu", at, i), "overlaps with mapping %zu", j);
	}
	return 0;
}

int hk_validate_id_maps(const struct hk_id_maps *maps, const char *at, struct hk_findings *f)
{
	if (maps->count > MAX_MAPS)
		return hk_invalid(f, hk_at("%s", at), "more than %d mappings", MAX_MAPS);
	for (size_t i = 0; i < maps->count; i++) {
		int r = validate_map(maps, i, at, f);

		if (r < 0)
			return r;
	}
	return 0;
}

static int no_user_namespace(const char *at, struct hk_findings *f)
{
	return hk_needs_namespace(
		f, hk_at("%s", at), HK_NS_USER, "id mappings need a user namespace");
}

/* A joined user namespace may come with mappings, which must then be the ones it has: that is
 * compared when it is open. */
static int validate_mappings(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_linux *lx = &spec->linux;
	const struct hk_namespace *user = hk_spec_namespace(spec, HK_NS_USER);
	int r;

	if (!user && lx->uid_mappings.count)
		return no_user_namespace("/linux/uidMappings", f);
	if (!user && lx->gid_mappings.count)
		return no_user_namespace("/linux/gidMappings", f);
	if (user && !user->path && !lx->uid_mappings.count)
		return hk_invalid(f, hk_at("/linux/uidMappings"),
			"a new user namespace needs one mapping or more");
	if (user && !user->path && !lx->gid_mappings.count)
		return hk_invalid(f, hk_at("/linux/gidMappings"),
			"a new user namespace needs one mapping or more");
	r = hk_validate_id_maps(&lx->uid_mappings, "/linux/uidMappings", f);
	if (r == 0)
		r = hk_validate_id_maps(&lx->gid_mappings, "/linux/gidMappings", f);
	return r;
}

bool hk_id_is_mapped(const struct hk_id_maps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->count; i++)
		if (id - maps->items[i].container_id < maps->items[i].size &&
			id >= maps->items[i].container_id)
			return true;
	return false;
}

static int unmapped(const char *what, uint32_t id, struct hk_pointer at, struct hk_findings *f)
{
	return hk_invalid(f, at, "%s %" PRIu32 " is not mapped into the user namespace", what, id);
}

static int validate_ids(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_linux *lx = &spec->linux;
	const struct hk_user *user;

	if (!spec->process)
		return 0; /* said already */
	user = &spec->process->user;
	if (lx->uid_mappings.count && !hk_id_is_mapped(&lx->uid_mappings, user->uid))
		return unmapped("user id", user->uid, hk_at("/process/user/uid"), f);
	if (!lx->gid_mappings.count)
		return 0;
	if (!hk_id_is_mapped(&lx->gid_mappings, user->gid))
		return unmapped("group id", user->gid, hk_at("/process/user/gid"), f);
	for (size_t i = 0; i < user->additional_gid_count; i++)
		if (!hk_id_is_mapped(&lx->gid_mappings, user->additional_gids[i]))
			return unmapped("group id", user->additional_gids[i],
				hk_at("/process/user/additionalGids/%zu", i), f);
	return 0;
}

static int validate_time_offsets(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_linux *lx = &spec->linux;
	const struct hk_namespace *time = hk_spec_namespace(spec, HK_NS_TIME);

	if (!lx->monotonic.set && !lx->boottime.set)
		return 0;
	if (!time)
		return hk_needs_namespace(f, hk_at("/linux/timeOffsets"), HK_NS_TIME,
			"time offsets need a time namespace");
	if (time->path)
		return hk_invalid(f, hk_at("/linux/timeOffsets"),
			"a joined time namespace keeps its offsets");
	if (lx->monotonic.nanoseconds > 999999999)
		return hk_invalid(f, hk_at("/linux/timeOffsets/monotonic/nanosecs"),
			"%" PRIu32 " is a second or more", lx->monotonic.nanoseconds);
	if (lx->boottime.nanoseconds > 999999999)
		return hk_invalid(f, hk_at("/linux/timeOffsets/boottime/nanosecs"),
			"%" PRIu32 " is a second or more", lx->boottime.nanoseconds);
	return 0;
}

int hk_validate_namespaces(const struct hk_spec *spec, struct hk_findings *f)
{
	int r;

	r = validate_list(&spec->linux, f);
	if (r == 0)
		r = validate_mappings(spec, f);
	if (r == 0)
		r = validate_ids(spec, f);
	if (r == 0)
		r = validate_time_offsets(spec, f);
	return r;
}
