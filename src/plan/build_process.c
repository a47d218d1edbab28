/* The process: its attributes, its user, and the program at the end. */
#include "plan/builder.h"

#include "base/err.h"
#include "base/idlist.h"
#include "plan/environment.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <string.h>

#define DEFAULT_UMASK 022u /* what every runtime does, whatever the caller's is */
#define NOTIFY_SOCKET "NOTIFY_SOCKET=/run/notify/notify.sock"

/* ---- attributes ---- */

static void add_names(struct hk_builder *b)
{
	if (b->spec->hostname)
		HK_STEP(&b->blob, HOSTNAME, hostname, HK_PROPERTY(b, "/hostname"),
			.name = hk_blob_str(&b->blob, b->spec->hostname));
	if (b->spec->domainname)
		HK_STEP(&b->blob, DOMAINNAME, domainname, HK_PROPERTY(b, "/domainname"),
			.name = hk_blob_str(&b->blob, b->spec->domainname));
}

/* A key may hold "/", which a JSON pointer spells "~1"; "~" is in no name of a sysctl. */
static hk_ref_str sysctl_property(struct hk_builder *b, const char *key)
{
	char text[PATH_MAX + 16] = "/linux/sysctl/";
	size_t n = strlen(text);

	for (; *key && n + 3 < sizeof(text); key++) {
		if (*key == '/')
			text[n++] = '~';
		text[n++] = *key == '/' ? '1' : *key;
	}
	text[n] = '\0';
	return hk_blob_str(&b->blob, text);
}

static int add_sysctls(struct hk_builder *b)
{
	const struct hk_pairs *sysctl = &b->spec->linux.sysctl;
	char key[PATH_MAX];

	for (size_t i = 0; i < sysctl->count; i++) {
		const struct hk_pair *pair = &sysctl->items[i];

		if (hk_sysctl_path(pair->key, key, sizeof(key)) < 0) {
			(void)hk_refuse(b->err, EINVAL, "'%s' is no name of a sysctl", pair->key);
			return hk_err_at(b->err, "/linux/sysctl");
		}
		HK_STEP(&b->blob, SYSCTL, sysctl, sysctl_property(b, pair->key),
			.key = hk_blob_str(&b->blob, key),
			.value = hk_blob_str(&b->blob, pair->value));
	}
	return 0;
}

int hk_build_kernel_settings(struct hk_builder *b)
{
	const struct hk_user *user = &b->spec->process->user;

	HK_STEP(&b->blob, UMASK, umask,
		user->has_umask ? HK_PROCESS_PROPERTY(b, "user/umask") : HK_NO_PROPERTY,
		.mask = user->has_umask ? user->umask : DEFAULT_UMASK);
	add_names(b);
	return add_sysctls(b);
}

static int add_memory_policy(struct hk_builder *b)
{
	const struct hk_memory_policy *policy = b->spec->linux.memory_policy;
	const char *rest = policy->nodes;
	bool chosen[HK_NODE_LIMIT] = {false};
	uint32_t nodes[HK_NODE_LIMIT], first, last;
	size_t count = 0;

	while (rest) {
		if (hk_id_list_next(&rest, HK_NODE_LIMIT, &first, &last) < 0) {
			(void)hk_refuse(
				b->err, EINVAL, "'%s' is no list of memory nodes", policy->nodes);
			return hk_err_at(b->err, "/linux/memoryPolicy/nodes");
		}
		memset(&chosen[first], true, last - first + 1);
	}
	for (uint32_t node = 0; node < HK_NODE_LIMIT; node++)
		if (chosen[node])
			nodes[count++] = node;
	HK_STEP(&b->blob, MEMORY_POLICY, memory_policy, HK_PROPERTY(b, "/linux/memoryPolicy"),
		.mode = policy->mode, .flags = policy->flags,
		.nodes = hk_blob_u32s(&b->blob, nodes, count));
	return 0;
}

