/* A child that does nothing but be in a user namespace, while its id maps are written or read. */
#ifndef HK_STAGE_KEEPER_H
#define HK_STAGE_KEEPER_H

#include <sys/types.h>

struct hk_err;

struct hk_keeper {
	pid_t pid;
	int pidfd;
	int sock; /* it ends with us: with this */
};

/* user_ns: the namespace to join; -1: a new one, without maps yet. On success the child is in it
 * already, and needs hk_keeper_end. 0, or a negative errno with err set. */
int hk_keeper_start(int user_ns, struct hk_keeper *ret, struct hk_err *err);
void hk_keeper_end(struct hk_keeper *keeper);

#endif
