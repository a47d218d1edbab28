/* Reading what the command line names. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZE ((size_t)16 << 20)

/* Room for more in *text of *cap bytes. */
static int grow(char **text, size_t *cap)
{
	size_t larger = *cap ? 2 * *cap : 4096;
	char *moved;

	if (*cap > MAX_SIZE)
		return -EFBIG;
	moved = realloc(*text, larger);
	if (!moved)
		return -ENOMEM;
	*text = moved;
	*cap = larger;
	return 0;
}

static int read_all(int fd, char **text, size_t *ret_size)
{
	size_t cap = 0, size = 0;

	for (;;) {
		int r = size == cap ? grow(text, &cap) : 0;
		ssize_t n;

		if (r < 0)
			return r;
		n = read(fd, *text + size, cap - size);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		size += n > 0 ? (size_t)n : 0;
	}
	*ret_size = size;
	return size > MAX_SIZE ? -EFBIG : 0;
}

char *input_read(const char *path, size_t *ret_size)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	int r;

	if (fd < 0)
		return NULL;
	r = read_all(fd, &text, ret_size);
	if (fd != STDIN_FILENO)
		(void)close(fd); /* only read */
	if (r == 0)
		return text;
	free(text);
	errno = -r;
	return NULL;
}
