/* Reading: every property ends in its member, files that are none, positions, client's files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct hk_spec spec;
static char dir[64];
static int dirfd_ = -1;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/hako-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	hk_spec_done(&spec);
	(void)unlinkat(dirfd_, "config.json", 0);
	(void)unlinkat(dirfd_, "config.json", AT_REMOVEDIR);
	(void)close(dirfd_);
	return rmdir(dir);
}

static void load(const char *text)
{
	struct hk_err err = {0};

	if (hk_spec_parse(text, strlen(text), "config.json", &spec, &err) != 0)
		fail_msg("%s %s: %s", err.position, err.property, err.message);
}

/* Each member has a value that no other has. */
static const char everything[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\",\"readonly\":true},"
	"\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":2,\"width\":3},"
	"\"user\":{\"uid\":4,\"gid\":5,\"umask\":6,\"additionalGids\":[7,8]},"
	"\"args\":[\"a0\",\"a1\"],\"env\":[\"E=1\"],\"cwd\":\"/c\","
	"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"],\"effective\":[\"CAP_DAC_OVERRIDE\"],"
	"\"inheritable\":[\"CAP_DAC_READ_SEARCH\"],\"permitted\":[\"CAP_FOWNER\",\"CAP_BPF\"],"
	"\"ambient\":[\"CAP_CHECKPOINT_RESTORE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NICE\",\"soft\":9,\"hard\":18446744073709551615}],"
	"\"noNewPrivileges\":true,\"apparmorProfile\":\"aa\",\"oomScoreAdj\":-10,"
	"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":-11,\"priority\":12,"
	"\"flags\":[\"SCHED_FLAG_RECLAIM\",\"SCHED_FLAG_UTIL_CLAMP_MAX\"],\"runtime\":13,"
	"\"deadline\":14,\"period\":15},\"selinuxLabel\":\"se\","
	"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7},"
	"\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"1\"}},"
	"\"hostname\":\"h\",\"domainname\":\"d\","
	"\"mounts\":[{\"destination\":\"/m\",\"type\":\"mt\",\"source\":\"ms\",\"options\":"
	"[\"ro\"],\"uidMappings\":[{\"containerID\":1,\"hostID\":2,\"size\":3}],"
	"\"gidMappings\":[{\"containerID\":4,\"hostID\":5,\"size\":6}]}],"
	"\"hooks\":{\"prestart\":[{\"path\":\"/h0\",\"args\":[\"x\",\"y\"],\"env\":[],"
	"\"timeout\":30}],\"createRuntime\":[{\"path\":\"/h1\"}],\"createContainer\":"
	"[{\"path\":\"/h2\"}],\"startContainer\":[{\"path\":\"/h3\"}],\"poststart\":"
	"[{\"path\":\"/h4\"}],\"poststop\":[{\"path\":\"/h5\"},{\"path\":\"/h6\"}]},"
	"\"annotations\":{\"k1\":\"v1\",\"k0\":\"v0\"},"
	"\"linux\":{\"namespaces\":[{\"type\":\"time\"},{\"type\":\"network\",\"path\":\"/n\"}],"
	"\"uidMappings\":[{\"containerID\":7,\"hostID\":8,\"size\":9}],"
	"\"gidMappings\":[{\"containerID\":10,\"hostID\":11,\"size\":12}],"
	"\"timeOffsets\":{\"monotonic\":{\"secs\":-1,\"nanosecs\":2},\"boottime\":{\"secs\":3}},"
	"\"devices\":[{\"type\":\"b\",\"path\":\"/dev/d\",\"major\":1,\"minor\":2,"
	"\"fileMode\":25008,\"uid\":3,\"gid\":4}],"
	"\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{}},\"cgroupsPath\":\"/cg\","
	"\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":5,\"minor\":-7,"
	"\"access\":\"mr\"}],\"memory\":{\"limit\":1,\"reservation\":2,\"swap\":3,\"kernel\":4,"
	"\"kernelTCP\":5,\"swappiness\":6,\"disableOOMKiller\":true,\"useHierarchy\":false,"
	"\"checkBeforeUpdate\":true},\"cpu\":{\"shares\":1,\"quota\":-2,\"burst\":3,"
	"\"period\":4,\"realtimeRuntime\":5,\"realtimePeriod\":6,\"cpus\":\"0\",\"mems\":\"1\","
	"\"idle\":1},\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":10,\"leafWeight\":11,"
	"\"weightDevice\":[{\"major\":1,\"minor\":2,\"weight\":12,\"leafWeight\":13}],"
	"\"throttleReadBpsDevice\":[{\"major\":3,\"minor\":4,\"rate\":14}],"
	"\"throttleWriteBpsDevice\":[{\"major\":3,\"minor\":4,\"rate\":15}],"
	"\"throttleReadIOPSDevice\":[{\"major\":3,\"minor\":4,\"rate\":16}],"
	"\"throttleWriteIOPSDevice\":[{\"major\":3,\"minor\":4,\"rate\":17}]},"
	"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":18}],\"network\":{\"classID\":19,"
	"\"priorities\":[{\"name\":\"eth0\",\"priority\":20}]},\"rdma\":{\"mlx\":"
	"{\"hcaHandles\":21,\"hcaObjects\":22}},\"unified\":{\"u\":\"23\"}},"
	"\"rootfsPropagation\":\"shared\",\"maskedPaths\":[\"/mp\"],\"readonlyPaths\":[\"/rp\"],"
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
	"\"architectures\":[\"SCMP_ARCH_X32\"],\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
	"\"listenerPath\":\"/lp\",\"listenerMetadata\":\"lm\",\"syscalls\":[{\"names\":"
	"[\"read\",\"write\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":5,\"args\":[{"
	"\"index\":1,\"value\":18446744073709551615,\"valueTwo\":3,\"op\":\"SCMP_CMP_NE\"}]}]},"
	"\"sysctl\":{\"net.x\":\"1\"},\"mountLabel\":\"ml\",\"intelRdt\":{\"closID\":\"ci\","
	"\"schemata\":[\"s\"],\"l3CacheSchema\":\"l3\",\"memBwSchema\":\"MB:\","
	"\"enableMonitoring\":true},\"memoryPolicy\":{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\","
	"\"nodes\":\"0-1\",\"flags\":[\"MPOL_F_STATIC_NODES\"]},\"personality\":{\"domain\":"
	"\"LINUX32\"}}}";

