/* The texts that describe the host's hierarchies: /proc/self/cgroup and /proc/self/mountinfo. */
#include "cgroup/host.h"
#include "base/mountinfo.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

/* A process outside of our cgroup namespace is shown above its root, "/../x"; a cgroup that was
 * removed while we are in it, as "/x (deleted)". Neither is a place where anything can be made. */
static bool reachable(const char *self)
{
	return self[0] == '/' && !(hk_starts_with(self, "/..") && (self[3] == '/' || !self[3])) &&
	       !hk_ends_with(self, " (deleted)");
}

/* "4:cpu,cpuacct:/user.slice" or "0::/user.slice"; the path may hold colons. */
static int parse_self_line(
	struct hk_arena *arena, const char *line, size_t len, struct hk_cgroup_hierarchy *ret)
{
	const char *end = line + len;
	const char *controllers = memchr(line, ':', len);
	const char *self;

	if (!controllers || strspn(line, "0123456789") != (size_t)(controllers - line) ||
		controllers == line)
		return -EBADMSG;
	controllers++;
	self = memchr(controllers, ':', (size_t)(end - controllers));
	if (!self || self + 1 == end || self[1] != '/')
		return -EBADMSG;
	*ret = (struct hk_cgroup_hierarchy){
		.v2 = self == controllers,
		.controllers = hk_arena_strndup(arena, controllers, (size_t)(self - controllers)),
		.self = hk_arena_strndup(arena, self + 1, (size_t)(end - self - 1)),
	};
	return ret->controllers && ret->self ? 0 : -ENOMEM;
}

int hk_cgroup_parse_self(struct hk_arena *arena, const char *text, struct hk_cgroup_host *ret)
{
	struct hk_cgroup_host host = {.mode = HK_CGROUP_NONE};

	for (size_t len; *text; text += len + (text[len] == '\n')) {
		int r;

		len = strcspn(text, "\n");
		if (host.count == HK_CGROUP_MAX_HIERARCHIES)
			return -E2BIG;
		r = parse_self_line(arena, text, len, &host.hierarchies[host.count]);
		if (r < 0)
			return r;
		host.count++;
	}
	*ret = host;
	return 0;
}

/* A line of mountinfo, cut up in place. False: no mount of a cgroup file system. */
static bool parse_mount(char *line, struct hk_mountinfo *ret)
{
	return hk_mountinfo_parse(line, ret) &&
	       (strcmp(ret->type, "cgroup") == 0 || strcmp(ret->type, "cgroup2") == 0);
}

static bool is_v2(const struct hk_mountinfo *mount)
{
	return strcmp(mount->type, "cgroup2") == 0;
}

/* Does the mount show this hierarchy? Every controller of a hierarchy is among its options. */
static bool shows(const struct hk_mountinfo *mount, const struct hk_cgroup_hierarchy *hierarchy)
{
	const char *names = hierarchy->controllers;

	if (is_v2(mount) || hierarchy->v2)
		return is_v2(mount) && hierarchy->v2;
	for (size_t len; *names; names += len + (names[len] == ',')) {
		char name[128];

		len = strcspn(names, ",");
		if (len >= sizeof(name))
			return false;
		memcpy(name, names, len);
		name[len] = '\0';
		if (!hk_cgroup_names(mount->options, name))
			return false;
	}
	return true;
}

/* self as seen below a mount of root; NULL where it is not below it. */
static const char *below(const char *self, const char *root)
{
	size_t len = strlen(root);

	if (strcmp(root, "/") == 0)
		return self;
	if (strncmp(self, root, len) != 0 || (self[len] && self[len] != '/'))
		return NULL;
	return self[len] ? self + len : "/";
}

static int place(struct hk_arena *arena, const struct hk_mountinfo *mount,
	struct hk_cgroup_hierarchy *hierarchy, const char **placed_self)
{
	const char *self = below(hierarchy->self, mount->root);

	/* The first mount that we are inside of wins; else the first at all. */
	if (hierarchy->mountpoint && (!self || *placed_self))
		return 0;
	hierarchy->mountpoint = hk_arena_strdup(arena, mount->point);
	*placed_self = self;
	return hierarchy->mountpoint ? 0 : -ENOMEM;
}

static void settle(struct hk_cgroup_host *host, const char *const *selves)
{
	size_t kept = 0;

	for (size_t i = 0; i < host->count; i++) {
		struct hk_cgroup_hierarchy *h = &host->hierarchies[i];

		if (!h->mountpoint)
			continue;
		h->self = selves[i] && reachable(selves[i]) ? selves[i] : "/";
		host->hierarchies[kept++] = *h;
	}
	host->count = kept;
}

int hk_cgroup_parse_mountinfo(struct hk_arena *arena, const char *text, struct hk_cgroup_host *host)
{
	const char *selves[HK_CGROUP_MAX_HIERARCHIES] = {NULL};

	for (size_t len; *text; text += len + (text[len] == '\n')) {
		HK_FREE char *line = NULL;
		struct hk_mountinfo mount;

		len = strcspn(text, "\n");
		line = strndup(text, len);
		if (!line)
			return -ENOMEM;
		if (!parse_mount(line, &mount))
			continue;
		for (size_t i = 0; i < host->count; i++) {
			int r = 0;

			if (shows(&mount, &host->hierarchies[i]))
				r = place(arena, &mount, &host->hierarchies[i], &selves[i]);
			if (r < 0)
				return r;
		}
	}
	settle(host, selves);
	hk_cgroup_host_decide(host);
	return 0;
}

void hk_cgroup_host_decide(struct hk_cgroup_host *host)
{
	bool v1 = false, v2 = false;

	for (size_t i = 0; i < host->count; i++) {
		if (host->hierarchies[i].v2)
			v2 = true;
		else
			v1 = true;
	}
	if (v1)
		host->mode = v2 ? HK_CGROUP_HYBRID : HK_CGROUP_V1;
	else
		host->mode = v2 ? HK_CGROUP_V2 : HK_CGROUP_NONE;
}
