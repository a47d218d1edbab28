/* What a change of resources comes to, over JSON: in force before, the change, what is written and
 * what is in force behind it. */
#include "base/err.h"
#include "spec/spec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct hk_arena arena;

static void parse(const char *text, struct hk_resources *ret)
{
	struct hk_err err = {0};

	if (hk_spec_parse_resources(text, strlen(text), "case", &arena, ret, &err) != 0)
		fail_msg("%s: %s %s", text, err.property, err.message);
}

static int change(const char *before, const char *text, struct hk_resources *ret_change,
	struct hk_resources *ret, struct hk_err *err)
{
	struct hk_resources old;

	memset(ret_change, 0, sizeof(*ret_change));
	memset(err, 0, sizeof(*err));
	parse(text, ret_change);
	if (!before)
		return hk_resources_change(NULL, ret_change, &arena, ret, err);
	memset(&old, 0, sizeof(old));
	parse(before, &old);
	return hk_resources_change(&old, ret_change, &arena, ret, err);
}

static struct hk_resources written, now;
static struct hk_err err;

static void must(const char *before, const char *text)
{
	if (change(before, text, &written, &now, &err) != 0)
		fail_msg("%s: %s %s", text, err.property, err.message);
}

static int tear_down(void **state)
{
	(void)state;
	hk_arena_done(&arena);
	return 0;
}

static void test_halves(void **state)
{
	(void)state;
	must("{\"cpu\":{\"quota\":20000,\"period\":50000,\"cpus\":\"0-1\"},\"pids\":{\"limit\":5}}",
		"{\"cpu\":{\"quota\":30000}}");
	assert_int_equal(written.cpu->quota.value, 30000);
	assert_false(written.cpu->period.set);
	assert_int_equal(now.cpu->quota.value, 30000);
	assert_int_equal(now.cpu->period.value, 50000);
	assert_string_equal(now.cpu->cpus, "0-1");
	assert_false(written.pids_limit.set);
	assert_int_equal(now.pids_limit.value, 5);
}

static void test_nothing_before(void **state)
{
	(void)state;
	must(NULL, "{\"memory\":{\"limit\":4096},\"network\":{\"classID\":7},\"blockIO\":{"
		   "\"weight\":20}}");
	assert_int_equal(now.memory->limit.value, 4096);
	assert_int_equal(now.network->class_id.value, 7);
	assert_int_equal(now.block_io->weight.value, 20);
	assert_null(now.cpu);
}

static void test_zeros(void **state)
{
	(void)state;
	must("{\"memory\":{\"limit\":4096,\"swap\":8192},\"cpu\":{\"shares\":5,\"burst\":1,"
	     "\"quota\":3},"
	     "\"blockIO\":{\"weight\":30}}",
		"{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0,\"kernel\":0,\"swappiness\":"
		"0},"
		"\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"realtimePeriod\":0,"
		"\"realtimeRuntime\":0,\"burst\":0},\"blockIO\":{\"weight\":0},\"pids\":{\"limit\":"
		"0}}");
	assert_int_equal(now.memory->limit.value, 4096);
	assert_int_equal(now.memory->swap.value, 8192);
	assert_false(now.memory->reservation.set || now.memory->kernel.set);
	assert_true(now.memory->swappiness.set);
	assert_int_equal(now.cpu->shares.value, 5);
	assert_false(now.cpu->period.set || now.cpu->realtime_period.set ||
		     now.cpu->realtime_runtime.set);
	assert_true(now.cpu->burst.set);
	assert_int_equal(now.cpu->burst.value, 0);
	assert_int_equal(now.block_io->weight.value, 30);
	assert_true(now.pids_limit.set);
	assert_false(written.memory->limit.set || written.cpu->shares.set ||
		     written.block_io->weight.set);
}

