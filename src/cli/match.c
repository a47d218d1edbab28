/* Commands on many containers, by a regular expression over their ids. */
#include "match.h"

#include <regex.h>
#include <stdlib.h>

static int act_on(
	struct cli *cli, const regex_t *expression, int (*act)(struct cli *cli, const char *id))
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;
	char **ids = NULL;
	size_t count = 0;

	if (!runtime)
		return EXIT_FAILURE;
	if (hako_list(runtime, &ids, &count, &error) < 0)
		return cli_fail(cli, NULL, error);
	for (size_t i = 0; i < count; i++) {
		int r = regexec(expression, ids[i], 0, NULL, 0) == 0 ? act(cli, ids[i]) : 0;

		if (status == EXIT_SUCCESS)
			status = r;
	}
	hako_ids_free(ids, count);
	return status;
}

int match_containers(
	struct cli *cli, const char *pattern, int (*act)(struct cli *cli, const char *id))
{
	regex_t expression;
	char reason[128];
	int r = regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB);
	int status;

	if (r != 0) {
		(void)regerror(r, &expression, reason, sizeof(reason));
		return cli_refuse(cli, "invalid regular expression '%s': %s", pattern, reason);
	}
	status = act_on(cli, &expression, act);
	regfree(&expression);
	return status;
}
