/* Writing down what was found, and what the sections share. */
#include "doctor/doctor.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define LONGEST_TEXT 600

static bool make_room(struct hk_doctor *d)
{
	size_t room = d->room ? 2 * d->room : 64;
	struct hk_doctor_item *items;

	if (d->count < d->room)
		return true;
	items = reallocarray(d->items, room, sizeof(*items));
	if (!items) {
		d->failed = true;
		return false;
	}
	d->items = items;
	d->room = room;
	return true;
}

/* One printable line of it. */
static const char *keep(struct hk_doctor *d, const char *text)
{
	char line[LONGEST_TEXT];
	const char *copy = hk_arena_strdup(&d->arena, hk_printable(text, line, sizeof(line)));

	if (!copy)
		d->failed = true;
	return copy ? copy : "";
}

void hk_doctor_add(struct hk_doctor *d, const struct hk_need *need, enum hk_verdict verdict,
	const char *advice, const char *fmt, ...)
{
	struct hk_doctor_item item = {.section = d->section, .need = *need, .verdict = verdict};
	char text[LONGEST_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* cut */
	va_end(ap);
	item.found = keep(d, text);
	item.advice = advice && verdict != HK_VERDICT_OK ? advice : "";
	if (make_room(d))
		d->items[d->count++] = item;
}

const char *hk_doctor_text(struct hk_doctor *d, const char *fmt, ...)
{
	char text[LONGEST_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* cut */
	va_end(ap);
	return keep(d, text);
}

const char *hk_doctor_errno(struct hk_doctor *d, int errnum)
{
	char reason[96];

	return keep(d, hk_errno_text(errnum, reason, sizeof(reason)));
}

bool hk_doctor_has_word(const char *words, const char *name, const char *separators)
{
	size_t len = strlen(name);

	for (size_t n; *words; words += n + (words[n] != '\0')) {
		n = strcspn(words, separators);
		if (n == len && memcmp(words, name, len) == 0)
			return true;
	}
	return false;
}

bool hk_doctor_can(const struct hk_doctor *d, int capability)
{
	return d->facts.permitted_caps >> capability & 1;
}

unsigned int hk_doctor_kernel_version(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return major * 1000 + minor;
}

void hk_doctor_done(struct hk_doctor *d)
{
	free(d->items);
	hk_arena_done(&d->arena);
}
