/* Finding the host's hierarchies: by a look at the usual places, else from mountinfo. */
#include "cgroup/host.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ROOT		"/sys/fs/cgroup"
#define CGROUP_INIT_INO 0xeffffffbul /* PROC_CGROUP_INIT_INO: the first cgroup namespace */

static bool is_fs(const char *path, unsigned long magic)
{
	struct statfs sfs;

	return statfs(path, &sfs) == 0 && (unsigned long)sfs.f_type == magic;
}

/* Is the whole hierarchy mounted there? A bind mount of a part of it, as in a container, has
 * another directory than the hierarchy's first inode as its root. */
static bool is_whole(const char *path, bool v2)
{
	struct stat st;

	return is_fs(path, v2 ? HK_CGROUP2_SUPER_MAGIC : HK_CGROUP_SUPER_MAGIC) &&
	       stat(path, &st) == 0 && st.st_ino == 1;
}

/* In another cgroup namespace than the first, /proc/self/cgroup is relative to that one's root,
 * while a mount from outside may show more. */
static bool in_first_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/cgroup", &st) < 0)
		return errno == ENOENT; /* before 4.6 */
	return st.st_ino == CGROUP_INIT_INO;
}

/* "name=systemd" is mounted at "systemd", "cpu,cpuacct" at that name. */
static const char *usual_place(struct hk_arena *arena, const struct hk_cgroup_hierarchy *h, bool v2)
{
	const char *name = h->controllers;

	if (h->v2)
		return v2 ? ROOT : ROOT "/unified";
	if (hk_starts_with(name, "name="))
		name += strlen("name=");
	return hk_arena_printf(arena, ROOT "/%s", name);
}

/* The usual places of every hierarchy. False: one is not there, and mountinfo has to tell. */
static bool look_around(struct hk_arena *arena, struct hk_cgroup_host *host)
{
	bool v2 = is_fs(ROOT, HK_CGROUP2_SUPER_MAGIC);
	size_t kept = 0;

	if (!in_first_namespace())
		return false;
	for (size_t i = 0; i < host->count; i++) {
		struct hk_cgroup_hierarchy h = host->hierarchies[i];

		/* On a v2 host a v1 hierarchy, if there is one at all, has an unusual place. */
		if (v2 && !h.v2)
			return false;
		h.mountpoint = usual_place(arena, &h, v2);
		if (!h.mountpoint || !is_whole(h.mountpoint, h.v2)) {
			/* 0:: is listed once cgroup2 was mounted anywhere, ever */
			if (h.v2 && !v2 && access(ROOT "/unified", F_OK) < 0)
				continue;
			return false;
		}
		if (hk_ends_with(h.self, " (deleted)"))
			h.self = "/";
		host->hierarchies[kept++] = h;
	}
	host->count = kept;
	hk_cgroup_host_decide(host);
	return true;
}

int hk_cgroup_host_probe(struct hk_arena *arena, struct hk_cgroup_host *ret, struct hk_err *err)
{
	HK_FREE char *self = NULL, *mounts = NULL;
	struct hk_cgroup_host listed, host;
	int r;

	r = hk_read_file("/proc/self/cgroup", &self);
	if (r == -ENOENT) { /* a kernel without cgroups */
		*ret = (struct hk_cgroup_host){.mode = HK_CGROUP_NONE};
		return 0;
	}
	if (r == 0)
		r = hk_cgroup_parse_self(arena, self, &listed);
	if (r < 0)
		return hk_fail(err, -r, "read /proc/self/cgroup");
	host = listed;
	if (!look_around(arena, &host)) {
		host = listed;
		r = hk_read_file("/proc/self/mountinfo", &mounts);
		if (r == 0)
			r = hk_cgroup_parse_mountinfo(arena, mounts, &host);
		if (r < 0)
			return hk_fail(err, -r, "find the cgroup mounts in /proc/self/mountinfo");
	}
	*ret = host;
	return 0;
}
