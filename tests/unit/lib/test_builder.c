/* The builder: what it builds equals what the same config.json reads as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char json[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"h\",\"domainname\":\"d\",\"annotations\":{\"k\":\"v\"},"
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"ro\"]}],"
	"\"hooks\":{\"poststop\":[{\"path\":\"/h\",\"args\":[\"h\",\"x\"],\"env\":[\"A=b\"],"
	"\"timeout\":3}]},"
	"\"process\":{\"terminal\":true,\"cwd\":\"/w\",\"args\":[\"a\",\"b\",\"c\"],"
	"\"env\":[\"PATH=/bin\",\"E=\"],\"noNewPrivileges\":true,"
	"\"user\":{\"uid\":1,\"gid\":2,\"additionalGids\":[3,4,5]},"
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"ambient\":[\"CAP_KILL\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":5,\"hard\":18446744073709551615}]},"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"user\",\"path\":\"/u\"}],"
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":2000,\"size\":20}],"
	"\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":10,\"minor\":20,"
	"\"fileMode\":384}],"
	"\"sysctl\":{\"kernel.msgmax\":\"1\"},\"cgroupsPath\":\"/c/g\","
	"\"maskedPaths\":[\"/a\",\"/b\"],\"readonlyPaths\":[\"/r\"],"
	"\"resources\":{\"memory\":{\"limit\":1000},\"cpu\":{\"quota\":5,\"period\":10},"
	"\"pids\":{\"limit\":7},\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
	"{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":-1,\"access\":\"rm\"}]}}}";

static hako_spec *parsed(void)
{
	hako_error *error = NULL;
	hako_spec *spec = NULL;

	if (hako_spec_parse(json, strlen(json), &spec, &error) < 0)
		fail_msg("%s", hako_error_text(error));
	return spec;
}

static void build_system(hako_spec *s)
{
	static const char *const args[] = {"h", "x", NULL};
	static const char *const env[] = {"A=b", NULL};

	assert_int_equal(hako_spec_set_root(s, "rootfs", true), 0);
	assert_int_equal(hako_spec_set_hostname(s, "h"), 0);
	assert_int_equal(hako_spec_set_domainname(s, "d"), 0);
	assert_int_equal(hako_spec_add_annotation(s, "k", "v"), 0);
	assert_int_equal(hako_spec_add_mount(s, "/proc", "proc", "proc", NULL), 0);
	assert_int_equal(hako_spec_add_mount(s, "/m", NULL, "/s", "bind,ro"), 0);
	assert_int_equal(hako_spec_add_hook(s, "poststop", "/h", args, env, 3), 0);
	assert_int_equal(hako_spec_add_namespace(s, "pid", NULL), 0);
	assert_int_equal(hako_spec_add_namespace(s, "user", "/u"), 0);
	assert_int_equal(hako_spec_add_uid_mapping(s, 0, 1000, 10), 0);
	assert_int_equal(hako_spec_add_gid_mapping(s, 0, 2000, 20), 0);
	assert_int_equal(hako_spec_add_device(s, "/dev/x", 'c', 10, 20, 0600), 0);
	assert_int_equal(hako_spec_add_sysctl(s, "kernel.msgmax", "1"), 0);
	assert_int_equal(hako_spec_set_cgroups_path(s, "/c/g"), 0);
	assert_int_equal(hako_spec_add_masked_path(s, "/a"), 0);
	assert_int_equal(hako_spec_add_masked_path(s, "/b"), 0);
	assert_int_equal(hako_spec_add_readonly_path(s, "/r"), 0);
	assert_int_equal(hako_spec_set_memory_limit(s, 1000), 0);
	assert_int_equal(hako_spec_set_cpu_quota(s, 5, 10), 0);
	assert_int_equal(hako_spec_set_pids_limit(s, 7), 0);
	assert_int_equal(hako_spec_allow_default_devices(s), 0);
	assert_int_equal(hako_spec_add_device_rule(s, true, 'c', 1, -5, "mr"), 0);
}

static void build_process(hako_spec *s)
{
	static const char *const args[] = {"a", "b", "c", NULL};
	static const char *const bounding[] = {"CHOWN", "CAP_KILL", NULL};
	static const char *const ambient[] = {"KILL", NULL};

	assert_int_equal(hako_spec_set_terminal(s, true), 0);
	assert_int_equal(hako_spec_set_cwd(s, "/w"), 0);
	assert_int_equal(hako_spec_set_args(s, args), 0);
	assert_int_equal(hako_spec_add_env(s, "PATH", "/bin"), 0);
	assert_int_equal(hako_spec_add_env(s, "E", ""), 0);
	assert_int_equal(hako_spec_set_no_new_privileges(s, true), 0);
	assert_int_equal(hako_spec_set_user(s, 1, 2), 0);
	assert_int_equal(hako_spec_add_gid(s, 3), 0);
	assert_int_equal(hako_spec_add_gid(s, 4), 0);
	assert_int_equal(hako_spec_add_gid(s, 5), 0);
	assert_int_equal(hako_spec_add_capabilities(s, HAKO_CAP_BOUNDING, bounding), 0);
	assert_int_equal(hako_spec_add_capabilities(s, HAKO_CAP_AMBIENT, ambient), 0);
	assert_int_equal(hako_spec_add_rlimit(s, "RLIMIT_NOFILE", 5, UINT64_MAX), 0);
}

static hako_spec *built(void)
{
	hako_spec *spec = NULL;

	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	build_system(spec);
	build_process(spec);
	return spec;
}

static void same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void same_strings(const struct hk_strings *a, const struct hk_strings *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->items[i], b->items[i]);
}

static void same_pairs(const struct hk_pairs *a, const struct hk_pairs *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_string_equal(a->items[i].key, b->items[i].key);
		assert_string_equal(a->items[i].value, b->items[i].value);
	}
}

/* Arrays of structs without pointers and padding that differs. */
static void same_bytes(const void *a, size_t a_count, const void *b, size_t b_count, size_t size)
{
	assert_int_equal(a_count, b_count);
	assert_memory_equal(a, b, a_count * size);
}

