/* Plans as text, compared with golden/NAME.txt. UPDATE_GOLDEN=1 writes the files. */
#include "plan/describe.h"
#include "plan/make.h"

#include <linux/filter.h>
#include <stdlib.h>

#define NS(...)	   "{\"linux\":{\"namespaces\":[" __VA_ARGS__ "]}}"
#define NEW(type)  "{\"type\":\"" type "\"}"
#define JOIN(type) "{\"type\":\"" type "\",\"path\":\"/run/ns/" type "\"}"
#define MAPS                                                                                       \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"                  \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"
#define LINUX_WITH(namespaces, more) "{\"linux\":{\"namespaces\":[" namespaces "]," more "}}"
#define DEFAULT_NS		     NEW("pid") "," NEW("network") "," NEW("ipc") "," NEW("uts") "," NEW("mount")
#define CGROUP_MOUNT(type, options)                                                                \
	"\"mounts\":[{\"destination\":\"/sys/fs/cgroup\",\"type\":\"" type                         \
	"\",\"source\":\"cgroup\",\"options\":[" options "]}]"
#define NO_CGROUP_NS(more) "{\"linux\":{\"namespaces\":[" DEFAULT_NS "]}," more "}"
#define ANNOTATED(members) "{\"annotations\":{" members "}}"
#define PROCESS(members)   "{\"process\":{" members "}}"

#define MOUNTS(list) "{\"mounts\":[" list "]}"
#define TMPFS(path, options)                                                                       \
	"{\"destination\":\"" path                                                                 \
	"\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[" options "]}"
#define BIND(path, options)                                                                        \
	"{\"destination\":\"" path "\",\"source\":\"/host\",\"options\":[" options "]}"
#define MAPPED_BIND(path, options)                                                                 \
	"{\"destination\":\"" path "\",\"source\":\"/host\",\"options\":[" options "]," MAPS "}"

/* Enough to be seen; plan/ does not look into it. */
static const struct sock_filter allow_all[] = {{BPF_RET | BPF_K, 0, 0, 0x7fff0000u}};
#define FILTER .seccomp_filter = allow_all, .seccomp_size = sizeof(allow_all), .seccomp_flags = 4

