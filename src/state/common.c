/* What every process of a container has in common, on disk. */
#include "state/state.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "spec/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int hk_state_common_store(int dir, const struct hk_spec *spec, struct hk_err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	HK_FD int fd = openat(dir, HK_STATE_COMMON, flags, 0600);
	HK_FREE char *text = NULL;
	struct hk_strbuf buf = {0};
	struct hk_writer w;
	int r = fd < 0 ? -errno : 0;

	hk_writer_init(&w, &buf, NULL);
	hk_spec_write_common(&w, spec);
	text = hk_strbuf_take(&buf);
	if (w.lossy)
		return hk_refuse(err, EINVAL, "process has a string that is not UTF-8");
	if (r == 0)
		r = text ? hk_write_full(fd, text, strlen(text)) : -ENOMEM;
	return r < 0 ? hk_fail(err, -r, "write '" HK_STATE_COMMON "' in the state directory") : 0;
}

int hk_state_common_load(int dir, struct hk_spec *ret, struct hk_err *err)
{
	int r = hk_spec_read(dir, HK_STATE_COMMON, ret, err);

	if (r < 0)
		hk_err_prefix(err, "read what the container's processes have in common: ");
	return r;
}
