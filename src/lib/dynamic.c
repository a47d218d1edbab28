/* A statically linked program starts faster, but cannot load libsystemd or libmnl. Few calls need
 * these: for them it executes its own dynamically linked form, with the same arguments. */
#include "lib/dynamic.h"

#include "base/err.h"
#include "base/fd.h"
#include "lib/errors.h"
#include "stage/stage.h"
#include "state/state.h"

#include <errno.h>
#include <unistd.h>

int hk_dynamic_want(const struct hako_runtime *runtime, const char *library, struct hk_err *err)
{
	const struct hako_dynamic_form *form = runtime->dynamic_form;
	int fd;

	if (!form)
		return 0;
	fd = hk_program_open("hako", form->image, form->size, err);
	if (fd < 0)
		return fd;
	(void)fexecve(fd, form->argv, environ);
	(void)hk_fail(err, errno, "execute the program that can load %s", library);
	hk_close(&fd);
	return -err->code;
}

int hk_dynamic_want_bus(
	const struct hako_runtime *runtime, const struct hk_state *state, struct hk_err *err)
{
	return state->systemd_unit ? hk_dynamic_want(runtime, "libsystemd", err) : 0;
}

int hako_runtime_want_libraries(hako_runtime *runtime, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(hk_dynamic_want(runtime, "libsystemd and libmnl", &e), &e, err);
}
