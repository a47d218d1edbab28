/* A session keyring of the container's own: the host's must not be reachable from it. */
#include "step/step.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEYCREATE "thread-self/attr/keycreate"

/* keyctl(2)'s KEY_USR_SEARCH: `exec` as another user of the container finds the keyring. In a user
 * namespace that has to be "others": KEY_OTH_SEARCH. */
#define KEY_USR_SEARCH 0x00080000ul
#define KEY_OTH_SEARCH 0x00000008ul

static int join(const char *name, long *ret_id, struct hk_err *err)
{
	long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);

	if (id < 0)
		return hk_fail(err, errno, "join the session keyring '%s'", name ? name : "");
	*ret_id = id;
	return 0;
}

static int join_labelled(
	struct hk_ctx *ctx, const char *name, const char *label, long *ret_id, struct hk_err *err)
{
	int r = hk_ctx_write_self(ctx, KEYCREATE, label);

	if (r < 0)
		return hk_fail(err, -r, "write label '%s' to `/proc/" KEYCREATE "`", label);
	r = join(name, ret_id, err);
	if (r < 0)
		return r;
	/* one NUL: the keys that are made from now on get the default label again */
	r = hk_ctx_write_self(ctx, KEYCREATE, "\n");
	return r < 0 ? hk_fail(err, -r, "reset `/proc/" KEYCREATE "`") : 0;
}

/* "keyring;uid;gid;permissions in hex;name" */
static int allow_search(long id, unsigned long bit, struct hk_err *err)
{
	char text[512], *field = text;
	long n = syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, text, sizeof(text) - 1, 0);
	unsigned long perm;

	if (n < 0)
		return hk_fail(err, errno, "describe the session keyring");
	text[(size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1] = '\0';
	for (int i = 0; i < 3 && field; i++) {
		field = strchr(field, ';');
		field = field ? field + 1 : NULL;
	}
	if (!field)
		return hk_refuse(err, EPROTO, "describe the session keyring: '%s'", text);
	perm = strtoul(field, NULL, 16) | bit;
	return syscall(SYS_keyctl, KEYCTL_SETPERM, id, perm, 0, 0) < 0
		       ? hk_fail(err, errno, "set the permissions of the session keyring")
		       : 0;
}

int hk_step_keyring(struct hk_ctx *ctx, const struct hk_step_keyring *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);
	const char *label = hk_plan_str(ctx->plan, args->label);
	long id;
	int r;

	r = label ? join_labelled(ctx, name, label, &id, err) : join(name, &id, err);
	if (r == -ENOSYS) /* a kernel without keys has none that could leak */
		return 0;
	if (r < 0 || !name)
		return r;
	return allow_search(id, args->user_namespace ? KEY_OTH_SEARCH : KEY_USR_SEARCH, err);
}
