/* Reading config.json, and the process and resources objects that clients hand over alone. */
#include "spec/tables.h"

#include "base/findings.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "json/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void hk_spec_init(struct hk_spec *spec)
{
	*spec = (struct hk_spec){0};
}

void hk_spec_done(struct hk_spec *spec)
{
	hk_arena_done(&spec->arena);
	hk_spec_init(spec);
}

/* Bind a whole text to one object; binding->arena and ->findings are the caller's. */
static int bind_text(struct hk_binding *binding, const struct hk_object *object, void *ret)
{
	const struct hk_node *node;
	int r;

	r = hk_json_read(binding->text, binding->len, binding->name, binding->arena, &node,
		binding->findings->err);
	if (r < 0)
		return r;
	return hk_bind(binding, object, node, ret);
}

/* What the specification discourages, but containers in the wild do. */
static int warn_of_relative_mounts(struct hk_binding *binding, const struct hk_spec *spec)
{
	const struct hk_place mounts = {.key = "mounts"};

	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_place mount = {.parent = &mounts, .index = i};
		const struct hk_place place = {.parent = &mount, .key = "destination"};
		int r;

		if (spec->mounts[i].destination[0] == '/')
			continue;
		r = hk_bind_warn(binding, &place, "'%s' is relative: taken as below /",
			spec->mounts[i].destination);
		if (r < 0)
			return r;
	}
	return 0;
}

