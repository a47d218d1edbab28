/* Links as messages, and what the kernel says to requests for them. */
#include "net/link.h"

#include "base/fd.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct hk_mnl mnl;

static int load(void **state)
{
	(void)state;
	return hk_mnl_load(&mnl, NULL);
}

static int take(const struct nlattr *attr, void *userdata)
{
	const struct nlattr **attrs = userdata;

	assert_in_range(mnl_attr_get_type(attr), 1, IFLA_MAX);
	attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void asks_for_changes(void **state)
{
	const struct nlattr *attrs[IFLA_MAX + 1] = {0};
	union hk_netlink_message message;
	const struct ifinfomsg *info;

	(void)state;
	hk_link_change_message(
		&mnl, &message, 7, &(struct hk_link_change){.name = "c0", .netns = 0});
	info = mnl_nlmsg_get_payload(&message.header);
	assert_int_equal(message.header.nlmsg_type, RTM_NEWLINK);
	assert_int_equal(message.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(info->ifi_index, 7);
	assert_int_equal(info->ifi_change, 0);
	assert_int_equal(mnl_attr_parse(&message.header, sizeof(*info), take, attrs), MNL_CB_OK);
	assert_string_equal(mnl_attr_get_str(attrs[IFLA_IFNAME]), "c0");
	assert_int_equal(mnl_attr_get_u32(attrs[IFLA_NET_NS_FD]), 0); /* a descriptor like others */

	memset(attrs, 0, sizeof(attrs));
	hk_link_change_message(
		&mnl, &message, 1, &(struct hk_link_change){.netns = -1, .up = true});
	assert_int_equal(info->ifi_flags, IFF_UP);
	assert_int_equal(info->ifi_change, IFF_UP);
	assert_int_equal(mnl_attr_parse(&message.header, sizeof(*info), take, attrs), MNL_CB_OK);
	for (size_t i = 0; i <= IFLA_MAX; i++)
		assert_null(attrs[i]);
}

static void reads(void **state)
{
	union hk_netlink_message message;
	struct ifinfomsg *info = hk_netlink_begin(&mnl, &message, RTM_NEWLINK, 0, sizeof(*info));
	struct hk_link link = {.index = 1};

	(void)state;
	info->ifi_index = 5;
	info->ifi_flags = IFF_UP | IFF_BROADCAST;
	mnl_attr_put_u32(&message.header, IFLA_MTU, 1500);
	mnl_attr_put_strz(&message.header, IFLA_IFNAME, "a23456789012345");
	assert_int_equal(hk_link_parse(&mnl, &message.header, &link), MNL_CB_OK);
	assert_int_equal(link.index, 5);
	assert_int_equal(link.flags, IFF_UP | IFF_BROADCAST);
	assert_string_equal(link.name, "a23456789012345");
}

static void refuses_what_does_not_fit(void **state)
{
	union hk_netlink_message message;
	struct hk_link link = {.index = 1};

	(void)state;
	(void)hk_netlink_begin(&mnl, &message, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&message.header, IFLA_IFNAME, "a234567890123456");
	assert_int_equal(hk_link_parse(&mnl, &message.header, &link), MNL_CB_ERROR);
	(void)hk_netlink_begin(&mnl, &message, RTM_NEWLINK, 0, 4);
	assert_int_equal(hk_link_parse(&mnl, &message.header, &link), MNL_CB_ERROR);
	assert_int_equal(link.index, 1);
}

static void finds_loopback(void **state)
{
	HK_FD int fd = hk_netlink_open();
	const struct hk_netlink netlink = {&mnl, fd};
	struct hk_link link, same;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(hk_link_find(&netlink, "lo", &link), 0);
	assert_string_equal(link.name, "lo");
	assert_int_equal(hk_link_get(&netlink, link.index, &same), 0);
	assert_string_equal(same.name, "lo");
	link.index = 0;
	assert_int_equal(hk_link_find(&netlink, "no-such-device", &link), -ENODEV);
	assert_int_equal(hk_link_get(&netlink, 0x7ffffffe, &link), -ENODEV);
	assert_int_equal(link.index, 0); /* set on success only */
}

/* An answer of several datagrams is read to its end: the next request's is not mixed up with it. */
static void reads_dumps_to_their_end(void **state)
{
	HK_FD int fd = hk_netlink_open();
	const struct hk_netlink netlink = {&mnl, fd};
	union hk_netlink_message message;
	struct hk_link link;

	(void)state;
	(void)hk_netlink_begin(&mnl, &message, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	assert_int_equal(hk_netlink_ask(&netlink, &message, NULL, NULL), 0);
	assert_int_equal(hk_link_find(&netlink, "lo", &link), 0);
	assert_string_equal(link.name, "lo");
	assert_int_equal(recv(fd, &message, sizeof(message), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void open_in_no_namespace(void **state)
{
	int null[2];

	(void)state;
	assert_int_equal(hk_netlink_open_in(-1), -EBADF);
	assert_int_equal(pipe(null), 0);
	assert_int_equal(hk_netlink_open_in(null[0]), -EINVAL);
	assert_int_equal(hk_netlink_namespace(null[0]), -ENOTTY);
	(void)close(null[0]);
	(void)close(null[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_changes),
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(finds_loopback),
		cmocka_unit_test(reads_dumps_to_their_end),
		cmocka_unit_test(open_in_no_namespace),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