static void system_part(void **state)
{
	hako_spec *p = parsed(), *b = built();
	const struct hk_spec *x = &p->spec, *y = &b->spec;

	(void)state;
	assert_string_equal(x->oci_version, y->oci_version);
	assert_string_equal(x->root->path, y->root->path);
	assert_int_equal(x->root->readonly, y->root->readonly);
	same_text(x->hostname, y->hostname);
	same_text(x->domainname, y->domainname);
	same_pairs(&x->annotations, &y->annotations);
	assert_int_equal(x->mount_count, y->mount_count);
	for (size_t i = 0; i < x->mount_count; i++) {
		same_text(x->mounts[i].destination, y->mounts[i].destination);
		same_text(x->mounts[i].type, y->mounts[i].type);
		same_text(x->mounts[i].source, y->mounts[i].source);
		same_strings(&x->mounts[i].options, &y->mounts[i].options);
	}
	for (int i = 0; i < HK_HOOK_POINT_COUNT; i++)
		assert_int_equal(x->hooks.at[i].count, y->hooks.at[i].count);
	hako_spec_free(p);
	hako_spec_free(b);
}

/* What calls have set is judged as what a text holds. */
static void annotations_are_read_when_validated(void **state)
{
	static const char *const args[] = {"a", NULL};
	hako_spec *s = NULL;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hako_spec_new(&s, NULL), 0);
	assert_int_equal(hako_spec_set_root(s, "rootfs", true), 0);
	assert_int_equal(hako_spec_set_args(s, args), 0);
	assert_int_equal(hako_spec_add_annotation(s, "dev.hako.landlock", "ro:/usr"), 0);
	assert_int_equal(hk_spec_validate(&s->spec, &err), 0);
	assert_int_equal(hako_spec_add_annotation(s, "run.oci.hooks.stdout", "relative"), 0);
	assert_int_equal(hk_spec_validate(&s->spec, &err), -EINVAL);
	assert_string_equal(err.property, "/annotations/run.oci.hooks.stdout");
	hako_spec_free(s);
}

