/* What every command needs: the runtime, and a way to fail. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hako_runtime *cli_runtime(struct cli *cli)
{
	hako_error *error = NULL;

	if (!cli->runtime && hako_runtime_new(&cli->runtime_options, &cli->runtime, &error) < 0)
		(void)cli_fail(cli, NULL, error);
	return cli->runtime;
}

int cli_want_libraries(struct cli *cli)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_error *error = NULL;

	if (!runtime)
		return EXIT_FAILURE;
	return hako_runtime_want_libraries(runtime, &error) < 0 ? cli_fail(cli, NULL, error) : 0;
}

/* What came from the command line, for one line of a terminal and a JSON string: bytes that are not
 * plain ASCII as \\xNN, cut where it does not fit. The library's own texts are printable already.
 */
static const char *printable(const char *text, char *ret, size_t cap)
{
	size_t n = 0;

	for (; *text && n + 5 <= cap; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f)
			n += (size_t)snprintf(ret + n, cap - n, "\\x%02x", c);
		else
			ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return ret;
}

static void report(struct cli *cli, const char *id, const char *text, const char *hint)
{
	char line[2048], name[260];

	if (id)
		(void)snprintf(line, sizeof(line), "%s '%s': %s", cli->command,
			printable(id, name, sizeof(name)), text);
	else if (cli->command)
		(void)snprintf(line, sizeof(line), "%s: %s", cli->command, text);
	else
		(void)snprintf(line, sizeof(line), "%s", text);
	log_error(&cli->log, line, hint);
}

int cli_fail(struct cli *cli, const char *id, hako_error *error)
{
	report(cli, id, hako_error_text(error), hako_error_hint(error));
	hako_error_free(error);
	return EXIT_FAILURE;
}

int cli_refuse(struct cli *cli, const char *fmt, ...)
{
	char text[1024], line[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* cut */
	va_end(ap);
	report(cli, NULL, printable(text, line, sizeof(line)), "");
	return EXIT_FAILURE;
}

int cli_refuse_errno(struct cli *cli, int errnum, const char *fmt, ...)
{
	char text[768], reason[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* cut */
	va_end(ap);
	errno = errnum;
	(void)snprintf(reason, sizeof(reason), "%m");
	reason[0] = (char)tolower((unsigned char)reason[0]);
	return cli_refuse(cli, "%s: %s", text, reason);
}

int cli_check_descriptors(struct cli *cli, unsigned int count)
{
	for (unsigned int fd = 3; count > 0; fd++, count--) {
		int flags = fcntl((int)fd, F_GETFD);

		if (flags < 0 || flags & FD_CLOEXEC) /* who executed us had none such */
			return cli_refuse(cli, "file descriptor %u to preserve is not open", fd);
	}
	return 0;
}

int cli_call(struct cli *cli, const char *id, int (*call)(hako_container *, hako_error **))
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	if (!runtime)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, id, &container, &error) < 0 || call(container, &error) < 0)
		status = cli_fail(cli, id, error);
	hako_container_free(container);
	return status;
}

int cli_format(struct cli *cli, const char *format, const char *other, bool *ret_json)
{
	*ret_json = format && strcmp(format, "json") == 0;
	if (format && !*ret_json && strcmp(format, other) != 0)
		return cli_refuse(cli, "invalid format option: %s", format);
	return 0;
}

int cli_flush(struct cli *cli)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	return cli_refuse(cli, "cannot write to stdout");
}