static void test_process(void **state)
{
	const struct hk_process *p;

	(void)state;
	load(everything);
	p = spec.process;
	assert_true(p->terminal && p->no_new_privileges);
	assert_int_equal(p->console_size->height, 2);
	assert_int_equal(p->console_size->width, 3);
	assert_int_equal(p->user.uid, 4);
	assert_int_equal(p->user.gid, 5);
	assert_true(p->user.has_umask);
	assert_int_equal(p->user.umask, 6);
	assert_int_equal(p->user.additional_gid_count, 2);
	assert_int_equal(p->user.additional_gids[1], 8);
	assert_int_equal(p->args.count, 2);
	assert_string_equal(p->args.items[1], "a1");
	assert_string_equal(p->env.items[0], "E=1");
	assert_string_equal(p->cwd, "/c");
	assert_true(p->capabilities->bounding == 1);
	assert_true(p->capabilities->effective == 2);
	assert_true(p->capabilities->inheritable == 4);
	assert_true(p->capabilities->permitted == (8 | UINT64_C(1) << 39));
	assert_true(p->capabilities->ambient == UINT64_C(1) << 40);
	assert_int_equal(p->rlimits[0].resource, 13); /* NICE */
	assert_true(p->rlimits[0].soft == 9 && p->rlimits[0].hard == UINT64_MAX);
	assert_string_equal(p->apparmor_profile, "aa");
	assert_true(p->has_oom_score_adj && p->oom_score_adj == -10);
	assert_int_equal(p->scheduler->policy, SCHED_DEADLINE);
	assert_int_equal(p->scheduler->nice, -11);
	assert_int_equal(p->scheduler->priority, 12);
	assert_int_equal(p->scheduler->flags, 0x42);
	assert_int_equal(p->scheduler->runtime, 13);
	assert_int_equal(p->scheduler->deadline, 14);
	assert_int_equal(p->scheduler->period, 15);
	assert_string_equal(p->selinux_label, "se");
	assert_int_equal(p->io_priority->class, 3);
	assert_int_equal(p->io_priority->priority, 7);
	assert_string_equal(p->exec_cpu_affinity->initial, "0");
	assert_string_equal(p->exec_cpu_affinity->final, "1");
}

