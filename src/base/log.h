/* Where log lines go: the caller's sink. The library never writes to stderr by itself. */
#ifndef HK_BASE_LOG_H
#define HK_BASE_LOG_H

enum hk_log_level {
	HK_LOG_ERROR,
	HK_LOG_WARNING,
	HK_LOG_INFO,
	HK_LOG_DEBUG,
};

/* sink may be NULL: nothing is logged. level is the most talkative one that is wanted. */
struct hk_log {
	enum hk_log_level level;
	void (*sink)(void *userdata, enum hk_log_level level, const char *message);
	void *userdata;
};

void hk_logf(const struct hk_log *log, enum hk_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
