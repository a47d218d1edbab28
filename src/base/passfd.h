/* Descriptors that go over a socket, along with bytes. Part of the init image. */
#ifndef HK_BASE_PASSFD_H
#define HK_BASE_PASSFD_H

#include <stdint.h>
#include <sys/types.h>

#define HK_PASS_MAX_FDS 32

/* One sendmsg(2), without SIGPIPE; the descriptors stay the caller's. count: 1 to HK_PASS_MAX_FDS. How
 * many bytes went, or a negative errno. */
ssize_t hk_send_fds(int sock, const void *buf, size_t len, const int *fds, uint32_t count);

/* One recvmsg(2): every fd in it, close-on-exec and now the caller's. ret_fds has room for max, and
 * whoever sends more gets -EPROTO, as for a datagram that was cut. How many bytes came, or a negative
 * errno, with no fd left open. */
ssize_t hk_receive_fds(
	int sock, void *buf, size_t cap, int *ret_fds, uint32_t max, uint32_t *ret_count);

#endif