static void test_mounts_and_hooks(void **state)
{
	const struct hk_hook *hook;

	(void)state;
	load(everything);
	assert_true(spec.root->readonly);
	assert_string_equal(spec.root->path, "r");
	assert_string_equal(spec.hostname, "h");
	assert_string_equal(spec.domainname, "d");
	assert_int_equal(spec.mount_count, 1);
	assert_string_equal(spec.mounts[0].destination, "/m");
	assert_string_equal(spec.mounts[0].type, "mt");
	assert_string_equal(spec.mounts[0].source, "ms");
	assert_string_equal(spec.mounts[0].options.items[0], "ro");
	assert_int_equal(spec.mounts[0].uid_mappings.items[0].host_id, 2);
	assert_int_equal(spec.mounts[0].gid_mappings.items[0].size, 6);
	for (int i = 0; i < HK_HOOK_POINT_COUNT; i++) {
		char path[] = {'/', 'h', (char)('0' + i), '\0'};

		assert_int_equal(spec.hooks.at[i].count, i == HK_HOOK_POSTSTOP ? 2 : 1);
		assert_string_equal(spec.hooks.at[i].items[0].path, path);
	}
	hook = &spec.hooks.at[HK_HOOK_PRESTART].items[0];
	assert_int_equal(hook->args.count, 2);
	assert_true(hook->has_env && hook->env.count == 0);
	assert_true(hook->has_timeout && hook->timeout == 30);
	hook = &spec.hooks.at[HK_HOOK_POSTSTOP].items[1];
	assert_true(!hook->has_env && !hook->has_timeout && !hook->args.count);
	assert_int_equal(spec.annotations.count, 2);
	assert_string_equal(spec.annotations.items[0].key, "k1");
	assert_string_equal(spec.annotations.items[1].value, "v0");
}

static void test_linux(void **state)
{
	const struct hk_linux *l = &spec.linux;

	(void)state;
	load(everything);
	assert_int_equal(l->namespace_count, 2);
	assert_int_equal(l->namespaces[0].type, HK_NS_TIME);
	assert_string_equal(l->namespaces[1].path, "/n");
	assert_ptr_equal(hk_spec_namespace(&spec, HK_NS_NETWORK), &l->namespaces[1]);
	assert_false(hk_spec_new_namespace(&spec, HK_NS_NETWORK));
	assert_true(hk_spec_new_namespace(&spec, HK_NS_TIME));
	assert_null(hk_spec_namespace(&spec, HK_NS_PID));
	assert_int_equal(l->uid_mappings.items[0].container_id, 7);
	assert_int_equal(l->gid_mappings.items[0].host_id, 11);
	assert_true(l->monotonic.set && l->monotonic.seconds == -1);
	assert_int_equal(l->monotonic.nanoseconds, 2);
	assert_true(l->boottime.set && l->boottime.seconds == 3);
	assert_int_equal(l->devices[0].type, 'b');
	assert_string_equal(l->devices[0].path, "/dev/d");
	assert_true(l->devices[0].major == 1 && l->devices[0].minor == 2);
	assert_true(l->devices[0].has_mode && l->devices[0].has_uid && l->devices[0].has_gid);
	assert_int_equal(l->devices[0].mode, 0660);
	assert_int_equal(l->devices[0].uid, 3);
	assert_int_equal(l->devices[0].gid, 4);
	assert_int_equal(l->net_device_count, 2);
	assert_string_equal(l->net_devices[0].host_name, "eth0");
	assert_string_equal(l->net_devices[0].name, "c0");
	assert_null(l->net_devices[1].name);
	assert_string_equal(l->cgroups_path, "/cg");
	assert_string_equal(l->rootfs_propagation, "shared");
	assert_string_equal(l->masked_paths.items[0], "/mp");
	assert_string_equal(l->readonly_paths.items[0], "/rp");
	assert_string_equal(l->sysctl.items[0].key, "net.x");
	assert_string_equal(l->mount_label, "ml");
	assert_string_equal(l->intel_rdt->clos_id, "ci");
	assert_string_equal(l->intel_rdt->schemata.items[0], "s");
	assert_string_equal(l->intel_rdt->l3_cache_schema, "l3");
	assert_string_equal(l->intel_rdt->mem_bw_schema, "MB:");
	assert_true(l->intel_rdt->enable_monitoring);
	assert_int_equal(l->memory_policy->mode, 6);
	assert_string_equal(l->memory_policy->nodes, "0-1");
	assert_int_equal(l->memory_policy->flags, 1 << 15);
	assert_int_equal(l->personality->domain, 8);
}

