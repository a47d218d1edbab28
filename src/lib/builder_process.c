/* The builder: process of config.json. */
#include "lib/spec.h"

#include "base/enumtab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct hk_process *hk_builder_process(struct hako_spec *handle)
{
	struct hk_process *process = handle->spec.process;

	if (process)
		return process;
	process = hk_arena_alloc(&handle->spec.arena, sizeof(*process));
	if (process)
		process->cwd = "/";
	handle->spec.process = process;
	return process;
}

/* The process object for a call that may go on and changes that member, else NULL with the error
 * remembered. */
static struct hk_process *begin(struct hako_spec *handle, const char *member)
{
	struct hk_process *process;

	if (handle->err.code)
		return NULL;
	process = hk_builder_process(handle);
	if (!process || !hk_builder_append(handle, &handle->changed, member)) {
		(void)hk_builder_no_memory(handle); /* remembered in the handle */
		return NULL;
	}
	return process;
}

int hako_spec_set_args(hako_spec *spec, const char *const args[])
{
	struct hk_process *process = begin(spec, "args");
	const char **items;
	size_t count = 0;

	if (!process)
		return -spec->err.code;
	while (args[count])
		count++;
	items = hk_arena_array(&spec->spec.arena, count + 1, sizeof(*items));
	if (!items)
		return hk_builder_no_memory(spec);
	for (size_t i = 0; i < count; i++)
		if (!hk_builder_copy(spec, args[i], &items[i]))
			return hk_builder_no_memory(spec);
	process->args = (struct hk_strings){.items = items, .count = count};
	return 0;
}

int hako_spec_add_env(hako_spec *spec, const char *name, const char *value)
{
	struct hk_process *process = begin(spec, "env");
	char *pair;

	if (!process)
		return -spec->err.code;
	if (name[0] == '\0' || strchr(name, '='))
		return hk_refuse(
			&spec->err, EINVAL, "'%s' is no name of an environment variable", name);
	pair = hk_arena_printf(&spec->spec.arena, "%s=%s", name, value);
	if (!pair || !hk_builder_append(spec, &process->env, pair))
		return hk_builder_no_memory(spec);
	return 0;
}

int hako_spec_set_cwd(hako_spec *spec, const char *cwd)
{
	struct hk_process *process = begin(spec, "cwd");

	if (!process)
		return -spec->err.code;
	return hk_builder_copy(spec, cwd, &process->cwd) ? 0 : hk_builder_no_memory(spec);
}

int hako_spec_set_user(hako_spec *spec, uint32_t uid, uint32_t gid)
{
	struct hk_process *process = begin(spec, "user");

	if (!process)
		return -spec->err.code;
	process->user.uid = uid;
	process->user.gid = gid;
	return 0;
}

int hako_spec_set_uid(hako_spec *spec, uint32_t uid)
{
	struct hk_process *process = begin(spec, "user");

	if (!process)
		return -spec->err.code;
	process->user.uid = uid;
	return 0;
}

int hako_spec_add_gid(hako_spec *spec, uint32_t gid)
{
	struct hk_process *process = begin(spec, "user");
	struct hk_user *user;
	uint32_t *gids;

	if (!process)
		return -spec->err.code;
	user = &process->user;
	gids = hk_builder_grow(
		spec, user->additional_gids, user->additional_gid_count, sizeof(*gids));
	if (!gids)
		return hk_builder_no_memory(spec);
	gids[user->additional_gid_count++] = gid;
	user->additional_gids = gids;
	return 0;
}

int hako_spec_set_terminal(hako_spec *spec, bool terminal)
{
	struct hk_process *process = begin(spec, "terminal");

	if (!process)
		return -spec->err.code;
	process->terminal = terminal;
	return 0;
}

int hako_spec_set_console_size(hako_spec *spec, uint16_t height, uint16_t width)
{
	struct hk_process *process = begin(spec, "consoleSize");
	struct hk_console_size *size;

	if (!process)
		return -spec->err.code;
	size = hk_arena_alloc(&spec->spec.arena, sizeof(*size));
	if (!size)
		return hk_builder_no_memory(spec);
	*size = (struct hk_console_size){.height = height, .width = width};
	process->console_size = size;
	return 0;
}

int hako_spec_set_no_new_privileges(hako_spec *spec, bool on)
{
	struct hk_process *process = begin(spec, "noNewPrivileges");

	if (!process)
		return -spec->err.code;
	process->no_new_privileges = on;
	return 0;
}