static void hooks_part(void **state)
{
	hako_spec *p = parsed(), *b = built();
	const struct hk_hook *x = p->spec.hooks.at[HK_HOOK_POSTSTOP].items;
	const struct hk_hook *y = b->spec.hooks.at[HK_HOOK_POSTSTOP].items;

	(void)state;
	same_text(x->path, y->path);
	same_strings(&x->args, &y->args);
	same_strings(&x->env, &y->env);
	assert_int_equal(x->has_env, y->has_env);
	assert_int_equal(x->has_timeout, y->has_timeout);
	assert_int_equal(x->timeout, y->timeout);
	hako_spec_free(p);
	hako_spec_free(b);
}

static void linux_part(void **state)
{
	hako_spec *p = parsed(), *b = built();
	const struct hk_linux *x = &p->spec.linux, *y = &b->spec.linux;

	(void)state;
	assert_int_equal(x->namespace_count, y->namespace_count);
	for (size_t i = 0; i < x->namespace_count; i++) {
		assert_int_equal(x->namespaces[i].type, y->namespaces[i].type);
		same_text(x->namespaces[i].path, y->namespaces[i].path);
	}
	same_bytes(x->uid_mappings.items, x->uid_mappings.count, y->uid_mappings.items,
		y->uid_mappings.count, sizeof(*x->uid_mappings.items));
	same_bytes(x->gid_mappings.items, x->gid_mappings.count, y->gid_mappings.items,
		y->gid_mappings.count, sizeof(*x->gid_mappings.items));
	assert_int_equal(x->device_count, y->device_count);
	same_text(x->devices[0].path, y->devices[0].path);
	assert_int_equal(x->devices[0].type, y->devices[0].type);
	assert_int_equal(x->devices[0].major, y->devices[0].major);
	assert_int_equal(x->devices[0].minor, y->devices[0].minor);
	assert_int_equal(x->devices[0].mode, y->devices[0].mode);
	same_pairs(&x->sysctl, &y->sysctl);
	same_text(x->cgroups_path, y->cgroups_path);
	same_strings(&x->masked_paths, &y->masked_paths);
	same_strings(&x->readonly_paths, &y->readonly_paths);
	hako_spec_free(p);
	hako_spec_free(b);
}

static void resources_part(void **state)
{
	hako_spec *p = parsed(), *b = built();
	const struct hk_resources *x = p->spec.linux.resources, *y = b->spec.linux.resources;

	(void)state;
	assert_int_equal(x->memory->limit.value, y->memory->limit.value);
	assert_int_equal(x->cpu->quota.value, y->cpu->quota.value);
	assert_int_equal(x->cpu->period.value, y->cpu->period.value);
	assert_int_equal(x->pids_limit.value, y->pids_limit.value);
	assert_int_equal(x->device_count, y->device_count);
	for (size_t i = 0; i < x->device_count; i++) {
		assert_int_equal(x->devices[i].allow, y->devices[i].allow);
		assert_int_equal(x->devices[i].type, y->devices[i].type);
		assert_int_equal(x->devices[i].major, y->devices[i].major);
		assert_int_equal(x->devices[i].minor, y->devices[i].minor);
		assert_int_equal(x->devices[i].read, y->devices[i].read);
		assert_int_equal(x->devices[i].write, y->devices[i].write);
		assert_int_equal(x->devices[i].mknod, y->devices[i].mknod);
	}
	hako_spec_free(p);
	hako_spec_free(b);
}

