/* The file of --timeline. */
#include "timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		left -= (size_t)n;
	}
	return true;
}

static bool write_file(const struct timeline *t, const char *text)
{
	if (t->fd < 0)
		return write_all(STDERR_FILENO, text);
	if (ftruncate(t->fd, 0) < 0 && errno != EINVAL) /* a pipe has nothing to cut off */
		return false;
	return write_all(t->fd, text);
}

static void warn(struct cli *cli, const char *path)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "the timeline could not be written to '%s': %m", path);
	log_line(&cli->log, HAKO_LOG_WARNING, line);
}

void timeline_close(struct cli *cli, struct timeline *t)
{
	hako_error *error = NULL;
	char *text = NULL;
	int r = 0;

	if (t->timeline)
		r = t->fd < 0 ? hako_timeline_text(t->timeline, &text, &error)
			      : hako_timeline_json(t->timeline, &text, &error);
	if (r < 0)
		(void)cli_fail(cli, NULL, error);
	else if (text && !write_file(t, text))
		warn(cli, t->path);
	free(text);
	hako_timeline_free(t->timeline);
	if (t->fd >= 0)
		(void)close(t->fd); /* written, or warned of */
	*t = (struct timeline){.fd = -1};
}

int timeline_open(struct cli *cli, const char *path, struct timeline *ret)
{
	hako_error *error = NULL;

	*ret = (struct timeline){.path = path, .fd = -1};
	if (!path)
		return 0;
	if (strcmp(path, "-") != 0) {
		ret->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (ret->fd < 0)
			return cli_refuse_errno(cli, errno, "open the timeline '%s'", path);
	}
	if (hako_timeline_new(&ret->timeline, &error) == 0)
		return 0;
	timeline_close(cli, ret);
	return cli_fail(cli, NULL, error);
}
