/* linux.netDevices: from the runtime's network namespace into the container's, and back where the
 * container does not come to be. */
#include "net/net.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "json/json.h"
#include "net/address.h"
#include "net/link.h"
#include "spec/spec.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* A network namespace, and a socket that may change it and name the other one. */
struct side {
	int netns;
	struct hk_netlink netlink;
};

struct device {
	const struct hk_net_device *wanted;
	struct hk_link link; /* as we found it */
	struct hk_addresses addresses;
	int index;     /* in the namespace that it is in now */
	bool is_moved; /* it is in the container's */
};

struct hk_net_devices {
	struct hk_mnl mnl;
	struct side ours;
	struct side theirs;
	size_t count;
	struct device items[];
};

static int at_device(const struct device *device, struct hk_err *err)
{
	char pointer[sizeof(err->property)] = "/linux/netDevices";

	hk_pointer_add(pointer, sizeof(pointer), device->wanted->host_name);
	return hk_err_at(err, "%s", pointer);
}

/* Not host_name where there is no other: that may be an alternative name, which the device keeps.
 */
static const char *name_inside(const struct device *device)
{
	return device->wanted->name ? device->wanted->name : device->link.name;
}

/* ---- finding ---- */

static int open_ours(struct side *ours, struct hk_err *err)
{
	ours->netlink.fd = hk_netlink_open();
	if (ours->netlink.fd < 0)
		return hk_fail(err, -ours->netlink.fd, "open a netlink socket");
	ours->netns = hk_netlink_namespace(ours->netlink.fd);
	if (ours->netns < 0)
		return hk_fail(err, -ours->netns,
			"find the network namespace of the network devices to move");
	return 0;
}

static int find(const struct side *ours, struct device *device, struct hk_err *err)
{
	int r = hk_link_find(&ours->netlink, device->wanted->host_name, &device->link);

	if (r < 0) {
		(void)hk_fail(err, -r, "find the network device '%s'", device->wanted->host_name);
		return at_device(device, err);
	}
	device->index = device->link.index;
	return 0;
}

static int find_all(struct hk_net_devices *devices, struct hk_err *err)
{
	int r = hk_mnl_load(&devices->mnl, err);

	if (r < 0)
		return hk_err_at(err, "/linux/netDevices");
	r = open_ours(&devices->ours, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < devices->count; i++)
		r = find(&devices->ours, &devices->items[i], err);
	return r;
}

int hk_net_devices_find(const struct hk_net_device *wanted, size_t count,
	struct hk_net_devices **ret, struct hk_err *err)
{
	struct hk_net_devices *devices =
		calloc(1, sizeof(*devices) + count * sizeof(devices->items[0]));
	struct hk_err own;
	int r;

	if (!devices)
		return hk_fail(err, ENOMEM, "find the network devices");
	devices->ours = devices->theirs =
		(struct side){.netns = -1, .netlink = {&devices->mnl, -1}};
	devices->count = count;
	for (size_t i = 0; i < count; i++)
		devices->items[i].wanted = &wanted[i];
	r = find_all(devices, err ? err : &own);
	if (r < 0) {
		hk_net_devices_free(devices);
		return r;
	}
	*ret = devices;
	return 0;
}

void hk_net_devices_free(struct hk_net_devices *devices)
{
	if (!devices)
		return;
	for (size_t i = 0; i < devices->count; i++)
		hk_addresses_done(&devices->items[i].addresses);
	hk_close(&devices->ours.netlink.fd);
	hk_close(&devices->ours.netns);
	hk_close(&devices->theirs.netlink.fd);
	hk_close(&devices->theirs.netns);
	free(devices);
}

/* ---- crossing ---- */

/* Into the other namespace, under a name that nobody has. The kernel changes the namespace first
 * and the name after: asked for both, it would fail on a name that is taken with the device gone.
 * So it either stays as it was, up and with its routes, or is found on the other side, where it
 * gets its name by a request of its own. The kernel takes it down as it leaves. */
static int cross(const struct side *from, const struct side *to, struct device *device)
{
	char name[IFNAMSIZ];
	struct hk_link link;
	uint32_t number;
	int r;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	(void)snprintf(name, sizeof(name), "hako-%08x", number);
	r = hk_link_change(&from->netlink, device->index,
		&(struct hk_link_change){.name = name, .netns = to->netns});
	if (r < 0)
		return r;
	device->is_moved = !device->is_moved;
	r = hk_link_find(&to->netlink, name, &link);
	if (r == 0)
		device->index = link.index;
	return r;
}

static int set_name(const struct side *side, const struct device *device, const char *name)
{
	return hk_link_change(
		&side->netlink, device->index, &(struct hk_link_change){.name = name, .netns = -1});
}

static int bring_up(const struct side *side, const struct device *device)
{
	return hk_link_change(
		&side->netlink, device->index, &(struct hk_link_change){.netns = -1, .up = true});
}

/* ---- into the container ---- */

