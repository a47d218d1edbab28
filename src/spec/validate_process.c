/* Whether config.json's process and hooks make sense. */
#include "spec/validate.h"

#include "spec/tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INVALID_ID UINT32_MAX /* (uid_t)-1: "leave as it is" to setresuid(2) */

static int validate_cwd(const struct hk_process *process, const char *at, struct hk_findings *f)
{
	if (!process->cwd)
		return hk_invalid(f, hk_at("%s/cwd", at), "required, but missing");
	if (process->cwd[0] != '/')
		return hk_invalid(
			f, hk_at("%s/cwd", at), "'%.200s' is not an absolute path", process->cwd);
	return 0;
}

static int validate_args(const struct hk_process *process, const char *at, struct hk_findings *f)
{
	if (!process->args.count)
		return hk_invalid(f, hk_at("%s/args", at), "must have one element or more");
	if (!process->args.items[0][0])
		return hk_invalid(
			f, hk_at("%s/args/0", at), "the program's name must not be empty");
	return 0;
}

static int validate_env(const struct hk_process *process, const char *at, struct hk_findings *f)
{
	for (size_t i = 0; i < process->env.count; i++) {
		const char *entry = process->env.items[i];

		if (entry[0] == '=' || !strchr(entry, '='))
			return hk_invalid(f, hk_at("%s/env/%zu", at, i),
				"expected NAME=VALUE, found '%.100s'", entry);
	}
	return 0;
}

static int validate_user(const struct hk_user *user, const char *at, struct hk_findings *f)
{
	if (user->has_umask && user->umask > 0777)
		return hk_invalid_hint(f, hk_at("%s/user/umask", at),
			"numbers in JSON are decimal: 18 is 022",
			"expected permission bits from 0 to 511, found %" PRIu32, user->umask);
	if (user->uid == INVALID_ID)
		return hk_invalid(
			f, hk_at("%s/user/uid", at), "%" PRIu32 " is no user id", user->uid);
	if (user->gid == INVALID_ID)
		return hk_invalid(
			f, hk_at("%s/user/gid", at), "%" PRIu32 " is no group id", user->gid);
	for (size_t i = 0; i < user->additional_gid_count; i++)
		if (user->additional_gids[i] == INVALID_ID)
			return hk_invalid(f, hk_at("%s/user/additionalGids/%zu", at, i),
				"%" PRIu32 " is no group id", user->additional_gids[i]);
	return 0;
}

static int validate_rlimits(const struct hk_process *process, const char *at, struct hk_findings *f)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct hk_rlimit *limit = &process->rlimits[i];
		uint64_t bit = UINT64_C(1) << limit->resource;

		if (seen & bit)
			return hk_invalid(f, hk_at("%s/rlimits/%zu", at, i), "%s is there twice",
				hk_enum_name(hk_rlimit_names, limit->resource));
		seen |= bit;
		if (limit->soft > limit->hard)
			return hk_invalid(f, hk_at("%s/rlimits/%zu/soft", at, i),
				"the soft limit %" PRIu64 " is above the hard limit %" PRIu64,
				limit->soft, limit->hard);
	}
	return 0;
}

int hk_validate_process(const struct hk_process *process, const char *at, struct hk_findings *f)
{
	int r;

	r = validate_cwd(process, at, f);
	if (r == 0)
		r = validate_args(process, at, f);
	if (r == 0)
		r = validate_env(process, at, f);
	if (r == 0)
		r = validate_user(&process->user, at, f);
	if (r == 0)
		r = validate_rlimits(process, at, f);
	if (r == 0)
		r = hk_validate_scheduling(process, at, f);
	if (r == 0 && process->has_oom_score_adj &&
		(process->oom_score_adj < -1000 || process->oom_score_adj > 1000))
		return hk_invalid(f, hk_at("%s/oomScoreAdj", at),
			"expected a number from -1000 to 1000, found %" PRId32,
			process->oom_score_adj);
	return r;
}

static int validate_hook(
	const struct hk_hook *hook, const char *point, size_t i, struct hk_findings *f)
{
	if (!hook->path || hook->path[0] != '/')
		return hk_invalid(f, hk_at("/hooks/%s/%zu/path", point, i),
			"'%.200s' is not an absolute path", hook->path ? hook->path : "");
	if (hook->has_timeout && hook->timeout <= 0)
		return hk_invalid(f, hk_at("/hooks/%s/%zu/timeout", point, i),
			"expected a number of seconds above 0, found %" PRId64, hook->timeout);
	return 0;
}

int hk_validate_hooks(const struct hk_hooks *hooks, struct hk_findings *f)
{
	for (int point = 0; point < HK_HOOK_POINT_COUNT; point++) {
		const struct hk_hook_list *list = &hooks->at[point];

		for (size_t i = 0; i < list->count; i++) {
			int r = validate_hook(&list->items[i], hk_hook_names[point], i, f);

			if (r < 0)
				return r;
		}
	}
	return 0;
}
