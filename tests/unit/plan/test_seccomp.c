/* Compiled profiles, run by a small interpreter of classic BPF over (architecture, number, args).
 */
#include "plan/make.h"

#include "plan/seccomp.h"
#include "plan/seccomp_join.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KILL	SECCOMP_RET_KILL_THREAD
#define ALLOW	SECCOMP_RET_ALLOW
#define ERR(n)	(SECCOMP_RET_ERRNO | (n))
#define X86_64	AUDIT_ARCH_X86_64
#define I386	AUDIT_ARCH_I386
#define AARCH64 AUDIT_ARCH_AARCH64
#define X32(n)	(HK_X32_BIT | (n))

/* ---- the interpreter ---- */

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	assert_true(offset <= sizeof(*data) - sizeof(word) && offset % 4 == 0);
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static bool compare(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		fail_msg("jump 0x%x", op);
		return false;
	}
}

static uint32_t run(const struct hk_seccomp_filter *filter, const struct seccomp_data *data)
{
	const struct sock_filter *code = filter->instructions;
	size_t count = filter->size / sizeof(*code);
	uint32_t a = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *i = &code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(data, i->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			if (BPF_CLASS(i->code) != BPF_JMP)
				fail_msg("instruction 0x%x", i->code);
			pc += compare(BPF_OP(i->code), a, i->k) ? i->jt : i->jf;
		}
	}
	fail_msg("the filter has no end");
	return 0;
}

static uint32_t call(const struct hk_seccomp_filter *filter, uint32_t arch, uint32_t nr,
	uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data data = {.arch = arch, .nr = (int)nr, .args = {arg0, arg1}};

	return run(filter, &data);
}

/* ---- profiles ---- */

struct compiled {
	struct hk_spec spec;
	struct hk_arena arena;
	struct hk_seccomp_filter filter;
	struct hk_err err;
	int r;
};

/* members: of linux.seccomp. */
static void compile(struct compiled *c, const char *members)
{
	HK_FREE char *base = hk_spec_template(false, 0, 0);
	HK_FREE char *text = NULL;
	struct hk_strbuf patch = {0};

	hk_strbuf_printf(&patch, "{\"linux\":{\"seccomp\":{%s}}}", members);
	text = patched(base, patch.text);
	hk_strbuf_done(&patch);
	*c = (struct compiled){0};
	hk_spec_init(&c->spec);
	if (!text || hk_spec_parse(text, strlen(text), "config.json", &c->spec, &c->err) < 0)
		fail_msg("%s: %s", c->err.property, c->err.message);
	c->r = hk_seccomp_compile(c->spec.linux.seccomp, &c->arena, &c->filter, &c->err);
}

static void done(struct compiled *c)
{
	hk_spec_done(&c->spec);
	hk_arena_done(&c->arena);
}

#define ARCHES "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]"
#define DENY   "\"defaultAction\":\"SCMP_ACT_ERRNO\""

/* What the profiles below do. openat2 is 437, the newest call that any of them names; getpid is 39
 * (20 on i386), read 0 (3), mkdir 83 (39), personality 135 (136), clone 56 (120). */
