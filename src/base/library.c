/* Loading a shared library. */
#include "base/library.h"

#include "base/err.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int hk_library_load(const struct hk_library *library, void *table, struct hk_err *err)
{
	/* It stays: threads that have used it may hold data of its own until they end. */
	void *handle = dlopen(library->name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle) {
		(void)hk_refuse(err, ENOTSUP, "load %s for %s: %s", library->name, library->purpose,
			dlerror());
		hk_err_hint(err, "%s", library->hint);
		return -ENOTSUP;
	}
	for (size_t i = 0; i < library->function_count; i++) {
		const struct hk_library_function *function = &library->functions[i];
		void *symbol = dlsym(handle, function->name);

		if (!symbol)
			return hk_refuse(err, ENOTSUP, "find %s in %s: it is too old",
				function->name, library->name);
		memcpy((char *)table + function->offset, &symbol, sizeof(symbol));
	}
	(void)dlclose(handle); /* it stays for RTLD_NODELETE */
	return 0;
}
