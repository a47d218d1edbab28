/* Reading lists of numbers and ranges. */
#include "base/idlist.h"

#include <errno.h>
#include <string.h>

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* Digits alone; what is larger than any limit stays larger than any limit. */
static int parse_number(const char **s, uint32_t limit, uint32_t *ret)
{
	uint32_t value = 0;

	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		value = value < limit ? value * 10 + (uint32_t)(**s - '0') : limit;
	*ret = value;
	return 0;
}

int hk_id_list_next(const char **list, uint32_t limit, uint32_t *ret_first, uint32_t *ret_last)
{
	const char *s = skip_blanks(*list);
	uint32_t first, last;
	int r;

	r = parse_number(&s, limit, &first);
	last = first;
	if (r == 0 && *s == '-') {
		s++;
		r = parse_number(&s, limit, &last);
	}
	s = skip_blanks(s);
	if (r < 0 || (*s && *s != ','))
		return -EINVAL;
	if (first >= limit || last >= limit)
		return -ERANGE;
	if (last < first)
		return -EINVAL;
	*list = *s ? s + 1 : NULL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

int hk_id_list_check(const char *list, uint32_t limit)
{
	uint32_t first, last;
	int r = 0;

	while (r == 0 && list)
		r = hk_id_list_next(&list, limit, &first, &last);
	return r;
}
