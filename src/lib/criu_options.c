/* Words of the command line become numbers of criu's, paths descriptors. */
#include "lib/criu_options.h"

#include "base/enumtab.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "criu/talk.h"
#include "spec/annotations.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_IMAGE_PATH "checkpoint"
/* runc's: whoever has one there has it for any runtime. */
#define DEFAULT_CONFIG "/etc/criu/runc.conf"
#define LOG_LEVEL      4 /* criu(8): debug */

static const struct hk_enum cgroup_modes[] = {
	{"soft", HK_CRIU_CGROUP_SOFT},
	{"full", HK_CRIU_CGROUP_FULL},
	{"strict", HK_CRIU_CGROUP_STRICT},
	{"ignore", HK_CRIU_CGROUP_IGNORE},
	{0},
};

static const struct hk_enum network_locks[] = {
	{"iptables", HK_CRIU_LOCK_IPTABLES},
	{"nftables", HK_CRIU_LOCK_NFTABLES},
	{"skip", HK_CRIU_LOCK_SKIP},
	{0},
};

static const struct hk_enum empty_namespaces[] = {
	{"network", CLONE_NEWNET},
	{0},
};

int hk_criu_check_privilege(const struct hako_runtime *runtime, struct hk_err *err)
{
	if (!runtime->rootless && geteuid() == 0)
		return 0;
	return hk_refuse(err, EPERM, "checkpoint and restore need root on this host");
}

/* Images hold the memory of processes: nobody else's business. */
static int open_dir(const char *path, bool make, const char *what, int *ret, struct hk_err *err)
{
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return hk_fail(err, errno, "make the %s directory '%s'", what, path);
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? hk_fail(err, errno, "open the %s directory '%s'", what, path) : 0;
}

int hk_criu_dirs_open(const struct hako_criu_options *options, bool make_image, const char *log,
	struct hk_criu_dirs *ret, struct hk_err *err)
{
	const char *image = options->image_path ? options->image_path : DEFAULT_IMAGE_PATH;
	int r = open_dir(image, make_image, "image", &ret->image, err);

	ret->work_path = options->work_path ? options->work_path : image;
	ret->log = log;
	if (r == 0 && options->work_path)
		r = open_dir(options->work_path, true, "working", &ret->work, err);
	return r;
}

void hk_criu_dirs_done(struct hk_criu_dirs *dirs)
{
	hk_close(&dirs->image);
	hk_close(&dirs->work);
}

static int find_word(const struct hk_enum *words, const char *word, const char *what, int *ret,
	struct hk_err *err)
{
	const struct hk_enum *found = word ? hk_enum_find(words, word) : NULL;
	char list[128];

	if (!word)
		return 0;
	if (!found)
		return hk_refuse(err, EINVAL, "unknown %s '%s': %s", what, word,
			hk_enum_list(words, list, sizeof(list)));
	*ret = (int)found->value;
	return 0;
}

/* One that is asked for must be there; criu itself would pass over it. */
static int find_config(const struct hk_pairs *annotations, const char **ret, struct hk_err *err)
{
	const char *path = hk_annotation_get(annotations, HK_ANNOTATION_CRIU_CONFIG);

	if (!path)
		*ret = access(DEFAULT_CONFIG, R_OK) == 0 ? DEFAULT_CONFIG : NULL;
	else if (!path[0])
		*ret = NULL;
	else if (access(path, R_OK) < 0)
		return hk_fail(err, errno, "read criu's configuration file '%s'", path);
	else
		*ret = path;
	return 0;
}

int hk_criu_opts_fill(const struct hako_criu_options *options, const struct hk_criu_dirs *dirs,
	const struct hk_pairs *annotations, struct hk_criu_opts *ret, struct hk_err *err)
{
	int r;

	for (size_t i = 0; i < HK_COUNT(options->reserved); i++)
		if (options->reserved[i])
			return hk_refuse(err, E2BIG, "the options are of a newer libhako");
	ret->manage_cgroups_mode = HK_CRIU_CGROUP_SOFT;
	r = find_word(cgroup_modes, options->manage_cgroups_mode, "mode to manage cgroups",
		&ret->manage_cgroups_mode, err);
	if (r == 0)
		r = find_word(network_locks, options->network_lock, "network lock",
			&ret->network_lock, err);
	if (r == 0)
		r = find_word(empty_namespaces, options->empty_ns, "empty namespace",
			&ret->empty_ns, err);
	if (r == 0)
		r = find_config(annotations, &ret->config_file, err);
	if (r < 0)
		return r;
	ret->images_dir_fd = dirs->image;
	ret->work_dir_fd = dirs->work;
	ret->log_file = dirs->log;
	ret->log_level = LOG_LEVEL;
	ret->notify_scripts = true;
	ret->orphan_pts_master = true;
	ret->tcp_established = options->tcp_established;
	ret->ext_unix_sk = options->ext_unix_sk;
	ret->shell_job = options->shell_job;
	ret->file_locks = options->file_locks;
	ret->auto_dedup = options->auto_dedup;
	ret->lazy_pages = options->lazy_pages;
	return 0;
}

void hk_criu_dirs_hint(const struct hk_criu_dirs *dirs, struct hk_err *err)
{
	hk_criu_log_hint(
		dirs->work >= 0 ? dirs->work : dirs->image, dirs->work_path, dirs->log, err);
}
