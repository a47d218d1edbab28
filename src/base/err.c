/* Filling in struct hk_err. Libc's vsnprintf only: this file is part of the init image. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static int set(
	struct hk_err *err, int errnum, uint32_t flags, const char *fmt, va_list ap)
{
	if (errnum <= 0)
		errnum = EIO; /* a caller without an errno still failed */
	if (!err)
		return -errnum;
	memset(err, 0, sizeof(*err));
	err->code = errnum;
	err->flags = flags;
	(void)vsnprintf(err->message, sizeof(err->message), fmt, ap); /* cut, never overrun */
	return -errnum;
}

int hk_fail(struct hk_err *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = set(err, errnum, HK_ERR_ERRNO_TEXT, fmt, ap);
	va_end(ap);
	return r;
}

int hk_refuse(struct hk_err *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = set(err, errnum, 0, fmt, ap);
	va_end(ap);
	return r;
}

int hk_err_at(struct hk_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return 0;
	va_start(ap, fmt);
	(void)vsnprintf(err->property, sizeof(err->property), fmt, ap);
	va_end(ap);
	return -err->code;
}

void hk_err_hint(struct hk_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

void hk_err_prefix(struct hk_err *err, const char *fmt, ...)
{
	char old[sizeof(err->message)];
	va_list ap;
	size_t n;

	if (!err)
		return;
	memcpy(old, err->message, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	n = strlen(err->message);
	(void)snprintf(err->message + n, sizeof(err->message) - n, "%s", old);
}

void hk_err_sanitize(struct hk_err *err)
{
	err->step[sizeof(err->step) - 1] = '\0';
	err->property[sizeof(err->property) - 1] = '\0';
	err->position[sizeof(err->position) - 1] = '\0';
	err->message[sizeof(err->message) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	err->flags &= HK_ERR_ERRNO_TEXT;
	if (err->code <= 0)
		err->code = EPROTO;
}
