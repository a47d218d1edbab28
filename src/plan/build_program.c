/* What the first process of a container and one that joins it go through alike: the host's side,
 * its stdio and working directory, its user and confinement. For the reasons of the order see
 * build.c. */
#include "plan/builder.h"

#include "base/err.h"
#include "base/idlist.h"

#include <errno.h>
#include <string.h>

/* A function of its own: whoever has no list does not pay for the pages of this stack. */
static int put_cpus(struct hk_builder *b, const char *list, hk_ref_u32s *ret)
{
	bool chosen[HK_CPU_LIMIT] = {false};
	uint32_t numbers[HK_CPU_LIMIT], first, last;
	const char *rest = list;
	size_t count = 0;

	while (rest) {
		if (hk_id_list_next(&rest, HK_CPU_LIMIT, &first, &last) < 0) {
			(void)hk_refuse(b->err, EINVAL, "'%s' is no list of CPUs", list);
			return hk_err_at(b->err, "%s/execCPUAffinity/final", b->process);
		}
		memset(&chosen[first], true, last - first + 1);
	}
	for (uint32_t cpu = 0; cpu < HK_CPU_LIMIT; cpu++)
		if (chosen[cpu])
			numbers[count++] = cpu;
	*ret = hk_blob_u32s(&b->blob, numbers, count);
	return 0;
}

/* execCPUAffinity.final: only a process that joins a container has it. */
static int add_affinity(struct hk_builder *b)
{
	const struct hk_cpu_affinity *affinity =
		b->joined ? b->spec->process->exec_cpu_affinity : NULL;
	const char *list = affinity ? affinity->final : NULL;
	hk_ref_u32s cpus = {0};
	int r = list ? put_cpus(b, list, &cpus) : 0;

	if (r < 0)
		return r;
	if (!list && !b->options->own_cgroup)
		return 0; /* since 6.2 the kernel keeps what it was started with: so it should */
	HK_STEP(&b->blob, AFFINITY, affinity,
		cpus.count ? HK_PROCESS_PROPERTY(b, "execCPUAffinity/final") : HK_NO_PROPERTY,
		.cpus = cpus);
	return 0;
}

int hk_build_host_side(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;
	hk_ref_str cgroup =
		b->spec->linux.cgroups_path ? HK_PROPERTY(b, "/linux/cgroupsPath") : HK_NO_PROPERTY;

	if (process->has_oom_score_adj)
		HK_STEP(&b->blob, OOM_SCORE_ADJ, oom_score_adj,
			HK_PROCESS_PROPERTY(b, "oomScoreAdj"), .score = process->oom_score_adj);
	for (size_t i = 0; i < b->options->cgroup_join_count; i++)
		HK_STEP(&b->blob, CGROUP_JOIN, cgroup_join, cgroup,
			.file = hk_blob_str(&b->blob, b->options->cgroup_join[i]));
	return add_affinity(b);
}

void hk_build_console(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;
	const struct hk_console_size *size = process->console_size;

	if (b->options->console)
		HK_STEP(&b->blob, CONSOLE, console, HK_PROCESS_PROPERTY(b, "terminal"),
			.width = size ? size->width : 0, .height = size ? size->height : 0,
			.uid = process->user.uid, .bind_console = b->can_mount && !b->joined);
}

/* The console's owner is set where it is made. */
void hk_build_stdio(struct hk_builder *b)
{
	if (!b->options->console)
		HK_STEP(&b->blob, STDIO, stdio, HK_NO_PROPERTY, .uid = b->spec->process->user.uid);
}

void hk_build_cwd(struct hk_builder *b, bool make_only)
{
	HK_STEP(&b->blob, CWD, cwd, HK_PROCESS_PROPERTY(b, "cwd"),
		.path = hk_blob_str(&b->blob, b->spec->process->cwd), .make_only = make_only);
}

static void add_no_new_privs(struct hk_builder *b)
{
	HK_STEP(&b->blob, NO_NEW_PRIVS, no_new_privs, HK_PROCESS_PROPERTY(b, "noNewPrivileges"),
		.unused = 0);
}

/* In a user namespace nobody has the host's CAP_SYS_RESOURCE: the runtime does it. */
static void add_rlimits(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;

	if (b->user_namespace && process->rlimit_count) {
		HK_STEP(&b->blob, RLIMITS, rlimits, HK_PROCESS_PROPERTY(b, "rlimits"), .unused = 0);
		return;
	}
	for (size_t i = 0; i < process->rlimit_count; i++)
		HK_STEP(&b->blob, RLIMIT, rlimit, HK_PROPERTY(b, "%s/rlimits/%zu", b->process, i),
			.name = hk_blob_str(&b->blob,
				hk_enum_name(hk_rlimit_names, process->rlimits[i].resource)),
			.resource = process->rlimits[i].resource, .soft = process->rlimits[i].soft,
			.hard = process->rlimits[i].hard);
}

int hk_build_program(struct hk_builder *b)
{
	bool nnp = b->spec->process->no_new_privileges;
	int r;

	add_rlimits(b);
	r = hk_build_part(b, hk_build_landlock(b));
	if (r < 0)
		return r;
	if (!nnp) {
		hk_build_landlock_restrict(b);
		hk_build_seccomp(b);
	}
	hk_build_credentials(b);
	hk_build_cwd(b, false);
	hk_build_lookup(b);
	if (nnp) {
		add_no_new_privs(b);
		hk_build_landlock_restrict(b);
		hk_build_seccomp(b);
	}
	HK_STEP(&b->blob, READY, ready, HK_NO_PROPERTY, .unused = 0);
	return 0;
}
