/* The options of hako_update, read: a resources object, and single settings on top of it. */
#include "lib/change.h"

#include "base/size.h"
#include "base/str.h"
#include "json/json.h"
#include "lib/sized.h"

#include <errno.h>
#include <string.h>

#define RESOURCES "/linux/resources"

enum kind {
	KIND_SIZE,    /* struct hk_opt_i64, or -1 */
	KIND_I64,     /* struct hk_opt_i64 */
	KIND_U64,     /* struct hk_opt_u64 */
	KIND_TEXT,    /* const char * */
	KIND_IGNORED, /* as with runc, where these flags are obsolete */
};

enum object {
	OBJECT_RESOURCES,
	OBJECT_MEMORY,
	OBJECT_CPU,
	OBJECT_BLKIO,
	OBJECT_RDT,
};

#define IN_RESOURCES(m) OBJECT_RESOURCES, offsetof(struct hk_resources, m)
#define IN_MEMORY(m)	OBJECT_MEMORY, offsetof(struct hk_memory, m)
#define IN_CPU(m)	OBJECT_CPU, offsetof(struct hk_cpu, m)
#define IN_BLKIO(m)	OBJECT_BLKIO, offsetof(struct hk_blkio, m)
#define IN_RDT(m)	OBJECT_RDT, offsetof(struct hk_intel_rdt, m)

static const struct setting {
	const char *name;
	enum kind kind;
	enum object object;
	size_t offset;
	const char *property;
} settings[] = {
	{"blkio-weight", KIND_U64, IN_BLKIO(weight), RESOURCES "/blockIO/weight"},
	{"cpu-burst", KIND_U64, IN_CPU(burst), RESOURCES "/cpu/burst"},
	{"cpu-idle", KIND_I64, IN_CPU(idle), RESOURCES "/cpu/idle"},
	{"cpu-period", KIND_U64, IN_CPU(period), RESOURCES "/cpu/period"},
	{"cpu-quota", KIND_I64, IN_CPU(quota), RESOURCES "/cpu/quota"},
	{"cpu-rt-period", KIND_U64, IN_CPU(realtime_period), RESOURCES "/cpu/realtimePeriod"},
	{"cpu-rt-runtime", KIND_I64, IN_CPU(realtime_runtime), RESOURCES "/cpu/realtimeRuntime"},
	{"cpu-share", KIND_U64, IN_CPU(shares), RESOURCES "/cpu/shares"},
	{"cpuset-cpus", KIND_TEXT, IN_CPU(cpus), RESOURCES "/cpu/cpus"},
	{"cpuset-mems", KIND_TEXT, IN_CPU(mems), RESOURCES "/cpu/mems"},
	{"kernel-memory", KIND_IGNORED, IN_MEMORY(kernel), RESOURCES "/memory/kernel"},
	{"kernel-memory-tcp", KIND_IGNORED, IN_MEMORY(kernel_tcp), RESOURCES "/memory/kernelTCP"},
	{"l3-cache-schema", KIND_TEXT, IN_RDT(l3_cache_schema), "/linux/intelRdt/l3CacheSchema"},
	{"mem-bw-schema", KIND_TEXT, IN_RDT(mem_bw_schema), "/linux/intelRdt/memBwSchema"},
	{"memory", KIND_SIZE, IN_MEMORY(limit), RESOURCES "/memory/limit"},
	{"memory-reservation", KIND_SIZE, IN_MEMORY(reservation), RESOURCES "/memory/reservation"},
	{"memory-swap", KIND_SIZE, IN_MEMORY(swap), RESOURCES "/memory/swap"},
	{"pids-limit", KIND_I64, IN_RESOURCES(pids_limit), RESOURCES "/pids/limit"},
};