/* Only the plans of exec have joined. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define EXEC(namespaces, process)                                                                  \
	"{\"hostname\":null,\"process\":{\"args\":[\"id\"]," process                               \
	"},\"linux\":{\"maskedPaths\":null,\"readonlyPaths\":null,\"personality\":{\"domain\":"    \
	"\"LINUX32\"},\"namespaces\":[" namespaces                                                 \
	"]},\"annotations\":{\"dev.hako.landlock\":\"ro:/\",\"dev.hako.core-sched\":\"new\"}}"

static const struct golden {
	const char *name;
	const char *patch;
	struct hk_facts facts;
	struct hk_plan_options options;
	struct hk_plan_joined joined; /* init_pid 0: the plan of create; else that of exec */
} cases[] = {
	{"exec",
		EXEC(JOIN("pid") "," JOIN("network") "," JOIN("mount") "," JOIN("ipc") "," JOIN(
			     "uts"),
			"\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"2-3,0\"}"),
		FACTS(.landlock_abi = 5), OPTIONS(V1_CGROUPS, .console = true),
		{HK_CLONE_NEWPID | HK_CLONE_NEWNET | HK_CLONE_NEWNS | HK_CLONE_NEWIPC |
				HK_CLONE_NEWUTS,
			42}},
	{"exec-user-namespace",
		EXEC(JOIN("user") "," JOIN("pid") "," JOIN("mount"), "\"oomScoreAdj\":1"),
		FACTS(.landlock_abi = 5), OPTIONS(V2_CGROUPS),
		{HK_CLONE_NEWUSER | HK_CLONE_NEWPID | HK_CLONE_NEWNS, 42}},
	{"exec-no-namespaces", EXEC("", "\"noNewPrivileges\":false"), FACTS(.landlock_abi = 5),
		OPTIONS(FILTER, .no_new_keyring = true, .preserve_fds = 2), {0, 42}},
	{"default-v2", NULL, FACTS(), OPTIONS(V2_CGROUPS)},
	{"default-v1", NULL, FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(V1_CGROUPS)},
	{"default-hybrid", NULL, FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(HYBRID_CGROUPS)},
	{"default-no-cgroups", NULL, FACTS(.cgroup_view = HK_CGROUP_VIEW_NONE), OPTIONS()},
	{"cgroup-v1-host-namespace", NO_CGROUP_NS(CGROUP_MOUNT("cgroup", "\"nosuid\",\"ro\"")),
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(V1_CGROUPS)},
	{"cgroup-v1-host-namespace-rw", NO_CGROUP_NS(CGROUP_MOUNT("cgroup", "\"rw\"")),
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(V1_CGROUPS)},
	{"cgroup-hybrid-host-namespace", NO_CGROUP_NS(CGROUP_MOUNT("cgroup", "\"ro\"")),
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(HYBRID_CGROUPS)},
	{"cgroup-v2-host-namespace-rw", NO_CGROUP_NS(CGROUP_MOUNT("cgroup", "\"rw\"")), FACTS(),
		OPTIONS(V2_CGROUPS)},
	{"cgroup2-on-hybrid", NO_CGROUP_NS(CGROUP_MOUNT("cgroup2", "\"ro\",\"nsdelegate\"")),
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(HYBRID_CGROUPS)},
	{"user-namespace", LINUX_WITH(DEFAULT_NS "," NEW("user") "," NEW("cgroup"), MAPS), FACTS(),
		OPTIONS(V2_CGROUPS)},
	{"user-namespace-host-cgroup", LINUX_WITH(DEFAULT_NS "," NEW("user"), MAPS), FACTS(),
		OPTIONS(V2_CGROUPS)},
	{"user-namespace-host-network",
		LINUX_WITH(
			NEW("user") "," NEW("pid") "," NEW("uts") "," NEW("ipc") "," NEW("mount"),
			MAPS),
		FACTS(), OPTIONS()},
	{"rootless", LINUX_WITH(DEFAULT_NS "," NEW("user") "," NEW("cgroup"), MAPS),
		FACTS(.euid = 1000, .egid = 1000, .can_mknod = false), OPTIONS(V2_CGROUPS)},
	{"in-user-namespace", NULL, FACTS(.in_user_namespace = true, .can_mknod = false),
		OPTIONS(V2_CGROUPS)},
	{"join-all",
		NS(JOIN("pid") "," JOIN("network") "," JOIN("ipc") "," JOIN("uts") "," JOIN(
			"mount") "," JOIN("user") "," JOIN("cgroup") "," JOIN("time")),
		FACTS(), OPTIONS()},
	{"join-as-user", NS(JOIN("user") "," JOIN("network") "," NEW("mount") "," NEW("uts")),
		FACTS(.euid = 1000, .can_mknod = false), OPTIONS()},
	{"join-pod",
		NS(JOIN("network") "," JOIN("ipc") "," JOIN("uts") "," NEW("pid") "," NEW(
			"mount") "," NEW("cgroup")),
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(V1_CGROUPS)},
	{"net-devices",
		"{\"linux\":{\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{}},"
		"\"sysctl\":{\"net.ipv4.conf.c0.forwarding\":\"1\"}},"
		"\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/a\"}],"
		"\"createContainer\":[{\"path\":\"/bin/b\"}]}}",
		FACTS(), OPTIONS(V2_CGROUPS)},
	{"net-devices-join",
		LINUX_WITH(NEW("pid") "," JOIN("network") "," NEW("mount") "," NEW("uts"),
			"\"netDevices\":{\"eth0\":{}}"),
		FACTS(), OPTIONS()},
	{"net-devices-user-namespace",
		LINUX_WITH(DEFAULT_NS "," NEW("user"), MAPS ",\"netDevices\":{\"eth0\":{}}"),
		FACTS(), OPTIONS(V2_CGROUPS)},
	{"time-namespace",
		LINUX_WITH(DEFAULT_NS "," NEW("time"),
			"\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":7},"
			"\"boottime\":{\"secs\":60}}"),
		FACTS(), OPTIONS()},
	{"no-mount-namespace",
		"{\"root\":{\"readonly\":false},\"mounts\":[],\"linux\":{\"namespaces\":[" NEW(
			"pid") "," NEW("uts") "],\"maskedPaths\":[],\"readonlyPaths\":[]}}",
		FACTS(), OPTIONS(.console = true)},
	{"mounts-on-the-host",
		"{\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"}],\"linux\":{"
		"\"namespaces\":[" NEW("pid") "," NEW("uts") "],\"maskedPaths\":[],"
							     "\"readonlyPaths\":[]}}",
		FACTS(), OPTIONS(.console = true, .notify_dir = "/run/hako/box/notify")},
	{"no-namespaces",
		"{\"hostname\":null,\"root\":{\"readonly\":false},\"mounts\":[],\"linux\":{"
		"\"namespaces\":[],\"maskedPaths\":[],\"readonlyPaths\":[]}}",
		FACTS(), OPTIONS()},
	{"no-pivot", NULL, FACTS(), OPTIONS(.no_pivot = true)},
	{"cwd", PROCESS("\"cwd\":\"/var/lib\""), FACTS(), OPTIONS()},
	{"writable-root", "{\"root\":{\"readonly\":false}}", FACTS(), OPTIONS()},
	{"terminal",
		PROCESS("\"consoleSize\":{\"height\":24,\"width\":80},\"user\":{\"uid\":1000}"),
		FACTS(), OPTIONS(.console = true)},
	{"hooks",
		"{\"annotations\":{\"a/b\":\"c\"},\"hooks\":{"
		"\"prestart\":[{\"path\":\"/bin/a\"}],"
		"\"createContainer\":[{\"path\":\"/bin/"
		"b\",\"args\":[\"b\",\"1\"],\"env\":[\"X=1\"],"
		"\"timeout\":3},{\"path\":\"/bin/c\"}],"
		"\"startContainer\":[{\"path\":\"/bin/d\"}],\"poststop\":[{\"path\":\"/bin/e\"}]}}",
		FACTS(), OPTIONS()},
	{"new-privileges", PROCESS("\"noNewPrivileges\":false"), FACTS(), OPTIONS(FILTER)},
	{"no-new-privileges", PROCESS("\"noNewPrivileges\":true"), FACTS(),
		OPTIONS(FILTER, .seccomp_notify = true)},
	{"devices",
		"{\"linux\":{\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,"
		"\"minor\":229,\"fileMode\":8582,\"uid\":1,\"gid\":2},"
		"{\"path\":\"/dev//null\",\"type\":\"u\",\"major\":1,\"minor\":3,\"fileMode\":384},"
		"{\"path\":\"/run/pipe\",\"type\":\"p\"},"
		"{\"path\":\"/dev/sda\",\"type\":\"b\",\"major\":8,\"minor\":0}]}}",
		FACTS(.can_mknod = false, .kcore = false), OPTIONS()},
	{"dev-bind",
		"{\"mounts\":[{\"destination\":\"/dev/\",\"type\":\"none\",\"source\":\"/dev\","
		"\"options\":[\"rbind\",\"ro\"]}]}",
		FACTS(), OPTIONS(.console = true)},
	{"mounts",
		"{\"mounts\":["
		"{\"destination\":\"data\",\"source\":\"volume\",\"options\":[\"bind\",\"ro\","
		"\"nosuid\",\"rshared\"]},"
		"{\"destination\":\"/a/../b\",\"type\":\"bind\",\"source\":\"/host\",\"options\":"
		"[\"rbind\",\"rro\",\"rnoatime\",\"rw\",\"noexec\"]},"
		"{\"destination\":\"/"
		"tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"ro\","
		"\"size=1m\",\"nr_inodes=5\",\"tmpcopyup\"]},"
		"{\"destination\":\"/img\",\"type\":\"ext4\",\"source\":\"/dev/loop0\",\"options\":"
		"[\"ro\",\"sync\",\"lazytime\",\"noload\"]},"
		"{\"destination\":\"/"
		"data\",\"options\":[\"remount\",\"bind\",\"nodev\",\"suid\"]}]}",
		FACTS(), OPTIONS()},
	{"mount-options-superblock",
		MOUNTS(TMPFS("/a",
			"\"sync\",\"dirsync\",\"mand\",\"lazytime\",\"size=1m\"") "," TMPFS("/b",
			"\"silent\",\"iversion\",\"mode=700\"") "," TMPFS("/c",
			"\"sync\",\"async\",\"silent\",\"loud\",\"noiversion\",\"nolazytime\"")),
		FACTS(), OPTIONS()},
	{"mount-options-tree",
		MOUNTS(BIND("/a", "\"rbind\",\"rro\",\"rnosuid\",\"rnodev\",\"rnoexec\","
				  "\"rnodiratime\",\"rnoatime\",\"rnosymfollow\"") "," BIND("/b",
			"\"rbind\",\"rrw\",\"rsuid\",\"rdev\",\"rexec\",\"rdiratime\","
			"\"rrelatime\",\"rsymfollow\"") "," TMPFS("/c",
			"\"ro\",\"rrw\"") "," TMPFS("/d", "\"rro\"")),
		FACTS(), OPTIONS()},
	{"mount-options-propagation",
		MOUNTS(BIND("/a", "\"rbind\",\"rslave\",\"shared\"") "," BIND(
			"/b", "\"bind\",\"unbindable\"") "," TMPFS("/c",
			"\"rshared\"") ","
				       "{\"destination\":\"/"
				       "c\",\"options\":[\"remount\",\"rprivate\"]}"),
		FACTS(), OPTIONS()},
	{"remounts",
		MOUNTS(TMPFS("/a",
			"\"ro\"") ",{\"destination\":\"/a\",\"options\":[\"remount\","
				  "\"rw\",\"size=2m\",\"async\",\"silent\"]},"
				  "{\"destination\":\"/img\",\"type\":\"ext4\",\"source\":\"/dev/"
				  "loop0\"},"
				  "{\"destination\":\"/"
				  "img\",\"options\":[\"remount\",\"ro\",\"noatime\"]}," BIND("/b",
					  "\"rbind\"") ",{\"destination\":\"/"
						       "b\",\"options\":[\"remount\","
						       "\"ro\",\"rnosuid\"]}," TMPFS("/d",
							       "\"nodev\"") ","
									    "{\"destination\":\"/"
									    "d\",\"options\":["
									    "\"remount\",\"ro\"]}"),
		FACTS(), OPTIONS()},
	{"idmap",
		MOUNTS(MAPPED_BIND("/a", "\"bind\",\"idmap\"") "," MAPPED_BIND(
			"/b", "\"rbind\",\"ridmap\",\"ro\"") "," MAPPED_BIND("/c", "\"bind\"")),
		FACTS(), OPTIONS()},
	{"idmap-user-namespace",
		"{\"mounts\":[" BIND(
			"/a", "\"bind\",\"idmap\"") "],\"linux\":{\"namespaces\":[" DEFAULT_NS
						    "," NEW("user") "]," MAPS "}}",
		FACTS(), OPTIONS()},
	{"propagation-private", "{\"linux\":{\"rootfsPropagation\":\"private\"}}", FACTS(),
		OPTIONS()},
	{"propagation-slave", "{\"linux\":{\"rootfsPropagation\":\"rslave\"}}", FACTS(), OPTIONS()},
	{"propagation", "{\"linux\":{\"rootfsPropagation\":\"rshared\"}}", FACTS(), OPTIONS()},
	{"propagation-unbindable", "{\"linux\":{\"rootfsPropagation\":\"runbindable\"}}", FACTS(),
		OPTIONS()},
	{"restricted-paths",
		"{\"linux\":{\"maskedPaths\":[\"/proc/acpi\",\"/proc/kcore\",\"/proc/acpi\"],"
		"\"readonlyPaths\":[\"/proc/sys\"]}}",
		FACTS(), OPTIONS()},
	{"attributes",
		"{\"domainname\":\"example.org\",\"process\":{\"oomScoreAdj\":-500,"
		"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":5},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
		"\"user\":{\"uid\":7,\"gid\":8,\"umask\":63,\"additionalGids\":[9,10,9]},"
		"\"apparmorProfile\":\"docker-default\"},\"linux\":{\"cgroupsPath\":\"/x\","
		"\"personality\":{\"domain\":\"LINUX32\"},"
		"\"sysctl\":{\"net.ipv4.conf.eth0/1.forwarding\":\"1\",\"net/core/"
		"somaxconn\":\"9\"}}}",
		FACTS(.apparmor = true, .apparmor_attr_dir = true), OPTIONS(V1_CGROUPS)},
	{"scheduler-deadline",
		PROCESS("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1000000,"
			"\"deadline\":5000000,\"period\":10000000,\"flags\":["
			"\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_RECLAIM\"]}"),
		FACTS(), OPTIONS(V2_CGROUPS)},
	{"scheduler-user-namespace",
		"{\"process\":{\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":7},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":0}},"
		"\"linux\":{\"namespaces\":[" DEFAULT_NS "," NEW("user") "]," MAPS "}}",
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1), OPTIONS(V1_CGROUPS)},
	{"memory-policy",
		"{\"process\":{\"noNewPrivileges\":false},\"linux\":{\"memoryPolicy\":{"
		"\"mode\":\"MPOL_BIND\",\"nodes\":\"3, 0-1,1\",\"flags\":["
		"\"MPOL_F_NUMA_BALANCING\",\"MPOL_F_STATIC_NODES\"]},"
		"\"personality\":{\"domain\":\"LINUX\"}}}",
		FACTS(), OPTIONS(FILTER)},
	{"memory-policy-default", "{\"linux\":{\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\"}}}",
		FACTS(), OPTIONS()},
	{"memory-policy-last-node",
		"{\"linux\":{\"memoryPolicy\":{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\",\"nodes\":"
		"\"1022-1023\"}}}",
		FACTS(), OPTIONS()},
	{"selinux",
		"{\"process\":{\"selinuxLabel\":\"u:r:t:s0:c1,c2\"},\"linux\":{\"mountLabel\":"
		"\"u:object_r:f:s0:c1,c2\"}}",
		FACTS(.selinux = true), OPTIONS()},
	{"sockets",
		PROCESS("\"env\":[\"PATH=/bin\",\"LISTEN_FDS=9\",\"HOME=\",\"A=1\",\"PATH=/usr/"
			"bin\"]"),
		FACTS(),
		OPTIONS(.listen_fds = 2, .preserve_fds = 3, .notify_dir = "/run/hako/box/notify",
			.no_new_keyring = true)},
	{"keep-groups",
		"{\"annotations\":{\"run.oci.keep_original_groups\":\"1\"},\"linux\":{"
		"\"namespaces\":[" DEFAULT_NS "," NEW("user") "]," MAPS "}}",
		FACTS(), OPTIONS()},
	{"keep-groups-host", ANNOTATED("\"run.oci.keep_original_groups\":\"1\""), FACTS(),
		OPTIONS()},
	{"hook-output",
		"{\"annotations\":{\"run.oci.hooks.stdout\":\"/var/log/hooks\","
		"\"run.oci.hooks.stderr\":\"/var/log/hooks.err\"},\"hooks\":{"
		"\"createRuntime\":[{\"path\":\"/bin/a\"}],"
		"\"createContainer\":[{\"path\":\"/bin/b\"}],"
		"\"startContainer\":[{\"path\":\"/bin/c\"}]}}",
		FACTS(), OPTIONS()},
	{"landlock", ANNOTATED("\"dev.hako.landlock\":\"rox:/bin,/lib; rw:/tmp; ro+refer:/etc\""),
		FACTS(.landlock_abi = 7), OPTIONS(FILTER)},
	{"landlock-new-privileges",
		"{\"annotations\":{\"dev.hako.landlock\":\"rwx:/;abi:1\"},"
		"\"process\":{\"noNewPrivileges\":false}}",
		FACTS(.landlock_abi = 1), OPTIONS(FILTER)},
	{"landlock-network",
		ANNOTATED("\"dev.hako.landlock\":\"bind_tcp:80,443;connect_tcp:none;"
			  "scope:signal,abstract_unix_socket\""),
		FACTS(.landlock_abi = 6), OPTIONS()},
	{"core-sched", ANNOTATED("\"dev.hako.core-sched\":\"new\""), FACTS(), OPTIONS()},
	{"strict-root", ANNOTATED("\"dev.hako.readonly-rootfs\":\"strict\""), FACTS(), OPTIONS()},
	{"annotations-for-systemd",
		ANNOTATED("\"org.systemd.property.CPUWeight\":\"uint64 5\","
			  "\"run.oci.systemd.subgroup\":\"a\",\"org.criu.config\":\"/c\""),
		FACTS(), OPTIONS()},
	{"no-capabilities", PROCESS("\"capabilities\":null,\"env\":[\"HOME=/root\"]"), FACTS(),
		OPTIONS()},
};

