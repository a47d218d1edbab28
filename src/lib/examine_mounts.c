/* Whether the mounts can be made: sources, places, file system types and their options. */
#include "lib/examine.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/procpath.h"
#include "base/str.h"
#include "base/sys.h"
#include "plan/options.h"
#include "spec/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define FSCONFIG_VALUE_MAX 255

/* One mount under examination. */
struct subject {
	const struct hk_prepared *prepared;
	const struct hk_mount *mount;
	size_t index;
	int rootfs;	       /* -1: not there */
	char target[PATH_MAX]; /* clean */
	struct hk_mount_options options;
	struct hk_findings *findings;
};

/* ---- what lies under what ---- */

/* Nothing that another property names is a link into these, but for what is made in them. */
static const char *const unimportant[] = {"/dev", "/etc", "/proc", "/run", "/sys"};

static bool is_unimportant(const char *path)
{
	for (size_t i = 0; i < HK_COUNT(unimportant); i++)
		if (hk_path_is_beneath(path, unimportant[i]))
			return true;
	return false;
}

static int clean_target(const struct hk_mount *mount, char ret[PATH_MAX])
{
	return hk_path_clean(mount->destination, true, ret, PATH_MAX);
}

/* Could a link of the image lead into one of the first mounts? */
static bool may_lead_away(const struct hk_spec *spec, size_t mounts)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < mounts; i++)
		if (clean_target(&spec->mounts[i], target) < 0 || !is_unimportant(target))
			return true;
	return false;
}

bool hk_examine_is_mounted_over(const struct hk_spec *spec, size_t mounts, const char *path)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < mounts; i++)
		if (clean_target(&spec->mounts[i], target) < 0 || hk_path_is_beneath(path, target))
			return true;
	return false;
}

int hk_examine_open(
	const struct hk_spec *spec, size_t mounts, int rootfs, const char *path, int flags)
{
	char clean[PATH_MAX];
	int fd;

	if (hk_path_clean(path, true, clean, sizeof(clean)) < 0 ||
		hk_examine_is_mounted_over(spec, mounts, clean))
		return -EXDEV;
	fd = hk_sys_openat2(rootfs, clean, O_PATH | (uint64_t)flags, 0,
		HK_RESOLVE_IN_ROOT | HK_RESOLVE_NO_SYMLINKS);
	if (fd != -ELOOP)
		return fd;
	return may_lead_away(spec, mounts) ? -EXDEV : hk_root_open(rootfs, clean, O_PATH | flags);
}

int hk_examine_open_rootfs(const struct hk_prepared *p)
{
	return p->rootfs ? open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* ---- types ---- */

/* Does any line of the file hold the text? Lines longer than a page do not matter here. */
static bool file_has(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[4096];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	if (file)
		(void)fclose(file); /* only read */
	return found;
}

/* In the kernel, or in a module that mounting it would load. */
static bool has_file_system(const char *type)
{
	char name[80], path[PATH_MAX];
	struct utsname host;

	(void)snprintf(name, sizeof(name), "\t%.64s\n", type);
	if (file_has("/proc/filesystems", name))
		return true;
	if (uname(&host) < 0)
		return true; /* cannot tell */
	(void)snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", host.release);
	(void)snprintf(name, sizeof(name), "alias fs-%.64s ", type);
	return file_has(path, name);
}

/* The length of the first option: a comma between quotes, as in an SELinux context, ends none. */
static size_t option_length(const char *options)
{
	bool quoted = false;
	size_t len;

	for (len = 0; options[len] && (quoted || options[len] != ','); len++)
		quoted ^= options[len] == '"';
	return len;
}

/* The options that the file system itself is asked about; nothing is made of them. */
static int examine_option(struct subject *s, int fs, const char *word)
{
	char option[2 * FSCONFIG_VALUE_MAX], *value;
	int r;

	(void)snprintf(option, sizeof(option), "%s", word);
	value = strchr(option, '=');
	if (value)
		*value++ = '\0';
	if (value && (value[0] == '"' || strlen(value) > FSCONFIG_VALUE_MAX)) /* for mount(2) */
		return 0;
	r = hk_sys_fsconfig(
		fs, value ? HK_FSCONFIG_SET_STRING : HK_FSCONFIG_SET_FLAG, option, value);
	if (r != -EINVAL)
		return 0;
	return hk_finding(s->findings, EINVAL, hk_at("/mounts/%zu/options", s->index), NULL,
		"the file system %.64s does not take the option '%.200s'", s->mount->type, word);
}

static int examine_options(struct subject *s)
{
	uint64_t caps = s->prepared->facts.permitted_caps;
	HK_FD int fs = -1;
	char word[2 * FSCONFIG_VALUE_MAX];
	int r = 0;

	if (!s->options.data || !(caps >> CAP_SYS_ADMIN & 1))
		return 0;
	fs = hk_sys_fsopen(s->mount->type);
	for (const char *p = s->options.data; fs >= 0 && r == 0 && *p;) {
		size_t len = option_length(p);

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, p);
		if (len > 0 && len < sizeof(word))
			r = examine_option(s, fs, word);
		p += len + (p[len] == ',');
	}
	return r;
}