int hk_build_attributes(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;
	const struct hk_scheduler *s = process->scheduler;
	const struct hk_io_priority *io = process->io_priority;

	if (s)
		HK_STEP(&b->blob, SCHEDULER, scheduler, HK_PROCESS_PROPERTY(b, "scheduler"),
			.policy = s->policy, .nice = s->nice, .priority = s->priority,
			.flags = s->flags, .runtime = s->runtime, .deadline = s->deadline,
			.period = s->period);
	if (io)
		HK_STEP(&b->blob, IO_PRIORITY, io_priority, HK_PROCESS_PROPERTY(b, "ioPriority"),
			.value = IOPRIO_PRIO_VALUE(io->class, (uint32_t)io->priority));
	if (b->spec->linux.personality)
		HK_STEP(&b->blob, PERSONALITY, personality, HK_PROPERTY(b, "/linux/personality"),
			.domain = b->spec->linux.personality->domain);
	return b->spec->linux.memory_policy ? add_memory_policy(b) : 0;
}

/* ---- labels ---- */

static int refuse_lsm(struct hk_builder *b, const char *object, const char *member, const char *lsm)
{
	(void)hk_refuse(b->err, ENOTSUP, "%s is not enabled on this host", lsm);
	return hk_err_at(b->err, "%s/%s", object, member);
}

static int check_context(struct hk_builder *b, const char *object, const char *member,
	const char *context, bool unknown)
{
	if (!context || (b->facts->selinux && !unknown))
		return 0;
	if (!b->facts->selinux)
		return refuse_lsm(b, object, member, "SELinux");
	(void)hk_fail(b->err, EINVAL, "SELinux's policy has no context '%s'", context);
	return hk_err_at(b->err, "%s/%s", object, member);
}

static void add_lsm(struct hk_builder *b, const char *member, const char *file, const char *prefix,
	const char *v)
{
	const char *value = hk_arena_printf(&b->scratch, "%s%s", prefix, v);

	if (!value)
		b->blob.failed = true;
	HK_STEP(&b->blob, LSM, lsm, HK_PROPERTY(b, "%s/%s", b->process, member),
		.file = hk_blob_str(&b->blob, file), .value = hk_blob_str(&b->blob, value));
}

/* Both take effect at the next execve. "unconfined" asks for nothing. */
int hk_build_lsm(struct hk_builder *b)
{
	const char *profile = b->spec->process->apparmor_profile;
	const char *label = b->spec->process->selinux_label;
	const struct hk_facts *facts = b->facts;
	int r;

	if (profile && !facts->apparmor && strcmp(profile, "unconfined") != 0)
		return refuse_lsm(b, b->process, "apparmorProfile", "AppArmor");
	r = check_context(b, b->process, "selinuxLabel", label, facts->process_label_unknown);
	if (r == 0)
		r = check_context(b, "/linux", "mountLabel", b->spec->linux.mount_label,
			facts->mount_label_unknown);
	if (r < 0)
		return r;
	if (profile && facts->apparmor)
		add_lsm(b, "apparmorProfile",
			facts->apparmor_attr_dir ? "attr/apparmor/exec" : "attr/exec", "exec ",
			profile);
	if (label)
		add_lsm(b, "selinuxLabel", "attr/exec", "", label);
	return 0;
}

/* ---- privileges ---- */

void hk_build_seccomp(struct hk_builder *b)
{
	const struct hk_plan_options *options = b->options;
	bool may_fetch = b->facts->permitted_caps >> CAP_SYS_PTRACE & 1;

	if (options->seccomp_size)
		HK_STEP(&b->blob, SECCOMP, seccomp, HK_PROPERTY(b, "/linux/seccomp"),
			.filter = hk_blob_bytes(
				&b->blob, options->seccomp_filter, options->seccomp_size),
			.flags = options->seccomp_flags, .notify = options->seccomp_notify,
			.dumpable = options->seccomp_notify && !may_fetch);
}

/* The bounding set is only ever dropped from: what it may hold does not depend on what we have. */
uint64_t hk_plan_missing_capabilities(const struct hk_spec *spec, const struct hk_facts *facts)
{
	const struct hk_capabilities *caps = spec->process->capabilities;
	uint64_t held, missing;

	if (!caps)
		return 0;
	held = caps->effective | caps->inheritable | caps->permitted | caps->ambient;
	missing = (held | caps->bounding) & ~facts->known_caps;
	if (!hk_spec_namespace(spec, HK_NS_USER))
		missing |= held & ~facts->permitted_caps;
	return missing;
}

