/* The table of config.json's top level, and the list of what is not read, with the reasons. */
#include "spec/tables.h"

static const struct hk_property root_properties[] = {
	HK_STRING("path", struct hk_root, path, .flags = HK_REQUIRED, HK_LONGEST(HK_LONGEST_PATH)),
	HK_BOOL("readonly", struct hk_root, readonly),
};

static const struct hk_object root_object = HK_OBJECT_TYPE(struct hk_root, root_properties);

static const struct hk_property spec_properties[] = {
	HK_STRING("ociVersion", struct hk_spec, oci_version, .flags = HK_REQUIRED),
	HK_OBJECT("root", struct hk_spec, root, &root_object),
	HK_OBJECT("process", struct hk_spec, process, &hk_process_object),
	HK_STRING("hostname", struct hk_spec, hostname),
	HK_STRING("domainname", struct hk_spec, domainname),
	HK_OBJECTS("mounts", struct hk_spec, mounts, mount_count, &hk_mount_object),
	HK_STRUCT("hooks", struct hk_spec, hooks, &hk_hooks_object),
	HK_PAIRS("annotations", struct hk_spec, annotations),
	HK_STRUCT("linux", struct hk_spec, linux, &hk_linux_object),
};

const struct hk_object hk_spec_object = HK_OBJECT_TYPE(struct hk_spec, spec_properties);

const struct hk_ignored_property hk_ignored_properties[] = {
	{"/solaris", "another platform"},
	{"/windows", "another platform"},
	{"/freebsd", "another platform"},
	{"/zos", "another platform"},
	{"/vm", "for runtimes that start virtual machines"},
	{"/process/commandLine", "Windows only"},
	{"/process/user/username", "Windows only"},
	{NULL, NULL},
};
