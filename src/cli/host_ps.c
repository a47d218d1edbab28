/* Running the host's ps, and picking lines of its table by the PID column. */
#include "host_ps.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLANKS	   " \t"
#define USUAL_PATH "/usr/bin:/bin"
#define PATH_CAP   4096

/* An executable "ps" in an absolute directory of a PATH. */
static bool find_in(const char *path, char ret[static PATH_CAP])
{
	for (size_t len; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (*path == '/' && len + sizeof("/ps") <= PATH_CAP) {
			(void)snprintf(ret, PATH_CAP, "%.*s/ps", (int)len, path);
			if (access(ret, X_OK) == 0)
				return true;
		}
	}
	return false;
}

/* Clients call us without a PATH. */
static bool find(char ret[static PATH_CAP])
{
	const char *path = getenv("PATH");

	return (path && find_in(path, ret)) || find_in(USUAL_PATH, ret);
}

/* The words of a text as further arguments; the text is cut into them. Returns how many. */
static int split(char *text, char **ret)
{
	char *rest = text, *word;
	int count = 0;

	while ((word = strsep(&rest, BLANKS)))
		if (*word)
			ret[count++] = word;
	return count;
}

/* argv of ps. One argument may be many: containerd hands all options of its Top over in one. Freed
 * with free, as is *ret_words. NULL where memory is out. */
static char **arguments(int argc, char *const argv[], char **ret_words)
{
	static char name[] = "ps", all[] = "-ef";
	size_t most = argc == 1 ? strlen(argv[0]) + 1 : (size_t)argc;
	char **ret = calloc(most + 3, sizeof(*ret));
	int count = argc;

	*ret_words = NULL;
	if (!ret)
		return NULL;
	ret[0] = name;
	if (argc == 1) {
		*ret_words = strdup(argv[0]);
		count = *ret_words ? split(*ret_words, ret + 1) : 0;
	} else if (argc > 1) {
		memcpy(ret + 1, argv, (size_t)argc * sizeof(*ret));
	}
	if (count == 0)
		ret[1] = all;
	return ret;
}

static int spawn(const char *path, char *const argv[], int output, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions); /* never fails here */
	return r;
}

/* All that fd gives; NULL where that cannot be. Closes fd. */
static char *read_all(int fd)
{
	FILE *in = fdopen(fd, "re");
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!in) {
		(void)close(fd); /* only read */
		return NULL;
	}
	len = getdelim(&text, &cap, '\0', in);
	(void)fclose(in); /* only read */
	if (len >= 0)
		return text;
	free(text);
	return strdup("");
}

/* Run it to its end. Its stdout and stderr, freed by the caller, or NULL and a positive errno. */
static char *run(const char *path, char *const argv[], int *ret_status, int *ret_errno)
{
	char *text = NULL;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		*ret_errno = errno;
		return NULL;
	}
	*ret_errno = spawn(path, argv, ends[1], &pid);
	(void)close(ends[1]); /* of the child now */
	if (*ret_errno != 0) {
		(void)close(ends[0]);
		return NULL;
	}
	text = read_all(ends[0]);
	*ret_errno = text ? 0 : ENOMEM;
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
	return text;
}

/* The nth word of a line, from 0; NULL where there are fewer. */
static const char *word_at(const char *line, int n)
{
	for (;;) {
		line += strspn(line, BLANKS);
		if (!*line)
			return NULL;
		if (n-- == 0)
			return line;
		line += strcspn(line, BLANKS);
	}
}

/* Which column is PID? -1: none. */
static int pid_column(const char *title)
{
	const char *word;

	for (int n = 0; (word = word_at(title, n)); n++)
		if (strcspn(word, BLANKS) == 3 && strncmp(word, "PID", 3) == 0)
			return n;
	return -1;
}

static bool is_listed(long pid, const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static int print(struct cli *cli, char *table, const pid_t *pids, size_t count)
{
	char *rest = table, *line = strsep(&rest, "\n");
	int column = pid_column(line);

	if (column < 0)
		return cli_refuse(cli, "couldn't find PID field in ps output");
	puts(line);
	while ((line = strsep(&rest, "\n"))) {
		const char *word = word_at(line, column);
		char *end = NULL;
		long pid;

		if (!*line)
			continue;
		pid = word ? strtol(word, &end, 10) : 0;
		if (!word || end == word || !strchr(BLANKS, *end)) /* or at the line's end */
			return cli_refuse(cli,
				"unable to parse pid: a column before PID holds blanks: '%s'",
				line);
		if (is_listed(pid, pids, count))
			puts(line);
	}
	return cli_flush(cli);
}

static int check_end(struct cli *cli, int status, char *text)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	text[strcspn(text, "\n")] = '\0'; /* what follows is how to use ps */
	if (WIFEXITED(status))
		return cli_refuse(cli, "ps: exit status %d: %s", WEXITSTATUS(status), text);
	return cli_refuse(cli, "ps: killed by signal %d: %s", WTERMSIG(status), text);
}

int host_ps(struct cli *cli, int argc, char *const argv[], const pid_t *pids, size_t count)
{
	char path[PATH_CAP], *words, **command, *table;
	int status = 0, errnum = 0;

	if (!find(path))
		return cli_refuse(cli,
			"exec: \"ps\": executable file not found in $PATH, nor in " USUAL_PATH
			"; --format=json needs none");
	command = arguments(argc, argv, &words);
	if (!command)
		return cli_refuse(cli, "out of memory");
	table = run(path, command, &status, &errnum);
	free(words);
	free(command);
	if (!table)
		return cli_refuse_errno(cli, errnum, "run %s", path);
	status = check_end(cli, status, table);
	if (status == 0)
		status = print(cli, table, pids, count);
	free(table);
	return status;
}
