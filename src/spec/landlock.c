/* The grammar of dev.hako.landlock, "ro:/usr,/etc; rw+execute:/data; bind_tcp:8080": clauses of a
 * kind and what it is for. */
#include "spec/landlock.h"

#include "base/err.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define MAX_RULES 4096 /* of paths, and of ports; each duplicate is looked for */
#define MAX_PORT  65535

#define FS_ALL ((HK_LANDLOCK_IOCTL_DEV << 1) - 1)
#define RO     (HK_LANDLOCK_READ_FILE | HK_LANDLOCK_READ_DIR)
#define RW     (FS_ALL & ~HK_LANDLOCK_EXECUTE)

const struct hk_enum hk_landlock_fs_rights[] = {
	{"execute", HK_LANDLOCK_EXECUTE},
	{"write_file", HK_LANDLOCK_WRITE_FILE},
	{"read_file", HK_LANDLOCK_READ_FILE},
	{"read_dir", HK_LANDLOCK_READ_DIR},
	{"remove_dir", HK_LANDLOCK_REMOVE_DIR},
	{"remove_file", HK_LANDLOCK_REMOVE_FILE},
	{"make_char", HK_LANDLOCK_MAKE_CHAR},
	{"make_dir", HK_LANDLOCK_MAKE_DIR},
	{"make_reg", HK_LANDLOCK_MAKE_REG},
	{"make_sock", HK_LANDLOCK_MAKE_SOCK},
	{"make_fifo", HK_LANDLOCK_MAKE_FIFO},
	{"make_block", HK_LANDLOCK_MAKE_BLOCK},
	{"make_sym", HK_LANDLOCK_MAKE_SYM},
	{"refer", HK_LANDLOCK_REFER},
	{"truncate", HK_LANDLOCK_TRUNCATE},
	{"ioctl_dev", HK_LANDLOCK_IOCTL_DEV},
	{NULL, 0},
};

const struct hk_enum hk_landlock_net_rights[] = {
	{"bind_tcp", HK_LANDLOCK_BIND_TCP},
	{"connect_tcp", HK_LANDLOCK_CONNECT_TCP},
	{NULL, 0},
};

const struct hk_enum hk_landlock_scopes[] = {
	{"abstract_unix_socket", HK_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET},
	{"signal", HK_LANDLOCK_SCOPE_SIGNAL},
	{NULL, 0},
};

/* What most people want, in two or three letters. They mean as much of it as the ABI has. */
static const struct hk_enum groups[] = {
	{"ro", RO},
	{"rox", RO | HK_LANDLOCK_EXECUTE},
	{"rw", RW},
	{"rwx", FS_ALL},
	{NULL, 0},
};

static const struct {
	const char *kernel;
	uint64_t fs; /* rights of the file system, those before included */
} abis[] = {
	[1] = {"5.13", HK_LANDLOCK_REFER - 1},
	[2] = {"5.19", HK_LANDLOCK_TRUNCATE - 1},
	[3] = {"6.2", HK_LANDLOCK_IOCTL_DEV - 1},
	[4] = {"6.7", HK_LANDLOCK_IOCTL_DEV - 1},
	[5] = {"6.10", FS_ALL},
	[6] = {"6.12", FS_ALL},
};

#define ABI_NET	  4
#define ABI_FS	  5 /* the newest that has a right of the file system */
#define ABI_SCOPE 6
#define ABI_LAST  (HK_COUNT(abis) - 1)
_Static_assert(ABI_LAST == HK_LANDLOCK_NEWEST_ABI, "the header says what the table has");

/* The value while it is read. */
struct parser {
	struct hk_arena *arena;
	struct hk_err *err;
	char *rest;	/* not read yet */
	char stop;	/* what ended the last word: ':', ',', ';' or NUL */
	uint32_t abi;	/* of the clause; 0: none */
	uint64_t named; /* rights of the file system that were called by name */
	struct hk_landlock out;
};

