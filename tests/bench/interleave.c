/* Runs commands in turn, A B C A B C, and prints what each run cost.
 *
 *   interleave ROUNDS GAP_MS command... -- command... [-- command...]
 *
 * A line for each run: index of the command, wall time and CPU time in microseconds (of the command
 * and all that it waited for), peak resident set in KiB, exit status. A C program, because the
 * kernel counts the resident set of the parent at exec: this one's is as small as it gets. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 16

extern char **environ;

static int64_t now_us(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
		abort();
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t us(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static void quiet(posix_spawn_file_actions_t *actions)
{
	if (posix_spawn_file_actions_init(actions) ||
		posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0) ||
		posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0) ||
		posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0))
		abort();
}

static void run_one(int index, char **command, const posix_spawn_file_actions_t *actions)
{
	struct rusage usage;
	int64_t start, end;
	int status, r;
	pid_t pid;

	start = now_us();
	r = posix_spawn(&pid, command[0], actions, NULL, command, environ);
	if (r) {
		fprintf(stderr, "interleave: %s: %s\n", command[0], strerror(r));
		exit(1);
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			abort();
	end = now_us();
	printf("%d %lld %lld %ld %d\n", index, (long long)(end - start),
		(long long)(us(usage.ru_utime) + us(usage.ru_stime)), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	char **commands[MAX_COMMANDS];
	struct timespec gap;
	long rounds, gap_ms;
	int count = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: interleave ROUNDS GAP_MS command... [-- command...]...\n");
		return 2;
	}
	rounds = strtol(argv[1], NULL, 10);
	gap_ms = strtol(argv[2], NULL, 10);
	gap = (struct timespec){.tv_sec = gap_ms / 1000, .tv_nsec = gap_ms % 1000 * 1000000};
	commands[count++] = argv + 3;
	for (int i = 3; i < argc && count < MAX_COMMANDS; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		argv[i] = NULL;
		commands[count++] = argv + i + 1;
	}
	quiet(&actions);
	for (long round = 0; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			if (gap_ms > 0)
				(void)nanosleep(&gap, NULL); /* no signal handlers here */
			run_one(i, commands[i], &actions);
		}
	}
	return 0;
}
