/* The growing list of cgroup file writes that the converters fill. */
#ifndef HK_CGROUP_SETTINGS_H
#define HK_CGROUP_SETTINGS_H

#include "cgroup/cgroup.h"

#define HK_RESOURCES "/linux/resources"

/* Zero-initialise, set arena. After memory ran out, failed is set and later puts do nothing. */
struct hk_settings {
	struct hk_arena *arena;
	struct hk_cgroup_setting *items;
	size_t count;
	size_t cap;
	bool failed;
};

/* What the next values are for: one per property of config.json. */
struct hk_setting_for {
	const char *controller;
	const char *property;
};

/* Append "value to file". The strings of where and file must outlive the list. */
void hk_settings_put(struct hk_settings *list, const struct hk_setting_for *where,
	unsigned int flags, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* "/linux/resources" + the formatted rest, in the list's arena; NULL when memory is out. */
const char *hk_settings_property(struct hk_settings *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A name that becomes a word of its own in a file's line: not empty, no blanks or controls. */
bool hk_settings_is_word(const char *s);
/* A huge page size as it is in file names: "2MB", "1GB", "64KB". */
bool hk_settings_is_page_size(const char *s);

/* A v1 or v2 list of everything in resources; errors name the property. */
int hk_convert_v1(
	const struct hk_resources *resources, struct hk_settings *list, struct hk_err *err);
int hk_convert_v2(
	const struct hk_resources *resources, struct hk_settings *list, struct hk_err *err);

/* The same in both versions: the file differs, the lines do not. */
int hk_convert_rdma(
	const struct hk_resources *resources, struct hk_settings *list, struct hk_err *err);
/* limit_suffix: "limit_in_bytes" or "max". */
int hk_convert_hugepages(const struct hk_resources *resources, const char *limit_suffix,
	struct hk_settings *list, struct hk_err *err);

/* cpu.shares (2..262144) as cpu.weight (1..10000), and blkio weight (10..1000) as io.weight. */
uint64_t hk_convert_shares(uint64_t shares);
uint64_t hk_convert_blkio_weight(uint64_t weight);

#endif
