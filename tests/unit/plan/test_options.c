/* Mount options: what each word does, alone and together. */
#include "base/err.h"
#include "base/mem.h"
#include "base/sys.h"
#include "plan/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#define RO	    HK_MOUNT_ATTR_RDONLY
#define NOSUID	    HK_MOUNT_ATTR_NOSUID
#define NODEV	    HK_MOUNT_ATTR_NODEV
#define NOEXEC	    HK_MOUNT_ATTR_NOEXEC
#define NOATIME	    HK_MOUNT_ATTR_NOATIME
#define STRICT	    HK_MOUNT_ATTR_STRICTATIME
#define ATIME_MASK  HK_MOUNT_ATTR__ATIME
#define NODIRATIME  HK_MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW HK_MOUNT_ATTR_NOSYMFOLLOW

static const struct {
	const char *options[6];
	struct hk_mount_options expected;
} cases[] = {
	{{"defaults"}, {0}},
	{{"ro"}, {.attrs_set = RO}},
	{{"rw"}, {.attrs_clear = RO}},
	{{"ro", "rw"}, {.attrs_clear = RO}},
	{{"rw", "ro"}, {.attrs_set = RO}},
	{{"nosuid"}, {.attrs_set = NOSUID}},
	{{"suid"}, {.attrs_clear = NOSUID}},
	{{"nodev"}, {.attrs_set = NODEV}},
	{{"dev"}, {.attrs_clear = NODEV}},
	{{"noexec"}, {.attrs_set = NOEXEC}},
	{{"exec"}, {.attrs_clear = NOEXEC}},
	{{"nosymfollow"}, {.attrs_set = NOSYMFOLLOW}},
	{{"symfollow"}, {.attrs_clear = NOSYMFOLLOW}},
	{{"nodiratime"}, {.attrs_set = NODIRATIME}},
	{{"diratime"}, {.attrs_clear = NODIRATIME}},
	/* the modes of access time exclude each other; clear has the whole mask */
	{{"noatime"}, {.attrs_set = NOATIME, .attrs_clear = ATIME_MASK}},
	{{"strictatime"}, {.attrs_set = STRICT, .attrs_clear = ATIME_MASK}},
	{{"relatime"}, {.attrs_clear = ATIME_MASK}},
	{{"noatime", "strictatime"}, {.attrs_set = STRICT, .attrs_clear = ATIME_MASK}},
	{{"strictatime", "noatime"}, {.attrs_set = NOATIME, .attrs_clear = ATIME_MASK}},
	{{"noatime", "relatime"}, {.attrs_clear = ATIME_MASK}},
	{{"noatime", "atime"}, {.attrs_clear = ATIME_MASK}},
	{{"strictatime", "atime"}, {.attrs_set = STRICT, .attrs_clear = ATIME_MASK}},
	{{"strictatime", "nostrictatime"}, {.attrs_clear = ATIME_MASK}},
	{{"noatime", "norelatime"}, {.attrs_set = NOATIME, .attrs_clear = ATIME_MASK}},
	{{"noatime", "nodiratime"}, {.attrs_set = NOATIME | NODIRATIME, .attrs_clear = ATIME_MASK}},
	/* recursive ones */
	{{"rro"}, {.rec_set = RO}},
	{{"rrw"}, {.rec_clear = RO}},
	{{"rnosuid"}, {.rec_set = NOSUID}},
	{{"rsuid"}, {.rec_clear = NOSUID}},
	{{"rnodev"}, {.rec_set = NODEV}},
	{{"rdev"}, {.rec_clear = NODEV}},
	{{"rnoexec"}, {.rec_set = NOEXEC}},
	{{"rexec"}, {.rec_clear = NOEXEC}},
	{{"rnosymfollow"}, {.rec_set = NOSYMFOLLOW}},
	{{"rsymfollow"}, {.rec_clear = NOSYMFOLLOW}},
	{{"rnodiratime"}, {.rec_set = NODIRATIME}},
	{{"rdiratime"}, {.rec_clear = NODIRATIME}},
	{{"rnoatime"}, {.rec_set = NOATIME, .rec_clear = ATIME_MASK}},
	{{"ratime"}, {.rec_clear = ATIME_MASK}},
	{{"rstrictatime"}, {.rec_set = STRICT, .rec_clear = ATIME_MASK}},
	{{"rnostrictatime"}, {.rec_clear = ATIME_MASK}},
	{{"rrelatime"}, {.rec_clear = ATIME_MASK}},
	{{"rnorelatime"}, {0}},
	{{"ro", "rrw", "rnosuid"}, {.attrs_set = RO, .rec_clear = RO, .rec_set = NOSUID}},
	/* propagation */
	{{"shared"}, {.propagation = MS_SHARED}},
	{{"rshared"}, {.rec_propagation = MS_SHARED}},
	{{"slave"}, {.propagation = MS_SLAVE}},
	{{"rslave"}, {.rec_propagation = MS_SLAVE}},
	{{"private"}, {.propagation = MS_PRIVATE}},
	{{"rprivate"}, {.rec_propagation = MS_PRIVATE}},
	{{"unbindable"}, {.propagation = MS_UNBINDABLE}},
	{{"runbindable"}, {.rec_propagation = MS_UNBINDABLE}},
	{{"rshared", "private"}, {.rec_propagation = MS_SHARED, .propagation = MS_PRIVATE}},
	{{"private", "rshared"}, {.rec_propagation = MS_SHARED}},
	{{"slave", "shared"}, {.propagation = MS_SLAVE | MS_SHARED}},
	{{"rslave", "rshared"}, {.rec_propagation = MS_SLAVE | MS_SHARED}},
	{{"rslave", "shared"}, {.rec_propagation = MS_SLAVE, .propagation = MS_SLAVE | MS_SHARED}},
	{{"shared", "slave"}, {.propagation = MS_SLAVE}},
	{{"rslave", "shared", "private"}, {.rec_propagation = MS_SLAVE, .propagation = MS_PRIVATE}},
	/* the superblock */
	{{"sync"}, {.sb_set = MS_SYNCHRONOUS}},
	{{"sync", "async"}, {.sb_clear = MS_SYNCHRONOUS}},
	{{"async", "sync"}, {.sb_set = MS_SYNCHRONOUS}},
	{{"dirsync"}, {.sb_set = MS_DIRSYNC}},
	{{"mand"}, {.sb_set = MS_MANDLOCK}},
	{{"mand", "nomand"}, {.sb_clear = MS_MANDLOCK}},
	{{"lazytime"}, {.sb_set = MS_LAZYTIME}},
	{{"lazytime", "nolazytime"}, {.sb_clear = MS_LAZYTIME}},
	{{"iversion"}, {.sb_set = MS_I_VERSION}},
	{{"iversion", "noiversion"}, {.sb_clear = MS_I_VERSION}},
	{{"silent"}, {.sb_set = MS_SILENT}},
	{{"silent", "loud"}, {.sb_clear = MS_SILENT}},
	/* kinds of mounts */
	{{"bind"}, {.bind = true}},
	{{"rbind"}, {.bind = true, .recursive = true}},
	{{"remount", "ro"}, {.remount = true, .attrs_set = RO}},
	{{"remount", "size=2m"}, {.remount = true, .data = "size=2m"}},
	{{"tmpcopyup"}, {.tmpcopyup = true}},
	{{"bind", "idmap"}, {.bind = true, .idmap = HK_IDMAP_MOUNT}},
	{{"rbind", "ridmap"}, {.bind = true, .recursive = true, .idmap = HK_IDMAP_TREE}},
	{{"idmap", "ridmap"}, {.idmap = HK_IDMAP_TREE}},
	/* the file system's own */
	{{"size=64k", "ro", "mode=755"}, {.attrs_set = RO, .data = "size=64k,mode=755"}},
	{{"lowerdir=/a:/b,upperdir=/c"}, {.data = "lowerdir=/a:/b,upperdir=/c"}},
	{{"", "RO"}, {.data = "RO"}},
	{{""}, {0}},
};

