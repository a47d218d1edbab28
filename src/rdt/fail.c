/* What the kernel has to say of a resctrl file system that refuses something. */
#include "rdt/group.h"

#include "base/err.h"
#include "base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* " (Out of CLOSIDs)", or nothing. */
static void read_status(const char *root, char *ret, size_t cap)
{
	char path[PATH_MAX], status[256];
	HK_FD int fd = -1;

	ret[0] = '\0';
	(void)snprintf(path, sizeof(path), "%s/info/last_cmd_status", root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || hk_read_string(fd, status, sizeof(status)) <= 0)
		return; /* before Linux 4.16 */
	status[strcspn(status, "\n")] = '\0';
	if (strcmp(status, "ok") != 0)
		(void)snprintf(ret, cap, " (%s)", status);
}

int hk_rdt_fail(const char *root, int errnum, struct hk_err *err, const char *fmt, ...)
{
	char message[512], status[260];
	va_list ap;

	read_status(root, status, sizeof(status));
	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut, never overrun */
	va_end(ap);
	return hk_fail(err, errnum, "%s%s", message, status);
}
