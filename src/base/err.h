/* One error: what was attempted, where in config.json it came from, and the errno.
 *
 * The struct is flat and holds no pointer: it is valid without memory and crosses the sync socket
 * as it is. The errno's text is added where the error is shown, never stored: the init stage and
 * the runtime are linked with different C libraries. */
#ifndef HK_BASE_ERR_H
#define HK_BASE_ERR_H

#include <stdarg.h>
#include <stdint.h>

enum hk_err_flags {
	HK_ERR_ERRNO_TEXT = 1, /* the errno's text belongs to the message: show it behind it */
};

struct hk_err {
	int32_t code;       /* positive errno, 0 while nothing failed */
	uint32_t flags;     /* enum hk_err_flags */
	char step[24];      /* name of the plan's step that failed, "" if none */
	char property[200]; /* JSON pointer into config.json, "" if none */
	char position[64];  /* "config.json:LINE:COLUMN", "" if unknown */
	char message[768];  /* what was attempted, with the names that the user wrote */
	char hint[384];     /* what to do about it, "" if nothing is known */
};

/* Each returns -errnum, so that "return hk_fail(...)" reads well. err may be NULL. An error already
 * set is overwritten: the caller that wants to keep the first one does not call. */

/* The system refused: the errno's text will be shown behind the message. */
int hk_fail(struct hk_err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* We refuse: the message says why, errnum is only the class (EINVAL, EEXIST, ...). */
int hk_refuse(struct hk_err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Name the property of config.json that the error is about, as a JSON pointer. Returns err->code
 * negated, 0 with a NULL err, for "return hk_err_at(err, ...)" behind a failed call. */
int hk_err_at(struct hk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Say what to do about it. */
void hk_err_hint(struct hk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Put words before the message: "exec failed: " + message. */
void hk_err_prefix(struct hk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* After a datagram from the other side: every string ended, code positive. */
void hk_err_sanitize(struct hk_err *err);

#endif
