/* What the files of a resctrl file system share: private to src/rdt. */
#ifndef HK_RDT_GROUP_H
#define HK_RDT_GROUP_H

struct hk_err;
struct hk_intel_rdt;
struct hk_rdt;

/* A system call on the file system at root failed: errno, what was attempted, and what the kernel
 * has to say of it beyond errno (info/last_cmd_status). Returns -errnum. */
int hk_rdt_fail(const char *root, int errnum, struct hk_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Write the line, which ends without a newline, to the group's schemata. */
int hk_rdt_write_schema(const char *root, const char *group, const char *line, struct hk_err *err);

/* Has the group, shared and there already, the schemata that config asks for? -EEXIST: another. */
int hk_rdt_compare(const struct hk_rdt *rdt, const struct hk_intel_rdt *config, struct hk_err *err);

#endif
