/* RFC 3339. Not by gmtime: glibc reads the time zone's file for it, which nobody needs for UTC. */
#include "lib/timestamp.h"

#include <stdbool.h>
#include <time.h>

#define DAY 86400

struct date {
	int64_t year;
	int month; /* from 1 */
	int day;   /* from 1 */
};

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static struct date date_of(int64_t days)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct date date = {1970, 1, 1};

	while (days >= 365 + is_leap(date.year))
		days -= 365 + is_leap(date.year++);
	for (;; date.month++) {
		int length = lengths[date.month - 1] + (date.month == 2 && is_leap(date.year));

		if (days < length)
			break;
		days -= length;
	}
	date.day += (int)days;
	return date;
}

const char *hk_timestamp_of(int64_t seconds, long nanoseconds, struct hk_arena *arena)
{
	struct date date = date_of(seconds / DAY);
	int second = (int)(seconds % DAY);

	return hk_arena_printf(arena, "%04lld-%02d-%02dT%02d:%02d:%02d.%09ldZ",
		(long long)date.year, date.month, date.day, second / 3600, second / 60 % 60,
		second % 60, nanoseconds);
}

const char *hk_timestamp(struct hk_arena *arena)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return hk_timestamp_of(now.tv_sec > 0 ? now.tv_sec : 0, now.tv_nsec, arena);
}
