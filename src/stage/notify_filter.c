/* Lines of sd_notify(3). The container is hostile, and what it says is shown by `systemctl status`
 * and makes the manager act on the service that we are. */
#include "stage/notify_filter.h"

#include "base/mem.h"
#include "json/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 20 /* of an uint64_t */

enum kind {
	ONE,	  /* "1" and nothing else */
	WATCHDOG, /* "1" or "trigger" */
	NUMBER,
	NOW, /* a number, of which ours is said */
	TEXT,
};

/* FDSTORE, FDNAME and their kin, MAINPID, MAINPIDFDID, NOTIFYACCESS, BUSERROR, EXIT_STATUS and
 * whatever else there is or will be is for the service itself to say. BARRIER needs no answer of
 * the manager's: its descriptor is closed when what came before it has been passed on. */
static const struct {
	const char *name;
	enum kind kind;
} known[] = {
	{"READY", ONE},
	{"RELOADING", ONE},
	{"STOPPING", ONE},
	{"STATUS", TEXT},
	{"ERRNO", NUMBER},
	{"WATCHDOG", WATCHDOG},
	{"WATCHDOG_USEC", NUMBER},
	{"EXTEND_TIMEOUT_USEC", NUMBER},
	{"MONOTONIC_USEC", NOW},
};

struct out {
	char *text;
	size_t len;
};

/* A line that does not fit is left out. The first has no newline before it. */
static void put(struct out *out, const char *name, const char *value, size_t len)
{
	size_t room = HK_NOTIFY_MAX - out->len;
	int n = snprintf(out->text + out->len, room, "%s%s=%.*s", out->len ? "\n" : "", name,
		(int)len, value);

	if (n > 0 && (size_t)n < room)
		out->len += (size_t)n;
}

static void put_number(struct out *out, const char *name, uint64_t number)
{
	char text[DIGITS_MAX + 1];

	put(out, name, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

/* A control character: ASCII's, or of those that terminals obey too (U+0080 to U+009F). */
static bool is_control(const unsigned char *c, size_t len)
{
	return len == 1 ? c[0] < 0x20 || c[0] == 0x7f : len == 2 && c[0] == 0xc2 && c[1] <= 0x9f;
}

/* Without control characters, and without what is no UTF-8, for which the manager drops the line.
 */
static void put_text(struct out *out, const char *name, const char *value, size_t len)
{
	size_t i = out->len + (out->len ? 1 : 0) + strlen(name) + 1;

	put(out, name, value, len);
	while (i < out->len) {
		unsigned char *c = (unsigned char *)out->text + i;
		size_t n = hk_utf8_char(c, out->len - i);

		if (n == 0 || is_control(c, n))
			memset(c, '?', n ? n : 1);
		i += n ? n : 1;
	}
}

static bool is(const char *value, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(value, word, len) == 0;
}

static bool is_number(const char *value, size_t len)
{
	if (len == 0 || len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (value[i] < '0' || value[i] > '9')
			return false;
	return true;
}

static bool is_valid(enum kind kind, const char *value, size_t len)
{
	switch (kind) {
	case ONE:
		return is(value, len, "1");
	case WATCHDOG:
		return is(value, len, "1") || is(value, len, "trigger");
	case NUMBER:
	case NOW:
		return is_number(value, len);
	case TEXT:
		return true;
	}
	return false;
}

/* Index into known[], or -1. */
static int find(const char *name, size_t len)
{
	for (size_t i = 0; i < HK_COUNT(known); i++)
		if (is(name, len, known[i].name))
			return (int)i;
	return -1;
}

static void take_line(
	struct out *out, const char *line, size_t len, uint64_t now, unsigned int *seen)
{
	const char *equals = memchr(line, '=', len);
	size_t name_len = equals ? (size_t)(equals - line) : len;
	int i = equals ? find(line, name_len) : -1;
	const char *value = line + name_len + 1;
	size_t value_len = len - name_len - 1;

	if (i < 0 || *seen & 1u << i || !is_valid(known[i].kind, value, value_len))
		return;
	*seen |= 1u << i;
	if (known[i].kind == NOW)
		put_number(out, known[i].name, now);
	else if (known[i].kind == TEXT)
		put_text(out, known[i].name, value, value_len);
	else
		put(out, known[i].name, value, value_len);
}

/* The length of the line that begins there, without its newline. */
static size_t line_length(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return (size_t)((newline ? newline : end) - line);
}

static bool says_ready(const char *text, const char *end)
{
	for (const char *line = text; line < end; line += line_length(line, end) + 1)
		if (is(line, line_length(line, end), "READY=1"))
			return true;
	return false;
}

size_t hk_notify_filter(const char *text, size_t len, pid_t pid, uint64_t now_usec,
	char ret[static HK_NOTIFY_MAX], bool *ret_ready)
{
	const char *end = text + len;
	struct out out = {ret, 0};
	unsigned int seen = 0;

	*ret_ready = false;
	if (len > HK_NOTIFY_MAX || memchr(text, '\0', len)) /* the manager takes neither */
		return 0;
	*ret_ready = says_ready(text, end);
	if (*ret_ready && pid > 0)
		put_number(&out, "MAINPID", (uint64_t)pid);
	if (*ret_ready) /* whatever else has no room */
		take_line(&out, "READY=1", strlen("READY=1"), now_usec, &seen);
	for (const char *line = text; line < end; line += line_length(line, end) + 1)
		take_line(&out, line, line_length(line, end), now_usec, &seen);
	return out.len;
}
