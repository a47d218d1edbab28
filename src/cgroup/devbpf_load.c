/* Device programs and the kernel: bpf(2), without libbpf. */
#include "cgroup/devices.h"
#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ATTACHED 64 /* BPF_CGROUP_MAX_PROGS */

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static int load(const struct bpf_insn *program, size_t count)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr)); /* padding too: the kernel wants zeros */
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = (uint32_t)count;
	attr.license = (uintptr_t) "";
	do
		r = sys_bpf(BPF_PROG_LOAD, &attr);
	while (r == -EAGAIN); /* a signal met the verifier */
	return r;
}

static int attach(int dirfd, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dirfd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int dirfd, uint32_t id)
{
	union bpf_attr attr;
	HK_FD int program = -1;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (program < 0)
		return program;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dirfd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr);
}

/* The ids of the programs attached to this very directory. */
static int query(int dirfd, uint32_t ids[MAX_ATTACHED], uint32_t *ret_count)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dirfd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = MAX_ATTACHED;
	r = sys_bpf(BPF_PROG_QUERY, &attr);
	if (r == 0)
		*ret_count = attr.query.prog_cnt;
	return r;
}

int hk_devbpf_install(
	int dirfd, const struct bpf_insn *program, size_t count, bool replace, struct hk_err *err)
{
	uint32_t old[MAX_ATTACHED], old_count = 0;
	HK_FD int fd = -1;
	int r = 0;

	if (replace)
		r = query(dirfd, old, &old_count);
	if (r < 0)
		return hk_fail(err, -r, "list the device programs of the cgroup");
	if (count) {
		fd = load(program, count);
		if (fd < 0)
			return hk_fail(err, -fd, "load the eBPF program of the device rules");
		r = attach(dirfd, fd);
		if (r < 0)
			return hk_fail(err, -r, "attach the eBPF program of the device rules");
	}
	/* New before old: at no moment is there none. */
	for (uint32_t i = 0; i < old_count; i++) {
		r = detach(dirfd, old[i]);
		if (r < 0 && r != -ENOENT)
			return hk_fail(err, -r, "detach an old device program");
	}
	return 0;
}

int hk_cgroup_try_device_program(void)
{
	static const struct bpf_insn allow[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	HK_FD int fd = load(allow, HK_COUNT(allow));

	return fd < 0 ? fd : 0;
}
