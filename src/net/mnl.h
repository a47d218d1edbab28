/* libmnl, which makes and reads netlink's messages, is loaded when devices are to be moved: private to
 * net/. */
#ifndef HK_NET_MNL_H
#define HK_NET_MNL_H

#include <libmnl/libmnl.h>

struct hk_err;

#define HK_MNL_FUNCTIONS(F)                                                                        \
	F(mnl_attr_get_payload)                                                                    \
	F(mnl_attr_get_payload_len)                                                                \
	F(mnl_attr_get_str)                                                                        \
	F(mnl_attr_get_type)                                                                       \
	F(mnl_attr_get_u32)                                                                        \
	F(mnl_attr_parse)                                                                          \
	F(mnl_attr_put)                                                                            \
	F(mnl_attr_put_strz)                                                                       \
	F(mnl_attr_put_u32)                                                                        \
	F(mnl_attr_validate)                                                                       \
	F(mnl_cb_run)                                                                              \
	F(mnl_nlmsg_get_payload)                                                                   \
	F(mnl_nlmsg_put_extra_header)                                                              \
	F(mnl_nlmsg_put_header)

/* The member of a function has its name, so that a call through it reads as without dlopen. */
struct hk_mnl {
#define F(name) __typeof__(name) *name;
	HK_MNL_FUNCTIONS(F)
#undef F
};

/* 0, or -ENOTSUP where there is no libmnl. */
int hk_mnl_load(struct hk_mnl *ret, struct hk_err *err);

#endif
