/* Classic BPF by hand: for each architecture, "is the number above the newest known one?". Jumps of
 * classic BPF go forward only, conditional ones at most 255 instructions: each architecture's block
 * is small, and leaves by an unconditional jump, which has 32 bits. */
#include "plan/seccomp_enosys.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define LOAD(member)                                                                               \
	((struct sock_filter)BPF_STMT(                                                             \
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member)))
#define JUMP(op, value, if_true, if_false)                                                         \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, value, if_true, if_false))
#define RETURN(value) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value))

static size_t add_block(const struct hk_seccomp_abi *abi, size_t left, struct sock_filter *out)
{
	/* how many checks stand between the split and the return */
	uint8_t x32 = abi->has_x32;
	size_t n = 1;

	out[n++] = LOAD(nr);
	if (abi->splits_x32)
		out[n++] = x32 ? JUMP(BPF_JGE, HK_X32_BIT, 1, 0) : JUMP(BPF_JGE, HK_X32_BIT, 2, 0);
	out[n++] = JUMP(BPF_JGT, abi->newest, x32, x32 + 1);
	if (x32)
		out[n++] = JUMP(BPF_JGT, abi->newest_x32, 0, 1);
	out[n++] = RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	out[n++] = JUMP(BPF_JA, (uint32_t)left, 0, 0);
	out[0] = JUMP(BPF_JEQ, abi->audit_arch, 0, (uint8_t)(n - 1));
	return n;
}

static size_t block_size(const struct hk_seccomp_abi *abi)
{
	return 5 + (size_t)abi->splits_x32 + (size_t)abi->has_x32;
}

size_t hk_seccomp_enosys(const struct hk_seccomp_abi *abis, size_t count, struct sock_filter *out)
{
	size_t left = 0, n = 0;

	if (!count)
		return 0;
	for (size_t i = 0; i < count; i++)
		left += block_size(&abis[i]);
	out[n++] = LOAD(arch);
	for (size_t i = 0; i < count; i++) {
		left -= block_size(&abis[i]);
		n += add_block(&abis[i], left, out + n);
	}
	return n;
}