/* Where config.json says nothing of capabilities there are none: a process that was meant to keep
 * them all says so. */
void hk_build_credentials(struct hk_builder *b)
{
	const struct hk_user *user = &b->spec->process->user;
	const struct hk_capabilities none = {0};
	const struct hk_capabilities *caps =
		b->spec->process->capabilities ? b->spec->process->capabilities : &none;
	uint64_t given = ~hk_plan_missing_capabilities(b->spec, b->facts);
	/* In a user namespace setgroups(2) may be denied; who asks for groups has to get them. Of
	 * ours that is known; the container's is looked at when it is entered. */
	bool keep = b->annotated.keep_groups || (!b->user_namespace && b->facts->setgroups_denied &&
							!user->additional_gid_count);
	bool groups = !keep && (user->additional_gid_count || !b->user_namespace);

	HK_STEP(&b->blob, CREDENTIALS, credentials, HK_PROCESS_PROPERTY(b, "user"),
		.uid = user->uid, .gid = user->gid,
		.gids = hk_blob_u32s(&b->blob, user->additional_gids, user->additional_gid_count),
		.set_groups = groups, .keep_groups = keep,
		.bounding = caps->bounding & b->facts->known_caps,
		.effective = caps->effective & given, .inheritable = caps->inheritable & given,
		.permitted = caps->permitted & given, .ambient = caps->ambient & given);
}

/* ---- the program ---- */

/* sd_listen_fds(3): how many from 3 on, for whom, and what they are called. Returns how many
 * strings, or -ENOMEM. */
static int listen_environment(struct hk_builder *b, const char *ret[static 3])
{
	const struct hk_plan_options *options = b->options;

	if (!options->listen_fds)
		return 0;
	ret[0] = hk_arena_printf(&b->scratch, "LISTEN_FDS=%u", options->listen_fds);
	ret[1] = "LISTEN_PID=1"; /* it wants its own pid there */
	if (!options->listen_fdnames)
		return ret[0] ? 2 : -ENOMEM;
	ret[2] = hk_arena_printf(&b->scratch, "LISTEN_FDNAMES=%s", options->listen_fdnames);
	return ret[0] && ret[2] ? 3 : -ENOMEM;
}

int hk_build_environment(struct hk_builder *b)
{
	const char *extra[5] = {NULL};
	int n = listen_environment(b, extra);

	if (n >= 0 && b->options->notify_dir && b->can_mount)
		extra[n++] = NOTIFY_SOCKET;
	if (n >= 0)
		b->env = hk_environment(&b->spec->process->env, extra, &b->scratch, &b->env_count);
	if (!b->env)
		return hk_fail(b->err, ENOMEM, "make the environment");
	b->env_ref = hk_blob_strs(&b->blob, b->env, b->env_count);
	return 0;
}

void hk_build_home(struct hk_builder *b)
{
	if (!hk_environment_get(b->env, b->env_count, "HOME"))
		HK_STEP(&b->blob, HOME, home, HK_NO_PROPERTY, .uid = b->spec->process->user.uid);
}

void hk_build_lookup(struct hk_builder *b)
{
	HK_STEP(&b->blob, LOOKUP, lookup, HK_PROCESS_PROPERTY(b, "args/0"),
		.name = hk_blob_str(&b->blob, b->spec->process->args.items[0]),
		.search_path =
			hk_blob_str(&b->blob, hk_environment_get(b->env, b->env_count, "PATH")));
}

void hk_build_exec(struct hk_builder *b)
{
	const struct hk_strings *args = &b->spec->process->args;

	HK_STEP(&b->blob, EXEC, exec, HK_PROCESS_PROPERTY(b, "args"),
		.args = hk_blob_strs(&b->blob, args->items, args->count), .env = b->env_ref,
		.preserve_fds = b->options->preserve_fds);
}
