/* cgroups: how they are laid out, where each controller is, and whether we may make groups there.
 */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/file.h"
#include "base/findings.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HANDED_DOWN                                                                                \
	"write \"+NAME\" into cgroup.subtree_control of each group above it; systemd does that "   \
	"for "                                                                                     \
	"units with Delegate="

struct cgroups {
	struct hk_cgroup_host host;
	struct hk_cgroup *group; /* where a container's would be; NULL: nowhere */
	struct hk_cgroup_request request;
};

static const struct controller {
	const char *v1; /* NULL: v2 alone has it */
	const char *v2; /* NULL: v1 alone has it */
	struct hk_need need;
} controllers[] = {
	{"cpu", "cpu", {"cpu", false, "linux.resources.cpu: shares, quota, period"}},
	{"cpuset", "cpuset", {"cpuset", false, "linux.resources.cpu: cpus, mems"}},
	{"memory", "memory", {"memory", false, "linux.resources.memory"}},
	{"pids", "pids", {"pids", false, "linux.resources.pids"}},
	{"blkio", "io", {"io", false, "linux.resources.blockIO"}},
	{"hugetlb", "hugetlb", {"hugetlb", false, "linux.resources.hugepageLimits"}},
	{"rdma", "rdma", {"rdma", false, "linux.resources.rdma"}},
	{"devices", NULL, {"devices", false, "device rules on cgroup v1"}},
	{"cpuacct", NULL, {"cpuacct", false, "CPU time in the statistics of `events`"}},
	{"freezer", NULL, {"freezer", false, "pause and resume"}},
	{"net_cls", NULL, {"net_cls", false, "linux.resources.network.classID"}},
	{"net_prio", NULL, {"net_prio", false, "linux.resources.network.priorities"}},
};

/* ---- where ---- */

static bool file_lists(const char *dir, const char *file, const char *name)
{
	HK_FREE char *text = NULL;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	return hk_read_file(path, &text) == 0 && hk_doctor_has_word(text, name, " \n");
}

/* The hierarchy that has the controller; NULL: none has. *ret_name: as it is called there. */
static const struct hk_cgroup_hierarchy *find(
	const struct cgroups *c, const struct controller *controller, const char **ret_name)
{
	for (size_t i = 0; i < c->host.count; i++) {
		const struct hk_cgroup_hierarchy *h = &c->host.hierarchies[i];

		*ret_name = h->v2 ? controller->v2 : controller->v1;
		if (!*ret_name)
			continue;
		if (h->v2 ? file_lists(h->mountpoint, "cgroup.controllers", *ret_name)
			  : hk_doctor_has_word(h->controllers, *ret_name, ","))
			return h;
	}
	return NULL;
}

/* The directory in which a container's group of that hierarchy would be made, into ret. */
static bool find_parent(
	const struct cgroups *c, const struct hk_cgroup_hierarchy *h, char ret[PATH_MAX])
{
	for (size_t i = 0; c->group && i < hk_cgroup_path_count(c->group); i++) {
		const char *names, *path;

		hk_cgroup_path(c->group, i, &names, &path);
		if (!hk_path_is_beneath(path, h->mountpoint))
			continue;
		(void)snprintf(ret, PATH_MAX, "%s", path);
		*strrchr(ret, '/') = '\0'; /* absolute: there is one */
		return true;
	}
	return false;
}

/* ---- controllers ---- */

static void report(struct hk_doctor *d, const struct cgroups *c,
	const struct controller *controller, const struct hk_cgroup_hierarchy *h, const char *name)
{
	const char *version = h->v2 ? "v2" : "v1";
	char parent[PATH_MAX];

	if (!find_parent(c, h, parent))
		hk_doctor_add(d, &controller->need, HK_VERDICT_UNKNOWN, NULL, "%s, %s", version,
			h->mountpoint);
	else if (access(parent, W_OK) < 0)
		hk_doctor_add(d, &controller->need, HK_VERDICT_LIMITED, "see groups for containers",
			"%s, but no groups can be made in %s: %s", version, parent,
			hk_doctor_errno(d, errno));
	else if (h->v2 && !file_lists(parent, "cgroup.controllers", name))
		hk_doctor_add(d, &controller->need, HK_VERDICT_LIMITED, HANDED_DOWN,
			"%s, but not handed down to %s", version, parent);
	else
		hk_doctor_add(d, &controller->need, HK_VERDICT_OK, NULL, "%s, %s", version, parent);
}

/* v1 lists in /proc/cgroups what the kernel has: name, hierarchy, groups, enabled. */
static bool is_compiled_in(const char *v1_name)
{
	HK_FREE char *text = NULL;
	char word[32];

	(void)snprintf(word, sizeof(word), "\n%s\t", v1_name);
	return hk_read_file("/proc/cgroups", &text) == 0 && strstr(text, word);
}

static const char *how_to_get(
	struct hk_doctor *d, const struct controller *controller, const char *v1_name)
{
	if (v1_name && is_compiled_in(v1_name))
		return hk_doctor_text(
			d, "mount -t cgroup -o %s none /sys/fs/cgroup/%s", v1_name, v1_name);
	return hk_doctor_text(d,
		"a kernel that is built with the controller %s, and no cgroup_disable= for it on "
		"its command line",
		controller->need.name);
}

