/* Which file of a cgroup is which property of its unit, and how the text in the one becomes the
 * value of the other. systemd writes the same files, on the unit's cgroup: what it is told has to
 * agree with what is written there, and on v2 must not be tighter than in the payload's cgroup
 * below. */
#include "systemd/list.h"

#include "base/idlist.h"

#include <string.h>

#define INFINITE	UINT64_MAX
#define DEFAULT_PERIOD	100000
#define USEC_PER_SEC	1000000
#define QUOTA_STEP_USEC 10000 /* systemd counts in percents of a CPU */

/* All writes and the one that is looked at: quota and period come from two files on v1. */
struct reading {
	const struct hk_cgroup_write *writes;
	size_t count;
	const char *file;
	const char *value;
	struct hk_arena *arena;
};

/* False: the value is none that the property can have. If it is wrong, the write to the file says
 * so. */
typedef bool read_fn(const struct reading *r, struct hk_variant *ret);

static bool give(const struct reading *r, uint64_t number, struct hk_variant *ret)
{
	*ret = hk_variant_number(r->arena, "t", number);
	return true;
}

static bool parse(const char *text, uint64_t *ret)
{
	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
		*ret = INFINITE;
		return true;
	}
	return hk_parse_u64(text, ret) == 0;
}

/* Also 0, which a file takes and a property may not. */
static bool read_amount(const struct reading *r, struct hk_variant *ret)
{
	uint64_t n;

	return parse(r->value, &n) && give(r, n, ret);
}

static bool read_limit(const struct reading *r, struct hk_variant *ret)
{
	uint64_t n;

	return parse(r->value, &n) && give(r, n ? n : 1, ret);
}

static bool is_weight(uint64_t n)
{
	return n >= 1 && n <= 10000;
}

static bool read_weight(const struct reading *r, struct hk_variant *ret)
{
	const char *text = r->value;
	uint64_t n;

	if (hk_starts_with(text, "default "))
		text += strlen("default ");
	return hk_parse_u64(text, &n) == 0 && is_weight(n) && give(r, n, ret);
}

/* The kernel makes a weight of it by these, of which 1024 is 100 (sched_prio_to_weight). */
static bool read_nice(const struct reading *r, struct hk_variant *ret)
{
	static const uint64_t weights[] = {88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705,
		14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277, 1024, 820,
		655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15};
	int64_t nice;

	return hk_parse_i64(r->value, &nice) == 0 && nice >= -20 && nice <= 19 &&
	       give(r, (weights[nice + 20] * 100 + 512) / 1024, ret);
}

static bool read_shares(const struct reading *r, struct hk_variant *ret)
{
	uint64_t n;

	return hk_parse_u64(r->value, &n) == 0 && n >= 2 && n <= 262144 && give(r, n, ret);
}

static bool read_blkio_weight(const struct reading *r, struct hk_variant *ret)
{
	uint64_t n;

	return hk_parse_u64(r->value, &n) == 0 && n >= 10 && n <= 1000 && give(r, n, ret);
}

/* systemd writes io.bfq.weight as well: up to 100 what it is told, and of what is above a hundred
 * an eleventh of that. This is the weight of which it makes ours again; 0: there is none. */
static uint64_t of_bfq(uint64_t n)
{
	if (n > 1000)
		return 0;
	return n <= 100 ? n : 100 + (n - 100) * 11;
}

static bool read_bfq_weight(const struct reading *r, struct hk_variant *ret)
{
	uint64_t n;

	return hk_parse_u64(r->value, &n) == 0 && is_weight(of_bfq(n)) && give(r, of_bfq(n), ret);
}

/* "MAJOR:MINOR NUMBER", with key before the number. */
static bool parse_device(const char *line, const char *key, size_t *ret_len, uint64_t *ret)
{
	size_t len = strcspn(line, " ");

	if (!line[len] || !memchr(line, ':', len) || !hk_starts_with(line + len + 1, key))
		return false;
	*ret_len = len;
	return parse(line + len + 1 + strlen(key), ret);
}

/* One property has what the file gets of all devices, each in a write of its own. */
static struct hk_variant devices(
	const struct reading *r, const char *key, uint64_t (*convert)(uint64_t n))
{
	union hk_atom *atoms = hk_arena_array(r->arena, 2 * r->count, sizeof(*atoms));
	size_t used = 0;

	for (size_t i = 0; atoms && i < r->count; i++) {
		const char *line = r->writes[i].value;
		size_t len;
		uint64_t n;

		if (strcmp(r->writes[i].file, r->file) != 0 || !parse_device(line, key, &len, &n) ||
			!convert(n))
			continue;
		atoms[used].text = hk_arena_printf(r->arena, "/dev/block/%.*s", (int)len, line);
		atoms[used + 1].number = convert(n);
		if (!atoms[used].text)
			atoms = NULL; /* memory is out: the list notes it */
		used += 2;
	}
	return (struct hk_variant){.type = "a(st)", .atoms = atoms, .count = used};
}

