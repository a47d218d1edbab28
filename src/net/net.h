/* Network set-up over netlink, by libmnl. The only folder that names libmnl. */
#ifndef HK_NET_NET_H
#define HK_NET_NET_H

struct hk_err;

/* Bring the loopback device up in the network namespace that the NETLINK_ROUTE socket belongs to.
 * Does not take the fd over. */
int hk_net_loopback_up(int netlink, struct hk_err *err);

#endif
