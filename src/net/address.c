/* Reading the addresses of a device and adding them again: RTM_GETADDR and RTM_NEWADDR. */
#include "net/address.h"

#include "base/fd.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/* A dump that other changes of the host's network tear is begun again so often. */
#define DUMP_ATTEMPTS 20

static const uint16_t attr_types[HK_ADDRESS_ATTR_COUNT] = {
#define X(name, type) [HK_ADDRESS_##name] = type,
	HK_ADDRESS_ATTRS(X)
#undef X
};

/* What somebody asked for, and not what the kernel made of it: it finds out again whether the
 * address is secondary, deprecated, or in use by another host. */
#define ASKED_FLAGS                                                                                \
	(IFA_F_PERMANENT | IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |                \
		IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

static int take_value(
	const struct hk_mnl *mnl, const struct nlattr *attr, struct hk_address *address)
{
	size_t size = mnl->mnl_attr_get_payload_len(attr);

	for (size_t i = 0; i < HK_COUNT(attr_types); i++) {
		struct hk_address_value *value = &address->values[i];

		if (attr_types[i] != mnl->mnl_attr_get_type(attr))
			continue;
		if (size > sizeof(value->bytes)) {
			errno = EBADMSG;
			return MNL_CB_ERROR;
		}
		value->size = (uint16_t)size;
		memcpy(value->bytes, mnl->mnl_attr_get_payload(attr), size);
	}
	return MNL_CB_OK;
}

static int take_attr(const struct hk_mnl *mnl, const struct nlattr *attr, void *userdata)
{
	struct hk_address *address = userdata;

	switch (mnl->mnl_attr_get_type(attr)) {
	case IFA_FLAGS: /* all 32; the header has room for 8 */
		if (mnl->mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			return MNL_CB_ERROR;
		address->flags = mnl->mnl_attr_get_u32(attr);
		return MNL_CB_OK;
	case IFA_LABEL:
		return hk_netlink_take_string(mnl, attr, address->label, sizeof(address->label));
	default:
		return take_value(mnl, attr, address);
	}
}

int hk_address_parse(
	const struct hk_mnl *mnl, const struct nlmsghdr *header, struct hk_address *ret)
{
	const struct ifaddrmsg *info = mnl->mnl_nlmsg_get_payload(header);
	struct hk_address address = {0};

	if (header->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*info)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	address.index = (int)info->ifa_index;
	address.family = info->ifa_family;
	address.prefix_length = info->ifa_prefixlen;
	address.scope = info->ifa_scope;
	address.flags = info->ifa_flags;
	if (hk_netlink_attrs(mnl, header, sizeof(*info), take_attr, &address) != MNL_CB_OK)
		return MNL_CB_ERROR;
	*ret = address;
	return MNL_CB_OK;
}

static int append(struct hk_addresses *addresses, const struct hk_address *address)
{
	if (addresses->count == addresses->capacity) {
		size_t capacity = addresses->capacity ? 2 * addresses->capacity : 8;
		void *items = reallocarray(addresses->items, capacity, sizeof(*address));

		if (!items)
			return MNL_CB_ERROR; /* errno is set */
		addresses->items = items;
		addresses->capacity = capacity;
	}
	addresses->items[addresses->count++] = *address;
	return MNL_CB_OK;
}

struct reading {
	int index;
	struct hk_addresses *addresses;
};

static int take_address(const struct hk_mnl *mnl, const struct nlmsghdr *header, void *userdata)
{
	const struct rtgenmsg *any = mnl->mnl_nlmsg_get_payload(header);
	struct reading *reading = userdata;
	struct hk_address address;

	/* what else has addresses (phonet, MCTP) has a header of its own */
	if (any->rtgen_family != AF_INET && any->rtgen_family != AF_INET6)
		return MNL_CB_OK;
	if (hk_address_parse(mnl, header, &address) != MNL_CB_OK)
		return MNL_CB_ERROR;
	if (address.index != reading->index || !(address.flags & IFA_F_PERMANENT))
		return MNL_CB_OK;
	return append(reading->addresses, &address);
}

/* On a socket of its own: a torn dump leaves the rest of itself in there. */
static int dump(const struct hk_mnl *mnl, struct reading *reading)
{
	HK_FD int fd = hk_netlink_open();
	union hk_netlink_message message;

	if (fd < 0)
		return fd;
	(void)hk_netlink_begin(mnl, &message, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return hk_netlink_ask(&(struct hk_netlink){mnl, fd}, &message, take_address, reading);
}

int hk_addresses_read(const struct hk_mnl *mnl, int index, struct hk_addresses *ret)
{
	struct reading reading = {index, ret};
	int r = -EINTR;

	for (int i = 0; i < DUMP_ATTEMPTS && r == -EINTR; i++) {
		ret->count = 0;
		r = dump(mnl, &reading);
	}
	return r;
}

void hk_addresses_done(struct hk_addresses *addresses)
{
	free(addresses->items);
	*addresses = (struct hk_addresses){0};
}

const char *hk_address_label(const char *label, const char *was, const char *now, char *ret)
{
	size_t length = strlen(was);
	int n;

	if (strncmp(label, was, length) != 0 || (label[length] && label[length] != ':'))
		n = snprintf(ret, IFNAMSIZ, "%s", label);
	else
		n = snprintf(ret, IFNAMSIZ, "%s%s", now, label + length);
	if (n >= IFNAMSIZ)
		ret[0] = '\0';
	return ret;
}

void hk_address_message(const struct hk_mnl *mnl, union hk_netlink_message *message, int index,
	const struct hk_address *address, const char *label)
{
	struct ifaddrmsg *info = hk_netlink_begin(
		mnl, message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifaddrmsg));

	info->ifa_index = (uint32_t)index;
	info->ifa_family = address->family;
	info->ifa_prefixlen = address->prefix_length;
	info->ifa_scope = address->scope;
	mnl->mnl_attr_put_u32(&message->header, IFA_FLAGS, address->flags & ASKED_FLAGS);
	if (label[0])
		mnl->mnl_attr_put_strz(&message->header, IFA_LABEL, label);
	for (size_t i = 0; i < HK_COUNT(attr_types); i++) {
		const struct hk_address_value *value = &address->values[i];

		if (value->size)
			mnl->mnl_attr_put(
				&message->header, attr_types[i], value->size, value->bytes);
	}
}

int hk_address_add(const struct hk_netlink *netlink, int index, const struct hk_address *address,
	const char *was, const char *now)
{
	union hk_netlink_message message;
	char label[IFNAMSIZ];

	hk_address_message(netlink->mnl, &message, index, address,
		hk_address_label(address->label, was, now, label));
	return hk_netlink_ask(netlink, &message, NULL, NULL);
}

const char *hk_address_text(const struct hk_address *address, char *ret, size_t cap)
{
	const struct hk_address_value *local = &address->values[HK_ADDRESS_LOCAL];
	char text[INET6_ADDRSTRLEN];

	if (!local->size) /* IPv6 has it where there is a peer */
		local = &address->values[HK_ADDRESS_ADDRESS];
	if (!inet_ntop(address->family, local->bytes, text, sizeof(text)))
		(void)snprintf(text, sizeof(text), "?"); /* no IP address */
	(void)snprintf(ret, cap, "%s/%u", text, address->prefix_length);
	return ret;
}
