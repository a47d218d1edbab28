/* User names from /etc/passwd, read directly: NSS would load its modules and ask the network. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define MAX_PASSWD ((size_t)1 << 20)

/* "name:password:uid:..." of that uid? Ends the name with NUL then. */
static bool line_is(char *line, uint32_t uid)
{
	char *password = strchr(line, ':');
	char *number = password ? strchr(password + 1, ':') : NULL;
	char *end = number ? strchr(number + 1, ':') : NULL;
	uint32_t found;

	if (!end || password == line)
		return false;
	*password = *end = '\0';
	return hk_parse_u32(number + 1, &found) == 0 && found == uid;
}

static const char *find(char *text, uint32_t uid)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (line_is(line, uid))
			return line;
	return NULL;
}

const char *hk_owner_name(uint32_t uid, struct hk_arena *arena)
{
	HK_FREE char *text = NULL;
	HK_FD int fd = -1;
	const char *name = NULL;

	if (uid == 0)
		return "root"; /* whatever /etc/passwd says: spares `list` the file */
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	text = fd < 0 ? NULL : malloc(MAX_PASSWD);
	if (text && hk_read_string(fd, text, MAX_PASSWD) >= 0)
		name = find(text, uid);
	return name ? hk_arena_strdup(arena, name) : hk_arena_printf(arena, "#%u", uid);
}
