/* What further processes of a container have in common with its first one, as JSON. */
#include "spec/write.h"

#include "spec/tables.h"

static void write_bits(
	struct hk_writer *w, const char *key, uint64_t bits, const struct hk_enum *names)
{
	if (!bits)
		return;
	hk_write_array_begin(w, key);
	for (const struct hk_enum *e = names; e->name; e++)
		if (bits & e->value)
			hk_write_string(w, NULL, e->name);
	hk_write_array_end(w);
}

static void write_capability_set(struct hk_writer *w, const char *key, uint64_t set)
{
	hk_write_array_begin(w, key);
	for (const struct hk_enum *e = hk_capability_names; e->name; e++)
		if (set >> e->value & 1)
			hk_write_string(w, NULL, e->name);
	hk_write_array_end(w);
}

static void write_capabilities(struct hk_writer *w, const struct hk_capabilities *caps)
{
	if (!caps)
		return;
	hk_write_object_begin(w, "capabilities");
	write_capability_set(w, "bounding", caps->bounding);
	write_capability_set(w, "effective", caps->effective);
	write_capability_set(w, "inheritable", caps->inheritable);
	write_capability_set(w, "permitted", caps->permitted);
	write_capability_set(w, "ambient", caps->ambient);
	hk_write_object_end(w);
}

static void write_rlimits(struct hk_writer *w, const struct hk_process *process)
{
	if (!process->rlimit_count)
		return;
	hk_write_array_begin(w, "rlimits");
	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct hk_rlimit *limit = &process->rlimits[i];

		hk_write_object_begin(w, NULL);
		hk_write_string(w, "type", hk_enum_name(hk_rlimit_names, limit->resource));
		hk_write_u64(w, "soft", limit->soft);
		hk_write_u64(w, "hard", limit->hard);
		hk_write_object_end(w);
	}
	hk_write_array_end(w);
}

static void write_scheduler(struct hk_writer *w, const struct hk_scheduler *s)
{
	if (!s)
		return;
	hk_write_object_begin(w, "scheduler");
	hk_write_string(w, "policy", hk_enum_name(hk_scheduler_policies, s->policy));
	hk_write_i64(w, "nice", s->nice);
	hk_write_i64(w, "priority", s->priority);
	write_bits(w, "flags", s->flags, hk_scheduler_flags);
	hk_write_u64(w, "runtime", s->runtime);
	hk_write_u64(w, "deadline", s->deadline);
	hk_write_u64(w, "period", s->period);
	hk_write_object_end(w);
}

static void write_scheduling(struct hk_writer *w, const struct hk_process *process)
{
	const struct hk_io_priority *io = process->io_priority;
	const struct hk_cpu_affinity *affinity = process->exec_cpu_affinity;

	write_scheduler(w, process->scheduler);
	if (io) {
		hk_write_object_begin(w, "ioPriority");
		hk_write_string(w, "class", hk_enum_name(hk_io_priority_classes, io->class));
		hk_write_i64(w, "priority", io->priority);
		hk_write_object_end(w);
	}
	if (affinity) {
		hk_write_object_begin(w, "execCPUAffinity");
		if (affinity->initial)
			hk_write_string(w, "initial", affinity->initial);
		if (affinity->final)
			hk_write_string(w, "final", affinity->final);
		hk_write_object_end(w);
	}
}

static void write_process(struct hk_writer *w, const struct hk_process *process)
{
	hk_write_object_begin(w, "process");
	hk_write_string(w, "cwd", "/"); /* the reader wants one */
	write_capabilities(w, process->capabilities);
	write_rlimits(w, process);
	if (process->apparmor_profile)
		hk_write_string(w, "apparmorProfile", process->apparmor_profile);
	if (process->selinux_label)
		hk_write_string(w, "selinuxLabel", process->selinux_label);
	if (process->has_oom_score_adj)
		hk_write_i64(w, "oomScoreAdj", process->oom_score_adj);
	write_scheduling(w, process);
	hk_write_object_end(w);
}

static void write_linux(struct hk_writer *w, const struct hk_linux *linux)
{
	const struct hk_memory_policy *policy = linux->memory_policy;

	if (!linux->personality && !policy)
		return;
	hk_write_object_begin(w, "linux");
	if (linux->personality) {
		hk_write_object_begin(w, "personality");
		hk_write_string(w, "domain",
			hk_enum_name(hk_personality_domains, linux->personality->domain));
		hk_write_object_end(w);
	}
	if (policy) {
		hk_write_object_begin(w, "memoryPolicy");
		hk_write_string(w, "mode", hk_enum_name(hk_memory_policy_modes, policy->mode));
		if (policy->nodes)
			hk_write_string(w, "nodes", policy->nodes);
		write_bits(w, "flags", policy->flags, hk_memory_policy_flags);
		hk_write_object_end(w);
	}
	hk_write_object_end(w);
}

void hk_spec_write_common(struct hk_writer *w, const struct hk_spec *spec)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "ociVersion", HK_SPEC_VERSION);
	if (spec->process)
		write_process(w, spec->process);
	write_linux(w, &spec->linux);
	hk_write_object_end(w);
}
