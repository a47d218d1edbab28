/* Everything that is wrong with a bundle, on this host, at once. */
#ifndef HAKO_CHECK_H
#define HAKO_CHECK_H

#include <hako/container.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hako_report hako_report;

/* Look at the bundle of the options as hako_create would: its config.json by itself, the rules
 * between its properties, and what this host's kernel, LSMs, cgroups, files and our privileges say to
 * it. Nothing is made. A console socket is taken for granted where process.terminal wants one.
 *
 * Succeeds where the look was possible, whatever it found: *ret is the caller's, freed by
 * hako_report_free. A bundle without a problem would be created, unless the host changes, or a hook
 * or a race decides otherwise. options NULL: defaults. Errors: EINVAL and E2BIG for the options. */
HAKO_API int hako_check(hako_runtime *runtime, const struct hako_create_options *options,
	hako_report **ret, hako_error **err);
HAKO_API void hako_report_free(hako_report *report); /* NULL is accepted */

/* What would make hako_create fail: each with property, position, reason and hint. What only follows
 * from another problem is left out. The error lives as long as the report. */
HAKO_API size_t hako_report_problem_count(const hako_report *report);
HAKO_API const hako_error *hako_report_problem(const hako_report *report, size_t i);
/* What hako_create would log as a warning. */
HAKO_API size_t hako_report_warning_count(const hako_report *report);
HAKO_API const char *hako_report_warning(const hako_report *report, size_t i);
/* The bundle's absolute path; "" where it could not be opened. */
HAKO_API const char *hako_report_bundle(const hako_report *report);

#ifdef __cplusplus
}
#endif

#endif
