/* A container's state as JSON, as `state` and `list` print it. */
#ifndef CLI_STATE_JSON_H
#define CLI_STATE_JSON_H

#include <hako/container.h>

#include <stdio.h>

/* Indented by two spaces, without a newline at its end; or in one line. */
void state_print(FILE *out, const struct hako_state *state, const char *owner, bool indented);

#endif
