/* The tables of linux.seccomp. Whether this libseccomp and kernel know a name is the compiler's
 * question (plan/seccomp.c); here stands what the specification has. */
#include "spec/tables.h"

const struct hk_enum hk_seccomp_action_names[] = {
	{"SCMP_ACT_KILL", 0},
	{"SCMP_ACT_KILL_PROCESS", 1},
	{"SCMP_ACT_KILL_THREAD", 2},
	{"SCMP_ACT_TRAP", 3},
	{"SCMP_ACT_ERRNO", 4},
	{"SCMP_ACT_TRACE", 5},
	{"SCMP_ACT_ALLOW", 6},
	{"SCMP_ACT_LOG", 7},
	{"SCMP_ACT_NOTIFY", 8},
	{NULL, 0},
};

const struct hk_enum hk_seccomp_arch_names[] = {
	{"SCMP_ARCH_X86", 0},
	{"SCMP_ARCH_X86_64", 1},
	{"SCMP_ARCH_X32", 2},
	{"SCMP_ARCH_ARM", 3},
	{"SCMP_ARCH_AARCH64", 4},
	{"SCMP_ARCH_LOONGARCH64", 5},
	{"SCMP_ARCH_M68K", 6},
	{"SCMP_ARCH_MIPS", 7},
	{"SCMP_ARCH_MIPS64", 8},
	{"SCMP_ARCH_MIPS64N32", 9},
	{"SCMP_ARCH_MIPSEL", 10},
	{"SCMP_ARCH_MIPSEL64", 11},
	{"SCMP_ARCH_MIPSEL64N32", 12},
	{"SCMP_ARCH_PPC", 13},
	{"SCMP_ARCH_PPC64", 14},
	{"SCMP_ARCH_PPC64LE", 15},
	{"SCMP_ARCH_S390", 16},
	{"SCMP_ARCH_S390X", 17},
	{"SCMP_ARCH_SH", 18},
	{"SCMP_ARCH_SHEB", 19},
	{"SCMP_ARCH_PARISC", 20},
	{"SCMP_ARCH_PARISC64", 21},
	{"SCMP_ARCH_RISCV64", 22},
	{NULL, 0},
};

const struct hk_enum hk_seccomp_flag_names[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_LOG", 1},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", 2},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 3},
	{NULL, 0},
};

const struct hk_enum hk_seccomp_operator_names[] = {
	{"SCMP_CMP_NE", 0},
	{"SCMP_CMP_LT", 1},
	{"SCMP_CMP_LE", 2},
	{"SCMP_CMP_EQ", 3},
	{"SCMP_CMP_GE", 4},
	{"SCMP_CMP_GT", 5},
	{"SCMP_CMP_MASKED_EQ", 6},
	{NULL, 0},
};

static const struct hk_property arg_properties[] = {
	HK_UINT("index", struct hk_seccomp_arg, index, .flags = HK_REQUIRED),
	HK_UINT("value", struct hk_seccomp_arg, value, .flags = HK_REQUIRED),
	HK_UINT("valueTwo", struct hk_seccomp_arg, value_two),
	HK_NAME("op", struct hk_seccomp_arg, op, hk_seccomp_operator_names, .flags = HK_REQUIRED),
};

static const struct hk_object arg_object = HK_OBJECT_TYPE(struct hk_seccomp_arg, arg_properties);

static const struct hk_property rule_properties[] = {
	HK_STRINGS("names", struct hk_seccomp_rule, names, .flags = HK_REQUIRED),
	HK_NAME("action", struct hk_seccomp_rule, action, hk_seccomp_action_names,
		.flags = HK_REQUIRED),
	HK_UINT("errnoRet", struct hk_seccomp_rule, errno_ret,
		HK_HAS(struct hk_seccomp_rule, has_errno)),
	HK_OBJECTS("args", struct hk_seccomp_rule, args, arg_count, &arg_object),
};

static const struct hk_object rule_object = HK_OBJECT_TYPE(struct hk_seccomp_rule, rule_properties);

static const struct hk_property seccomp_properties[] = {
	HK_NAME("defaultAction", struct hk_seccomp, default_action, hk_seccomp_action_names,
		.flags = HK_REQUIRED),
	HK_UINT("defaultErrnoRet", struct hk_seccomp, default_errno,
		HK_HAS(struct hk_seccomp, has_default_errno)),
	HK_NAMES("architectures", struct hk_seccomp, architectures, hk_seccomp_arch_names),
	HK_NAMES("flags", struct hk_seccomp, flags, hk_seccomp_flag_names,
		HK_HAS(struct hk_seccomp, has_flags)),
	HK_STRING("listenerPath", struct hk_seccomp, listener_path, HK_LONGEST(HK_LONGEST_SOCKET)),
	HK_STRING("listenerMetadata", struct hk_seccomp, listener_metadata),
	HK_OBJECTS("syscalls", struct hk_seccomp, syscalls, syscall_count, &rule_object),
};

const struct hk_object hk_seccomp_object = HK_OBJECT_TYPE(struct hk_seccomp, seccomp_properties);
