/* Descriptors that go over a socket, along with bytes. Part of the init image. */
#include "base/passfd.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(HK_PASS_MAX_FDS * sizeof(int))];
};

ssize_t hk_send_fds(int sock, const void *buf, size_t len, const int *fds, uint32_t count)
{
	struct iovec iov = {(void *)buf, len}; /* it is only read */
	union control control = {0};
	struct msghdr header = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	ssize_t n;

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	do
		n = sendmsg(sock, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* However many records the sender put them into. */
static uint32_t take_fds(struct msghdr *header, int *ret_fds, uint32_t max)
{
	uint32_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, (char *)c + at, sizeof(int));
			if (count < max)
				ret_fds[count] = fd;
			else
				hk_close(&fd);
			count++;
		}
	}
	return count;
}

ssize_t hk_receive_fds(
	int sock, void *buf, size_t cap, int *ret_fds, uint32_t max, uint32_t *ret_count)
{
	struct iovec iov = {buf, cap};
	union control control;
	struct msghdr header = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	uint32_t count;
	ssize_t n;

	*ret_count = 0;
	do
		n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	count = take_fds(&header, ret_fds, max);
	if (count > max || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (uint32_t i = 0; i < count && i < max; i++)
			hk_close(&ret_fds[i]);
		return -EPROTO;
	}
	*ret_count = count;
	return n;
}
