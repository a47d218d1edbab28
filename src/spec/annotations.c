/* The table of the annotations that we know, and what each of them takes. docs/annotations.md
 * describes them for users, in the same order. */
#include "spec/annotations.h"

#include "base/findings.h"
#include "base/path.h"
#include "base/str.h"
#include "spec/validate.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define OUR_PREFIX		  "dev.hako."
#define SYSTEMD_PROPERTY_SHORTEST 3 /* no property of systemd is shorter */

/* An annotation while it is read. */
struct reading {
	const char *name; /* behind the prefix, where the table's entry is one */
	const char *value;
	struct hk_arena *arena;
	struct hk_annotated *out;
	struct hk_err *err;
};

/* ---- values ---- */

static int expect(struct reading *r, const char *what)
{
	char shown[160];

	return hk_refuse(r->err, EINVAL, "expected %s, found '%s'", what,
		hk_printable(r->value, shown, sizeof(shown)));
}

static int read_path(struct reading *r, const char **ret)
{
	if (r->value[0] != '/' || strlen(r->value) >= PATH_MAX)
		return expect(r, "an absolute path");
	*ret = r->value;
	return 0;
}

/* One component of a path: it leads to nowhere else. */
static int read_component(struct reading *r, const char **ret)
{
	if (!hk_path_is_name(r->value) || strchr(r->value, '\n')) {
		(void)expect(r, "the name of a cgroup");
		hk_err_hint(r->err, "one name, without '/', beneath the container's own cgroup");
		return -EINVAL;
	}
	*ret = r->value;
	return 0;
}

static int read_word(struct reading *r, const char *word, bool *ret)
{
	if (strcmp(r->value, word) != 0) {
		char what[32];

		(void)snprintf(what, sizeof(what), "'%s'", word);
		return expect(r, what);
	}
	*ret = true;
	return 0;
}

/* ---- one for each annotation ---- */

static int read_core_sched(struct reading *r)
{
	return read_word(r, "new", &r->out->core_sched);
}

static int read_landlock(struct reading *r)
{
	struct hk_landlock *landlock = hk_arena_alloc(r->arena, sizeof(*landlock));
	int result;

	if (!landlock)
		return hk_fail(r->err, ENOMEM, "read the Landlock rules");
	result = hk_landlock_parse(r->value, r->arena, landlock, r->err);
	if (result == 0)
		r->out->landlock = landlock;
	return result;
}

static int read_readonly_rootfs(struct reading *r)
{
	return read_word(r, "strict", &r->out->strict_rootfs);
}

/* "" is runc's way to ask for no configuration file, not even the default one. */
static int read_criu_config(struct reading *r)
{
	const char *path;

	return r->value[0] ? read_path(r, &path) : 0;
}

static int read_systemd_property(struct reading *r)
{
	size_t len = strlen(r->name);

	for (size_t i = 0; i < len; i++)
		if (!isalpha((unsigned char)r->name[i]))
			len = 0;
	if (len < SYSTEMD_PROPERTY_SHORTEST)
		return hk_refuse(r->err, EINVAL,
			"the name of a systemd property has three letters or more, and nothing "
			"else");
	return r->value[0] ? 0 : expect(r, "a value in systemd's notation, as 'uint64 5000000'");
}

static int read_delegate_cgroup(struct reading *r)
{
	return read_component(r, &r->out->delegate_cgroup);
}

static int read_hooks_stderr(struct reading *r)
{
	return read_path(r, &r->out->hooks_stderr);
}

static int read_hooks_stdout(struct reading *r)
{
	return read_path(r, &r->out->hooks_stdout);
}

static int read_keep_groups(struct reading *r)
{
	if (strcmp(r->value, "0") != 0 && strcmp(r->value, "1") != 0)
		return expect(r, "'1' or '0'");
	r->out->keep_groups = r->value[0] == '1';
	return 0;
}

static int read_seccomp_receiver(struct reading *r)
{
	return read_path(r, &r->out->seccomp_receiver);
}

/* "" is crun's way to ask for none. */
static int read_systemd_subgroup(struct reading *r)
{
	r->out->systemd_subgroup = r->value;
	return r->value[0] ? read_component(r, &r->out->systemd_subgroup) : 0;
}

/* ---- the table ---- */

/* Sorted. A name that ends with "." is a prefix. */
static const struct annotation {
	const char *name;
	int (*read)(struct reading *r);
	const char *unsafe; /* what who may set it gains; NULL: it only takes away */
} annotations[] = {
	{HK_ANNOTATION_CORE_SCHED, read_core_sched, "CPU siblings stand idle for the container"},
	{HK_ANNOTATION_LANDLOCK, read_landlock, NULL},
	{HK_ANNOTATION_READONLY_ROOTFS, read_readonly_rootfs, NULL},
	{HK_ANNOTATION_CRIU_CONFIG, read_criu_config, "CRIU runs with its options as root"},
	{HK_ANNOTATION_SYSTEMD_PROPERTY, read_systemd_property, "properties of the host's units"},
	{HK_ANNOTATION_DELEGATE_CGROUP, read_delegate_cgroup, "a cgroup that the container owns"},
	{HK_ANNOTATION_HOOKS_STDERR, read_hooks_stderr, "a file of the host is written to"},
	{HK_ANNOTATION_HOOKS_STDOUT, read_hooks_stdout, "a file of the host is written to"},
	{HK_ANNOTATION_KEEP_GROUPS, read_keep_groups, "groups that config.json does not give"},
	{HK_ANNOTATION_SECCOMP_RECEIVER, read_seccomp_receiver, "a socket of the host is used"},
	{HK_ANNOTATION_SYSTEMD_SUBGROUP, read_systemd_subgroup, "where in the scope it runs"},
};

