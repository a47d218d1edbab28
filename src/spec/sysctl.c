/* linux.sysctl: keys as paths, and which namespace each must have. */
#include "spec/validate.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define NOT_SEPARATE "sysctl \"%.100s\" is not in a separate kernel namespace"

/* What the container may set: the keys that a namespace of its own separates from the host's. A
 * name that ends with "/" stands for everything below it. */
static const struct {
	const char *path;
	enum hk_ns_type ns;
} namespaced[] = {
	{"kernel/msgmax", HK_NS_IPC},
	{"kernel/msgmnb", HK_NS_IPC},
	{"kernel/msgmni", HK_NS_IPC},
	{"kernel/sem", HK_NS_IPC},
	{"kernel/shmall", HK_NS_IPC},
	{"kernel/shmmax", HK_NS_IPC},
	{"kernel/shmmni", HK_NS_IPC},
	{"kernel/shm_rmid_forced", HK_NS_IPC},
	{"fs/mqueue/", HK_NS_IPC},
	{"kernel/domainname", HK_NS_UTS},
	{"net/", HK_NS_NETWORK},
	{"user/", HK_NS_USER},
};

/* No component is empty, "." or "..". */
static bool is_plain_path(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!len || (len == 1 && path[0] == '.') || (len == 2 && !strncmp(path, "..", 2)))
			return false;
		path += len;
		if (!*path)
			return true;
		path++;
	}
}

/* As sysctl(8): the separator is what comes first, and the other character stands for it in a name
 * ("net.ipv4.conf.eth0/1.forwarding" is the interface eth0.1). */
int hk_sysctl_path(const char *key, char *ret, size_t cap)
{
	size_t len = strlen(key);
	bool dots = key[strcspn(key, "./")] == '.';

	if (len >= cap)
		return -ENAMETOOLONG;
	for (size_t i = 0; i <= len; i++)
		ret[i] = dots && key[i] == '.' ? '/' : dots && key[i] == '/' ? '.' : key[i];
	return is_plain_path(ret) ? 0 : -EINVAL;
}

static const enum hk_ns_type *find_namespace(const char *path)
{
	for (size_t i = 0; i < HK_COUNT(namespaced); i++) {
		const char *name = namespaced[i].path;

		if (hk_ends_with(name, "/") ? hk_starts_with(path, name) : !strcmp(path, name))
			return &namespaced[i].ns;
	}
	return NULL;
}

static int validate_key(const struct hk_spec *spec, const char *key, struct hk_findings *f)
{
	struct hk_pointer at = hk_at_key("/linux/sysctl", key);
	const enum hk_ns_type *ns;
	char path[PATH_MAX];

	if (hk_sysctl_path(key, path, sizeof(path)) < 0)
		return hk_invalid(f, at, "'%.100s' is no name of a sysctl", key);
	if (!strcmp(path, "kernel/hostname"))
		return hk_invalid_hint(f, at, "set hostname instead",
			"sysctl \"%s\" is not allowed as it conflicts with the OCI hostname field",
			key);
	ns = find_namespace(path);
	if (ns && hk_spec_namespace(spec, *ns))
		return 0;
	if (!ns)
		return hk_invalid(f, at, NOT_SEPARATE, key);
	return hk_needs_namespace(f, at, *ns, NOT_SEPARATE, key);
}

int hk_validate_sysctl(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_pairs *sysctl = &spec->linux.sysctl;

	for (size_t i = 0; i < sysctl->count; i++) {
		int r = validate_key(spec, sysctl->items[i].key, f);

		if (r < 0)
			return r;
		/* One write sets one value; a second line would be another write's. */
		if (strchr(sysctl->items[i].value, '\n'))
			return hk_invalid(f, hk_at_key("/linux/sysctl", sysctl->items[i].key),
				"the value must be one line");
	}
	return 0;
}
