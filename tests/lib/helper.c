/* The integration tests' eyes inside a container: helper syscall NUMBER [ARGUMENT...] makes the
 * call and prints its value or its errno; helper fds prints what is open; helper notify TEXT sends
 * it to $NOTIFY_SOCKET and stays for two seconds. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int notify(const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (!path || sock < 0 || strlen(path) >= sizeof(address.sun_path))
		return 1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (sendto(sock, text, strlen(text), 0, (void *)&address, sizeof(address)) < 0)
		return 1;
	sleep(2);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "syscall") == 0)
		return make_call(argc - 2, argv + 2);
	if (argc == 2 && strcmp(argv[1], "fds") == 0)
		return list_fds();
	if (argc == 3 && strcmp(argv[1], "notify") == 0)
		return notify(argv[2]);
	fprintf(stderr, "usage: helper syscall NUMBER [ARGUMENT...] | fds | notify TEXT\n");
	return 2;
}
