/* Steps as text and as JSON: each kind of argument in both. */
#include "plan/sink.h"

#include "base/enumtab.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const sides[] = {
	[HK_SIDE_RUNTIME] = "runtime",
	[HK_SIDE_INIT] = "init",
};

void hk_sink_begin(struct hk_sink *sink, enum hk_step_side side, const char *name, const char *what,
	const char *property)
{
	sink->property = property;
	if (!sink->writer) {
		hk_strbuf_puts(sink->out, name);
		return;
	}
	hk_write_object_begin(sink->writer, NULL);
	hk_write_string(sink->writer, "step", name);
	hk_write_string(sink->writer, "by", sides[side]);
	hk_write_string(sink->writer, "what", what);
	if (property)
		hk_write_string(sink->writer, "property", property);
	hk_write_object_begin(sink->writer, "arguments");
}

void hk_sink_end(struct hk_sink *sink)
{
	if (sink->writer) {
		hk_write_object_end(sink->writer);
		hk_write_object_end(sink->writer);
		return;
	}
	if (sink->property)
		hk_strbuf_printf(sink->out, "  (%s)", sink->property);
	hk_strbuf_putc(sink->out, '\n');
}

static void put_name(struct hk_sink *sink, const char *name)
{
	hk_strbuf_printf(sink->out, "  %s=", name);
}

/* In quotes where it could be taken for more than one word. */
static void put_text(struct hk_strbuf *out, const char *text)
{
	char line[1024];
	const char *quote = text[0] && !strpbrk(text, " \",()[]") ? "" : "\"";

	hk_strbuf_printf(out, "%s%s%s", quote, hk_printable(text, line, sizeof(line)), quote);
}

void hk_sink_text(struct hk_sink *sink, const char *name, const char *value)
{
	if (sink->writer) {
		hk_write_string(sink->writer, name, value);
		return;
	}
	put_name(sink, name);
	put_text(sink->out, value);
}

void hk_sink_number(struct hk_sink *sink, const char *name, int64_t value)
{
	if (sink->writer)
		hk_write_i64(sink->writer, name, value);
	else
		hk_strbuf_printf(sink->out, "  %s=%" PRId64, name, value);
}

void hk_sink_unsigned(struct hk_sink *sink, const char *name, uint64_t value)
{
	if (sink->writer)
		hk_write_u64(sink->writer, name, value);
	else
		hk_strbuf_printf(sink->out, "  %s=%" PRIu64, name, value);
}

/* JSON has neither octal nor hexadecimal numbers: what is read as one of them is a string. */
static void put_word(struct hk_sink *sink, const char *name, const char *word)
{
	if (sink->writer)
		hk_write_string(sink->writer, name, word);
	else
		hk_strbuf_printf(sink->out, "  %s=%s", name, word);
}

void hk_sink_octal(struct hk_sink *sink, const char *name, uint64_t value)
{
	char word[32];

	(void)snprintf(word, sizeof(word), "0%" PRIo64, value);
	put_word(sink, name, word);
}

void hk_sink_hex(struct hk_sink *sink, const char *name, uint64_t value)
{
	char word[32];

	(void)snprintf(word, sizeof(word), "0x%" PRIx64, value);
	put_word(sink, name, word);
}

static void put_comma(struct hk_sink *sink)
{
	if (!sink->first)
		hk_strbuf_putc(sink->out, ',');
	sink->first = false;
}

static void put_bit(struct hk_sink *sink, const char *name)
{
	if (sink->writer) {
		hk_write_string(sink->writer, NULL, name);
		return;
	}
	put_comma(sink);
	hk_strbuf_puts(sink->out, name);
}

/* In text a list of words without brackets. */
void hk_sink_bits(
	struct hk_sink *sink, const char *name, uint64_t value, const struct hk_enum *names)
{
	char rest[32];

	sink->first = true;
	if (sink->writer)
		hk_write_array_begin(sink->writer, name);
	else
		put_name(sink, name);
	for (; names->name; names++) {
		if (!names->value || (value & names->value) != names->value)
			continue;
		put_bit(sink, names->name);
		value &= ~names->value;
	}
	(void)snprintf(rest, sizeof(rest), "0x%" PRIx64, value);
	if (value)
		put_bit(sink, rest);
	if (sink->writer)
		hk_write_array_end(sink->writer);
}

void hk_sink_bytes(struct hk_sink *sink, const char *name, uint32_t size)
{
	if (sink->writer)
		hk_write_u64(sink->writer, name, size);
	else
		hk_strbuf_printf(sink->out, "  %s=%" PRIu32 " bytes", name, size);
}

void hk_sink_list_begin(struct hk_sink *sink, const char *name)
{
	sink->first = true;
	if (sink->writer)
		hk_write_array_begin(sink->writer, name);
	else
		hk_strbuf_printf(sink->out, "  %s=[", name);
}

void hk_sink_list_text(struct hk_sink *sink, const char *item)
{
	if (sink->writer) {
		hk_write_string(sink->writer, NULL, item);
		return;
	}
	put_comma(sink);
	put_text(sink->out, item);
}

void hk_sink_list_unsigned(struct hk_sink *sink, uint64_t item)
{
	if (sink->writer) {
		hk_write_u64(sink->writer, NULL, item);
		return;
	}
	put_comma(sink);
	hk_strbuf_printf(sink->out, "%" PRIu64, item);
}

void hk_sink_list_end(struct hk_sink *sink)
{
	if (sink->writer)
		hk_write_array_end(sink->writer);
	else
		hk_strbuf_putc(sink->out, ']');
}
