/* Any bytes as a config.json: read, validated, compiled to a plan for a host that is always the
 * same.
 *
 * Whatever the bytes are, an error is one short printable line; the same bytes give the same plan
 * or error again; a plan is one that the init stage's checker and the order's rules accept; and
 * `check` has a finding just where `create` has an error.
 *
 * Without a fuzzer this is a program that runs files, or all files of directories. With one (clang
 * and bash; NEW is an empty directory for what it finds):
 *
 *   clang -g -O1 -std=gnu17 -Ulinux -D_GNU_SOURCE -DHAKO_FUZZER \
 *       -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *       -Isrc -Iinclude -Ibuild/include tests/fuzz/config.c src/{base,json,spec,plan}/[a-z]*.c \
 *       src/lib/{error,hints}.c $(pkg-config --cflags --libs yajl libseccomp) -o fuzz-config
 *   ./fuzz-config -timeout=10 -max_len=16384 -dict=tests/fuzz/config.dict NEW \
 *       tests/fuzz/corpus/config tests/unit/spec/data
 */
#include "corpus.h"

#include "base/findings.h"
#include "base/mem.h"
#include "base/str.h"
#include "lib/errors.h"
#include "plan/build.h"
#include "plan/order.h"
#include "plan/seccomp.h"
#include "spec/annotations.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_ERROR_TEXT 1024

static void require(bool condition, const char *what, const struct hk_err *err)
{
	if (condition)
		return;
	(void)fprintf(stderr, "%s: %s %s: %s\n", what, err->position, err->property, err->message);
	abort();
}

/* What became of one text. */
struct outcome {
	struct hk_spec spec;
	struct hk_arena arena;
	const struct hk_plan *plan;
	bool valid; /* as far as one can see without a host */
	int r;
	struct hk_err err;
};

static int make_plan(struct outcome *o)
{
	static const struct hk_facts facts = {
		.can_mknod = true,
		.apparmor = true,
		.apparmor_attr_dir = true,
		.selinux = true,
		.kcore = true,
		.cgroup_view = HK_CGROUP_VIEW_V2,
		.known_caps = (1ull << 41) - 1,
		.permitted_caps = (1ull << 41) - 1,
	};
	static const struct hk_cgroup_mount cgroup = {"", NULL, "/sys/fs/cgroup/box", NULL, true};
	struct hk_plan_options options = {.id = "box",
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.cgroup_mounts = &cgroup,
		.cgroup_mount_count = 1};
	struct hk_seccomp_filter filter = {0};
	int r = 0;

	if (o->spec.linux.seccomp)
		r = hk_seccomp_compile(o->spec.linux.seccomp, &o->arena, &filter, &o->err);
	if (r < 0)
		return r;
	options.seccomp_filter = filter.instructions;
	options.seccomp_size = filter.size;
	options.seccomp_flags = filter.flags;
	options.seccomp_notify = filter.notify;
	return hk_plan_build(&o->spec, &facts, &options, &o->arena, &o->plan, &o->err);
}

static void run(const uint8_t *data, size_t size, struct outcome *o)
{
	*o = (struct outcome){0};
	hk_spec_init(&o->spec);
	o->r = hk_spec_parse((const char *)data, size, "config.json", &o->spec, &o->err);
	if (o->r == 0)
		o->r = hk_spec_validate(&o->spec, &o->err);
	o->valid = o->r == 0;
	if (o->r == 0)
		o->r = make_plan(o);
	if (o->r < 0)
		hk_spec_locate(&o->spec, &o->err);
}

static void done(struct outcome *o)
{
	hk_arena_done(&o->arena);
	hk_spec_done(&o->spec);
}

static void check_error(const struct outcome *o)
{
	hako_error *error = NULL;
	char printable[2 * MAX_ERROR_TEXT];
	const char *text;

	require(o->r == -o->err.code && o->err.message[0], "an error that says nothing", &o->err);
	require(o->r != -ENOMEM && o->r != -EPROTO && o->r != -EIO, "the wrong kind of error",
		&o->err);
	(void)hk_give(o->r, &o->err, &error);
	text = hako_error_text(error);
	require(strlen(text) <= MAX_ERROR_TEXT, "a long error", &o->err);
	require(!strcmp(hk_printable(text, printable, sizeof(printable)), text),
		"an error that is not printable", &o->err);
	hako_error_free(error);
}

static void check_plan(struct outcome *o)
{
	o->r = hk_plan_check(o->plan, o->plan->size, &o->err);
	require(o->r == 0, "a plan that the init stage refuses", &o->err);
	o->r = hk_plan_check_order(o->plan, &o->err);
	require(o->r == 0, "a plan in the wrong order", &o->err);
}

static void check_again(const uint8_t *data, size_t size, const struct outcome *first)
{
	struct outcome o;

	run(data, size, &o);
	require(o.r == first->r && !memcmp(&o.err, &first->err, sizeof(o.err)),
		"another error the second time", &o.err);
	require(!o.plan == !first->plan, "no plan the second time", &o.err);
	require(!o.plan || (o.plan->size == first->plan->size &&
				   !memcmp(o.plan, first->plan, o.plan->size)),
		"another plan the second time", &o.err);
	done(&o);
}

/* `check` reads files. */
static int file_of(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("config.json", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
		pwrite(fd, data, size, 0) != (ssize_t)size) {
		perror("memfd");
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void check_findings(const uint8_t *data, size_t size, const struct outcome *o)
{
	struct hk_err scratch = {0};
	struct hk_findings findings = HK_ALL_FINDINGS(&scratch);
	struct hk_spec spec;
	char name[64];
	int r;

	hk_spec_init(&spec);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", file_of(data, size));
	r = hk_spec_read_all(AT_FDCWD, name, &spec, &findings);
	if (r == 0)
		r = hk_spec_examine(&spec, &findings);
	require((r == 0 && findings.count == 0) == o->valid, "check and create disagree", &o->err);
	hk_findings_done(&findings);
	hk_spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome o;

	run(data, size, &o);
	if (o.r < 0)
		check_error(&o);
	check_again(data, size, &o);
	check_findings(data, size, &o);
	if (o.plan)
		check_plan(&o);
	done(&o);
	return 0;
}
