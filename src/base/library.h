/* A shared library that is loaded when it is needed: to link it would cost every start of the program. */
#ifndef HK_BASE_LIBRARY_H
#define HK_BASE_LIBRARY_H

#include <stddef.h>

struct hk_err;

/* A function of the library, and where in the caller's table the pointer to it goes. */
struct hk_library_function {
	const char *name;
	size_t offset;
};

struct hk_library {
	const char *name;    /* "libmnl.so.0" */
	const char *purpose; /* "D-Bus" */
	const char *hint;    /* what to do where it is missing */
	const struct hk_library_function *functions;
	size_t function_count;
};

/* Fill the table. The library stays in the process. 0, or -ENOTSUP where it or a function is missing. */
int hk_library_load(const struct hk_library *library, void *table, struct hk_err *err);

#endif
