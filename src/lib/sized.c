/* Reading an options struct of another version of the headers, as the kernel does it. */
#include "lib/sized.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>

#define MAX_SIZE ((size_t)4096) /* no options struct is a page: the size member is garbage */

int hk_sized_copy(void *ours, size_t our_size, const void *theirs, struct hk_err *err)
{
	const unsigned char *bytes = theirs;
	size_t size;

	memcpy(&size, theirs, sizeof(size));
	if (size < sizeof(size) || size > MAX_SIZE)
		return hk_refuse(err, EINVAL, "options have no valid size: %zu", size);
	for (size_t i = our_size; i < size; i++)
		if (bytes[i] != 0)
			return hk_refuse(
				err, E2BIG, "options ask for what this version does not know");
	memset(ours, 0, our_size);
	memcpy(ours, theirs, size < our_size ? size : our_size);
	return 0;
}
