/* Log lines as logrus writes them, which is what the callers of runtimes parse. */
#include "log.h"

#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int log_open(struct log *log, const char *path, bool json)
{
	log->json = json;
	log->fd = -1;
	if (!path)
		return 0;
	log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return log->fd < 0 ? -errno : 0;
}

void log_close(struct log *log)
{
	if (log->fd >= 0)
		(void)close(log->fd); /* appended line by line: nothing is pending */
	log->fd = -1;
}

static const char *level_name(enum hako_log_level level)
{
	switch (level) {
	case HAKO_LOG_ERROR:
		return "error";
	case HAKO_LOG_WARNING:
		return "warning";
	case HAKO_LOG_INFO:
		return "info";
	case HAKO_LOG_DEBUG:
		return "debug";
	}
	return "error";
}

/* RFC 3339, UTC. */
static void timestamp(char ret[static 32])
{
	time_t now = time(NULL);
	struct tm tm = {.tm_year = 70, .tm_mday = 1};

	(void)gmtime_r(&now, &tm); /* a clock beyond all years leaves 1970 */
	if (strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		ret[0] = '\0';
}

static void print_line(FILE *out, bool json, enum hako_log_level level, const char *message)
{
	char when[32];

	timestamp(when);
	if (json) {
		fprintf(out, "{\"level\":\"%s\",\"msg\":", level_name(level));
		json_string(out, message);
		fprintf(out, ",\"time\":\"%s\"}\n", when);
	} else {
		fprintf(out, "time=\"%s\" level=%s msg=", when, level_name(level));
		json_string(out, message);
		fputc('\n', out);
	}
}

/* The whole line in one write, so that lines of several processes do not mix. */
static void write_line(int fd, bool json, enum hako_log_level level, const char *message)
{
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		return; /* without memory for a line there is no way to say so */
	print_line(out, json, level, message);
	if (fclose(out) == 0)
		(void)!write(fd, line, len); /* a full disk: there is nowhere to say so */
	free(line);
}

void log_line(const struct log *log, enum hako_log_level level, const char *message)
{
	write_line(log->fd >= 0 ? log->fd : STDERR_FILENO, log->json, level, message);
}

void log_sink(void *userdata, enum hako_log_level level, const char *message)
{
	log_line(userdata, level, message);
}

void log_error(const struct log *log, const char *message, const char *hint)
{
	if (log->fd >= 0)
		write_line(log->fd, log->json, HAKO_LOG_ERROR, message);
	if (hint[0] == '\0')
		fprintf(stderr, "hako: %s\n", message);
	else if (isatty(STDERR_FILENO))
		fprintf(stderr, "hako: %s\n      hint: %s\n", message, hint);
	else
		fprintf(stderr, "hako: %s (hint: %s)\n", message, hint);
}