static size_t count(const char *const *options)
{
	size_t n = 0;

	while (n < 6 && options[n])
		n++;
	return n;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		const struct hk_mount_options *e = &cases[i].expected;
		struct hk_mount mount = {.destination = "/d", .type = "tmpfs"};
		struct hk_mount_options o;
		struct hk_arena arena = {0};
		struct hk_err err = {0};

		mount.options.items = (const char **)cases[i].options;
		mount.options.count = count(cases[i].options);
		print_message("%s\n", cases[i].options[0]);
		assert_int_equal(hk_mount_options_parse(&mount, 0, &arena, &o, &err), 0);
		assert_int_equal(o.attrs_set, e->attrs_set);
		assert_int_equal(o.attrs_clear, e->attrs_clear);
		assert_int_equal(o.rec_set, e->rec_set);
		assert_int_equal(o.rec_clear, e->rec_clear);
		assert_int_equal(o.propagation, e->propagation);
		assert_int_equal(o.rec_propagation, e->rec_propagation);
		assert_int_equal(o.sb_set, e->sb_set);
		assert_int_equal(o.sb_clear, e->sb_clear);
		assert_int_equal(o.idmap, e->idmap);
		assert_int_equal(o.bind, e->bind);
		assert_int_equal(o.recursive, e->recursive);
		assert_int_equal(o.remount, e->remount);
		assert_int_equal(o.tmpcopyup, e->tmpcopyup);
		if (e->data)
			assert_string_equal(o.data, e->data);
		else
			assert_null(o.data);
		hk_arena_done(&arena);
	}
}

static void refused(const char *type, const char **options, size_t n, const char *property)
{
	struct hk_mount mount = {
		.destination = "/d", .type = type, .options = {.items = options, .count = n}};
	struct hk_mount_options o;
	struct hk_arena arena = {0};
	struct hk_err err = {0};

	assert_int_equal(hk_mount_options_parse(&mount, 3, &arena, &o, &err), -EINVAL);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.property, property);
	hk_arena_done(&arena);
}

