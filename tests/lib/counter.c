/* The program of the containers that test_checkpoint.py takes apart: it counts into /data/n, and
 * holds something on to that checkpoints have to know of. counter [HOW [ARGUMENT]]: memory MIB that
 * much memory, all of it different; checked at each count tcp          a connection to itself,
 * through which each number goes pending      a connection to itself that nobody has accepted unix
 * PATH    a datagram socket, connected to PATH, that each number goes to lock PATH    an exclusive
 * lock on the file unlinked PATH  the file, open, whose first name is gone, and a second one there
 *     terminal     each number also goes to stdout, what is read from stdin to /data/in
 * What goes wrong is written to /data/error. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* All at once: nobody sees half of it. */
static void put(const char *path, const char *text)
{
	char tmp[64];
	int fd;

	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) < 0 || rename(tmp, path) < 0)
		_exit(3);
}

static void require(int fine, const char *what)
{
	char text[128];

	if (fine)
		return;
	(void)snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	put("/data/error", text);
	exit(2);
}

/* ---- memory ---- */

static unsigned long *words;
static size_t word_count;

static void make_memory(const char *argument)
{
	word_count = (size_t)atol(argument) << 17;
	words = malloc(word_count * sizeof(*words));
	require(words != NULL, "malloc");
	for (size_t i = 0; i < word_count; i++)
		words[i] = i * 2654435761ul;
}

static void check_memory(long n)
{
	(void)n;
	for (size_t i = 0; i < word_count; i += 97)
		require(words[i] == i * 2654435761ul, "memory has changed");
}

/* ---- sockets ---- */

static int from = -1, to = -1;

static int listen_on_loopback(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	require(bind(sock, (void *)address, sizeof(*address)) == 0 && listen(sock, 4) == 0 &&
			getsockname(sock, (void *)address, &len) == 0,
		"listen");
	return sock;
}

static void make_pending(const char *argument)
{
	struct sockaddr_in address;

	(void)argument;
	from = listen_on_loopback(&address);
	to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(connect(to, (void *)&address, sizeof(address)) == 0, "connect");
}

static void make_tcp(const char *argument)
{
	int listener;

	make_pending(argument);
	listener = from;
	from = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	require(from >= 0 && close(listener) == 0, "accept");
}

static void through_tcp(long n)
{
	long back = -1;

	if (send(to, &n, sizeof(n), MSG_NOSIGNAL) < 0) { /* closed by restore */
		put("/data/closed", strerror(errno));
		return;
	}
	require(recv(from, &back, sizeof(back), MSG_WAITALL) == sizeof(back) && back == n, "tcp");
}

static void make_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	require(connect(to, (void *)&address, sizeof(address)) == 0, "connect");
}

static void to_unix(long n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%ld", n);
	(void)send(to, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL); /* it need not be read */
}

/* ---- files ---- */

static void make_lock(const char *path)
{
	to = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	require(to >= 0 && flock(to, LOCK_EX | LOCK_NB) == 0, "lock");
}

static void make_unlinked(const char *path)
{
	char second[128];

	(void)snprintf(second, sizeof(second), "%s.second", path);
	to = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	require(to >= 0 && link(path, second) == 0 && unlink(path) == 0, "unlink");
}

static void to_file(long n)
{
	require(pwrite(to, &n, sizeof(n), 0) == sizeof(n), "write");
}

static void to_terminal(long n)
{
	struct pollfd in = {.fd = 0, .events = POLLIN};
	char text[64];
	ssize_t len;

	(void)printf("%ld\n", n);
	(void)fflush(stdout);
	if (poll(&in, 1, 0) != 1)
		return;
	len = read(0, text, sizeof(text) - 1);
	if (len <= 0)
		return;
	text[len] = '\0';
	put("/data/in", text);
}

static void nothing(long n)
{
	(void)n;
}

static void make_nothing(const char *argument)
{
	(void)argument;
}

static const struct {
	const char *how;
	void (*make)(const char *argument);
	void (*count)(long n);
} ways[] = {
	{"", make_nothing, nothing},
	{"memory", make_memory, check_memory},
	{"tcp", make_tcp, through_tcp},
	{"pending", make_pending, nothing},
	{"unix", make_unix, to_unix},
	{"lock", make_lock, nothing},
	{"unlinked", make_unlinked, to_file},
	{"terminal", make_nothing, to_terminal},
};

static void stop(int sig)
{
	(void)sig;
	_exit(7);
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	const char *how = argc > 1 ? argv[1] : "";
	size_t way = 0;
	char text[24];
	int out;

	while (strcmp(ways[way].how, how) != 0)
		if (++way == sizeof(ways) / sizeof(ways[0]))
			return 1;
	(void)signal(SIGTERM, stop);
	ways[way].make(argc > 2 ? argv[2] : "");
	/* one file that stays open: what a checkpoint holds on to is there also when this goes on
	 */
	out = open("/data/n", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	require(out >= 0, "open");
	for (long n = 1;; n++) {
		ways[way].count(n);
		(void)snprintf(text, sizeof(text), "%019ld", n);
		require(pwrite(out, text, strlen(text), 0) == (ssize_t)strlen(text), "write");
		(void)nanosleep(&pause, NULL);
	}
}
