/* GVariant's text notation, as far as properties of units need it: basic values, arrays of them,
 * arrays of structs of them. */
#include "systemd/variant.h"

#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define TYPE_MAX 16 /* "a(" and so on, and more than any property has */

struct parser {
	const char *at;
	struct hk_arena *arena;
	struct hk_err *err;
	char type[TYPE_MAX]; /* what is known of it: said, or of the values read so far; "": nothing
			      */
	union hk_atom *atoms;
	size_t count;
	size_t cap;
};

static const struct {
	const char *word;
	char type;
} words[] = {
	{"boolean", 'b'},
	{"byte", 'y'},
	{"int16", 'n'},
	{"uint16", 'q'},
	{"int32", 'i'},
	{"uint32", 'u'},
	{"int64", 'x'},
	{"uint64", 't'},
	{"double", 'd'},
	{"string", 's'},
	{"objectpath", 'o'},
	{"signature", 'g'},
};

static const struct {
	char type;
	int64_t min;
	uint64_t max;
} ranges[] = {
	{'y', 0, UINT8_MAX},
	{'n', INT16_MIN, INT16_MAX},
	{'q', 0, UINT16_MAX},
	{'i', INT32_MIN, INT32_MAX},
	{'u', 0, UINT32_MAX},
	{'x', INT64_MIN, INT64_MAX},
	{'t', 0, UINT64_MAX},
};

static int refuse(struct parser *p, const char *what)
{
	char shown[64];

	if (!*p->at)
		return hk_refuse(p->err, EINVAL, "expected %s at the end of the value", what);
	return hk_refuse(p->err, EINVAL, "expected %s at '%s'", what,
		hk_printable(p->at, shown, sizeof(shown)));
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static int put(struct parser *p, union hk_atom atom)
{
	if (p->count == p->cap) {
		union hk_atom *atoms =
			hk_arena_grow(p->arena, p->atoms, p->count, &p->cap, sizeof(*atoms));

		if (!atoms)
			return hk_fail(p->err, ENOMEM, "read the value");
		p->atoms = atoms;
	}
	p->atoms[p->count++] = atom;
	return 0;
}

/* ---- one basic value; *type is 0 where it has not been said, and then what the value is ---- */

static bool is_text(char type)
{
	return type == 's' || type == 'o' || type == 'g';
}

static char unescaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

static int read_text(struct parser *p, char *type)
{
	char quote = *p->at, *copy, *end;

	if (*type == 0)
		*type = 's';
	if (!is_text(*type))
		return refuse(p, "a number");
	copy = end = hk_arena_alloc(p->arena, strlen(p->at));
	if (!copy)
		return hk_fail(p->err, ENOMEM, "read the value");
	for (p->at++; *p->at && *p->at != quote; p->at++) {
		if (*p->at == '\\' && p->at[1])
			*end++ = unescaped(*++p->at);
		else
			*end++ = *p->at;
	}
	if (!*p->at)
		return refuse(p, "a closing quotation mark");
	p->at++;
	return put(p, (union hk_atom){.text = copy});
}

static int check_range(struct parser *p, char type, bool negative, uint64_t magnitude)
{
	for (size_t i = 0; i < HK_COUNT(ranges); i++) {
		if (ranges[i].type != type)
			continue;
		if (negative ? magnitude <= 0 - (uint64_t)ranges[i].min
			     : magnitude <= ranges[i].max)
			return 0;
	}
	return refuse(p, "a number in the range of its type");
}

/* Octal and hexadecimal as C has them. */
static int read_integer(struct parser *p, char *type, bool negative, const char *digits, size_t len)
{
	char *end;
	uint64_t magnitude;
	int r;

	if (*type == 0)
		*type = 'i';
	errno = 0;
	magnitude = strtoull(digits, &end, 0);
	if (errno || end != digits + len)
		return refuse(p, "a number");
	r = check_range(p, *type, negative, magnitude);
	if (r < 0)
		return r;
	p->at = end;
	return put(p, (union hk_atom){.number = negative ? 0 - magnitude : magnitude});
}

static int read_real(struct parser *p, char *type, size_t len)
{
	char *end;
	double real = strtod(p->at, &end);

	if (end != p->at + len)
		return refuse(p, "a number");
	*type = 'd';
	p->at = end;
	return put(p, (union hk_atom){.real = real});
}

static int read_number(struct parser *p, char *type)
{
	bool negative = *p->at == '-';
	const char *digits = p->at + (*p->at == '-' || *p->at == '+');
	size_t len = strspn(digits, "0123456789abcdefABCDEFxX.+-");
	bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');

	if (!isdigit((unsigned char)digits[0]) && digits[0] != '.')
		return refuse(p, "a value");
	if (*type == 'd' || (*type == 0 && !hexadecimal && strcspn(digits, ".eE") < len))
		return read_real(p, type, (size_t)(digits - p->at) + len);
	return read_integer(p, type, negative, digits, len);
}

static bool take_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(p->at, word, len) != 0 || isalnum((unsigned char)p->at[len]))
		return false;
	p->at += len;
	return true;
}

