/* Reading a line of mountinfo. */
#include "base/mountinfo.h"

#include "base/mem.h"

#include <string.h>

/* mountinfo escapes blank, tab, newline and backslash as \NNN. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
			s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* 36 35 98:0 /root /point rw,noatime shared:1 - cgroup source rw,cpu */
bool hk_mountinfo_parse(char *line, struct hk_mountinfo *ret)
{
	char *fields[6], *rest = line, *separator, *type, *source;

	for (size_t i = 0; i < HK_COUNT(fields); i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	/* optional fields, none or many, end with "-" */
	do
		separator = strsep(&rest, " ");
	while (separator && strcmp(separator, "-") != 0);
	type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	if (!type || !source || !rest)
		return false;
	unescape(fields[3]);
	unescape(fields[4]);
	*ret = (struct hk_mountinfo){
		.id = fields[0],
		.device = fields[2],
		.root = fields[3],
		.point = fields[4],
		.flags = fields[5],
		.type = type,
		.options = rest,
	};
	return true;
}
