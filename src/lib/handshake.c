/* The start handshake, over FIFOs in the state directory or over pipes. */
#include "lib/handshake.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_MS 2000

void hk_handshake_init(struct hk_handshake *handshake)
{
	handshake->start = handshake->result = handshake->result_read = -1;
}

void hk_handshake_done(struct hk_handshake *handshake)
{
	hk_close(&handshake->start);
	hk_close(&handshake->result);
	hk_close(&handshake->result_read);
}

/* O_RDWR: opening a FIFO for one direction waits for the other side. */
static int make_fifo(int dir, const char *name, int *ret, struct hk_err *err)
{
	int fd;

	if (mkfifoat(dir, name, 0600) < 0)
		return hk_fail(err, errno, "make %s", name);
	fd = hk_beneath_open(dir, name, O_RDWR, 0);
	if (fd < 0)
		return hk_fail(err, -fd, "open %s", name);
	*ret = fd;
	return 0;
}

int hk_handshake_fifos(int dir, struct hk_handshake *ret, struct hk_err *err)
{
	int r = make_fifo(dir, HK_START_FIFO, &ret->start, err);

	return r < 0 ? r : make_fifo(dir, HK_RESULT_FIFO, &ret->result, err);
}

int hk_handshake_outcome(struct hk_handshake *ret, struct hk_err *err)
{
	int result[2];

	if (pipe2(result, O_CLOEXEC) < 0)
		return hk_fail(err, errno, "make a pipe");
	ret->result_read = result[0];
	ret->result = result[1];
	return 0;
}

int hk_handshake_pipes(struct hk_handshake *ret, struct hk_err *err)
{
	int start[2];
	int r;

	if (pipe2(start, O_CLOEXEC) < 0)
		return hk_fail(err, errno, "make a pipe");
	ret->start = start[0];
	r = hk_write_full(start[1], "0", 1);
	hk_close(&start[1]);
	if (r < 0)
		return hk_fail(err, -r, "write to a pipe");
	return hk_handshake_outcome(ret, err);
}

/* As poll(2), but that a signal does not end it. */
static int wait_for_any(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int r;

	do
		r = poll(fds, count, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* An init stage that has nothing open any more ends at once, or has executed the program. */
static bool has_ended(int pidfd)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	return wait_for_any(&end, 1, END_MS) > 0;
}

/* Nobody writes any more: the end is all that is waited for, and a word before it wakes nobody. A
 * FIFO whose last writer was gone before we opened it gives no POLLHUP: hence the pidfd. */
static int wait_for_end(int result, int pidfd)
{
	struct pollfd fds[] = {{.fd = result}, {.fd = pidfd, .events = POLLIN}};

	return wait_for_any(fds, 2, -1);
}

/* The step exec writes a byte before it executes the program, and nothing else comes where that
 * went well. An error is the last that comes: of what came before that step, or of the execve.
 * Nothing at all comes where the init stage was killed; or was made by an older hako, before an
 * upgrade, which says nothing: then the program is there. */
static int read_outcome(int result, int pidfd, struct hk_err *err)
{
	char said[1 + sizeof(struct hk_err)];
	struct hk_err theirs;
	ssize_t n;

	do
		n = read(result, said, sizeof(said)); /* all of it: it is in the pipe by now */
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	if (n <= 0 && !has_ended(pidfd))
		return 0;
	if (n <= 0) /* EAGAIN: a hook's process that has not executed it yet has the other end */
		return hk_refuse(
			err, ESRCH, "container process was killed before its program was executed");
	if ((size_t)n < sizeof(theirs))
		return hk_refuse(err, EPROTO, "the init stage sent %zd bytes of an error", n);
	memcpy(&theirs, said + n - sizeof(theirs), sizeof(theirs));
	hk_err_sanitize(&theirs);
	if (theirs.code == 0)
		return hk_refuse(err, EPROTO, "the init stage failed without an error");
	if (err)
		*err = theirs;
	return -theirs.code;
}

int hk_handshake_await(int result, int pidfd, struct hk_err *err)
{
	int r = wait_for_end(result, pidfd);

	if (r < 0)
		return hk_fail(err, -r, "wait for the container's program");
	return read_outcome(result, pidfd, err);
}

enum hk_start_phase hk_handshake_phase(int dir, const char *fifo)
{
	HK_FD int fd = hk_beneath_open(dir, fifo, O_WRONLY | O_NONBLOCK, 0);

	if (fd == -ENOENT)
		return HK_START_DONE;
	return fd == -ENXIO ? HK_START_SAID : HK_START_AWAITED; /* nobody reads */
}

static int say_start(int dir, struct hk_err *err)
{
	HK_FD int start = -1;
	int r;

	if (hk_handshake_phase(dir, HK_START_FIFO) != HK_START_AWAITED)
		return hk_refuse(err, ESRCH, "container process is already dead");
	/* We are a reader too: no SIGPIPE for our caller when init dies now. */
	start = hk_beneath_open(dir, HK_START_FIFO, O_RDWR, 0);
	if (start < 0)
		return hk_fail(err, -start, "open %s", HK_START_FIFO);
	r = hk_write_full(start, "0", 1);
	return r < 0 ? hk_fail(err, -r, "write %s", HK_START_FIFO) : 0;
}

int hk_handshake_start(int dir, int pidfd, struct hk_err *err)
{
	HK_FD int result = -1;
	int r;

	/* first: as long as init waits for start, it has the other end */
	result = hk_beneath_open(dir, HK_RESULT_FIFO, O_RDONLY | O_NONBLOCK, 0);
	if (result < 0)
		return hk_fail(err, -result, "open %s", HK_RESULT_FIFO);
	r = say_start(dir, err);
	if (r < 0)
		return r;
	r = hk_handshake_await(result, pidfd, err);
	if (r < 0)
		(void)has_ended(pidfd); /* so that the state is "stopped" behind us */
	return r;
}
