/* Device rules as an eBPF program: pure compilation. */
#include "cgroup/devices.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INSNS_PER_RULE 9

struct program {
	struct bpf_insn *insns;
	size_t count;
};

/* The kernel's context: access_type is type | access << 16. */
enum registers {
	DECISION = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	SCRATCH = BPF_REG_1, /* once the context is read */
	TYPE = BPF_REG_2,
	WANTED = BPF_REG_3, /* kinds of access that no rule has decided yet */
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

static void emit(
	struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	p->insns[p->count++] = (struct bpf_insn){
		.code = code,
		.dst_reg = dst & 0xfu,
		.src_reg = src & 0xfu,
		.off = off,
		.imm = imm,
	};
}

static void load(struct program *p, uint8_t dst, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, CONTEXT, (int16_t)offset, 0);
}

static void decide(struct program *p, int decision)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, DECISION, 0, 0, decision);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void prologue(struct program *p)
{
	load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, WANTED, TYPE, 0, 0);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, WANTED, 0, 0, 16);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
}

static int32_t access_of(const struct hk_device_rule *rule)
{
	return (rule->read ? BPF_DEVCG_ACC_READ : 0) | (rule->write ? BPF_DEVCG_ACC_WRITE : 0) |
	       (rule->mknod ? BPF_DEVCG_ACC_MKNOD : 0);
}

static const int32_t all_access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;

static bool is_unconditional(const struct hk_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       access_of(rule) == all_access;
}

/* A rule that can match nothing: no access, or a number that no device has (dev_t has 12 bits for
 * the major and 20 for the minor; a comparison takes 31). */
static bool is_void(const struct hk_device_rule *rule)
{
	return access_of(rule) == 0 || rule->major > INT32_MAX || rule->minor > INT32_MAX;
}

/* Jump over the rule's body where the device is another; the distance is filled in behind it. */
static void unless(struct program *p, uint8_t reg, int64_t value)
{
	emit(p, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

static void rule_body(struct program *p, const struct hk_device_rule *rule)
{
	int32_t access = access_of(rule);

	if (access == all_access) {
		decide(p, rule->allow);
	} else if (rule->allow) {
		/* granted kinds need no further rule; with none left the answer is yes */
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, WANTED, 0, 0, ~access);
		emit(p, BPF_JMP | BPF_JNE | BPF_K, WANTED, 0, 2, 0);
		decide(p, 1);
	} else {
		/* one kind denied denies the whole */
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, SCRATCH, WANTED, 0, 0);
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, SCRATCH, 0, 0, access);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, SCRATCH, 0, 2, 0);
		decide(p, 0);
	}
}

static void rule(struct program *p, const struct hk_device_rule *r)
{
	size_t first = p->count, body;

	if (r->type != 'a')
		unless(p, TYPE, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major >= 0)
		unless(p, MAJOR, r->major);
	if (r->minor >= 0)
		unless(p, MINOR, r->minor);
	body = p->count;
	rule_body(p, r);
	for (size_t i = first; i < body; i++)
		p->insns[i].off = (int16_t)(p->count - i - 1);
}

/* Each kind of access is decided by the last rule that matches device and kind, so the rules are
 * asked from the last to the first. What none decides is denied. */
int hk_devbpf_compile(const struct hk_device_rule *rules, size_t count, struct hk_arena *arena,
	struct bpf_insn **ret, size_t *ret_count)
{
	bool denies = false;
	struct program p = {0};
	size_t i = count;

	p.insns = hk_arena_array(arena, count + 2, INSNS_PER_RULE * sizeof(*p.insns));
	if (!p.insns)
		return -ENOMEM;
	prologue(&p);
	/* The verifier refuses code that is never reached: stop at a rule that decides all. */
	while (i > 0 && !is_unconditional(&rules[i - 1])) {
		i--;
		if (is_void(&rules[i]))
			continue;
		denies |= !rules[i].allow;
		rule(&p, &rules[i]);
	}
	decide(&p, i > 0 && rules[i - 1].allow);
	if (!denies && i > 0 && rules[i - 1].allow)
		p.count = 0;
	*ret = p.insns;
	*ret_count = p.count;
	return 0;
}
