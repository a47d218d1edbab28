/* What the init stage knows while it runs a plan, and one function for each kind of step. */
#ifndef HK_STEP_STEP_H
#define HK_STEP_STEP_H

#include "base/err.h"
#include "plan/plan.h"
#include "wire/wire.h"

#include <limits.h>
#include <stdbool.h>

struct hk_trace; /* wire/trace.h */

/* A mount that is attached again and again. */
struct hk_cover {
	int fd;	       /* -1: not there yet */
	bool attached; /* before Linux 6.15 only an attached mount can be cloned */
};

/* The directory that the last step put something into. */
struct hk_parent {
	int fd;
	char path[PATH_MAX]; /* "" where it is not to be found again */
};

/* A container that runs, whose mounts are changed. Of a new one only the mounts are known that are
 * changed later. */
struct hk_visit {
	int theirs;		    /* its mount namespace; -1: the container is a new one, ours */
	int ours;		    /* the one that we are in but for moments */
	uint64_t namespaces;	    /* all of its that are not ours, where a proc is to be mounted */
	bool put;		    /* the mounts are ours, and go where something fails */
	uint32_t count;		    /* of the mounts that were put, or found to be taken away */
	struct hk_visited *mounts;
};

/* Descriptors are -1 while they are not open; all are close-on-exec. */
struct hk_ctx {
	const struct hk_plan *plan;
	uint32_t index;	     /* of the step that runs */
	struct hk_wire wire; /* to the runtime; closed by the step `ready` */
	int slots[HK_SLOT_COUNT];
	uint32_t preserve_fds;
	int procfd;		     /* see hk_ctx_procfs */
	int rootfd;		     /* the container's root, see hk_ctx_root */
	struct hk_cover null_cover;  /* the host's /dev/null: masks files */
	struct hk_cover empty_cover; /* an empty read-only directory: masks directories */
	struct hk_parent parent;     /* see hk_parent_open */
	struct hk_visit visit;
	struct hk_trace *trace;	     /* shared with the runtime; NULL: no timeline is wanted */
	int ruleset;		     /* Landlock's, until it is in force */
	bool setgroups_asked;	     /* is this known? */
	bool setgroups_denied;	     /* by the user namespace */
	bool armed;		     /* the runtime's death is ours */
	bool switched;		     /* user and capabilities are the program's */
	bool chdir_done;	     /* the working directory is where the program wants it */
	char root_path[PATH_MAX];    /* of rootfd before the pivot, as the kernel names it */
	char home[PATH_MAX + sizeof("HOME=")]; /* "HOME=...", "" where the plan's env has it */
	char program[PATH_MAX];		       /* what exec will execute */
	const char *label;		       /* what an LSM will make of it, if that was asked for */
	char format[320]; /* why execve may find it of a wrong format; "": nothing is known */
};

/* Each returns 0, or a negative errno with err set: what was attempted. The step's name and the
 * property are added by the caller. */
#define X(upper, lower, what)                                                                      \
	int hk_step_##lower(                                                                       \
		struct hk_ctx *ctx, const struct hk_step_##lower *args, struct hk_err *err);
HK_STEP_KINDS(X)
#undef X

/* Die with the runtime, be invisible to the container's processes. The kernel forgets both whenever
 * ids or capabilities change. */
int hk_ctx_guard(struct hk_ctx *ctx, struct hk_err *err);
/* No longer die with the runtime. */
int hk_ctx_disarm(struct hk_ctx *ctx, struct hk_err *err);

/* The container's root as an O_PATH fd that stays the context's, or a negative errno. */
int hk_ctx_root(struct hk_ctx *ctx, struct hk_err *err);

/* The root of a procfs of the pid namespace that we are in: the host's before the step `fork`, and
 * from the step `rootfs` on one that no container has touched; always open then. Between the two, and
 * where a container is joined, it is opened when it is wanted, as long as we have privileges. The fd
 * stays the context's; or a negative errno with err set. */
int hk_ctx_procfs(struct hk_ctx *ctx, struct hk_err *err);

/* Write a file of our own in /proc, "self/...". 0 or a negative errno. */
int hk_ctx_write_self(struct hk_ctx *ctx, const char *path, const char *text);

/* Tell the runtime's log. Behind `ready` nobody listens any more. */
void hk_ctx_warn(struct hk_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ask, and wait for the answer of the rule table. *ret_fd: the fd that the answer carries; NULL
 * where it has none. */
int hk_ctx_ask(struct hk_ctx *ctx, enum hk_msg_type type, const void *payload, int *ret_fd,
	struct hk_err *err);
/* Tell, with at most one fd (-1: none). */
int hk_ctx_tell(struct hk_ctx *ctx, enum hk_msg_type type, int fd, struct hk_err *err);

/* Zeroed memory that exec gives back. NULL when there is none. */
void *hk_ctx_alloc(size_t size);

/* The strings and room for one more, ended by NULL, for execve. NULL when memory is out. */
char **hk_ctx_strings(const struct hk_ctx *ctx, hk_ref_strs strings);

#endif
