/* Finding the program, as the user who will run it. The texts are those that docker, podman and
 * containerd look for to tell "not found" from "not executable". */
#include "step/interpreter.h"
#include "step/step.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0, or why it cannot be executed. */
static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) < 0 ? -errno : 0; /* real and effective ids are the same */
}

static int lookup_path(struct hk_ctx *ctx, const char *name, struct hk_err *err)
{
	int r = strlen(name) < sizeof(ctx->program) ? check_program(name) : -ENAMETOOLONG;

	switch (-r) {
	case 0:
		(void)snprintf(ctx->program, sizeof(ctx->program), "%s", name);
		return 0;
	case EISDIR: /* the first words are what clients take for "cannot be executed", status 126
		      */
		return hk_refuse(
			err, EISDIR, "exec: \"%s\": permission denied (is a directory)", name);
	case EACCES:
		return hk_refuse(err, EACCES, "exec: \"%s\": permission denied", name);
	default:
		return hk_fail(err, -r, "exec: \"%s\": stat %s", name, name);
	}
}

static int search(struct hk_ctx *ctx, const char *name, const char *search_path, struct hk_err *err)
{
	for (const char *dir = search_path; dir;) {
		size_t len = strcspn(dir, ":");
		/* "" and relative ones mean the working directory: no program comes from there */
		bool usable = dir[0] == '/' && len + strlen(name) + 2 <= sizeof(ctx->program);

		if (usable) {
			(void)snprintf(
				ctx->program, sizeof(ctx->program), "%.*s/%s", (int)len, dir, name);
			if (check_program(ctx->program) == 0)
				return 0;
		}
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	ctx->program[0] = '\0';
	return hk_refuse(err, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}

int hk_step_lookup(struct hk_ctx *ctx, const struct hk_step_lookup *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);
	const char *search_path = hk_plan_str(ctx->plan, args->search_path);
	int r;

	if (!name || !name[0])
		return hk_refuse(err, ENOENT, "exec: \"\": executable file not found in $PATH");
	r = strchr(name, '/') ? lookup_path(ctx, name, err)
			      : search(ctx, name, search_path ? search_path : "", err);
	return r < 0 ? r : hk_interpreter_check(ctx, name, err);
}
