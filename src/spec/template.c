/* The default config.json: what `runc spec` writes, property for property. */
#include "spec/template.h"

#include "base/str.h"
#include "json/json.h"
#include "spec/spec.h"

#include <string.h>
#include <sys/vfs.h>

/* Lists of strings end with NULL. */
static const char *const args[] = {"sh", NULL};
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL};
static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL};
static const char *const masked_paths[] = {"/proc/acpi", "/proc/asound", "/proc/kcore",
	"/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	"/proc/sched_debug", "/sys/firmware", "/proc/scsi", NULL};
static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};

struct mount {
	const char *destination;
	const char *type;
	const char *source;
	const char *options[8];
};

static const struct mount mounts[] = {
	{"/proc", "proc", "proc", {NULL}},
	{"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{"/dev/pts", "devpts", "devpts",
		{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	{"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
	{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
	{"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
	{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};

/* Without a network namespace of its own, a user namespace cannot mount sysfs. */
static const struct mount rootless_sys = {
	"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}};

static void write_strings(struct hk_writer *w, const char *key, const char *const *items)
{
	hk_write_array_begin(w, key);
	for (; *items; items++)
		hk_write_string(w, NULL, *items);
	hk_write_array_end(w);
}

static void write_process(struct hk_writer *w)
{
	hk_write_object_begin(w, "process");
	hk_write_bool(w, "terminal", true);
	hk_write_object_begin(w, "user");
	hk_write_u64(w, "uid", 0);
	hk_write_u64(w, "gid", 0);
	hk_write_object_end(w);
	write_strings(w, "args", args);
	write_strings(w, "env", env);
	hk_write_string(w, "cwd", "/");
	hk_write_object_begin(w, "capabilities");
	write_strings(w, "bounding", capabilities);
	write_strings(w, "effective", capabilities);
	write_strings(w, "permitted", capabilities);
	hk_write_object_end(w);
	hk_write_array_begin(w, "rlimits");
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "type", "RLIMIT_NOFILE");
	hk_write_u64(w, "hard", 1024);
	hk_write_u64(w, "soft", 1024);
	hk_write_object_end(w);
	hk_write_array_end(w);
	hk_write_bool(w, "noNewPrivileges", true);
	hk_write_object_end(w);
}

static void write_mount(struct hk_writer *w, const struct mount *mount, bool rootless)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "destination", mount->destination);
	hk_write_string(w, "type", mount->type);
	hk_write_string(w, "source", mount->source);
	if (mount->options[0])
		hk_write_array_begin(w, "options");
	for (const char *const *option = mount->options; *option; option++) {
		/* One id is mapped: there is no other to own anything. */
		bool owner = hk_starts_with(*option, "uid=") || hk_starts_with(*option, "gid=");

		if (!rootless || !owner)
			hk_write_string(w, NULL, *option);
	}
	if (mount->options[0])
		hk_write_array_end(w);
	hk_write_object_end(w);
}

static void write_mounts(struct hk_writer *w, bool rootless)
{
	hk_write_array_begin(w, "mounts");
	for (size_t i = 0; i < HK_COUNT(mounts); i++) {
		bool sys = !strcmp(mounts[i].destination, "/sys");

		write_mount(w, rootless && sys ? &rootless_sys : &mounts[i], rootless);
	}
	hk_write_array_end(w);
}

/* Device rules need privileges over cgroups. */
static void write_resources(struct hk_writer *w)
{
	hk_write_object_begin(w, "resources");
	hk_write_array_begin(w, "devices");
	hk_write_object_begin(w, NULL);
	hk_write_bool(w, "allow", false);
	hk_write_string(w, "access", "rwm");
	hk_write_object_end(w);
	hk_write_array_end(w);
	hk_write_object_end(w);
}

static void write_id_map(struct hk_writer *w, const char *key, uint32_t host_id)
{
	hk_write_array_begin(w, key);
	hk_write_object_begin(w, NULL);
	hk_write_u64(w, "containerID", 0);
	hk_write_u64(w, "hostID", host_id);
	hk_write_u64(w, "size", 1);
	hk_write_object_end(w);
	hk_write_array_end(w);
}

static void write_namespace(struct hk_writer *w, enum hk_ns_type type)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "type", hk_ns_infos[type].name);
	hk_write_object_end(w);
}

static void write_namespaces(struct hk_writer *w, bool rootless, bool cgroup2)
{
	hk_write_array_begin(w, "namespaces");
	write_namespace(w, HK_NS_PID);
	if (!rootless)
		write_namespace(w, HK_NS_NETWORK);
	write_namespace(w, HK_NS_IPC);
	write_namespace(w, HK_NS_UTS);
	write_namespace(w, HK_NS_MOUNT);
	if (cgroup2)
		write_namespace(w, HK_NS_CGROUP);
	if (rootless)
		write_namespace(w, HK_NS_USER);
	hk_write_array_end(w);
}

char *hk_spec_template_for(bool rootless, uint32_t uid, uint32_t gid, bool cgroup2)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	hk_writer_init(&w, &out, "\t");
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "ociVersion", HK_SPEC_VERSION);
	write_process(&w);
	hk_write_object_begin(&w, "root");
	hk_write_string(&w, "path", "rootfs");
	hk_write_bool(&w, "readonly", true);
	hk_write_object_end(&w);
	hk_write_string(&w, "hostname", "runc");
	write_mounts(&w, rootless);
	hk_write_object_begin(&w, "linux");
	if (rootless) {
		write_id_map(&w, "uidMappings", uid);
		write_id_map(&w, "gidMappings", gid);
	} else {
		write_resources(&w);
	}
	write_namespaces(&w, rootless, cgroup2);
	write_strings(&w, "maskedPaths", masked_paths);
	write_strings(&w, "readonlyPaths", readonly_paths);
	hk_write_object_end(&w);
	hk_write_object_end(&w);
	return hk_strbuf_take(&out);
}

char *hk_spec_template(bool rootless, uint32_t uid, uint32_t gid)
{
	struct statfs st;
	bool cgroup2 =
		statfs("/sys/fs/cgroup", &st) == 0 && (uint64_t)st.f_type == HK_CGROUP2_SUPER_MAGIC;

	return hk_spec_template_for(rootless, uid, gid, cgroup2);
}
