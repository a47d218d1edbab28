/* Sizes in bytes as people write them. */
#include "base/size.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define FRACTION_DIGITS 9
#define FRACTION_UNIT	1000000000 /* 10^9, below 2^30 */
#define EXACT_SHIFT	30	   /* as far as a fraction can be multiplied in 64 bits */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "", "b", "k", "kb", "kib", ... Returns the power of two, or -1. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "kmgtp";
	char first = (char)(*unit | 0x20);
	const char *letter = *unit ? strchr(letters, first) : NULL;

	if (letter)
		unit++;
	if (*unit && (letter ? strcasecmp(unit, "b") != 0 && strcasecmp(unit, "ib") != 0
			     : strcasecmp(unit, "b") != 0))
		return -1;
	return letter ? 10 * (int)(letter - letters + 1) : 0;
}

/* Behind the point, in billionths; what is finer is cut. */
static int parse_fraction(const char **s, int64_t *ret)
{
	int64_t value = 0;
	int digits = 0;

	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++)
		if (digits++ < FRACTION_DIGITS)
			value = value * 10 + (**s - '0');
	while (digits++ < FRACTION_DIGITS)
		value *= 10;
	*ret = value;
	return 0;
}

int hk_parse_size(const char *s, int64_t *ret)
{
	int64_t whole = 0, fraction = 0;
	int shift, exact, r;

	if (!is_digit(*s))
		return -EINVAL;
	for (; is_digit(*s); s++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, *s - '0', &whole))
			return -ERANGE;
	if (*s == '.') {
		s++;
		r = parse_fraction(&s, &fraction);
		if (r < 0)
			return r;
	}
	if (s[0] == ' ' && s[1])
		s++;
	shift = unit_shift(s);
	if (shift < 0)
		return -EINVAL;
	exact = shift < EXACT_SHIFT ? shift : EXACT_SHIFT;
	fraction = (fraction << exact) / FRACTION_UNIT << (shift - exact);
	if (__builtin_mul_overflow(whole, (int64_t)1 << shift, &whole) ||
		__builtin_add_overflow(whole, fraction, &whole))
		return -ERANGE;
	*ret = whole;
	return 0;
}
