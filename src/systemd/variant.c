/* Making values, and writing them in GVariant's text notation. */
#include "systemd/variant.h"

#include <inttypes.h>
#include <string.h>

static struct hk_variant one(struct hk_arena *arena, const char *type, union hk_atom atom)
{
	union hk_atom *atoms = hk_arena_alloc(arena, sizeof(*atoms));

	if (atoms)
		*atoms = atom;
	return (struct hk_variant){.type = type, .atoms = atoms, .count = 1};
}

struct hk_variant hk_variant_number(struct hk_arena *arena, const char *type, uint64_t number)
{
	return one(arena, type, (union hk_atom){.number = number});
}

struct hk_variant hk_variant_text(struct hk_arena *arena, const char *text)
{
	return one(arena, "s", (union hk_atom){.text = text});
}

static void format_text(const char *text, struct hk_strbuf *ret)
{
	hk_strbuf_putc(ret, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			hk_strbuf_putc(ret, '\\');
		hk_strbuf_putc(ret, *text);
	}
	hk_strbuf_putc(ret, '\'');
}

static void format_atom(char type, const union hk_atom *atom, struct hk_strbuf *ret)
{
	switch (type) {
	case 'b':
		hk_strbuf_puts(ret, atom->number ? "true" : "false");
		break;
	case 'd':
		hk_strbuf_printf(ret, "%g", atom->real);
		break;
	case 's':
	case 'o':
	case 'g':
		format_text(atom->text, ret);
		break;
	case 'n':
	case 'i':
	case 'x':
		hk_strbuf_printf(ret, "%" PRId64, (int64_t)atom->number);
		break;
	default:
		hk_strbuf_printf(ret, "%" PRIu64, atom->number);
	}
}

/* "(ss)" of "a(ss)": each member of each row. */
static void format_rows(const struct hk_variant *v, struct hk_strbuf *ret)
{
	size_t columns = strlen(v->type) - strlen("a()");

	for (size_t i = 0; i < v->count; i++) {
		size_t column = i % columns;

		hk_strbuf_puts(ret, column ? ", " : i ? ", (" : "(");
		format_atom(v->type[2 + column], &v->atoms[i], ret);
		if (column + 1 == columns)
			hk_strbuf_putc(ret, ')');
	}
}

static void format_array(const struct hk_variant *v, struct hk_strbuf *ret)
{
	hk_strbuf_printf(ret, "@%s [", v->type);
	if (v->type[1] == '(')
		format_rows(v, ret);
	for (size_t i = 0; v->type[1] != '(' && i < v->count; i++) {
		hk_strbuf_puts(ret, i ? ", " : "");
		format_atom(v->type[1], &v->atoms[i], ret);
	}
	hk_strbuf_putc(ret, ']');
}

void hk_variant_format(const struct hk_variant *v, struct hk_strbuf *ret)
{
	static const struct {
		char type;
		const char *word;
	} words[] = {{'y', "byte "}, {'n', "int16 "}, {'q', "uint16 "}, {'u', "uint32 "},
		{'x', "int64 "}, {'t', "uint64 "}, {'o', "objectpath "}, {'g', "signature "}};

	if (v->type[0] == 'a') {
		format_array(v, ret);
		return;
	}
	for (size_t i = 0; i < HK_COUNT(words); i++)
		if (words[i].type == v->type[0])
			hk_strbuf_puts(ret, words[i].word);
	format_atom(v->type[0], &v->atoms[0], ret);
}
