/* One request at a time on a NETLINK_ROUTE socket: private to net/. */
#ifndef HK_NET_NETLINK_H
#define HK_NET_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any request that we make. */
union hk_netlink_message {
	struct nlmsghdr header;
	char bytes[512];
};

/* A NETLINK_ROUTE socket of our own network namespace: fd or a negative errno. */
int hk_netlink_open(void);
/* The same in another network namespace, with our own privileges: a socket made by a process of a
 * container's user namespace may not name a namespace of the host. */
int hk_netlink_open_in(int netns);
/* The network namespace that the socket belongs to: fd or a negative errno. */
int hk_netlink_namespace(int netlink);

/* Begin a request: zeroed, with its family's header, which is returned for its fields. flags go in
 * beside NLM_F_REQUEST and NLM_F_ACK. */
void *hk_netlink_begin(
	union hk_netlink_message *message, uint16_t type, uint16_t flags, size_t header_size);

/* Send it and take in what comes back, up to the acknowledgement or the end of the dump; each (or
 * NULL) sees every message and returns MNL_CB_OK, or MNL_CB_ERROR with errno set. 0, the negative
 * errno that the kernel answered with, or -EINTR for a dump that another change has torn: then as
 * after any other failed dump the socket holds the rest of it and is of no more use. */
int hk_netlink_ask(
	int netlink, const union hk_netlink_message *message, mnl_cb_t each, void *userdata);

/* A string attribute into ret[cap]: MNL_CB_OK, or MNL_CB_ERROR with errno set where it is none or too
 * long. */
int hk_netlink_take_string(const struct nlattr *attr, char *ret, size_t cap);

#endif
