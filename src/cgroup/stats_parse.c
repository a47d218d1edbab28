/* The files in which cgroups count, as numbers. Pure. */
#include "cgroup/stats.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define BLANKS " \t"

/* Cut the next line off *rest. NULL at the end. */
static const char *next_line(const char **rest, size_t *ret_len)
{
	const char *line = *rest;

	if (!*line)
		return NULL;
	*ret_len = strcspn(line, "\n");
	*rest = line + *ret_len + (line[*ret_len] == '\n');
	return line;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Digits at *s, which is moved behind them and the blanks that follow. */
static int take_number(const char **s, uint64_t *ret)
{
	uint64_t value = 0;

	if (**s < '0' || **s > '9')
		return -EBADMSG;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(**s - '0'), &value))
			return -EBADMSG;
	*s += strspn(*s, BLANKS);
	*ret = value;
	return 0;
}

static bool at_end(const char *s)
{
	return *s == '\0' || *s == '\n';
}

/* The word at *s, moved behind it and its blanks. */
static size_t take_word(const char **s, const char **ret)
{
	size_t len = strcspn(*s, BLANKS "\n");

	*ret = *s;
	*s += len;
	*s += strspn(*s, BLANKS);
	return len;
}

int hk_stats_parse_number(const char *text, uint64_t *ret)
{
	uint64_t value;

	if (strcmp(text, "max") == 0) {
		*ret = HK_STATS_UNLIMITED;
		return 0;
	}
	if (hk_parse_u64(text, &value) < 0)
		return -EBADMSG;
	*ret = value;
	return 0;
}

int hk_stats_parse_numbers(const char *text, struct hk_arena *arena, struct hk_stats_numbers *ret)
{
	struct hk_stats_numbers numbers = {0};

	numbers.items = hk_arena_array(arena, strlen(text) / 2 + 1, sizeof(*numbers.items));
	if (!numbers.items)
		return -ENOMEM;
	text += strspn(text, BLANKS);
	while (!at_end(text)) {
		int r = take_number(&text, &numbers.items[numbers.count++]);

		if (r < 0)
			return r;
	}
	*ret = numbers;
	return 0;
}

int hk_stats_parse_counters(const char *text, struct hk_arena *arena, struct hk_stats_counters *ret)
{
	struct hk_stats_counters counters = {0};
	const char *line;
	size_t len;

	counters.items = hk_arena_array(arena, count_lines(text), sizeof(*counters.items));
	if (!counters.items)
		return -ENOMEM;
	while ((line = next_line(&text, &len))) {
		struct hk_stats_counter *counter = &counters.items[counters.count];
		const char *key;
		size_t key_len = take_word(&line, &key);

		if (key_len == 0 || take_number(&line, &counter->value) < 0 || !at_end(line))
			return -EBADMSG;
		counter->key = hk_arena_strndup(arena, key, key_len);
		if (!counter->key)
			return -ENOMEM;
		counters.count++;
	}
	*ret = counters;
	return 0;
}

uint64_t hk_stats_counter(const struct hk_stats_counters *counters, const char *key)
{
	for (size_t i = 0; i < counters->count; i++)
		if (strcmp(counters->items[i].key, key) == 0)
			return counters->items[i].value;
	return 0;
}

int hk_stats_parse_usage_all(const char *text, struct hk_arena *arena,
	struct hk_stats_numbers *ret_user, struct hk_stats_numbers *ret_kernel)
{
	struct hk_stats_numbers user = {0}, kernel = {0};
	size_t len, most = count_lines(text);
	const char *line = next_line(&text, &len);

	if (!line || strncmp(line, "cpu user system", strlen("cpu user system")) != 0)
		return -EBADMSG;
	user.items = hk_arena_array(arena, most, sizeof(*user.items));
	kernel.items = hk_arena_array(arena, most, sizeof(*kernel.items));
	if (!user.items || !kernel.items)
		return -ENOMEM;
	while ((line = next_line(&text, &len))) {
		uint64_t cpu;

		if (take_number(&line, &cpu) < 0 ||
			take_number(&line, &user.items[user.count++]) < 0 ||
			take_number(&line, &kernel.items[kernel.count++]) < 0 || !at_end(line))
			return -EBADMSG;
	}
	*ret_user = user;
	*ret_kernel = kernel;
	return 0;
}

/* "8:0 ", the beginning of a line. */
static int take_device(const char **line, struct hk_stats_io *ret)
{
	if (take_number(line, &ret->major) < 0 || **line != ':')
		return -EBADMSG;
	(*line)++;
	return take_number(line, &ret->minor);
}