static void test_data_beside_a_bind(void **state)
{
	(void)state;
	refused(NULL, (const char *[]){"bind", "ro", "x=1k"}, 3, "/mounts/3/options/2");
	refused(NULL, (const char *[]){"uid=1", "rbind"}, 2, "/mounts/3/options/0");
	refused(NULL, (const char *[]){"size=1k", "nosiud", "rbind"}, 3, "/mounts/3/options/1");
	refused("bind", (const char *[]){"idmap=uids=0-1-1"}, 1, "/mounts/3/options/0");
	refused(NULL, (const char *[]){"remount", "bind", "size=1k"}, 3, "/mounts/3/options/2");
}

static void test_type_bind_is_a_bind(void **state)
{
	struct hk_mount mount = {.destination = "/d", .type = "bind"};
	struct hk_mount_options o;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_mount_options_parse(&mount, 0, NULL, &o, &err), 0);
	assert_true(o.bind);
	assert_false(o.recursive);
}

/* The specification: mappings without a word about how are as good as "idmap". */
static void test_mappings_alone(void **state)
{
	struct hk_id_map map = {0, 100000, 65536};
	struct hk_mount mount = {.destination = "/d",
		.type = "bind",
		.uid_mappings = {&map, 1},
		.gid_mappings = {&map, 1}};
	struct hk_mount_options o;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_mount_options_parse(&mount, 0, NULL, &o, &err), 0);
	assert_int_equal(o.idmap, HK_IDMAP_MOUNT);
	mount.options = (struct hk_strings){(const char *[]){"ridmap"}, 1};
	assert_int_equal(hk_mount_options_parse(&mount, 0, NULL, &o, &err), 0);
	assert_int_equal(o.idmap, HK_IDMAP_TREE);
}

static void superblock(const char *const *options, bool named, const char *expected)
{
	struct hk_mount mount = {.destination = "/d", .type = "tmpfs"};
	struct hk_mount_options o;
	struct hk_arena arena = {0};
	struct hk_err err = {0};

	mount.options = (struct hk_strings){(const char **)options, count(options)};
	assert_int_equal(hk_mount_options_parse(&mount, 0, &arena, &o, &err), 0);
	assert_string_equal(hk_mount_options_superblock(&o, named, &arena), expected);
	hk_arena_done(&arena);
}

static void test_superblock(void **state)
{
	static const char *const all[] = {
		"sync", "dirsync", "mand", "lazytime", "iversion", "silent"};
	static const char *const none[] = {"async", "nomand", "nolazytime", "loud", "ro", NULL};
	static const char *const data[] = {"size=1m", "lazytime", "nosuid", "nr_inodes=5", NULL};

	(void)state;
	superblock(all, false, "sync,dirsync,mand,lazytime,iversion,silent");
	superblock(none, false, "");
	superblock(none, true, "async,nomand,nolazytime,loud");
	superblock(data, false, "lazytime,size=1m,nr_inodes=5");
}

static void test_final_attributes(void **state)
{
	struct hk_mount_options o = {
		.attrs_set = RO | NOSUID | NOATIME, .rec_set = NODEV, .rec_clear = RO};

	(void)state;
	assert_int_equal(hk_mount_options_attrs(&o), NOSUID | NOATIME | NODEV);
	o.rec_set = STRICT;
	o.rec_clear = ATIME_MASK;
	assert_int_equal(hk_mount_options_attrs(&o), RO | NOSUID | STRICT);
}

/* bsearch needs it, and `features` prints it. */
static void test_names_are_sorted(void **state)
{
	size_t n = 1;

	(void)state;
	for (; hk_mount_option_name(n); n++)
		assert_true(strcmp(hk_mount_option_name(n - 1), hk_mount_option_name(n)) < 0);
	assert_int_equal(n, 62);
	assert_null(hk_mount_option_name(SIZE_MAX));
}

static void test_data_has(void **state)
{
	(void)state;
	assert_true(hk_mount_data_has("mode=1", "mode"));
	assert_true(hk_mount_data_has("size=1,mode", "mode"));
	assert_true(hk_mount_data_has("mode,size", "mode"));
	assert_false(hk_mount_data_has("ptmxmode=1", "mode"));
	assert_false(hk_mount_data_has("modes=1", "mode"));
	assert_false(hk_mount_data_has("", "mode"));
	assert_false(hk_mount_data_has(NULL, "mode"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_data_beside_a_bind),
		cmocka_unit_test(test_type_bind_is_a_bind),
		cmocka_unit_test(test_mappings_alone),
		cmocka_unit_test(test_superblock),
		cmocka_unit_test(test_final_attributes),
		cmocka_unit_test(test_names_are_sorted),
		cmocka_unit_test(test_data_has),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
