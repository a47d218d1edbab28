/* One request at a time on a NETLINK_ROUTE socket: private to net/. */
#ifndef HK_NET_NETLINK_H
#define HK_NET_NETLINK_H

#include "net/mnl.h"

#include <stddef.h>
#include <stdint.h>

/* Room for any request that we make. */
union hk_netlink_message {
	struct nlmsghdr header;
	char bytes[512];
};

/* A socket, and what makes the messages for it. */
struct hk_netlink {
	const struct hk_mnl *mnl;
	int fd;
};

/* One message, or one attribute of a message: MNL_CB_OK, or MNL_CB_ERROR with errno set. */
typedef int hk_netlink_each(
	const struct hk_mnl *mnl, const struct nlmsghdr *header, void *userdata);
typedef int hk_netlink_each_attr(
	const struct hk_mnl *mnl, const struct nlattr *attr, void *userdata);

/* A NETLINK_ROUTE socket of our own network namespace: fd or a negative errno. */
int hk_netlink_open(void);
/* The same in another network namespace, with our own privileges: a socket made by a process of a
 * container's user namespace may not name a namespace of the host. */
int hk_netlink_open_in(int netns);
/* The network namespace that the socket belongs to: fd or a negative errno. */
int hk_netlink_namespace(int netlink);

/* Begin a request: zeroed, with its family's header, which is returned for its fields. flags go in
 * beside NLM_F_REQUEST and NLM_F_ACK. */
void *hk_netlink_begin(const struct hk_mnl *mnl, union hk_netlink_message *message, uint16_t type,
	uint16_t flags, size_t header_size);

/* Send it and take in what comes back, up to the acknowledgement or the end of the dump; each (or
 * NULL) sees every message. 0, the negative
 * errno that the kernel answered with, or -EINTR for a dump that another change has torn: then as
 * after any other failed dump the socket holds the rest of it and is of no more use. */
int hk_netlink_ask(const struct hk_netlink *netlink, const union hk_netlink_message *message,
	hk_netlink_each *each, void *userdata);

/* The attributes behind a header of that size: MNL_CB_OK, or MNL_CB_ERROR with errno set. */
int hk_netlink_attrs(const struct hk_mnl *mnl, const struct nlmsghdr *header, size_t header_size,
	hk_netlink_each_attr *each, void *userdata);

/* A string attribute into ret[cap]: MNL_CB_OK, or MNL_CB_ERROR with errno set where it is none or too
 * long. */
int hk_netlink_take_string(
	const struct hk_mnl *mnl, const struct nlattr *attr, char *ret, size_t cap);

#endif
