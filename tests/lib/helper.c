/* The integration tests' eyes inside a container: helper syscall NUMBER [ARGUMENT...] makes the
 * call and prints its value or its errno; helper fds prints what is open; helper sched and helper
 * mempolicy print what the kernel does with this process; helper bind|connect PORT does that with a
 * TCP socket and prints the errno, 0 for none; helper cookie prints the core-scheduling cookie;
 * helper thread goes on in another thread than its first, for ever. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* A number, or else the text itself as a pointer. */
static long argument(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	return *text && !*end ? (long)value : (long)text;
}

static int make_call(int argc, char **argv)
{
	long a[7] = {0}, r;

	for (int i = 0; i < argc && i < 7; i++)
		a[i] = argument(argv[i]);
	r = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	if (r < 0)
		printf("errno %d\n", errno);
	else
		printf("value %ld\n", r);
	return 0;
}

static int list_fds(void)
{
	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d\n", fd);
	return 0;
}

/* policy flags nice priority runtime deadline period, as sched_getattr(2) gives them */
static int show_scheduler(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
		uint32_t util_min, util_max;
	} attr = {0};

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0)
		return 1;
	printf("%u %llu %d %u %llu %llu %llu\n", attr.policy, (unsigned long long)attr.flags,
		attr.nice, attr.priority, (unsigned long long)attr.runtime,
		(unsigned long long)attr.deadline, (unsigned long long)attr.period);
	return 0;
}

/* The mode with its flags, then the nodes. */
static int show_memory_policy(void)
{
	unsigned long mask[1024 / (8 * sizeof(unsigned long))] = {0};
	int mode = 0;

	if (syscall(SYS_get_mempolicy, &mode, mask, 1024UL, NULL, 0) < 0)
		return 1;
	printf("%d", mode);
	for (unsigned int node = 0; node < 1024; node++)
		if (mask[node / (8 * sizeof(*mask))] >> node % (8 * sizeof(*mask)) & 1)
			printf(" %u", node);
	printf("\n");
	return 0;
}

static int use_port(const char *how, const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((unsigned short)argument(port))};
	int sock = socket(AF_INET, SOCK_STREAM, 0), r = -1;

	if (sock >= 0)
		r = (strcmp(how, "bind") == 0 ? bind : connect)(
			sock, (void *)&address, sizeof(address));
	printf("errno %d\n", r < 0 ? errno : 0);
	return 0;
}

static int show_cookie(void)
{
	unsigned long long cookie = 0;

	if (prctl(62 /* PR_SCHED_CORE */, 0 /* GET */, 0, 0, &cookie) < 0)
		return 1;
	printf("%llx\n", cookie);
	return 0;
}

static void *pause_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* exit(2) ends the calling thread alone. */
static int leave_to_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, pause_for_ever, NULL) == 0)
		syscall(SYS_exit, 0);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "syscall") == 0)
		return make_call(argc - 2, argv + 2);
	if (argc == 2 && strcmp(argv[1], "fds") == 0)
		return list_fds();
	if (argc == 2 && strcmp(argv[1], "sched") == 0)
		return show_scheduler();
	if (argc == 2 && strcmp(argv[1], "mempolicy") == 0)
		return show_memory_policy();
	if (argc == 3 && (strcmp(argv[1], "bind") == 0 || strcmp(argv[1], "connect") == 0))
		return use_port(argv[1], argv[2]);
	if (argc == 2 && strcmp(argv[1], "cookie") == 0)
		return show_cookie();
	if (argc == 2 && strcmp(argv[1], "thread") == 0)
		return leave_to_a_thread();
	fprintf(stderr, "usage: helper syscall NUMBER [ARGUMENT...] | fds | sched | mempolicy | "
			"bind PORT | connect PORT | cookie | thread\n");
	return 2;
}
