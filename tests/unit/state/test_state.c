/* state.json: what is stored comes back, what is hostile or of another version is refused; the
 * directory's life; ids; pid files; the list. */
#include "base/err.h"
#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "json/json.h"
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char path[64];
	int root;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct hk_err err;

	strcpy(f->path, "/tmp/hako-test-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->root = hk_state_root_open(f->path, 0, &err);
	assert_true(f->root >= 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	hk_close(&f->root);
	assert_int_equal(rmdir(f->path), 0); /* every test leaves it empty */
	free(f);
	return 0;
}

static struct hk_pair pairs[] = {{"a\"b\n", "\xc3\xa4 \\ </x>"}, {"", ""}};
static struct hk_pair cgroups[] = {
	{"cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/x"}, {"", "/sys/fs/cgroup/x"}};
static const char *args[] = {"hook", "", "--x"};
static struct hk_hook poststop[] = {
	{.path = "/bin/hook",
		.args = {args, 3},
		.has_env = true,
		.has_timeout = true,
		.timeout = 7},
	{.path = "/bin/other"},
};

static struct hk_state sample(void)
{
	struct hk_state s = {.id = "web",
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.config_path = "/other.json",
		.rootfs_mount = 12345678901,
		.created = "2026-11-23T22:00:00.123456789Z",
		.init_pid = 4711,
		.init_start_time = 18446744073709551615ull,
		.owner = 4294967294u,
		.private_pid_namespace = true,
		.notify_socket = "/run/systemd/notify",
		.mount_label = "system_u:object_r:svirt_t:s0:c1,c2",
		.cgroup_paths = {cgroups, 2},
		.intel_rdt_path = "/sys/fs/resctrl/web",
		.intel_rdt_monitor = "/sys/fs/resctrl/web/mon_groups/web",
		.intel_rdt_owned = true,
		.annotations = {pairs, 2}};

	s.hooks.at[HK_HOOK_POSTSTOP].items = poststop;
	s.hooks.at[HK_HOOK_POSTSTOP].count = 2;
	return s;
}

static void test_round_trip(void **state)
{
	struct fixture *f = *state;
	struct hk_state in = sample(), out;
	struct hk_hook_list *hooks;
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);

	assert_true(dir >= 0);
	assert_int_equal(hk_state_store(dir, &in, &err), 0);
	assert_int_equal(hk_state_load(dir, "web", &out, &err), 0);
	assert_string_equal(out.id, "web");
	assert_string_equal(out.bundle, "/b");
	assert_string_equal(out.rootfs, "/b/rootfs");
	assert_string_equal(out.config_path, in.config_path);
	assert_true(out.rootfs_mount == in.rootfs_mount);
	assert_string_equal(out.created, in.created);
	assert_string_equal(out.notify_socket, in.notify_socket);
	assert_string_equal(out.mount_label, in.mount_label);
	assert_int_equal(out.init_pid, 4711);
	assert_true(out.init_start_time == UINT64_MAX);
	assert_int_equal(out.owner, 4294967294u);
	assert_true(out.private_pid_namespace);
	assert_false(out.rootless || out.systemd_cgroup);
	assert_int_equal(out.cgroup_paths.count, 2);
	assert_string_equal(out.cgroup_paths.items[1].key, "");
	assert_string_equal(out.cgroup_paths.items[1].value, "/sys/fs/cgroup/x");
	assert_string_equal(out.intel_rdt_path, in.intel_rdt_path);
	assert_string_equal(out.intel_rdt_monitor, in.intel_rdt_monitor);
	assert_true(out.intel_rdt_owned);
	assert_int_equal(out.annotations.count, 2);
	assert_string_equal(out.annotations.items[0].key, pairs[0].key);
	assert_string_equal(out.annotations.items[0].value, pairs[0].value);
	hooks = &out.hooks.at[HK_HOOK_POSTSTOP];
	assert_int_equal(hooks->count, 2);
	assert_int_equal(hooks->items[0].args.count, 3);
	assert_string_equal(hooks->items[0].args.items[1], "");
	assert_true(hooks->items[0].has_env);
	assert_int_equal(hooks->items[0].env.count, 0);
	assert_int_equal(hooks->items[0].timeout, 7);
	assert_false(hooks->items[1].has_env || hooks->items[1].has_timeout);
	assert_int_equal(out.hooks.at[HK_HOOK_POSTSTART].count, 0);
	hk_state_done(&out);

	in.created = NULL;
	in.config_path = NULL;
	in.rootfs_mount = 0;
	in.notify_socket = in.mount_label = in.intel_rdt_path = in.intel_rdt_monitor = NULL;
	assert_int_equal(hk_state_store(dir, &in, &err), 0);
	assert_int_equal(hk_state_load(dir, "web", &out, &err), 0);
	assert_null(out.created);
	assert_null(out.config_path);
	assert_null(out.intel_rdt_path);
	assert_null(out.intel_rdt_monitor);
	assert_false(out.intel_rdt_owned);
	assert_true(out.rootfs_mount == 0);
	assert_null(out.notify_socket);
	assert_null(out.mount_label);
	hk_state_done(&out);
	assert_int_equal(faccessat(dir, "state.json.tmp", F_OK, 0), -1);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

static void read_text(int dir, char *text, size_t cap)
{
	int file = openat(dir, "state.json", O_RDONLY | O_CLOEXEC);

	assert_true(hk_read_string(file, text, cap) > 0);
	hk_close(&file);
}

static void write_text(int dir, const char *text)
{
	int file = openat(dir, "state.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(hk_write_full(file, text, strlen(text)), 0);
	hk_close(&file);
}

/* Other programs read them there. */
static void test_names_of_runc(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {",\"id\":\"web\"", ",\"init_process_pid\":4711",
		",\"init_process_start\":18446744073709551615", ",\"created\":\"",
		",\"rootless\":", ",\"cgroup_paths\":{\"cpu,cpuacct\":", ",\"namespace_paths\":{",
		",\"intel_rdt_path\":"};
	struct hk_state in = sample();
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);
	char text[4096];

	assert_int_equal(hk_state_store(dir, &in, &err), 0);
	read_text(dir, text, sizeof(text));
	for (size_t i = 0; i < HK_COUNT(names); i++)
		assert_non_null(strstr(text, names[i]));
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

static void assert_brief(const struct fixture *f, const struct hk_state *in)
{
	struct hk_arena arena = {0};
	struct hk_state out;
	struct hk_err err;

	assert_int_equal(hk_state_load_brief(f->root, "web", &arena, &out, &err), 0);
	assert_string_equal(out.id, "web");
	assert_string_equal(out.bundle, in->bundle);
	assert_string_equal(out.rootfs, in->rootfs);
	assert_string_equal(out.created, in->created);
	assert_int_equal(out.init_pid, in->init_pid);
	assert_true(out.init_start_time == in->init_start_time);
	assert_int_equal(out.owner, in->owner);
	assert_int_equal(out.annotations.count, 2);
	assert_string_equal(out.annotations.items[0].value, pairs[0].value);
	assert_string_equal(hk_cgroup_paths_freezer(&out.cgroup_paths)->value, "/sys/fs/cgroup/x");
	assert_null(out.arena.last);
	hk_arena_done(&arena);
}

/* Of what stands behind it nothing is read; what stands before it is read as with all. */
static void test_brief(void **state)
{
	struct fixture *f = *state;
	struct hk_state in = sample(), out;
	struct hk_arena arena = {0};
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);
	char text[4096], *at;

	assert_int_equal(hk_state_store(dir, &in, &err), 0);
	assert_brief(f, &in);
	read_text(dir, text, sizeof(text));
	at = strstr(text, ",\"" HK_STATE_BRIEF_END "\":");
	assert_non_null(at);
	strcpy(at + strlen(",\"" HK_STATE_BRIEF_END "\":"), "no JSON");
	write_text(dir, text);
	assert_brief(f, &in);
	*at = '\0';
	write_text(dir, text);
	assert_int_equal(hk_state_load_brief(f->root, "web", &arena, &out, &err), -EINVAL);
	assert_non_null(strstr(err.message, "read the state of container 'web': "));
	assert_int_equal(hk_state_load_brief(f->root, "none", &arena, &out, &err), -ENOENT);
	assert_int_equal(hk_state_load_brief(f->root, "../web", &arena, &out, &err), -EINVAL);
	hk_arena_done(&arena);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

/* In these, all cgroups stood before the end of what is now the brief part, and hooks were last. */
static void test_brief_of_older_files(void **state)
{
	struct fixture *f = *state;
	static const char older[] =
		"{\"id\":\"web\",\"init_process_pid\":4711,"
		"\"init_process_start\":18446744073709551615,"
		"\"created\":\"2026-11-23T22:00:00.123456789Z\",\"rootless\":false,"
		"\"cgroup_paths\":{\"cpu,cpuacct\":\"/sys/fs/cgroup/cpu,cpuacct/x\","
		"\"\":\"/sys/fs/cgroup/x\"},\"namespace_paths\":{},\"version\":1,\"bundle\":\"/b\","
		"\"rootfs\":\"/b/rootfs\",\"owner\":4294967294,\"systemd_cgroup\":false,"
		"\"private_pid_namespace\":true,\"exec_fifo\":true,\"resources\":{},"
		"\"joined_namespaces\":[],\"annotations\":{\"a\\\"b\\n\":"
		"\"\xc3\xa4 \\\\ </x>\",\"\":\"\"},\"hooks\":{}}\n";
	struct hk_state in = sample(), out;
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);

	write_text(dir, older);
	assert_brief(f, &in);
	assert_int_equal(hk_state_load(dir, "web", &out, &err), 0);
	assert_int_equal(out.cgroup_paths.count, 2);
	hk_state_done(&out);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

#define GOOD                                                                                       \
	"\"id\":\"web\",\"init_process_pid\":1,\"init_process_start\":2,\"bundle\":\"/b\","        \
	"\"rootfs\":\"/r\",\"owner\":0,\"private_pid_namespace\":true"

static void test_hostile_files(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		int code;
		const char *message;
	} cases[] = {
		{"", EINVAL, NULL},
		{"null", EINVAL, "it has no version"},
		{"[]", EINVAL, "it has no version"},
		{"{" GOOD "}", EINVAL, "it has no version"},
		{"{\"version\":\"1\"," GOOD "}", EINVAL, "it has no version"},
		{"{\"version\":2," GOOD "}", EINVAL, "it is of version 2"},
		{"{\"version\":1," GOOD, EINVAL, NULL},
		{"{\"version\":1,\"version\":1," GOOD "}", EINVAL, NULL},
		{"{\"version\":1," GOOD "} x", EINVAL, NULL},
		{"{\"version\":1}", EINVAL, NULL},
		{"{\"version\":1,\"cgroup_paths\":{\"cpu\":\"/a/../b\"}," GOOD "}", EINVAL,
			"cgroup_paths must be absolute and plain"},
		{"{\"version\":1,\"cgroup_paths\":{\"cpu\":\"x\"}," GOOD "}", EINVAL,
			"cgroup_paths must be absolute and plain"},
		{"{\"version\":1,\"cgroup_paths\":{\"cpu\":null}," GOOD "}", EINVAL, NULL},
		{"{\"version\":1,\"intel_rdt_path\":\"/a/../b\"," GOOD "}", EINVAL,
			"intel_rdt_path and intel_rdt_monitor must be absolute and plain"},
		{"{\"version\":1,\"intel_rdt_monitor\":\"b\"," GOOD "}", EINVAL,
			"intel_rdt_path and intel_rdt_monitor must be absolute and plain"},
		{"{\"version\":1,\"config_path\":\"x.json\"," GOOD "}", EINVAL,
			"config_path must be absolute"},
		{"{\"version\":1,\"annotations\":{\"a\":\"\\u0000\"}," GOOD "}", EINVAL, NULL},
		{"{\"version\":1,\"hooks\":{\"poststop\":[{}]}," GOOD "}", EINVAL, NULL},
		{"{\"version\":1,\"init_process_pid\":-1,\"id\":\"web\",\"init_process_start\":2,"
		 "\"bundle\":\"/b\",\"rootfs\":\"/r\",\"owner\":0,\"private_pid_namespace\":true}",
			EINVAL, "init_process_pid is negative"},
		{"{\"version\":1,\"init_process_pid\":4294967297,\"id\":\"web\","
		 "\"init_process_start\":2,\"bundle\":\"/b\",\"rootfs\":\"/r\",\"owner\":0,"
		 "\"private_pid_namespace\":true}",
			EINVAL, NULL},
		{"{\"version\":1,\"init_process_pid\":1,\"id\":\"other\",\"init_process_start\":2,"
		 "\"bundle\":\"/b\",\"rootfs\":\"/r\",\"owner\":0,\"private_pid_namespace\":true}",
			EINVAL, "it is of another container"},
	};
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);

	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_state out = {.id = "untouched"};

		write_text(dir, cases[i].text);
		assert_int_equal(hk_state_load(dir, "web", &out, &err), -cases[i].code);
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.message, "read the state of container 'web': "));
		if (cases[i].message)
			assert_non_null(strstr(err.message, cases[i].message));
		assert_string_equal(out.id, "untouched");
		assert_int_equal(hk_state_load(dir, "web", &out, NULL), -cases[i].code);
	}
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

