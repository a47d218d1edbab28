/* The process that a scope begins with: systemd makes none without, and the container's own comes later. */
#ifndef HK_SYSTEMD_HOLDER_H
#define HK_SYSTEMD_HOLDER_H

#include <sys/types.h>

struct hk_err;

struct hk_holder {
	pid_t pid;
	int pidfd; /* -1: there is none */
};

/* A child that does nothing, holds no descriptor of ours, and is killed when the calling thread ends. */
int hk_holder_start(struct hk_holder *ret, struct hk_err *err);
/* Kill and reap it, if there is one. */
void hk_holder_end(struct hk_holder *holder);

#endif