const char *hk_landlock_first_kernel(uint32_t abi)
{
	return abi > 0 && abi <= ABI_LAST ? abis[abi].kernel : "a later version";
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The next word up to one of the stops, without the blanks around it; "\" takes its meaning from
 * the character behind it. In place: a word is no longer than it was. */
static char *next_word(struct parser *p, const char *stops)
{
	char *word, *to, *end;

	while (is_blank(*p->rest))
		p->rest++;
	word = to = end = p->rest;
	while (*p->rest && !strchr(stops, *p->rest)) {
		bool literal = p->rest[0] == '\\' && p->rest[1];

		p->rest += literal;
		*to++ = *p->rest;
		if (literal || !is_blank(*p->rest))
			end = to;
		p->rest++;
	}
	p->stop = *p->rest;
	if (p->stop)
		p->rest++;
	*end = '\0';
	return word;
}

static int wrong(struct parser *p, const char *what, const char *word)
{
	char shown[128];

	return hk_refuse(
		p->err, EINVAL, "%s, found '%s'", what, hk_printable(word, shown, sizeof(shown)));
}

/* ---- clauses ---- */

/* The bits of one word; 0: it is none of ours. */
static uint64_t rights_of(struct parser *p, const char *name)
{
	const struct hk_enum *group = hk_enum_find(groups, name);
	const struct hk_enum *right = hk_enum_find(hk_landlock_fs_rights, name);

	if (group)
		return group->value;
	if (!right)
		return 0;
	p->named |= right->value;
	return right->value;
}

/* "ro", "read_file+execute" */
static int parse_rights(struct parser *p, char *kind, uint32_t *ret)
{
	uint64_t rights = 0;
	char *rest = kind;

	for (const char *name; (name = strsep(&rest, "+"));) {
		uint64_t more = rights_of(p, name);

		if (!more) {
			(void)wrong(
				p, "expected rights such as ro, rox, rw, rwx or read_file", name);
			hk_err_hint(p->err, "other clauses are bind_tcp, connect_tcp, scope, abi");
			return -EINVAL;
		}
		rights |= more;
	}
	*ret = (uint32_t)rights;
	return 0;
}

static int add_path(struct parser *p, const char *path, uint32_t rights)
{
	struct hk_landlock *out = &p->out;
	char clean[PATH_MAX];

	if (path[0] != '/')
		return wrong(p, "expected an absolute path", path);
	if (hk_path_has_dot_dot(path))
		return wrong(p, "expected a path without '..'", path);
	if (hk_path_clean(path, true, clean, sizeof(clean)) < 0)
		return wrong(p, "expected a path of less than 4096 bytes", path);
	for (size_t i = 0; i < out->path_count; i++)
		if (strcmp(out->paths[i], clean) == 0)
			return wrong(p, "expected each path once", clean);
	if (out->path_count == MAX_RULES)
		return hk_refuse(p->err, EINVAL, "more than %d paths", MAX_RULES);
	out->paths[out->path_count] = hk_arena_strdup(p->arena, clean);
	if (!out->paths[out->path_count])
		return hk_fail(p->err, ENOMEM, "read the Landlock rules");
	out->path_rights[out->path_count++] = rights;
	return 0;
}

static int parse_paths(struct parser *p, char *kind)
{
	uint32_t rights;
	int r = parse_rights(p, kind, &rights);

	p->out.fs = FS_ALL;
	do
		r = r < 0 ? r : add_path(p, next_word(p, ",;"), rights);
	while (r == 0 && p->stop == ',');
	return r;
}

static int add_port(struct parser *p, const char *word, uint32_t right)
{
	struct hk_landlock *out = &p->out;
	uint32_t port;

	if (hk_parse_u32(word, &port) < 0 || port > MAX_PORT)
		return wrong(p, "expected a port from 0 to 65535, or none", word);
	for (size_t i = 0; i < out->port_count; i++)
		if (out->ports[i] == port && out->port_rights[i] == right)
			return wrong(p, "expected each port once", word);
	if (out->port_count == MAX_RULES)
		return hk_refuse(p->err, EINVAL, "more than %d ports", MAX_RULES);
	out->ports[out->port_count] = port;
	out->port_rights[out->port_count++] = right;
	return 0;
}

static int parse_ports(struct parser *p, const struct hk_enum *kind)
{
	uint32_t right = (uint32_t)kind->value;
	const char *word = next_word(p, ",;");
	int r;

	if (p->out.net & right)
		return wrong(p, "expected each clause of ports once", kind->name);
	p->out.net |= right;
	if (strcmp(word, "none") == 0)
		return p->stop == ',' ? wrong(p, "expected ports, or none alone", word) : 0;
	r = add_port(p, word, right);
	while (r == 0 && p->stop == ',')
		r = add_port(p, next_word(p, ",;"), right);
	return r;
}

static int parse_scopes(struct parser *p)
{
	do {
		const char *word = next_word(p, ",;");
		const struct hk_enum *scope = hk_enum_find(hk_landlock_scopes, word);

		if (!scope)
			return wrong(p, "expected abstract_unix_socket or signal", word);
		if (p->out.scope & scope->value)
			return wrong(p, "expected each scope once", word);
		p->out.scope |= scope->value;
	} while (p->stop == ',');
	return 0;
}

static int parse_abi(struct parser *p)
{
	const char *word = next_word(p, ",;");

	if (p->abi)
		return wrong(p, "expected one clause abi", word);
	if (p->stop == ',' || hk_parse_u32(word, &p->abi) < 0 || !p->abi || p->abi > ABI_LAST) {
		(void)wrong(p, "expected a number of an ABI", word);
		hk_err_hint(p->err, "this version of hako knows those from 1 to %zu", ABI_LAST);
		return -EINVAL;
	}
	return 0;
}

static int parse_clause(struct parser *p, char *kind)
{
	const struct hk_enum *net = hk_enum_find(hk_landlock_net_rights, kind);

	if (p->stop != ':')
		return wrong(p, "expected KIND:VALUE[,VALUE...]", kind);
	if (net)
		return parse_ports(p, net);
	if (strcmp(kind, "scope") == 0)
		return parse_scopes(p);
	if (strcmp(kind, "abi") == 0)
		return parse_abi(p);
	return parse_paths(p, kind);
}

static int parse_clauses(struct parser *p)
{
	int r = 0;

	while (r == 0 && *p->rest) {
		char *kind = next_word(p, ":,;");

		if (!*kind && !*p->rest && p->stop != ':') /* behind the last ";" */
			break;
		r = parse_clause(p, kind);
	}
	if (r == 0 && !p->out.fs && !p->out.net && !p->out.scope)
		return hk_refuse(p->err, EINVAL, "expected rules such as ro:/usr,/etc; rw:/tmp");
	return r;
}

/* ---- the ABI ---- */

/* The least ABI that has it all. Without a clause abi the file system's rights are all of those we
 * know: an older kernel is not to allow in silence what a newer one would deny. */
static uint32_t wanted_abi(const struct hk_landlock *out)
{
	if (out->scope)
		return ABI_SCOPE;
	return out->fs ? ABI_FS : ABI_NET;
}

static int apply_abi(struct parser *p)
{
	struct hk_landlock *out = &p->out;

	out->abi = p->abi ? p->abi : wanted_abi(out);
	if ((out->net && out->abi < ABI_NET) || (out->scope && out->abi < ABI_SCOPE))
		return hk_refuse(p->err, EINVAL, "%s needs ABI %d, but abi is %" PRIu32,
			out->scope ? "scope" : "a rule for ports", out->scope ? ABI_SCOPE : ABI_NET,
			out->abi);
	for (const struct hk_enum *right = hk_landlock_fs_rights; right->name; right++)
		if (p->named & right->value & ~abis[out->abi].fs)
			return hk_refuse(p->err, EINVAL,
				"the right %s needs a later ABI, but abi is %" PRIu32, right->name,
				out->abi);
	out->fs &= abis[out->abi].fs;
	for (size_t i = 0; i < out->path_count; i++)
		out->path_rights[i] &= (uint32_t)out->fs;
	return 0;
}

/* As many values as there can be: one behind each comma, colon and semicolon. */
static size_t count_values(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += strchr(",:;", *text) != NULL;
	return count < MAX_RULES ? count : MAX_RULES;
}

int hk_landlock_parse(
	const char *text, struct hk_arena *arena, struct hk_landlock *ret, struct hk_err *err)
{
	size_t most = count_values(text);
	struct parser p = {.arena = arena, .err = err, .rest = hk_arena_strdup(arena, text)};
	int r;

	p.out.paths = hk_arena_array(arena, most, sizeof(*p.out.paths));
	p.out.path_rights = hk_arena_array(arena, most, sizeof(*p.out.path_rights));
	p.out.ports = hk_arena_array(arena, most, sizeof(*p.out.ports));
	p.out.port_rights = hk_arena_array(arena, most, sizeof(*p.out.port_rights));
	if (!p.rest || !p.out.paths || !p.out.path_rights || !p.out.ports || !p.out.port_rights)
		return hk_fail(err, ENOMEM, "read the Landlock rules");
	r = parse_clauses(&p);
	if (r == 0)
		r = apply_abi(&p);
	if (r == 0)
		*ret = p.out;
	return r;
}
