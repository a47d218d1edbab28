/* Formatting log lines for the caller's sink. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void hk_logf(const struct hk_log *log, enum hk_log_level level, const char *fmt, ...)
{
	char message[2048];
	va_list ap;

	if (!log || !log->sink || level > log->level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut, never overrun */
	va_end(ap);
	log->sink(log->userdata, level, message);
}