static char *read_golden(const char *path)
{
	struct hk_strbuf text = {0};
	char part[4096];
	size_t n;
	FILE *file = fopen(path, "r");

	if (!file)
		return NULL;
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		hk_strbuf_add(&text, part, n);
	(void)fclose(file);
	return hk_strbuf_take(&text);
}

static void write_golden(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
}

static void check(void **state)
{
	const struct golden *golden = *state;
	struct hk_strbuf text = {0};
	HK_FREE char *expected = NULL;
	char path[256];
	struct made made;

	make(&made, golden->patch, &golden->facts, &golden->options);
	if (golden->joined.init_pid)
		made.r = hk_plan_build_exec(&made.spec, &golden->facts, &golden->options,
			&golden->joined, &made.arena, &made.plan, &made.err);
	if (made.r < 0)
		fail_msg("%s: %s", made.err.property, made.err.message);
	hk_plan_describe(made.plan, &text);
	assert_false(text.failed);
	(void)snprintf(path, sizeof(path), "plan/golden/%s.txt", golden->name);
	if (getenv("UPDATE_GOLDEN"))
		write_golden(path, text.text);
	expected = read_golden(path);
	assert_non_null(expected);
	assert_string_equal(text.text, expected);
	hk_strbuf_done(&text);
	unmake(&made);
}

int main(void)
{
	struct CMUnitTest tests[HK_COUNT(cases)] = {0};

	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = check;
		tests[i].initial_state = (void *)&cases[i];
	}
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
