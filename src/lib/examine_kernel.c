/* What the running kernel may not have: namespaces, sysctls, network devices, AppArmor profiles. */
#include "lib/examine.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/findings.h"
#include "base/idlist.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/net.h"
#include "spec/validate.h"
#include "stage/stage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- namespaces ---- */

/* "0" in a file below /proc/sys/user: nobody makes such a namespace. */
static bool is_forbidden(const char *proc_name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", proc_name);
	return hk_read_number(path, 1) == 0;
}

static int examine_new(const struct hk_namespace *ns, size_t i, struct hk_findings *f)
{
	const struct hk_ns_info *info = &hk_ns_infos[ns->type];
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", info->proc_name);
	if (access(path, F_OK) < 0)
		return hk_finding(f, ENOTSUP, hk_at("/linux/namespaces/%zu", i), NULL,
			"the running kernel has no %s namespaces", info->name);
	if (is_forbidden(info->proc_name))
		return hk_finding(f, ENOSPC, hk_at("/linux/namespaces/%zu", i),
			hk_at("raise /proc/sys/user/max_%s_namespaces", info->proc_name).text,
			"new %s namespaces are forbidden on this host", info->name);
	return 0;
}

static int examine_joined(const struct hk_namespace *ns, size_t i, struct hk_findings *f)
{
	HK_FD int fd = hk_namespace_open(ns->path, ns->type, f->err);

	if (fd >= 0)
		return 0;
	(void)hk_err_at(f->err, "/linux/namespaces/%zu/path", i);
	return hk_found(f);
}

static int examine_namespaces(const struct hk_spec *spec, struct hk_findings *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->linux.namespace_count; i++) {
		const struct hk_namespace *ns = &spec->linux.namespaces[i];

		r = ns->path ? examine_joined(ns, i, f) : examine_new(ns, i, f);
	}
	return r;
}

/* ---- sysctls ---- */

/* Keys of network devices come and go with these: the container's own are not there yet. */
static bool is_of_a_device(const char *path)
{
	return hk_starts_with(path, "net/") && (strstr(path, "/conf/") || strstr(path, "/neigh/"));
}

static int examine_sysctl(const char *key, struct hk_findings *f)
{
	char path[PATH_MAX], file[PATH_MAX + 16];

	if (hk_sysctl_path(key, path, sizeof(path)) < 0 || is_of_a_device(path))
		return 0;
	(void)snprintf(file, sizeof(file), "/proc/sys/%s", path);
	if (access(file, F_OK) == 0 || errno != ENOENT)
		return 0;
	return hk_finding(f, ENOENT, hk_at_key("/linux/sysctl", key), NULL,
		"the running kernel does not have this sysctl");
}

static int examine_sysctls(const struct hk_spec *spec, struct hk_findings *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->linux.sysctl.count; i++)
		r = examine_sysctl(spec->linux.sysctl.items[i].key, f);
	return r;
}

/* ---- memory nodes ---- */

/* Is a node of the one list in the other? Neither is invalid. */
static bool lists_meet(const char *list, const char *other)
{
	uint32_t first, last, other_first, other_last;

	while (list && hk_id_list_next(&list, HK_NODE_LIMIT, &first, &last) == 0)
		for (const char *rest = other; rest && hk_id_list_next(&rest, HK_NODE_LIMIT,
							       &other_first, &other_last) == 0;)
			if (first <= other_last && other_first <= last)
				return true;
	return false;
}

/* Relative nodes are counted among those that there are. */
static int examine_memory_policy(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_memory_policy *policy = spec->linux.memory_policy;
	HK_FREE char *nodes = NULL;

	if (!policy || !policy->nodes || policy->flags & HK_MPOL_F_RELATIVE_NODES ||
		hk_findings_touch(f, "/linux/memoryPolicy") ||
		hk_read_file("/sys/devices/system/node/has_memory", &nodes) < 0)
		return 0;
	nodes[strcspn(nodes, "\n")] = '\0';
	if (lists_meet(policy->nodes, nodes))
		return 0;
	return hk_finding(f, EINVAL, hk_at("/linux/memoryPolicy/nodes"), NULL,
		"this host has memory on the nodes %s alone", nodes);
}

/* ---- network devices ---- */

/* One by one: each may be missing. */
static int examine_net_devices(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_linux *linux = &spec->linux;
	int r = 0;

	for (size_t i = 0; r == 0 && i < linux->net_device_count; i++) {
		struct hk_net_devices *found = NULL;

		if (hk_net_devices_find(&linux->net_devices[i], 1, &found, f->err) < 0)
			r = hk_found(f);
		hk_net_devices_free(found);
	}
	return r;
}

/* ---- AppArmor ---- */

/* The kernel lists a line for each profile: "name (mode)". */
static bool is_listed(const char *profiles, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = profiles; *line; line += *line == '\n') {
		if (strncmp(line, name, len) == 0 && strncmp(line + len, " (", 2) == 0)
			return true;
		line += strcspn(line, "\n");
	}
	return false;
}

/* ':' and '&' name what is not on the list, other namespaces and stacks of profiles. */
static int examine_apparmor(const struct hk_prepared *p, struct hk_findings *f)
{
	const struct hk_process *process = p->spec->process;
	const char *name = process ? process->apparmor_profile : NULL;
	HK_FREE char *profiles = NULL;

	if (!name || !p->facts.apparmor || strpbrk(name, ":&") || strcmp(name, "unconfined") == 0 ||
		hk_read_file("/sys/kernel/security/apparmor/profiles", &profiles) < 0 ||
		is_listed(profiles, name))
		return 0;
	return hk_finding(f, ENOENT, hk_at("/process/apparmorProfile"),
		"load it with apparmor_parser(8)", "the kernel has no AppArmor profile '%s'", name);
}

int hk_examine_kernel(const struct hk_prepared *p, struct hk_findings *f)
{
	int r = examine_namespaces(p->spec, f);

	if (r == 0)
		r = examine_sysctls(p->spec, f);
	if (r == 0)
		r = examine_memory_policy(p->spec, f);
	if (r == 0)
		r = examine_net_devices(p->spec, f);
	if (r == 0)
		r = examine_apparmor(p, f);
	return r;
}
