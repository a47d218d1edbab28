/* The grammar of dev.hako.landlock. */
#include "spec/landlock.h"

#include "base/err.h"
#include "base/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALL   0xffffu
#define ABI_1 0x1fffu
#define RO    (HK_LANDLOCK_READ_FILE | HK_LANDLOCK_READ_DIR)
#define RW    (ALL & ~HK_LANDLOCK_EXECUTE)

static struct hk_arena arena;
static struct hk_landlock rules;
static struct hk_err err;

static void parse(const char *text)
{
	rules = (struct hk_landlock){0};
	err = (struct hk_err){0};
	if (hk_landlock_parse(text, &arena, &rules, &err) != 0)
		fail_msg("'%s': %s", text, err.message);
}

static const struct {
	const char *text;
	uint32_t abi;
	uint64_t fs, net, scope;
	size_t path_count;
	struct {
		const char *path;
		uint32_t rights;
	} paths[3];
	size_t port_count;
	struct {
		uint32_t port;
		uint32_t rights;
	} ports[3];
} valid[] = {
	{"ro:/", 5, ALL, 0, 0, 1, {{"/", RO}}, 0, {{0}}},
	{"ro:/usr,/etc; rw:/tmp", 5, ALL, 0, 0, 3, {{"/usr", RO}, {"/etc", RO}, {"/tmp", RW}}, 0,
		{{0}}},
	{" ro : /usr , /etc ;\n\trwx: /tmp ; ", 5, ALL, 0, 0, 3,
		{{"/usr", RO}, {"/etc", RO}, {"/tmp", ALL}}, 0, {{0}}},
	{"rox:/bin/", 5, ALL, 0, 0, 1, {{"/bin", RO | HK_LANDLOCK_EXECUTE}}, 0, {{0}}},
	{"rox+write_file:/a//./b", 5, ALL, 0, 0, 1,
		{{"/a/b", RO | HK_LANDLOCK_EXECUTE | HK_LANDLOCK_WRITE_FILE}}, 0, {{0}}},
	{"read_file+refer:/a b", 5, ALL, 0, 0, 1,
		{{"/a b", HK_LANDLOCK_READ_FILE | HK_LANDLOCK_REFER}}, 0, {{0}}},
	{"ro:/a\\,b,/c\\;d,/e\\\\f", 5, ALL, 0, 0, 3, {{"/a,b", RO}, {"/c;d", RO}, {"/e\\f", RO}},
		0, {{0}}},
	{"ro:/a\\", 5, ALL, 0, 0, 1, {{"/a\\", RO}}, 0, {{0}}}, /* stands for itself */
	{"ro:/a:b,/c\\ ", 5, ALL, 0, 0, 2, {{"/a:b", RO}, {"/c ", RO}}, 0, {{0}}},
	{"abi:1;rw:/", 1, ABI_1, 0, 0, 1, {{"/", RW &ABI_1}}, 0, {{0}}},
	{"rw:/;abi:2", 2, 0x3fff, 0, 0, 1, {{"/", RW & 0x3fff}}, 0, {{0}}},
	{"refer:/;abi:2", 2, 0x3fff, 0, 0, 1, {{"/", HK_LANDLOCK_REFER}}, 0, {{0}}},
	{"truncate:/;abi:3", 3, 0x7fff, 0, 0, 1, {{"/", HK_LANDLOCK_TRUNCATE}}, 0, {{0}}},
	{"ro:/;abi:6", 6, ALL, 0, 0, 1, {{"/", RO}}, 0, {{0}}},
	{"bind_tcp:80,0,65535", 4, 0, HK_LANDLOCK_BIND_TCP, 0, 0, {{0}}, 3,
		{{80, HK_LANDLOCK_BIND_TCP}, {0, HK_LANDLOCK_BIND_TCP},
			{65535, HK_LANDLOCK_BIND_TCP}}},
	{"bind_tcp:80;connect_tcp:80", 4, 0, 3, 0, 0, {{0}}, 2,
		{{80, HK_LANDLOCK_BIND_TCP}, {80, HK_LANDLOCK_CONNECT_TCP}}},
	{"connect_tcp:none", 4, 0, HK_LANDLOCK_CONNECT_TCP, 0, 0, {{0}}, 0, {{0}}},
	{"scope:signal", 6, 0, 0, HK_LANDLOCK_SCOPE_SIGNAL, 0, {{0}}, 0, {{0}}},
	{"scope:signal,abstract_unix_socket;ro:/;bind_tcp:none", 6, ALL, HK_LANDLOCK_BIND_TCP, 3, 1,
		{{"/", RO}}, 0, {{0}}},
};

static void test_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(valid); i++) {
		parse(valid[i].text);
		assert_int_equal(rules.abi, valid[i].abi);
		assert_int_equal(rules.fs, valid[i].fs);
		assert_int_equal(rules.net, valid[i].net);
		assert_int_equal(rules.scope, valid[i].scope);
		assert_int_equal(rules.path_count, valid[i].path_count);
		for (size_t j = 0; j < rules.path_count; j++) {
			assert_string_equal(rules.paths[j], valid[i].paths[j].path);
			assert_int_equal(rules.path_rights[j], valid[i].paths[j].rights);
		}
		assert_int_equal(rules.port_count, valid[i].port_count);
		for (size_t j = 0; j < rules.port_count; j++) {
			assert_int_equal(rules.ports[j], valid[i].ports[j].port);
			assert_int_equal(rules.port_rights[j], valid[i].ports[j].rights);
		}
	}
	hk_arena_done(&arena);
}

