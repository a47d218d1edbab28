/* How the validators say what is wrong and where: JSON pointers, and the refusal itself. */
#include "spec/validate.h"

#include "base/findings.h"
#include "base/str.h"
#include "json/json.h"

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
	struct hk_pointer at = hk_at("%s", base);

	hk_pointer_add(at.text, sizeof(at.text), key);
	return at;
}

__attribute__((format(printf, 5, 0))) static int found(struct hk_findings *f, int errnum,
	const struct hk_pointer *at, const char *hint, const char *fmt, va_list ap)
{
	char message[512], line[512];

	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut, never overrun */
	(void)hk_refuse(f->err, errnum, "%s", hk_printable(message, line, sizeof(line)));
	(void)hk_err_at(f->err, "%s", at->text);
	if (hint)
		hk_err_hint(f->err, "%s", hint);
	return hk_found(f);
}

int hk_invalid(struct hk_findings *f, struct hk_pointer at, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = found(f, EINVAL, &at, NULL, fmt, ap);
	va_end(ap);
	return r;
}

int hk_invalid_hint(
	struct hk_findings *f, struct hk_pointer at, const char *hint, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = found(f, EINVAL, &at, hint, fmt, ap);
	va_end(ap);
	return r;
}

int hk_needs_namespace(
	struct hk_findings *f, struct hk_pointer at, enum hk_ns_type type, const char *fmt, ...)
{
	char hint[64];
	va_list ap;
	int r;

	(void)snprintf(hint, sizeof(hint), "add {\"type\": \"%s\"} to linux.namespaces",
		hk_ns_infos[type].name);
	va_start(ap, fmt);
	r = found(f, EINVAL, &at, hint, fmt, ap);
	va_end(ap);
	return r;
}

int hk_finding(struct hk_findings *f, int errnum, struct hk_pointer at, const char *hint,
	const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = found(f, errnum, &at, hint, fmt, ap);
	va_end(ap);
	return r;
}
