/* hk_state -> state.json. "init_process_pid", "cgroup_paths", ... are names of runc's: other
 * programs read them. */
#include "state/state.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "json/json.h"
#include "state/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "state.json"
#define TMP  "state.json.tmp"

static void write_pairs(struct hk_writer *w, const char *key, const struct hk_pairs *pairs)
{
	hk_write_object_begin(w, key);
	for (size_t i = 0; i < pairs->count; i++)
		hk_write_string(w, pairs->items[i].key, pairs->items[i].value);
	hk_write_object_end(w);
}

/* The one pair of cgroup_paths that hk_state_load_brief is after. */
static void write_freezer(struct hk_writer *w, const char *key, const struct hk_pairs *paths)
{
	const struct hk_pair *freezer = hk_cgroup_paths_freezer(paths);

	hk_write_object_begin(w, key);
	if (freezer)
		hk_write_string(w, freezer->key, freezer->value);
	hk_write_object_end(w);
}

static void write_strings(struct hk_writer *w, const char *key, const struct hk_strings *strings)
{
	hk_write_array_begin(w, key);
	for (size_t i = 0; i < strings->count; i++)
		hk_write_string(w, NULL, strings->items[i]);
	hk_write_array_end(w);
}

static void write_hooks(struct hk_writer *w, const char *key, const struct hk_hook_list *list)
{
	if (list->count == 0)
		return;
	hk_write_array_begin(w, key);
	for (size_t i = 0; i < list->count; i++) {
		const struct hk_hook *hook = &list->items[i];

		hk_write_object_begin(w, NULL);
		hk_write_string(w, "path", hook->path);
		if (hook->args.count > 0)
			write_strings(w, "args", &hook->args);
		if (hook->has_env) /* an empty one is not the same as none */
			write_strings(w, "env", &hook->env);
		if (hook->has_timeout)
			hk_write_i64(w, "timeout", hook->timeout);
		hk_write_object_end(w);
	}
	hk_write_array_end(w);
}

static void write_all_hooks(struct hk_writer *w, const char *key, const struct hk_hooks *hooks)
{
	hk_write_object_begin(w, key);
	for (int point = HK_HOOK_POSTSTART; point < HK_HOOK_POINT_COUNT; point++)
		write_hooks(w, hk_hook_names[point], &hooks->at[point]);
	hk_write_object_end(w);
}

static char *state_text(const struct hk_state *state, bool *ret_lossy)
{
	struct hk_strbuf text = {0};
	struct hk_writer w;

	hk_writer_init(&w, &text, NULL);
	hk_write_object_begin(&w, NULL);
	hk_write_i64(&w, "version", HK_STATE_VERSION);
	hk_write_string(&w, "id", state->id);
	hk_write_i64(&w, "init_process_pid", state->init_pid);
	hk_write_u64(&w, "init_process_start", state->init_start_time);
	if (state->created)
		hk_write_string(&w, "created", state->created);
	hk_write_string(&w, "bundle", state->bundle);
	hk_write_string(&w, "rootfs", state->rootfs);
	hk_write_u64(&w, "owner", state->owner);
	write_pairs(&w, "annotations", &state->annotations);
	write_freezer(&w, "freezer", &state->cgroup_paths);

	write_all_hooks(&w, HK_STATE_BRIEF_END, &state->hooks);
	if (state->config_path)
		hk_write_string(&w, "config_path", state->config_path);
	hk_write_bool(&w, "rootless", state->rootless);
	write_pairs(&w, "cgroup_paths", &state->cgroup_paths);
	write_pairs(&w, "namespace_paths", &state->namespace_paths);
	if (state->rootfs_mount)
		hk_write_u64(&w, "rootfs_mount", state->rootfs_mount);
	hk_write_bool(&w, "systemd_cgroup", state->systemd_cgroup);
	if (state->systemd_unit) {
		hk_write_bool(&w, "systemd_user", state->systemd_user);
		hk_write_string(&w, "systemd_unit", state->systemd_unit);
	}
	hk_write_bool(&w, "private_pid_namespace", state->private_pid_namespace);
	hk_write_bool(&w, "no_new_keyring", state->no_new_keyring);
	hk_write_bool(&w, "seccomp", state->seccomp);
	if (state->notify_socket)
		hk_write_string(&w, "notify_socket", state->notify_socket);
	if (state->intel_rdt_path)
		hk_write_string(&w, "intel_rdt_path", state->intel_rdt_path);
	if (state->intel_rdt_monitor)
		hk_write_string(&w, "intel_rdt_monitor", state->intel_rdt_monitor);
	if (state->intel_rdt_path)
		hk_write_bool(&w, "intel_rdt_owned", state->intel_rdt_owned);
	hk_state_write_resources(&w, "resources", state->resources);
	if (state->mount_label)
		hk_write_string(&w, "mount_label", state->mount_label);
	write_strings(&w, "joined_namespaces", &state->joined_namespaces);
	hk_write_object_end(&w);
	hk_strbuf_putc(&text, '\n');
	*ret_lossy = w.lossy;
	return hk_strbuf_take(&text);
}

/* A stale one of a killed runtime goes: the lock is ours. It is not truncated instead, because ext4
 * would write the new contents out when it is closed. */
static int write_tmp(int dir, const char *text, size_t len)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	HK_FD int fd = openat(dir, TMP, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, TMP, 0) == 0)
		fd = openat(dir, TMP, flags, 0600);
	return fd < 0 ? -errno : hk_write_full(fd, text, len);
}

/* ext4 writes a file out when it is renamed over another one, which costs more than all else here;
 * when two names are exchanged it does not, and that is as atomic. */
static int replace(int dir)
{
	if (renameat2(dir, TMP, dir, NAME, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST && renameat2(dir, TMP, dir, NAME, RENAME_EXCHANGE) == 0)
		return unlinkat(dir, TMP, 0) < 0 ? -errno : 0;
	/* a file system that knows neither flag */
	return renameat(dir, TMP, dir, NAME) < 0 ? -errno : 0;
}

int hk_state_store(int dir, const struct hk_state *state, struct hk_err *err)
{
	bool lossy = false;
	HK_FREE char *text = state_text(state, &lossy);
	size_t len = text ? strlen(text) : 0;
	int r;

	if (!text)
		return hk_fail(err, ENOMEM, "write the state of container '%s'", state->id);
	if (lossy) /* another path would come back, whose mounts `delete` would take away */
		return hk_refuse(err, EINVAL,
			"the state of container '%s' has a string that is not UTF-8", state->id);
	if (len > HK_JSON_MAX_SIZE) /* nobody could read it */
		return hk_refuse(err, EFBIG, "the state of container '%s' is larger than %zu MiB",
			state->id, HK_JSON_MAX_SIZE >> 20);
	r = write_tmp(dir, text, len);
	if (r == 0)
		r = replace(dir);
	if (r == 0)
		return 0;
	(void)unlinkat(dir, TMP, 0); /* half of it is of no use to anybody */
	return hk_fail(err, -r, "write the state of container '%s'", state->id);
}
