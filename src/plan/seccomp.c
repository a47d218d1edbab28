/* linux.seccomp becomes BPF, by libseccomp. The only file that names seccomp.h. */
#include "plan/seccomp.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "plan/seccomp_join.h"
#include "spec/spec.h"

#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define MAX_ABIS   32
#define MAX_ARGS   6
#define MANY_RULES 32 /* from there on a binary tree is worth its making */

/* One architecture's filter in the making. */
struct abi {
	uint32_t token; /* SCMP_ARCH_* */
	scmp_filter_ctx filter;
	int newest; /* highest number that the profile names; -1: none */
};

struct compiler {
	const struct hk_seccomp *profile;
	uint32_t default_action;
	size_t rules;
	bool notify;
	struct abi abis[MAX_ABIS];
	size_t abi_count;
	struct hk_err *err;
};

/* ---- words ---- */

static const struct hk_enum actions[] = {
	{"SCMP_ACT_KILL", SCMP_ACT_KILL},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
	{NULL, 0},
};

static const struct hk_enum operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	{NULL, 0},
};

/* The init stage has one thread when it loads the filter: TSYNC has nothing to do, and the kernel
 * does not take it together with a listener. */
static const struct hk_enum flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
	{NULL, 0},
};

/* The action's number with the errno in it. EPERM is what the specification gives as default. */
static int read_action(
	struct compiler *c, const char *name, bool has_errno, uint32_t number, uint32_t *ret)
{
	const struct hk_enum *action = name ? hk_enum_find(actions, name) : NULL;

	if (!action)
		return hk_refuse(c->err, EINVAL, "unknown seccomp action '%s'", name ? name : "");
	*ret = (uint32_t)action->value;
	if (*ret == SCMP_ACT_ERRNO(0) || *ret == SCMP_ACT_TRACE(0))
		*ret |= has_errno ? number & SECCOMP_RET_DATA : EPERM;
	else if (has_errno)
		return hk_refuse(c->err, EINVAL, "%s has no errno to return", name);
	return 0;
}

/* Does the kernel know the flag? With no filter given it fails with EFAULT only behind the flags.
 */
static bool kernel_has_flag(uint32_t flag)
{
	uint32_t with = flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
				? flag | SECCOMP_FILTER_FLAG_NEW_LISTENER
				: flag;

	return !flag || hk_sys_seccomp(SECCOMP_SET_MODE_FILTER, with, NULL) == -EFAULT;
}

