/* Lines of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
#ifndef HK_BASE_MOUNTINFO_H
#define HK_BASE_MOUNTINFO_H

#include <stdbool.h>

struct hk_mountinfo {
	const char *id;
	const char *device; /* of the file system, "98:0" */
	const char *root;   /* what of the file system is mounted */
	const char *point;
	const char *flags; /* of the mount, "ro,noatime" */
	const char *type;
	const char *options; /* of the super block */
};

/* Cut up a line in place; what is escaped in it is no longer. False: it is no such line. */
bool hk_mountinfo_parse(char *line, struct hk_mountinfo *ret);

#endif