static int open_theirs(int netns, struct side *theirs, struct hk_err *err)
{
	theirs->netns = netns;
	theirs->netlink.fd = hk_netlink_open_in(theirs->netns);
	if (theirs->netlink.fd < 0)
		return hk_fail(err, -theirs->netlink.fd,
			"open a netlink socket in the container's network namespace");
	return 0;
}

/* A template ("eth%d") is no device's name: the kernel will find a free one. */
static int check_name(const struct side *theirs, const struct device *device, struct hk_err *err)
{
	const char *name = name_inside(device);
	struct hk_link link;
	int r = hk_link_find(&theirs->netlink, name, &link);

	if (r == -ENODEV)
		return 0;
	if (r == 0)
		(void)hk_refuse(err, EEXIST,
			"move the network device '%s': the container's network namespace has a "
			"device '%s' already",
			device->wanted->host_name, name);
	else
		(void)hk_fail(err, -r, "look for a network device '%s' in the container", name);
	return at_device(device, err);
}

static int add_addresses(const struct side *theirs, const struct device *device, struct hk_err *err)
{
	char text[HK_ADDRESS_TEXT];
	struct hk_link link;
	int r = hk_link_get(&theirs->netlink, device->index, &link);

	if (r < 0)
		return hk_fail(err, -r, "find the network device '%s' in the container",
			device->wanted->host_name);
	for (size_t i = 0; i < device->addresses.count; i++) {
		const struct hk_address *address = &device->addresses.items[i];

		if (address->scope != RT_SCOPE_UNIVERSE)
			continue;
		r = hk_address_add(
			&theirs->netlink, device->index, address, device->link.name, link.name);
		if (r < 0)
			return hk_fail(err, -r,
				"give the network device '%s' its address %s in the container",
				device->wanted->host_name,
				hk_address_text(address, text, sizeof(text)));
	}
	return 0;
}

static int move(struct hk_net_devices *devices, struct device *device, struct hk_err *err)
{
	const char *host_name = device->wanted->host_name;
	int r;

	r = hk_addresses_read(&devices->mnl, device->index, &device->addresses);
	if (r < 0)
		return hk_fail(err, -r, "read the addresses of the network device '%s'", host_name);
	r = cross(&devices->ours, &devices->theirs, device);
	if (r < 0)
		return hk_fail(
			err, -r, "move the network device '%s' into the container", host_name);
	r = set_name(&devices->theirs, device, name_inside(device));
	if (r < 0)
		return hk_fail(err, -r, "name the network device '%s' '%s' in the container",
			host_name, name_inside(device));
	r = add_addresses(&devices->theirs, device, err);
	if (r < 0)
		return r;
	r = bring_up(&devices->theirs, device);
	return r < 0 ? hk_fail(err, -r, "bring up the network device '%s' in the container",
			       host_name)
		     : 0;
}

int hk_net_devices_enter(struct hk_net_devices *devices, int netns, struct hk_err *err)
{
	struct hk_err own;
	int r;

	err = err ? err : &own;
	r = open_theirs(netns, &devices->theirs, err);
	for (size_t i = 0; r == 0 && i < devices->count; i++)
		r = check_name(&devices->theirs, &devices->items[i], err);
	for (size_t i = 0; r == 0 && i < devices->count; i++) {
		r = move(devices, &devices->items[i], err);
		if (r < 0)
			(void)at_device(&devices->items[i], err);
	}
	return r;
}

int hk_net_devices_move(struct hk_net_devices *devices, int netlink, struct hk_err *err)
{
	int netns = hk_netlink_namespace(netlink);

	if (netns < 0)
		return hk_fail(err, -netns, "find the container's network namespace");
	return hk_net_devices_enter(devices, netns, err);
}

/* ---- and back ---- */

static void complain(const struct hk_log *log, const struct device *device, const char *what, int r)
{
	char text[128];

	if (r < 0)
		hk_logf(log, HK_LOG_WARNING, "give back the network device '%s': %s: %s",
			device->link.name, what, hk_errno_text(-r, text, sizeof(text)));
}

/* As much as can be: each part is worth something without the others. */
static void give_back(
	const struct hk_net_devices *devices, struct device *device, const struct hk_log *log)
{
	const struct side *ours = &devices->ours;
	const char *name = device->link.name;
	char text[HK_ADDRESS_TEXT];
	int r = cross(&devices->theirs, ours, device);

	if (r < 0) {
		complain(log, device, "move it out of the container's network namespace", r);
		return;
	}
	complain(log, device, "name it", set_name(ours, device, name));
	for (size_t i = 0; i < device->addresses.count; i++) {
		const struct hk_address *address = &device->addresses.items[i];

		r = hk_address_add(&ours->netlink, device->index, address, name, name);
		complain(log, device, hk_address_text(address, text, sizeof(text)), r);
	}
	if (device->link.flags & IFF_UP)
		complain(log, device, "bring it up", bring_up(ours, device));
}

void hk_net_devices_return(struct hk_net_devices *devices, const struct hk_log *log)
{
	for (size_t i = devices ? devices->count : 0; i-- > 0;)
		if (devices->items[i].is_moved)
			give_back(devices, &devices->items[i], log);
}
