/* Device rules: defaults, v1's set of exceptions, and the eBPF program, run by a small interpreter
 * against a slow and obvious reading of the rules. */
#include "cgroup/cgroup.h"
#include "cgroup/devices.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { M = BPF_DEVCG_ACC_MKNOD, RD = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE };

/* "+c 1:3 rw" or "-a *:* rwm" */
static struct hk_device_rule rule(const char *text)
{
	struct hk_device_rule r = {.allow = text[0] == '+', .type = text[1]};
	char major[16], minor[16], access[8] = "";

	assert_true(sscanf(text + 3, "%15[^:]:%15s %7s", major, minor, access) >= 2);
	r.major = major[0] == '*' ? -1 : atoll(major);
	r.minor = minor[0] == '*' ? -1 : atoll(minor);
	r.read = strchr(access, 'r');
	r.write = strchr(access, 'w');
	r.mknod = strchr(access, 'm');
	return r;
}

/* Comma-separated rules. */
static size_t rules_of(const char *text, struct hk_device_rule ret[64])
{
	char copy[1024], *rest = copy, *one;
	size_t count = 0;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	while (*text && (one = strsep(&rest, ",")))
		ret[count++] = rule(one);
	return count;
}

static void test_defaults(void **state)
{
	struct hk_device_rule mine[] = {
		{.allow = false, .type = 'a', .major = -1, .minor = -1, true, true, true},
		{.allow = true, .type = 'c', .major = 10, .minor = -7, true, false, false},
	};
	struct hk_resources resources = {.devices = mine, .device_count = 2};
	struct hk_arena arena = {0};
	struct hk_device_rule *rules;
	char line[HK_DEVICE_LINE_MAX], text[1024] = "";
	size_t count;

	(void)state;
	assert_int_equal(hk_cgroup_device_rules(&resources, &arena, &rules, &count), 0);
	for (size_t i = 0; i < count; i++) {
		strcat(text, rules[i].allow ? "+" : "-");
		strcat(text, hk_device_line(&rules[i], line));
		strcat(text, ",");
	}
	assert_string_equal(text,
		"-a *:* rwm,+c 10:* r,+c *:* m,+b *:* m,+c 1:3 rwm,+c 1:8 rwm,+c 1:7 rwm,"
		"+c 5:0 rwm,+c 1:5 rwm,+c 1:9 rwm,+c 136:* rwm,+c 5:2 rwm,+c 10:200 rwm,");
	assert_int_equal(hk_cgroup_device_rules(NULL, &arena, &rules, &count), 0);
	assert_int_equal(count, 11);
	hk_arena_done(&arena);
}

