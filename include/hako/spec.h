/* What a container is made from: a config.json, or calls of a builder.
 *
 * The builder's calls copy what they are given. The first that fails is remembered, later calls do
 * nothing then, and hako_create gives the error: a program may check each call or none. */
#ifndef HAKO_SPEC_H
#define HAKO_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hako/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hako_spec hako_spec;

/* Read BUNDLE/config.json, or file where that is not NULL. Errors name line, column and JSON
 * pointer. */
HAKO_API int hako_spec_load(
	const char *bundle, const char *file, hako_spec **ret, hako_error **err);
/* Read a file, which may be a pipe, that holds a process object alone, for hako_exec. Its JSON pointers begin at that
 * object: "/cwd". */
HAKO_API int hako_spec_load_process(const char *file, hako_spec **ret, hako_error **err);
/* Read a config.json text from memory. */
HAKO_API int hako_spec_parse(const char *json, size_t len, hako_spec **ret, hako_error **err);
/* An empty one: no namespace, no mount, no capability; cwd "/". */
HAKO_API int hako_spec_new(hako_spec **ret, hako_error **err);
HAKO_API void hako_spec_free(hako_spec *spec); /* NULL is accepted */

/* The default config.json as `hako spec` writes it; heap string, the caller frees. rootless: for a
 * user without privileges (that of the calling process). */
HAKO_API char *hako_spec_template(bool rootless);

/* Does process.terminal ask for a terminal? */
HAKO_API bool hako_spec_terminal(const hako_spec *spec);

/* root.path (absolute, or relative to the bundle), root.readonly */
HAKO_API int hako_spec_set_root(hako_spec *spec, const char *path, bool readonly);
HAKO_API int hako_spec_set_hostname(hako_spec *spec, const char *hostname);
HAKO_API int hako_spec_set_domainname(hako_spec *spec, const char *domainname);
/* linux.namespaces: type as in runtime-spec ("pid", "network", "mount", "ipc", "uts", "user",
 * "cgroup", "time"); path NULL: a new one. */
HAKO_API int hako_spec_add_namespace(hako_spec *spec, const char *type, const char *path);
/* linux.uidMappings and gidMappings */
HAKO_API int hako_spec_add_uid_mapping(
	hako_spec *spec, uint32_t container_id, uint32_t host_id, uint32_t size);
HAKO_API int hako_spec_add_gid_mapping(
	hako_spec *spec, uint32_t container_id, uint32_t host_id, uint32_t size);
/* mounts: options comma-separated or NULL; type and source may be NULL as runtime-spec allows. */
HAKO_API int hako_spec_add_mount(hako_spec *spec, const char *destination, const char *type,
	const char *source, const char *options);
HAKO_API int hako_spec_add_masked_path(hako_spec *spec, const char *path);
HAKO_API int hako_spec_add_readonly_path(hako_spec *spec, const char *path);
HAKO_API int hako_spec_add_sysctl(hako_spec *spec, const char *key, const char *value);
/* linux.cgroupsPath */
HAKO_API int hako_spec_set_cgroups_path(hako_spec *spec, const char *path);
/* linux.resources: memory in bytes, cpu in microseconds of quota each period, -1 for no limit. */
HAKO_API int hako_spec_set_memory_limit(hako_spec *spec, int64_t bytes);
HAKO_API int hako_spec_set_cpu_quota(hako_spec *spec, int64_t quota, uint64_t period);
HAKO_API int hako_spec_set_pids_limit(hako_spec *spec, int64_t limit);
/* linux.resources.devices: type 'a', 'c' or 'b', major and minor -1 for any, access of "rwm". */
HAKO_API int hako_spec_add_device_rule(
	hako_spec *spec, bool allow, char type, int64_t major, int64_t minor, const char *access);
/* Deny all devices but those of runtime-spec's "Default Devices". */
HAKO_API int hako_spec_allow_default_devices(hako_spec *spec);
/* linux.devices: a node inside the container, of type 'c', 'b', 'u' or 'p'. */
HAKO_API int hako_spec_add_device(
	hako_spec *spec, const char *path, char type, int64_t major, int64_t minor, uint32_t mode);

/* process */
HAKO_API int hako_spec_set_args(hako_spec *spec, const char *const args[]); /* ends with NULL */
HAKO_API int hako_spec_add_env(hako_spec *spec, const char *name, const char *value);
HAKO_API int hako_spec_set_cwd(hako_spec *spec, const char *cwd);
HAKO_API int hako_spec_set_user(hako_spec *spec, uint32_t uid, uint32_t gid);
HAKO_API int hako_spec_set_uid(hako_spec *spec, uint32_t uid); /* the group ids stay */
HAKO_API int hako_spec_add_gid(hako_spec *spec, uint32_t gid); /* user.additionalGids */
HAKO_API int hako_spec_set_terminal(hako_spec *spec, bool terminal);
HAKO_API int hako_spec_set_console_size(hako_spec *spec, uint16_t height, uint16_t width);
HAKO_API int hako_spec_set_no_new_privileges(hako_spec *spec, bool on);
HAKO_API int hako_spec_set_apparmor_profile(hako_spec *spec, const char *profile);
HAKO_API int hako_spec_set_selinux_label(hako_spec *spec, const char *label);

enum hako_capability_sets {
	HAKO_CAP_BOUNDING = 1,
	HAKO_CAP_EFFECTIVE = 2,
	HAKO_CAP_INHERITABLE = 4,
	HAKO_CAP_PERMITTED = 8,
	HAKO_CAP_AMBIENT = 16,
	HAKO_CAP_ALL_SETS = 31,
};

/* Names with or without "CAP_"; names ends with NULL. */
HAKO_API int hako_spec_add_capabilities(
	hako_spec *spec, unsigned int sets, const char *const names[]);
/* To the bounding, effective and permitted sets; and to the ambient set where the inheritable one
 * has them, which is never added to. */
HAKO_API int hako_spec_grant_capabilities(hako_spec *spec, const char *const names[]);
/* Name as in runtime-spec, "RLIMIT_NOFILE". */
HAKO_API int hako_spec_add_rlimit(hako_spec *spec, const char *name, uint64_t soft, uint64_t hard);
/* hooks: point as in runtime-spec ("createRuntime", ...); args and env end with NULL or are NULL;
 * timeout in seconds, 0: none. */
HAKO_API int hako_spec_add_hook(hako_spec *spec, const char *point, const char *path,
	const char *const args[], const char *const env[], int timeout);
HAKO_API int hako_spec_add_annotation(hako_spec *spec, const char *key, const char *value);

#ifdef __cplusplus
}
#endif

#endif