static int warn_of_personality_flags(struct hk_binding *binding, const struct hk_spec *spec)
{
	const struct hk_personality *personality = spec->linux.personality;
	const struct hk_place lx = {.key = "linux"};
	const struct hk_place at = {.parent = &lx, .key = "personality"};
	const struct hk_place flags = {.parent = &at, .key = "flags"};

	for (size_t i = 0; personality && i < personality->flags.count; i++) {
		const struct hk_place place = {.parent = &flags, .index = i};
		int r = hk_bind_warn(binding, &place,
			"'%s' is ignored: the specification defines no flag yet",
			personality->flags.items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A bind mount shows a file system that is there already, a cgroup mount the host's, and mqueue
 * that of the ipc namespace: the kernel passes over their options. silent and loud have nothing to
 * say about them. */
static bool is_lost_option(const struct hk_mount *mount, const char *option)
{
	static const char *const words[] = {"sync", "async", "dirsync", "mand", "nomand",
		"lazytime", "nolazytime", "iversion", "noiversion"};
	const char *type = mount->type ? mount->type : "";
	bool shown = hk_starts_with(type, "cgroup") || strcmp(type, "mqueue") == 0;

	for (size_t i = 0; i < HK_COUNT(words); i++)
		if (strcmp(option, words[i]) == 0)
			return shown || hk_mount_is_bind(mount);
	return false;
}

static int warn_of_lost_options(struct hk_binding *binding, const struct hk_spec *spec)
{
	const struct hk_place mounts = {.key = "mounts"};
	int r = 0;

	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_strings *words = &spec->mounts[i].options;
		const struct hk_place mount = {.parent = &mounts, .index = i};
		const struct hk_place options = {.parent = &mount, .key = "options"};

		for (size_t j = 0; r == 0 && j < words->count; j++) {
			const struct hk_place place = {.parent = &options, .index = j};

			if (is_lost_option(&spec->mounts[i], words->items[j]))
				r = hk_bind_warn(binding, &place,
					"'%s' does nothing here: it is about the file system, and "
					"that is there already",
					words->items[j]);
		}
	}
	return r;
}

static int bind_process(struct hk_binding *binding, struct hk_spec *spec)
{
	spec->process = hk_arena_alloc(&spec->arena, sizeof(*spec->process));
	if (!spec->process)
		return hk_fail(binding->findings->err, ENOMEM, "read %s", spec->file);
	return bind_text(binding, &hk_process_object, spec->process);
}

/* The text is in the spec's arena already. */
static int parse_spec(struct hk_spec *spec, struct hk_findings *findings)
{
	struct hk_binding binding = {
		.text = spec->text,
		.len = spec->text_len,
		.name = spec->file,
		.arena = &spec->arena,
		.findings = findings,
	};
	int r;

	r = spec->process_alone ? bind_process(&binding, spec)
				: bind_text(&binding, &hk_spec_object, spec);
	if (r == 0)
		r = hk_warn_of_idle_properties(&binding, spec);
	if (r < 0)
		return r;
	r = warn_of_relative_mounts(&binding, spec);
	if (r == 0)
		r = warn_of_personality_flags(&binding, spec);
	if (r == 0)
		r = warn_of_lost_options(&binding, spec);
	if (r < 0)
		return r;
	spec->warnings = binding.warnings;
	return 0;
}

/* Take over a text that is in the arena of spec, which is freed on failure. */
static int finish(struct hk_spec *spec, const char *text, size_t len, const char *name,
	struct hk_spec *ret, struct hk_findings *findings)
{
	int r;

	spec->text = text;
	spec->text_len = len;
	spec->file = hk_arena_strdup(&spec->arena, name);
	r = spec->file ? parse_spec(spec, findings)
		       : hk_fail(findings->err, ENOMEM, "read %s", name);
	if (r < 0) {
		hk_spec_done(spec);
		return r;
	}
	*ret = *spec;
	return 0;
}

int hk_spec_parse(
	const char *text, size_t len, const char *name, struct hk_spec *ret, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);
	struct hk_spec spec = {0};
	const char *copy;

	if (len > HK_JSON_MAX_SIZE)
		return hk_refuse(
			err, EFBIG, "%s is larger than %zu MiB", name, HK_JSON_MAX_SIZE >> 20);
	copy = hk_arena_strndup(&spec.arena, text, len);
	if (!copy)
		return hk_fail(err, ENOMEM, "read %s", name);
	return finish(&spec, copy, len, name, ret, &first);
}

static int fail_to_read(const char *name, int errnum, struct hk_err *err)
{
	switch (errnum) {
	case ENOENT:
		return hk_refuse(err, ENOENT, "JSON specification file %s not found", name);
	case EFBIG:
		return hk_refuse(
			err, EFBIG, "%s is larger than %zu MiB", name, HK_JSON_MAX_SIZE >> 20);
	case EINVAL: /* hk_read_file_at */
		return hk_refuse(err, EINVAL, "%s is no text: it has a NUL byte", name);
	default:
		return hk_fail(err, errnum, "read %s", name);
	}
}

/* O_NONBLOCK: a FIFO in the file's place must not hang us before fstat tells. */
static int open_config(int dirfd, const char *name, size_t *ret_size, struct hk_err *err)
{
	HK_FD int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_to_read(name, errno, err);
	if (!S_ISREG(st.st_mode))
		return hk_refuse(err, EINVAL, "%s is not a regular file", name);
	if ((uintmax_t)st.st_size > HK_JSON_MAX_SIZE)
		return fail_to_read(name, EFBIG, err);
	*ret_size = (size_t)st.st_size;
	return hk_take_fd(&fd);
}

/* Up to size bytes; fewer where the file has become shorter. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t r = read(fd, buf + n, size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

static int read_file(int dirfd, const char *name, struct hk_spec *ret, struct hk_findings *findings)
{
	struct hk_spec spec = {0};
	HK_FD int fd = -1;
	ssize_t len = -ENOMEM;
	size_t size = 0;
	char *text;

	fd = open_config(dirfd, name, &size, findings->err);
	if (fd < 0)
		return fd;
	text = hk_arena_alloc(&spec.arena, size + 1);
	if (text)
		len = read_up_to(fd, text, size);
	if (len < 0) {
		hk_spec_done(&spec);
		return hk_fail(findings->err, (int)-len, "read %s", name);
	}
	return finish(&spec, text, (size_t)len, name, ret, findings);
}

int hk_spec_read_all(int dirfd, const char *name, struct hk_spec *ret, struct hk_findings *findings)
{
	return read_file(dirfd, name, ret, findings);
}

int hk_spec_read(int dirfd, const char *name, struct hk_spec *ret, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);

	return read_file(dirfd, name, ret, &first);
}

int hk_spec_read_process(int dirfd, const char *name, struct hk_spec *ret, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);
	struct hk_spec spec = {.process_alone = true};
	HK_FREE char *text = NULL;
	const char *copy;
	int r = hk_read_file_at(dirfd, name, &text);

	if (r < 0)
		return fail_to_read(name, -r, err);
	copy = hk_arena_strdup(&spec.arena, text);
	if (!copy)
		return hk_fail(err, ENOMEM, "read %s", name);
	return finish(&spec, copy, strlen(copy), name, ret, &first);
}

/* A text that is one object and nothing more, into a struct of that object's type. */
static int parse_object(const char *text, size_t len, const char *name, struct hk_arena *arena,
	const struct hk_object *object, void *ret, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);
	struct hk_binding binding = {
		.text = text, .len = len, .name = name, .arena = arena, .findings = &first};

	return bind_text(&binding, object, ret);
}

