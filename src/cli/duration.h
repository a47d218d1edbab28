/* Go's durations. */
#ifndef CLI_DURATION_H
#define CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* "5s", "1m30s", "100ms", "1.5h": numbers with a unit each, of h m s ms us ns. In nanoseconds. */
bool parse_duration(const char *text, uint64_t *ret);

#endif
