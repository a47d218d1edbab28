/* The --log file, and errors on stderr. */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include <stdbool.h>

#include <hako/runtime.h>

struct log {
	int fd; /* -1: no --log */
	bool json;
};

/* Open or make the file. Returns 0 or a negative errno. path NULL: no file. */
int log_open(struct log *log, const char *path, bool json);
void log_close(struct log *log);

/* One line: to the file where there is one, else to stderr. */
void log_line(const struct log *log, enum hako_log_level level, const char *message);
/* hako_log_fn; userdata is the struct log. */
void log_sink(void *userdata, enum hako_log_level level, const char *message);

/* An error: message in the file, and "hako: message" with the hint ("" for none) on stderr. */
void log_error(const struct log *log, const char *message, const char *hint);

#endif