static void test_not_a_regular_file(void **state)
{
	struct fixture *f = *state;
	struct hk_state out;
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);

	assert_int_equal(hk_state_load(dir, "web", &out, &err), -ENOENT);
	assert_int_equal(mkfifoat(dir, "state.json", 0600), 0);
	assert_int_equal(hk_state_load(dir, "web", &out, &err), -EINVAL);
	assert_int_equal(unlinkat(dir, "state.json", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, "state.json"), 0);
	assert_int_equal(hk_state_load(dir, "web", &out, &err), -ELOOP);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
}

/* What could not be read again is not written, and what was there stays. */
static void test_too_large(void **state)
{
	struct fixture *f = *state;
	struct hk_state in = sample(), out;
	struct hk_pair large[] = {{"large", NULL}};
	HK_FREE char *value = malloc(HK_JSON_MAX_SIZE);
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);

	assert_non_null(value);
	memset(value, 'x', HK_JSON_MAX_SIZE - 1);
	value[HK_JSON_MAX_SIZE - 1] = '\0';
	large[0].value = value;
	assert_int_equal(hk_state_store(dir, &in, &err), 0);
	in.annotations = (struct hk_pairs){large, 1};
	assert_int_equal(hk_state_store(dir, &in, &err), -EFBIG);
	assert_string_equal(err.message, "the state of container 'web' is larger than 16 MiB");
	assert_int_equal(hk_state_load(dir, "web", &out, &err), 0);
	assert_int_equal(out.annotations.count, 2);
	hk_state_done(&out);
	value[HK_JSON_MAX_SIZE - 4096] = '\0';
	assert_int_equal(hk_state_store(dir, &in, &err), 0);
	assert_int_equal(hk_state_load(dir, "web", &out, &err), 0);
	hk_state_done(&out);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