int hk_spec_parse_resources(const char *text, size_t len, const char *name, struct hk_arena *arena,
	struct hk_resources *ret, struct hk_err *err)
{
	struct hk_resources resources = {0};
	int r = parse_object(text, len, name, arena, &hk_resources_object, &resources, err);

	if (r == 0)
		*ret = resources;
	return r;
}

/* The array becomes the member of an object, as the tables have it. */
static int bind_mounts(struct hk_spec *spec, struct hk_err *err)
{
	struct hk_findings first = HK_FIRST_FINDING(err);
	struct hk_binding binding = {.text = spec->text,
		.len = spec->text_len,
		.name = spec->file,
		.arena = &spec->arena,
		.findings = &first};
	struct hk_node array, object = {.type = HK_NODE_OBJECT, .first = &array, .count = 1};
	const struct hk_node *node;
	int r = hk_json_read(
		spec->text, spec->text_len, spec->file, &spec->arena, &node, first.err);

	if (r < 0)
		return r;
	array = *node;
	array.key = "mounts";
	if (array.type != HK_NODE_ARRAY)
		return hk_refuse(err, EINVAL, "%s must be an array of mounts, but is %s",
			spec->file, hk_node_type_name(array.type));
	return hk_bind(&binding, &hk_mount_list_object, &object, spec);
}

int hk_spec_parse_mounts(
	const char *text, size_t len, const char *name, struct hk_spec *ret, struct hk_err *err)
{
	struct hk_err own;
	struct hk_spec spec = {0};
	int r;

	spec.text = hk_arena_strndup(&spec.arena, text, len);
	spec.text_len = len;
	spec.file = hk_arena_strdup(&spec.arena, name);
	r = spec.text && spec.file ? bind_mounts(&spec, err ? err : &own)
				   : hk_fail(err, ENOMEM, "read %s", name);
	if (r < 0) {
		hk_spec_done(&spec);
		return r;
	}
	*ret = spec;
	return 0;
}

const char *hk_spec_process_at(const struct hk_spec *spec)
{
	return spec->process_alone ? "" : "/process";
}

void hk_spec_locate_all(const struct hk_spec *spec, struct hk_err *errs, size_t count)
{
	if (spec->text)
		hk_json_locate(spec->text, spec->text_len, spec->file, errs, count);
}

void hk_spec_locate(const struct hk_spec *spec, struct hk_err *err)
{
	hk_spec_locate_all(spec, err, 1);
}

const struct hk_namespace *hk_spec_namespace(const struct hk_spec *spec, enum hk_ns_type type)
{
	for (size_t i = 0; i < spec->linux.namespace_count; i++)
		if (spec->linux.namespaces[i].type == type)
			return &spec->linux.namespaces[i];
	return NULL;
}

bool hk_spec_new_namespace(const struct hk_spec *spec, enum hk_ns_type type)
{
	const struct hk_namespace *ns = hk_spec_namespace(spec, type);

	return ns && !ns->path;
}

bool hk_spec_knows_host_uids(const struct hk_spec *spec)
{
	return !hk_spec_namespace(spec, HK_NS_USER) || spec->linux.uid_mappings.count > 0;
}
