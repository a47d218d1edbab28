/* Looking up names and values in tables. */
#include "base/enumtab.h"

#include <stdio.h>
#include <string.h>

const struct hk_enum *hk_enum_find(const struct hk_enum *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

const char *hk_enum_name(const struct hk_enum *table, uint64_t value)
{
	for (; table->name; table++) {
		if (table->value == value)
			return table->name;
	}
	return NULL;
}

const char *hk_enum_list(const struct hk_enum *table, char *ret, unsigned long cap)
{
	unsigned long len = 0;

	ret[0] = '\0';
	for (const struct hk_enum *e = table; e->name; e++) {
		const char *separator = e == table ? "" : e[1].name ? ", " : " or ";
		int n = snprintf(ret + len, cap - len, "%s%s", separator, e->name);

		if (n < 0 || (unsigned long)n >= cap - len)
			break; /* cut: what fits is there */
		len += (unsigned long)n;
	}
	return ret;
}
