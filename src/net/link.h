/* Network devices as rtnetlink(7) has them, "links": private to net/. */
#ifndef HK_NET_LINK_H
#define HK_NET_LINK_H

#include "net/netlink.h"

#include <linux/if.h>
#include <stdbool.h>

struct hk_link {
	int index;
	unsigned int flags; /* IFF_* */
	char name[IFNAMSIZ];
};

/* The device of that name or alternative name, or of that index, in the socket's namespace. 0, or a
 * negative errno: -ENODEV where there is none. */
int hk_link_find(const struct hk_netlink *netlink, const char *name, struct hk_link *ret);
int hk_link_get(const struct hk_netlink *netlink, int index, struct hk_link *ret);

/* What to change of a device; several at once are one request, but not one all-or-nothing change.
 */
struct hk_link_change {
	const char *name; /* NULL: stays */
	int netns;	  /* fd of the namespace to go to; -1: stays */
	bool up;	  /* bring it up */
};

void hk_link_change_message(const struct hk_mnl *mnl,
	union hk_netlink_message *message, int index, const struct hk_link_change *change);
int hk_link_change(const struct hk_netlink *netlink, int index, const struct hk_link_change *change);

/* What RTM_GETLINK answers with. MNL_CB_OK, or MNL_CB_ERROR with errno set. */
int hk_link_parse(const struct hk_mnl *mnl, const struct nlmsghdr *header, struct hk_link *ret);

#endif
