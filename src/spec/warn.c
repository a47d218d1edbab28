/* What is read, does nothing, and is not refused: somebody should hear of it. */
#include "spec/tables.h"

#include "base/str.h"

/* What some give to every mount alike, as to the tmpfs beside it. */
bool hk_mount_option_is_idle(const struct hk_mount *mount, const char *option)
{
	static const char *const of_tmpfs[] = {"mode=", "size=", "nr_blocks=", "nr_inodes="};

	for (size_t i = 0; i < HK_COUNT(of_tmpfs); i++)
		if (hk_starts_with(option, of_tmpfs[i]))
			/* a remount means to change something */
			return hk_mount_is_bind(mount) && !hk_mount_has_option(mount, "remount");
	return false;
}

static int warn_of_option(
	struct hk_binding *binding, const struct hk_spec *spec, size_t i, size_t j)
{
	const struct hk_place mounts = {.key = "mounts"};
	const struct hk_place mount = {.parent = &mounts, .index = i};
	const struct hk_place options = {.parent = &mount, .key = "options"};
	const struct hk_place place = {.parent = &options, .index = j};

	return hk_bind_warn(binding, &place,
		"'%s' does nothing to a bind mount: the file system is there already",
		spec->mounts[i].options.items[j]);
}

static int warn_of_idle_options(struct hk_binding *binding, const struct hk_spec *spec)
{
	int r = 0;

	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_mount *mount = &spec->mounts[i];

		for (size_t j = 0; r == 0 && j < mount->options.count; j++)
			if (hk_mount_option_is_idle(mount, mount->options.items[j]))
				r = warn_of_option(binding, spec, i, j);
	}
	return r;
}

/* Linux gave the limit up in 5.16; config files did not. */
static int warn_of_kernel_memory(struct hk_binding *binding, const struct hk_spec *spec)
{
	const struct hk_place lx = {.key = "linux"};
	const struct hk_place resources = {.parent = &lx, .key = "resources"};
	const struct hk_place memory = {.parent = &resources, .key = "memory"};
	const struct hk_place place = {.parent = &memory, .key = "kernel"};
	const struct hk_resources *given = spec->linux.resources;

	if (!given || !given->memory || !given->memory->kernel.set ||
		given->memory->kernel.value <= 0)
		return 0;
	return hk_bind_warn(binding, &place,
		"not enforced: Linux has no limit for the kernel's memory alone any more");
}

int hk_warn_of_idle_properties(struct hk_binding *binding, const struct hk_spec *spec)
{
	int r = warn_of_idle_options(binding, spec);

	return r < 0 ? r : warn_of_kernel_memory(binding, spec);
}