static void process_part(void **state)
{
	hako_spec *p = parsed(), *b = built();
	const struct hk_process *x = p->spec.process, *y = b->spec.process;

	(void)state;
	assert_true(hako_spec_terminal(p));
	assert_true(hako_spec_terminal(b));
	same_text(x->cwd, y->cwd);
	same_strings(&x->args, &y->args);
	same_strings(&x->env, &y->env);
	assert_int_equal(x->no_new_privileges, y->no_new_privileges);
	assert_int_equal(x->user.uid, y->user.uid);
	assert_int_equal(x->user.gid, y->user.gid);
	same_bytes(x->user.additional_gids, x->user.additional_gid_count, y->user.additional_gids,
		y->user.additional_gid_count, sizeof(uint32_t));
	assert_memory_equal(x->capabilities, y->capabilities, sizeof(*x->capabilities));
	assert_int_equal(x->rlimit_count, y->rlimit_count);
	assert_int_equal(x->rlimits[0].resource, y->rlimits[0].resource);
	assert_true(x->rlimits[0].soft == y->rlimits[0].soft);
	assert_true(x->rlimits[0].hard == y->rlimits[0].hard);
	hako_spec_free(p);
	hako_spec_free(b);
}

static void first_error_is_kept(void **state)
{
	hako_spec *spec = NULL;

	(void)state;
	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_add_namespace(spec, "planet", NULL), -EINVAL);
	assert_string_equal(spec->err.message, "unknown namespace type 'planet'");
	assert_int_equal(hako_spec_add_rlimit(spec, "RLIMIT_FUN", 1, 1), -EINVAL);
	assert_int_equal(hako_spec_set_hostname(spec, "h"), -EINVAL);
	assert_null(spec->spec.hostname);
	assert_string_equal(spec->err.message, "unknown namespace type 'planet'");
	hako_spec_free(spec);
}

static void refused_words(void **state)
{
	static const char *const names[] = {"CAP_FLY", NULL};
	hako_spec *spec = NULL;

	(void)state;
	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_add_capabilities(spec, HAKO_CAP_ALL_SETS, names), -EINVAL);
	hako_spec_free(spec);
	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_add_env(spec, "A=B", "c"), -EINVAL);
	hako_spec_free(spec);
	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_add_hook(spec, "prestop", "/h", NULL, NULL, 0), -EINVAL);
	hako_spec_free(spec);
	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_add_device_rule(spec, true, 'c', 1, 1, "rx"), -EINVAL);
	hako_spec_free(spec);
	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_add_device(spec, "/dev/x", 'p', 0, 0, 0600), 0);
	assert_int_equal(hako_spec_add_device(spec, "/dev/y", 'z', 1, 1, 0600), -EINVAL);
	assert_int_equal(spec->spec.linux.device_count, 1);
	hako_spec_free(spec);
}

/* Arrays that the reader filled have no room: appending must move them. */
static void appends_to_parsed(void **state)
{
	hako_spec *spec = parsed();
	char name[16];

	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "/m%d", i);
		assert_int_equal(hako_spec_add_mount(spec, name, "tmpfs", NULL, "ro,nodev"), 0);
		assert_int_equal(hako_spec_add_env(spec, "N", name), 0);
	}
	assert_int_equal(spec->spec.mount_count, 42);
	assert_string_equal(spec->spec.mounts[0].destination, "/proc");
	assert_string_equal(spec->spec.mounts[41].destination, "/m39");
	assert_string_equal(spec->spec.mounts[41].options.items[1], "nodev");
	assert_string_equal(spec->spec.process->env.items[41], "N=/m39");
	hako_spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_part),
		cmocka_unit_test(annotations_are_read_when_validated),
		cmocka_unit_test(hooks_part),
		cmocka_unit_test(linux_part),
		cmocka_unit_test(resources_part),
		cmocka_unit_test(process_part),
		cmocka_unit_test(first_error_is_kept),
		cmocka_unit_test(refused_words),
		cmocka_unit_test(appends_to_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
