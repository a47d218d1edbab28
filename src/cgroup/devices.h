/* Device rules: what is in force, and its forms for v1 and v2. All pure but the last. */
#ifndef HK_CGROUP_DEVICES_H
#define HK_CGROUP_DEVICES_H

#include "cgroup/cgroup.h"

#include <linux/bpf.h>

/* v1 knows a default and exceptions from it. Exceptions have the access that is taken away (default
 * allow) or granted (default deny); types 'c' and 'b' only. */
struct hk_device_set {
	bool allow; /* the default */
	struct hk_device_rule *exceptions;
	size_t count;
};

/* The set that decides as the rules do in order, the last match winning for each kind of access; no
 * rules: all is denied. -EINVAL with err at /linux/resources/devices where v1 cannot express them:
 * a part denied of what an earlier wildcard rule allows, or the other way round. */
int hk_device_set_from_rules(const struct hk_device_rule *rules, size_t count,
	struct hk_arena *arena, struct hk_device_set *ret, struct hk_err *err);

/* The line for devices.allow and devices.deny, "c 1:3 rwm" or "c *:* m". Returns ret. */
#define HK_DEVICE_LINE_MAX 64
const char *hk_device_line(const struct hk_device_rule *rule, char ret[HK_DEVICE_LINE_MAX]);

/* An eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE that decides by the rules. *ret_count 0: it
 * would allow everything, so none is needed. -ENOMEM. */
int hk_devbpf_compile(const struct hk_device_rule *rules, size_t count, struct hk_arena *arena,
	struct bpf_insn **ret, size_t *ret_count);

/* Load and attach it to a cgroup2 directory; with replace, detach what was attached there. */
int hk_devbpf_install(
	int dirfd, const struct bpf_insn *program, size_t count, bool replace, struct hk_err *err);

#endif