static bool give_devices(const struct reading *r, const char *key, uint64_t (*convert)(uint64_t n),
	struct hk_variant *ret)
{
	*ret = devices(r, key, convert);
	return ret->count > 0;
}

static bool read_bfq_weights(const struct reading *r, struct hk_variant *ret)
{
	return give_devices(r, "", of_bfq, ret);
}

static uint64_t of_weight(uint64_t n)
{
	return is_weight(n) ? n : 0;
}

static bool read_weights(const struct reading *r, struct hk_variant *ret)
{
	return give_devices(r, "", of_weight, ret);
}

static uint64_t of_target(uint64_t usec)
{
	return usec;
}

static bool read_latencies(const struct reading *r, struct hk_variant *ret)
{
	return give_devices(r, "target=", of_target, ret);
}

static bool read_idle(const struct reading *r, struct hk_variant *ret)
{
	return strcmp(r->value, "1") == 0 && give(r, 0, ret);
}

static uint64_t quota_per_second(uint64_t quota, uint64_t period)
{
	uint64_t exact;

	if (quota == INFINITE || period == 0 || quota > INFINITE / USEC_PER_SEC)
		return INFINITE;
	exact = quota * USEC_PER_SEC / period;
	return (exact + QUOTA_STEP_USEC - 1) / QUOTA_STEP_USEC * QUOTA_STEP_USEC;
}

/* "QUOTA" or "QUOTA PERIOD"; a value without its period keeps the kernel's default. */
static bool parse_bandwidth(const char *text, uint64_t *quota, uint64_t *period)
{
	char first[32];
	size_t len = strcspn(text, " ");

	if (len >= sizeof(first))
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	*period = DEFAULT_PERIOD;
	return parse(first, quota) && *quota > 0 &&
	       (!text[len] || hk_parse_u64(text + len + 1, period) == 0);
}

static bool read_quota(const struct reading *r, struct hk_variant *ret)
{
	uint64_t quota, period;

	return parse_bandwidth(r->value, &quota, &period) &&
	       give(r, quota_per_second(quota, period), ret);
}

static bool read_period(const struct reading *r, struct hk_variant *ret)
{
	uint64_t quota, period;

	return strchr(r->value, ' ') && parse_bandwidth(r->value, &quota, &period) &&
	       give(r, period, ret);
}

static bool read_quota_v1(const struct reading *r, struct hk_variant *ret)
{
	uint64_t quota, period = DEFAULT_PERIOD;

	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->writes[i].file, "cpu.cfs_period_us") == 0)
			(void)hk_parse_u64(r->writes[i].value, &period); /* else the default */
	return parse(r->value, &quota) && quota > 0 &&
	       give(r, quota_per_second(quota, period), ret);
}

/* "0-2,5" as a bit for each, in bytes of the lowest first. */
static bool read_mask(const struct reading *r, struct hk_variant *ret)
{
	uint8_t bytes[HK_CPU_LIMIT / 8] = {0};
	const char *list = r->value;
	union hk_atom *atoms;
	size_t used = 0;

	while (list) {
		uint32_t from, to;

		if (hk_id_list_next(&list, HK_CPU_LIMIT, &from, &to) < 0)
			return false;
		for (; from <= to; from++)
			bytes[from / 8] |= (uint8_t)(1u << from % 8);
		if (to / 8 + 1 > used)
			used = to / 8 + 1;
	}
	atoms = hk_arena_array(r->arena, used, sizeof(*atoms));
	for (size_t i = 0; atoms && i < used; i++)
		atoms[i].number = bytes[i];
	*ret = (struct hk_variant){.type = "ay", .atoms = atoms, .count = used};
	return true;
}

static bool read_oom_policy(const struct reading *r, struct hk_variant *ret)
{
	*ret = hk_variant_text(r->arena, strcmp(r->value, "1") == 0 ? "kill" : "continue");
	return true;
}

