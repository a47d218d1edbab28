/* The host's files that take what hooks write, where annotations name them. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "spec/annotations.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Never through a link, and never waiting for somebody: who may write to the directory could have
 * put a link to another file there, or a FIFO. */
static int open_file(const char *path, struct hk_err *err)
{
	HK_FD int fd = open(path,
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int r = hk_fail(err, errno, "open '%s' for the output of hooks", path);

		if (r == -ELOOP)
			hk_err_hint(err, "it must not be a symbolic link");
		return r;
	}
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) /* a device: /dev/null */
		return hk_refuse(err, EINVAL, "'%s' is neither a file nor a device", path);
	if (fcntl(fd, F_SETFL, O_APPEND) < 0)
		return hk_fail(err, errno, "open '%s' for the output of hooks", path);
	return hk_take_fd(&fd);
}

static int open_annotated(
	const struct hk_pairs *annotations, const char *name, int *ret, struct hk_err *err)
{
	const char *path = annotations ? hk_annotation_get(annotations, name) : NULL;
	int fd = path ? open_file(path, err) : -1;

	if (path && fd < 0)
		return hk_err_at(err, "/annotations/%s", name);
	*ret = fd;
	return 0;
}

int hk_hook_output_open(
	const struct hk_pairs *annotations, struct hk_child_output *ret, struct hk_err *err)
{
	struct hk_child_output files = {-1, -1};
	int r = open_annotated(annotations, HK_ANNOTATION_HOOKS_STDOUT, &files.out, err);

	if (r == 0)
		r = open_annotated(annotations, HK_ANNOTATION_HOOKS_STDERR, &files.err, err);
	if (r < 0)
		hk_hook_output_close(&files);
	else
		*ret = files;
	return r;
}

void hk_hook_output_close(struct hk_child_output *files)
{
	hk_close(&files->out);
	hk_close(&files->err);
}
