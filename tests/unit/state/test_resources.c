/* Resources in state.json: every property that runtime-spec has, but device rules, comes back. */
#include "base/err.h"
#include "base/fd.h"
#include "state/state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char whole[] =
	"{\"memory\":{\"limit\":4096,\"reservation\":1,\"swap\":8192,\"kernel\":-1,\"kernelTCP\":-"
	"1,"
	"\"swappiness\":60,\"disableOOMKiller\":true,\"useHierarchy\":false},"
	"\"cpu\":{\"shares\":1024,\"quota\":-1,\"burst\":1,\"period\":100000,"
	"\"realtimeRuntime\":1,\"realtimePeriod\":2,\"cpus\":\"0-3\",\"mems\":\"0\",\"idle\":1},"
	"\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":500,\"leafWeight\":300,"
	"\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10,\"leafWeight\":20}],"
	"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":18446744073709551615}],"
	"\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":2}],"
	"\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":2,\"rate\":3}],"
	"\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":3,\"rate\":4}]},"
	"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5}],"
	"\"network\":{\"classID\":6,\"priorities\":[{\"name\":\"eth0\",\"priority\":7}]},"
	"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":8,\"hcaObjects\":9}},"
	"\"unified\":{\"io.max\":\"8:0 rbps=1\\n8:1 rbps=2\"}}";

static char directory[] = "/tmp/hako-test-XXXXXX";

static void store(int dir, struct hk_resources *resources, char *text, size_t cap)
{
	struct hk_state state = {
		.id = "web", .bundle = "/b", .rootfs = "/b/rootfs", .resources = resources};
	HK_FD int fd = -1;

	assert_int_equal(hk_state_store(dir, &state, NULL), 0);
	fd = openat(dir, "state.json", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && hk_read_string(fd, text, cap) > 0);
}

static void test_round_trip(void **state)
{
	HK_FD int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct hk_resources resources = {0};
	char first[8192], second[8192];
	struct hk_arena arena = {0};
	struct hk_state loaded;
	struct hk_err err;

	(void)state;
	assert_int_equal(
		hk_spec_parse_resources(whole, strlen(whole), "whole", &arena, &resources, &err),
		0);
	store(dir, &resources, first, sizeof(first));
	assert_non_null(strstr(first, whole));
	assert_int_equal(hk_state_load(dir, "web", &loaded, &err), 0);
	store(dir, loaded.resources, second, sizeof(second));
	assert_string_equal(first, second);
	hk_state_done(&loaded);
	hk_arena_done(&arena);
}

static void test_none(void **state)
{
	HK_FD int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct hk_state loaded;
	struct hk_err err;
	char text[8192];

	(void)state;
	store(dir, NULL, text, sizeof(text));
	assert_int_equal(hk_state_load(dir, "web", &loaded, &err), 0);
	assert_null(loaded.resources);
	hk_state_done(&loaded);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/state.json", directory);
	return unlink(path) == 0 && rmdir(directory) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
