/* Schemata: "RESOURCE:ID=VALUE;ID=VALUE", a line for each resource. */
#include "rdt/schemata.h"

#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A piece of a text, without the blanks around it. */
struct piece {
	const char *s;
	size_t len;
};

static struct piece trimmed(const char *s, size_t len)
{
	while (len && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return (struct piece){s, len};
}

/* Cut off what is before the separator. False where there is nothing left. */
static bool cut(struct piece *rest, char separator, struct piece *ret)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->s, separator, rest->len);
	if (!end)
		end = rest->s + rest->len;
	*ret = trimmed(rest->s, (size_t)(end - rest->s));
	rest->len -= (size_t)(end - rest->s);
	rest->s = end;
	if (rest->len) {
		rest->s++;
		rest->len--;
	}
	return true;
}

/* Numbers are padded with zeros by the kernel, and by whom they please with "0x". */
static struct piece digits(struct piece number)
{
	if (number.len > 2 && number.s[0] == '0' && (number.s[1] | 0x20) == 'x') {
		number.s += 2;
		number.len -= 2;
	}
	while (number.len > 1 && number.s[0] == '0') {
		number.s++;
		number.len--;
	}
	return number;
}

static bool same_text(struct piece a, struct piece b)
{
	return a.len == b.len && strncasecmp(a.s, b.s, a.len) == 0;
}

static bool same_number(struct piece a, struct piece b)
{
	return same_text(digits(a), digits(b));
}

/* The value of a domain in the text, which is one line or many; an empty piece where it has none.
 */
static struct piece find_value(const char *text, struct piece resource, struct piece id)
{
	struct piece rest = {text, strlen(text)}, line, name, domain, key, found = {"", 0};

	while (cut(&rest, '\n', &line)) {
		if (!cut(&line, ':', &name) || !same_text(name, resource))
			continue;
		while (cut(&line, ';', &domain))
			if (cut(&domain, '=', &key) && same_number(key, id))
				found = trimmed(domain.s, domain.len);
	}
	return found;
}

static bool parse_decimal(struct piece number, uint32_t *ret)
{
	char text[16];

	if (number.len >= sizeof(text))
		return false;
	memcpy(text, number.s, number.len);
	text[number.len] = '\0';
	return hk_parse_u32(text, ret) == 0;
}

static bool same_bandwidth(struct piece wanted, struct piece present, uint32_t step)
{
	uint32_t a, b;

	if (!step || !parse_decimal(wanted, &a) || !parse_decimal(present, &b))
		return false;
	return (a + step - 1) / step * step == b;
}

static bool is_replaced(
	const struct hk_intel_rdt *config, size_t i, struct piece resource, struct piece id)
{
	for (size_t later = i + 1; later < hk_rdt_line_count(config); later++)
		if (find_value(hk_rdt_line(config, later).text, resource, id).len)
			return true;
	return false;
}

static bool line_matches(
	const struct hk_intel_rdt *config, size_t i, const char *schemata, uint32_t mb_step)
{
	const struct piece bandwidth = {"MB", 2};
	struct hk_rdt_line given = hk_rdt_line(config, i);
	struct piece line = {given.text, strlen(given.text)}, resource, domain, id;

	if (!cut(&line, ':', &resource) || !line.len)
		return false;
	while (cut(&line, ';', &domain)) {
		struct piece wanted, present;

		if (!cut(&domain, '=', &id))
			return false;
		if (is_replaced(config, i, resource, id))
			continue;
		wanted = trimmed(domain.s, domain.len);
		present = find_value(schemata, resource, id);
		if (!present.len)
			return false;
		if (!same_number(wanted, present) &&
			!(same_text(resource, bandwidth) &&
				same_bandwidth(wanted, present, mb_step)))
			return false;
	}
	return true;
}

size_t hk_rdt_first_difference(
	const struct hk_intel_rdt *config, const char *schemata, uint32_t mb_step)
{
	size_t i = 0, count = hk_rdt_line_count(config);

	while (i < count && line_matches(config, i, schemata, mb_step))
		i++;
	return i;
}

size_t hk_rdt_line_count(const struct hk_intel_rdt *config)
{
	return !!config->l3_cache_schema + !!config->mem_bw_schema + config->schemata.count;
}

struct hk_rdt_line hk_rdt_line(const struct hk_intel_rdt *config, size_t i)
{
	struct hk_rdt_line line;

	if (config->l3_cache_schema && i-- == 0)
		return (struct hk_rdt_line){
			config->l3_cache_schema, "/linux/intelRdt/l3CacheSchema"};
	if (config->mem_bw_schema && i-- == 0)
		return (struct hk_rdt_line){config->mem_bw_schema, "/linux/intelRdt/memBwSchema"};
	line.text = config->schemata.items[i];
	(void)snprintf(line.property, sizeof(line.property), "/linux/intelRdt/schemata/%zu", i);
	return line;
}
