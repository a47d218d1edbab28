/* What a further process of a container is: as its process object says and, where that says
 * nothing, as the container's own one did. Nobody gets out of a profile, a label or a limit by
 * leaving it out. */
#include "lib/exec.h"

#include "base/err.h"
#include "lib/descriptors.h"

#include <errno.h>

static int find_given(struct hk_execution *x, struct hk_err *err)
{
	int r = 0;

	x->given = x->options.spec;
	if (!x->given) {
		const struct hk_state *state = &x->container.state;

		r = hk_spec_load(state->bundle, state->config_path, &x->read, err);
		x->given = x->read;
	}
	if (r == 0 && x->given->err.code) { /* a builder call failed and nobody looked */
		*err = x->given->err;
		return -x->given->err.code;
	}
	return r < 0 ? r : hk_spec_validate_process(&x->given->spec, err);
}

static void fill_in(struct hk_process *process, const struct hk_process *common)
{
	if (!common)
		return;
	if (!process->capabilities)
		process->capabilities = common->capabilities;
	if (!process->rlimit_count) {
		process->rlimits = common->rlimits;
		process->rlimit_count = common->rlimit_count;
	}
	if (!process->apparmor_profile)
		process->apparmor_profile = common->apparmor_profile;
	if (!process->selinux_label)
		process->selinux_label = common->selinux_label;
	if (!process->has_oom_score_adj) {
		process->has_oom_score_adj = common->has_oom_score_adj;
		process->oom_score_adj = common->oom_score_adj;
	}
	if (!process->scheduler)
		process->scheduler = common->scheduler;
	if (!process->io_priority)
		process->io_priority = common->io_priority;
	if (!process->exec_cpu_affinity)
		process->exec_cpu_affinity = common->exec_cpu_affinity;
}

int hk_exec_take_process(struct hk_execution *x, struct hk_err *err)
{
	int r = find_given(x, err);

	if (r == 0)
		r = hk_state_common_load(x->container.dir, &x->common, err);
	if (r < 0)
		return r;
	x->program = *x->given->spec.process;
	fill_in(&x->program, x->common.process);
	x->spec.process = &x->program;
	x->spec.process_alone = x->given->spec.process_alone;
	x->spec.annotations = x->container.state.annotations;
	x->spec.linux.personality = x->common.linux.personality;
	x->spec.linux.memory_policy = x->common.linux.memory_policy;
	return hk_check_console(
		x->program.terminal, x->options.console_socket || x->options.console_fd >= 0, err);
}
