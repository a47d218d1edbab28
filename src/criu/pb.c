/* Writing and reading protocol buffers' wire format. */
#include "criu/pb.h"

#include <errno.h>
#include <string.h>

#define MORE	  0x80u /* of a varint's byte: another one follows */
#define TYPE_BITS 3
#define MAX_FIELD 0x1fffffffu

static void put_varint(struct hk_strbuf *out, uint64_t value)
{
	char bytes[10];
	size_t len = 0;

	do {
		uint64_t rest = value >> 7;

		bytes[len++] = (char)((value & 0x7f) | (rest ? MORE : 0));
		value = rest;
	} while (value);
	hk_strbuf_add(out, bytes, len);
}

static void put_tag(struct hk_strbuf *out, uint32_t field, enum hk_pb_type type)
{
	put_varint(out, (uint64_t)field << TYPE_BITS | type);
}

void hk_pb_put_number(struct hk_strbuf *out, uint32_t field, uint64_t value)
{
	put_tag(out, field, HK_PB_NUMBER);
	put_varint(out, value);
}

void hk_pb_put_bytes(struct hk_strbuf *out, uint32_t field, const void *bytes, size_t len)
{
	put_tag(out, field, HK_PB_BYTES);
	put_varint(out, len);
	if (len)
		hk_strbuf_add(out, bytes, len);
}

static int read_varint(struct hk_pb_reader *reader, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		uint8_t byte = *reader->at++;

		if (shift == 63 && byte > 1) /* a 65th bit */
			return -EPROTO;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & MORE)) {
			*ret = value;
			return 0;
		}
	}
	return -EPROTO;
}

/* Little-endian. */
static int read_fixed(struct hk_pb_reader *reader, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if ((size_t)(reader->end - reader->at) < size)
		return -EPROTO;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)reader->at[i] << (8 * i);
	reader->at += size;
	*ret = value;
	return 0;
}

static int read_bytes(struct hk_pb_reader *reader, struct hk_pb_value *ret)
{
	uint64_t len;
	int r = read_varint(reader, &len);

	if (r < 0)
		return r;
	if (len > (uint64_t)(reader->end - reader->at))
		return -EPROTO;
	ret->bytes = reader->at;
	ret->len = (size_t)len;
	reader->at += len;
	return 0;
}

static int read_value(struct hk_pb_reader *reader, uint64_t type, struct hk_pb_value *ret)
{
	ret->type = (enum hk_pb_type)type;
	switch (type) {
	case HK_PB_NUMBER:
		return read_varint(reader, &ret->number);
	case HK_PB_FIXED64:
		return read_fixed(reader, 8, &ret->number);
	case HK_PB_BYTES:
		return read_bytes(reader, ret);
	case HK_PB_FIXED32:
		return read_fixed(reader, 4, &ret->number);
	default: /* groups, which nobody uses any more, and what is no type */
		return -EPROTO;
	}
}

int hk_pb_next(struct hk_pb_reader *reader, struct hk_pb_value *ret)
{
	uint64_t tag, field;
	int r;

	if (reader->at == reader->end)
		return 0;
	r = read_varint(reader, &tag);
	if (r < 0)
		return r;
	field = tag >> TYPE_BITS;
	if (field == 0 || field > MAX_FIELD)
		return -EPROTO;
	*ret = (struct hk_pb_value){.field = (uint32_t)field};
	r = read_value(reader, tag & ((1u << TYPE_BITS) - 1), ret);
	return r < 0 ? r : 1;
}
