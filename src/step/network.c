/* The container's network namespace, over netlink, rtnetlink(7). */
#include "step/step.h"

#include "base/fd.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

/* Of lo, in every network namespace. */
#define LOOPBACK_INDEX 1

static int open_netlink(struct hk_err *err)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return sock < 0 ? hk_fail(err, errno, "open a netlink socket in the network namespace")
			: sock;
}

/* The kernel answers before send(2) returns. 0 or an errno. */
static int bring_up(int sock, int index)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg device;
	} request = {
		.header = {sizeof(request), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 0, 0},
		.device = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error; /* refers to the request */
	} answer;

	if (send(sock, &request, sizeof(request), 0) < 0)
		return errno;
	if (recv(sock, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer))
		return EPROTO;
	return answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
}

int hk_step_loopback(struct hk_ctx *ctx, const struct hk_step_loopback *args, struct hk_err *err)
{
	HK_FD int sock = open_netlink(err);
	int e;

	(void)ctx;
	(void)args;
	if (sock < 0)
		return sock;
	e = bring_up(sock, LOOPBACK_INDEX);
	return e ? hk_fail(err, e, "bring up the loopback device") : 0;
}

int hk_step_netlink(struct hk_ctx *ctx, const struct hk_step_netlink *args, struct hk_err *err)
{
	HK_FD int sock = open_netlink(err);

	(void)args;
	return sock < 0 ? sock : hk_ctx_tell(ctx, HK_MSG_NETLINK, sock, err);
}
