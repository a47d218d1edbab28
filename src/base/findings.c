/* Findings: the first, or all of them. */
#include "base/findings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Is the second pointer the first, or one of something below it? "" is only itself: a finding
 * without a property says nothing about the others. */
static bool is_at_or_below(const char *above, const char *pointer)
{
	size_t len = strlen(above);

	if (!len || !*pointer)
		return !len && !*pointer;
	return strncmp(above, pointer, len) == 0 && (pointer[len] == '\0' || pointer[len] == '/');
}

bool hk_findings_touch(const struct hk_findings *findings, const char *property)
{
	for (size_t i = 0; i < findings->count; i++) {
		const char *other = findings->items[i].property;

		if (is_at_or_below(other, property) || is_at_or_below(property, other))
			return true;
	}
	return false;
}

static int grow(struct hk_findings *findings)
{
	size_t cap = findings->cap ? 2 * findings->cap : 8;
	struct hk_err *items = reallocarray(findings->items, cap, sizeof(*items));

	if (!items)
		return -ENOMEM;
	findings->items = items;
	findings->cap = cap;
	return 0;
}

int hk_found(struct hk_findings *findings)
{
	const struct hk_err *err = findings->err;

	if (!findings->collect)
		return -err->code;
	if (findings->full)
		return -E2BIG;
	if (err->property[0] && hk_findings_touch(findings, err->property))
		return 0;
	findings->full = findings->count == HK_FINDINGS_MAX;
	if (findings->full)
		(void)hk_refuse(findings->err, E2BIG,
			"there are more than %d problems: the others are left out",
			HK_FINDINGS_MAX);
	if (findings->count == findings->cap && grow(findings) < 0)
		return hk_fail(findings->err, ENOMEM, "write down what was found");
	findings->items[findings->count++] = *err;
	return findings->full ? -E2BIG : 0;
}

void hk_findings_done(struct hk_findings *findings)
{
	free(findings->items);
	findings->items = NULL;
	findings->count = findings->cap = 0;
}
