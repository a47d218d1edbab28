/* Attributes of the process, and of its uts namespace, that are one system call each. */
#include "step/step.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int hk_step_oom_score_adj(
	struct hk_ctx *ctx, const struct hk_step_oom_score_adj *args, struct hk_err *err)
{
	char text[24];
	int r;

	(void)snprintf(text, sizeof(text), "%" PRId64, args->score);
	r = hk_ctx_write_self(ctx, "self/oom_score_adj", text);
	return r < 0 ? hk_fail(err, -r, "write %s to /proc/self/oom_score_adj", text) : 0;
}

int hk_step_cgroup_join(
	struct hk_ctx *ctx, const struct hk_step_cgroup_join *args, struct hk_err *err)
{
	const char *file = hk_plan_str(ctx->plan, args->file);
	int r = file ? hk_write_file_at(AT_FDCWD, file, "0") : -EINVAL;

	return r < 0 ? hk_fail(err, -r, "join a cgroup by '%s'", file ? file : "") : 0;
}

int hk_step_session(struct hk_ctx *ctx, const struct hk_step_session *args, struct hk_err *err)
{
	(void)ctx;
	(void)args;
	return setsid() < 0 ? hk_fail(err, errno, "start a session") : 0;
}

/* By ioctl(2), which says in one call what a netlink request and its answer do in two. Any socket
 * will do, netdevice(7); the device has no other flag that could be set, and so none is lost. */
int hk_step_loopback(struct hk_ctx *ctx, const struct hk_step_loopback *args, struct hk_err *err)
{
	HK_FD int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	(void)ctx;
	(void)args;
	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		return hk_fail(err, errno, "bring up the loopback device");
	return 0;
}

int hk_step_netlink(struct hk_ctx *ctx, const struct hk_step_netlink *args, struct hk_err *err)
{
	HK_FD int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	(void)args;
	if (sock < 0)
		return hk_fail(err, errno, "open a netlink socket in the network namespace");
	return hk_ctx_tell(ctx, HK_MSG_NETLINK, sock, err);
}

int hk_step_hostname(struct hk_ctx *ctx, const struct hk_step_hostname *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);

	if (!name)
		name = "";
	return sethostname(name, strlen(name)) < 0
		       ? hk_fail(err, errno, "set the host name to '%s'", name)
		       : 0;
}

int hk_step_domainname(
	struct hk_ctx *ctx, const struct hk_step_domainname *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);

	if (!name)
		name = "";
	return setdomainname(name, strlen(name)) < 0
		       ? hk_fail(err, errno, "set the domain name to '%s'", name)
		       : 0;
}

int hk_step_umask(struct hk_ctx *ctx, const struct hk_step_umask *args, struct hk_err *err)
{
	(void)ctx;
	(void)err;
	(void)umask(args->mask & 0777);
	return 0;
}

int hk_step_no_new_privs(
	struct hk_ctx *ctx, const struct hk_step_no_new_privs *args, struct hk_err *err)
{
	(void)ctx;
	(void)args;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? hk_fail(err, errno, "set no_new_privs")
							  : 0;
}
