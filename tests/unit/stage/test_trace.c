/* The memory that the init stage notes its steps in, whatever it writes there. */
#include "stage/trace.h"

#include "base/fd.h"
#include "plan/make.h"
#include "wire/trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEGIN 1000u

struct traced {
	struct made made;
	struct hk_trace_memory memory;
	struct hk_timeline timeline;
	int fd;
};

static void setup(struct traced *t)
{
	*t = (struct traced){.fd = -1};
	make(&t->made, NULL, &FACTS(), &OPTIONS());
	assert_int_equal(t->made.r, 0);
	assert_int_equal(hk_trace_memory_make(t->made.plan, &t->memory, &t->fd, NULL), 0);
}

static void teardown(struct traced *t)
{
	hk_trace_memory_done(&t->memory);
	hk_timeline_done(&t->timeline);
	hk_close(&t->fd);
	unmake(&t->made);
}

static void collect(struct traced *t)
{
	hk_trace_memory_collect(&t->memory, t->made.plan, HK_STEP_EXEC, BEGIN, &t->timeline);
}

/* In order, apart from each other but for waits, which lie in their steps, and in the past. */
static void check(const struct traced *t)
{
	const struct hk_timeline_event *step = NULL;
	uint64_t before = BEGIN;

	for (size_t i = 0; i < t->timeline.count; i++) {
		const struct hk_timeline_event *event = &t->timeline.events[i];

		assert_int_equal(event->side, HK_TIMELINE_INIT);
		assert_true(event->start <= event->end && event->end <= t->timeline.latest);
		if (event->depth) {
			assert_true(step && event->start >= step->start && event->end <= step->end);
			continue;
		}
		assert_true(event->start >= before);
		before = event->end;
		step = event;
	}
}

static void test_an_ordinary_run(void **state)
{
	struct traced t;

	(void)state;
	setup(&t);
	t.memory.trace->received = 2000;
	for (uint32_t i = 0; i < t.made.plan->step_count; i++)
		t.memory.trace->steps[i] =
			(struct hk_trace_record){.start = 2000 + 10 * i, .end = 2007 + 10 * i};
	t.memory.trace->steps[3].wait_start = 2031;
	t.memory.trace->steps[3].wait_end = 2034;
	collect(&t);
	check(&t);
	assert_int_equal(t.timeline.count, t.made.plan->step_count + 2);
	assert_string_equal(t.timeline.events[0].name, "begin");
	assert_int_equal(t.timeline.events[0].end, 2000);
	for (uint32_t i = 0; i < 4; i++)
		assert_string_equal(t.timeline.events[1 + i].name,
			hk_step_infos[hk_plan_steps(t.made.plan)[i].kind].name);
	assert_int_equal(t.timeline.events[5].start, 2031);
	assert_true(t.timeline.events[5].waits && t.timeline.events[5].end == 2034);
	teardown(&t);
}

static void test_what_never_began_is_left_out(void **state)
{
	struct traced t;

	(void)state;
	setup(&t);
	t.memory.trace->steps[0] = (struct hk_trace_record){.start = 1500, .end = 1600};
	t.memory.trace->steps[1] = (struct hk_trace_record){.start = 1700, .failed = 7};
	collect(&t);
	check(&t);
	assert_int_equal(t.timeline.count, 3);
	assert_true(t.timeline.events[0].unfinished); /* the plan never arrived, it says */
	assert_true(t.timeline.events[2].failed && t.timeline.events[2].unfinished);
	teardown(&t);
}

static void test_only_up_to_the_last_one(void **state)
{
	struct traced t;

	(void)state;
	setup(&t);
	for (uint32_t i = 0; i < t.made.plan->step_count; i++)
		t.memory.trace->steps[i] = (struct hk_trace_record){.start = 2000, .end = 2000};
	hk_trace_memory_collect(&t.memory, t.made.plan, HK_STEP_READY, BEGIN, &t.timeline);
	assert_string_equal(t.timeline.events[t.timeline.count - 1].name, "ready");
	teardown(&t);
}

/* One after the other in an order that looks like none, the same in each run. */
static uint32_t any(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void test_hostile_times(void **state)
{
	static const uint64_t times[] = {0, 1, BEGIN, 5000, UINT64_MAX - 1, UINT64_MAX};
	uint32_t seed = 1;
	struct traced t;

	(void)state;
	setup(&t);
	for (int round = 0; round < 50; round++) {
		t.memory.trace->received = times[any(&seed) % HK_COUNT(times)];
		for (uint32_t i = 0; i < t.made.plan->step_count; i++)
			t.memory.trace->steps[i] = (struct hk_trace_record){
				.start = times[any(&seed) % HK_COUNT(times)],
				.end = times[any(&seed) % HK_COUNT(times)],
				.wait_start = times[any(&seed) % HK_COUNT(times)],
				.wait_end = times[any(&seed) % HK_COUNT(times)],
				.failed = any(&seed),
			};
		t.memory.trace->step_count = UINT32_MAX; /* ours is the plan's */
		collect(&t);
		check(&t);
		hk_timeline_done(&t.timeline);
		t.timeline = (struct hk_timeline){0};
	}
	teardown(&t);
}

static void test_the_memory_stays_as_big_as_it_is(void **state)
{
	struct traced t;

	(void)state;
	setup(&t);
	assert_int_equal(ftruncate(t.fd, 0), -1);
	assert_int_equal(ftruncate(t.fd, 1 << 20), -1);
	assert_int_equal(fcntl(t.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(lseek(t.fd, 0, SEEK_END), t.memory.size);
	teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ordinary_run),
		cmocka_unit_test(test_what_never_began_is_left_out),
		cmocka_unit_test(test_only_up_to_the_last_one),
		cmocka_unit_test(test_hostile_times),
		cmocka_unit_test(test_the_memory_stays_as_big_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
