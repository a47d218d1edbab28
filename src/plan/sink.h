/* Where the description of steps goes: lines of text, or an array of JSON objects. */
#ifndef HK_PLAN_SINK_H
#define HK_PLAN_SINK_H

#include "base/str.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_enum;

/* Who does the step. */
enum hk_step_side {
	HK_SIDE_RUNTIME,
	HK_SIDE_INIT,
};

struct hk_sink {
	struct hk_strbuf *out;
	struct hk_writer *writer; /* NULL: text */
	const char *property;	  /* of the step at hand; NULL: none */
	bool first;		  /* nothing in this list yet */
};

/* Text, one step a line: "mount  fstype=proc  target=/proc  (/mounts/0)". */
#define HK_TEXT_SINK(buf) ((struct hk_sink){.out = (buf)})
/* Objects of schema/plan.schema.json's steps, into the array that the writer is in. */
#define HK_JSON_SINK(w) ((struct hk_sink){.writer = (w)})

/* what: the step in a few words. property NULL: the runtime's own doing. */
void hk_sink_begin(struct hk_sink *sink, enum hk_step_side side, const char *name, const char *what,
	const char *property);
void hk_sink_end(struct hk_sink *sink);

/* Arguments of the step, between the two. */
void hk_sink_text(struct hk_sink *sink, const char *name, const char *value);
void hk_sink_number(struct hk_sink *sink, const char *name, int64_t value);
void hk_sink_unsigned(struct hk_sink *sink, const char *name, uint64_t value);
void hk_sink_octal(struct hk_sink *sink, const char *name, uint64_t value);
/* A bit set without names for its bits. */
void hk_sink_hex(struct hk_sink *sink, const char *name, uint64_t value);
/* The names of the bits, then what has none. */
void hk_sink_bits(
	struct hk_sink *sink, const char *name, uint64_t value, const struct hk_enum *names);
void hk_sink_bytes(struct hk_sink *sink, const char *name, uint32_t size);

/* A list: begin, its items, end. */
void hk_sink_list_begin(struct hk_sink *sink, const char *name);
void hk_sink_list_text(struct hk_sink *sink, const char *item);
void hk_sink_list_unsigned(struct hk_sink *sink, uint64_t item);
void hk_sink_list_end(struct hk_sink *sink);

#endif