static void test_sets(void **state)
{
	static const struct {
		const char *rules;
		const char *set; /* "deny: c 1:3 r" or "!INDEX" for the rule that does not fit */
	} cases[] = {
		{"", "deny:"},
		{"-a *:* rwm", "deny:"},
		{"+a *:* rwm", "allow:"},
		{"-a *:* rwm,+c 1:3 rwm", "deny: c 1:3 rwm"},
		{"+c 1:3 rwm,-a *:* rwm", "deny:"},
		{"+a *:* rwm,-c 1:3 w", "allow: c 1:3 w"},
		{"+a *:* rwm,-c 1:3 rwm,+c 1:3 rm", "allow: c 1:3 w"},
		{"+a *:* rwm,-c 1:3 rwm,+c *:* rwm", "allow:"},
		{"-a *:* rwm,+c 1:3 r,+c 1:3 w", "deny: c 1:3 rw"},
		{"+c 1:3 rwm,-c 1:3 w", "deny: c 1:3 rm"},
		{"+c 1:3 rwm,-c 1:* w", "deny: c 1:3 rm"},
		{"+c 1:3 rwm,-c *:* rwm", "deny:"},
		{"+c 1:3 rwm,-b 1:3 rwm", "deny: c 1:3 rwm"},
		{"+a *:* r", "deny: b *:* r c *:* r"},
		{"+a 7:* rwm", "deny: b 7:* rwm c 7:* rwm"},
		{"+c *:* m,-c 1:3 rw", "deny: c *:* m"},
		{"+c 1:3 ", "deny:"},
		{"+c *:* rwm,-c 1:3 w", "!1"},
		{"+a *:* rwm,-c *:* rwm,+c 1:3 r", "!2"},
		{"+c 1:* r,-c *:3 r", "!1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hk_device_rule rules[64];
		size_t count = rules_of(cases[i].rules, rules);
		char text[256], line[HK_DEVICE_LINE_MAX];
		struct hk_arena arena = {0};
		struct hk_err err = {0};
		struct hk_device_set set;
		int r = hk_device_set_from_rules(rules, count, &arena, &set, &err);

		if (cases[i].set[0] == '!') {
			char property[64];

			(void)snprintf(property, sizeof(property), "/linux/resources/devices/%s",
				cases[i].set + 1);
			assert_int_equal(r, -EINVAL);
			assert_string_equal(err.property, property);
		} else {
			assert_int_equal(r, 0);
			(void)snprintf(text, sizeof(text), "%s:", set.allow ? "allow" : "deny");
			for (size_t k = 0; k < set.count; k++) {
				strcat(text, " ");
				strcat(text, hk_device_line(&set.exceptions[k], line));
			}
			assert_string_equal(text, cases[i].set);
		}
		hk_arena_done(&arena);
	}
}

/* Only the instructions that the compiler uses; anything else fails the test. */
static int run_program(
	const struct bpf_insn *insns, size_t count, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = {0};

	reg[1] = (uintptr_t)ctx;
	for (size_t pc = 0, steps = 0; steps < 100000; steps++, pc++) {
		const struct bpf_insn *i = &insns[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;
		bool jump = false;

		assert_true(pc < count);
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_true(i->off >= 0 && (size_t)i->off + 4 <= sizeof(*ctx));
			reg[i->dst_reg] =
				*(const uint32_t *)(uintptr_t)(reg[i->src_reg] + (uint64_t)i->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			reg[i->dst_reg] = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			reg[i->dst_reg] >>= imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			reg[i->dst_reg] &= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			jump = reg[i->dst_reg] != imm;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jump = reg[i->dst_reg] == imm;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			fail_msg("instruction %zu has code %#x", pc, i->code);
		}
		if (jump)
			pc += (size_t)i->off;
	}
	fail_msg("the program does not end");
	return -1;
}

static bool bit_allowed(const struct hk_device_rule *rules, size_t count, char type, uint32_t major,
	uint32_t minor, int bit)
{
	bool allowed = false;

	for (size_t i = 0; i < count; i++) {
		const struct hk_device_rule *r = &rules[i];
		int access = (r->read ? RD : 0) | (r->write ? W : 0) | (r->mknod ? M : 0);

		if ((r->type == 'a' || r->type == type) && (access & bit) &&
			(r->major < 0 || r->major == major) && (r->minor < 0 || r->minor == minor))
			allowed = r->allow;
	}
	return allowed;
}

static bool allowed_by_rules(const struct hk_device_rule *rules, size_t count, char type,
	uint32_t major, uint32_t minor, int access)
{
	for (int bit = 1; bit <= 4; bit <<= 1)
		if ((access & bit) && !bit_allowed(rules, count, type, major, minor, bit))
			return false;
	return true;
}

static void check_all_requests(const struct hk_device_rule *rules, size_t count)
{
	static const uint32_t numbers[] = {0, 1, 2, 3, 5, 10, 136, 200, 1048575};
	struct hk_arena arena = {0};
	struct bpf_insn *program;
	size_t len;

	assert_int_equal(hk_devbpf_compile(rules, count, &arena, &program, &len), 0);
	for (int type = 0; type < 2; type++)
		for (size_t a = 0; a < sizeof(numbers) / sizeof(numbers[0]); a++)
			for (size_t b = 0; b < sizeof(numbers) / sizeof(numbers[0]); b++)
				for (int access = 1; access < 8; access++) {
					struct bpf_cgroup_dev_ctx ctx = {
						.access_type = (uint32_t)access << 16 |
							       (type ? BPF_DEVCG_DEV_CHAR
								     : BPF_DEVCG_DEV_BLOCK),
						.major = numbers[a],
						.minor = numbers[b],
					};
					bool want = allowed_by_rules(rules, count, type ? 'c' : 'b',
						numbers[a], numbers[b], access);
					int got = len ? run_program(program, len, &ctx) : 1;

					if (got != want)
						fail_msg("%c %u:%u access %d: %d", type ? 'c' : 'b',
							numbers[a], numbers[b], access, got);
				}
	hk_arena_done(&arena);
}

static void test_programs(void **state)
{
	static const char *const lists[] = {
		"",
		"-a *:* rwm",
		"+a *:* rwm",
		"-a *:* rwm,+c 1:3 rwm",
		"+a *:* rwm,-c 1:3 w",		/* a rw request must be denied */
		"-a *:* rwm,+c 1:3 r,+c 1:3 w", /* a rw request must be allowed */
		"+c 1:3 rwm,-c 1:3 w,+c 1:3 m",
		"+c 1:* rwm,-c 1:3 r,+c *:3 r,-c 5:3 r",
		"+a *:* rwm,-a *:* rwm,+b 10:200 rw",
		"-a *:* rwm,+a *:* rwm,-a 5:* m",
		"+a *:* r,+a *:* w,-c 1:* w",
		"+c 4294967299:3 rwm,-b *:* rwm", /* no device has this number; not 3:3 */
		"+a *:* rwm,-c *:5000000000 rwm",
		"+c 1:3 ,+b *:* rwm",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct hk_device_rule rules[64];

		check_all_requests(rules, rules_of(lists[i], rules));
	}
}

static uint32_t random_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void test_random_programs(void **state)
{
	static const int64_t numbers[] = {-1, 1, 3, 5, 10};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct hk_device_rule rules[8];
		size_t count = random_number(&seed) % 9;

		for (size_t i = 0; i < count; i++) {
			uint32_t access = random_number(&seed);

			rules[i] = (struct hk_device_rule){
				.allow = random_number(&seed) & 1,
				.type = "abc"[random_number(&seed) % 3],
				.major = numbers[random_number(&seed) % 5],
				.minor = numbers[random_number(&seed) % 5],
				.read = access & 1,
				.write = access & 2,
				.mknod = access & 4,
			};
		}
		check_all_requests(rules, count);
	}
}

/* v1's set must decide as the rules do, wherever it can be made at all. Requests of one kind of
 * access: v1 wants one exception to grant all kinds of a request at once. */
static void test_random_sets(void **state)
{
	static const int64_t numbers[] = {-1, 1, 3, 5};
	uint32_t seed = 7;
	int made = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct hk_device_rule rules[5];
		struct hk_arena arena = {0};
		struct hk_device_set set;
		size_t count = random_number(&seed) % 6;

		for (size_t i = 0; i < count; i++) {
			uint32_t access = random_number(&seed);

			rules[i] = (struct hk_device_rule){random_number(&seed) & 1,
				"abc"[random_number(&seed) % 3], numbers[random_number(&seed) % 4],
				numbers[random_number(&seed) % 4], access & 1, access & 2,
				access & 4};
		}
		if (hk_device_set_from_rules(rules, count, &arena, &set, NULL) == 0) {
			made++;
			for (uint32_t n = 0; n < 32; n++)
				for (int bit = 1; bit <= 4; bit <<= 1) {
					char type = n & 16 ? 'c' : 'b';
					uint32_t major = (n & 3) * 2 + 1,
						 minor = (n >> 2 & 3) * 2 + 1;
					bool except = false;

					for (size_t e = 0; e < set.count; e++) {
						struct hk_device_rule one = set.exceptions[e];

						one.allow = true;
						except |= bit_allowed(
							&one, 1, type, major, minor, bit);
					}
					assert_int_equal(set.allow != except,
						bit_allowed(rules, count, type, major, minor, bit));
				}
		}
		hk_arena_done(&arena);
	}
	assert_true(made > 500);
}

static void test_no_program_needed(void **state)
{
	struct hk_resources resources = {.device_count = 1,
		.devices = &(struct hk_device_rule){true, 'a', -1, -1, true, true, true}};
	struct hk_arena arena = {0};
	struct hk_device_rule *rules;
	struct bpf_insn *program;
	size_t count, len;

	(void)state;
	assert_int_equal(hk_cgroup_device_rules(&resources, &arena, &rules, &count), 0);
	assert_int_equal(hk_devbpf_compile(rules, count, &arena, &program, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(hk_cgroup_device_rules(NULL, &arena, &rules, &count), 0);
	assert_int_equal(hk_devbpf_compile(rules, count, &arena, &program, &len), 0);
	assert_true(len > 0);
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_random_programs),
		cmocka_unit_test(test_random_sets),
		cmocka_unit_test(test_no_program_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
