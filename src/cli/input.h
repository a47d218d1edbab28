/* Reading what the command line names. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stddef.h>

/* All of a file, or of stdin for "-", up to 16 MiB. Freed by the caller; NULL with errno set. */
char *input_read(const char *path, size_t *ret_size);

#endif