static void test_memory_and_swap(void **state)
{
	(void)state;
	must("{\"memory\":{\"limit\":4096,\"swap\":16384}}", "{\"memory\":{\"limit\":8192}}");
	assert_int_equal(written.memory->swap.value, 16384);
	must("{\"memory\":{\"limit\":4096,\"swap\":16384}}", "{\"memory\":{\"limit\":-1}}");
	assert_int_equal(written.memory->swap.value, -1);
	assert_int_equal(now.memory->swap.value, -1);
	must("{\"memory\":{\"limit\":4096,\"swap\":-1}}", "{\"memory\":{\"limit\":8192}}");
	assert_false(written.memory->swap.set);
	must("{\"memory\":{\"limit\":4096}}", "{\"memory\":{\"swap\":8192}}");
	assert_false(written.memory->limit.set);
	assert_int_equal(change("{\"memory\":{\"limit\":4096,\"swap\":8192}}",
				 "{\"memory\":{\"limit\":16384}}", &written, &now, &err),
		-EINVAL);
	assert_string_equal(err.property, "/linux/resources/memory/swap");
	assert_int_equal(
		change(NULL, "{\"memory\":{\"swap\":8192}}", &written, &now, &err), -EINVAL);
}

static void test_idle(void **state)
{
	(void)state;
	must("{\"cpu\":{\"shares\":300,\"idle\":1}}", "{\"cpu\":{\"idle\":0}}");
	assert_int_equal(written.cpu->shares.value, 300);
	must("{\"cpu\":{\"shares\":300}}", "{\"cpu\":{\"idle\":1}}");
	assert_false(written.cpu->shares.set);
	assert_int_equal(now.cpu->shares.value, 300);
	must("{\"cpu\":{\"shares\":300,\"idle\":1}}", "{\"cpu\":{\"idle\":0,\"shares\":7}}");
	assert_int_equal(written.cpu->shares.value, 7);
}

static void test_rules_between_old_and_new(void **state)
{
	(void)state;
	assert_int_equal(change("{\"cpu\":{\"burst\":40000,\"quota\":50000}}",
				 "{\"cpu\":{\"quota\":30000}}", &written, &now, &err),
		-EINVAL);
	assert_string_equal(err.property, "/linux/resources/cpu/burst");
}

static void test_lists_by_what_they_are_about(void **state)
{
	(void)state;
	must("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"1GB\","
	     "\"limit\":2}],"
	     "\"unified\":{\"a.b\":\"1\",\"c.d\":\"2\"},"
	     "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1}]},"
	     "\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":1}]},"
	     "\"rdma\":{\"x\":{\"hcaHandles\":1}}}",
		"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":7}],\"unified\":{\"c.d\":"
		"\"9\"},"
		"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":2}]},"
		"\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":3}]},"
		"\"rdma\":{\"y\":{\"hcaHandles\":2}}}");
	assert_int_equal(now.hugepage_limit_count, 2);
	assert_string_equal(now.hugepage_limits[0].page_size, "1GB");
	assert_int_equal(now.hugepage_limits[1].limit, 7);
	assert_int_equal(now.unified.count, 2);
	assert_string_equal(now.unified.items[1].value, "9");
	assert_int_equal(now.block_io->throttle_read_bps.count, 2);
	assert_int_equal(now.network->priority_count, 1);
	assert_int_equal(now.network->priorities[0].priority, 3);
	assert_int_equal(now.rdma_count, 2);
	assert_int_equal(written.hugepage_limit_count, 1);
}

static void test_devices_and_the_check_are_of_the_moment(void **state)
{
	(void)state;
	must("{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}",
		"{\"devices\":[{\"allow\":true,\"access\":\"r\"}],"
		"\"memory\":{\"limit\":4096,\"checkBeforeUpdate\":true}}");
	assert_int_equal(now.device_count, 0);
	assert_true(written.memory->check_before_update);
	assert_false(now.memory->check_before_update);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_halves, tear_down),
		cmocka_unit_test_teardown(test_nothing_before, tear_down),
		cmocka_unit_test_teardown(test_zeros, tear_down),
		cmocka_unit_test_teardown(test_memory_and_swap, tear_down),
		cmocka_unit_test_teardown(test_idle, tear_down),
		cmocka_unit_test_teardown(test_rules_between_old_and_new, tear_down),
		cmocka_unit_test_teardown(test_lists_by_what_they_are_about, tear_down),
		cmocka_unit_test_teardown(test_devices_and_the_check_are_of_the_moment, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
