/* A whole conversation with criu: its version, what it has to be able to, the request, and the
 * notifications that it wants answers to on the way. */
#ifndef HK_CRIU_TALK_H
#define HK_CRIU_TALK_H

#include "criu/process.h"

/* The oldest criu that this is made for: 3.17, of network_lock and SINGLE_PRE_DUMP. */
#define HK_CRIU_MIN_MAJOR 3
#define HK_CRIU_MIN_MINOR 17

struct hk_criu_task {
	enum hk_criu_type type;
	const struct hk_criu_opts *opts;
	struct hk_criu_features features; /* that this needs */
	/* At each of criu's action script points ("post-restore", ...), which goes on when it
	 * returns. A failure ends the task, and is what hk_criu_run fails with. pid: of the
	 * restored init, where criu tells it. fd: what came along, or -1; it stays the caller's.
	 * NULL: none. */
	int (*notify)(void *userdata, const char *script, pid_t pid, int fd, struct hk_err *err);
	void *userdata;
};

/* -ENOENT no criu, -ENOTSUP one that cannot, -EIO what it tried has failed. 0: it is done. */
int hk_criu_run(
	const struct hk_criu_place *place, const struct hk_criu_task *task, struct hk_err *err);

/* An error line of criu's log without where it comes from, "(00.018) Error (criu/mount.c:123): mnt:
 * no": "mnt: no", in the line; NULL where it tells no error. */
const char *hk_criu_error_of(const char *line);

/* Put what the log in that directory says of the failure into err's hint, and where it is: path, as
 * the user knows the directory. */
void hk_criu_log_hint(int dir, const char *path, const char *name, struct hk_err *err);

#endif
