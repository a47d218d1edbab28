/* What undoes a write to a cgroup file, by what the file held. */
#include "cgroup/saved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *file;
	const char *text;  /* as it was, without the last newline */
	const char *value; /* that was written */
	const char *old;
} cases[] = {
	{"memory.limit_in_bytes", "9223372036854771712", "67108864", "9223372036854771712"},
	{"memory.max", "max", "67108864", "max"},
	{"pids.max", "77", "max", "77"},
	{"cpu.max", "max 100000", "20000 50000", "max 100000"},
	{"cpu.max", "max 100000", "20000", "max 100000"},
	{"cpuset.cpus", "", "0", "\n"},
	{"cpuset.cpus", "0-1", "0", "0-1"},
	{"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0", "1", "0"},
	{"memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 0", "1", "1"},
	{"io.weight", "default 100\n8:0 200", "50", "default 100"},
	{"io.weight", "default 100\n8:0 200", "8:0 50", "8:0 200"},
	{"io.weight", "default 100\n8:0 200", "8:16 50", "8:16 default"},
	{"io.bfq.weight", "100", "50", "100"},
	{"io.max", "8:1 rbps=5 wbps=max riops=max wiops=max\n8:16 rbps=6 wbps=7 riops=8 wiops=9",
		"8:16 rbps=1", "8:16 rbps=6 wbps=7 riops=8 wiops=9"},
	{"io.max", "8:16 rbps=6 wbps=7 riops=8 wiops=9", "8:1 rbps=1",
		"8:1 rbps=max wbps=max riops=max wiops=max"},
	{"io.max", "", "8:1 rbps=1", "8:1 rbps=max wbps=max riops=max wiops=max"},
	{"blkio.throttle.read_bps_device", "8:0 1048576", "8:0 5", "8:0 1048576"},
	{"blkio.throttle.read_bps_device", "", "8:0 5", "8:0 0"},
	{"rdma.max", "mlx5_0 hca_handle=max hca_object=2000\nmlx5_1 hca_handle=1 hca_object=max",
		"mlx5_1 hca_handle=5", "mlx5_1 hca_handle=1 hca_object=max"},
	{"net_prio.ifpriomap", "lo 0\neth0 5", "eth0 7", "eth0 5"},
	{"hugetlb.2MB.max", "max", "0", "max"},
};

static void test_old_values(void **state)
{
	struct hk_arena arena = {0};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		const char *old =
			hk_cgroup_old_value(cases[i].file, cases[i].text, cases[i].value, &arena);

		if (!old || strcmp(old, cases[i].old) != 0)
			fail_msg("%s, '%s' behind '%s': '%s'", cases[i].file, cases[i].value,
				cases[i].text, old ? old : "nothing");
	}
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_old_values)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
