/* The end of a foreground container. */
#include "attend.h"

#include <errno.h>

/* Somebody else may have deleted it, and so ended it: then it is gone all the same. A checkpoint
 * does. */
static int delete_it(struct foreground *f, hako_container *container, bool force, int status)
{
	hako_error *error = NULL;

	if (hako_delete(container, force, &error) >= 0)
		return status;
	if (hako_error_code(error) != ENOENT)
		return cli_fail(f->cli, f->id, error);
	hako_error_free(error);
	return status;
}

int attend(struct foreground *f, hako_container *container, bool keep)
{
	hako_process *process = NULL;
	hako_error *error = NULL;
	bool ended = false;
	int status, r;

	f->speaker = container;
	if (hako_container_process(container, &process, &error) < 0) {
		status = cli_fail(f->cli, f->id, error);
	} else {
		r = foreground_wait(f, process, &status);
		ended = r == 0;
		status = ended ? status : r;
	}
	hako_process_free(process);
	return keep ? status : delete_it(f, container, !ended, status);
}
