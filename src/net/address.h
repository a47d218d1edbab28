/* The IP addresses of a network device: private to net/. */
#ifndef HK_NET_ADDRESS_H
#define HK_NET_ADDRESS_H

#include "net/netlink.h"

#include <linux/if.h>
#include <netinet/in.h>
#include <stdbool.h>

/* The attributes that make an address what it is, but for its flags and label. None is bigger than
 * an IPv6 address. */
#define HK_ADDRESS_ATTRS(X)                                                                        \
	X(ADDRESS, IFA_ADDRESS)                                                                    \
	X(LOCAL, IFA_LOCAL)                                                                        \
	X(BROADCAST, IFA_BROADCAST)                                                                \
	X(CACHEINFO, IFA_CACHEINFO)                                                                \
	X(RT_PRIORITY, IFA_RT_PRIORITY)                                                            \
	X(PROTO, 11) /* IFA_PROTO, linux/if_addr.h of Linux 5.18 */

enum hk_address_attr {
#define X(name, type) HK_ADDRESS_##name,
	HK_ADDRESS_ATTRS(X)
#undef X
		HK_ADDRESS_ATTR_COUNT,
};

struct hk_address_value {
	uint16_t size; /* 0: not there */
	unsigned char bytes[16];
};

struct hk_address {
	int index; /* of its device */
	unsigned char family;
	unsigned char prefix_length;
	unsigned char scope;
	uint32_t flags; /* IFA_F_* */
	char label[IFNAMSIZ];
	struct hk_address_value values[HK_ADDRESS_ATTR_COUNT];
};

struct hk_addresses {
	struct hk_address *items;
	size_t count;
	size_t capacity;
};

/* The permanent IP addresses of the device in our own namespace, in the kernel's order: of two in
 * one subnet the first is the primary one. *ret is zeroed or has been read before. 0 or a negative
 * errno. */
int hk_addresses_read(const struct hk_mnl *mnl, int index, struct hk_addresses *ret);
void hk_addresses_done(struct hk_addresses *addresses);

/* Give the device the address. was and now: its names when the address was read, and now; an IPv4
 * label that goes by the old name goes by the new one. */
int hk_address_add(
	const struct hk_netlink *netlink, int index, const struct hk_address *address, const char *was, const char *now);

/* "10.0.0.1/24" */
#define HK_ADDRESS_TEXT (INET6_ADDRSTRLEN + 4)
const char *hk_address_text(const struct hk_address *address, char *ret, size_t cap);

/* ---- pure ---- */

/* What RTM_GETADDR answers with. MNL_CB_OK, or MNL_CB_ERROR with errno set. */
int hk_address_parse(const struct hk_mnl *mnl, const struct nlmsghdr *header, struct hk_address *ret);
void hk_address_message(const struct hk_mnl *mnl, union hk_netlink_message *message, int index,
	const struct hk_address *address, const char *label);
/* "eth0:web" with was "eth0" and now "c0": "c0:web". "" where it would be too long, which means the
 * device's name. ret has room for IFNAMSIZ. */
const char *hk_address_label(const char *label, const char *was, const char *now, char *ret);

#endif
