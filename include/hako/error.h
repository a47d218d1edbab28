/* Errors of libhako: what failed, where in config.json, why, and what to do about it. */
#ifndef HAKO_ERROR_H
#define HAKO_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HAKO_API __attribute__((visibility("default")))
#else
#define HAKO_API
#endif

/* Every function of libhako that can fail returns a negative errno then and, where the caller gave
 * a place for it, an error that the caller frees. Strings live as long as the error. */
typedef struct hako_error hako_error;

HAKO_API void hako_error_free(hako_error *err); /* NULL is accepted */

/* Positive errno: the class of the failure. */
HAKO_API int hako_error_code(const hako_error *err);
/* What was attempted and why it failed, one line, printable, without property and hint. */
HAKO_API const char *hako_error_message(const hako_error *err);
/* JSON pointer of the config.json property ("/mounts/3"), or "". */
HAKO_API const char *hako_error_property(const hako_error *err);
/* "config.json:41:17" where the property stands (line and column from 1, in bytes), or "". */
HAKO_API const char *hako_error_position(const hako_error *err);
/* Name of the step that failed ("mount", "pivot", ...), or "". */
HAKO_API const char *hako_error_step(const hako_error *err);
/* What to do about it, or "". */
HAKO_API const char *hako_error_hint(const hako_error *err);
/* Position, property and message in one line, as the command line shows it. */
HAKO_API const char *hako_error_text(const hako_error *err);

#ifdef __cplusplus
}
#endif

#endif
