/* Where the program is linked statically: glibc's dlopen works there only beside the very libc that
 * was linked, and drags in the whole of the loader. Its dynamically linked form is executed before
 * (lib/dynamic.c). */
#include "base/library.h"

#include "base/err.h"

#include <errno.h>

int hk_library_load(const struct hk_library *library, void *table, struct hk_err *err)
{
	(void)table;
	(void)hk_refuse(err, ENOTSUP, "load %s for %s: this program is linked statically",
		library->name, library->purpose);
	hk_err_hint(err, "build with -DHAKO_STATIC=OFF");
	return -ENOTSUP;
}