static bool is_prefix(const struct annotation *a)
{
	return hk_ends_with(a->name, ".");
}

/* Of the thousands that some have, nearly all are none of ours, and each is asked about often. */
static bool has_known_beginning(const char *name)
{
	static const char *const beginnings[] = {
		OUR_PREFIX, "org.criu.", HK_ANNOTATION_SYSTEMD_PROPERTY, "run.oci."};

	for (size_t i = 0; i < HK_COUNT(beginnings); i++)
		if (hk_starts_with(name, beginnings[i]))
			return true;
	return false;
}

static const struct annotation *find(const char *name)
{
	if (!has_known_beginning(name))
		return NULL;
	for (size_t i = 0; i < HK_COUNT(annotations); i++) {
		const struct annotation *a = &annotations[i];

		if (is_prefix(a) ? hk_starts_with(name, a->name) : strcmp(name, a->name) == 0)
			return a;
	}
	return NULL;
}

static int read_one(struct reading *reading, const struct hk_pair *pair, uint32_t *seen)
{
	const struct annotation *known = find(pair->key);
	uint32_t bit = known ? 1u << (known - annotations) : 0;
	int r;

	if (!known)
		return 0;
	reading->name = pair->key + (is_prefix(known) ? strlen(known->name) : 0);
	reading->value = pair->value;
	/* config.json cannot have a key twice, the builder can */
	r = *seen & bit && !is_prefix(known)
		    ? hk_refuse(reading->err, EINVAL, "the annotation is there twice")
		    : known->read(reading);
	*seen |= bit;
	if (r < 0)
		(void)hk_err_at(reading->err, "%s", hk_at_key("/annotations", pair->key).text);
	return r;
}

int hk_annotated_read(const struct hk_pairs *pairs, struct hk_arena *arena,
	struct hk_annotated *ret, struct hk_findings *f)
{
	struct hk_annotated out = {0};
	struct reading reading = {.arena = arena, .out = &out, .err = f->err};
	uint32_t seen = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < pairs->count; i++) {
		r = read_one(&reading, &pairs->items[i], &seen);
		if (r == -EINVAL)
			r = hk_found(f);
	}
	if (r == 0)
		*ret = out;
	return r;
}

const char *hk_annotation_get(const struct hk_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, name) == 0)
			return pairs->items[i].value;
	return NULL;
}

bool hk_annotation_is_stray(const char *name)
{
	return hk_starts_with(name, OUR_PREFIX) && !find(name);
}

const char *hk_annotation_unsafe(size_t i)
{
	for (size_t j = 0; j < HK_COUNT(annotations); j++)
		if (annotations[j].unsafe && i-- == 0)
			return annotations[j].name;
	return NULL;
}

/* ---- together with the rest of config.json ---- */

static int check_together(
	const struct hk_spec *spec, const struct hk_annotated *annotated, struct hk_findings *f)
{
	int r = 0;

	if (annotated->keep_groups && spec->process && spec->process->user.additional_gid_count)
		r = hk_invalid_hint(f, hk_at_key("/annotations", HK_ANNOTATION_KEEP_GROUPS),
			"take one of the two out",
			"the caller's groups and process.user.additionalGids exclude each other");
	if (r == 0 && annotated->strict_rootfs && spec->root && !spec->root->readonly)
		r = hk_invalid_hint(f, hk_at_key("/annotations", HK_ANNOTATION_READONLY_ROOTFS),
			"set root.readonly to true", "the root file system is not read-only");
	if (r == 0 && annotated->delegate_cgroup && !hk_spec_new_namespace(spec, HK_NS_CGROUP))
		r = hk_needs_namespace(f, hk_at_key("/annotations", HK_ANNOTATION_DELEGATE_CGROUP),
			HK_NS_CGROUP, "a delegated cgroup needs a new cgroup namespace");
	if (r == 0 && annotated->delegate_cgroup && !hk_spec_knows_host_uids(spec))
		r = hk_invalid_hint(f, hk_at_key("/annotations", HK_ANNOTATION_DELEGATE_CGROUP),
			"repeat the mappings of the joined user namespace in linux.uidMappings",
			"it is not known who the container's root is on the host");
	return r;
}

int hk_validate_annotations(const struct hk_spec *spec, struct hk_findings *f)
{
	struct hk_arena arena = {0};
	struct hk_annotated annotated;
	int r = hk_annotated_read(&spec->annotations, &arena, &annotated, f);

	if (r == 0)
		r = check_together(spec, &annotated, f);
	hk_arena_done(&arena);
	return r;
}