static int read_flags(struct compiler *c, uint32_t *ret)
{
	const struct hk_strings *names = &c->profile->flags;

	*ret = 0;
	/* Filters that were written before the flag existed counted on its default. */
	if (!c->profile->has_flags && kernel_has_flag(SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		*ret = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < names->count; i++) {
		const struct hk_enum *flag = hk_enum_find(flags, names->items[i]);

		if (!flag || !kernel_has_flag((uint32_t)flag->value)) {
			(void)hk_refuse(c->err, EINVAL, "seccomp flag '%s' is not supported here",
				names->items[i]);
			return hk_err_at(c->err, "/linux/seccomp/flags/%zu", i);
		}
		*ret |= (uint32_t)flag->value;
	}
	/* waits for a listener's answer, and is refused where there is none */
	if (!c->notify)
		*ret &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return 0;
}

/* ---- architectures ---- */

/* "SCMP_ARCH_X86_64" is "x86_64" to libseccomp; 0: it does not know it. */
static uint32_t find_abi(const char *name)
{
	char lower[32];
	size_t n = 0;

	if (!hk_starts_with(name, "SCMP_ARCH_"))
		return 0;
	name += strlen("SCMP_ARCH_");
	while (name[n] && n + 1 < sizeof(lower)) {
		lower[n] = (char)tolower((unsigned char)name[n]);
		n++;
	}
	lower[n] = '\0';
	return seccomp_arch_resolve_name(lower);
}

static bool has_abi(const struct compiler *c, uint32_t token)
{
	for (size_t i = 0; i < c->abi_count; i++) {
		if (c->abis[i].token == token)
			return true;
	}
	return false;
}

static int add_abi(struct compiler *c, uint32_t token)
{
	struct abi *abi = &c->abis[c->abi_count];
	int r = 0;

	if (c->abi_count == MAX_ABIS)
		return -E2BIG;
	abi->token = token;
	abi->newest = -1;
	abi->filter = seccomp_init(c->default_action);
	if (!abi->filter)
		return -EINVAL;
	c->abi_count++;
	if (token != seccomp_arch_native()) {
		r = seccomp_arch_add(abi->filter, token);
		if (r >= 0)
			r = seccomp_arch_remove(abi->filter, SCMP_ARCH_NATIVE);
	}
	return r;
}

/* The native one, always, and what is listed. An architecture that libseccomp does not know is left
 * out: its calls end as those of every foreign architecture, in a kill. */
static int add_abis(struct compiler *c)
{
	const struct hk_strings *names = &c->profile->architectures;
	int r = add_abi(c, seccomp_arch_native());

	if (r < 0) {
		(void)hk_fail(c->err, -r, "make a seccomp filter with default action %s",
			c->profile->default_action);
		return hk_err_at(c->err, "/linux/seccomp/defaultAction");
	}
	for (size_t i = 0; i < names->count; i++) {
		uint32_t token = find_abi(names->items[i]);

		if (!token || has_abi(c, token))
			continue;
		r = add_abi(c, token);
		if (r < 0) {
			(void)hk_fail(c->err, -r, "add architecture %s to the seccomp filter",
				names->items[i]);
			return hk_err_at(c->err, "/linux/seccomp/architectures/%zu", i);
		}
	}
	return 0;
}

/* ---- rules ---- */

static struct scmp_arg_cmp read_arg(const struct hk_seccomp_arg *arg)
{
	const struct hk_enum *op = hk_enum_find(operators, arg->op);
	struct scmp_arg_cmp cmp = {.arg = arg->index,
		.op = op ? (enum scmp_compare)op->value : _SCMP_CMP_MIN,
		.datum_a = arg->value,
		.datum_b = arg->value_two};

	return cmp;
}

/* libseccomp takes one condition an argument; two of them on one are meant as "or". */
static bool repeats_an_index(const struct hk_seccomp_rule *rule)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < rule->arg_count; i++) {
		if (seen & 1u << rule->args[i].index)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

static int add_to_filter(
	scmp_filter_ctx filter, const struct hk_seccomp_rule *rule, uint32_t action, int number)
{
	struct scmp_arg_cmp args[MAX_ARGS];
	unsigned int n = 0;
	int r = 0;

	for (size_t i = 0; i < rule->arg_count; i++) {
		if (rule->args[i].index >= MAX_ARGS)
			return -EINVAL;
	}
	if (!repeats_an_index(rule)) {
		for (; n < rule->arg_count; n++)
			args[n] = read_arg(&rule->args[n]);
		return seccomp_rule_add_array(filter, action, number, n, args);
	}
	for (size_t i = 0; i < rule->arg_count && r >= 0; i++) {
		args[0] = read_arg(&rule->args[i]);
		r = seccomp_rule_add_array(filter, action, number, 1, args);
	}
	return r;
}

static int add_call(struct compiler *c, const struct hk_seccomp_rule *rule, uint32_t action,
	const char *name, int number)
{
	int r = 0;

	for (size_t i = 0; i < c->abi_count && r >= 0; i++) {
		struct abi *abi = &c->abis[i];
		int own = seccomp_syscall_resolve_name_arch(abi->token, name);

		if (own > abi->newest)
			abi->newest = own;
		/* libseccomp refuses rules that change nothing */
		if (action != c->default_action)
			r = add_to_filter(abi->filter, rule, action, number);
	}
	return r;
}

static int add_rule(struct compiler *c, size_t i)
{
	const struct hk_seccomp_rule *rule = &c->profile->syscalls[i];
	uint32_t action;
	int r = read_action(c, rule->action, rule->has_errno, rule->errno_ret, &action);

	if (r < 0)
		return hk_err_at(c->err, "/linux/seccomp/syscalls/%zu/action", i);
	if (action == SCMP_ACT_NOTIFY)
		c->notify = true;
	for (size_t j = 0; j < rule->names.count; j++) {
		int number = seccomp_syscall_resolve_name(rule->names.items[j]);

		if (number == __NR_SCMP_ERROR)
			continue; /* a profile for newer kernels than this libseccomp knows */
		r = add_call(c, rule, action, rule->names.items[j], number);
		if (r < 0) {
			(void)hk_fail(
				c->err, -r, "add '%s' to the seccomp filter", rule->names.items[j]);
			return hk_err_at(c->err, "/linux/seccomp/syscalls/%zu/names/%zu", i, j);
		}
		c->rules++;
	}
	return 0;
}

static int add_rules(struct compiler *c)
{
	for (size_t i = 0; i < c->profile->syscall_count; i++) {
		int r = add_rule(c, i);

		if (r < 0)
			return r;
	}
	/* level 2: a binary tree instead of a list. An older libseccomp does without. */
	for (size_t i = 0; i < c->abi_count && c->rules > MANY_RULES; i++)
		(void)seccomp_attr_set(c->abis[i].filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return 0;
}

/* ---- instructions ---- */

/* Before 2.6 libseccomp writes to descriptors only. */
static int export(struct compiler *c, scmp_filter_ctx filter, struct hk_arena *arena,
	struct hk_seccomp_program *ret)
{
	HK_FD int fd = hk_sys_memfd_create("seccomp", HK_MFD_CLOEXEC);
	void *code;
	off_t size;
	int r;

	if (fd < 0)
		return hk_fail(c->err, -fd, "make room for the seccomp filter");
	r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return hk_fail(c->err, -r, "generate the seccomp filter");
	size = lseek(fd, 0, SEEK_CUR);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return hk_fail(c->err, errno, "read the seccomp filter");
	code = hk_arena_alloc(arena, (size_t)size);
	if (!code)
		return hk_fail(c->err, ENOMEM, "read the seccomp filter");
	r = hk_read_full(fd, code, (size_t)size);
	if (r < 0)
		return hk_fail(c->err, -r, "read the seccomp filter");
	ret->code = code;
	ret->count = (size_t)size / sizeof(struct sock_filter);
	return 0;
}

/* What the default action lets through, or leaves to a tracer, must not fail because it is new. */
static bool default_permits(const struct compiler *c)
{
	return c->default_action == SCMP_ACT_ALLOW || c->default_action == SCMP_ACT_LOG ||
	       (c->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
}

static int make_program(struct compiler *c, const struct abi *abi, struct hk_arena *arena,
	struct hk_seccomp_program *ret)
{
	*ret = (struct hk_seccomp_program){
		.audit_arch = abi->token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : abi->token,
		.x32 = abi->token == SCMP_ARCH_X32,
		.has_newest = abi->newest >= 0 && !default_permits(c),
		.newest = (uint32_t)abi->newest};
	return export(c, abi->filter, arena, ret);
}

static int assemble(struct compiler *c, struct hk_arena *arena, const void **ret, size_t *ret_size)
{
	struct hk_seccomp_program programs[MAX_ABIS];
	size_t room = HK_SECCOMP_HEAD(c->abi_count), count;
	struct sock_filter *whole;

	for (size_t i = 0; i < c->abi_count; i++) {
		int r = make_program(c, &c->abis[i], arena, &programs[i]);

		if (r < 0)
			return r;
		room += programs[i].count;
	}
	whole = hk_arena_array(arena, room, sizeof(*whole));
	if (!whole)
		return hk_fail(c->err, ENOMEM, "generate the seccomp filter");
	count = hk_seccomp_join(programs, c->abi_count, whole);
	if (count > BPF_MAXINSNS)
		return hk_refuse(c->err, E2BIG,
			"the seccomp filter has %zu instructions, the kernel takes %d", count,
			BPF_MAXINSNS);
	*ret = whole;
	*ret_size = count * sizeof(*whole);
	return 0;
}

static int compile(struct compiler *c, struct hk_arena *arena, struct hk_seccomp_filter *ret)
{
	struct hk_seccomp_filter filter = {0};
	int r = add_abis(c);

	if (r < 0)
		return r;
	r = add_rules(c);
	if (r < 0)
		return r;
	r = read_flags(c, &filter.flags);
	if (r < 0)
		return r;
	r = assemble(c, arena, &filter.instructions, &filter.size);
	if (r < 0)
		return hk_err_at(c->err, "/linux/seccomp");
	filter.notify = c->notify;
	*ret = filter;
	return 0;
}

int hk_seccomp_compile(const struct hk_seccomp *profile, struct hk_arena *arena,
	struct hk_seccomp_filter *ret, struct hk_err *err)
{
	struct hk_err own;
	struct compiler c = {.profile = profile, .err = err ? err : &own};
	int r = read_action(&c, profile->default_action, profile->has_default_errno,
		profile->default_errno, &c.default_action);

	if (r < 0)
		return hk_err_at(c.err, "/linux/seccomp/defaultAction");
	r = compile(&c, arena, ret);
	for (size_t i = 0; i < c.abi_count; i++)
		seccomp_release(c.abis[i].filter);
	return r;
}

/* ---- what is known, for `features` ---- */

const char *const *hk_seccomp_actions(void)
{
	static const char *const names[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL",
		"SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",
		"SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL};

	return names;
}

const char *const *hk_seccomp_operators(void)
{
	static const char *const names[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
		"SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL};

	return names;
}

const char *const *hk_seccomp_architectures(void)
{
	static const char *const names[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
#ifdef SCMP_ARCH_LOONGARCH64
		"SCMP_ARCH_LOONGARCH64",
#endif
#ifdef SCMP_ARCH_M68K
		"SCMP_ARCH_M68K",
#endif
		"SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",
		"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",
		"SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE",
#ifdef SCMP_ARCH_RISCV64
		"SCMP_ARCH_RISCV64",
#endif
		"SCMP_ARCH_S390", "SCMP_ARCH_S390X",
#ifdef SCMP_ARCH_SH
		"SCMP_ARCH_SH",
#endif
#ifdef SCMP_ARCH_SHEB
		"SCMP_ARCH_SHEB",
#endif
		"SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", NULL};

	return names;
}

const char *const *hk_seccomp_known_flags(void)
{
	static const char *const names[] = {"SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL};

	return names;
}

const char *hk_seccomp_version(char *ret, size_t cap)
{
	const struct scmp_version *version = seccomp_version();

	if (!version)
		(void)snprintf(ret, cap, "unknown");
	else
		(void)snprintf(
			ret, cap, "%u.%u.%u", version->major, version->minor, version->micro);
	return ret;
}

bool hk_seccomp_flag_supported(const char *flag)
{
	const struct hk_enum *known = hk_enum_find(flags, flag);

	return known && kernel_has_flag((uint32_t)known->value);
}
