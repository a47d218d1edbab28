/* The main() of a fuzz target without a fuzzer: it runs files, or all files of directories. */
#ifndef TESTS_FUZZ_CORPUS_H
#define TESTS_FUZZ_CORPUS_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef HAKO_FUZZER
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t ran;

static int run_file(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data;
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	if (!ok) {
		perror(name);
		return -1;
	}
	data = malloc((size_t)st.st_size + 1);
	ok = data && read(fd, data, (size_t)st.st_size) == (ssize_t)st.st_size;
	if (ok)
		(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	else
		perror(name);
	free(data);
	(void)close(fd);
	ran++;
	return ok ? 0 : -1;
}

static int run_directory(DIR *dir)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = run_file(dirfd(dir), entry->d_name);
	return r;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		int r = dir ? run_directory(dir) : run_file(AT_FDCWD, argv[i]);

		if (dir)
			(void)closedir(dir);
		if (r < 0)
			return EXIT_FAILURE;
	}
	printf("%zu files\n", ran);
	return ran ? EXIT_SUCCESS : EXIT_FAILURE;
}
#endif

#endif