static int read_basic(struct parser *p, char *type)
{
	bool yes;

	skip_blanks(p);
	for (size_t i = 0; i < HK_COUNT(words); i++) {
		if (!take_word(p, words[i].word))
			continue;
		if (*type && *type != words[i].type)
			return refuse(p, "a value of one type with those before");
		*type = words[i].type;
		skip_blanks(p);
		break;
	}
	if (*p->at == '\'' || *p->at == '"')
		return read_text(p, type);
	yes = take_word(p, "true");
	if (!yes && !take_word(p, "false"))
		return read_number(p, type);
	if (*type && *type != 'b')
		return refuse(p, "a number");
	*type = 'b';
	return put(p, (union hk_atom){.number = yes});
}

/* ---- what is made of them ---- */

/* "(a, b)": as many members as the row before, of the same types. */
static int read_row(struct parser *p)
{
	char *types = p->type + 2; /* behind "a(" */
	bool first = !p->type[1];
	size_t columns = 0;

	if (!first && p->type[1] != '(')
		return refuse(p, "a value of one type with those before");
	p->type[1] = '(';
	do {
		int r;

		if (columns == TYPE_MAX - 4 || (!first && types[columns] == ')'))
			return refuse(p, "fewer members");
		r = read_basic(p, &types[columns++]);
		if (r < 0)
			return r;
	} while (take(p, ','));
	if (!take(p, ')') || (!first && types[columns] != ')'))
		return refuse(p, "another member, or ')'");
	types[columns] = ')';
	return 0;
}

static int read_element(struct parser *p)
{
	skip_blanks(p);
	if (take(p, '('))
		return read_row(p);
	if (p->type[1] == '(')
		return refuse(p, "'('");
	return read_basic(p, &p->type[1]);
}

static int read_array(struct parser *p)
{
	int r = 0;

	p->type[0] = 'a';
	if (!take(p, ']')) {
		do
			r = read_element(p);
		while (r == 0 && take(p, ','));
		if (r == 0 && !take(p, ']'))
			r = refuse(p, "',' or ']'");
	}
	if (r == 0 && !p->type[1])
		return hk_refuse(p->err, EINVAL,
			"expected the type of an empty array before it, as in '@as []'");
	return r;
}

/* "@au": a signature of the kinds that we know. */
static int read_type(struct parser *p)
{
	static const char basic[] = "bynqiuxtdsog";
	size_t len = strcspn(p->at, " \t\n[");
	const char *t = p->at;
	size_t prefix;

	if (len == 0 || len >= TYPE_MAX)
		return refuse(p, "a type");
	prefix = t[0] == 'a' ? (t[1] == '(' ? 2 : 1) : 0;
	if (strspn(t + prefix, basic) != len - prefix - (prefix == 2) || len == prefix ||
		(prefix < 2 && len != prefix + 1) ||
		(prefix == 2 && (t[len - 1] != ')' || len == 3)))
		return refuse(p, "a basic type, or an array of such or of structs of such");
	memcpy(p->type, t, len);
	p->at += len;
	skip_blanks(p);
	return 0;
}

static int parse(struct parser *p)
{
	int r = 0;

	skip_blanks(p);
	if (*p->at == '@') {
		p->at++;
		r = read_type(p);
	}
	if (r < 0)
		return r;
	if (p->type[0] && (p->type[0] == 'a') != (*p->at == '['))
		return refuse(p, "a value of the type");
	r = take(p, '[') ? read_array(p) : read_basic(p, &p->type[0]);
	skip_blanks(p);
	if (r == 0 && *p->at)
		r = refuse(p, "nothing more");
	return r;
}

int hk_variant_parse(
	const char *text, struct hk_arena *arena, struct hk_variant *ret, struct hk_err *err)
{
	struct parser p = {.at = text, .arena = arena, .err = err};
	int r = parse(&p);
	const char *type;

	if (r < 0)
		return r;
	type = hk_arena_strdup(arena, p.type);
	if (!type)
		return hk_fail(err, ENOMEM, "read the value");
	*ret = (struct hk_variant){.type = type, .atoms = p.atoms, .count = p.count};
	return 0;
}
