/* mounts[] of type cgroup and cgroup2: what /sys/fs/cgroup looks like in the container.
 *
 * The container sees what its runtime has: cgroup2 where that is all there is; else a tmpfs with a
 * directory for each v1 hierarchy, and "unified" where cgroup2 is mounted beside them. With a
 * cgroup namespace each is a new mount, whose root the namespace sets. Without one, of a v1
 * hierarchy only the container's own directory is bound. */
#include "plan/builder.h"

#include "base/sys.h"
#include "plan/options.h"

#include <string.h>

struct cgroup_mount {
	const char *target; /* clean */
	hk_ref_str property;
	uint64_t attrs;
	uint64_t propagation;
	uint64_t rec_propagation;
	const char *data; /* the user's options for the file system */
	bool namespace;	  /* the container has a cgroup namespace, new or joined */
};

static const struct hk_cgroup_mount *find_v2(const struct hk_plan_options *options)
{
	for (size_t i = 0; i < options->cgroup_mount_count; i++) {
		if (options->cgroup_mounts[i].v2)
			return &options->cgroup_mounts[i];
	}
	return NULL;
}

/* A writable bind would hand the host's files to the container (CVE-2023-25809): there is none
 * without a cgroup namespace. */
static const char *fallback(const struct cgroup_mount *m, const struct hk_cgroup_mount *own)
{
	if (!own || (!m->namespace && !(m->attrs & HK_MOUNT_ATTR_RDONLY)))
		return NULL;
	return own->source;
}

static void add_v2(struct hk_builder *b, const struct cgroup_mount *m, const char *target,
	const struct hk_cgroup_mount *own)
{
	HK_STEP(&b->blob, MOUNT, mount, m->property, .fstype = hk_blob_str(&b->blob, "cgroup2"),
		.source = hk_blob_str(&b->blob, "cgroup"), .target = hk_blob_str(&b->blob, target),
		.sb_options = hk_blob_str(&b->blob, m->data), .attrs = m->attrs,
		.propagation = m->propagation, .rec_propagation = m->rec_propagation,
		.else_bind = hk_blob_str(&b->blob, fallback(m, own)), .how = HK_MOUNT_PLAIN_DIR);
}

static void add_v1(struct hk_builder *b, const struct cgroup_mount *m, const char *target,
	const struct hk_cgroup_mount *hierarchy)
{
	HK_STEP(&b->blob, MOUNT, mount, m->property, .fstype = hk_blob_str(&b->blob, "cgroup"),
		.source = hk_blob_str(&b->blob, "cgroup"), .target = hk_blob_str(&b->blob, target),
		.sb_options = hk_blob_str(&b->blob, hierarchy->options), .attrs = m->attrs,
		.propagation = m->propagation, .rec_propagation = m->rec_propagation,
		.how = HK_MOUNT_PLAIN_DIR);
}

static void add_hierarchy(
	struct hk_builder *b, const struct cgroup_mount *m, const struct hk_cgroup_mount *hierarchy)
{
	const char *target = hk_arena_printf(&b->scratch, "%s/%s", m->target, hierarchy->name);

	if (!target)
		b->blob.failed = true;
	else if (!m->namespace)
		HK_STEP(&b->blob, BIND, bind, m->property,
			.source = hk_blob_str(&b->blob, hierarchy->source),
			.target = hk_blob_str(&b->blob, target), .attrs_set = m->attrs,
			.propagation = m->propagation, .rec_propagation = m->rec_propagation);
	else if (hierarchy->v2)
		add_v2(b, m, target, hierarchy);
	else
		add_v1(b, m, target, hierarchy);
}

/* "cpu" and "cpuacct" beside the directory "cpu,cpuacct". */
static void add_links(
	struct hk_builder *b, const struct cgroup_mount *m, const struct hk_cgroup_mount *hierarchy)
{
	const char *name = hierarchy->links;

	while (name && *name) {
		size_t len = strcspn(name, ",");
		const char *path =
			hk_arena_printf(&b->scratch, "%s/%.*s", m->target, (int)len, name);

		if (!path)
			b->blob.failed = true;
		HK_STEP(&b->blob, SYMLINK, symlink, m->property,
			.target = hk_blob_str(&b->blob, hierarchy->name),
			.path = hk_blob_str(&b->blob, path));
		name += len + (name[len] == ',');
	}
}

/* The tmpfs is writable until its directories and links are made. */
static void add_v1_tree(struct hk_builder *b, const struct cgroup_mount *m)
{
	const struct hk_plan_options *options = b->options;
	const uint64_t attrs = HK_MOUNT_ATTR_NOSUID | HK_MOUNT_ATTR_NODEV | HK_MOUNT_ATTR_NOEXEC;

	HK_STEP(&b->blob, MOUNT, mount, m->property, .fstype = hk_blob_str(&b->blob, "tmpfs"),
		.source = hk_blob_str(&b->blob, "tmpfs"),
		.target = hk_blob_str(&b->blob, m->target),
		.sb_options = hk_blob_str(&b->blob, "mode=755"),
		.label = hk_blob_str(&b->blob, b->spec->linux.mount_label), .attrs = attrs,
		.propagation = m->propagation, .rec_propagation = m->rec_propagation,
		.how = HK_MOUNT_PLAIN_DIR);
	for (size_t i = 0; i < options->cgroup_mount_count; i++) {
		add_hierarchy(b, m, &options->cgroup_mounts[i]);
		add_links(b, m, &options->cgroup_mounts[i]);
	}
	if (m->attrs & HK_MOUNT_ATTR_RDONLY)
		HK_STEP(&b->blob, REMOUNT, remount, m->property,
			.target = hk_blob_str(&b->blob, m->target),
			.attrs_set = HK_MOUNT_ATTR_RDONLY);
}

int hk_build_cgroup_mount(struct hk_builder *b, size_t i, const struct hk_mount_options *options,
	hk_ref_str property, const char *target)
{
	const struct hk_mount *mount = &b->spec->mounts[i];
	struct cgroup_mount m = {
		.target = target,
		.property = property,
		.attrs = hk_mount_options_attrs(options),
		.propagation = options->propagation,
		.rec_propagation = options->rec_propagation,
		.data = options->data,
		.namespace = hk_spec_namespace(b->spec, HK_NS_CGROUP),
	};

	/* Root of a user namespace without a cgroup namespace: these are the host's own files. */
	if (!m.namespace && (b->user_namespace || b->facts->in_user_namespace))
		m.attrs |= HK_MOUNT_ATTR_RDONLY;
	if (b->facts->cgroup_view == HK_CGROUP_VIEW_V2 || strcmp(mount->type, "cgroup2") == 0)
		add_v2(b, &m, target, find_v2(b->options));
	else if (m.data)
		return hk_build_refuse_mount(b, i, "/options",
			"this host has cgroup v1, whose hierarchies are mounted with options "
			"already");
	else
		add_v1_tree(b, &m);
	return 0;
}
