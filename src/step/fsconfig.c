/* Options of file systems, by fsconfig(2). */
#include "step/fsconfig.h"

#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTION_MAX 4096

/* What the kernel logged about an option, "e tmpfs: Unknown parameter 'foo'", is the best hint. */
void hk_fsconfig_hint(int fs, struct hk_err *err)
{
	char text[256];
	ssize_t n = read(fs, text, sizeof(text) - 1);

	if (n <= 2)
		return;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	hk_err_hint(err, "the kernel says: %s", text + 2);
}

/* One "key=value" or "flag"; the text is changed. */
static int configure_option(int fs, char *option, struct hk_err *err)
{
	char *value = strchr(option, '=');
	int r;

	if (value)
		*value++ = '\0';
	r = hk_sys_fsconfig(
		fs, value ? HK_FSCONFIG_SET_STRING : HK_FSCONFIG_SET_FLAG, option, value);
	if (r < 0) {
		r = hk_fail(err, -r, "set mount option '%s%s%s'", option, value ? "=" : "",
			value ? value : "");
		hk_fsconfig_hint(fs, err);
	}
	return r;
}

int hk_fsconfig_options(int fs, const char *options, struct hk_err *err)
{
	for (const char *p = options; *p;) {
		size_t len = strcspn(p, ",");
		char option[OPTION_MAX];
		int r = 0;

		if (len >= sizeof(option))
			return hk_refuse(err, ENAMETOOLONG, "a mount option is too long");
		memcpy(option, p, len);
		option[len] = '\0';
		if (len > 0)
			r = configure_option(fs, option, err);
		if (r < 0)
			return r;
		p += len + (p[len] == ',');
	}
	return 0;
}

int hk_covered_mode(int target, char ret[HK_MODE_MAX])
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return -errno;
	(void)snprintf(ret, HK_MODE_MAX, "%o", st.st_mode & 07777); /* four digits at most */
	return 0;
}
