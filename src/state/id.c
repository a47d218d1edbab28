/* Container ids: what may become the name of a directory. */
#include "state/state.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>

/* Not isalnum: the locale is the caller's. */
static bool is_id_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c == '_' || c == '+' || c == '-' || (c == '.' && !first);
}

int hk_id_check(const char *id, struct hk_err *err)
{
	size_t len = strnlen(id, HK_ID_MAX + 1);
	bool good = len > 0 && len <= HK_ID_MAX;

	for (size_t i = 0; good && i < len; i++)
		good = is_id_char(id[i], i == 0);
	if (good)
		return 0;
	(void)hk_refuse(err, EINVAL, "invalid container ID format");
	hk_err_hint(err, "1 to %d of the characters A-Z a-z 0-9 _ + - and, but not first, .",
		HK_ID_MAX);
	return -EINVAL;
}
