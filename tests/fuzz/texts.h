/* What fuzz targets that read JSON have in common: a host that is always the same, files that are none, and
 * what is asked of every error. */
#ifndef TESTS_FUZZ_TEXTS_H
#define TESTS_FUZZ_TEXTS_H

#include "base/err.h"
#include "base/str.h"
#include "lib/errors.h"
#include "plan/facts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_ERROR_TEXT 1024

static const struct hk_facts fuzz_host = {
	.can_mknod = true,
	.apparmor = true,
	.apparmor_attr_dir = true,
	.selinux = true,
	.kcore = true,
	.cgroup_view = HK_CGROUP_VIEW_V2,
	.known_caps = (1ull << 41) - 1,
	.permitted_caps = (1ull << 41) - 1,
};

static inline void require(bool condition, const char *what, const struct hk_err *err)
{
	if (condition)
		return;
	(void)fprintf(stderr, "%s: %s %s: %s\n", what, err->position, err->property, err->message);
	abort();
}

/* One short printable line, and no error that speaks of our own mistakes. */
static inline void check_error(int r, const struct hk_err *err)
{
	hako_error *error = NULL;
	char printable[2 * MAX_ERROR_TEXT];
	const char *text;

	require(r == -err->code && err->message[0], "an error that says nothing", err);
	require(r != -ENOMEM && r != -EPROTO && r != -EIO, "the wrong kind of error", err);
	(void)hk_give(r, err, &error);
	text = hako_error_text(error);
	require(strlen(text) <= MAX_ERROR_TEXT, "a long error", err);
	require(!strcmp(hk_printable(text, printable, sizeof(printable)), text),
		"an error that is not printable", err);
	hako_error_free(error);
}

/* The name of a file with these bytes, until the next call. */
static inline const char *file_with(const uint8_t *data, size_t size)
{
	static char name[64];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("config.json", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
		pwrite(fd, data, size, 0) != (ssize_t)size) {
		perror("memfd");
		exit(EXIT_FAILURE);
	}
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return name;
}

#endif