int hk_stats_parse_blkio(const char *text, struct hk_arena *arena, struct hk_stats_ios *ret)
{
	struct hk_stats_ios ios = {0};
	const char *line, *word;
	size_t len;

	ios.items = hk_arena_array(arena, count_lines(text), sizeof(*ios.items));
	if (!ios.items)
		return -ENOMEM;
	while ((line = next_line(&text, &len))) {
		struct hk_stats_io *io = &ios.items[ios.count];

		if (len == 0 || strncmp(line, "Total", 5) == 0)
			continue;
		if (take_device(&line, io) < 0)
			return -EBADMSG;
		len = *line >= '0' && *line <= '9' ? 0 : take_word(&line, &word);
		io->op = len ? hk_arena_strndup(arena, word, len) : "";
		if (!io->op)
			return -ENOMEM;
		if (take_number(&line, &io->value) < 0 || !at_end(line))
			return -EBADMSG;
		ios.count++;
	}
	*ret = ios;
	return 0;
}

/* What of io.stat runc shows, and how: v1 has names for it. */
static const struct {
	const char *key;
	const char *op;
	bool bytes;
} io_keys[] = {
	{"rbytes=", "Read", true},
	{"wbytes=", "Write", true},
	{"rios=", "Read", false},
	{"wios=", "Write", false},
};

/* seen: a bit for each key. Each comes once a line, or there would be no room. */
static int take_io(const char *word, const struct hk_stats_io *device, unsigned int *seen,
	struct hk_stats_ios *bytes, struct hk_stats_ios *serviced)
{
	for (size_t i = 0; i < HK_COUNT(io_keys); i++) {
		struct hk_stats_ios *ios = io_keys[i].bytes ? bytes : serviced;
		struct hk_stats_io io = *device;

		if (!hk_starts_with(word, io_keys[i].key))
			continue;
		word += strlen(io_keys[i].key);
		if (*seen & 1u << i || take_number(&word, &io.value) < 0)
			return -EBADMSG;
		*seen |= 1u << i;
		io.op = io_keys[i].op;
		ios->items[ios->count++] = io;
		return 0;
	}
	return 0;
}

int hk_stats_parse_io(const char *text, struct hk_arena *arena, struct hk_stats_ios *ret_bytes,
	struct hk_stats_ios *ret_serviced)
{
	size_t len, most = 2 * count_lines(text);
	struct hk_stats_ios bytes = {0}, serviced = {0};
	const char *line, *word;

	bytes.items = hk_arena_array(arena, most, sizeof(*bytes.items));
	serviced.items = hk_arena_array(arena, most, sizeof(*serviced.items));
	if (!bytes.items || !serviced.items)
		return -ENOMEM;
	while ((line = next_line(&text, &len))) {
		struct hk_stats_io device = {0};
		unsigned int seen = 0;

		if (len == 0)
			continue;
		if (take_device(&line, &device) < 0)
			return -EBADMSG;
		while (!at_end(line)) {
			(void)take_word(&line, &word);
			if (take_io(word, &device, &seen, &bytes, &serviced) < 0)
				return -EBADMSG;
		}
	}
	*ret_bytes = bytes;
	*ret_serviced = serviced;
	return 0;
}

/* "12.34" as 1234. */
static int take_hundredths(const char **s, uint32_t *ret)
{
	uint64_t whole, part;
	const char *point;

	if (take_number(s, &whole) < 0 || **s != '.' || whole > 100)
		return -EBADMSG;
	point = ++*s;
	if (strspn(point, "0123456789") != 2 || take_number(s, &part) < 0)
		return -EBADMSG;
	*ret = (uint32_t)(whole * 100 + part);
	return 0;
}

/* "avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static int parse_pressure(const char *s, struct hk_stats_pressure *ret)
{
	const struct {
		const char *key;
		uint32_t *value;
	} averages[] = {
		{"avg10=", &ret->avg10},
		{"avg60=", &ret->avg60},
		{"avg300=", &ret->avg300},
	};

	for (size_t i = 0; i < HK_COUNT(averages); i++) {
		if (!hk_starts_with(s, averages[i].key))
			return -EBADMSG;
		s += strlen(averages[i].key);
		if (take_hundredths(&s, averages[i].value) < 0)
			return -EBADMSG;
	}
	if (!hk_starts_with(s, "total="))
		return -EBADMSG;
	s += strlen("total=");
	return take_number(&s, &ret->total) < 0 || !at_end(s) ? -EBADMSG : 0;
}

int hk_stats_parse_psi(const char *text, struct hk_stats_psi *ret)
{
	struct hk_stats_psi psi = {.set = true};
	const char *line;
	size_t len;
	int r = 0;

	while (r == 0 && (line = next_line(&text, &len))) {
		if (hk_starts_with(line, "some "))
			r = parse_pressure(line + strlen("some "), &psi.some);
		else if (hk_starts_with(line, "full "))
			r = parse_pressure(line + strlen("full "), &psi.full);
	}
	if (r == 0)
		*ret = psi;
	return r;
}
