/* Values of D-Bus, of the kinds that units' properties have: a basic one, an array of basic ones, or an
 * array of structs of basic ones. Pure. */
#ifndef HK_SYSTEMD_VARIANT_H
#define HK_SYSTEMD_VARIANT_H

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>

struct hk_err;

/* By the character of its type: text for "sog", real for "d", number for the others, signed ones in two's
 * complement. */
union hk_atom {
	uint64_t number;
	double real;
	const char *text;
};

struct hk_variant {
	const char *type; /* a signature of D-Bus: "t", "as", "a(ss)" */
	const union hk_atom *atoms; /* of an array of structs one struct after the other */
	size_t count;
};

/* From GVariant's text notation: "uint64 5", "'a text'", "['a', 'b']", "@au []", "true". Strings live in
 * arena. -EINVAL: err says what is wrong with it. */
int hk_variant_parse(
	const char *text, struct hk_arena *arena, struct hk_variant *ret, struct hk_err *err);

/* The same notation. */
void hk_variant_format(const struct hk_variant *variant, struct hk_strbuf *ret);

/* One value of a basic type; NULL atoms when memory is out. */
struct hk_variant hk_variant_number(struct hk_arena *arena, const char *type, uint64_t number);
struct hk_variant hk_variant_text(struct hk_arena *arena, const char *text);

#endif
