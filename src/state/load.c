/* state.json -> hk_state. The file is ours, and read as if it were not: bounded, typed, and no path
 * in it is followed that could lead out of where it says. */
#include "state/state.h"

#include "base/findings.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "json/bind.h"
#include "spec/tables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATE_FILE "state.json"

/* clang-format off */
#define BRIEF_PROPERTIES                                                                           \
	HK_STRING("id", struct hk_state, id, .flags = HK_REQUIRED),                                \
	HK_INT("init_process_pid", struct hk_state, init_pid, .flags = HK_REQUIRED),               \
	HK_UINT("init_process_start", struct hk_state, init_start_time, .flags = HK_REQUIRED),     \
	HK_STRING("created", struct hk_state, created),                                            \
	HK_STRING("bundle", struct hk_state, bundle, .flags = HK_REQUIRED),                        \
	HK_STRING("rootfs", struct hk_state, rootfs, .flags = HK_REQUIRED),                        \
	HK_UINT("owner", struct hk_state, owner, .flags = HK_REQUIRED),                            \
	HK_PAIRS("annotations", struct hk_state, annotations),                                     \
	HK_PAIRS("cgroup_paths", struct hk_state, cgroup_paths) /* older files have all here */
/* clang-format on */

static const struct hk_property brief_properties[] = {
	BRIEF_PROPERTIES,
	HK_PAIRS("freezer", struct hk_state, cgroup_paths),
};

static const struct hk_property state_properties[] = {
	BRIEF_PROPERTIES,
	HK_STRING("config_path", struct hk_state, config_path),
	HK_BOOL("rootless", struct hk_state, rootless),
	HK_OBJECT("resources", struct hk_state, resources, &hk_resources_object),
	HK_PAIRS("namespace_paths", struct hk_state, namespace_paths),
	HK_STRING("intel_rdt_path", struct hk_state, intel_rdt_path),
	HK_STRING("intel_rdt_monitor", struct hk_state, intel_rdt_monitor),
	HK_BOOL("intel_rdt_owned", struct hk_state, intel_rdt_owned),
	HK_UINT("rootfs_mount", struct hk_state, rootfs_mount),
	HK_BOOL("systemd_cgroup", struct hk_state, systemd_cgroup),
	HK_BOOL("systemd_user", struct hk_state, systemd_user),
	HK_STRING("systemd_unit", struct hk_state, systemd_unit),
	HK_BOOL("private_pid_namespace", struct hk_state, private_pid_namespace,
		.flags = HK_REQUIRED),
	HK_BOOL("no_new_keyring", struct hk_state, no_new_keyring),
	HK_BOOL("seccomp", struct hk_state, seccomp),
	HK_STRING("notify_socket", struct hk_state, notify_socket),
	HK_STRING("mount_label", struct hk_state, mount_label),
	HK_STRINGS("joined_namespaces", struct hk_state, joined_namespaces),
	HK_STRUCT("hooks", struct hk_state, hooks, &hk_hooks_object),
};

static const struct hk_object state_object = HK_OBJECT_TYPE(struct hk_state, state_properties);
static const struct hk_object brief_object = HK_OBJECT_TYPE(struct hk_state, brief_properties);

/* How much of the file is read: the members of an object, before the one named end. */
struct part {
	const struct hk_object *object;
	const char *end; /* NULL: all */
};

static const struct part whole = {&state_object, NULL};
static const struct part brief = {&brief_object, HK_STATE_BRIEF_END};

void hk_state_done(struct hk_state *state)
{
	hk_arena_done(&state->arena);
	*state = (struct hk_state){0};
}

static int check_version(const struct hk_node *root, struct hk_err *err)
{
	const struct hk_node *node =
		root->type == HK_NODE_OBJECT ? hk_node_get(root, "version") : NULL;
	int64_t version;

	if (!node || node->type != HK_NODE_NUMBER || hk_parse_i64(node->text, &version) < 0)
		return hk_refuse(err, EINVAL, "it has no version");
	if (version != HK_STATE_VERSION)
		return hk_refuse(err, EINVAL,
			"it is of version %lld, this program reads version %d", (long long)version,
			HK_STATE_VERSION);
	return 0;
}

static bool is_plain_path(const char *path)
{
	char clean[4096];

	return hk_path_clean(path, true, clean, sizeof(clean)) == 0 && strcmp(path, clean) == 0;
}

/* Directories of cgroups, with all below them, and of resctrl are removed: no ".." may lead
 * elsewhere. */
static int check(const struct hk_state *state, const char *id, struct hk_err *err)
{
	if (strcmp(state->id, id) != 0)
		return hk_refuse(err, EINVAL, "it is of another container");
	if (state->init_pid < 0)
		return hk_refuse(err, EINVAL, "init_process_pid is negative");
	if (state->bundle[0] != '/' || state->rootfs[0] != '/')
		return hk_refuse(err, EINVAL, "bundle and rootfs must be absolute");
	if (state->config_path && state->config_path[0] != '/')
		return hk_refuse(err, EINVAL, "config_path must be absolute");
	if ((state->intel_rdt_path && !is_plain_path(state->intel_rdt_path)) ||
		(state->intel_rdt_monitor && !is_plain_path(state->intel_rdt_monitor)))
		return hk_refuse(err, EINVAL,
			"intel_rdt_path and intel_rdt_monitor must be absolute and plain");
	for (size_t i = 0; i < state->cgroup_paths.count; i++)
		if (!is_plain_path(state->cgroup_paths.items[i].value))
			return hk_refuse(err, EINVAL, "cgroup_paths must be absolute and plain");
	return 0;
}

static int parse(const char *text, size_t len, const char *id, const struct part *part,
	struct hk_arena *arena, struct hk_state *state, struct hk_err *err)
{
	struct hk_findings first = HK_FIRST_FINDING(err);
	struct hk_binding binding = {
		.text = text, .len = len, .name = STATE_FILE, .arena = arena, .findings = &first};
	const struct hk_node *root;
	int r;

	r = hk_json_read_head(text, len, STATE_FILE, part->end, arena, &root, err);
	if (r == 0)
		r = check_version(root, err);
	if (r == 0)
		r = hk_bind(&binding, part->object, root, state);
	return r == 0 ? check(state, id, err) : r;
}

static int load(int dir, const char *path, const char *id, const struct part *part,
	struct hk_arena *arena, struct hk_state *ret, struct hk_err *err)
{
	struct hk_state state = {0};
	struct hk_err ours;
	size_t len = 0;
	char *text = NULL;
	int r;

	if (!err)
		err = &ours;
	r = hk_read_beneath(dir, path, HK_JSON_MAX_SIZE, arena, &text, &len);
	if (r < 0)
		return hk_fail(err, -r, "read the state of container '%s'", id);
	r = parse(text, len, id, part, arena, &state, err);
	if (r < 0) {
		hk_err_prefix(err, "read the state of container '%s': ", id);
		return r;
	}
	*ret = state;
	return 0;
}

int hk_state_load(int dir, const char *id, struct hk_state *ret, struct hk_err *err)
{
	struct hk_arena arena = {0};
	int r = load(dir, STATE_FILE, id, &whole, &arena, ret, err);

	if (r < 0)
		hk_arena_done(&arena);
	else
		ret->arena = arena;
	return r;
}

int hk_state_load_brief(
	int root, const char *id, struct hk_arena *arena, struct hk_state *ret, struct hk_err *err)
{
	char path[HK_ID_MAX + sizeof("/" STATE_FILE)];
	int r = hk_id_check(id, err);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/" STATE_FILE, id); /* an id has a limit */
	return load(root, path, id, &brief, arena, ret, err);
}
