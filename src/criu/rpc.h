/* criu's remote procedure calls: requests and answers as structs. The numbers on the wire are
 * criu's ABI, images/rpc.proto of its sources; rpc.c has them in tables. */
#ifndef HK_CRIU_RPC_H
#define HK_CRIU_RPC_H

#include "base/str.h"
#include "json/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hk_err;

enum hk_criu_type { /* criu_req_type */
	HK_CRIU_DUMP = 1,
	HK_CRIU_RESTORE = 2,
	HK_CRIU_NOTIFY = 6,
	HK_CRIU_FEATURE_CHECK = 9,
	HK_CRIU_VERSION = 10,
	HK_CRIU_SINGLE_PRE_DUMP = 13,
};

enum hk_criu_cgroup_mode { /* criu_cg_mode */
	HK_CRIU_CGROUP_IGNORE = 0,
	HK_CRIU_CGROUP_SOFT = 3,
	HK_CRIU_CGROUP_FULL = 4,
	HK_CRIU_CGROUP_STRICT = 5,
};

enum hk_criu_network_lock { /* criu_network_lock_method */
	HK_CRIU_LOCK_IPTABLES = 1,
	HK_CRIU_LOCK_NFTABLES = 2,
	HK_CRIU_LOCK_SKIP = 3, /* since criu 3.18 */
};

/* A descriptor of criu's that takes the place of one that key names in the image. */
struct hk_criu_inherit {
	const char *key;
	int fd;
};

struct hk_criu_inherits {
	struct hk_criu_inherit *items;
	size_t count;
};

/* criu_opts. Numbers that are negative, strings that are NULL and lists that are empty stay out of
 * the message; HK_CRIU_OPTS_INIT has none of them. */
struct hk_criu_opts {
	int images_dir_fd; /* ours: criu opens it through /proc */
	int work_dir_fd;
	int pid;
	int log_level;
	int manage_cgroups_mode; /* enum hk_criu_cgroup_mode */
	int network_lock;	 /* enum hk_criu_network_lock */
	int empty_ns;		 /* CLONE_NEW* bits */
	int page_server_port;	 /* goes with the address */
	const char *page_server_address;
	const char *log_file;
	const char *root;
	const char *parent_img;
	const char *freeze_cgroup;
	const char *config_file;
	const char *lsm_profile;
	const char *lsm_mount_context;
	bool leave_running;
	bool ext_unix_sk;
	bool tcp_established;
	bool tcp_skip_in_flight;
	bool tcp_close;
	bool evasive_devices;
	bool shell_job;
	bool file_locks;
	bool notify_scripts;
	bool track_mem;
	bool auto_dedup;
	bool link_remap;
	bool rst_sibling;
	bool lazy_pages;
	bool orphan_pts_master;
	struct hk_strings external;
	struct hk_pairs cg_roots; /* controllers -> path */
	struct hk_pairs join_ns;  /* type -> file */
	struct hk_criu_inherits inherit;
};

#define HK_CRIU_OPTS_INIT                                                                          \
	{                                                                                          \
		.images_dir_fd = -1, .work_dir_fd = -1, .pid = -1, .log_level = -1,                \
		.manage_cgroups_mode = -1, .network_lock = -1, .empty_ns = -1,                     \
		.page_server_port = -1                                                             \
	}

/* criu_features */
struct hk_criu_features {
	bool mem_track;
	bool lazy_pages;
};

/* criu_resp, as much of it as we look at. What is not in the message is zero. */
struct hk_criu_reply {
	int type; /* enum hk_criu_type */
	bool success;
	int restored_pid;
	char script[32]; /* of a notification */
	int notify_pid;
	int error;	      /* an errno */
	char error_text[256]; /* the first error of the log */
	struct hk_criu_features features;
	int version_major;
	int version_minor;
	int version_sublevel;
};

/* A criu_req each, for one datagram: put into out, whose memory may have run out at the end. */
void hk_criu_put_request(
	struct hk_strbuf *out, enum hk_criu_type type, const struct hk_criu_opts *opts);
void hk_criu_put_version_request(struct hk_strbuf *out);
void hk_criu_put_feature_request(struct hk_strbuf *out, const struct hk_criu_features *asked);
void hk_criu_put_notify_answer(struct hk_strbuf *out, bool success);

/* A criu_resp. -EPROTO where it is none; fields that we do not know are passed over. */
int hk_criu_read_reply(
	const void *message, size_t len, struct hk_criu_reply *ret, struct hk_err *err);

#endif
