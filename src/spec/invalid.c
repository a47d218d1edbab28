/* How the validators say what is wrong and where: JSON pointers, and the refusal itself. */
#include "spec/validate.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct hk_pointer hk_at(const char *fmt, ...)
{
	struct hk_pointer at;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(at.text, sizeof(at.text), fmt, ap); /* cut, never overrun */
	va_end(ap);
	return at;
}

struct hk_pointer hk_at_key(const char *base, const char *key)
{
	struct hk_pointer at = hk_at("%s/", base);
	size_t n = strlen(at.text);

	for (; *key && n + 2 < sizeof(at.text); key++) {
		if (*key == '~' || *key == '/')
			at.text[n++] = '~';
		at.text[n++] = *key == '~' ? '0' : *key == '/' ? '1' : *key;
	}
	at.text[n] = '\0';
	return at;
}

int hk_invalid(struct hk_err *err, struct hk_pointer at, const char *fmt, ...)
{
	char message[512], line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut, never overrun */
	va_end(ap);
	(void)hk_refuse(err, EINVAL, "%s", hk_printable(message, line, sizeof(line)));
	return hk_err_at(err, "%s", at.text);
}
