/* Protocol buffers' wire format, as much of it as criu's messages need: numbers (varint) and
 * length-delimited values. */
#ifndef HK_CRIU_PB_H
#define HK_CRIU_PB_H

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum hk_pb_type { /* the wire types that we know */
	HK_PB_NUMBER = 0,
	HK_PB_FIXED64 = 1,
	HK_PB_BYTES = 2, /* strings and messages too */
	HK_PB_FIXED32 = 5,
};

/* Put a field behind the others; memory that runs out is the buffer's to tell. A negative int32 or
 * enum is written as the wire format wants it, sign-extended to 64 bits. */
void hk_pb_put_number(struct hk_strbuf *out, uint32_t field, uint64_t value);
void hk_pb_put_bytes(struct hk_strbuf *out, uint32_t field, const void *bytes, size_t len);

/* What is still to be read of a message. */
struct hk_pb_reader {
	const uint8_t *at;
	const uint8_t *end;
};

struct hk_pb_value {
	uint32_t field;
	enum hk_pb_type type;
	uint64_t number;      /* of a number, fixed ones too */
	const uint8_t *bytes; /* in the reader's message */
	size_t len;
};

/* The next field. 1, 0 behind the last, or -EPROTO where that is no message: cut off, a field
 * number 0, a number of more than 64 bits, a group. */
int hk_pb_next(struct hk_pb_reader *reader, struct hk_pb_value *ret);

#endif
