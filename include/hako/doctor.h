/* What this host offers to containers, and what to do about what it does not. */
#ifndef HAKO_DOCTOR_H
#define HAKO_DOCTOR_H

#include <hako/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hako_verdict {
	HAKO_VERDICT_OK = 0,
	HAKO_VERDICT_LIMITED = 1, /* there, but not all of it, or not for us */
	HAKO_VERDICT_MISSING = 2,
	HAKO_VERDICT_UNKNOWN = 3, /* we may not look */
};

/* "ok", "limited", "missing", "unknown" */
HAKO_API const char *hako_verdict_name(enum hako_verdict verdict);

/* One thing that was looked at. No string is NULL, and each is one printable line. */
struct hako_diagnosis_item {
	const char *section; /* "kernel", "cgroups", ... */
	const char *name;    /* within the section */
	enum hako_verdict verdict;
	bool essential;		/* where it is missing, no container can be run */
	const char *found;	/* what was seen */
	const char *needed_for; /* what does not work without it */
	const char *advice;	/* what to do; "" for an ok item, and where there is nothing */
};

typedef struct hako_diagnosis hako_diagnosis;

/* Look at this host: kernel, cgroups, namespaces, id maps, security modules, our own privileges,
 * limits, the runtime's state directory, and programs. directory: another one for which id-mapped
 * mounts are tried, that of bundles or images; NULL: none. Nothing is changed: what is tried is a
 * child that ends at once, and a copy of a mount that is attached nowhere. criu is run, as `criu
 * check`, and may take some seconds.
 *
 * *ret is the caller's, freed by hako_diagnosis_free. Errors: ENOMEM; EINVAL for a directory that
 * is not there. */
HAKO_API int hako_doctor(
	hako_runtime *runtime, const char *directory, hako_diagnosis **ret, hako_error **err);
HAKO_API void hako_diagnosis_free(hako_diagnosis *diagnosis); /* NULL is accepted */

/* Nothing essential is missing: a container of `spec` (`spec --rootless`) can be run. */
HAKO_API bool hako_diagnosis_usable(const hako_diagnosis *diagnosis);
/* The items of a section follow each other. They live as long as the diagnosis. */
HAKO_API size_t hako_diagnosis_count(const hako_diagnosis *diagnosis);
HAKO_API const struct hako_diagnosis_item *hako_diagnosis_item(
	const hako_diagnosis *diagnosis, size_t i);
/* All of it as JSON, by schema/doctor.schema.json. Heap string, the caller frees. */
HAKO_API int hako_diagnosis_json(const hako_diagnosis *diagnosis, char **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
