/* The strict UTF-8 check, with a fast path for ASCII. */
#include "json/utf8.h"

#include <stdint.h>
#include <string.h>

static bool continues(const unsigned char *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if ((s[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t hk_utf8_char(const unsigned char *s, size_t len)
{
	unsigned char first = s[0];
	unsigned char low = 0x80, high = 0xbf; /* of the second byte: Unicode's table 3-7 */
	size_t n;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (len < n || s[1] < low || s[1] > high || !continues(s, 2, n))
		return 0;
	return n;
}

bool hk_utf8_valid(const unsigned char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint64_t word;
		size_t n;

		if (len - i >= sizeof(word)) {
			memcpy(&word, s + i, sizeof(word));
			if (!(word & 0x8080808080808080u)) {
				i += sizeof(word);
				continue;
			}
		}
		n = hk_utf8_char(s + i, len - i);
		if (!n)
			return false;
		i += n;
	}
	return true;
}
