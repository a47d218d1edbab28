/* The parts of hk_spec_validate, one a file. Where findings are collected each goes on behind what
 * is wrong: nothing may be taken for granted because an earlier part has looked at it. */
#ifndef HK_SPEC_VALIDATE_H
#define HK_SPEC_VALIDATE_H

#include "spec/spec.h"

struct hk_findings;

/* A JSON pointer on the stack. */
struct hk_pointer {
	char text[200];
};

struct hk_pointer hk_at(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* base + "/" + key, escaped as RFC 6901 wants it. */
struct hk_pointer hk_at_key(const char *base, const char *key);

/* A finding: EINVAL with the property and the reason. Returns what hk_found does. */
int hk_invalid(struct hk_findings *f, struct hk_pointer at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* With what to do about it. */
int hk_invalid_hint(struct hk_findings *f, struct hk_pointer at, const char *hint, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* With the hint to add that namespace. */
int hk_needs_namespace(struct hk_findings *f, struct hk_pointer at, enum hk_ns_type type,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The general form; hint NULL: none. */
int hk_finding(struct hk_findings *f, int errnum, struct hk_pointer at, const char *hint,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Does a map hold that id of the container? */
bool hk_id_is_mapped(const struct hk_id_maps *maps, uint32_t id);
/* Could the kernel have a network device of that name? */
bool hk_is_interface_name(const char *name);
/* The kernel's 12 bits of major and 20 of minor number. at: of the object that has them. */
int hk_validate_device_number(int64_t major, int64_t minor, const char *at, struct hk_findings *f);
/* CPUs or NUMA nodes: "0-3,7". NULL is none. */
int hk_validate_list(const char *list, const char *what, uint32_t limit, struct hk_pointer at,
	struct hk_findings *f);

/* Ranges that are not empty, end below the last id, do not overlap, and are not too many for the
 * kernel. at: JSON pointer of the list. */
int hk_validate_id_maps(const struct hk_id_maps *maps, const char *at, struct hk_findings *f);

/* at: JSON pointer of the process object, "" where it is the whole text. */
int hk_validate_annotations(const struct hk_spec *spec, struct hk_findings *f);
int hk_validate_process(const struct hk_process *process, const char *at, struct hk_findings *f);
int hk_validate_scheduling(const struct hk_process *process, const char *at, struct hk_findings *f);
int hk_validate_mounts(const struct hk_spec *spec, struct hk_findings *f);
int hk_validate_hooks(const struct hk_hooks *hooks, struct hk_findings *f);
int hk_validate_namespaces(const struct hk_spec *spec, struct hk_findings *f);
int hk_validate_linux(const struct hk_spec *spec, struct hk_findings *f);
int hk_validate_memory_policy(const struct hk_memory_policy *policy, struct hk_findings *f);
int hk_validate_sysctl(const struct hk_spec *spec, struct hk_findings *f);
int hk_validate_resources(const struct hk_resources *resources, struct hk_findings *f);
int hk_validate_seccomp(const struct hk_seccomp *seccomp, struct hk_findings *f);

#endif
