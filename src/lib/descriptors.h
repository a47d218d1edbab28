/* Descriptors that the caller of hako_create and hako_exec gives. */
#ifndef HK_LIB_DESCRIPTORS_H
#define HK_LIB_DESCRIPTORS_H

#include <stdbool.h>

struct hk_err;

/* Each of the count descriptors from 3 on that are to go through must be open: a wrong count is the
 * caller's mistake. */
int hk_check_preserved(unsigned int count, struct hk_err *err);
/* At most one of them says where the terminal's master goes. */
int hk_check_console_socket(const char *path, int fd, struct hk_err *err);
/* The terminal is asked for exactly where somebody takes its master. */
int hk_check_console(bool terminal, bool console, struct hk_err *err);
/* A connection of our own to the socket: by path, by descriptor, or none, which is -1. */
int hk_console_connect(const char *path, int fd, int *ret, struct hk_err *err);

#endif
