/* Loopback up. */
#include "net/net.h"

#include "base/err.h"
#include "net/link.h"

#define LOOPBACK_INDEX 1 /* the first device of every network namespace */

int hk_net_loopback_up(int netlink, struct hk_err *err)
{
	int r = hk_link_change(
		netlink, LOOPBACK_INDEX, &(struct hk_link_change){.netns = -1, .up = true});

	return r < 0 ? hk_fail(err, -r, "bring up the loopback device") : 0;
}