/* In the order of the files: where two give one property, the later one counts. */
static const struct rule {
	const char *file;
	const char *name;
	read_fn *read;
	uint64_t nothing; /* what it is where nobody has set it */
	unsigned int since;
	bool at_start; /* not to be changed afterwards */
} rules[] = {
	{"memory.max", "MemoryMax", read_limit, INFINITE, 0, false},
	{"memory.high", "MemoryHigh", read_limit, INFINITE, 0, false},
	{"memory.low", "MemoryLow", read_amount, 0, 0, false},
	{"memory.min", "MemoryMin", read_amount, 0, 240, false},
	{"memory.swap.max", "MemorySwapMax", read_amount, INFINITE, 0, false},
	{"memory.zswap.max", "MemoryZSwapMax", read_amount, INFINITE, 253, false},
	{"memory.oom.group", "OOMPolicy", read_oom_policy, 0, 253, true},
	{"memory.limit_in_bytes", "MemoryLimit", read_limit, INFINITE, 0, false},
	{"cpu.weight", "CPUWeight", read_weight, INFINITE, 0, false},
	{"cpu.weight.nice", "CPUWeight", read_nice, INFINITE, 0, false},
	{"cpu.idle", "CPUWeight", read_idle, INFINITE, 252, false},
	{"cpu.max", "CPUQuotaPerSecUSec", read_quota, INFINITE, 0, false},
	{"cpu.max", "CPUQuotaPeriodUSec", read_period, INFINITE, 242, false},
	{"cpu.shares", "CPUShares", read_shares, INFINITE, 0, false},
	{"cpu.cfs_quota_us", "CPUQuotaPerSecUSec", read_quota_v1, INFINITE, 0, false},
	{"cpu.cfs_period_us", "CPUQuotaPeriodUSec", read_limit, INFINITE, 242, false},
	{"cpuset.cpus", "AllowedCPUs", read_mask, INFINITE, 244, false},
	{"cpuset.mems", "AllowedMemoryNodes", read_mask, INFINITE, 244, false},
	{"pids.max", "TasksMax", read_limit, INFINITE, 0, false},
	{"io.bfq.weight", "IOWeight", read_bfq_weight, INFINITE, 0, false},
	{"io.bfq.weight", "IODeviceWeight", read_bfq_weights, 0, 0, false},
	{"io.weight", "IOWeight", read_weight, INFINITE, 0, false},
	{"io.weight", "IODeviceWeight", read_weights, 0, 0, false},
	{"io.latency", "IODeviceLatencyTargetUSec", read_latencies, 0, 240, false},
	{"blkio.weight", "BlockIOWeight", read_blkio_weight, INFINITE, 0, false},
};

bool hk_unit_limits_need_version(const struct hk_cgroup_write *writes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < HK_COUNT(rules); j++)
			if (rules[j].since && strcmp(rules[j].file, writes[i].file) == 0)
				return true;
	return false;
}

void hk_unit_put_limits(struct hk_unit_properties *list, const struct hk_cgroup_write *writes,
	size_t count, unsigned int version)
{
	for (size_t i = 0; i < count; i++) {
		const struct reading reading = {
			writes, count, writes[i].file, writes[i].value, list->arena};

		for (size_t j = 0; j < HK_COUNT(rules); j++) {
			struct hk_variant value;

			if (rules[j].since <= version &&
				strcmp(rules[j].file, writes[i].file) == 0 &&
				rules[j].read(&reading, &value))
				hk_unit_put(list, rules[j].name, value, writes[i].property);
		}
	}
}

static const struct rule *rule_of(const char *name)
{
	for (size_t i = 0; i < HK_COUNT(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

/* Of the types above: numbers, and in pairs with them texts. */
static bool is_same(const struct hk_variant *a, const struct hk_variant *b)
{
	bool has_texts = strcmp(a->type, "a(st)") == 0;

	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (has_texts && i % 2 == 0 ? strcmp(a->atoms[i].text, b->atoms[i].text) != 0
					    : a->atoms[i].number != b->atoms[i].number)
			return false;
	return true;
}

void hk_unit_put_difference(struct hk_unit_properties *list,
	const struct hk_unit_properties *before, const struct hk_unit_properties *after)
{
	for (size_t i = 0; i < after->count; i++) {
		const struct hk_unit_property *p = &after->items[i], *old;

		old = hk_unit_find(before, p->name);
		if (!rule_of(p->name)->at_start && (!old || !is_same(&old->value, &p->value)))
			hk_unit_put(list, p->name, p->value, p->property);
	}
	for (size_t i = 0; i < before->count; i++) {
		const struct hk_unit_property *p = &before->items[i];
		const struct rule *rule = rule_of(p->name);
		struct hk_variant value = {.type = p->value.type};

		if (rule->at_start || hk_unit_find(after, p->name))
			continue;
		if (p->value.type[0] != 'a')
			value = hk_variant_number(list->arena, "t", rule->nothing);
		hk_unit_put(list, p->name, value, p->property);
	}
}
