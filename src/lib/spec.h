/* What a hako_spec is, and what the builder's files share. */
#ifndef HK_LIB_SPEC_H
#define HK_LIB_SPEC_H

#include "base/err.h"
#include "spec/spec.h"

#include <hako/spec.h>

struct hako_spec {
	struct hk_spec spec;
	const char *path; /* absolute, of the file that was read in the place of a bundle's config.json;
			   * NULL: none was */
	struct hk_err err;	   /* the first builder call that failed; code 0: none */
	bool parsed;		   /* arrays from the reader have no room behind their last item */
	struct hk_strings changed; /* members of process that calls have set: in no text any more */
};

/* As hako_spec_load. */
int hk_spec_load(const char *bundle, const char *file, struct hako_spec **ret, struct hk_err *err);

/* hk_spec_locate; an error about what the text does not say loses its property. */
void hk_spec_handle_locate(const struct hako_spec *handle, struct hk_err *err);

/* ---- for the builder's functions ---- */

/* Room for one more item: returns the array, moved where it was full, with items[count] zeroed.
 * NULL when memory is out. */
void *hk_builder_grow(struct hako_spec *handle, void *items, size_t count, size_t item_size);
/* Copy of s, NULL for NULL. false when memory is out. */
bool hk_builder_copy(struct hako_spec *handle, const char *s, const char **ret);
/* Append a copy of s. */
bool hk_builder_append(struct hako_spec *handle, struct hk_strings *list, const char *s);
bool hk_builder_pair(
	struct hako_spec *handle, struct hk_pairs *pairs, const char *key, const char *value);
/* Remember that memory is out, and return it. */
int hk_builder_no_memory(struct hako_spec *handle);
/* The process object, made where missing; NULL when memory is out. */
struct hk_process *hk_builder_process(struct hako_spec *handle);

#endif
