/* Whether a spec makes sense by itself: the top level. */
#include "spec/validate.h"

#include "base/findings.h"

#include <ctype.h>
#include <string.h>

#define HOSTNAME_MAX 64 /* __NEW_UTS_LEN */

/* "1.MINOR.PATCH", and what semver allows behind it: "-dev", "-rc.1", "+commit". */
static bool is_version_1(const char *version)
{
	const char *s = version;

	if (strncmp(s, "1.", 2) != 0)
		return false;
	s += 2;
	for (int part = 0; part < 2; part++) {
		size_t digits = strspn(s, "0123456789");

		if (!digits)
			return false;
		s += digits;
		if (part == 0 && *s++ != '.')
			return false;
	}
	if (!*s)
		return true;
	if (*s != '-' && *s != '+')
		return false;
	for (s++; isalnum((unsigned char)*s) || (*s && strchr(".-+", *s)); s++)
		;
	return !*s;
}

static int validate_version(const struct hk_spec *spec, struct hk_findings *f)
{
	if (!spec->oci_version)
		return hk_invalid(f, hk_at("/ociVersion"), "required, but missing");
	if (!is_version_1(spec->oci_version))
		return hk_invalid(f, hk_at("/ociVersion"),
			"version '%.40s' is not one that this runtime implements (1.x, up to %s)",
			spec->oci_version, HK_SPEC_VERSION);
	return 0;
}

static int validate_root(const struct hk_spec *spec, struct hk_findings *f)
{
	if (!spec->root)
		return hk_invalid(f, hk_at("/root"), "required, but missing");
	if (!spec->root->path || !spec->root->path[0])
		return hk_invalid(f, hk_at("/root/path"), "must not be empty");
	return 0;
}

static int validate_uts_name(
	const struct hk_spec *spec, const char *name, const char *property, struct hk_findings *f)
{
	if (!name)
		return 0;
	if (strlen(name) > HOSTNAME_MAX)
		return hk_invalid(f, hk_at("/%s", property), "longer than %d bytes", HOSTNAME_MAX);
	if (hk_spec_namespace(spec, HK_NS_UTS))
		return 0;
	return hk_needs_namespace(f, hk_at("/%s", property), HK_NS_UTS,
		"unable to set the %s without a uts namespace", property);
}

static int validate_annotations(const struct hk_spec *spec, struct hk_findings *f)
{
	for (size_t i = 0; i < spec->annotations.count; i++)
		if (!spec->annotations.items[i].key[0])
			return hk_invalid(
				f, hk_at("/annotations/"), "an annotation's key must not be empty");
	return 0;
}

static int validate_top(const struct hk_spec *spec, struct hk_findings *f)
{
	int r;

	r = validate_version(spec, f);
	if (r == 0)
		r = validate_root(spec, f);
	if (r == 0)
		r = validate_uts_name(spec, spec->hostname, "hostname", f);
	if (r == 0)
		r = validate_uts_name(spec, spec->domainname, "domainname", f);
	if (r == 0)
		r = validate_annotations(spec, f);
	return r;
}

/* The specification lets create go without a process; runc does not, and nothing can be started. */
static int validate_process(const struct hk_spec *spec, struct hk_findings *f)
{
	if (!spec->process)
		return hk_invalid(f, hk_at("/process"), "required, but missing");
	return hk_validate_process(spec->process, hk_spec_process_at(spec), f);
}

int hk_spec_validate_process(const struct hk_spec *spec, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);

	return validate_process(spec, &first);
}

int hk_spec_examine(const struct hk_spec *spec, struct hk_findings *f)
{
	int r;

	r = validate_top(spec, f);
	if (r == 0)
		r = validate_process(spec, f);
	if (r == 0)
		r = hk_validate_namespaces(spec, f);
	if (r == 0)
		r = hk_validate_mounts(spec, f);
	if (r == 0)
		r = hk_validate_hooks(&spec->hooks, f);
	if (r == 0)
		r = hk_validate_linux(spec, f);
	if (r == 0)
		r = hk_validate_sysctl(spec, f);
	if (r == 0 && spec->linux.resources)
		r = hk_validate_resources(spec->linux.resources, f);
	if (r == 0 && spec->linux.seccomp)
		r = hk_validate_seccomp(spec->linux.seccomp, f);
	if (r == 0)
		r = hk_validate_annotations(spec, f);
	return r;
}

int hk_spec_validate(const struct hk_spec *spec, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);

	return hk_spec_examine(spec, &first);
}
