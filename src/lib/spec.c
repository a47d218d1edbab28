/* hako_spec: reading config.json, and the handle's life. */
#include "lib/spec.h"

#include "base/fd.h"
#include "lib/container.h"
#include "lib/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct hako_spec *handle_new(void)
{
	struct hako_spec *handle = calloc(1, sizeof(*handle));

	if (handle)
		hk_spec_init(&handle->spec);
	return handle;
}

void hako_spec_free(hako_spec *spec)
{
	if (!spec)
		return;
	hk_spec_done(&spec->spec);
	free(spec);
}

/* Where the file is that the caller knows by a name of its own: for later readers. */
static int find_path(struct hako_spec *handle, const char *file, struct hk_err *err)
{
	HK_FD int fd = open(file, O_PATH | O_CLOEXEC);
	char link[32], path[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return hk_fail(err, errno, "find %s", file);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0)
		return hk_fail(err, errno, "find %s", file);
	handle->path = hk_arena_strndup(&handle->spec.arena, path, (size_t)n);
	return handle->path ? 0 : hk_fail(err, ENOMEM, "find %s", file);
}

static int read_bundle(
	const char *bundle, const char *file, struct hako_spec *handle, struct hk_err *err)
{
	const char *name = file ? file : "config.json";
	HK_FD int dir = -1;
	int r;

	if (bundle && !file) {
		dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return hk_fail(err, errno, "open the bundle '%s'", bundle);
	}
	r = hk_spec_read(dir < 0 ? AT_FDCWD : dir, name, &handle->spec, err);
	if (r == -ENOENT) /* the text that callers know */
		return hk_refuse(err, ENOENT, "JSON specification file %s not found", name);
	return r == 0 && file ? find_path(handle, file, err) : r;
}

/* Hand the handle over after a successful read, else free it. */
static int finish_read(int r, struct hako_spec *handle, struct hako_spec **ret)
{
	if (r < 0) {
		hako_spec_free(handle);
		return r;
	}
	handle->parsed = true;
	*ret = handle;
	return 0;
}

static int load_process(const char *file, struct hako_spec **ret, struct hk_err *err)
{
	struct hako_spec *handle = handle_new();

	if (!handle)
		return hk_fail(err, ENOMEM, "read %s", file);
	return finish_read(hk_spec_read_process(AT_FDCWD, file, &handle->spec, err), handle, ret);
}

int hako_spec_load_process(const char *file, hako_spec **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(load_process(file, ret, &e), &e, err);
}

int hk_spec_load(const char *bundle, const char *file, struct hako_spec **ret, struct hk_err *err)
{
	struct hako_spec *handle = handle_new();

	if (!handle)
		return hk_fail(err, ENOMEM, "read config.json");
	return finish_read(read_bundle(bundle, file, handle, err), handle, ret);
}

static int load_of(struct hako_container *container, struct hako_spec **ret, struct hk_err *err)
{
	HK_FD int dir = hk_state_dir_open(container->root, container->id, false, err);
	struct hk_state state = {0};
	int r = dir < 0 ? dir : hk_state_load(dir, container->id, &state, err);

	if (r == 0)
		r = hk_spec_load(state.bundle, state.config_path, ret, err);
	hk_state_done(&state);
	return r;
}

int hako_container_spec(hako_container *container, hako_spec **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(load_of(container, ret, &e), &e, err);
}

int hako_spec_load(const char *bundle, const char *file, hako_spec **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(hk_spec_load(bundle, file, ret, &e), &e, err);
}

static int parse(const char *json, size_t len, struct hako_spec **ret, struct hk_err *err)
{
	struct hako_spec *handle = handle_new();

	if (!handle)
		return hk_fail(err, ENOMEM, "read config.json");
	return finish_read(
		hk_spec_parse(json, len, "config.json", &handle->spec, err), handle, ret);
}

int hako_spec_parse(const char *json, size_t len, hako_spec **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(parse(json, len, ret, &e), &e, err);
}

int hako_spec_new(hako_spec **ret, hako_error **err)
{
	struct hako_spec *handle = handle_new();
	struct hk_err e = {0};

	if (!handle)
		return hk_give(hk_fail(&e, ENOMEM, "make a specification"), &e, err);
	handle->spec.oci_version = HK_SPEC_VERSION;
	*ret = handle;
	return 0;
}

/* Is it about that member of the process, or what is in it? */
static bool is_about(const char *property, const char *object, const char *member)
{
	size_t object_len = strlen(object), len = strlen(member);
	const char *rest = property + object_len + 1;

	if (strncmp(property, object, object_len) != 0 || property[object_len] != '/')
		return false;
	return strncmp(rest, member, len) == 0 && (rest[len] == '\0' || rest[len] == '/');
}

void hk_spec_handle_locate(const struct hako_spec *handle, struct hk_err *err)
{
	const char *object = hk_spec_process_at(&handle->spec);

	for (size_t i = 0; handle->spec.text && i < handle->changed.count; i++)
		if (is_about(err->property, object, handle->changed.items[i]))
			err->property[0] = '\0';
	hk_spec_locate(&handle->spec, err);
}

char *hako_spec_template(bool rootless)
{
	return hk_spec_template(rootless, geteuid(), getegid());
}

bool hako_spec_terminal(const hako_spec *spec)
{
	return spec->spec.process && spec->spec.process->terminal;
}
