/* The JSON writer: commas, colons, indentation and escapes. */
#include "json/json.h"

#include "base/str.h"
#include "json/utf8.h"

#include <inttypes.h>
#include <string.h>

void hk_writer_init(struct hk_writer *writer, struct hk_strbuf *out, const char *indent)
{
	*writer = (struct hk_writer){.out = out, .indent = indent, .first = true};
}

static void new_line(struct hk_writer *writer)
{
	if (!writer->indent)
		return;
	hk_strbuf_putc(writer->out, '\n');
	for (unsigned int i = 0; i < writer->depth; i++)
		hk_strbuf_puts(writer->out, writer->indent);
}

static void put_escape(struct hk_strbuf *out, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = strchr(plain, c);

	if (found) {
		hk_strbuf_putc(out, '\\');
		hk_strbuf_putc(out, letters[found - plain]);
	} else {
		hk_strbuf_printf(out, "\\u%04x", c);
	}
}

/* Bytes that are no UTF-8 (a path may hold any) become U+FFFD: the output is always JSON. */
static void put_string(struct hk_writer *writer, const char *text)
{
	struct hk_strbuf *out = writer->out;
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text), done = 0, i = 0;

	hk_strbuf_putc(out, '"');
	while (i < len) {
		bool escaped = s[i] < ' ' || s[i] == '"' || s[i] == '\\';
		size_t n = hk_utf8_char(s + i, len - i);

		if (n && !escaped) {
			i += n;
			continue;
		}
		hk_strbuf_add(out, text + done, i - done);
		if (escaped) {
			put_escape(out, s[i]);
		} else {
			hk_strbuf_puts(out, "\\ufffd");
			writer->lossy = true;
		}
		done = ++i;
	}
	hk_strbuf_add(out, text + done, len - done);
	hk_strbuf_putc(out, '"');
}

/* Everything before a value: the comma, the new line, the key. */
static void begin_value(struct hk_writer *writer, const char *key)
{
	if (!writer->first)
		hk_strbuf_putc(writer->out, ',');
	if (writer->depth)
		new_line(writer);
	writer->first = false;
	if (!key)
		return;
	put_string(writer, key);
	hk_strbuf_puts(writer->out, writer->indent ? ": " : ":");
}

static void open_bracket(struct hk_writer *writer, const char *key, char bracket)
{
	begin_value(writer, key);
	hk_strbuf_putc(writer->out, bracket);
	writer->depth++;
	writer->first = true;
}

static void close_bracket(struct hk_writer *writer, char bracket)
{
	writer->depth--;
	if (!writer->first)
		new_line(writer);
	hk_strbuf_putc(writer->out, bracket);
	writer->first = false;
}

void hk_write_object_begin(struct hk_writer *writer, const char *key)
{
	open_bracket(writer, key, '{');
}

void hk_write_object_end(struct hk_writer *writer)
{
	close_bracket(writer, '}');
}

void hk_write_array_begin(struct hk_writer *writer, const char *key)
{
	open_bracket(writer, key, '[');
}

void hk_write_array_end(struct hk_writer *writer)
{
	close_bracket(writer, ']');
}

void hk_write_string(struct hk_writer *writer, const char *key, const char *value)
{
	if (!value) {
		hk_write_null(writer, key);
		return;
	}
	begin_value(writer, key);
	put_string(writer, value);
}

void hk_write_i64(struct hk_writer *writer, const char *key, int64_t value)
{
	begin_value(writer, key);
	hk_strbuf_printf(writer->out, "%" PRId64, value);
}

void hk_write_u64(struct hk_writer *writer, const char *key, uint64_t value)
{
	begin_value(writer, key);
	hk_strbuf_printf(writer->out, "%" PRIu64, value);
}

void hk_write_thousandths(struct hk_writer *writer, const char *key, uint64_t value)
{
	begin_value(writer, key);
	hk_strbuf_printf(
		writer->out, "%" PRIu64 ".%03u", value / 1000, (unsigned int)(value % 1000));
}

void hk_write_bool(struct hk_writer *writer, const char *key, bool value)
{
	begin_value(writer, key);
	hk_strbuf_puts(writer->out, value ? "true" : "false");
}

void hk_write_null(struct hk_writer *writer, const char *key)
{
	begin_value(writer, key);
	hk_strbuf_puts(writer->out, "null");
}
