/* hako_features_json: runtime-spec's features.md, from our own tables and from this host. */
#include <hako/features.h>

#include "base/enumtab.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "json/json.h"
#include "lib/errors.h"
#include "plan/facts.h"
#include "plan/options.h"
#include "plan/seccomp.h"
#include "spec/annotations.h"
#include "spec/tables.h"
#include "systemd/bus.h"

#include <hako/runtime.h>

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdint.h>

static void write_list(struct hk_writer *w, const char *key, const char *const *items, size_t count)
{
	hk_write_array_begin(w, key);
	for (size_t i = 0; i < count && items[i]; i++)
		hk_write_string(w, NULL, items[i]);
	hk_write_array_end(w);
}

static void write_mount_options(struct hk_writer *w)
{
	const char *name;

	hk_write_array_begin(w, "mountOptions");
	for (size_t i = 0; (name = hk_mount_option_name(i)); i++)
		hk_write_string(w, NULL, name);
	hk_write_array_end(w);
}

static void write_namespaces(struct hk_writer *w)
{
	hk_write_array_begin(w, "namespaces");
	for (int i = 0; i < HK_NS_COUNT; i++)
		hk_write_string(w, NULL, hk_ns_infos[i].name);
	hk_write_array_end(w);
}

/* Known to us and to the running kernel. */
static void write_capabilities(struct hk_writer *w)
{
	int64_t last = hk_read_number("/proc/sys/kernel/cap_last_cap", 40); /* 5.9 */

	hk_write_array_begin(w, "capabilities");
	for (const struct hk_enum *cap = hk_capability_names; cap->name; cap++)
		if ((int64_t)cap->value <= last)
			hk_write_string(w, NULL, cap->name);
	hk_write_array_end(w);
}

static void write_cgroup(struct hk_writer *w)
{
	hk_write_object_begin(w, "cgroup");
	hk_write_bool(w, "v1", true);
	hk_write_bool(w, "v2", true);
	hk_write_bool(w, "systemd", hk_bus_is_built());
	hk_write_bool(w, "systemdUser", hk_bus_is_built());
	hk_write_bool(w, "rdma", true);
	hk_write_object_end(w);
}

static void write_seccomp(struct hk_writer *w)
{
	const char *const *flags = hk_seccomp_known_flags();

	hk_write_object_begin(w, "seccomp");
	hk_write_bool(w, "enabled", true);
	write_list(w, "actions", hk_seccomp_actions(), SIZE_MAX);
	write_list(w, "operators", hk_seccomp_operators(), SIZE_MAX);
	write_list(w, "archs", hk_seccomp_architectures(), SIZE_MAX);
	write_list(w, "knownFlags", flags, SIZE_MAX);
	hk_write_array_begin(w, "supportedFlags");
	for (size_t i = 0; flags[i]; i++)
		if (hk_seccomp_flag_supported(flags[i]))
			hk_write_string(w, NULL, flags[i]);
	hk_write_array_end(w);
	hk_write_object_end(w);
}

static void write_switch(struct hk_writer *w, const char *name, bool on)
{
	hk_write_object_begin(w, name);
	hk_write_bool(w, "enabled", on);
	hk_write_object_end(w);
}

/* Known to us and to the running kernel. */
static void write_memory_policy(struct hk_writer *w)
{
	hk_write_object_begin(w, "memoryPolicy");
	hk_write_array_begin(w, "modes");
	for (const struct hk_enum *mode = hk_memory_policy_modes; mode->name; mode++)
		if (hk_probe_memory_policy((uint32_t)mode->value))
			hk_write_string(w, NULL, mode->name);
	hk_write_array_end(w);
	hk_write_array_begin(w, "flags");
	for (const struct hk_enum *flag = hk_memory_policy_flags; flag->name; flag++)
		if (hk_probe_memory_policy(MPOL_BIND | (uint32_t)flag->value))
			hk_write_string(w, NULL, flag->name);
	hk_write_array_end(w);
	hk_write_object_end(w);
}

/* What this runtime does, the specification says, whatever the host has: without a resctrl file
 * system a container that asks for it is refused. */
static void write_intel_rdt(struct hk_writer *w)
{
	hk_write_object_begin(w, "intelRdt");
	hk_write_bool(w, "enabled", true);
	hk_write_bool(w, "schemata", true);
	hk_write_bool(w, "monitoring", true);
	hk_write_object_end(w);
}

static void write_linux(struct hk_writer *w)
{
	hk_write_object_begin(w, "linux");
	write_namespaces(w);
	write_capabilities(w);
	write_cgroup(w);
	write_seccomp(w);
	write_switch(w, "apparmor", true);
	write_switch(w, "selinux", true);
	write_intel_rdt(w);
	write_memory_policy(w);
	hk_write_object_begin(w, "mountExtensions");
	write_switch(w, "idmap", true);
	hk_write_object_end(w);
	write_switch(w, "netDevices", true);
	hk_write_object_end(w);
}

static void write_annotations(struct hk_writer *w)
{
	hk_write_object_begin(w, "annotations");
	hk_write_string(w, "io.github.seccomp.libseccomp.version", hako_libseccomp_version());
	hk_write_string(w, "org.opencontainers.hako.version", hako_version());
	if (hako_commit()[0])
		hk_write_string(w, "org.opencontainers.hako.commit", hako_commit());
	hk_write_string(w, "org.opencontainers.runc.checkpoint.enabled", "true");
	hk_write_object_end(w);
}

int hako_features_json(char **ret, hako_error **err)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;
	struct hk_err e = {0};
	const char *unsafe;

	hk_writer_init(&w, &out, "    ");
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "ociVersionMin", "1.0.0");
	hk_write_string(&w, "ociVersionMax", hako_spec_version());
	write_list(&w, "hooks", hk_hook_names, HK_HOOK_POINT_COUNT);
	write_mount_options(&w);
	write_linux(&w);
	write_annotations(&w);
	hk_write_array_begin(&w, "potentiallyUnsafeConfigAnnotations");
	for (size_t i = 0; (unsafe = hk_annotation_unsafe(i)); i++)
		hk_write_string(&w, NULL, unsafe);
	hk_write_array_end(&w);
	hk_write_object_end(&w);
	*ret = hk_strbuf_take(&out);
	return *ret ? 0 : hk_give(hk_fail(&e, ENOMEM, "list the features"), &e, err);
}
