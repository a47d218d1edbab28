/* The growing string, strict number parsers, printable forms of hostile text. */
#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 128

/* Room for len more bytes and the end. */
static bool reserve(struct hk_strbuf *buf, size_t len)
{
	size_t need, cap = buf->cap ? buf->cap : FIRST_CAP;
	char *grown;

	if (buf->failed)
		return false;
	if (__builtin_add_overflow(buf->len, len, &need) || need > SIZE_MAX / 2 - 1) {
		buf->failed = true;
		return false;
	}
	need++;
	if (need <= buf->cap)
		return true;
	while (cap < need)
		cap *= 2;
	grown = realloc(buf->text, cap);
	if (!grown) {
		buf->failed = true;
		return false;
	}
	buf->text = grown;
	buf->cap = cap;
	return true;
}

void hk_strbuf_add(struct hk_strbuf *buf, const char *text, size_t len)
{
	if (!reserve(buf, len))
		return;
	memcpy(buf->text + buf->len, text, len);
	buf->len += len;
	buf->text[buf->len] = '\0';
}

void hk_strbuf_puts(struct hk_strbuf *buf, const char *s)
{
	hk_strbuf_add(buf, s, strlen(s));
}

void hk_strbuf_putc(struct hk_strbuf *buf, char c)
{
	hk_strbuf_add(buf, &c, 1);
}

void hk_strbuf_printf(struct hk_strbuf *buf, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0) {
		buf->failed = true;
	} else if (reserve(buf, (size_t)n)) {
		(void)vsnprintf(buf->text + buf->len, (size_t)n + 1, fmt, again);
		buf->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

char *hk_strbuf_take(struct hk_strbuf *buf)
{
	char *text;

	if (!reserve(buf, 0)) { /* an empty one becomes "" */
		hk_strbuf_done(buf);
		return NULL;
	}
	buf->text[buf->len] = '\0';
	text = buf->text;
	*buf = (struct hk_strbuf){0};
	return text;
}

void hk_strbuf_done(struct hk_strbuf *buf)
{
	free(buf->text);
	*buf = (struct hk_strbuf){0};
}

int hk_parse_u64(const char *s, uint64_t *ret)
{
	uint64_t value = 0;
	bool overflow = false;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		/* no early return: "99999999999999999999x" is malformed, not out of range */
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			overflow = true;
	}
	if (overflow)
		return -ERANGE;
	*ret = value;
	return 0;
}

int hk_parse_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t magnitude;
	int r;

	r = hk_parse_u64(negative ? s + 1 : s, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}

int hk_parse_u32(const char *s, uint32_t *ret)
{
	uint64_t value;
	int r;

	r = hk_parse_u64(s, &value);
	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

bool hk_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool hk_ends_with(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && strcmp(s + len - tail, suffix) == 0;
}

/* Beyond ASCII: what controls a terminal, turns the text around it (UAX #9), or cannot be seen. */
static bool is_control(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x0080, 0x009f},
		{0x00ad, 0x00ad},
		{0x061c, 0x061c},
		{0x180e, 0x180e},
		{0x200b, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0xfeff, 0xfeff},
		{0xfff9, 0xfffb},
		{0xe0000, 0xe007f},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Bytes of the UTF-8 character at s if it is whole, in its shortest form and no control character,
 * else 0. Reads no further than the string's end: NUL is no continuation byte. */
static size_t printable_length(const unsigned char *s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = s[0];
	size_t len;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f ? 1 : 0;
	len = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc0 && c < 0xe0 ? 2 : 0;
	if (len == 0)
		return 0;
	c &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return is_control(c) ? 0 : len;
}

/* The printable form of the character at s: its length, the bytes of s used up in *ret_used. */
static size_t escape(const char *s, char ret[8], size_t *ret_used)
{
	size_t len = printable_length((const unsigned char *)s);

	if (len > 0) {
		memcpy(ret, s, len);
		*ret_used = len;
		return len;
	}
	*ret_used = 1;
	if (*s == '\n' || *s == '\t') {
		memcpy(ret, *s == '\n' ? "\\n" : "\\t", 2);
		return 2;
	}
	(void)snprintf(ret, 8, "\\x%02x", (unsigned char)*s);
	return 4;
}

const char *hk_printable(const char *s, char *ret, size_t cap)
{
	size_t len = 0, keep = 0; /* keep: the longest prefix that leaves room for "..." */

	if (cap == 0)
		return "";
	while (*s) {
		char form[8];
		size_t used, n = escape(s, form, &used);

		if (len + n + 1 > cap) {
			(void)snprintf(ret + keep, cap - keep, "...");
			return ret;
		}
		memcpy(ret + len, form, n);
		len += n;
		s += used;
		if (len + 4 <= cap)
			keep = len;
	}
	ret[len] = '\0';
	return ret;
}

const char *hk_errno_text(int errnum, char *ret, size_t cap)
{
	/* C locale: clients match the English text whatever the caller's program has set. Both
	 * libcs give a static object here; there is nothing to free. */
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	const char *text = c_locale ? strerror_l(errnum, c_locale) : "unknown error";

	(void)snprintf(ret, cap, "%s", text);
	if (cap > 1 && ret[0] >= 'A' && ret[0] <= 'Z' && !(ret[1] >= 'A' && ret[1] <= 'Z'))
		ret[0] = (char)(ret[0] - 'A' + 'a');
	return ret;
}
