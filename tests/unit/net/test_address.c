/* Addresses as messages: what the kernel says of one, and what it is told to make it again. */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LASTING                                                                                    \
	((struct ifa_cacheinfo){.ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX, .cstamp = 7})

static struct hk_mnl mnl;

static int load(void **state)
{
	(void)state;
	return hk_mnl_load(&mnl, NULL);
}

/* As the kernel's dump has it. */
static void said(union hk_netlink_message *message, int family, const char *local, uint32_t flags)
{
	struct ifaddrmsg *info = hk_netlink_begin(&mnl, message, RTM_NEWADDR, 0, sizeof(*info));
	unsigned char bytes[16];

	*info = (struct ifaddrmsg){.ifa_family = (unsigned char)family,
		.ifa_prefixlen = 24,
		.ifa_scope = RT_SCOPE_LINK,
		.ifa_index = 9,
		.ifa_flags = IFA_F_PERMANENT};
	assert_int_equal(inet_pton(family, local, bytes), 1);
	mnl_attr_put(&message->header, family == AF_INET ? IFA_LOCAL : IFA_ADDRESS,
		family == AF_INET ? 4 : 16, bytes);
	mnl_attr_put(&message->header, IFA_CACHEINFO, sizeof(struct ifa_cacheinfo), &LASTING);
	mnl_attr_put_u32(&message->header, IFA_FLAGS, flags);
}

static void reads(void **state)
{
	union hk_netlink_message message;
	struct hk_address address;
	char text[HK_ADDRESS_TEXT];

	(void)state;
	said(&message, AF_INET, "10.1.2.3", IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	mnl_attr_put_strz(&message.header, IFA_LABEL, "eth0:web");
	mnl_attr_put_u32(&message.header, IFA_RT_PRIORITY, 77);
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_OK);
	assert_int_equal(address.index, 9);
	assert_int_equal(address.family, AF_INET);
	assert_int_equal(address.prefix_length, 24);
	assert_int_equal(address.scope, RT_SCOPE_LINK);
	assert_int_equal(address.flags, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	assert_string_equal(address.label, "eth0:web");
	assert_int_equal(address.values[HK_ADDRESS_LOCAL].size, 4);
	assert_int_equal(address.values[HK_ADDRESS_RT_PRIORITY].size, 4);
	assert_int_equal(address.values[HK_ADDRESS_BROADCAST].size, 0);
	assert_string_equal(hk_address_text(&address, text, sizeof(text)), "10.1.2.3/24");
}

static void shows_ipv6(void **state)
{
	union hk_netlink_message message;
	struct hk_address address;
	char text[HK_ADDRESS_TEXT];

	(void)state;
	said(&message, AF_INET6, "fd00::5", IFA_F_PERMANENT);
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_OK);
	assert_string_equal(hk_address_text(&address, text, sizeof(text)), "fd00::5/24");
	address.family = AF_PACKET;
	assert_string_equal(hk_address_text(&address, text, sizeof(text)), "?/24");
}

static const char *label_of(const struct nlmsghdr *header)
{
	const char *label = NULL;
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(header, sizeof(struct ifaddrmsg));
	const char *end = mnl_nlmsg_get_payload_tail(header);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == IFA_LABEL)
			label = mnl_attr_get_str(attr);
	return label;
}

static void makes_again_what_it_read(void **state)
{
	union hk_netlink_message message;
	struct hk_address address, again;
	const struct nlmsghdr *header = &message.header;

	(void)state;
	said(&message, AF_INET, "10.1.2.3",
		IFA_F_PERMANENT | IFA_F_SECONDARY | IFA_F_NOPREFIXROUTE | IFA_F_TENTATIVE |
			IFA_F_DEPRECATED | IFA_F_DADFAILED);
	mnl_attr_put_u32(&message.header, IFA_BROADCAST, 0xff02010a);
	assert_int_equal(hk_address_parse(&mnl, header, &address), MNL_CB_OK);
	hk_address_message(&mnl, &message, 4, &address, "c0:web");
	assert_int_equal(header->nlmsg_type, RTM_NEWADDR);
	assert_int_equal(
		header->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(hk_address_parse(&mnl, header, &again), MNL_CB_OK);
	assert_int_equal(again.index, 4);
	assert_int_equal(again.family, AF_INET);
	assert_int_equal(again.prefix_length, 24);
	assert_int_equal(again.scope, RT_SCOPE_LINK);
	assert_int_equal(again.flags, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	assert_string_equal(again.label, "c0:web");
	assert_memory_equal(again.values, address.values, sizeof(again.values));
	hk_address_message(&mnl, &message, 4, &address, "");
	assert_null(label_of(header)); /* the kernel takes the device's name */
}

static void refuses_what_does_not_fit(void **state)
{
	union hk_netlink_message message;
	struct hk_address address = {.index = 1};
	char bytes[17] = {0};

	(void)state;
	said(&message, AF_INET, "10.1.2.3", 0);
	mnl_attr_put_strz(&message.header, IFA_LABEL, "a234567890123456");
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_ERROR);
	assert_int_equal(errno, EBADMSG);
	said(&message, AF_INET, "10.1.2.3", 0);
	mnl_attr_put(&message.header, IFA_LABEL, 4, "eth0"); /* no end */
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_ERROR);
	said(&message, AF_INET, "10.1.2.3", 0);
	mnl_attr_put(&message.header, IFA_BROADCAST, sizeof(bytes), bytes);
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_ERROR);
	said(&message, AF_INET, "10.1.2.3", 0);
	mnl_attr_put_u16(&message.header, IFA_FLAGS, 1);
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_ERROR);
	said(&message, AF_INET, "10.1.2.3", 0);
	message.header.nlmsg_len = MNL_NLMSG_HDRLEN + 4;
	assert_int_equal(hk_address_parse(&mnl, &message.header, &address), MNL_CB_ERROR);
	assert_int_equal(address.index, 1); /* set on success only */
}

static void renames_labels(void **state)
{
	static const struct {
		const char *label, *was, *now, *expected;
	} cases[] = {
		{"eth0", "eth0", "c0", "c0"},
		{"eth0:web", "eth0", "c0", "c0:web"},
		{"eth0:", "eth0", "c0", "c0:"},
		{"eth01", "eth0", "c0", "eth01"}, /* another's name */
		{"eth01:x", "eth0", "c0", "eth01:x"},
		{"other", "eth0", "c0", "other"},
		{"", "eth0", "c0", ""}, /* IPv6 */
		{"e:12345678", "e", "container", ""},
		{"e:12345", "e", "container", "container:12345"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char label[IFNAMSIZ];

		assert_string_equal(
			hk_address_label(cases[i].label, cases[i].was, cases[i].now, label),
			cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(shows_ipv6),
		cmocka_unit_test(makes_again_what_it_read),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(renames_labels),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
