/* A part of config.json, written as the reader takes it. */
#ifndef HK_SPEC_WRITE_H
#define HK_SPEC_WRITE_H

#include "json/json.h"
#include "spec/spec.h"

/* What the specification says of every process of the container, and not of its first program alone: a
 * config.json with process (capabilities, limits, labels, scheduling; no args, env and user) and, of
 * linux, personality and memoryPolicy. */
void hk_spec_write_common(struct hk_writer *w, const struct hk_spec *spec);

#endif
