/* The table of mount options, and what each of them does. */
#include "plan/options.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

enum effect {
	SET, /* attribute of the mount */
	CLEAR,
	ATIME, /* one of the three modes that exclude each other */
	NOT_ATIME,
	REC_SET, /* the same for the whole tree */
	REC_CLEAR,
	REC_ATIME,
	REC_NOT_ATIME,
	SB_SET, /* flag of the superblock */
	SB_CLEAR,
	PROPAGATION,
	BIND,
	REMOUNT,
	TMPCOPYUP,
	IDMAP,
	NOTHING,
};

struct option {
	const char *name;
	enum effect effect;
	uint64_t value;
};

/* clang-format off */
/* Sorted by name. Without effect: "defaults"; norelatime, since relatime is what the kernel does
 * when none of the modes is set. */
static const struct option options[] = {
	{"async", SB_CLEAR, MS_SYNCHRONOUS},
	{"atime", NOT_ATIME, HK_MOUNT_ATTR_NOATIME},
	{"bind", BIND, 0},
	{"defaults", NOTHING, 0},
	{"dev", CLEAR, HK_MOUNT_ATTR_NODEV},
	{"diratime", CLEAR, HK_MOUNT_ATTR_NODIRATIME},
	{"dirsync", SB_SET, MS_DIRSYNC},
	{"exec", CLEAR, HK_MOUNT_ATTR_NOEXEC},
	{"idmap", IDMAP, HK_IDMAP_MOUNT},
	{"iversion", SB_SET, MS_I_VERSION},
	{"lazytime", SB_SET, MS_LAZYTIME},
	{"loud", SB_CLEAR, MS_SILENT},
	{"mand", SB_SET, MS_MANDLOCK},
	{"noatime", ATIME, HK_MOUNT_ATTR_NOATIME},
	{"nodev", SET, HK_MOUNT_ATTR_NODEV},
	{"nodiratime", SET, HK_MOUNT_ATTR_NODIRATIME},
	{"noexec", SET, HK_MOUNT_ATTR_NOEXEC},
	{"noiversion", SB_CLEAR, MS_I_VERSION},
	{"nolazytime", SB_CLEAR, MS_LAZYTIME},
	{"nomand", SB_CLEAR, MS_MANDLOCK},
	{"norelatime", NOTHING, 0},
	{"nostrictatime", NOT_ATIME, HK_MOUNT_ATTR_STRICTATIME},
	{"nosuid", SET, HK_MOUNT_ATTR_NOSUID},
	{"nosymfollow", SET, HK_MOUNT_ATTR_NOSYMFOLLOW},
	{"private", PROPAGATION, MS_PRIVATE},
	{"ratime", REC_NOT_ATIME, HK_MOUNT_ATTR_NOATIME},
	{"rbind", BIND, MS_REC},
	{"rdev", REC_CLEAR, HK_MOUNT_ATTR_NODEV},
	{"rdiratime", REC_CLEAR, HK_MOUNT_ATTR_NODIRATIME},
	{"relatime", ATIME, HK_MOUNT_ATTR_RELATIME},
	{"remount", REMOUNT, 0},
	{"rexec", REC_CLEAR, HK_MOUNT_ATTR_NOEXEC},
	{"ridmap", IDMAP, HK_IDMAP_TREE},
	{"rnoatime", REC_ATIME, HK_MOUNT_ATTR_NOATIME},
	{"rnodev", REC_SET, HK_MOUNT_ATTR_NODEV},
	{"rnodiratime", REC_SET, HK_MOUNT_ATTR_NODIRATIME},
	{"rnoexec", REC_SET, HK_MOUNT_ATTR_NOEXEC},
	{"rnorelatime", NOTHING, 0},
	{"rnostrictatime", REC_NOT_ATIME, HK_MOUNT_ATTR_STRICTATIME},
	{"rnosuid", REC_SET, HK_MOUNT_ATTR_NOSUID},
	{"rnosymfollow", REC_SET, HK_MOUNT_ATTR_NOSYMFOLLOW},
	{"ro", SET, HK_MOUNT_ATTR_RDONLY},
	{"rprivate", PROPAGATION, MS_PRIVATE | MS_REC},
	{"rrelatime", REC_ATIME, HK_MOUNT_ATTR_RELATIME},
	{"rro", REC_SET, HK_MOUNT_ATTR_RDONLY},
	{"rrw", REC_CLEAR, HK_MOUNT_ATTR_RDONLY},
	{"rshared", PROPAGATION, MS_SHARED | MS_REC},
	{"rslave", PROPAGATION, MS_SLAVE | MS_REC},
	{"rstrictatime", REC_ATIME, HK_MOUNT_ATTR_STRICTATIME},
	{"rsuid", REC_CLEAR, HK_MOUNT_ATTR_NOSUID},
	{"rsymfollow", REC_CLEAR, HK_MOUNT_ATTR_NOSYMFOLLOW},
	{"runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC},
	{"rw", CLEAR, HK_MOUNT_ATTR_RDONLY},
	{"shared", PROPAGATION, MS_SHARED},
	{"silent", SB_SET, MS_SILENT},
	{"slave", PROPAGATION, MS_SLAVE},
	{"strictatime", ATIME, HK_MOUNT_ATTR_STRICTATIME},
	{"suid", CLEAR, HK_MOUNT_ATTR_NOSUID},
	{"symfollow", CLEAR, HK_MOUNT_ATTR_NOSYMFOLLOW},
	{"sync", SB_SET, MS_SYNCHRONOUS},
	{"tmpcopyup", TMPCOPYUP, 0},
	{"unbindable", PROPAGATION, MS_UNBINDABLE},
};
/* clang-format on */

static int compare(const void *name, const void *option)
{
	return strcmp(name, ((const struct option *)option)->name);
}

static const struct option *find(const char *name)
{
	return bsearch(name, options, HK_COUNT(options), sizeof(options[0]), compare);
}

static void change(uint64_t *set, uint64_t *clear, uint64_t bits)
{
	*set |= bits;
	*clear &= ~bits;
}

static void change_atime(uint64_t *set, uint64_t *clear, uint64_t mode)
{
	*set = (*set & ~(uint64_t)HK_MOUNT_ATTR__ATIME) | mode;
	*clear |= HK_MOUNT_ATTR__ATIME;
}

static void drop_atime(uint64_t *set, uint64_t *clear, uint64_t mode)
{
	if ((*set & HK_MOUNT_ATTR__ATIME) == mode)
		*set &= ~(uint64_t)HK_MOUNT_ATTR__ATIME;
	*clear |= HK_MOUNT_ATTR__ATIME;
}

/* Each type replaces the one before, but for shared behind slave: that is a mount which gets what
 * happens elsewhere, and gives what happens in it to new peers. */
static void add_propagation(uint64_t *types, uint64_t type)
{
	*types = type == MS_SHARED && *types & MS_SLAVE ? *types | type : type;
}

static void change_propagation(struct hk_mount_options *o, uint64_t type)
{
	if (type & MS_REC)
		add_propagation(&o->rec_propagation, type & ~(uint64_t)MS_REC);
	add_propagation(&o->propagation, type & ~(uint64_t)MS_REC);
}

static void apply(const struct option *option, struct hk_mount_options *o)
{
	switch (option->effect) {
	case SET:
		change(&o->attrs_set, &o->attrs_clear, option->value);
		break;
	case CLEAR:
		change(&o->attrs_clear, &o->attrs_set, option->value);
		break;
	case ATIME:
		change_atime(&o->attrs_set, &o->attrs_clear, option->value);
		break;
	case NOT_ATIME:
		drop_atime(&o->attrs_set, &o->attrs_clear, option->value);
		break;
	case REC_SET:
		change(&o->rec_set, &o->rec_clear, option->value);
		break;
	case REC_CLEAR:
		change(&o->rec_clear, &o->rec_set, option->value);
		break;
	case REC_ATIME:
		change_atime(&o->rec_set, &o->rec_clear, option->value);
		break;
	case REC_NOT_ATIME:
		drop_atime(&o->rec_set, &o->rec_clear, option->value);
		break;
	case SB_SET:
		change(&o->sb_set, &o->sb_clear, option->value);
		break;
	case SB_CLEAR:
		change(&o->sb_clear, &o->sb_set, option->value);
		break;
	case PROPAGATION:
		change_propagation(o, option->value);
		break;
	case BIND:
		o->bind = true;
		o->recursive = option->value == MS_REC;
		break;
	case REMOUNT:
		o->remount = true;
		break;
	case TMPCOPYUP:
		o->tmpcopyup = true;
		break;
	case IDMAP:
		o->idmap = option->value == HK_IDMAP_TREE ? HK_IDMAP_TREE : HK_IDMAP_MOUNT;
		break;
	case NOTHING:
		break;
	}
}

/* The words that the table does not have, joined with commas. */
static char *join_data(const struct hk_strings *words, struct hk_arena *arena)
{
	size_t size = 1, n = 0;
	char *data;

	for (size_t i = 0; i < words->count; i++)
		size += strlen(words->items[i]) + 1;
	data = hk_arena_alloc(arena, size);
	for (size_t i = 0; data && i < words->count; i++) {
		size_t len = strlen(words->items[i]);

		if (!len || find(words->items[i]))
			continue;
		if (n)
			data[n++] = ',';
		memcpy(data + n, words->items[i], len);
		n += len;
	}
	return data;
}

int hk_mount_options_parse(const struct hk_mount *mount, size_t index, struct hk_arena *arena,
	struct hk_mount_options *ret, struct hk_err *err)
{
	struct hk_mount_options o = {.bind = mount->type && strcmp(mount->type, "bind") == 0};
	size_t first_data = SIZE_MAX;

	for (size_t i = 0; i < mount->options.count; i++) {
		const struct option *option = find(mount->options.items[i]);

		if (option)
			apply(option, &o);
		else if (first_data == SIZE_MAX && mount->options.items[i][0] &&
			 !hk_mount_option_is_idle(mount, mount->options.items[i]))
			first_data = i;
	}
	if (o.propagation == o.rec_propagation)
		o.propagation = 0; /* said already */
	if (o.idmap == HK_IDMAP_NONE && (mount->uid_mappings.count || mount->gid_mappings.count))
		o.idmap = HK_IDMAP_MOUNT;
	if (first_data != SIZE_MAX && o.bind) {
		(void)hk_refuse(err, EINVAL, "'%s' is not an option that a bind mount%s can have",
			mount->options.items[first_data], o.remount ? "'s remount" : "");
		return hk_err_at(err, "/mounts/%zu/options/%zu", index, first_data);
	}
	if (first_data != SIZE_MAX) {
		o.data = join_data(&mount->options, arena);
		if (!o.data)
			return hk_fail(err, ENOMEM, "read the options of '%s'", mount->destination);
	}
	*ret = o;
	return 0;
}

uint64_t hk_mount_options_attrs(const struct hk_mount_options *o)
{
	return (o->attrs_set & ~o->rec_clear) | o->rec_set;
}

/* In the words of fsconfig(2); the last two are mount(2)'s alone. */
static const struct {
	uint64_t flag;
	const char *set;
	const char *clear;
} superblock_words[] = {
	{MS_SYNCHRONOUS, "sync", "async"},
	{MS_DIRSYNC, "dirsync", NULL},
	{MS_MANDLOCK, "mand", "nomand"},
	{MS_LAZYTIME, "lazytime", "nolazytime"},
	{MS_I_VERSION, "iversion", "noiversion"},
	{MS_SILENT, "silent", "loud"},
};

const char *hk_mount_options_superblock(
	const struct hk_mount_options *o, bool named, struct hk_arena *arena)
{
	const char *text = "";

	for (size_t i = 0; text && i < HK_COUNT(superblock_words); i++) {
		const char *word = NULL;

		if (o->sb_set & superblock_words[i].flag)
			word = superblock_words[i].set;
		else if (named && o->sb_clear & superblock_words[i].flag)
			word = superblock_words[i].clear;
		if (word)
			text = hk_arena_printf(arena, "%s%s%s", text, text[0] ? "," : "", word);
	}
	if (text && o->data)
		text = hk_arena_printf(arena, "%s%s%s", text, text[0] ? "," : "", o->data);
	return text;
}

const char *hk_mount_option_name(size_t i)
{
	return i < HK_COUNT(options) ? options[i].name : NULL;
}

bool hk_mount_data_has(const char *data, const char *key)
{
	size_t len = strlen(key);

	while (data && *data) {
		if (strncmp(data, key, len) == 0 &&
			(data[len] == '=' || data[len] == ',' || !data[len]))
			return true;
		data = strchr(data, ',');
		if (data)
			data++;
	}
	return false;
}
