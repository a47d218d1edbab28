/* The two resolvers and their user space walk, which openat2 itself is the oracle for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* TMP/root is the root of the tests, TMP/outside is what must never be reached. */
struct tree {
	char tmp[64];
	int top; /* TMP */
	int root;
};

static void must(int r)
{
	if (r < 0)
		fail_msg("errno %d", errno);
}

static void make_file(int dir, const char *path)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	must(fd);
	hk_close(&fd);
}

static int setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	memcpy(t->tmp, "/tmp/hako-path-XXXXXX", sizeof("/tmp/hako-path-XXXXXX"));
	assert_non_null(mkdtemp(t->tmp));
	t->top = open(t->tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(t->top);
	must(mkdirat(t->top, "root", 0755));
	must(mkdirat(t->top, "outside", 0755));
	make_file(t->top, "outside/secret");
	t->root = openat(t->top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(t->root);
	must(mkdirat(t->root, "a", 0755));
	must(mkdirat(t->root, "a/b", 0755));
	make_file(t->root, "a/file");
	make_file(t->root, "a/b/deep");
	must(symlinkat("a", t->root, "rel"));
	must(symlinkat("/a/b", t->root, "abs"));
	must(symlinkat("../../../../outside", t->root, "up"));
	must(symlinkat("/outside/secret", t->root, "secret"));
	must(symlinkat("loop2", t->root, "loop1"));
	must(symlinkat("loop1", t->root, "loop2"));
	must(symlinkat("/gone/far", t->root, "dangling"));
	must(symlinkat("../file", t->root, "a/b/up-file"));
	must(symlinkat("/rel/../abs/.", t->root, "a/mixed"));
	*state = t;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct tree *t = *state;

	hk_close(&t->root);
	hk_close(&t->top);
	(void)nftw(t->tmp, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(t);
	return 0;
}

/* Is it the file that the host sees as TMP/path? */
static void assert_is(struct tree *t, int fd, const char *path)
{
	struct stat is, want;

	assert_true(fd >= 0);
	must(fstat(fd, &is));
	must(fstatat(t->top, path, &want, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(is.st_dev, want.st_dev);
	assert_int_equal(is.st_ino, want.st_ino);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
}

static bool exists(struct tree *t, const char *path)
{
	return faccessat(t->top, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void root_open_stays_inside(void **state)
{
	struct tree *t = *state;

	assert_is(t, hk_root_open(t->root, "/", O_PATH), "root");
	assert_is(t, hk_root_open(t->root, "../../..", O_PATH), "root");
	assert_is(t, hk_root_open(t->root, "/rel/b/../file", O_RDONLY), "root/a/file");
	assert_is(t, hk_root_open(t->root, "abs/deep", O_PATH), "root/a/b/deep");
	assert_is(t, hk_root_open(t->root, "abs", O_PATH | O_NOFOLLOW), "root/abs");
	assert_int_equal(hk_root_open(t->root, "up/secret", O_PATH), -ENOENT);
	assert_int_equal(hk_root_open(t->root, "secret", O_RDONLY), -ENOENT);
	assert_int_equal(hk_root_open(t->root, "loop1", O_PATH), -ELOOP);
	assert_int_equal(hk_root_open(t->root, "a/file/", O_PATH), -ENOTDIR);
	assert_int_equal(hk_root_open(t->root, "", O_PATH), -ENOENT);
	assert_int_equal(hk_root_open(t->root, "new", O_WRONLY | O_CREAT), -EINVAL);
	assert_int_equal(hk_root_open(t->root, "a", O_WRONLY | O_TMPFILE), -EINVAL);
}

static void beneath_refuses_links_and_escapes(void **state)
{
	struct tree *t = *state;
	struct stat st;

	assert_is(t, hk_beneath_open(t->root, "a/b/../file", O_RDONLY, 0), "root/a/file");
	assert_int_equal(hk_beneath_open(t->root, "rel/file", O_RDONLY, 0), -ELOOP);
	assert_int_equal(hk_beneath_open(t->root, "rel", O_RDONLY, 0), -ELOOP);
	assert_int_equal(hk_beneath_open(t->root, "../outside", O_PATH, 0), -EXDEV);
	assert_int_equal(hk_beneath_open(t->root, "a/../../outside", O_PATH, 0), -EXDEV);
	assert_int_equal(hk_beneath_open(t->root, "/a", O_PATH, 0), -EXDEV);
	assert_int_equal(hk_beneath_open(t->root, "dangling", O_WRONLY | O_CREAT, 0600), -ELOOP);
	assert_int_equal(
		hk_beneath_open(t->root, "a/file", O_WRONLY | O_CREAT | O_EXCL, 0600), -EEXIST);
	assert_is(t, hk_beneath_open(t->root, "a/new", O_WRONLY | O_CREAT | O_EXCL, 0600),
		"root/a/new");
	must(fstatat(t->root, "a/new", &st, 0));
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void mkdirs_follow_links_inside(void **state)
{
	struct tree *t = *state;
	struct stat st;

	assert_is(t, hk_root_mkdirs(t->root, "/x/y/z", 0711), "root/x/y/z");
	must(fstatat(t->root, "x/y", &st, 0));
	assert_int_equal(st.st_mode, S_IFDIR | 0711);
	assert_is(t, hk_root_mkdirs(t->root, "abs/new/er", 0755), "root/a/b/new/er");
	assert_is(t, hk_root_mkdirs(t->root, "rel/b", 0755), "root/a/b"); /* was there */
	/* a dangling link's target is made where the link leads inside the root */
	assert_is(t, hk_root_mkdirs(t->root, "dangling/x", 0755), "root/gone/far/x");
	assert_is(t, hk_root_mkdirs(t->root, "up/../../x/w", 0755), "root/x/w");
	assert_is(t, hk_root_mkdirs(t->root, "up/here", 0755), "root/outside/here");
	assert_false(exists(t, "outside/here"));
	assert_false(exists(t, "x"));
	assert_int_equal(hk_root_mkdirs(t->root, "a/file/x", 0755), -ENOTDIR);
	assert_int_equal(hk_root_mkdirs(t->root, "a/file", 0755), -ENOTDIR);
	assert_int_equal(hk_root_mkdirs(t->root, "loop1/x", 0755), -ELOOP);
}

static void mkfile_over_everything(void **state)
{
	struct tree *t = *state;
	struct stat st;

	assert_is(t, hk_root_mkfile(t->root, "/etc/hosts", 0640), "root/etc/hosts");
	must(fstatat(t->root, "etc/hosts", &st, 0));
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	must(fstatat(t->root, "etc", &st, 0));
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	assert_is(t, hk_root_mkfile(t->root, "a/file", 0640), "root/a/file");
	assert_is(t, hk_root_mkfile(t->root, "a/b", 0640), "root/a/b"); /* a directory */
	assert_is(t, hk_root_mkfile(t->root, "a/b/up-file", 0640), "root/a/file");
	assert_is(t, hk_root_mkfile(t->root, "dangling", 0640), "root/gone/far");
	must(fstatat(t->root, "gone/far", &st, 0));
	assert_true(S_ISREG(st.st_mode));
	assert_is(t, hk_root_mkfile(t->root, "secret", 0640), "root/outside/secret");
	assert_int_equal(hk_root_mkfile(t->root, "loop1", 0640), -ELOOP);
	assert_int_equal(hk_root_mkfile(t->root, "a/file/x", 0640), -ENOTDIR);
	must(mkfifoat(t->root, "fifo", 0600));
	assert_is(t, hk_root_mkfile(t->root, "fifo", 0640), "root/fifo"); /* does not hang */
}

static void parent_and_name(void **state)
{
	struct tree *t = *state;
	char name[16];

	assert_is(t, hk_root_parent(t->root, "/new/dir/null", 0755, name, sizeof(name)),
		"root/new/dir");
	assert_string_equal(name, "null");
	assert_is(t, hk_root_parent(t->root, "top", 0755, name, sizeof(name)), "root");
	assert_string_equal(name, "top");
	assert_is(t, hk_root_parent(t->root, "/up/x", 0755, name, sizeof(name)), "root/outside");
	assert_string_equal(name, "x");
	assert_int_equal(hk_root_parent(t->root, "a/..", 0755, name, sizeof(name)), -EINVAL);
	assert_int_equal(hk_root_parent(t->root, "a/.", 0755, name, sizeof(name)), -EINVAL);
	assert_int_equal(hk_root_parent(t->root, "a/", 0755, name, sizeof(name)), -EINVAL);
	assert_int_equal(hk_root_parent(t->root, "", 0755, name, sizeof(name)), -EINVAL);
	assert_int_equal(hk_root_parent(t->root, "/0123456789abcdef", 0755, name, sizeof(name)),
		-ENAMETOOLONG);
	assert_string_equal(name, "x"); /* untouched by failures */
}

static void plain_dir_refuses_links(void **state)
{
	struct tree *t = *state;

	assert_is(t, hk_root_plain_dir(t->root, "/proc", 0755), "root/proc");
	assert_is(t, hk_root_plain_dir(t->root, "/a/b", 0755), "root/a/b");
	assert_is(t, hk_root_plain_dir(t->root, "/a/n/m", 0755), "root/a/n/m");
	assert_int_equal(hk_root_plain_dir(t->root, "/rel", 0755), -ELOOP);
	assert_int_equal(hk_root_plain_dir(t->root, "/rel/b", 0755), -ELOOP);
	assert_int_equal(hk_root_plain_dir(t->root, "/rel/missing", 0755), -ELOOP);
	assert_int_equal(hk_root_plain_dir(t->root, "/dangling", 0755), -ELOOP);
	assert_int_equal(hk_root_plain_dir(t->root, "/a/file", 0755), -ENOTDIR);
	assert_false(exists(t, "root/gone"));
}

static void long_paths(void **state)
{
	struct tree *t = *state;
	char component[300], path[5000];

	memset(component, 'n', sizeof(component));
	component[256] = '\0';
	assert_int_equal(hk_root_mkdirs(t->root, component, 0755), -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(hk_root_mkdirs(t->root, path, 0755), -ENAMETOOLONG);
	assert_int_equal(hk_root_open(t->root, path, O_PATH), -ENAMETOOLONG);
	path[4095] = '\0';
	assert_is(t, hk_root_mkdirs(t->root, path, 0755), "root");
}

static void cleans_paths(void **state)
{
	static const struct {
		const char *path;
		bool absolute;
		const char *expect;
	} cases[] = {
		{"", false, "."},
		{"", true, "/"},
		{"/", false, "/"},
		{"///", false, "/"},
		{"a//b/./c/", false, "a/b/c"},
		{"a/../b", false, "b"},
		{"a/..", false, "."},
		{"a/b/../..", false, "."},
		{"../../a", false, "../../a"},
		{"../a/../..", false, "../.."},
		{"/../../a", false, "/a"},
		{"../../a", true, "/a"},
		{"a/b", true, "/a/b"},
		{"..", true, "/"},
		{"/a/b/../../../c", false, "/c"},
		{"/...", false, "/..."},
		{"/..a/.b", false, "/..a/.b"},
	};
	char ret[64];

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		assert_int_equal(
			hk_path_clean(cases[i].path, cases[i].absolute, ret, sizeof(ret)), 0);
		assert_string_equal(ret, cases[i].expect);
	}
	assert_int_equal(hk_path_clean("/abc", true, ret, 5), 0);
	assert_int_equal(hk_path_clean("/abcd", true, ret, 5), -ENAMETOOLONG);
	assert_int_equal(hk_path_clean("/", true, ret, 1), -ENAMETOOLONG);
}

static void compares_paths(void **state)
{
	(void)state;
	assert_true(hk_path_is_beneath("/proc", "/proc"));
	assert_true(hk_path_is_beneath("/proc/sys", "/proc"));
	assert_false(hk_path_is_beneath("/procfs", "/proc"));
	assert_false(hk_path_is_beneath("/pro", "/proc"));
	assert_true(hk_path_is_beneath("/a", "/"));
	assert_true(hk_path_is_beneath("/", "/"));
	assert_false(hk_path_is_beneath("/", "/a"));
	assert_true(hk_path_has_dot_dot(".."));
	assert_true(hk_path_has_dot_dot("/a/../b"));
	assert_true(hk_path_has_dot_dot("a/.."));
	assert_false(hk_path_has_dot_dot("/a/..b/.../c.."));
	assert_false(hk_path_has_dot_dot(""));
	assert_true(hk_path_is_name("a.b"));
	assert_true(hk_path_is_name("..."));
	assert_false(hk_path_is_name(""));
	assert_false(hk_path_is_name("."));
	assert_false(hk_path_is_name(".."));
	assert_false(hk_path_is_name("a/b"));
}

/* ---- the walk against the kernel ---- */

#define CASES 3000

struct answer {
	char path[96];
	int flags;
	bool beneath;
	int error; /* 0, or negative errno */
	dev_t dev;
	ino_t ino;
};

static void ask(int root, struct answer *a)
{
	struct stat st = {0};
	int fd = a->beneath ? hk_beneath_open(root, a->path, a->flags, 0)
			    : hk_root_open(root, a->path, a->flags);

	a->error = fd < 0 ? fd : 0;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		a->dev = st.st_dev;
		a->ino = st.st_ino;
	}
	hk_close(&fd);
}

/* From now on openat2 fails with this errno in our process. */
static void forbid_openat2(int errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {HK_COUNT(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(99);
}

static void make_question(struct answer *a)
{
	static const char *const parts[] = {"a", "b", "a", "b", "file", "deep", "rel", "rel", "abs",
		"up", "secret", "loop1", "dangling", "..", "..", ".", "", "up-file", "mixed",
		"missing"};
	static const int flags[] = {O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY,
		O_RDONLY | O_NONBLOCK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
		O_PATH | O_DIRECTORY | O_NOFOLLOW};
	size_t len = 0;
	long n = 1 + random() % 5;

	memset(a, 0, sizeof(*a));
	a->flags = flags[(size_t)random() % HK_COUNT(flags)];
	a->beneath = random() % 4 == 0;
	if (random() % 3 == 0)
		a->path[len++] = '/';
	for (long i = 0; i < n; i++)
		len += (size_t)snprintf(a->path + len, sizeof(a->path) - len, "%s%s",
			parts[(size_t)random() % HK_COUNT(parts)],
			i < n - 1 || random() % 4 == 0 ? "/" : "");
}

static int compare_all(int root, struct answer *answers, int errnum)
{
	int differences = 0;

	forbid_openat2(errnum);
	if (hk_sys_openat2(root, ".", O_PATH, 0, 0) != -errnum)
		_exit(99);
	for (int i = 0; i < CASES; i++) {
		struct answer mine = answers[i];

		ask(root, &mine);
		if (mine.error == answers[i].error && mine.dev == answers[i].dev &&
			mine.ino == answers[i].ino)
			continue;
		differences++;
		fprintf(stderr, "%s%s flags %o: walk %d, kernel %d\n", mine.path,
			mine.beneath ? " (beneath)" : "", (unsigned int)mine.flags, mine.error,
			answers[i].error);
	}
	return differences > 98 ? 98 : differences;
}

/* The answers are the kernel's; then a child without openat2 gets the same questions. */
static void check_walk(int root, int errnum)
{
	struct answer *answers = calloc(CASES, sizeof(*answers));
	int status, resolved = 0;
	pid_t pid;

	assert_non_null(answers);
	srandom(1);
	for (int i = 0; i < CASES; i++) {
		make_question(&answers[i]);
		ask(root, &answers[i]);
		resolved += answers[i].error == 0;
	}
	assert_true(resolved > CASES / 20); /* not all of them nonsense */
	pid = fork();
	must(pid);
	if (pid == 0)
		_exit(compare_all(root, answers, errnum));
	must(waitpid(pid, &status, 0));
	free(answers);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void walk_agrees_with_the_kernel(void **state)
{
	struct tree *t = *state;

	check_walk(t->root, ENOSYS);
	check_walk(t->root, EPERM);
}

static void walk_agrees_on_procfs(void **state)
{
	HK_FD int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status, fd;
	pid_t pid;

	(void)state;
	must(proc);
	pid = fork();
	must(pid);
	if (pid == 0) {
		forbid_openat2(ENOSYS);
		fd = hk_root_open(proc, "self/status", O_RDONLY); /* an ordinary link */
		if (fd < 0)
			_exit(1);
		fd = hk_root_open(proc, "self/root/etc", O_PATH);
		if (fd != -ELOOP)
			_exit(2);
		fd = hk_root_open(proc, "self/ns/net", O_RDONLY);
		if (fd != -ELOOP)
			_exit(3);
		fd = hk_root_open(proc, "thread-self/fd/0", O_RDONLY);
		_exit(fd == -ELOOP ? 0 : 4);
	}
	must(waitpid(pid, &status, 0));
	assert_int_equal(status, 0);
}

/* What makes things walks with the kernel's help or without it. */
static void makes_without_openat2(void **state)
{
	struct tree *t = *state;
	int status;
	pid_t pid = fork();

	must(pid);
	if (pid == 0) {
		forbid_openat2(EPERM);
		_exit(hk_root_mkdirs(t->root, "up/dir", 0755) < 0 ||
			hk_root_mkfile(t->root, "dangling", 0644) < 0 ||
			hk_root_plain_dir(t->root, "/sys", 0755) < 0 ||
			hk_root_plain_dir(t->root, "rel", 0755) != -ELOOP);
	}
	must(waitpid(pid, &status, 0));
	assert_int_equal(status, 0);
	assert_true(exists(t, "root/outside/dir"));
	assert_true(exists(t, "root/gone/far"));
	assert_true(exists(t, "root/sys"));
	assert_false(exists(t, "outside/dir"));
}

/* Somebody inside the root swaps a directory for a link to the outside, over and over. */
static void races_stay_inside(void **state)
{
	struct tree *t = *state;
	int status, made = 0;
	pid_t pid;

	must(mkdirat(t->root, "swap", 0755));
	must(symlinkat("../outside", t->root, "evil"));
	pid = fork();
	must(pid);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)renameat2(t->root, "swap", t->root, "evil", RENAME_EXCHANGE);
	}
	for (int i = 0; i < 3000; i++) {
		char path[32];
		int fd;

		(void)snprintf(path, sizeof(path), "swap/d%d/x", i);
		fd = hk_root_mkdirs(t->root, path, 0755);
		made += fd >= 0;
		hk_close(&fd);
		(void)snprintf(path, sizeof(path), "swap/f%d", i);
		fd = hk_root_mkfile(t->root, path, 0644);
		made += fd >= 0;
		hk_close(&fd);
	}
	must(kill(pid, SIGKILL));
	must(waitpid(pid, &status, 0));
	assert_true(made > 0);
	must(unlinkat(t->top, "outside/secret", 0));
	must(unlinkat(t->top, "outside", AT_REMOVEDIR)); /* fails unless it is empty */
}

int main(void)
{
#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TREE_TEST(root_open_stays_inside),
		TREE_TEST(beneath_refuses_links_and_escapes),
		TREE_TEST(mkdirs_follow_links_inside),
		TREE_TEST(mkfile_over_everything),
		TREE_TEST(parent_and_name),
		TREE_TEST(plain_dir_refuses_links),
		TREE_TEST(long_paths),
		TREE_TEST(walk_agrees_with_the_kernel),
		TREE_TEST(makes_without_openat2),
		TREE_TEST(races_stay_inside),
		cmocka_unit_test(walk_agrees_on_procfs),
		cmocka_unit_test(cleans_paths),
		cmocka_unit_test(compares_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
