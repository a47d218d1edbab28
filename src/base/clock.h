/* The clock of timelines. Part of the init image.
 *
 * Not CLOCK_MONOTONIC: that of a time namespace has an offset, and what the runtime and the init
 * stage note must fit together. The real time may be set meanwhile: who reads puts it in order. */
#ifndef HK_BASE_CLOCK_H
#define HK_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds; 0 where there is no clock (a seccomp filter may forbid it). No system call where the
 * vdso knows the time. */
static inline uint64_t hk_clock_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
