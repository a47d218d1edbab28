/* The container's pseudo-terminal. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/passfd.h"
#include "base/path.h"
#include "base/sys.h"
#include "step/mount_point.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

#define PTY_SLAVE_MAJOR_FIRST 136
#define PTY_SLAVE_MAJOR_LAST  143

static bool is_ptmx(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2) &&
	       hk_fd_is_fs(fd, HK_DEVPTS_SUPER_MAGIC);
}

static bool is_slave(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       major(st.st_rdev) >= PTY_SLAVE_MAJOR_FIRST &&
	       major(st.st_rdev) <= PTY_SLAVE_MAJOR_LAST && hk_fd_is_fs(fd, HK_DEVPTS_SUPER_MAGIC);
}

/* Looked at before it is opened: opening whatever else an image put there may have effects. */
static int open_master(struct hk_ctx *ctx, struct hk_err *err)
{
	int root = hk_ctx_root(ctx, err);
	int procfd = hk_ctx_procfs(ctx, err);
	HK_FD int node = -1;
	int unlock = 0, master;

	if (root < 0 || procfd < 0)
		return root < 0 ? root : procfd;
	node = hk_root_open(root, "/dev/pts/ptmx", O_PATH | O_NOFOLLOW);
	if (node < 0)
		return hk_fail(err, -node, "open the container's /dev/pts/ptmx");
	if (!is_ptmx(node))
		return hk_refuse(err, ENODEV,
			"the container's /dev/pts/ptmx is no pseudo-terminal multiplexer");
	master = hk_procfs_reopen(procfd, node, O_RDWR | O_NOCTTY);
	if (master < 0)
		return hk_fail(err, -master, "open the container's /dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0) {
		int r = hk_fail(err, errno, "unlock the pseudo-terminal");

		hk_close(&master);
		return r;
	}
	return master;
}

static int send_master(int sock, int master, const char *name, struct hk_err *err)
{
	ssize_t n = hk_send_fds(sock, name, strlen(name), &master, 1);

	return n < 0 ? hk_fail(err, (int)-n, "send the console to the console socket") : 0;
}

static int bind_console(struct hk_ctx *ctx, int peer, struct hk_err *err)
{
	HK_FD int made = -1, target = -1, tree = -1;
	char name[NAME_MAX + 1];
	struct stat st;
	int dir, r;

	dir = hk_parent_open(ctx, "/dev/console", name);
	if (dir < 0)
		return hk_fail(err, -dir, "open the container's /dev");
	made = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0 && errno != EEXIST)
		return hk_fail(err, errno, "make /dev/console");
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return hk_fail(err, errno, "open /dev/console");
	if (S_ISLNK(st.st_mode))
		return hk_refuse(err, ELOOP, "the container's /dev/console is a symbolic link");
	tree = hk_tree_clone(peer, false);
	r = tree < 0 ? tree : hk_tree_attach(tree, target);
	return r < 0 ? hk_fail(err, -r, "bind the console onto /dev/console") : 0;
}

static int set_up_peer(const struct hk_step_console *args, int peer, struct hk_err *err)
{
	struct winsize size = {
		.ws_row = (unsigned short)args->height, .ws_col = (unsigned short)args->width};

	if (!is_slave(peer))
		return hk_refuse(err, ENODEV, "the container's side of the console is no terminal");
	if ((args->width || args->height) && ioctl(peer, TIOCSWINSZ, &size) < 0)
		return hk_fail(err, errno, "set the console's size");
	/* the group stays: devpts gives it that of its option gid= */
	if (fchown(peer, args->uid, (gid_t)-1) < 0)
		return hk_fail(err, errno, "change the console's owner to %u", args->uid);
	return 0;
}

static int become_stdio(int peer, struct hk_err *err)
{
	for (int fd = 0; fd < 3; fd++)
		if (dup2(peer, fd) < 0)
			return hk_fail(err, errno, "make the console stdio");
	if (ioctl(0, TIOCSCTTY, 0) < 0)
		return hk_fail(err, errno, "make the console the controlling terminal");
	return 0;
}

int hk_step_console(struct hk_ctx *ctx, const struct hk_step_console *args, struct hk_err *err)
{
	HK_FD int master = open_master(ctx, err);
	HK_FD int peer = -1;
	unsigned int number;
	char name[32];
	int r;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCGPTN, &number) < 0)
		return hk_fail(err, errno, "ask for the console's number");
	/* not by its name, which the container's other processes could have exchanged */
	peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		return hk_fail(err, errno, "open the container's side of the console");
	r = set_up_peer(args, peer, err);
	if (r == 0 && args->bind_console)
		r = bind_console(ctx, peer, err);
	(void)snprintf(name, sizeof(name), "/dev/pts/%u", number);
	if (r == 0)
		r = send_master(ctx->slots[HK_SLOT_CONSOLE], master, name, err);
	hk_close(&ctx->slots[HK_SLOT_CONSOLE]);
	return r < 0 ? r : become_stdio(peer, err);
}
