/* SELinux labels of mounts that take none as an option. */
#include "step/label.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

int hk_label_root(int tree, const char *label, const char *where, struct hk_err *err)
{
	HK_FD int root = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* not O_PATH */

	if (root < 0)
		return hk_fail(err, errno, "open '%s' to label it", where);
	/* with its NUL, as SELinux shows it */
	if (fsetxattr(root, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return hk_fail(err, errno, "set the mount label '%s' of '%s'", label, where);
	return 0;
}
