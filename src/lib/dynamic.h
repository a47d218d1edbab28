/* How a program that is linked statically gets at shared libraries. */
#ifndef HK_LIB_DYNAMIC_H
#define HK_LIB_DYNAMIC_H

#include "lib/runtime.h"

struct hk_err;
struct hk_state;

/* The operation is going to load the library ("libsystemd"), and has not changed anything: where this
 * process cannot, it becomes the program's dynamically linked form here, and begins anew. 0 where it can. */
int hk_dynamic_want(const struct hako_runtime *runtime, const char *library, struct hk_err *err);
/* The same for an operation that will talk to systemd if the container is a unit. */
int hk_dynamic_want_bus(
	const struct hako_runtime *runtime, const struct hk_state *state, struct hk_err *err);

#endif
