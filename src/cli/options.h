/* Command line options: one table an option set, read by the parser and by --help. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
	OPTION_FLAG,   /* bool *: --name, --name=true, --name=false */
	OPTION_STRING, /* const char **: --name VALUE, --name=VALUE */
	OPTION_NUMBER, /* unsigned int *: decimal */
	OPTION_LIST,   /* struct option_list *: as OPTION_STRING, and each occurrence counts */
};

/* In the order in which they were given, ended by NULL where there is one. Lives as long as the
 * program. */
struct option_list {
	const char **items;
	size_t count;
};

/* Tables end with a NULL name. Later occurrences win, but for lists. */
struct option {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	void *value;
	/* How --help names the value; NULL for flags. Where the value is one of some words, these:
	 * "table|json". Other names as in struct command. */
	const char *argument;
	const char *help;
};

enum options_result {
	OPTIONS_OK,
	OPTIONS_HELP,  /* --help or -h was seen */
	OPTIONS_ERROR, /* *ret_error says what is wrong */
};

struct options_error {
	char text[256];
};

/* Parse argv[0 .. argc-1] (no program name). Options may stand with one dash or two. stop_early:
 * everything from the first argument that is no option on is an argument. "--" ends options. The
 * arguments are moved to argv's beginning, in their order, ended by NULL as argv has to be, and
 * counted in *ret_count. */
enum options_result options_parse(const struct option *table, bool stop_early, int argc,
	char **argv, int *ret_count, struct options_error *ret_error);

/* The whole string as a decimal number, digits only. */
bool parse_number(const char *text, unsigned int *ret);
/* "true", "false" and the other spellings of Go's ParseBool. */
bool parse_bool(const char *text, bool *ret);

#endif
