/* hako_check: hako_create's look at a bundle, to the end. */
#include <hako/check.h>

#include "base/fd.h"
#include "base/findings.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/examine.h"
#include "lib/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct hako_report {
	struct hk_prepared prepared;
	struct hk_spec spec; /* where it was read by us */
	struct hk_err scratch;
	struct hk_findings findings;
	hako_error **problems;
	struct hk_strings warnings;
};

/* ---- config.json by itself ---- */

static int read_spec(struct hako_report *report)
{
	const struct hako_create_options *options = &report->prepared.options;
	HK_FD int bundle = -1;

	if (options->spec) {
		report->prepared.spec = &options->spec->spec;
		if (!options->spec->err.code)
			return 0;
		report->scratch = options->spec->err; /* of a builder's call */
		return -report->scratch.code;
	}
	bundle = open(report->prepared.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bundle < 0)
		return hk_fail(
			&report->scratch, errno, "open the bundle '%s'", report->prepared.bundle);
	report->prepared.spec = &report->spec;
	return hk_spec_read_all(options->config ? AT_FDCWD : bundle,
		options->config ? options->config : "config.json", &report->spec,
		&report->findings);
}

/* Can the rest make sense of what was read? Nearly everything depends on the namespaces. */
static bool is_readable(const struct hako_report *report)
{
	return !hk_findings_touch(&report->findings, "/linux/namespaces") &&
	       !hk_findings_touch(&report->findings, "");
}

/* ---- this host ---- */

typedef int examine_fn(struct hako_report *report);

/* Those that are wrong have been found by now: the others count. */
static int examine_annotations(struct hako_report *report)
{
	return hk_prepare_annotations(&report->prepared, &report->findings);
}

static int examine_root(struct hako_report *report)
{
	struct hk_prepared *p = &report->prepared;

	if (!p->spec->root || !p->spec->root->path || !p->spec->root->path[0])
		return 0; /* said already */
	return hk_prepare_rootfs(p, &report->scratch);
}

static int examine_facts(struct hako_report *report)
{
	struct hk_prepared *p = &report->prepared;
	int r = hk_prepare_facts(p, &report->scratch);

	if (r < 0)
		return r;
	return p->spec->process ? hk_check_host(p->spec, &p->facts, &report->findings) : 0;
}

static int examine_cgroup(struct hako_report *report)
{
	struct hk_prepared *p = &report->prepared;
	int r;

	if (!p->spec->process) /* whose user would own it */
		return 0;
	r = hk_prepare_cgroup(p, &report->scratch);
	return r < 0 ? r : hk_cgroup_examine(p->cgroup, &p->cgroup_request, &report->findings);
}

static int examine_rdt(struct hako_report *report)
{
	if (hk_findings_touch(&report->findings, "/linux/intelRdt"))
		return 0;
	return hk_prepare_rdt(&report->prepared, &report->scratch);
}

static int examine_seccomp(struct hako_report *report)
{
	int r;

	if (hk_findings_touch(&report->findings, "/linux/seccomp"))
		return 0;
	r = hk_prepare_seccomp(&report->prepared, &report->scratch);
	return r < 0 ? r : hk_prepare_listener(&report->prepared, &report->scratch);
}

static int examine_plan(struct hako_report *report)
{
	struct hk_prepared *p = &report->prepared;
	struct hk_plan_options options;

	if (!p->spec->root || !p->spec->process || !p->cgroup)
		return 0;
	options = hk_prepare_plan_options(p);
	return hk_plan_examine(p->spec, &p->facts, &options, &report->findings);
}

static int examine_mounts(struct hako_report *report)
{
	return hk_examine_mounts(&report->prepared, &report->findings);
}

static int examine_files(struct hako_report *report)
{
	return hk_examine_files(&report->prepared, &report->findings);
}

static int examine_needs_of_annotations(struct hako_report *report)
{
	return hk_examine_annotations(&report->prepared, &report->findings);
}

static int examine_kernel(struct hako_report *report)
{
	return hk_examine_kernel(&report->prepared, &report->findings);
}