static void test_resources(void **state)
{
	const struct hk_resources *r;
	const struct hk_blkio *b;

	(void)state;
	load(everything);
	r = spec.linux.resources;
	assert_int_equal(r->device_count, 1);
	assert_true(r->devices[0].allow && r->devices[0].read && r->devices[0].mknod);
	assert_false(r->devices[0].write);
	assert_int_equal(r->devices[0].type, 'c');
	assert_true(r->devices[0].major == 5 && r->devices[0].minor == -1);
	assert_true(r->memory->limit.set && r->memory->limit.value == 1);
	assert_true(r->memory->reservation.value == 2 && r->memory->swap.value == 3);
	assert_true(r->memory->kernel.value == 4 && r->memory->kernel_tcp.value == 5);
	assert_true(r->memory->swappiness.set && r->memory->swappiness.value == 6);
	assert_true(r->memory->has_disable_oom_killer && r->memory->disable_oom_killer);
	assert_true(r->memory->has_use_hierarchy && !r->memory->use_hierarchy);
	assert_true(r->memory->check_before_update);
	assert_true(r->cpu->shares.value == 1 && r->cpu->quota.value == -2);
	assert_true(r->cpu->burst.value == 3 && r->cpu->period.value == 4);
	assert_true(r->cpu->realtime_runtime.value == 5 && r->cpu->realtime_period.value == 6);
	assert_string_equal(r->cpu->cpus, "0");
	assert_string_equal(r->cpu->mems, "1");
	assert_true(r->cpu->idle.set && r->cpu->idle.value == 1);
	assert_true(r->pids_limit.set && r->pids_limit.value == -1);
	b = r->block_io;
	assert_true(b->weight.value == 10 && b->leaf_weight.value == 11);
	assert_true(b->weight_device.items[0].weight.value == 12);
	assert_true(b->weight_device.items[0].leaf_weight.value == 13);
	assert_int_equal(b->throttle_read_bps.items[0].rate, 14);
	assert_int_equal(b->throttle_write_bps.items[0].rate, 15);
	assert_int_equal(b->throttle_read_iops.items[0].rate, 16);
	assert_int_equal(b->throttle_write_iops.items[0].rate, 17);
	assert_int_equal(b->throttle_write_iops.items[0].minor, 4);
	assert_string_equal(r->hugepage_limits[0].page_size, "2MB");
	assert_int_equal(r->hugepage_limits[0].limit, 18);
	assert_true(r->network->class_id.set && r->network->class_id.value == 19);
	assert_string_equal(r->network->priorities[0].name, "eth0");
	assert_int_equal(r->network->priorities[0].priority, 20);
	assert_string_equal(r->rdma[0].device, "mlx");
	assert_true(r->rdma[0].hca_handles.set && r->rdma[0].hca_handles.value == 21);
	assert_true(r->rdma[0].hca_objects.set && r->rdma[0].hca_objects.value == 22);
	assert_string_equal(r->unified.items[0].value, "23");
}

static void test_seccomp(void **state)
{
	const struct hk_seccomp *s;

	(void)state;
	load(everything);
	s = spec.linux.seccomp;
	assert_string_equal(s->default_action, "SCMP_ACT_ERRNO");
	assert_true(s->has_default_errno && s->default_errno == 38);
	assert_string_equal(s->architectures.items[0], "SCMP_ARCH_X32");
	assert_true(s->has_flags && s->flags.count == 1);
	assert_string_equal(s->listener_path, "/lp");
	assert_string_equal(s->listener_metadata, "lm");
	assert_int_equal(s->syscall_count, 1);
	assert_int_equal(s->syscalls[0].names.count, 2);
	assert_string_equal(s->syscalls[0].action, "SCMP_ACT_TRACE");
	assert_true(s->syscalls[0].has_errno && s->syscalls[0].errno_ret == 5);
	assert_int_equal(s->syscalls[0].args[0].index, 1);
	assert_true(s->syscalls[0].args[0].value == UINT64_MAX);
	assert_true(s->syscalls[0].args[0].value_two == 3);
	assert_string_equal(s->syscalls[0].args[0].op, "SCMP_CMP_NE");
}

