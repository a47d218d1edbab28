/* Finding and changing a network device: RTM_GETLINK and RTM_NEWLINK. */
#include "net/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

static int take_attr(const struct hk_mnl *mnl, const struct nlattr *attr, void *userdata)
{
	struct hk_link *link = userdata;

	if (mnl->mnl_attr_get_type(attr) != IFLA_IFNAME)
		return MNL_CB_OK;
	return hk_netlink_take_string(mnl, attr, link->name, sizeof(link->name));
}

int hk_link_parse(const struct hk_mnl *mnl, const struct nlmsghdr *header, struct hk_link *ret)
{
	const struct ifinfomsg *info = mnl->mnl_nlmsg_get_payload(header);
	struct hk_link link = {0};

	if (header->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*info)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	link.index = info->ifi_index;
	link.flags = info->ifi_flags;
	if (hk_netlink_attrs(mnl, header, sizeof(*info), take_attr, &link) != MNL_CB_OK)
		return MNL_CB_ERROR;
	*ret = link;
	return MNL_CB_OK;
}

static int take_link(const struct hk_mnl *mnl, const struct nlmsghdr *header, void *userdata)
{
	return hk_link_parse(mnl, header, userdata);
}

static int ask_for(
	const struct hk_netlink *netlink, union hk_netlink_message *message, struct hk_link *ret)
{
	struct hk_link link = {0};
	int r;

	netlink->mnl->mnl_attr_put_u32(&message->header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = hk_netlink_ask(netlink, message, take_link, &link);
	if (r == 0)
		*ret = link;
	return r;
}

int hk_link_find(const struct hk_netlink *netlink, const char *name, struct hk_link *ret)
{
	union hk_netlink_message message;

	(void)hk_netlink_begin(netlink->mnl, &message, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	netlink->mnl->mnl_attr_put_strz(&message.header, IFLA_IFNAME, name);
	return ask_for(netlink, &message, ret);
}

int hk_link_get(const struct hk_netlink *netlink, int index, struct hk_link *ret)
{
	union hk_netlink_message message;
	struct ifinfomsg *info =
		hk_netlink_begin(netlink->mnl, &message, RTM_GETLINK, 0, sizeof(struct ifinfomsg));

	info->ifi_index = index;
	return ask_for(netlink, &message, ret);
}

void hk_link_change_message(const struct hk_mnl *mnl, union hk_netlink_message *message, int index,
	const struct hk_link_change *change)
{
	struct ifinfomsg *info = hk_netlink_begin(mnl, message, RTM_NEWLINK, 0, sizeof(*info));

	info->ifi_index = index;
	if (change->up)
		info->ifi_flags = info->ifi_change = IFF_UP;
	if (change->netns >= 0)
		mnl->mnl_attr_put_u32(&message->header, IFLA_NET_NS_FD, (uint32_t)change->netns);
	if (change->name)
		mnl->mnl_attr_put_strz(&message->header, IFLA_IFNAME, change->name);
}

int hk_link_change(const struct hk_netlink *netlink, int index, const struct hk_link_change *change)
{
	union hk_netlink_message message;

	hk_link_change_message(netlink->mnl, &message, index, change);
	return hk_netlink_ask(netlink, &message, NULL, NULL);
}
