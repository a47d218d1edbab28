/* Classic BPF by hand. Its jumps go forward only, and conditional ones 255 instructions at most:
 * what is far is reached by unconditional jumps, which have 32 bits. */
#include "plan/seccomp_join.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#define LOAD(member)                                                                               \
	((struct sock_filter)BPF_STMT(                                                             \
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member)))
#define JUMP(op, value, if_true, if_false)                                                         \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, value, if_true, if_false))
#define RETURN(value) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value))

struct joiner {
	const struct hk_seccomp_program *programs;
	size_t count;
	struct sock_filter *out;
	size_t n;
};

static const struct hk_seccomp_program *find(const struct joiner *j, uint32_t arch, bool x32)
{
	for (size_t i = 0; i < j->count; i++) {
		if (j->programs[i].audit_arch == arch && j->programs[i].x32 == x32)
			return &j->programs[i];
	}
	return NULL;
}

static void put(struct joiner *j, struct sock_filter instruction)
{
	j->out[j->n++] = instruction;
}

/* Where the program will stand is not known yet: the jump has its index. */
static void put_jump(struct joiner *j, const struct hk_seccomp_program *program)
{
	if (program)
		put(j, JUMP(BPF_JA, (uint32_t)(program - j->programs), 0, 0));
	else
		put(j, RETURN(SECCOMP_RET_KILL_THREAD));
}

static void put_entry(struct joiner *j, const struct hk_seccomp_program *program)
{
	if (program && program->has_newest) {
		put(j, JUMP(BPF_JGT, program->newest, 0, 1));
		put(j, RETURN(SECCOMP_RET_ERRNO | ENOSYS));
	}
	put_jump(j, program);
}

/* The number's x32 bit decides between two programs. x86-64's own knows what to do with x32 calls
 * where the profile has no x32: that is no question of newer or older. */
static void put_x86_64(struct joiner *j, uint32_t arch)
{
	const struct hk_seccomp_program *plain = find(j, arch, false);
	const struct hk_seccomp_program *x32 = find(j, arch, true);
	size_t split = j->n++;

	put_entry(j, plain);
	j->out[split] = JUMP(BPF_JGE, HK_X32_BIT, (uint8_t)(j->n - split - 1), 0);
	if (x32)
		put_entry(j, x32);
	else
		put_jump(j, plain);
}

static void put_arch(struct joiner *j, uint32_t arch)
{
	size_t check = j->n++;

	put(j, LOAD(nr));
	if (arch == AUDIT_ARCH_X86_64)
		put_x86_64(j, arch);
	else
		put_entry(j, find(j, arch, false));
	j->out[check] = JUMP(BPF_JEQ, arch, 0, (uint8_t)(j->n - check - 1));
}

static bool is_first_of_its_arch(const struct joiner *j, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (j->programs[k].audit_arch == j->programs[i].audit_arch)
			return false;
	}
	return true;
}

static size_t start_of(const struct joiner *j, size_t head, size_t program)
{
	for (size_t i = 0; i < program; i++)
		head += j->programs[i].count;
	return head;
}

size_t hk_seccomp_join(
	const struct hk_seccomp_program *programs, size_t count, struct sock_filter *out)
{
	struct joiner j = {.programs = programs, .count = count, .out = out};
	size_t head;

	put(&j, LOAD(arch));
	for (size_t i = 0; i < count; i++) {
		if (is_first_of_its_arch(&j, i))
			put_arch(&j, programs[i].audit_arch);
	}
	put(&j, RETURN(SECCOMP_RET_KILL_THREAD)); /* an architecture that the profile does not have
						   */
	head = j.n;
	for (size_t i = 0; i < head; i++) {
		if (out[i].code == (BPF_JMP | BPF_JA))
			out[i].k = (uint32_t)(start_of(&j, head, out[i].k) - i - 1);
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(out + j.n, programs[i].code, programs[i].count * sizeof(*out));
		j.n += programs[i].count;
	}
	return j.n;
}