static const struct {
	const char *text;
	const char *message; /* a part of it */
} invalid[] = {
	{"", "expected rules"},
	{" ; ", "KIND:VALUE"},
	{" ", "expected rules"},
	{"abi:5", "expected rules"},
	{"ro", "KIND:VALUE"},
	{"ro;", "KIND:VALUE"},
	{"ro,rw:/", "KIND:VALUE"},
	{"ro:", "absolute path, found ''"},
	{"ro:/a,", "absolute path, found ''"},
	{"ro:/a,,/b", "absolute path, found ''"},
	{"ro:/a;;rw:/b", "KIND:VALUE"},
	{"ro:a", "absolute path, found 'a'"},
	{"ro:~/a", "absolute path"},
	{"ro:/a/../b", "without '..'"},
	{"ro:/..", "without '..'"},
	{"ro:/a;rw:/a", "each path once, found '/a'"},
	{"ro:/a,/a/", "each path once"},
	{":/a", "found ''"},
	{"RO:/a", "found 'RO'"},
	{"read:/a", "found 'read'"},
	{"ro+:/a", "found ''"},
	{"ro+fly:/a", "found 'fly'"},
	{"bind_tcp:", "a port from 0 to 65535"},
	{"bind_tcp:65536", "a port from 0 to 65535"},
	{"bind_tcp:-1", "a port from 0 to 65535"},
	{"bind_tcp:0x50", "a port from 0 to 65535"},
	{"bind_tcp:80,none", "a port from 0 to 65535"},
	{"bind_tcp:none,80", "none alone"},
	{"bind_tcp:80,80", "each port once"},
	{"bind_tcp:80;bind_tcp:81", "each clause of ports once"},
	{"bind_udp:80", "found 'bind_udp'"},
	{"scope:", "abstract_unix_socket or signal"},
	{"scope:signals", "abstract_unix_socket or signal"},
	{"scope:signal,signal", "each scope once"},
	{"ro:/;abi:0", "number of an ABI"},
	{"ro:/;abi:7", "number of an ABI"},
	{"ro:/;abi:1,2", "number of an ABI"},
	{"ro:/;abi:", "number of an ABI"},
	{"abi:5;ro:/;abi:5", "one clause abi"},
	{"abi:3;bind_tcp:80", "needs ABI 4, but abi is 3"},
	{"abi:5;scope:signal", "needs ABI 6, but abi is 5"},
	{"abi:1;refer:/", "the right refer needs a later ABI, but abi is 1"},
	{"abi:2;ro+truncate:/", "the right truncate needs a later ABI"},
	{"abi:4;ioctl_dev:/dev", "the right ioctl_dev needs a later ABI"},
};

static void test_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(invalid); i++) {
		err = (struct hk_err){0};
		if (hk_landlock_parse(invalid[i].text, &arena, &rules, &err) != -EINVAL)
			fail_msg("'%s' was taken", invalid[i].text);
		if (!strstr(err.message, invalid[i].message))
			fail_msg("'%s': %s", invalid[i].text, err.message);
	}
	hk_arena_done(&arena);
}

static char *repeated(const char *text, size_t times)
{
	size_t len = strlen(text);
	char *all = hk_arena_alloc(&arena, len * times + 16);

	assert_non_null(all);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * len, text, len);
	return all;
}

static void test_long(void **state)
{
	char *path = repeated("/abcdefg", 1000);
	char *text = hk_arena_printf(&arena, "ro:%s", path);

	(void)state;
	assert_int_equal(hk_landlock_parse(text, &arena, &rules, &err), -EINVAL);
	assert_non_null(strstr(err.message, "less than 4096 bytes"));
	text = hk_arena_printf(&arena, "bind_tcp:%s", repeated("1,", 100000));
	assert_int_equal(hk_landlock_parse(text, &arena, &rules, &err), -EINVAL);
	assert_int_equal(hk_landlock_parse(repeated(";", 1 << 20), &arena, &rules, &err), -EINVAL);
	assert_int_equal(
		hk_landlock_parse(repeated("ro+", 1 << 20), &arena, &rules, &err), -EINVAL);
	hk_arena_done(&arena);
}

static void test_most_rules(void **state)
{
	char text[4097 * 8 + 16] = "bind_tcp:";
	size_t len = strlen(text);

	(void)state;
	for (int port = 0; port < 4096; port++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%d", port ? "," : "", port);
	assert_int_equal(hk_landlock_parse(text, &arena, &rules, &err), 0);
	assert_int_equal(rules.port_count, 4096);
	(void)snprintf(text + len, sizeof(text) - len, ",4096");
	assert_int_equal(hk_landlock_parse(text, &arena, &rules, &err), -EINVAL);
	assert_non_null(strstr(err.message, "more than 4096 ports"));
	hk_arena_done(&arena);
}

static void test_names_are_the_kernels(void **state)
{
	uint64_t seen = 0;

	(void)state;
	for (const struct hk_enum *right = hk_landlock_fs_rights; right->name; right++)
		seen |= right->value;
	assert_int_equal(seen, ALL);
	assert_string_equal(hk_landlock_first_kernel(1), "5.13");
	assert_string_equal(hk_landlock_first_kernel(6), "6.12");
	assert_string_equal(hk_landlock_first_kernel(7), "a later version");
	assert_string_equal(hk_landlock_first_kernel(0), "a later version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_most_rules),
		cmocka_unit_test(test_names_are_the_kernels),
	};

	return cmocka_run_group_tests_name("landlock", tests, NULL, NULL);
}
