/* The options that checkpoint and restore share. */
#ifndef CLI_CRIU_OPTIONS_H
#define CLI_CRIU_OPTIONS_H

#include "cli.h"

/* Entries of a struct option table over a struct hako_criu_options. */
#define CRIU_OPTIONS(o)                                                                            \
	{"auto-dedup", 0, OPTION_FLAG, &(o).auto_dedup, NULL,                                      \
		"punch out of the image what memory is there twice"},                              \
		{"empty-ns", 0, OPTION_STRING, &(o).empty_ns, "TYPE",                              \
			"leave out what is in the namespace of this type: network"},               \
		{"ext-unix-sk", 0, OPTION_FLAG, &(o).ext_unix_sk, NULL,                            \
			"allow Unix sockets that are connected to processes outside"},             \
		{"file-locks", 0, OPTION_FLAG, &(o).file_locks, NULL, "handle file locks"},        \
		{"image-path", 0, OPTION_STRING, &(o).image_path, "DIR",                           \
			"where the image files are (default: checkpoint)"},                        \
		{"lazy-pages", 0, OPTION_FLAG, &(o).lazy_pages, NULL,                              \
			"copy memory when it is needed (userfaultfd)"},                            \
		{"manage-cgroups-mode", 0, OPTION_STRING, &(o).manage_cgroups_mode,                \
			"soft|full|strict|ignore",                                                 \
			"which cgroups criu makes and fills (default: soft)"},                     \
		{"network-lock", 0, OPTION_STRING, &(o).network_lock, "iptables|nftables|skip",    \
			"how the network is held back (default: iptables)"},                       \
		{"shell-job", 0, OPTION_FLAG, &(o).shell_job, NULL,                                \
			"allow a process whose terminal is the caller's"},                         \
		{"tcp-established", 0, OPTION_FLAG, &(o).tcp_established, NULL,                    \
			"handle established TCP connections"},                                     \
	{                                                                                          \
		"work-path", 0, OPTION_STRING, &(o).work_path, "DIR",                              \
			"where criu's log goes (default: the image directory)"                     \
	}

#endif