static const struct {
	const char *profile;
	struct {
		uint32_t arch;
		uint32_t nr;
		uint64_t arg0;
		uint64_t arg1;
		uint32_t expected;
	} calls[12];
} cases[] = {
	/* an allow list */
	{DENY ",\"syscalls\":[{\"names\":[\"getpid\",\"openat2\",\"no_such_call\"],\"action\":"
	      "\"SCMP_ACT_ALLOW\"}]",
		{{X86_64, 39, 0, 0, ALLOW}, {X86_64, 437, 0, 0, ALLOW},
			{X86_64, 0, 0, 0, ERR(EPERM)}, {X86_64, 436, 0, 0, ERR(EPERM)},
			{X86_64, 438, 0, 0, ERR(ENOSYS)}, {X86_64, 0x3fffffff, 0, 0, ERR(ENOSYS)},
			{X86_64, X32(39), 0, 0, KILL}, {X86_64, X32(600), 0, 0, KILL},
			{I386, 20, 0, 0, KILL}, {I386, 500, 0, 0, KILL},
			{AARCH64, 172, 0, 0, KILL}}},
	/* three architectures: each has its own newest call */
	{DENY "," ARCHES
	      ",\"syscalls\":[{\"names\":[\"getpid\",\"openat2\"],\"action\":\"SCMP_ACT_ALLOW\"}]",
		{{X86_64, 39, 0, 0, ALLOW}, {X86_64, 438, 0, 0, ERR(ENOSYS)},
			{X86_64, X32(39), 0, 0, ALLOW}, {X86_64, X32(0), 0, 0, ERR(EPERM)},
			{X86_64, X32(438), 0, 0, ERR(ENOSYS)}, {I386, 20, 0, 0, ALLOW},
			{I386, 437, 0, 0, ALLOW}, {I386, 3, 0, 0, ERR(EPERM)},
			{I386, 438, 0, 0, ERR(ENOSYS)}, {AARCH64, 438, 0, 0, KILL}}},
	/* a default that permits keeps permitting what is new */
	{"\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":"
	 "\"SCMP_ACT_ERRNO\"}]",
		{{X86_64, 83, 0, 0, ERR(EPERM)}, {X86_64, 39, 0, 0, ALLOW},
			{X86_64, 9999, 0, 0, ALLOW}}},
	{"\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":"
	 "\"SCMP_ACT_KILL_PROCESS\"}]",
		{{X86_64, 83, 0, 0, SECCOMP_RET_KILL_PROCESS},
			{X86_64, 9999, 0, 0, SECCOMP_RET_LOG}}},
	/* a tracer decides about what is new as well */
	{"\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":7,\"syscalls\":[{\"names\":["
	 "\"mkdir\"],\"action\":\"SCMP_ACT_ALLOW\"}]",
		{{X86_64, 83, 0, 0, ALLOW}, {X86_64, 39, 0, 0, SECCOMP_RET_TRACE | 7},
			{X86_64, 9999, 0, 0, SECCOMP_RET_TRACE | 7}}},
	/* errnos */
	{DENY ",\"defaultErrnoRet\":38,\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":"
	      "\"SCMP_ACT_ERRNO\",\"errnoRet\":95},{\"names\":[\"read\"],\"action\":"
	      "\"SCMP_ACT_ERRNO\"},{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_TRACE\","
	      "\"errnoRet\":7}]",
		{{X86_64, 83, 0, 0, ERR(95)}, {X86_64, 0, 0, 0, ERR(EPERM)},
			{X86_64, 1, 0, 0, ERR(38)}, {X86_64, 39, 0, 0, SECCOMP_RET_TRACE | 7}}},
	/* every action */
	{"\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	 "\"SCMP_ACT_KILL\"},{\"names\":[\"write\"],\"action\":\"SCMP_ACT_KILL_THREAD\"},"
	 "{\"names\":[\"open\"],\"action\":\"SCMP_ACT_LOG\"},{\"names\":[\"close\"],\"action\":"
	 "\"SCMP_ACT_NOTIFY\"}]",
		{{X86_64, 0, 0, 0, KILL}, {X86_64, 1, 0, 0, KILL},
			{X86_64, 2, 0, 0, SECCOMP_RET_LOG}, {X86_64, 3, 0, 0, 0x7fc00000u}}},
	/* one condition, all 64 bits of it */
	{DENY ",\"syscalls\":[{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":"
	      "[{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]}]",
		{{X86_64, 135, 8, 0, ALLOW}, {X86_64, 135, 9, 0, ERR(EPERM)},
			{X86_64, 135, 0x100000008, 0, ERR(EPERM)}}},
	/* conditions on two arguments: both */
	{DENY ",\"syscalls\":[{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	      "{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GT\"},"
	      "{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_NE\"}]}]",
		{{X86_64, 62, 6, 1, ALLOW}, {X86_64, 62, 5, 1, ERR(EPERM)},
			{X86_64, 62, 6, 9, ERR(EPERM)}}},
	/* two conditions on one argument: either */
	{DENY ",\"syscalls\":[{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	      "{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},"
	      "{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]}]",
		{{X86_64, 135, 0, 0, ALLOW}, {X86_64, 135, 8, 0, ALLOW},
			{X86_64, 135, 1, 0, ERR(EPERM)}}},
	/* the mask is value, what must be left is valueTwo */
	{DENY ",\"syscalls\":[{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	      "{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]",
		{{X86_64, 56, 0x11, 0, ALLOW}, {X86_64, 56, 0x20000000, 0, ERR(EPERM)}}},
	/* a rule that says what the default says is no error */
	{DENY ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"},"
	      "{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_ALLOW\"}]",
		{{X86_64, 0, 0, 0, ERR(EPERM)}, {X86_64, 39, 0, 0, ALLOW},
			{X86_64, 40, 0, 0, ERR(ENOSYS)}}},
	/* names that nobody knows leave no "newest" */
	{DENY ",\"syscalls\":[{\"names\":[\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]",
		{{X86_64, 0, 0, 0, ERR(EPERM)}, {X86_64, 999, 0, 0, ERR(EPERM)}}},
	{DENY, {{X86_64, 0, 0, 0, ERR(EPERM)}, {X86_64, 999, 0, 0, ERR(EPERM)}}},
};

static void test_profiles(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct compiled c;

		compile(&c, cases[i].profile);
		if (c.r < 0)
			fail_msg("%zu: %s: %s", i, c.err.property, c.err.message);
		for (size_t j = 0; j < HK_COUNT(cases[0].calls) && cases[i].calls[j].arch; j++) {
			uint32_t got = call(&c.filter, cases[i].calls[j].arch, cases[i].calls[j].nr,
				cases[i].calls[j].arg0, cases[i].calls[j].arg1);

			if (got != cases[i].calls[j].expected)
				fail_msg("profile %zu call %zu: 0x%x", i, j, got);
		}
		done(&c);
	}
}

