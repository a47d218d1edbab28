/* Any bytes as an answer of criu's, and as the fields of any message.
 *
 * Whatever the bytes are, they are an answer with ended strings or an error; the reader of fields
 * goes forward and stays inside.
 *
 * With a fuzzer (NEW is an empty directory for what it finds):
 *
 *   clang -g -O1 -std=gnu17 -Ulinux -D_GNU_SOURCE -DHAKO_FUZZER \
 *       -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Isrc \
 *       tests/fuzz/criu.c src/criu/{pb,rpc}.c src/base/[a-z]*.c -o fuzz-criu
 *   ./fuzz-criu -max_len=8192 NEW tests/fuzz/corpus/criu
 */
#include "corpus.h"

#include "base/err.h"
#include "criu/pb.h"
#include "criu/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void read_fields(const uint8_t *data, size_t size)
{
	struct hk_pb_reader reader = {data, data + size};
	const uint8_t *last = data;
	struct hk_pb_value value;

	while (hk_pb_next(&reader, &value) > 0) {
		require(reader.at > last && reader.at <= reader.end, "the reader went astray");
		require(value.field > 0, "a field without a number");
		if (value.type == HK_PB_BYTES)
			require(value.bytes >= data && value.len <= size &&
					value.bytes + value.len <= reader.end,
				"a value outside of the message");
		last = reader.at;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hk_criu_reply reply;
	struct hk_err err = {0};
	int r;

	memset(&reply, 0xff, sizeof(reply));
	read_fields(data, size);
	r = hk_criu_read_reply(data, size, &reply, &err);
	require((r < 0) == (err.code != 0), "an error without words");
	require(memchr(reply.script, 0, sizeof(reply.script)), "a script without an end");
	require(memchr(reply.error_text, 0, sizeof(reply.error_text)), "a text without an end");
	return 0;
}