static void test_warnings(void **state)
{
	(void)state;
	load("{\"ociVersion\":\"1.0.2-dev\",\"process\":{\"cwd\":\"/"
	     "\",\"capabilities\":{\"ambient\":"
	     "[\"CAP_KILL\",\"CAP_X\\n\"]}},\"mounts\":[{\"destination\":\"/a\"},"
	     "{\"destination\":\"b\"}],\"linux\":{\"personality\":{\"domain\":\"LINUX\","
	     "\"flags\":[\"ADDR_NO_RANDOMIZE\",\"x\"]}}}");
	assert_int_equal(spec.warnings.count, 4);
	assert_string_equal(spec.warnings.items[0],
		"/process/capabilities/ambient/1: unknown capability 'CAP_X\\n' is ignored");
	assert_string_equal(
		spec.warnings.items[1], "/mounts/1/destination: 'b' is relative: taken as below /");
	assert_string_equal(spec.warnings.items[2],
		"/linux/personality/flags/0: 'ADDR_NO_RANDOMIZE' is ignored: the specification "
		"defines no flag yet");
	assert_string_equal(spec.warnings.items[3], "/linux/personality/flags/1: 'x' is ignored: "
						    "the specification defines no flag yet");
	assert_int_equal(spec.process->capabilities->ambient, 1 << 5);
}

static void test_warnings_of_what_is_idle(void **state)
{
	(void)state;
	load("{\"ociVersion\":\"1.0.2\",\"mounts\":["
	     "{\"destination\":\"/a\",\"options\":[\"mode=1\",\"bind\"]},"
	     "{\"destination\":\"/b\",\"options\":[\"size=1k\",\"remount\",\"bind\"]},"
	     "{\"destination\":\"/c\",\"type\":\"tmpfs\",\"options\":[\"mode=1\"]}],"
	     "\"linux\":{\"resources\":{\"memory\":{\"kernel\":5}}}}");
	assert_int_equal(spec.warnings.count, 2);
	assert_non_null(strstr(spec.warnings.items[0], "/mounts/0/options/0: 'mode=1' does"));
	assert_non_null(strstr(spec.warnings.items[1], "/linux/resources/memory/kernel: not enf"));
	hk_spec_done(&spec);
	load("{\"ociVersion\":\"1.0.2\",\"linux\":{\"resources\":{\"memory\":{\"kernel\":0}}}}");
	assert_int_equal(spec.warnings.count, 0);
}

static void test_failure_leaves_ret_alone(void **state)
{
	static const struct hk_spec zero;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_spec_parse("{}", 2, "config.json", &spec, &err), -EINVAL);
	assert_string_equal(err.property, "/ociVersion");
	assert_string_equal(err.position, "config.json:1:1");
	assert_int_equal(hk_spec_parse("null", 4, "config.json", &spec, &err), -EINVAL);
	assert_string_equal(err.message, "expected an object, found null");
	assert_int_equal(hk_spec_parse("", 0, "config.json", &spec, &err), -EINVAL);
	assert_memory_equal(&spec, &zero, sizeof(spec));
}

/* ---- files ---- */

static void put_file(const char *text, off_t size)
{
	int fd = openat(dirfd_, "config.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	if (size)
		assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(close(fd), 0);
}

static void test_file(void **state)
{
	struct hk_err err = {0};

	(void)state;
	put_file("{\"ociVersion\":\"1.0.0\"}\n", 0);
	assert_int_equal(hk_spec_read(dirfd_, "config.json", &spec, &err), 0);
	assert_string_equal(spec.oci_version, "1.0.0");
	assert_string_equal(spec.file, "config.json");
	assert_int_equal(spec.text_len, 23);
}

static void test_missing_file(void **state)
{
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_spec_read(dirfd_, "config.json", &spec, &err), -ENOENT);
	assert_string_equal(err.message, "JSON specification file config.json not found");
	assert_int_equal(err.flags, 0);
}

static void test_no_regular_file(void **state)
{
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(mkfifoat(dirfd_, "config.json", 0600), 0);
	assert_int_equal(hk_spec_read(dirfd_, "config.json", &spec, &err), -EINVAL);
	assert_string_equal(err.message, "config.json is not a regular file");
	assert_int_equal(unlinkat(dirfd_, "config.json", 0), 0);
	assert_int_equal(mkdirat(dirfd_, "config.json", 0700), 0);
	assert_int_equal(hk_spec_read(dirfd_, "config.json", &spec, &err), -EINVAL);
	assert_string_equal(err.message, "config.json is not a regular file");
}

