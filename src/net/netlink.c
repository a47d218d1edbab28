/* A NETLINK_ROUTE socket, and one request and its answer on it. libmnl makes and reads the
 * messages; its own socket type would want a descriptor that it may close. */
#include "net/netlink.h"

#include "base/fd.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* No request is sent before the last one has been answered: any number will do. */
#define SEQUENCE 1

/* The kernel makes the parts of a dump no bigger than what the reader has room for. */
#define ANSWER_SIZE (16u << 10)

int hk_netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

int hk_netlink_namespace(int netlink)
{
	int fd = ioctl(netlink, SIOCGSKNS); /* close-on-exec by itself */

	return fd < 0 ? -errno : fd;
}

void *hk_netlink_begin(const struct hk_mnl *mnl, union hk_netlink_message *message, uint16_t type,
	uint16_t flags, size_t header_size)
{
	struct nlmsghdr *header;

	memset(message, 0, sizeof(*message));
	header = mnl->mnl_nlmsg_put_header(message->bytes);
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	header->nlmsg_seq = SEQUENCE;
	return mnl->mnl_nlmsg_put_extra_header(header, header_size);
}

/* What the kernel sent; root of a namespace could send as well. */
static ssize_t receive(int netlink, char *buffer, size_t size)
{
	struct sockaddr_nl from = {0};
	socklen_t length;
	ssize_t n;

	do {
		length = sizeof(from);
		n = recvfrom(netlink, buffer, size, MSG_TRUNC, (struct sockaddr *)&from, &length);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0)
		return -errno;
	return (size_t)n > size ? -EMSGSIZE : n;
}

/* A callback of ours behind one of libmnl's. */
struct call {
	const struct hk_mnl *mnl;
	hk_netlink_each *each;
	hk_netlink_each_attr *each_attr;
	void *userdata;
};

static int pass_message(const struct nlmsghdr *header, void *userdata)
{
	const struct call *call = userdata;

	return call->each(call->mnl, header, call->userdata);
}

static int pass_attr(const struct nlattr *attr, void *userdata)
{
	const struct call *call = userdata;

	return call->each_attr(call->mnl, attr, call->userdata);
}

int hk_netlink_ask(const struct hk_netlink *netlink, const union hk_netlink_message *message,
	hk_netlink_each *each, void *userdata)
{
	struct call call = {.mnl = netlink->mnl, .each = each, .userdata = userdata};
	_Alignas(struct nlmsghdr) char buffer[ANSWER_SIZE];
	int r;

	if (send(netlink->fd, message->bytes, message->header.nlmsg_len, 0) < 0)
		return -errno;
	do {
		ssize_t n = receive(netlink->fd, buffer, sizeof(buffer));

		if (n < 0)
			return (int)n;
		/* port 0: whatever the socket's is, it may have been bound in another process */
		r = netlink->mnl->mnl_cb_run(
			buffer, (size_t)n, SEQUENCE, 0, each ? pass_message : NULL, &call);
	} while (r > MNL_CB_STOP);
	return r < 0 ? -errno : 0;
}

int hk_netlink_attrs(const struct hk_mnl *mnl, const struct nlmsghdr *header, size_t header_size,
	hk_netlink_each_attr *each, void *userdata)
{
	struct call call = {.mnl = mnl, .each_attr = each, .userdata = userdata};

	return mnl->mnl_attr_parse(header, (unsigned int)header_size, pass_attr, &call);
}

int hk_netlink_take_string(
	const struct hk_mnl *mnl, const struct nlattr *attr, char *ret, size_t cap)
{
	if (mnl->mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_ERROR; /* errno is set */
	if (mnl->mnl_attr_get_payload_len(attr) > cap) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	memcpy(ret, mnl->mnl_attr_get_str(attr), mnl->mnl_attr_get_payload_len(attr));
	return MNL_CB_OK;
}
