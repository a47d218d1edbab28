/* Merge patches of the template that leave it valid. */
#ifndef TESTS_SPEC_VALID_CONFIGS_H
#define TESTS_SPEC_VALID_CONFIGS_H

#include "spec/configs.h"

/* What looks odd, but clients write it or the specification has it. */
static const char *const valid[] = {
	"{}",
	"{\"ociVersion\":\"1.0.2-dev\"}",
	"{\"ociVersion\":\"1.0.0-rc5-dev\"}",
	"{\"ociVersion\":\"1.2.0-rc.1+dev\"}",
	"{\"ociVersion\":\"1.3.0+dev\"}",
	"{\"ociVersion\":\"1.9.12\"}",
	"{\"unknown\":{\"a\":[{}]},\"windows\":{\"layerFolders\":[]},\"vm\":{},\"solaris\":1}",
	"{\"root\":{\"path\":\"/abs/rootfs\",\"readonly\":null}}",
	"{\"hostname\":\"\",\"linux\":{\"namespaces\":[{\"type\":\"mount\",\"path\":\"\"}]}}",
	"{\"hostname\":\"a123456789012345678901234567890123456789012345678901234567890123\"}",
	"{\"mounts\":[{\"destination\":\"relative\",\"type\":\"tmpfs\"}]}",
	"{\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"args\":[],\"env\":[],\"timeout\":1}]}}",
	"{\"hooks\":{\"createRuntime\":null}}",
	"{\"annotations\":{\"k\":\"\"}}",
	PROCESS("\"user\":{\"uid\":4294967294,\"gid\":0,\"umask\":18,\"additionalGids\":[5,5],"
		"\"username\":\"x\"}"),
	PROCESS("\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_FROM_THE_FUTURE\"]}"),
	PROCESS("\"capabilities\":null,\"rlimits\":[],\"env\":null,\"apparmorProfile\":\"\""),
	PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,"
		"\"soft\":18446744073709551615}]"),
	PROCESS("\"oomScoreAdj\":-1000"),
	PROCESS("\"consoleSize\":{\"height\":0,\"width\":0}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1024,\"deadline\":1024,"
		"\"period\":9223372036854775807,\"flags\":[\"SCHED_FLAG_RECLAIM\",\"SCHED_FLAG_"
		"RESET_ON_FORK\"]}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":2000,\"deadline\":3000}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"flags\":[\"SCHED_FLAG_KEEP_"
		"PARAMS\"]}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"flags\":[\"SCHED_FLAG_KEEP_POLICY\"]}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_IDLE\",\"flags\":[\"SCHED_FLAG_UTIL_CLAMP_MIN\","
		"\"SCHED_FLAG_UTIL_CLAMP_MAX\",\"SCHED_FLAG_DL_OVERRUN\"]}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":99}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-20}"),
	PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\"}"),
	PROCESS("\"execCPUAffinity\":{\"initial\":\"0-1, 3\",\"final\":\"\"}"),
	PROCESS("\"execCPUAffinity\":{\"final\":\"1024-8191\"}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"\"}"),
	LINUX("\"intelRdt\":{}"),
	LINUX("\"intelRdt\":{\"closID\":\"/\",\"enableMonitoring\":true}"),
	LINUX("\"intelRdt\":{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=f\",\"memBwSchema\":"
	      "\"MB:0=20\",\"schemata\":[\"L2:0=3\"],\"enableCMT\":true}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\"}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\"}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"0-1,3\"}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"1023\",\"flags\":["
	      "\"MPOL_F_NUMA_BALANCING\",\"MPOL_F_STATIC_NODES\"]}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED_MANY\",\"nodes\":\"0\",\"flags\":["
	      "\"MPOL_F_NUMA_BALANCING\",\"MPOL_F_RELATIVE_NODES\"]}"),
	PROCESS("\"env\":[\"A=\",\"B=b=c\",\"A=2\"]"),
	LINUX("\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}"),
	LINUX("\"devices\":[{\"type\":\"p\",\"path\":\"/dev/fifo\"},{\"type\":\"c\",\"path\":"
	      "\"/dev/fuse\",\"major\":10,\"minor\":229,\"fileMode\":8576,\"uid\":0,\"gid\":0}]"),
	RESOURCES("\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":-1,\"minor\":-1,"
		  "\"access\":\"rmw\"},{\"allow\":false,\"access\":\"m\",\"type\":null}]"),
	RESOURCES("\"cpu\":{\"period\":0,\"shares\":0},\"memory\":{\"kernel\":0,\"swap\":0,"
		  "\"limit\":-1},\"blockIO\":{\"weight\":0},\"pids\":{}"),
	RESOURCES("\"memory\":{\"swap\":-1},\"hugepageLimits\":[{\"pageSize\":\"64KB\","
		  "\"limit\":18446744073709551615}],\"rdma\":{\"mlx5_1\":{\"hcaObjects\":3}}"),
	LINUX("\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"net/core/somaxconn\":\"2\","
	      "\"kernel.shm_rmid_forced\":\"1\",\"fs.mqueue.msg_max\":\"5\","
	      "\"kernel.domainname\":\"d\",\"net.ipv4.conf.eth0/1.forwarding\":\"1\"}"),
	MOUNT("\"options\":[\"bind\"]," MAPPED("uid", "100000", "65536") "," MAPPED(
		"gid", "100000", "65536")),
	MOUNT("\"options\":[\"rbind\",\"ridmap\"]," MAPPED("uid", "0", "4294967295") "," MAPPED(
		"gid", "0", "1")),
	LINUX("\"netDevices\":{\"eth0\":{\"name\":\"eth1\"},\"eth1\":{\"name\":\"eth0\"},"
	      "\"eth2\":{},\"a~b\":{\"name\":\"c%d\"},\"eth3\":{\"name\":\"c%d\"}}"),
	LINUX("\"rootfsPropagation\":\"rslave\",\"mountLabel\":\"\",\"cgroupsPath\":\"\""),
	SYSCALL("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4095,\"args\":[{\"index\":0,"
		"\"value\":18446744073709551615,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]"),
	SECCOMP("\"flags\":[],\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\",\"syscalls\":["
		"{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]"),
	USERNS(ROOT_MAPS),
	LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"},{\"type\":"
	      "\"mount\"},{\"type\":\"uts\"}]," ROOT_MAPS),
	LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"},{\"type\":"
	      "\"mount\"},{\"type\":\"uts\"}],\"sysctl\":{\"user.max_mnt_namespaces\":\"3\"}"),
	TIMENS("", "{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999},\"boottime\":null}"),
};

#endif