static bool is(const struct subject *s, const char *type)
{
	return s->mount->type && strcmp(s->mount->type, type) == 0;
}

/* These are made only on an ordinary directory (CVE-2019-19921). */
static int examine_plain_place(struct subject *s)
{
	bool plain = is(s, "proc") || is(s, "sysfs") || is(s, "mqueue") || is(s, "cgroup") ||
		     is(s, "cgroup2");
	HK_FD int fd = -1;

	if (!plain || s->rootfs < 0 ||
		hk_examine_is_mounted_over(s->prepared->spec, s->index, s->target))
		return 0;
	fd = hk_sys_openat2(s->rootfs, s->target, O_PATH | O_DIRECTORY, 0,
		HK_RESOLVE_IN_ROOT | HK_RESOLVE_NO_SYMLINKS);
	if (fd != -ELOOP && fd != -ENOTDIR)
		return 0;
	return hk_finding(s->findings, ELOOP, hk_at("/mounts/%zu/destination", s->index), NULL,
		"'%.200s' must be an ordinary directory in the root file system, not a symbolic "
		"link or a file",
		s->target);
}

static int examine_new(struct subject *s)
{
	int r;

	if (!s->mount->type || is(s, "cgroup"))
		return examine_plain_place(s);
	if (!has_file_system(s->mount->type))
		return hk_finding(s->findings, ENODEV, hk_at("/mounts/%zu/type", s->index),
			"the names are in /proc/filesystems; a bind mount needs the option "
			"\"bind\"",
			"this host has no file system of type '%.64s'", s->mount->type);
	r = examine_options(s);
	return r < 0 ? r : examine_plain_place(s);
}

/* ---- bind mounts ---- */

/* What the image has in the place of the mount must be of the same kind, or be missing. */
static int examine_place(struct subject *s, bool directory)
{
	HK_FD int place = -1;
	struct stat st;

	if (s->rootfs < 0)
		return 0;
	place = hk_examine_open(s->prepared->spec, s->index, s->rootfs, s->target, 0);
	if (place < 0 || fstat(place, &st) < 0 || S_ISDIR(st.st_mode) == directory)
		return 0;
	return hk_finding(s->findings, ENOTDIR, hk_at("/mounts/%zu/destination", s->index), NULL,
		"mount a %s on '%.200s', which is a %s: not a directory",
		directory ? "directory" : "file", s->target, directory ? "file" : "directory");
}

static int examine_bind(struct subject *s)
{
	const char *source = s->mount->source, *bundle = s->prepared->bundle;
	char path[PATH_MAX];
	struct stat st;

	if (!source)
		return 0; /* said already */
	(void)snprintf(path, sizeof(path), "%s%s%s", source[0] == '/' ? "" : bundle,
		source[0] == '/' ? "" : "/", source);
	if (stat(path, &st) == 0)
		return examine_place(s, S_ISDIR(st.st_mode));
	if (errno == EACCES)
		return 0; /* the kernel decides who may */
	(void)hk_fail(s->findings->err, errno, "open the bind mount's source '%s'", path);
	(void)hk_err_at(s->findings->err, "/mounts/%zu/source", s->index);
	hk_err_hint(s->findings->err, "the source of a bind mount must exist on the host");
	return hk_found(s->findings);
}

/* ---- all ---- */

static int examine_proc_path(struct subject *s)
{
	if (!hk_starts_with(s->target, "/proc/") || hk_proc_may_be_covered(s->target))
		return 0;
	return hk_finding(s->findings, EPERM, hk_at("/mounts/%zu/destination", s->index), NULL,
		"nothing may be mounted on '%.200s': it is inside /proc", s->target);
}

static int examine_mount(struct subject *s)
{
	struct hk_arena arena = {0};
	struct hk_err e = {0};
	int r = 0;

	/* what is wrong with the words themselves the plan has said */
	if (clean_target(s->mount, s->target) == 0 &&
		hk_mount_options_parse(s->mount, s->index, &arena, &s->options, &e) == 0 &&
		!s->options.remount) {
		r = examine_proc_path(s);
		if (r == 0)
			r = s->options.bind ? examine_bind(s) : examine_new(s);
	}
	hk_arena_done(&arena);
	return r;
}

int hk_examine_mounts(const struct hk_prepared *p, struct hk_findings *f)
{
	HK_FD int rootfs = hk_examine_open_rootfs(p);
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->spec->mount_count; i++) {
		struct subject s = {.prepared = p,
			.mount = &p->spec->mounts[i],
			.index = i,
			.rootfs = rootfs,
			.findings = f};

		r = examine_mount(&s);
	}
	return r;
}
