/* The growing list of cgroup file writes, and the resources whose lines both versions share. */
#include "cgroup/settings.h"
#include "base/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static char *format(
	struct hk_arena *arena, const char *prefix, const char *fmt, va_list ap)
{
	size_t skip = strlen(prefix);
	va_list again;
	char *s = NULL;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n >= 0)
		s = hk_arena_alloc(arena, skip + (size_t)n + 1);
	if (!s)
		return NULL;
	memcpy(s, prefix, skip);
	(void)vsnprintf(s + skip, (size_t)n + 1, fmt, ap);
	return s;
}

static bool grow(struct hk_settings *list)
{
	struct hk_cgroup_setting *items =
		hk_arena_grow(list->arena, list->items, list->count, &list->cap, sizeof(*items));

	if (items)
		list->items = items;
	return items;
}

void hk_settings_put(struct hk_settings *list, const struct hk_setting_for *where,
	unsigned int flags, const char *file, const char *fmt, ...)
{
	char *value;
	va_list ap;

	va_start(ap, fmt);
	value = format(list->arena, "", fmt, ap);
	va_end(ap);
	if (!value || !file || !where->property || (list->count == list->cap && !grow(list))) {
		list->failed = true;
		return;
	}
	list->items[list->count++] = (struct hk_cgroup_setting){
		.controller = where->controller,
		.file = file,
		.value = value,
		.property = where->property,
		.flags = flags,
	};
}

const char *hk_settings_property(struct hk_settings *list, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = format(list->arena, HK_RESOURCES, fmt, ap);
	va_end(ap);
	return s;
}

bool hk_settings_is_word(const char *s)
{
	if (!s || !*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

bool hk_settings_is_page_size(const char *s)
{
	size_t digits;

	if (!s || *s == '0')
		return false;
	digits = strspn(s, "0123456789");
	if (digits == 0 || digits > 6)
		return false;
	s += digits;
	return strchr("KMG", s[0]) && s[0] && s[1] == 'B' && s[2] == '\0';
}

int hk_convert_rdma(
	const struct hk_resources *resources, struct hk_settings *list, struct hk_err *err)
{
	for (size_t i = 0; i < resources->rdma_count; i++) {
		const struct hk_rdma_limit *limit = &resources->rdma[i];
		struct hk_setting_for where = {
			"rdma", hk_settings_property(list, "/rdma/%s", limit->device)};
		char handles[48] = "", objects[48] = "";

		if (!hk_settings_is_word(limit->device)) {
			(void)hk_refuse(
				err, EINVAL, "'%s' is no name of an rdma device", limit->device);
			(void)hk_err_at(err, HK_RESOURCES "/rdma");
			return -EINVAL;
		}
		if (limit->hca_handles.set)
			(void)snprintf(handles, sizeof(handles), " hca_handle=%" PRIu64,
				limit->hca_handles.value);
		if (limit->hca_objects.set)
			(void)snprintf(objects, sizeof(objects), " hca_object=%" PRIu64,
				limit->hca_objects.value);
		if (handles[0] || objects[0])
			hk_settings_put(list, &where, 0, "rdma.max", "%s%s%s", limit->device,
				handles, objects);
	}
	return 0;
}

int hk_convert_hugepages(const struct hk_resources *resources, const char *limit_suffix,
	struct hk_settings *list, struct hk_err *err)
{
	for (size_t i = 0; i < resources->hugepage_limit_count; i++) {
		const struct hk_hugepage_limit *limit = &resources->hugepage_limits[i];
		struct hk_setting_for where = {
			"hugetlb", hk_settings_property(list, "/hugepageLimits/%zu", i)};

		if (!hk_settings_is_page_size(limit->page_size)) {
			(void)hk_refuse(err, EINVAL, "'%s' is no huge page size like 2MB or 1GB",
				limit->page_size ? limit->page_size : "");
			(void)hk_err_at(err, HK_RESOURCES "/hugepageLimits/%zu/pageSize", i);
			return -EINVAL;
		}
		hk_settings_put(list, &where, 0,
			hk_arena_printf(
				list->arena, "hugetlb.%s.%s", limit->page_size, limit_suffix),
			"%" PRIu64, limit->limit);
		/* Reservations are counted apart since 5.7: without this limit a process could
		 * reserve every page of the host. */
		hk_settings_put(list, &where, HK_SETTING_OPTIONAL,
			hk_arena_printf(
				list->arena, "hugetlb.%s.rsvd.%s", limit->page_size, limit_suffix),
			"%" PRIu64, limit->limit);
	}
	return 0;
}

/* Base-2 logarithm by repeated squaring: libm would be one more library to load at every start. */
static double log2_of(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n);
	double x = (double)n / (double)(1ull << whole);
	double result = whole, bit = 0.5;

	for (int i = 0; i < 53; i++, bit /= 2) { /* as many as a double has */
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

/* The curve that the runtimes agreed on: 2 -> 1, 1024 -> 100, 262144 -> 10000, that is
 * ceil(10^((l^2 + 125 l) / 612 - 7/34)) with l = log2(shares). The least weight whose logarithm
 * reaches the exponent is searched, which needs no power function. */
uint64_t hk_convert_shares(uint64_t shares)
{
	const double log2_of_10 = 3.321928094887362;
	uint64_t low = 1, high = 10000;
	double l, goal;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of(shares);
	goal = ((l * l + 125 * l) / 612 - 7.0 / 34) * log2_of_10;
	while (low < high) {
		uint64_t middle = (low + high) / 2;

		/* the margin is for 1024 -> 100, where both sides are equal on paper */
		if (log2_of(middle) + 1e-12 >= goal)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t hk_convert_blkio_weight(uint64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}