static void test_big_file(void **state)
{
	struct hk_err err = {0};

	(void)state;
	put_file("{}", (16 << 20) + 1);
	assert_int_equal(hk_spec_read(dirfd_, "config.json", &spec, &err), -EFBIG);
	assert_string_equal(err.message, "config.json is larger than 16 MiB");
}

static void test_empty_file(void **state)
{
	struct hk_err err = {0};

	(void)state;
	put_file("", 0);
	assert_int_equal(hk_spec_read(dirfd_, "config.json", &spec, &err), -EINVAL);
	assert_string_equal(err.position, "config.json:1:1");
}

/* ---- parts ---- */

static void test_locate(void **state)
{
	static const struct {
		const char *property, *position;
	} cases[] = {
		{"/process/cwd", "config.json:3:8"},
		{"/process/args", "config.json:2:12"}, /* absent: the object that lacks it */
		{"/mounts/1/options/0", "config.json:5:31"},
		{"/mounts/7", "config.json:4:11"},
		{"/x~1y", "config.json:6:8"},
		{"/nowhere/at/all", "config.json:1:1"},
	};
	struct hk_err errs[HK_COUNT(cases)] = {0};

	(void)state;
	load("{\"ociVersion\":\"1.0.0\",\n\"process\": {\n\"cwd\" :\"/\"},\n\"mounts\": ["
	     "{\"destination\":\"/a\"},\n{\"destination\":\"b\",\"options\":[\"ro\"]}],\n\"x/y\": "
	     "1}");
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		(void)hk_refuse(&errs[i], EINVAL, "x");
		(void)hk_err_at(&errs[i], "%s", cases[i].property);
	}
	hk_spec_locate(&spec, &errs[0]);
	assert_string_equal(errs[1].position, "");
	hk_spec_locate_all(&spec, errs, HK_COUNT(errs));
	for (size_t i = 0; i < HK_COUNT(cases); i++)
		assert_string_equal(errs[i].position, cases[i].position);
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_read_process(void **state)
{
	char name[] = "/tmp/hako-process-XXXXXX";
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(close(mkstemp(name)), 0);
	write_file(name,
		"{\"cwd\":\"/\",\"args\":[\"id\"],\"user\":{\"uid\":1},\n\"oomScoreAdj\":1001}");
	assert_int_equal(hk_spec_read_process(AT_FDCWD, name, &spec, &err), 0);
	assert_string_equal(spec.process->args.items[0], "id");
	assert_int_equal(spec.process->user.uid, 1);
	assert_string_equal(hk_spec_process_at(&spec), "");
	assert_int_equal(hk_spec_validate_process(&spec, &err), -EINVAL);
	assert_string_equal(err.property, "/oomScoreAdj");
	hk_spec_locate(&spec, &err);
	assert_string_equal(strchr(err.position, ':'), ":2:15");
	hk_spec_done(&spec);

	write_file(name, "{\"cwd\":1}");
	err = (struct hk_err){0};
	assert_int_equal(hk_spec_read_process(AT_FDCWD, name, &spec, &err), -EINVAL);
	assert_string_equal(err.property, "/cwd");
	assert_string_equal(strchr(err.position, ':'), ":1:8");
	assert_null(spec.process);
	assert_int_equal(unlink(name), 0);
}

static void test_parse_resources(void **state)
{
	static const char text[] = "{\"cpu\":{\"quota\":-1},\"pids\":{\"limit\":0}}";
	struct hk_arena arena = {0};
	struct hk_resources resources = {0};
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(
		hk_spec_parse_resources(text, sizeof(text) - 1, "-", &arena, &resources, &err), 0);
	assert_true(resources.cpu->quota.set && resources.cpu->quota.value == -1);
	assert_true(resources.pids_limit.set && resources.pids_limit.value == 0);
	assert_null(resources.memory);
	assert_int_equal(hk_spec_parse_resources("[]", 2, "-", &arena, &resources, &err), -EINVAL);
	assert_string_equal(err.position, "-:1:1");
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_process),
		T(test_mounts_and_hooks),
		T(test_linux),
		T(test_resources),
		T(test_seccomp),
		T(test_warnings),
		T(test_warnings_of_what_is_idle),
		T(test_failure_leaves_ret_alone),
		T(test_file),
		T(test_missing_file),
		T(test_no_regular_file),
		T(test_big_file),
		T(test_empty_file),
		T(test_locate),
		T(test_read_process),
		T(test_parse_resources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
