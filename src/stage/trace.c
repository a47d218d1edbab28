/* Sharing memory with the init stage for its part of a timeline, and reading what it wrote. */
#include "stage/trace.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "plan/describe.h"
#include "wire/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS	    (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW)
#define DETAIL_SIZE 240
#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Can the vdso read the host's clock, or does it make a system call of it? */
static bool is_clock_in_vdso(void)
{
	static const char *const sources[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page",
		"xen", "arch_sys_counter", "timebase", "tod", "riscv_clocksource",
		"stable_counter"};
	HK_FREE char *text = NULL;

	if (hk_read_file(CLOCKSOURCE, &text) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < HK_COUNT(sources); i++)
		if (strcmp(text, sources[i]) == 0)
			return true;
	return false;
}

static int make_memfd(size_t size)
{
	HK_FD int fd =
		hk_sys_memfd_create("hako-timeline", HK_MFD_ALLOW_SEALING | HK_MFD_NOEXEC_SEAL);

	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = hk_sys_memfd_create("hako-timeline", HK_MFD_ALLOW_SEALING);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return hk_take_fd(&fd);
}

int hk_trace_memory_make(
	const struct hk_plan *plan, struct hk_trace_memory *ret, int *ret_fd, struct hk_err *err)
{
	size_t size = sizeof(struct hk_trace) + plan->step_count * sizeof(struct hk_trace_record);
	HK_FD int fd = make_memfd(size);
	struct hk_trace *trace;

	if (fd < 0)
		return hk_fail(err, -fd, "make the memory of the timeline");
	trace = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (trace == MAP_FAILED)
		return hk_fail(err, errno, "map the memory of the timeline");
	trace->step_count = plan->step_count;
	trace->flags = is_clock_in_vdso() ? 0 : HK_TRACE_NOT_BEHIND_FILTER;
	*ret = (struct hk_trace_memory){trace, size};
	*ret_fd = hk_take_fd(&fd);
	return 0;
}

/* ---- reading ---- */

struct reader {
	struct hk_timeline *timeline;
	const struct hk_plan *plan;
	uint64_t earliest; /* the end of the step before */
	uint64_t now;
};

static uint64_t clamp(uint64_t time, uint64_t least, uint64_t most)
{
	return time < least ? least : time > most ? most : time;
}

/* The step's arguments as `explain` shows them, without the environment: it may hold secrets. */
static void describe(const struct reader *r, const struct hk_step *step, char ret[DETAIL_SIZE])
{
	struct hk_strbuf text = {0};
	struct hk_sink sink = HK_TEXT_SINK(&text);

	hk_plan_describe_arguments(r->plan, step, &sink);
	ret[0] = '\0';
	if (text.text && !text.failed)
		hk_printable(text.text + strspn(text.text, " "), ret, DETAIL_SIZE);
	hk_strbuf_done(&text);
}

static void add_wait(struct reader *r, const struct hk_trace_record *record,
	const struct hk_timeline_event *step)
{
	struct hk_timeline_event wait = {.side = HK_TIMELINE_INIT,
		.depth = 1,
		.name = "wait for the runtime",
		.waits = true};

	if (!record->wait_start)
		return;
	wait.start = clamp(record->wait_start, step->start, step->end);
	wait.end = record->wait_end ? clamp(record->wait_end, wait.start, step->end) : step->end;
	hk_timeline_add(r->timeline, &wait);
}

static void add_step(
	struct reader *r, const struct hk_step *step, const struct hk_trace_record *record)
{
	struct hk_timeline_event event = {.side = HK_TIMELINE_INIT};
	char detail[DETAIL_SIZE];

	describe(r, step, detail);
	event.name = hk_step_infos[step->kind].name;
	event.property = hk_plan_str(r->plan, (hk_ref_str){step->property});
	event.detail = detail;
	event.waits = step->kind == HK_STEP_WAIT_START;
	event.failed = record->failed != 0;
	event.unfinished = record->end == 0;
	event.start = clamp(record->start, r->earliest, r->now);
	event.end = record->end ? clamp(record->end, event.start, r->now) : r->now;
	r->earliest = event.end;
	hk_timeline_add(r->timeline, &event);
	add_wait(r, record, &event);
}

/* From the clone to the arrival of the plan. */
static void add_beginning(struct reader *r, uint64_t received)
{
	struct hk_timeline_event event = {.side = HK_TIMELINE_INIT, .name = "begin"};

	event.start = r->earliest;
	event.unfinished = received == 0;
	event.end = received ? clamp(received, event.start, r->now) : r->now;
	r->earliest = event.end;
	hk_timeline_add(r->timeline, &event);
}

void hk_trace_memory_collect(const struct hk_trace_memory *memory, const struct hk_plan *plan,
	enum hk_step_kind last, uint64_t begin, struct hk_timeline *timeline)
{
	struct reader r = {.timeline = timeline, .plan = plan, .earliest = begin};
	const struct hk_step *steps = hk_plan_steps(plan);

	if (!memory->trace)
		return;
	r.now = hk_timeline_now(timeline);
	add_beginning(&r, *(volatile uint64_t *)&memory->trace->received);
	for (uint32_t i = 0; i < plan->step_count; i++) {
		/* a copy: what writes to it may still be there */
		struct hk_trace_record record =
			*(volatile struct hk_trace_record *)&memory->trace->steps[i];

		if (record.start)
			add_step(&r, &steps[i], &record);
		if (steps[i].kind == last)
			return;
	}
}

void hk_trace_memory_done(struct hk_trace_memory *memory)
{
	if (memory->trace)
		(void)munmap(memory->trace, memory->size); /* it is one mapping of ours */
	memory->trace = NULL;
}