static int examine_privileges(struct hako_report *report)
{
	return hk_examine_privileges(&report->prepared, &report->findings);
}

static int examine_id_maps(struct hako_report *report)
{
	return hk_examine_id_maps(&report->prepared, &report->findings);
}

static int examine_host(struct hako_report *report)
{
	static examine_fn *const parts[] = {
		examine_annotations,
		examine_root,
		examine_facts,
		examine_cgroup,
		examine_rdt,
		examine_seccomp,
		examine_plan,
		examine_mounts,
		examine_files,
		examine_needs_of_annotations,
		examine_kernel,
		examine_privileges,
		examine_id_maps,
	};

	for (size_t i = 0; i < HK_COUNT(parts); i++) {
		int r = parts[i](report);

		if (r < 0)
			r = hk_found(&report->findings);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the report ---- */

static int examine(struct hako_report *report)
{
	int r = hk_prepare_bundle(&report->prepared, &report->scratch);

	if (r == 0)
		r = read_spec(report);
	if (r < 0)
		return hk_found(&report->findings);
	if (!is_readable(report))
		return 0;
	r = hk_spec_examine(report->prepared.spec, &report->findings);
	return r < 0 ? r : examine_host(report);
}

static int make_warnings(struct hako_report *report)
{
	if (!report->prepared.spec)
		return 0;
	if (hk_prepared_warnings(&report->prepared, &report->warnings) < 0)
		return hk_fail(&report->scratch, ENOMEM, "write the report");
	return 0;
}

static int make_problems(struct hako_report *report)
{
	struct hk_findings *findings = &report->findings;

	report->problems = calloc(findings->count + 1, sizeof(hako_error *));
	if (!report->problems)
		return hk_fail(&report->scratch, ENOMEM, "write the report");
	if (report->prepared.spec)
		hk_spec_locate_all(report->prepared.spec, findings->items, findings->count);
	for (size_t i = 0; i < findings->count; i++)
		(void)hk_give(-1, &findings->items[i], &report->problems[i]);
	return 0;
}

static int check(hako_runtime *runtime, const struct hako_create_options *options,
	struct hako_report **ret, struct hk_err *err)
{
	struct hako_report *report;
	int r;

	/* what config.json asks for is not known yet */
	r = hk_dynamic_want(runtime, "libsystemd and libmnl", err);
	if (r < 0)
		return r;
	report = calloc(1, sizeof(*report));
	if (!report)
		return hk_fail(err, ENOMEM, "check the bundle");
	report->findings = HK_ALL_FINDINGS(&report->scratch);
	report->prepared.assume_console = true;
	/* the id shows in names that nobody else uses */
	r = hk_prepare_options(runtime, "check", options, &report->prepared, &report->scratch);
	if (r == 0)
		r = examine(report);
	if (r < 0 && report->findings.full) /* enough to report */
		r = 0;
	if (r == 0)
		r = make_problems(report);
	if (r == 0)
		r = make_warnings(report);
	if (r < 0) {
		*err = report->scratch;
		hako_report_free(report);
		return r;
	}
	*ret = report;
	return 0;
}

int hako_check(hako_runtime *runtime, const struct hako_create_options *options, hako_report **ret,
	hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(check(runtime, options, ret, &e), &e, err);
}

void hako_report_free(hako_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; report->problems && i < report->findings.count; i++)
		hako_error_free(report->problems[i]);
	free(report->problems);
	hk_findings_done(&report->findings);
	hk_prepared_done(&report->prepared);
	hk_spec_done(&report->spec);
	free(report);
}

size_t hako_report_problem_count(const hako_report *report)
{
	return report->findings.count;
}

const hako_error *hako_report_problem(const hako_report *report, size_t i)
{
	return report->problems[i];
}

size_t hako_report_warning_count(const hako_report *report)
{
	return report->warnings.count;
}

const char *hako_report_warning(const hako_report *report, size_t i)
{
	return report->warnings.items[i];
}

const char *hako_report_bundle(const hako_report *report)
{
	return report->prepared.bundle ? report->prepared.bundle : "";
}