static void look_at_controller(
	struct hk_doctor *d, const struct cgroups *c, const struct controller *controller)
{
	bool v1 = c->host.mode == HK_CGROUP_V1 || c->host.mode == HK_CGROUP_HYBRID;
	const struct hk_cgroup_hierarchy *h;
	const char *name;

	if (!controller->v2 && !v1)
		return; /* v2 does it in another way, or not at all */
	h = find(c, controller, &name);
	if (h)
		report(d, c, controller, h, name);
	else
		hk_doctor_add(d, &controller->need, HK_VERDICT_MISSING,
			how_to_get(d, controller, v1 ? controller->v1 : NULL), "in no hierarchy");
}

/* ---- the whole ---- */

static void look_at_layout(struct hk_doctor *d, const struct cgroups *c)
{
	static const struct hk_need need = {"layout", false, "limits, statistics, pause"};
	static const char *const names[] = {
		[HK_CGROUP_NONE] = "no cgroup file system is mounted",
		[HK_CGROUP_V1] = "v1",
		[HK_CGROUP_HYBRID] = "v1, and v2 beside it (hybrid)",
		[HK_CGROUP_V2] = "v2",
	};

	if (c->host.mode == HK_CGROUP_NONE)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"mount -t cgroup2 none /sys/fs/cgroup, or use --cgroup-manager disabled",
			"%s", names[c->host.mode]);
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "%s", names[c->host.mode]);
}

/* As a container that asks for nothing would have it: an ordinary user's stays in our own group. */
static void look_at_creation(struct hk_doctor *d, struct cgroups *c)
{
	bool ordinary = d->facts.euid != 0;
	const struct hk_need need = {"groups for containers", !ordinary, "limits, pause, `ps`"};
	struct hk_err err = {0};
	struct hk_findings findings = HK_FIRST_FINDING(&err);

	if (d->cgroup_manager == HK_CGROUP_MANAGER_DISABLED)
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED, "another --cgroup-manager",
			"switched off by --cgroup-manager disabled");
	else if (!c->group || hk_cgroup_path_count(c->group) == 0)
		hk_doctor_add(d, &(struct hk_need){need.name, false, need.needed_for},
			HK_VERDICT_MISSING, "see layout", "there are no cgroups");
	else if (hk_cgroup_examine(c->group, &c->request, &findings) < 0)
		hk_doctor_add(d, &need, ordinary ? HK_VERDICT_LIMITED : HK_VERDICT_MISSING,
			!ordinary ? "mount the cgroup file systems writable"
			: c->host.mode == HK_CGROUP_V2
				? HK_CGROUP_DELEGATE
				: "run hako as root: v1 groups are not delegated to users",
			"cannot %s: %s%s", err.message, hk_doctor_errno(d, err.code),
			ordinary ? "; containers stay in our own group" : "");
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "we may make them");
}

static void look_at_kill(struct hk_doctor *d, const struct cgroups *c)
{
	static const struct hk_need need = {"cgroup.kill", false, "ending all processes at once"};
	bool v2 = c->host.mode == HK_CGROUP_V2 || c->host.mode == HK_CGROUP_HYBRID;

	if (v2 && hk_doctor_kernel_version() >= 5014)
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "there");
	else
		hk_doctor_add(d, &need, HK_VERDICT_LIMITED,
			"nothing: cgroup v2 and Linux 5.14 would make it one write",
			"groups are frozen, signalled and thawed instead");
}

static int open_cgroups(struct hk_doctor *d, struct cgroups *ret, struct hk_err *err)
{
	int r = hk_cgroup_host_probe(&d->arena, &ret->host, err);

	ret->request = (struct hk_cgroup_request){
		.manager = d->cgroup_manager == HK_CGROUP_MANAGER_SYSTEMD
				   ? HK_CGROUP_MANAGER_CGROUPFS
				   : d->cgroup_manager,
		.id = "hako-doctor", /* as good as any: nothing is made */
	};
	return r < 0 ? r : hk_cgroup_new(&ret->host, &ret->request, &ret->group, err);
}

void hk_doctor_cgroups(struct hk_doctor *d)
{
	static const struct hk_need need = {"cgroups", false, "limits, statistics, pause"};
	struct cgroups c = {.group = NULL};
	struct hk_err err = {0};

	if (open_cgroups(d, &c, &err) < 0) {
		hk_doctor_add(d, &need, HK_VERDICT_UNKNOWN, err.hint, "cannot %s", err.message);
		return;
	}
	look_at_layout(d, &c);
	look_at_creation(d, &c);
	for (size_t i = 0; c.host.mode != HK_CGROUP_NONE && i < HK_COUNT(controllers); i++)
		look_at_controller(d, &c, &controllers[i]);
	if (c.host.mode != HK_CGROUP_NONE)
		look_at_kill(d, &c);
	hk_cgroup_free(c.group);
}
