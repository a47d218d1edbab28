/* Strings and numbers: a growing buffer, strict parsers, quoting of hostile text. */
#ifndef HK_BASE_STR_H
#define HK_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing, always ended string. Zero-initialise; text is NULL until something is put in. After
 * memory ran out, failed is set and every later call does nothing: check once, at the end. */
struct hk_strbuf {
	char *text;
	size_t len;
	size_t cap;
	bool failed;
};

void hk_strbuf_add(struct hk_strbuf *buf, const char *text, size_t len);
void hk_strbuf_puts(struct hk_strbuf *buf, const char *s);
void hk_strbuf_putc(struct hk_strbuf *buf, char c);
void hk_strbuf_printf(struct hk_strbuf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Hand the text over to the caller, who frees it; NULL after a failure. */
char *hk_strbuf_take(struct hk_strbuf *buf);
void hk_strbuf_done(struct hk_strbuf *buf);

/* The whole string as a decimal number: no blank, sign (but '-' for i64), "0x", or trailing byte.
 * 0, -EINVAL or -ERANGE. */
int hk_parse_u64(const char *s, uint64_t *ret);
int hk_parse_i64(const char *s, int64_t *ret);
int hk_parse_u32(const char *s, uint32_t *ret);

bool hk_starts_with(const char *s, const char *prefix);
bool hk_ends_with(const char *s, const char *suffix);

/* Printable on one terminal line: control characters, and bytes that are no UTF-8, become \n, \t,
 * \xNN; long text is cut with "...". Returns ret. */
const char *hk_printable(const char *s, char *ret, size_t cap);

/* strerror in the lower case that clients match ("no such file or directory"). Never fails. */
const char *hk_errno_text(int errnum, char *ret, size_t cap);

#endif