static const struct setting *find(const char *name)
{
	for (size_t i = 0; i < HK_COUNT(settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

/* *object, made where it is missing; NULL when memory is out. */
static void *made(struct hk_change *change, void *object, size_t size)
{
	void **at = object;

	if (!*at)
		*at = hk_arena_alloc(&change->arena, size);
	return *at;
}

static void *object_of(struct hk_change *change, enum object object)
{
	struct hk_resources *resources = &change->resources;

	switch (object) {
	case OBJECT_RESOURCES:
		return resources;
	case OBJECT_MEMORY:
		return made(change, &resources->memory, sizeof(*resources->memory));
	case OBJECT_CPU:
		return made(change, &resources->cpu, sizeof(*resources->cpu));
	case OBJECT_BLKIO:
		return made(change, &resources->block_io, sizeof(*resources->block_io));
	case OBJECT_RDT:
		return &change->rdt;
	}
	return NULL;
}

static int parse_size(const char *value, struct hk_opt_i64 *ret)
{
	ret->set = true;
	if (strcmp(value, "-1") == 0) {
		ret->value = -1;
		return 0;
	}
	return hk_parse_size(value, &ret->value);
}

static int parse(const struct setting *setting, const char *value, void *member)
{
	struct hk_opt_i64 *number = member;
	struct hk_opt_u64 *natural = member;

	switch (setting->kind) {
	case KIND_SIZE:
		return parse_size(value, member);
	case KIND_I64:
		number->set = true;
		return hk_parse_i64(value, &number->value);
	case KIND_U64:
		natural->set = true;
		return hk_parse_u64(value, &natural->value);
	case KIND_TEXT:
		*(const char **)member = value;
		return 0;
	case KIND_IGNORED:
		return 0;
	}
	return -EINVAL;
}

static int refuse(const struct setting *setting, const char *value, int r, struct hk_err *err)
{
	static const char *const wanted[] = {
		[KIND_SIZE] = "size like 64m, nor -1",
		[KIND_I64] = "whole number",
		[KIND_U64] = "whole number of 0 or more",
		[KIND_TEXT] = "text",
		[KIND_IGNORED] = "number",
	};

	if (r == -ERANGE)
		return hk_refuse(err, EINVAL, "invalid value for %s: '%.100s' is too large",
			setting->name, value);
	return hk_refuse(err, EINVAL, "invalid value for %s: '%.100s' is no %s", setting->name,
		value, wanted[setting->kind]);
}

static int apply(struct hk_change *change, const struct hako_setting *given,
	const struct hk_log *log, struct hk_err *err)
{
	const struct setting *setting = find(given->name);
	char *object;
	int r;

	if (!setting)
		return hk_refuse(err, EINVAL, "there is no setting '%.100s'", given->name);
	if (!given->value || !given->value[0])
		return 0;
	if (setting->kind == KIND_IGNORED) {
		hk_logf(log, HK_LOG_WARNING, "%s is ignored: it is obsolete", setting->name);
		return 0;
	}
	object = object_of(change, setting->object);
	if (!object)
		return hk_fail(err, ENOMEM, "read the settings");
	r = parse(setting, given->value, object + setting->offset);
	return r < 0 ? refuse(setting, given->value, r, err) : 0;
}

static const char *name_of(const struct hako_update_options *options)
{
	return options->resources_name ? options->resources_name : "resources";
}

static int read_resources(struct hk_change *change, const struct hk_log *log, struct hk_err *err)
{
	const struct hako_update_options *options = &change->options;
	const struct hk_memory *memory;
	int r;

	if (!options->resources)
		return 0;
	if (options->resources_size > HK_JSON_MAX_SIZE)
		return hk_refuse(err, EFBIG, "%s is larger than %zu MiB", name_of(options),
			HK_JSON_MAX_SIZE >> 20);
	r = hk_spec_parse_resources(options->resources, options->resources_size, name_of(options),
		&change->arena, &change->resources, err);
	memory = change->resources.memory;
	if (r == 0 && memory && memory->kernel.value)
		hk_logf(log, HK_LOG_WARNING,
			"/memory/kernel is ignored: the kernel has no such limit any more");
	return r;
}

int hk_change_read(struct hk_change *change, const struct hako_update_options *options,
	const struct hk_log *log, struct hk_err *err)
{
	int r = hk_sized_copy(&change->options, sizeof(change->options), options, err);

	if (r == 0)
		r = read_resources(change, log, err);
	for (size_t i = 0; r == 0 && i < change->options.setting_count; i++)
		r = apply(change, &change->options.settings[i], log, err);
	return r;
}

void hk_change_done(struct hk_change *change)
{
	hk_arena_done(&change->arena);
}

/* The setting that property was given by, or NULL. */
static const struct setting *find_given(const struct hk_change *change, const char *property)
{
	for (size_t i = 0; i < change->options.setting_count; i++) {
		const struct hako_setting *given = &change->options.settings[i];
		const struct setting *setting = find(given->name);

		if (given->value && given->value[0] && strcmp(setting->property, property) == 0)
			return setting;
	}
	return NULL;
}

void hk_change_locate(const struct hk_change *change, struct hk_err *err)
{
	const struct hako_update_options *options = &change->options;
	const struct setting *setting = find_given(change, err->property);
	size_t skip = strlen(RESOURCES);

	if (setting) {
		hk_err_prefix(err, "%s: ", setting->name);
		err->property[0] = '\0';
		return;
	}
	if (!options->resources || !hk_starts_with(err->property, RESOURCES "/"))
		return;
	memmove(err->property, err->property + skip, strlen(err->property + skip) + 1);
	hk_json_locate(options->resources, options->resources_size, name_of(options), err, 1);
}
