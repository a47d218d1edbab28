/* Loading libmnl. */
#include "net/mnl.h"

#include "base/library.h"
#include "base/mem.h"

int hk_mnl_load(struct hk_mnl *ret, struct hk_err *err)
{
	static const struct hk_library_function functions[] = {
#define F(name) {#name, offsetof(struct hk_mnl, name)},
		HK_MNL_FUNCTIONS(F)
#undef F
	};
	static const struct hk_library library = {
		.name = "libmnl.so.0",
		.purpose = "linux.netDevices",
		.hint = "install libmnl (Debian: libmnl0)",
		.functions = functions,
		.function_count = HK_COUNT(functions),
	};

	return hk_library_load(&library, ret, err);
}
