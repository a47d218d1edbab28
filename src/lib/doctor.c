/* hako_doctor: the report on this host. */
#include <hako/doctor.h>

#include "base/path.h"
#include "base/str.h"
#include "doctor/doctor.h"
#include "json/json.h"
#include "lib/container.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define DOCTOR_VERSION 1 /* of schema/doctor.schema.json */

struct hako_diagnosis {
	struct hk_doctor doctor;
	struct hako_diagnosis_item *items;
	char *directory; /* absolute */
};

static const enum hako_verdict verdicts[] = {
	[HK_VERDICT_OK] = HAKO_VERDICT_OK,
	[HK_VERDICT_LIMITED] = HAKO_VERDICT_LIMITED,
	[HK_VERDICT_MISSING] = HAKO_VERDICT_MISSING,
	[HK_VERDICT_UNKNOWN] = HAKO_VERDICT_UNKNOWN,
};

const char *hako_verdict_name(enum hako_verdict verdict)
{
	static const char *const names[] = {
		[HAKO_VERDICT_OK] = "ok",
		[HAKO_VERDICT_LIMITED] = "limited",
		[HAKO_VERDICT_MISSING] = "missing",
		[HAKO_VERDICT_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

static int make_items(struct hako_diagnosis *diagnosis)
{
	const struct hk_doctor *d = &diagnosis->doctor;

	diagnosis->items = calloc(d->count + 1, sizeof(*diagnosis->items));
	if (!diagnosis->items)
		return -ENOMEM;
	for (size_t i = 0; i < d->count; i++) {
		const struct hk_doctor_item *item = &d->items[i];

		diagnosis->items[i] = (struct hako_diagnosis_item){
			.section = item->section,
			.name = item->need.name,
			.verdict = verdicts[item->verdict],
			.essential = item->need.essential,
			.found = item->found,
			.needed_for = item->need.needed_for,
			.advice = item->advice,
		};
	}
	return 0;
}

static int look(const struct hako_runtime *runtime, const char *directory,
	struct hako_diagnosis *diagnosis, struct hk_err *err)
{
	struct hk_doctor *d = &diagnosis->doctor;
	int r;

	if (directory) {
		diagnosis->directory = realpath(directory, NULL);
		if (!diagnosis->directory)
			return hk_fail(err, errno, "look at '%s'", directory);
	}
	d->root = runtime->root;
	d->directory = diagnosis->directory;
	d->cgroup_manager = runtime->cgroup_manager;
	d->rootless = runtime->rootless;
	d->user = hk_owner_name(geteuid(), &d->arena);
	r = d->user ? hk_doctor_look(d) : -ENOMEM;
	if (r == 0)
		r = make_items(diagnosis);
	return r < 0 ? hk_fail(err, -r, "look at this host") : 0;
}

int hako_doctor(
	hako_runtime *runtime, const char *directory, hako_diagnosis **ret, hako_error **err)
{
	struct hako_diagnosis *diagnosis;
	struct hk_err e = {0};
	int r = hk_dynamic_want(runtime, "libsystemd", &e); /* to see whether it can be */

	if (r < 0)
		return hk_give(r, &e, err);
	diagnosis = calloc(1, sizeof(*diagnosis));
	if (!diagnosis)
		return hk_give(hk_fail(&e, ENOMEM, "look at this host"), &e, err);
	r = look(runtime, directory, diagnosis, &e);
	if (r < 0)
		hako_diagnosis_free(diagnosis);
	else
		*ret = diagnosis;
	return hk_give(r, &e, err);
}

void hako_diagnosis_free(hako_diagnosis *diagnosis)
{
	if (!diagnosis)
		return;
	free(diagnosis->items);
	free(diagnosis->directory);
	hk_doctor_done(&diagnosis->doctor);
	free(diagnosis);
}

bool hako_diagnosis_usable(const hako_diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->doctor.count; i++) {
		const struct hako_diagnosis_item *item = &diagnosis->items[i];

		if (item->essential && item->verdict == HAKO_VERDICT_MISSING)
			return false;
	}
	return true;
}

size_t hako_diagnosis_count(const hako_diagnosis *diagnosis)
{
	return diagnosis->doctor.count;
}

const struct hako_diagnosis_item *hako_diagnosis_item(const hako_diagnosis *diagnosis, size_t i)
{
	return &diagnosis->items[i];
}

static void write_item(struct hk_writer *w, const struct hako_diagnosis_item *item)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "section", item->section);
	hk_write_string(w, "name", item->name);
	hk_write_string(w, "status", hako_verdict_name(item->verdict));
	hk_write_bool(w, "essential", item->essential);
	hk_write_string(w, "found", item->found);
	hk_write_string(w, "neededFor", item->needed_for);
	if (item->advice[0])
		hk_write_string(w, "advice", item->advice);
	hk_write_object_end(w);
}

int hako_diagnosis_json(const hako_diagnosis *diagnosis, char **ret, hako_error **err)
{
	struct hk_strbuf out = {0};
	struct hk_err e = {0};
	struct hk_writer w;

	hk_writer_init(&w, &out, "  ");
	hk_write_object_begin(&w, NULL);
	hk_write_u64(&w, "version", DOCTOR_VERSION);
	hk_write_string(&w, "hako", hako_version());
	hk_write_bool(&w, "usable", hako_diagnosis_usable(diagnosis));
	hk_write_array_begin(&w, "items");
	for (size_t i = 0; i < diagnosis->doctor.count; i++)
		write_item(&w, &diagnosis->items[i]);
	hk_write_array_end(&w);
	hk_write_object_end(&w);
	hk_strbuf_putc(&out, '\n');
	*ret = hk_strbuf_take(&out);
	return *ret ? 0 : hk_give(hk_fail(&e, ENOMEM, "write the report"), &e, err);
}
