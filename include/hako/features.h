/* What this build and this host can do: runtime-spec's features.md. */
#ifndef HAKO_FEATURES_H
#define HAKO_FEATURES_H

#include <hako/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The features document as JSON, 4-space indented. Heap string, the caller frees. */
HAKO_API int hako_features_json(char **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
