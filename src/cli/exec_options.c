/* From the flags of exec to the process that is to run. */
#include "exec_options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An id as the kernel has it: (uint32_t)-1 means none to it. */
static bool parse_id(const char *text, uint32_t *ret)
{
	unsigned int id;

	if (!parse_number(text, &id) || id == UINT32_MAX)
		return false;
	*ret = id;
	return true;
}

/* "UID" or "UID:GID", all of it, in decimal: names are the caller's to look up. */
static int set_user(struct cli *cli, hako_spec *spec, const char *user)
{
	const char *colon = strchr(user, ':');
	char uid_text[16];
	uint32_t uid, gid;
	int len = (int)(colon ? colon - user : (ptrdiff_t)strlen(user));

	if (snprintf(uid_text, sizeof(uid_text), "%.*s", len, user) >= (int)sizeof(uid_text) ||
		!parse_id(uid_text, &uid) || (colon && !parse_id(colon + 1, &gid)))
		return cli_refuse(cli, "--user: '%s' is not UID or UID:GID in decimal", user);
	if (colon)
		(void)hako_spec_set_user(spec, uid, gid);
	else
		(void)hako_spec_set_uid(spec, uid);
	return 0;
}

static int add_gids(struct cli *cli, hako_spec *spec, const struct option_list *gids)
{
	for (size_t i = 0; i < gids->count; i++) {
		uint32_t gid;

		if (!parse_id(gids->items[i], &gid))
			return cli_refuse(
				cli, "--additional-gids: '%s' is no group id", gids->items[i]);
		(void)hako_spec_add_gid(spec, gid);
	}
	return 0;
}

static int add_env(struct cli *cli, hako_spec *spec, const struct option_list *env)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *entry = env->items[i], *equals = strchr(entry, '=');
		char *name;

		if (!equals || equals == entry)
			return cli_refuse(cli, "--env: '%s' is not NAME=VALUE", entry);
		name = strndup(entry, (size_t)(equals - entry));
		if (!name)
			return cli_refuse(cli, "out of memory");
		(void)hako_spec_add_env(spec, name, equals + 1);
		free(name);
	}
	return 0;
}

/* What the builder's calls fail of, hako_exec reports: the first failure is remembered in the spec.
 */
static int change(struct cli *cli, const struct exec_options *given, hako_spec *spec)
{
	int status = 0;

	if (given->cwd)
		(void)hako_spec_set_cwd(spec, given->cwd);
	if (given->label)
		(void)hako_spec_set_selinux_label(spec, given->label);
	if (given->apparmor)
		(void)hako_spec_set_apparmor_profile(spec, given->apparmor);
	if (given->no_new_privs)
		(void)hako_spec_set_no_new_privileges(spec, true);
	if (given->caps.count)
		(void)hako_spec_grant_capabilities(spec, given->caps.items);
	if (given->user)
		status = set_user(cli, spec, given->user);
	if (status == 0)
		status = add_gids(cli, spec, &given->gids);
	return status == 0 ? add_env(cli, spec, &given->env) : status;
}

/* What is read once only has to be read by the program that goes on to the end. */
static int want_libraries(struct cli *cli, const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && !S_ISREG(st.st_mode) ? cli_want_libraries(cli) : 0;
}

int exec_options_spec(struct cli *cli, const struct exec_options *given, hako_container *container,
	char *const args[], hako_spec **ret)
{
	hako_error *error = NULL;
	hako_spec *spec = NULL;
	int r, status;

	if (given->process && want_libraries(cli, given->process) != 0)
		return EXIT_FAILURE;
	r = given->process ? hako_spec_load_process(given->process, &spec, &error)
			   : hako_container_spec(container, &spec, &error);
	if (r < 0)
		return cli_fail(cli, NULL, error);
	if (args[0])
		(void)hako_spec_set_args(spec, (const char *const *)args);
	if (!given->process || given->tty)
		(void)hako_spec_set_terminal(spec, given->tty);
	status = change(cli, given, spec);
	if (status != 0) {
		hako_spec_free(spec);
		return status;
	}
	*ret = spec;
	return 0;
}
