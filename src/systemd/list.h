/* The list of properties: private to systemd/. */
#ifndef HK_SYSTEMD_LIST_H
#define HK_SYSTEMD_LIST_H

#include "systemd/properties.h"

/* Append, or replace what is there of that name. Strings must outlive the list. */
void hk_unit_put(struct hk_unit_properties *list, const char *name, struct hk_variant value,
	const char *property);
/* NULL: it is not there. */
struct hk_unit_property *hk_unit_find(const struct hk_unit_properties *list, const char *name);

#endif
