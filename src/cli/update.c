/* hako update */
#include "cli.h"
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Flags that are settings of the library's, by their names. */
#define SETTINGS(X)                                                                                \
	X(BLKIO_WEIGHT, "blkio-weight", "NUMBER", "weight of disk I/O, 10 to 1000")                \
	X(CPU_BURST, "cpu-burst", "US", "unused quota that may be saved up, in microseconds")      \
	X(CPU_IDLE, "cpu-idle", "0|1", "1: run only when nothing else does")                       \
	X(CPU_PERIOD, "cpu-period", "US", "period of the CPU quota, in microseconds")              \
	X(CPU_QUOTA, "cpu-quota", "US", "CPU time in each period, in microseconds; -1: no limit")  \
	X(CPU_RT_PERIOD, "cpu-rt-period", "US", "period of the realtime quota (cgroup v1)")        \
	X(CPU_RT_RUNTIME, "cpu-rt-runtime", "US", "realtime CPU time in each period (cgroup v1)")  \
	X(CPU_SHARE, "cpu-share", "NUMBER", "weight of CPU time, 2 to 262144")                     \
	X(CPUSET_CPUS, "cpuset-cpus", "LIST", "CPUs to run on, such as 0-3,7")                     \
	X(CPUSET_MEMS, "cpuset-mems", "LIST", "memory nodes to take memory from")                  \
	X(KERNEL_MEMORY, "kernel-memory", "SIZE", "ignored: kernels have no such limit any more")  \
	X(KERNEL_MEMORY_TCP, "kernel-memory-tcp", "SIZE",                                          \
		"ignored, as with runc: --resources can set it on cgroup v1")                      \
	X(L3_CACHE_SCHEMA, "l3-cache-schema", "LINE", "share of the L3 cache, for resctrl")        \
	X(MEM_BW_SCHEMA, "mem-bw-schema", "LINE", "share of memory bandwidth, for resctrl")        \
	X(MEMORY, "memory", "SIZE", "limit of memory, such as 64m; -1: no limit")                  \
	X(MEMORY_RESERVATION, "memory-reservation", "SIZE",                                        \
		"memory to be left alone under pressure")                                          \
	X(MEMORY_SWAP, "memory-swap", "SIZE", "limit of memory and swap together; -1: no limit")   \
	X(PIDS_LIMIT, "pids-limit", "NUMBER", "limit of processes and threads; -1: no limit")

enum {
#define X(upper, name, argument, help) upper,
	SETTINGS(X)
#undef X
		SETTING_COUNT
};

static struct hako_setting settings[] = {
#define X(upper, name, argument, help) {name, NULL},
	SETTINGS(X)
#undef X
};

static const char *resources;

static const struct option options[] = {
#define X(upper, name, argument, help)                                                             \
	{name, 0, OPTION_STRING, &settings[upper].value, argument, help},
	SETTINGS(X)
#undef X
		{"resources", 'r', OPTION_STRING, &resources, "FILE",
			"read a linux.resources object from FILE or, by -, stdin; of the other "
			"flags only "
			"the schemas count then"},
	{0},
};

/* runc's callers know that the file wins. */
static void drop_settings(struct cli *cli)
{
	char text[64];

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (i == L3_CACHE_SCHEMA || i == MEM_BW_SCHEMA || !settings[i].value)
			continue;
		(void)snprintf(
			text, sizeof(text), "--%s is ignored beside --resources", settings[i].name);
		log_line(&cli->log, HAKO_LOG_WARNING, text);
		settings[i].value = NULL;
	}
}

static int update(struct cli *cli, const char *id, const struct hako_update_options *update)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	if (!runtime)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, id, &container, &error) < 0 ||
		hako_update(container, update, &error) < 0)
		status = cli_fail(cli, id, error);
	hako_container_free(container);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct hako_update_options given = {
		.size = sizeof(given), .settings = settings, .setting_count = SETTING_COUNT};
	char *text = NULL;
	int status;

	(void)argc; /* exactly one */
	/* who limits what runs is mostly systemd's user, and stdin is read only once */
	status = cli_want_libraries(cli);
	if (status != 0)
		return status;
	if (resources) {
		drop_settings(cli);
		text = input_read(resources, &given.resources_size);
		if (!text)
			return cli_refuse_errno(cli, errno, "read '%s'", resources);
		given.resources = text;
		given.resources_name = strcmp(resources, "-") == 0 ? "stdin" : resources;
	}
	status = update(cli, argv[0], &given);
	free(text);
	return status;
}

const struct command update_command = {
	.name = "update",
	.arguments = "ID",
	.summary = "change the limits of a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
