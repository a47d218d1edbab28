/* Finding a program of the host's. */
#include "base/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool find_in(const char *list, const char *name, char *ret)
{
	for (const char *dir = list; *dir;) {
		size_t len = strcspn(dir, ":");
		int n = snprintf(ret, PATH_MAX, "%.*s/%s", (int)len, dir, name);

		if (dir[0] == '/' && n > 0 && n < PATH_MAX && access(ret, X_OK) == 0)
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

bool hk_find_program(const char *name, const char *usual, char ret[static PATH_MAX])
{
	const char *path = getenv("PATH");

	return (path && find_in(path, name, ret)) || find_in(usual, name, ret);
}