int hako_spec_set_apparmor_profile(hako_spec *spec, const char *profile)
{
	struct hk_process *process = begin(spec, "apparmorProfile");

	if (!process)
		return -spec->err.code;
	return hk_builder_copy(spec, profile, &process->apparmor_profile)
		       ? 0
		       : hk_builder_no_memory(spec);
}

int hako_spec_set_selinux_label(hako_spec *spec, const char *label)
{
	struct hk_process *process = begin(spec, "selinuxLabel");

	if (!process)
		return -spec->err.code;
	return hk_builder_copy(spec, label, &process->selinux_label) ? 0
								     : hk_builder_no_memory(spec);
}

/* With or without "CAP_". */
static const struct hk_enum *find_capability(const char *name)
{
	const struct hk_enum *found = hk_enum_find(hk_capability_names, name);
	char full[64];

	if (found)
		return found;
	(void)snprintf(full, sizeof(full), "CAP_%s", name); /* cut: not found */
	return hk_enum_find(hk_capability_names, full);
}

static void add_capabilities(struct hk_capabilities *caps, unsigned int sets, uint64_t bits)
{
	if (sets & HAKO_CAP_BOUNDING)
		caps->bounding |= bits;
	if (sets & HAKO_CAP_EFFECTIVE)
		caps->effective |= bits;
	if (sets & HAKO_CAP_INHERITABLE)
		caps->inheritable |= bits;
	if (sets & HAKO_CAP_PERMITTED)
		caps->permitted |= bits;
	if (sets & HAKO_CAP_AMBIENT)
		caps->ambient |= bits;
}

/* The names' bits; false where one is unknown, with the error remembered. */
static bool find_capabilities(struct hako_spec *handle, const char *const names[], uint64_t *ret)
{
	uint64_t bits = 0;

	for (size_t i = 0; names[i]; i++) {
		const struct hk_enum *capability = find_capability(names[i]);

		if (!capability) {
			(void)hk_refuse(&handle->err, EINVAL, "unknown capability '%s'", names[i]);
			return false;
		}
		bits |= UINT64_C(1) << capability->value;
	}
	*ret = bits;
	return true;
}

/* The object, made where missing. NULL when memory is out, with the error remembered. */
static struct hk_capabilities *capabilities(struct hako_spec *handle, struct hk_process *process)
{
	if (!process->capabilities)
		process->capabilities =
			hk_arena_alloc(&handle->spec.arena, sizeof(*process->capabilities));
	if (!process->capabilities)
		(void)hk_builder_no_memory(handle);
	return process->capabilities;
}

int hako_spec_add_capabilities(hako_spec *spec, unsigned int sets, const char *const names[])
{
	struct hk_process *process = begin(spec, "capabilities");
	struct hk_capabilities *caps;
	uint64_t bits;

	if (!process || !find_capabilities(spec, names, &bits))
		return -spec->err.code;
	caps = capabilities(spec, process);
	if (!caps)
		return -spec->err.code;
	add_capabilities(caps, sets, bits);
	return 0;
}

int hako_spec_grant_capabilities(hako_spec *spec, const char *const names[])
{
	struct hk_process *process = begin(spec, "capabilities");
	struct hk_capabilities *caps;
	uint64_t bits;

	if (!process || !find_capabilities(spec, names, &bits))
		return -spec->err.code;
	caps = capabilities(spec, process);
	if (!caps)
		return -spec->err.code;
	add_capabilities(caps, HAKO_CAP_BOUNDING | HAKO_CAP_EFFECTIVE | HAKO_CAP_PERMITTED, bits);
	add_capabilities(caps, HAKO_CAP_AMBIENT, bits & caps->inheritable);
	return 0;
}

int hako_spec_add_rlimit(hako_spec *spec, const char *name, uint64_t soft, uint64_t hard)
{
	struct hk_process *process = begin(spec, "rlimits");
	struct hk_rlimit *rlimits;
	const struct hk_enum *resource = hk_enum_find(hk_rlimit_names, name);

	if (!process)
		return -spec->err.code;
	if (!resource)
		return hk_refuse(&spec->err, EINVAL, "unknown rlimit '%s'", name);
	rlimits = hk_builder_grow(spec, process->rlimits, process->rlimit_count, sizeof(*rlimits));
	if (!rlimits)
		return hk_builder_no_memory(spec);
	rlimits[process->rlimit_count++] = (struct hk_rlimit){
		.resource = (uint32_t)resource->value, .soft = soft, .hard = hard};
	process->rlimits = rlimits;
	return 0;
}