/* Else another path is what comes back. */
static void test_not_utf8(void **state)
{
	struct fixture *f = *state;
	struct hk_state in = sample();
	struct hk_process process = {.apparmor_profile = "\xff"};
	struct hk_spec spec = {.process = &process};
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err);

	in.notify_socket = "/run/\xff";
	assert_int_equal(hk_state_store(dir, &in, &err), -EINVAL);
	assert_string_equal(
		err.message, "the state of container 'web' has a string that is not UTF-8");
	assert_int_equal(faccessat(dir, "state.json", F_OK, 0), -1);
	assert_int_equal(hk_state_common_store(dir, &spec, &err), -EINVAL);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

static void test_ids(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", ".a", "a/b", "a b", "a\n", "\xc3\xa4", "a:b", "../x"};
	static const char *const good[] = {"a", "A.b", "_", "-x", "+", "0.", "a..b"};
	char longest[HK_ID_MAX + 2];
	struct hk_err err;

	(void)state;
	for (size_t i = 0; i < HK_COUNT(bad); i++) {
		assert_int_equal(hk_id_check(bad[i], &err), -EINVAL);
		assert_string_equal(err.message, "invalid container ID format");
	}
	for (size_t i = 0; i < HK_COUNT(good); i++)
		assert_int_equal(hk_id_check(good[i], &err), 0);
	memset(longest, 'a', sizeof(longest));
	longest[HK_ID_MAX] = '\0';
	assert_int_equal(hk_id_check(longest, NULL), 0);
	longest[HK_ID_MAX] = 'a';
	longest[HK_ID_MAX + 1] = '\0';
	assert_int_equal(hk_id_check(longest, NULL), -EINVAL);
}

