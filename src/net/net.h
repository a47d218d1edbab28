/* linux.netDevices over netlink, by libmnl. The only folder that names libmnl. */
#ifndef HK_NET_NET_H
#define HK_NET_NET_H

#include <stddef.h>

struct hk_err;
struct hk_log;
struct hk_net_device;

/* A device goes from the network namespace of the calling thread into the container's, with its
 * permanent addresses of global scope, gets its name there and is up at the end. What the kernel
 * ties to a namespace stays behind: routes, neighbours, the sysctls of the device, addresses of
 * link scope (the kernel makes IPv6's anew), queueing disciplines.
 *
 * The specification forbids to move a device out again when the container ends: with its network
 * namespace the kernel destroys a virtual device and gives a physical one back to the initial
 * namespace, under the name that it had in the container. Only a creation that fails gives back
 * what it had taken. A runtime that is killed while it creates cannot do so: then the same happens
 * as at a container's end. */

/* The devices of a container on its way. */
struct hk_net_devices;

/* Look for the devices. Nothing is changed; wanted must outlive *ret. Errors name
 * /linux/netDevices/NAME. */
int hk_net_devices_find(const struct hk_net_device *wanted, size_t count,
	struct hk_net_devices **ret, struct hk_err *err);
/* Move them, once, into the network namespace, which is taken over; or into the one that the socket
 * belongs to, which stays the caller's. A name that is taken there is found before any device is
 * moved. On failure some may have been moved: hk_net_devices_return is due. */
int hk_net_devices_enter(struct hk_net_devices *devices, int netns, struct hk_err *err);
int hk_net_devices_move(struct hk_net_devices *devices, int netlink, struct hk_err *err);
/* Undo: what has been moved comes back with its old name, all its permanent addresses, and up if it
 * was. What cannot be done is logged. NULL is accepted. */
void hk_net_devices_return(struct hk_net_devices *devices, const struct hk_log *log);
/* Forget about them. NULL is accepted. */
void hk_net_devices_free(struct hk_net_devices *devices);

#endif
