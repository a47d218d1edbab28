/* The parts of hk_spec_validate, one a file. err is never NULL in here. */
#ifndef HK_SPEC_VALIDATE_H
#define HK_SPEC_VALIDATE_H

#include "spec/spec.h"

struct hk_err;

/* A JSON pointer on the stack. */
struct hk_pointer {
	char text[200];
};

struct hk_pointer hk_at(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* base + "/" + key, escaped as RFC 6901 wants it. */
struct hk_pointer hk_at_key(const char *base, const char *key);

/* -EINVAL with the property and the reason. */
int hk_invalid(struct hk_err *err, struct hk_pointer at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Does a map hold that id of the container? */
bool hk_id_is_mapped(const struct hk_id_maps *maps, uint32_t id);

/* at: JSON pointer of the process object, "" where it is the whole text. */
int hk_validate_process(const struct hk_process *process, const char *at, struct hk_err *err);
int hk_validate_mounts(const struct hk_spec *spec, struct hk_err *err);
int hk_validate_hooks(const struct hk_hooks *hooks, struct hk_err *err);
int hk_validate_namespaces(const struct hk_spec *spec, struct hk_err *err);
int hk_validate_linux(const struct hk_spec *spec, struct hk_err *err);
int hk_validate_sysctl(const struct hk_spec *spec, struct hk_err *err);
int hk_validate_resources(const struct hk_resources *resources, struct hk_err *err);
int hk_validate_seccomp(const struct hk_seccomp *seccomp, struct hk_err *err);

/* ENOTSUP for what the specification has and we do not. */
int hk_check_supported(const struct hk_spec *spec, struct hk_err *err);

#endif
