/* Whether mounts make sense: what they cover, whose ids they name, how they are id-mapped. */
#include "spec/validate.h"

#include "base/path.h"
#include "base/str.h"

#include <limits.h>
#include <string.h>

/* "uid=5" and the like name an id of the container's user namespace: where that has no such id,
 * the kernel says no more than EINVAL. */
static int validate_owner_option(
	const struct hk_spec *spec, size_t i, size_t j, struct hk_findings *f)
{
	const char *option = spec->mounts[i].options.items[j];
	const struct hk_id_maps *maps = NULL;
	uint32_t id;

	if (hk_starts_with(option, "uid="))
		maps = &spec->linux.uid_mappings;
	else if (hk_starts_with(option, "gid="))
		maps = &spec->linux.gid_mappings;
	if (!maps || !maps->count || hk_parse_u32(option + 4, &id) < 0)
		return 0;
	if (hk_id_is_mapped(maps, id))
		return 0;
	return hk_invalid_hint(f, hk_at("/mounts/%zu/options/%zu", i, j),
		"map the id, or leave the option out",
		"'%.100s': the id is not mapped into the user namespace", option);
}

/* ---- id mappings ---- */

/* Where the mount asks to be id-mapped, or nothing. */
static bool asks_for_mapping(const struct hk_mount *mount, size_t i, struct hk_pointer *ret_at)
{
	for (size_t j = 0; j < mount->options.count; j++) {
		const char *option = mount->options.items[j];

		if (strcmp(option, "idmap") != 0 && strcmp(option, "ridmap") != 0)
			continue;
		*ret_at = hk_at("/mounts/%zu/options/%zu", i, j);
		return true;
	}
	*ret_at = hk_at(
		"/mounts/%zu/%s", i, mount->uid_mappings.count ? "uidMappings" : "gidMappings");
	return mount->uid_mappings.count || mount->gid_mappings.count;
}

static int validate_both_maps(const struct hk_mount *mount, size_t i, struct hk_findings *f)
{
	struct hk_pointer uids = hk_at("/mounts/%zu/uidMappings", i);
	struct hk_pointer gids = hk_at("/mounts/%zu/gidMappings", i);
	int r;

	if (!mount->uid_mappings.count)
		return hk_invalid(f, uids, "required beside gidMappings, but missing");
	if (!mount->gid_mappings.count)
		return hk_invalid(f, gids, "required beside uidMappings, but missing");
	r = hk_validate_id_maps(&mount->uid_mappings, uids.text, f);
	return r < 0 ? r : hk_validate_id_maps(&mount->gid_mappings, gids.text, f);
}

static int validate_idmap(const struct hk_spec *spec, size_t i, struct hk_findings *f)
{
	const struct hk_mount *mount = &spec->mounts[i];
	struct hk_pointer at;

	if (!asks_for_mapping(mount, i, &at))
		return 0;
	if (!hk_mount_is_bind(mount))
		return hk_invalid_hint(f, at,
			"add \"bind\" to the options, with a directory or a file as source",
			"only a bind mount can be id-mapped");
	if (hk_mount_has_option(mount, "remount"))
		return hk_invalid_hint(f, at,
			"give the mapping to the mount that is made at that destination",
			"a mount keeps its id mapping: a remount cannot change it");
	if (mount->uid_mappings.count || mount->gid_mappings.count)
		return validate_both_maps(mount, i, f);
	if (!hk_spec_namespace(spec, HK_NS_USER))
		return hk_invalid_hint(f, at,
			"add uidMappings and gidMappings to the mount, or {\"type\": \"user\"} to "
			"linux.namespaces",
			"an id-mapped mount without mappings takes those of the container's user "
			"namespace, and there is none");
	return 0;
}

/* ---- mounts ---- */

static int validate_mount(const struct hk_spec *spec, size_t i, struct hk_findings *f)
{
	const struct hk_mount *mount = &spec->mounts[i];
	struct hk_pointer at = hk_at("/mounts/%zu/destination", i);
	char clean[PATH_MAX];

	if (!mount->destination)
		return hk_invalid(f, at, "required, but missing");
	if (hk_path_clean(mount->destination, true, clean, sizeof(clean)) < 0)
		return hk_invalid(f, at, "too long for a path");
	if (!strcmp(clean, "/"))
		return hk_invalid(f, at, "'%.100s' is on the top of the root file system",
			mount->destination);
	for (size_t j = 0; j < mount->options.count; j++) {
		int r = validate_owner_option(spec, i, j, f);

		if (r < 0)
			return r;
	}
	return validate_idmap(spec, i, f);
}

int hk_validate_mounts(const struct hk_spec *spec, struct hk_findings *f)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		int r = validate_mount(spec, i, f);

		if (r < 0)
			return r;
	}
	return 0;
}
