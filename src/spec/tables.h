/* The tables that say what is read from config.json, and what is not, and why. */
#ifndef HK_SPEC_TABLES_H
#define HK_SPEC_TABLES_H

#include "json/bind.h"
#include "spec/spec.h"

#include <limits.h>

/* Longer strings no system call takes: paths, and what goes through a page of the kernel's; one
 * argument of execve(2), or one string of its environment (MAX_ARG_STRLEN, 4 KiB pages); a socket's
 * path. */
#define HK_LONGEST_PATH	  (PATH_MAX - 1)
#define HK_LONGEST_ARG	  (32 * 4096 - 1)
#define HK_LONGEST_SOCKET 107

extern const struct hk_object hk_spec_object;	   /* the whole: struct hk_spec */
extern const struct hk_object hk_process_object;   /* struct hk_process */
extern const struct hk_object hk_hooks_object;	   /* struct hk_hooks */
extern const struct hk_object hk_mount_object;	   /* struct hk_mount */
extern const struct hk_object hk_mount_list_object; /* only the mounts of struct hk_spec */
extern const struct hk_object hk_id_map_object;	   /* struct hk_id_map */
extern const struct hk_object hk_linux_object;	   /* struct hk_linux */
extern const struct hk_object hk_resources_object; /* struct hk_resources */
extern const struct hk_object hk_seccomp_object;   /* struct hk_seccomp */

/* Properties of the specification that change nothing for us, as JSON pointers without indices. */
struct hk_ignored_property {
	const char *pointer;
	const char *reason;
};

extern const struct hk_ignored_property hk_ignored_properties[]; /* ends with a NULL pointer */

/* spec/warn.c: a warning for each property of a spec just read that changes nothing on this system. */
int hk_warn_of_idle_properties(struct hk_binding *binding, const struct hk_spec *spec);

/* Names and values, in the order of the specification; each ends with a NULL name. */
extern const struct hk_enum hk_namespace_names[];
extern const struct hk_enum hk_scheduler_policies[];
extern const struct hk_enum hk_scheduler_flags[];
extern const struct hk_enum hk_io_priority_classes[];
extern const struct hk_enum hk_device_types[];
extern const struct hk_enum hk_device_rule_types[];
extern const struct hk_enum hk_rootfs_propagations[];
extern const struct hk_enum hk_memory_policy_modes[];
extern const struct hk_enum hk_memory_policy_flags[];
extern const struct hk_enum hk_personality_domains[];
extern const struct hk_enum hk_seccomp_action_names[];
extern const struct hk_enum hk_seccomp_arch_names[];
extern const struct hk_enum hk_seccomp_flag_names[];
extern const struct hk_enum hk_seccomp_operator_names[];

#endif