static void test_directories(void **state)
{
	struct fixture *f = *state;
	struct hk_err err;
	struct stat st;
	mode_t old = umask(077);
	int dir = hk_state_dir_create(f->root, "web", &err);

	(void)umask(old);
	assert_true(dir >= 0);
	assert_true(fcntl(dir, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(hk_state_dir_create(f->root, "web", &err), -EEXIST);
	assert_string_equal(err.message, "container with given ID already exists");
	assert_int_equal(hk_state_dir_create(f->root, "../web", &err), -EINVAL);
	assert_int_equal(hk_state_dir_open(f->root, "none", true, &err), -ENOENT);
	assert_string_equal(err.message, "container does not exist");
	assert_int_equal(hk_state_dir_remove(f->root, "..", &err), -EINVAL);
	hk_close(&dir);

	/* all that is ever in it goes with it */
	dir = hk_state_dir_try_open(f->root, "web", &err);
	assert_int_equal(hk_state_dir_try_open(f->root, "web", &err), -EWOULDBLOCK);
	assert_int_equal(mkfifoat(dir, "exec.fifo", 0600), 0);
	assert_int_equal(mkfifoat(dir, "exec.result", 0600), 0);
	assert_int_equal(mkdirat(dir, "notify", 0700), 0);
	assert_int_equal(mknodat(dir, "notify/notify.sock", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(mknodat(dir, "state.json.tmp", S_IFREG | 0600, 0), 0);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_open(f->root, "web", false, &err), -ENOENT);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
}

static void test_removal_follows_no_link(void **state)
{
	struct fixture *f = *state;
	char victim[] = "/tmp/hako-victim-XXXXXX", file[96];
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err), fd;

	assert_non_null(mkdtemp(victim));
	(void)snprintf(file, sizeof(file), "%s/notify.sock", victim);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	hk_close(&fd);
	assert_int_equal(symlinkat(victim, dir, "notify"), 0);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), -ELOOP);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(unlinkat(dir, "notify", 0), 0);
	hk_close(&dir);
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);

	/* nor is a link a container */
	assert_int_equal(symlinkat(victim, f->root, "link"), 0);
	assert_int_equal(hk_state_dir_open(f->root, "link", false, &err), -ELOOP);
	assert_int_equal(hk_state_dir_remove(f->root, "link", &err), -ELOOP);
	assert_int_equal(unlinkat(f->root, "link", 0), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(victim), 0);
}