static const struct {
	const char *profile;
	int errnum;
	const char *property;
} refusals[] = {
	{"\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1", EINVAL,
		"/linux/seccomp/defaultAction"},
	{DENY ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1}]",
		EINVAL, "/linux/seccomp/syscalls/0/action"},
	{DENY ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":"
	      "[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]",
		EINVAL, "/linux/seccomp/syscalls/0/names/0"},
	{DENY ",\"architectures\":[\"SCMP_ARCH_PPC64\"]", EDOM, "/linux/seccomp/architectures/0"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(refusals); i++) {
		struct compiled c;

		compile(&c, refusals[i].profile);
		print_message("%s: %s\n", c.err.property, c.err.message);
		assert_string_equal(c.err.property, refusals[i].property);
		assert_int_equal(c.r, -refusals[i].errnum);
		assert_int_equal(c.err.code, refusals[i].errnum);
		assert_null(c.filter.instructions);
		done(&c);
	}
}

static void test_flags(void **state)
{
	struct hk_strings unknown = {(const char *[]){"SECCOMP_FILTER_FLAG_X"}, 1};
	struct compiled c;

	(void)state;
	compile(&c, DENY);
	assert_int_equal(c.filter.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_false(c.filter.notify);
	done(&c);
	compile(&c, DENY ",\"flags\":[]");
	assert_int_equal(c.filter.flags, 0);
	/* what the reader would not let through */
	c.spec.linux.seccomp->flags = unknown;
	assert_int_equal(
		hk_seccomp_compile(c.spec.linux.seccomp, &c.arena, &c.filter, &c.err), -EINVAL);
	assert_string_equal(c.err.property, "/linux/seccomp/flags/0");
	done(&c);
	compile(&c, DENY ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"]");
	assert_int_equal(c.filter.flags, SECCOMP_FILTER_FLAG_LOG);
	done(&c);
	/* the kernel takes it together with a listener only */
	compile(&c, DENY ",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]");
	if (hk_seccomp_flag_supported("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
		assert_int_equal(c.filter.flags, 0);
	else
		assert_int_equal(c.r, -EINVAL);
	done(&c);
	compile(&c, DENY ",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],"
			 "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]");
	if (c.r == 0) {
		assert_int_equal(c.filter.flags, 1u << 5);
		assert_true(c.filter.notify);
	}
	done(&c);
}

/* More than a conditional jump can cross: the prologue goes over by unconditional ones. */
static void test_prologue_over_long_filters(void **state)
{
	struct hk_strbuf profile = {0};
	struct compiled c;

	(void)state;
	hk_strbuf_puts(&profile, DENY ",\"syscalls\":[");
	for (int i = 0; i < 300; i++)
		hk_strbuf_printf(&profile,
			"%s{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
			"{\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}",
			i ? "," : "", i * 3);
	hk_strbuf_puts(&profile, "]");
	compile(&c, profile.text);
	if (c.r < 0)
		fail_msg("%s", c.err.message);
	assert_true(c.filter.size / sizeof(struct sock_filter) > 300);
	for (uint32_t i = 0; i < 900; i++)
		assert_int_equal(call(&c.filter, X86_64, 135, i, 0), i % 3 ? ERR(EPERM) : ALLOW);
	assert_int_equal(call(&c.filter, X86_64, 136, 0, 0), ERR(ENOSYS));
	assert_int_equal(call(&c.filter, X86_64, 134, 0, 0), ERR(EPERM));
	done(&c);
	hk_strbuf_done(&profile);
}

/* Many calls switch the binary tree on: it must decide as the list does. */
static void test_binary_tree(void **state)
{
	static const char *const names[] = {"read", "write", "open", "close", "stat", "fstat",
		"lstat", "poll", "lseek", "mmap", "mprotect", "munmap", "brk", "rt_sigaction",
		"rt_sigprocmask", "rt_sigreturn", "ioctl", "pread64", "pwrite64", "readv", "writev",
		"access", "pipe", "select", "sched_yield", "mremap", "msync", "mincore", "madvise",
		"shmget", "shmat", "shmctl", "dup", "dup2", "pause", "nanosleep", "getitimer",
		"alarm", "setitimer", "getpid"};
	struct hk_strbuf profile = {0};
	struct compiled c;

	(void)state;
	hk_strbuf_puts(&profile, DENY ",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[");
	for (size_t i = 0; i < HK_COUNT(names); i += 2)
		hk_strbuf_printf(&profile, "%s\"%s\"", i ? "," : "", names[i]);
	hk_strbuf_puts(&profile, "]},{\"action\":\"SCMP_ACT_TRAP\",\"names\":[");
	for (size_t i = 1; i < HK_COUNT(names); i += 2)
		hk_strbuf_printf(&profile, "%s\"%s\"", i > 1 ? "," : "", names[i]);
	hk_strbuf_puts(&profile, "]}]");
	compile(&c, profile.text);
	assert_int_equal(c.r, 0);
	/* their numbers on x86-64 are their places in the list */
	for (uint32_t i = 0; i < HK_COUNT(names); i++)
		assert_int_equal(
			call(&c.filter, X86_64, i, 0, 0), i % 2 ? SECCOMP_RET_TRAP : ALLOW);
	assert_int_equal(call(&c.filter, X86_64, 40, 0, 0), ERR(ENOSYS));
	done(&c);
	hk_strbuf_done(&profile);
}

#define PROGRAM(result) (struct sock_filter[]){BPF_STMT(BPF_RET | BPF_K, result)}, .count = 1

/* The common beginning by itself, whatever machine the test runs on. */
static void test_join(void **state)
{
	const struct hk_seccomp_program programs[] = {
		{.audit_arch = I386, .has_newest = true, .newest = 10, .code = PROGRAM(1)},
		{.audit_arch = X86_64,
			.x32 = true,
			.has_newest = true,
			.newest = X32(20),
			.code = PROGRAM(2)},
		{.audit_arch = AARCH64, .code = PROGRAM(3)},
		{.audit_arch = X86_64, .has_newest = true, .newest = 30, .code = PROGRAM(4)},
	};
	struct sock_filter code[HK_SECCOMP_HEAD(4) + 4];
	struct hk_seccomp_filter filter = {.instructions = code};
	size_t n = hk_seccomp_join(programs, 4, code);

	(void)state;
	assert_true(n <= HK_COUNT(code));
	filter.size = n * sizeof(code[0]);
	assert_int_equal(call(&filter, I386, 10, 0, 0), 1);
	assert_int_equal(call(&filter, I386, 11, 0, 0), ERR(ENOSYS));
	assert_int_equal(call(&filter, I386, UINT32_MAX, 0, 0), ERR(ENOSYS));
	assert_int_equal(call(&filter, AARCH64, UINT32_MAX, 0, 0), 3);
	assert_int_equal(call(&filter, X86_64, 30, 0, 0), 4);
	assert_int_equal(call(&filter, X86_64, 31, 0, 0), ERR(ENOSYS));
	assert_int_equal(call(&filter, X86_64, HK_X32_BIT - 1, 0, 0), ERR(ENOSYS));
	assert_int_equal(call(&filter, X86_64, X32(20), 0, 0), 2);
	assert_int_equal(call(&filter, X86_64, X32(21), 0, 0), ERR(ENOSYS));
	assert_int_equal(call(&filter, AUDIT_ARCH_PPC64, 0, 0, 0), KILL);
	/* x32 alone on a machine that is no x86 */
	filter.size = hk_seccomp_join(programs + 1, 2, code) * sizeof(code[0]);
	assert_int_equal(call(&filter, X86_64, X32(20), 0, 0), 2);
	assert_int_equal(call(&filter, X86_64, 20, 0, 0), KILL);
	/* x86-64 alone: its own program knows what to do with x32 */
	filter.size = hk_seccomp_join(programs + 3, 1, code) * sizeof(code[0]);
	assert_int_equal(call(&filter, X86_64, X32(20), 0, 0), 4);
	assert_int_equal(call(&filter, X86_64, UINT32_MAX, 0, 0), 4);
	assert_int_equal(call(&filter, I386, 0, 0, 0), KILL);
}

/* One filter of libseccomp's for all architectures is what the joined ones must equal, in every
 * call up to the newest. */
static void test_same_as_libseccomp(void **state)
{
	static const struct {
		const char *name;
		uint32_t action;
	} rules[] = {{"read", SCMP_ACT_ALLOW}, {"socket", SCMP_ACT_ALLOW}, {"mmap", SCMP_ACT_LOG},
		{"mmap2", SCMP_ACT_ALLOW}, {"shmget", SCMP_ACT_ALLOW}, {"openat2", SCMP_ACT_ALLOW},
		{"semtimedop", SCMP_ACT_TRAP}, {"waitpid", SCMP_ACT_ALLOW},
		{"arch_prctl", SCMP_ACT_ALLOW}, {"recvmmsg_time64", SCMP_ACT_ALLOW}};
	static const uint32_t arches[] = {X86_64, I386, AARCH64};
	scmp_filter_ctx reference = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int fd = memfd_create("reference", MFD_CLOEXEC);
	static struct sock_filter code[BPF_MAXINSNS];
	struct hk_seccomp_filter expected = {.instructions = code};
	struct compiled c;

	(void)state;
	assert_int_equal(seccomp_arch_add(reference, SCMP_ARCH_X86), 0);
	assert_int_equal(seccomp_arch_add(reference, SCMP_ARCH_X32), 0);
	for (size_t i = 0; i < HK_COUNT(rules); i++)
		assert_int_equal(seccomp_rule_add(reference, rules[i].action,
					 seccomp_syscall_resolve_name(rules[i].name), 0),
			0);
	assert_int_equal(seccomp_export_bpf(reference, fd), 0);
	expected.size = (size_t)pread(fd, code, sizeof(code), 0);
	compile(&c,
		DENY "," ARCHES ",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\","
		     "\"socket\",\"mmap2\",\"shmget\",\"openat2\",\"waitpid\",\"arch_prctl\","
		     "\"recvmmsg_time64\"]},{\"action\":\"SCMP_ACT_LOG\",\"names\":[\"mmap\"]},"
		     "{\"action\":\"SCMP_ACT_TRAP\",\"names\":[\"semtimedop\"]}]");
	assert_int_equal(c.r, 0);
	for (size_t a = 0; a < HK_COUNT(arches); a++) {
		for (uint32_t nr = 0; nr <= 437; nr++) {
			for (uint64_t arg = 0; arg < 30; arg++) {
				assert_int_equal(call(&c.filter, arches[a], nr, arg, 0),
					call(&expected, arches[a], nr, arg, 0));
				assert_int_equal(call(&c.filter, arches[a], X32(nr), arg, 0),
					arches[a] == I386
						? ERR(ENOSYS)
						: call(&expected, arches[a], X32(nr), arg, 0));
			}
		}
	}
	seccomp_release(reference);
	(void)close(fd);
	done(&c);
}

static void test_words(void **state)
{
	char version[32];

	(void)state;
	assert_non_null(strchr(hk_seccomp_version(version, sizeof(version)), '.'));
	assert_string_equal(hk_seccomp_actions()[0], "SCMP_ACT_ALLOW");
	assert_string_equal(hk_seccomp_operators()[0], "SCMP_CMP_EQ");
	assert_string_equal(hk_seccomp_architectures()[0], "SCMP_ARCH_AARCH64");
	for (const char *const *flag = hk_seccomp_known_flags(); *flag; flag++)
		(void)hk_seccomp_flag_supported(*flag);
	assert_true(hk_seccomp_flag_supported("SECCOMP_FILTER_FLAG_LOG"));
	assert_false(hk_seccomp_flag_supported("SECCOMP_FILTER_FLAG_X"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_prologue_over_long_filters),
		cmocka_unit_test(test_binary_tree),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_same_as_libseccomp),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
