/* A process's terminal on ours: raw mode, size, and copying both ways. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define TERMINAL_POLL_FDS 4

/* Bytes on their way from one descriptor to another. */
struct stream {
	int from;
	int to;
	bool ended; /* nothing comes any more; from a master, for now */
	char last; /* byte that was read; '\n' before the first */
	size_t start;
	size_t end;
	char buf[4096]; /* no more than PIPE_BUF: a write after POLLOUT does not block */
};

struct terminal {
	int sockets[2]; /* ours, the container's: for the master */
	int master;	/* -1: there is no terminal */
	int tty;	/* which of our 0-2 is a terminal; -1: none */
	int output; /* a terminal of ours opened for ourselves, so that no write waits; -1: none */
	bool raw;   /* saved is to be restored */
	bool background; /* the terminal is somebody else's for now */
	struct termios saved;
	struct stream in;
	struct stream out;
};

void terminal_init(struct terminal *terminal);
/* Restores our own terminal. */
void terminal_done(struct terminal *terminal);

/* The console socket for the library's options, which stays the terminal's; or -1 with errno, as
 * the next. */
int terminal_open(struct terminal *terminal);
/* Take the master that the container has sent, and make our own terminal raw. Nothing to do where
 * none was asked for. */
int terminal_attach(struct terminal *terminal);
void terminal_resize(struct terminal *terminal);
/* We were stopped and go on: who had our terminal meanwhile has changed it. */
void terminal_continue(struct terminal *terminal);

/* What to poll for, how long (milliseconds, or -1), and what to do then. Unused entries have fd -1.
 */
void terminal_poll(const struct terminal *terminal, struct pollfd fds[static TERMINAL_POLL_FDS]);
int terminal_timeout(const struct terminal *terminal);
void terminal_copy(struct terminal *terminal, const struct pollfd fds[static TERMINAL_POLL_FDS]);
/* After the container's end: is there still something to copy out? Then where, for poll; and copy
 * it. */
bool terminal_has_output(struct terminal *terminal, struct pollfd *ret_fd);
void terminal_put_output(struct terminal *terminal);

#endif
