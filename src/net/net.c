/* Loopback up: one RTM_NEWLINK request and its acknowledgement. */
#include "net/net.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdint.h>

#define LOOPBACK_INDEX 1 /* the first device of every network namespace */
#define SEQUENCE       1

/* Room for a request without attributes, and for the acknowledgement, which may quote it. */
union message {
	struct nlmsghdr header;
	char bytes[512];
};

static void fill_link_up(union message *message)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(message->bytes);
	struct ifinfomsg *link;

	header->nlmsg_type = RTM_NEWLINK;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header->nlmsg_seq = SEQUENCE;
	link = mnl_nlmsg_put_extra_header(header, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = LOOPBACK_INDEX;
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
}

/* 0, or the negative errno that the kernel answered with. */
static int request(const struct mnl_socket *nl, union message *message)
{
	ssize_t n;

	if (mnl_socket_sendto(nl, message->bytes, message->header.nlmsg_len) < 0)
		return -errno;
	do
		n = mnl_socket_recvfrom(nl, message->bytes, sizeof(message->bytes));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* port 0: the socket was bound by the kernel, in another process */
	return mnl_cb_run(message->bytes, (size_t)n, SEQUENCE, 0, NULL, NULL) < 0 ? -errno : 0;
}

int hk_net_loopback_up(int netlink, struct hk_err *err)
{
	union message message = {0};
	struct mnl_socket *nl;
	int copy, r;

	copy = fcntl(netlink, F_DUPFD_CLOEXEC, 3); /* mnl_socket_close takes its fd along */
	if (copy < 0)
		return hk_fail(err, errno, "bring up the loopback device");
	nl = mnl_socket_fdopen(copy);
	if (!nl) {
		r = -errno;
		hk_close(&copy);
		return hk_fail(err, -r, "bring up the loopback device");
	}
	fill_link_up(&message);
	r = request(nl, &message);
	(void)mnl_socket_close(nl);
	return r < 0 ? hk_fail(err, -r, "bring up the loopback device") : 0;
}
