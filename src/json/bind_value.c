/* What the readers of json/bind.h and custom properties stand on: errors that name their place,
 * warnings, numbers in range. */
#include "json/bind.h"

#include "base/findings.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pointer {
	char text[200];
};

/* The place as a JSON pointer, cut where it does not fit. */
static void put_place(struct pointer *pointer, const struct hk_place *place)
{
	if (place->parent)
		put_place(pointer, place->parent);
	if (place->key)
		hk_pointer_add(pointer->text, sizeof(pointer->text), place->key);
	else
		hk_pointer_add_index(pointer->text, sizeof(pointer->text), place->index);
}

static struct pointer pointer_of(const struct hk_place *place)
{
	struct pointer pointer = {{0}};

	if (place)
		put_place(&pointer, place);
	return pointer;
}

static void set_position(struct hk_binding *binding, size_t offset)
{
	struct hk_err *err = binding->findings->err;
	size_t line, column;

	if (!binding->text)
		return;
	hk_json_position(binding->text, binding->len, offset, &line, &column);
	(void)snprintf(
		err->position, sizeof(err->position), "%s:%zu:%zu", binding->name, line, column);
}

int hk_bind_refuse(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, const char *fmt, ...)
{
	struct pointer pointer = pointer_of(place);
	char message[512], line[512];
	va_list ap;
	int r;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut, never overrun */
	va_end(ap);
	(void)hk_refuse(
		binding->findings->err, EINVAL, "%s", hk_printable(message, line, sizeof(line)));
	(void)hk_err_at(binding->findings->err, "%s", pointer.text);
	set_position(binding, node->offset);
	r = hk_found(binding->findings);
	return r < 0 ? r : -EINVAL;
}

bool hk_bind_gives_up(const struct hk_binding *binding, int r)
{
	return r < 0 && (r != -EINVAL || !binding->findings->collect);
}

static int out_of_memory(struct hk_binding *binding)
{
	return hk_fail(binding->findings->err, ENOMEM, "read %s", binding->name);
}

int hk_bind_expect(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, enum hk_node_type type)
{
	if (node->type == type)
		return 0;
	return hk_bind_refuse(binding, place, node, "expected %s, found %s",
		hk_node_type_name(type), hk_node_type_name(node->type));
}

static int grow_warnings(struct hk_binding *binding)
{
	const char **items = hk_arena_grow(binding->arena, binding->warnings.items,
		binding->warnings.count, &binding->warning_cap, sizeof(*items));

	if (!items)
		return out_of_memory(binding);
	binding->warnings.items = items;
	return 0;
}

int hk_bind_warn(struct hk_binding *binding, const struct hk_place *place, const char *fmt, ...)
{
	struct pointer pointer = pointer_of(place);
	char message[512], line[512];
	const char *warning;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut, never overrun */
	va_end(ap);
	if (binding->warnings.count == binding->warning_cap) {
		int r = grow_warnings(binding);

		if (r < 0)
			return r;
	}
	warning = hk_arena_printf(
		binding->arena, "%s: %s", pointer.text, hk_printable(message, line, sizeof(line)));
	if (!warning)
		return out_of_memory(binding);
	binding->warnings.items[binding->warnings.count++] = warning;
	return 0;
}

/* The digits of a whole number; its sign apart. */
static int expect_whole(
	struct hk_binding *binding, const struct hk_place *place, const struct hk_node *node)
{
	int r = hk_bind_expect(binding, place, node, HK_NODE_NUMBER);

	if (r < 0)
		return r;
	if (strpbrk(node->text, ".eE"))
		return hk_bind_refuse(binding, place, node,
			"expected a whole number without fraction or exponent, found %.40s",
			node->text);
	return 0;
}

int hk_bind_int(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, size_t size, int64_t *ret)
{
	int64_t max = INT64_MAX >> (64 - 8 * size), min = -max - 1, value;
	int r = expect_whole(binding, place, node);

	if (r < 0)
		return r;
	if (hk_parse_i64(node->text, &value) < 0 || value < min || value > max)
		return hk_bind_refuse(binding, place, node,
			"expected a number from %" PRId64 " to %" PRId64 ", found %.40s", min, max,
			node->text);
	*ret = value;
	return 0;
}

int hk_bind_uint(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, size_t size, uint64_t *ret)
{
	uint64_t max = UINT64_MAX >> (64 - 8 * size), value;
	int r = expect_whole(binding, place, node);
	const char *digits;

	if (r < 0)
		return r;
	digits = strcmp(node->text, "-0") ? node->text : "0";
	if (hk_parse_u64(digits, &value) < 0 || value > max)
		return hk_bind_refuse(binding, place, node,
			"expected a number from 0 to %" PRIu64 ", found %.40s", max, node->text);
	*ret = value;
	return 0;
}