/* Who waits for the lock while the container is removed gets "does not exist", not a dead lock. */
static void test_lock_of_a_removed_directory(void **state)
{
	struct fixture *f = *state;
	struct hk_err err;
	int dir = hk_state_dir_create(f->root, "web", &err), status;
	pid_t pid = fork();

	if (pid == 0) {
		hk_close(&dir); /* the lock belongs to the open file, which fork shares */
		_exit(hk_state_dir_open(f->root, "web", true, &err) == -ENOENT ? 0 : 1);
	}
	usleep(100000); /* it waits by now; were it late, the test would pass all the same */
	assert_int_equal(hk_state_dir_remove(f->root, "web", &err), 0);
	hk_close(&dir);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	static const char *const ids[] = {"b", "a", "c"};
	struct hk_err err;
	char **list;
	size_t count;

	assert_int_equal(hk_state_list(f->root, &list, &count, &err), 0);
	assert_int_equal(count, 0);
	free(list);
	for (size_t i = 0; i < 3; i++) {
		int dir = hk_state_dir_create(f->root, ids[i], &err);

		hk_close(&dir);
	}
	assert_int_equal(mkdirat(f->root, ".hidden", 0700), 0);
	assert_int_equal(mknodat(f->root, "file", S_IFREG | 0600, 0), 0);
	assert_int_equal(hk_state_list(f->root, &list, &count, &err), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(list[i], ((const char *[]){"a", "b", "c"})[i]);
		free(list[i]);
	}
	free(list);
	assert_int_equal(unlinkat(f->root, ".hidden", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(f->root, "file", 0), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(hk_state_dir_remove(f->root, ids[i], &err), 0);
}

static void test_root(void **state)
{
	struct fixture *f = *state;
	struct hk_err err;
	struct stat st;
	char path[96];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/x/y/", f->path);
	assert_int_equal(hk_state_root_open(path, 0, &err), -ENOENT);
	fd = hk_state_root_open(path, 0700, &err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	hk_close(&fd);
	assert_int_equal(unlinkat(f->root, "x/y", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(f->root, "x", AT_REMOVEDIR), 0);
	assert_int_equal(hk_state_root_open("/dev/null", 0700, &err), -ENOTDIR);
}

static void test_pid_file(void **state)
{
	struct fixture *f = *state;
	struct hk_err err;
	char path[96], text[16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/pid", f->path);
	/* what a killed runtime left behind, and a link that somebody put there */
	assert_int_equal(symlinkat("/tmp/hako-test-never", f->root, ".pid"), 0);
	assert_int_equal(symlinkat("/tmp/hako-test-never", f->root, "pid"), 0);
	assert_int_equal(hk_pid_file_write(path, 4711, &err), 0);
	assert_int_equal(access("/tmp/hako-test-never", F_OK), -1);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	assert_int_equal(hk_read_string(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "4711");
	hk_close(&fd);
	assert_int_equal(faccessat(f->root, ".pid", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(unlinkat(f->root, "pid", 0), 0);

	(void)snprintf(path, sizeof(path), "%s/none/pid", f->path);
	assert_int_equal(hk_pid_file_write(path, 1, &err), -ENOENT);
	assert_int_equal(hk_pid_file_write("/tmp/", 1, &err), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_names_of_runc),
		TEST(test_brief),
		TEST(test_brief_of_older_files),
		TEST(test_hostile_files),
		TEST(test_not_a_regular_file),
		TEST(test_too_large),
		TEST(test_not_utf8),
		cmocka_unit_test(test_ids),
		TEST(test_directories),
		TEST(test_removal_follows_no_link),
		TEST(test_lock_of_a_removed_directory),
		TEST(test_list),
		TEST(test_root),
		TEST(test_pid_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
