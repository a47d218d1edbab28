/* Go's durations, as its programs take them in flags. */
#include "duration.h"

#include <stddef.h>
#include <string.h>

#define SECOND 1000000000ull

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	/* the longer name first where one begins with another */
	{"ms", 1000000},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* micro sign */
	{"\xce\xbcs", 1000}, /* Greek mu */
	{"ns", 1},
	{"h", 3600 * SECOND},
	{"m", 60 * SECOND},
	{"s", SECOND},
};

static uint64_t take_unit(const char **text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*text, units[i].name, len) == 0) {
			*text += len;
			return units[i].ns;
		}
	}
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "1.5" and its unit. */
static bool take_part(const char **text, uint64_t *total)
{
	uint64_t whole = 0, fraction = 0, scale = 1, unit, sum;

	if (!is_digit(**text))
		return false;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, (uint64_t)(**text - '0'), &whole))
			return false;
	if (**text == '.')
		(*text)++;
	for (; is_digit(**text); (*text)++) {
		if (scale >= 1000000) /* finer than that no unit needs it */
			continue;
		fraction = fraction * 10 + (uint64_t)(**text - '0');
		scale *= 10;
	}
	unit = take_unit(text);
	if (unit == 0 || __builtin_mul_overflow(whole, unit, &sum) ||
		__builtin_add_overflow(sum, unit * fraction / scale, &sum))
		return false;
	return !__builtin_add_overflow(*total, sum, total);
}

bool parse_duration(const char *text, uint64_t *ret)
{
	uint64_t total = 0;

	if (strcmp(text, "0") == 0) {
		*ret = 0;
		return true;
	}
	do {
		if (!take_part(&text, &total))
			return false;
	} while (*text);
	*ret = total;
	return true;
}
