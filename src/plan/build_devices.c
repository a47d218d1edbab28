/* Device nodes and symbolic links in /dev. */
#include "plan/builder.h"

#include "base/err.h"
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static const struct default_device {
	const char *path;
	uint32_t minor;
	uint32_t major;
} default_devices[] = {
	{"/dev/null", 3, 1},
	{"/dev/zero", 5, 1},
	{"/dev/full", 7, 1},
	{"/dev/tty", 0, 5},
	{"/dev/random", 8, 1},
	{"/dev/urandom", 9, 1},
};

static const struct default_link {
	const char *path;
	const char *target;
	bool replace;
} default_links[] = {
	{"/dev/fd", "/proc/self/fd", false},
	{"/dev/stdin", "/proc/self/fd/0", false},
	{"/dev/stdout", "/proc/self/fd/1", false},
	{"/dev/stderr", "/proc/self/fd/2", false},
	/* an image's own node would be the host's multiplexer */
	{"/dev/ptmx", "pts/ptmx", true},
};

static bool is_overridden(const struct hk_linux *linux, const char *path)
{
	char clean[PATH_MAX];

	for (size_t i = 0; i < linux->device_count; i++) {
		if (hk_path_clean(linux->devices[i].path, true, clean, sizeof(clean)) == 0 &&
			strcmp(clean, path) == 0)
			return true;
	}
	return false;
}

/* mknod of a device needs CAP_MKNOD in the initial user namespace; a pipe needs nothing. */
static bool must_bind(const struct hk_builder *b, mode_t type)
{
	return type != S_IFIFO && (b->user_namespace || !b->facts->can_mknod);
}

static void add_default_devices(struct hk_builder *b)
{
	for (size_t i = 0; i < HK_COUNT(default_devices); i++) {
		const struct default_device *d = &default_devices[i];

		if (is_overridden(&b->spec->linux, d->path))
			continue;
		HK_STEP(&b->blob, DEVICE, device, HK_NO_PROPERTY,
			.path = hk_blob_str(&b->blob, d->path), .mode = S_IFCHR | 0666,
			.major = d->major, .minor = d->minor, .bind = must_bind(b, S_IFCHR));
	}
}

static mode_t device_type(char type)
{
	switch (type) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default: /* 'c', and 'u', an unbuffered one */
		return S_IFCHR;
	}
}

static int add_device(struct hk_builder *b, size_t i)
{
	const struct hk_device *d = &b->spec->linux.devices[i];
	mode_t type = device_type(d->type);
	char path[PATH_MAX];

	if (hk_path_clean(d->path, true, path, sizeof(path)) < 0) {
		(void)hk_refuse(b->err, ENAMETOOLONG, "the device's path is too long");
		return hk_err_at(b->err, "/linux/devices/%zu/path", i);
	}
	HK_STEP(&b->blob, DEVICE, device, HK_PROPERTY(b, "/linux/devices/%zu", i),
		.path = hk_blob_str(&b->blob, path),
		.mode = type | (d->has_mode ? d->mode & 07777 : 0666),
		.major = type == S_IFIFO ? 0 : (uint32_t)d->major,
		.minor = type == S_IFIFO ? 0 : (uint32_t)d->minor, .uid = d->has_uid ? d->uid : 0,
		.gid = d->has_gid ? d->gid : 0, .bind = must_bind(b, type));
	return 0;
}

static void add_link(struct hk_builder *b, const char *path, const char *target, bool replace)
{
	HK_STEP(&b->blob, SYMLINK, symlink, HK_NO_PROPERTY, .target = hk_blob_str(&b->blob, target),
		.path = hk_blob_str(&b->blob, path), .replace = replace);
}

/* A bind mount on /dev brings its own nodes, and what is made there would land in its source. */
int hk_build_devices(struct hk_builder *b)
{
	if (b->dev_is_bind)
		return 0;
	if (!b->can_mount && must_bind(b, S_IFCHR)) {
		(void)hk_refuse(b->err, EPERM,
			"device nodes cannot be made here, and without a mount namespace they "
			"would "
			"be bound on the host");
		return hk_err_at(b->err, "/linux/namespaces");
	}
	add_default_devices(b);
	for (size_t i = 0; i < b->spec->linux.device_count; i++) {
		int r = hk_build_part(b, add_device(b, i));

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < HK_COUNT(default_links); i++)
		add_link(b, default_links[i].path, default_links[i].target,
			default_links[i].replace);
	if (b->facts->kcore)
		add_link(b, "/dev/core", "/proc/kcore", false);
	return 0;
}
