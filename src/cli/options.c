/* The option parser that every command uses: flags as Go's flag package and urfave/cli take them,
 * because the callers of runtimes write them so. */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum options_result refuse(struct options_error *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static enum options_result refuse(struct options_error *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(error->text, sizeof(error->text), fmt, ap); /* cut */
	va_end(ap);
	return OPTIONS_ERROR;
}

bool parse_number(const char *text, unsigned int *ret)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false; /* strtoul would take blanks and signs */
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value > UINT_MAX)
		return false;
	*ret = (unsigned int)value;
	return true;
}

bool parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

static const struct option *find(const struct option *table, const char *name, size_t len)
{
	for (const struct option *o = table; o->name; o++) {
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
		if (len == 1 && o->letter == name[0])
			return o;
	}
	return NULL;
}

static bool is_help(const char *name, size_t len)
{
	return (len == 4 && memcmp(name, "help", 4) == 0) || (len == 1 && name[0] == 'h');
}

static bool append(struct option_list *list, const char *value)
{
	const char **items = realloc(list->items, (list->count + 2) * sizeof(*items));

	if (!items)
		return false;
	items[list->count++] = value;
	items[list->count] = NULL;
	list->items = items;
	return true;
}

static enum options_result set(
	const struct option *option, const char *value, struct options_error *error)
{
	switch (option->kind) {
	case OPTION_FLAG:
		if (!parse_bool(value, option->value))
			return refuse(
				error, "--%s: '%s' is neither true nor false", option->name, value);
		return OPTIONS_OK;
	case OPTION_STRING:
		*(const char **)option->value = value;
		return OPTIONS_OK;
	case OPTION_NUMBER:
		if (!parse_number(value, option->value))
			return refuse(error, "--%s: '%s' is no number", option->name, value);
		return OPTIONS_OK;
	case OPTION_LIST:
		if (!append(option->value, value))
			return refuse(error, "out of memory");
		return OPTIONS_OK;
	}
	return OPTIONS_OK;
}

/* One option at argv[*i]; *i moves on to its value where that stands apart. */
static enum options_result parse_one(
	const struct option *table, int argc, char **argv, int *i, struct options_error *error)
{
	const char *name = argv[*i] + (argv[*i][1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *option = find(table, name, len);

	if (!option)
		return is_help(name, len) ? OPTIONS_HELP
					  : refuse(error, "unknown flag '%s'", argv[*i]);
	if (equals)
		return set(option, equals + 1, error);
	if (option->kind == OPTION_FLAG)
		return set(option, "true", error);
	if (*i + 1 >= argc)
		return refuse(error, "--%s needs a value", option->name);
	return set(option, argv[++*i], error);
}

enum options_result options_parse(const struct option *table, bool stop_early, int argc,
	char **argv, int *ret_count, struct options_error *ret_error)
{
	bool ended = false;
	int count = 0;

	for (int i = 0; i < argc; i++) {
		bool is_option = argv[i][0] == '-' && argv[i][1] != '\0'; /* "-" is an argument */
		enum options_result result;

		if (ended || !is_option) {
			argv[count++] = argv[i];
			ended = ended || stop_early;
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		result = parse_one(table, argc, argv, &i, ret_error);
		if (result != OPTIONS_OK)
			return result;
	}
	argv[count] = NULL;
	*ret_count = count;
	return OPTIONS_OK;
}
