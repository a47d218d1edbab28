/* hako spec */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "config.json"

static const char *bundle;
static bool rootless;

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, &bundle, "DIR",
		"where to write (default: the working directory)"},
	{"rootless", 0, OPTION_FLAG, &rootless, NULL, "for a user without privileges"},
	{0},
};

/* Never over an existing file. 0 or a negative errno. */
static int write_new(int dir, const char *text)
{
	int fd = openat(dir, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	size_t len = strlen(text);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		r = errno ? -errno : -ENOSPC;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, FILE_NAME, 0); /* half a file helps nobody */
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int dir = open(bundle ? bundle : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text;
	int r;

	(void)argc; /* none */
	(void)argv;
	if (dir < 0)
		return cli_refuse_errno(cli, errno, "open the bundle '%s'", bundle ? bundle : ".");
	text = hako_spec_template(rootless);
	r = text ? write_new(dir, text) : -ENOMEM;
	free(text);
	(void)close(dir); /* only read */
	if (r == -EEXIST)
		return cli_refuse(cli, "File " FILE_NAME " exists. Remove it first");
	if (r < 0)
		return cli_refuse_errno(cli, -r, "write " FILE_NAME);
	return EXIT_SUCCESS;
}

const struct command spec_command = {
	.name = "spec",
	.arguments = "",
	.summary = "write a default config.json",
	.options = options,
	.run = run,
};
