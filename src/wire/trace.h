/* Memory that the runtime and its init stage share, where a timeline is wanted: the init stage
 * notes there when each step of the plan began and ended. So a step costs no message and no system
 * call, and those behind the seccomp filter are noted too. */
#ifndef HK_WIRE_TRACE_H
#define HK_WIRE_TRACE_H

#include <stdint.h>

enum hk_trace_flags {
	HK_TRACE_NOT_BEHIND_FILTER = 1, /* to read the clock is a system call on this host */
};

/* hk_clock_now; 0: not yet. */
struct hk_trace_record {
	uint64_t start;
	uint64_t end;
	uint64_t wait_start; /* for the runtime */
	uint64_t wait_end;
	uint32_t failed;
	uint32_t reserved;
};

struct hk_trace {
	uint32_t step_count;		/* the plan's */
	uint32_t flags;			/* enum hk_trace_flags; set by the runtime */
	uint64_t received;		/* the init stage has the plan */
	struct hk_trace_record steps[]; /* by their index in the plan */
};

#endif
