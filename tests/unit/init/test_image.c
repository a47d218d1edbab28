/* The init image as a program: plans written by hand, and a runtime that misbehaves. None of them
 * needs privileges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fd.h"
#include "base/sys.h"
#include "init/image.h"
#include "plan/blob.h"
#include "wire/wire.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAKO_INIT_IS_MUSL
#define IMAGE_MAX (104 * 1024)
#else /* glibc's static start-up alone is 700 KB */
#define IMAGE_MAX (1024 * 1024)
#endif
#define INIT_FAILED   255
#define SOCKET_NUMBER 3
#define WAIT_MS	      10000

struct init {
	pid_t pid;
	struct hk_wire wire;
	int start;  /* our end of HK_SLOT_START */
	int result; /* our end of HK_SLOT_RESULT */
	int theirs[2];
	struct hk_blob blob;
	struct hk_arena arena;
};

static size_t image_size(void)
{
	return (size_t)(hk_init_image_end - hk_init_image_begin);
}

static int open_image(void)
{
	int fd = hk_sys_memfd_create("hako-init", HK_MFD_EXEC);

	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = hk_sys_memfd_create("hako-init", 0);
	assert_true(fd >= 0);
	assert_int_equal(hk_write_full(fd, hk_init_image_begin, image_size()), 0);
	return fd;
}

/* sock becomes fd 3, as the image expects it; -1: none. */
static pid_t spawn(const char *count, int sock)
{
	char *argv[] = {(char *)"hako-init", (char *)count, NULL}, *env[] = {NULL};
	HK_FD int image = open_image();
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	image = fcntl(image, F_DUPFD_CLOEXEC, 20);
	if (sock >= 0 && (sock = fcntl(sock, F_DUPFD_CLOEXEC, 20)) >= 0)
		(void)dup2(sock, SOCKET_NUMBER);
	(void)hk_sys_execveat(image, "", argv, env, AT_EMPTY_PATH);
	_exit(1);
}

static int exit_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int setup(void **state)
{
	struct init *init = test_calloc(1, sizeof(*init));
	int sock[2], start[2], result[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock), 0);
	assert_int_equal(pipe2(start, O_CLOEXEC), 0);
	assert_int_equal(pipe2(result, O_CLOEXEC), 0);
	hk_wire_init(&init->wire, sock[0], true);
	init->theirs[0] = start[0];
	init->start = start[1];
	init->result = result[0];
	init->theirs[1] = result[1];
	init->pid = spawn("0", sock[1]);
	close(sock[1]);
	*state = init;
	return 0;
}

static int teardown(void **state)
{
	struct init *init = *state;

	hk_close(&init->wire.fd);
	hk_close(&init->start);
	hk_close(&init->result);
	hk_close(&init->theirs[0]);
	hk_close(&init->theirs[1]);
	hk_blob_done(&init->blob);
	hk_arena_done(&init->arena);
	test_free(init);
	return 0;
}

static void send_bytes(struct init *init, const void *bytes, size_t size)
{
	struct hk_msg_plan message = {.slot_count = 2, .slots = {HK_SLOT_START, HK_SLOT_RESULT}};
	HK_FD int memfd = hk_sys_memfd_create("plan", 0);
	int fds[3] = {memfd, init->theirs[0], init->theirs[1]};

	assert_true(memfd >= 0);
	assert_int_equal(hk_write_full(memfd, bytes, size), 0);
	assert_int_equal(hk_wire_send(&init->wire, HK_MSG_PLAN, &message, fds, 3), 0);
	hk_close(&init->theirs[0]);
	hk_close(&init->theirs[1]);
}

static void send_plan(struct init *init)
{
	const struct hk_plan *plan = hk_blob_finish(&init->blob, 0, &init->arena);

	assert_non_null(plan);
	send_bytes(init, plan, plan->size);
}

static hk_ref_str str(struct init *init, const char *s)
{
	return hk_blob_str(&init->blob, s);
}

static void add_lookup(struct init *init, const char *name)
{
	HK_STEP(&init->blob, LOOKUP, lookup, str(init, "/process/args/0"), .name = str(init, name),
		.search_path = str(init, "relative::/nonexistent:/bin:/usr/bin"));
}

static void add_start(struct init *init)
{
	HK_STEP(&init->blob, READY, ready, str(init, NULL), .unused = 0);
	HK_STEP(&init->blob, WAIT_START, wait_start, str(init, NULL), .unused = 0);
}

static void add_exec(struct init *init, const char *const *args, size_t count)
{
	const char *env[] = {"A=b"};

	HK_STEP(&init->blob, EXEC, exec, str(init, "/process/args"),
		.args = hk_blob_strs(&init->blob, args, count),
		.env = hk_blob_strs(&init->blob, env, 1));
}

static void receive(struct init *init, struct hk_msg *ret, enum hk_msg_type type)
{
	struct pollfd sock = {.fd = init->wire.fd, .events = POLLIN};
	int fds[HK_WIRE_MAX_FDS];
	uint32_t count;

	assert_int_equal(poll(&sock, 1, WAIT_MS), 1);
	assert_int_equal(hk_wire_receive(&init->wire, ret, fds, &count), 0);
	assert_int_equal(ret->type, type);
}

static void expect_failed(
	struct init *init, int code, const char *step, const char *property, const char *message)
{
	struct hk_msg msg;
	struct hk_err *err = &msg.payload.failed.error;

	receive(init, &msg, HK_MSG_FAILED);
	assert_string_equal(err->message, message);
	assert_string_equal(err->step, step);
	assert_string_equal(err->property, property);
	assert_int_equal(err->code, code);
	assert_int_equal(exit_status(init->pid), INIT_FAILED);
}

static void answer_ready(struct init *init)
{
	struct hk_msg msg;

	receive(init, &msg, HK_MSG_READY);
	assert_int_equal(hk_wire_send(&init->wire, HK_MSG_START, NULL, NULL, 0), 0);
}

static void test_small_and_static(void **state)
{
	Elf64_Ehdr elf;

	(void)state;
	assert_in_range(image_size(), sizeof(elf), IMAGE_MAX);
	memcpy(&elf, hk_init_image_begin, sizeof(elf));
	assert_memory_equal(elf.e_ident, ELFMAG, SELFMAG);
	if (elf.e_ident[EI_CLASS] != ELFCLASS64)
		return;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, hk_init_image_begin + elf.e_phoff + i * sizeof(segment),
			sizeof(segment));
		assert_int_not_equal(segment.p_type, PT_INTERP);
		assert_int_not_equal(segment.p_type, PT_DYNAMIC);
	}
}

static void test_refuses_a_wrong_count(void **state)
{
	static const char *const wrong[] = {"", "x", "-1", "+1", "1x", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(wrong); i++)
		assert_int_equal(exit_status(spawn(wrong[i], -1)), INIT_FAILED);
}

static void test_malformed_plan(void **state)
{
	send_bytes(*state, "hako", 4);
	expect_failed(*state, EPROTO, "", "", "the plan is malformed: 4 bytes");
}

static void test_empty_plan(void **state)
{
	send_bytes(*state, "", 0);
	expect_failed(*state, EPROTO, "", "", "the plan is malformed: 0 bytes");
}

static void test_program_runs(void **state)
{
	static const char *const args[] = {
		"sh", "-c", "test \"$(env | grep -c =)\" -le 4 && test $A = b && exit 7"};
	struct init *init = *state;
	char byte;

	add_lookup(init, "sh");
	add_start(init);
	add_exec(init, args, 3);
	send_plan(init);
	answer_ready(init);
	assert_int_equal(hk_write_full(init->start, "0", 1), 0);
	assert_int_equal(read(init->result, &byte, 1), 1); /* about to be executed */
	assert_int_equal(read(init->result, &byte, 1), 0); /* executed */
	assert_int_equal(exit_status(init->pid), 7);
}

static void test_program_is_missing(void **state)
{
	static const char *const args[] = {"no-such-program"};

	add_lookup(*state, args[0]);
	add_exec(*state, args, 1);
	send_plan(*state);
	expect_failed(*state, ENOENT, "lookup", "/process/args/0",
		"exec: \"no-such-program\": executable file not found in $PATH");
}

static void test_program_path_is_missing(void **state)
{
	static const char *const args[] = {"/no/such"};

	add_lookup(*state, args[0]);
	add_exec(*state, args, 1);
	send_plan(*state);
	expect_failed(
		*state, ENOENT, "lookup", "/process/args/0", "exec: \"/no/such\": stat /no/such");
}

static void test_program_is_a_directory(void **state)
{
	static const char *const args[] = {"/"};

	add_lookup(*state, args[0]);
	add_exec(*state, args, 1);
	send_plan(*state);
	expect_failed(*state, EISDIR, "lookup", "/process/args/0",
		"exec: \"/\": permission denied (is a directory)");
}

static void test_program_is_not_executable(void **state)
{
	static const char *const args[] = {"/proc/self/status"};

	add_lookup(*state, args[0]);
	add_exec(*state, args, 1);
	send_plan(*state);
	expect_failed(*state, EACCES, "lookup", "/process/args/0",
		"exec: \"/proc/self/status\": permission denied");
}

static void test_interpreter_is_missing(void **state)
{
	static const char script[] = "#!/no/such/interpreter -x\n";
	char path[] = "/tmp/hako-test-XXXXXX", message[200];
	const char *const args[] = {path};
	HK_FD int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(hk_write_full(fd, script, strlen(script)), 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	add_lookup(*state, path);
	add_exec(*state, args, 1);
	send_plan(*state);
	(void)snprintf(message, sizeof(message),
		"exec: \"%s\": its interpreter /no/such/interpreter is missing", path);
	expect_failed(*state, ENOENT, "lookup", "/process/args/0", message);
	assert_int_equal(unlink(path), 0);
}

static void test_relative_cwd(void **state)
{
	static const char *const args[] = {"true"};
	struct init *init = *state;

	HK_STEP(&init->blob, CWD, cwd, str(init, "/process/cwd"), .path = str(init, "tmp"));
	add_exec(init, args, 1);
	send_plan(init);
	expect_failed(init, EINVAL, "cwd", "/process/cwd", "Cwd must be an absolute path");
}

static void test_slot_is_missing(void **state)
{
	static const char *const args[] = {"true"};
	struct init *init = *state;

	HK_STEP(&init->blob, NS_JOIN, ns_join, str(init, "/linux/namespaces/0"), .slot = HK_SLOT_NS,
		.type = HK_CLONE_NEWUTS);
	add_exec(init, args, 1);
	send_plan(init);
	expect_failed(init, EBADF, "ns_join", "/linux/namespaces/0",
		"the uts namespace to join did not come with the plan");
}

static void test_exec_fails_behind_start(void **state)
{
	static const char *const args[] = {"/no/such/program"};
	struct init *init = *state;
	struct hk_err err;
	char byte;

	add_start(init);
	add_exec(init, args, 1);
	send_plan(init);
	answer_ready(init);
	assert_int_equal(hk_write_full(init->start, "0", 1), 0);
	assert_int_equal(hk_read_full(init->result, &byte, 1), 0);
	assert_int_equal(hk_read_full(init->result, &err, sizeof(err)), 0);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.step, "exec");
	assert_string_equal(err.property, "/process/args");
	assert_string_equal(err.message, "exec /no/such/program");
	assert_int_equal(exit_status(init->pid), INIT_FAILED);
}

static void test_start_never_comes(void **state)
{
	static const char *const args[] = {"true"};
	struct init *init = *state;
	struct hk_err err;

	add_start(init);
	add_exec(init, args, 1);
	send_plan(init);
	answer_ready(init);
	hk_close(&init->start);
	assert_int_equal(hk_read_full(init->result, &err, sizeof(err)), 0);
	assert_string_equal(err.message, "wait for start");
	assert_int_equal(err.code, EPIPE);
	assert_int_equal(exit_status(init->pid), INIT_FAILED);
}

static void test_runtime_is_gone_at_once(void **state)
{
	struct init *init = *state;

	hk_close(&init->wire.fd);
	assert_int_equal(exit_status(init->pid), INIT_FAILED);
}

static void test_runtime_is_gone_in_between(void **state)
{
	static const char *const args[] = {"true"};
	struct init *init = *state;
	struct hk_msg msg;

	HK_STEP(&init->blob, SYNC, sync, str(init, NULL), .point = HK_SYNC_HOOKS);
	add_exec(init, args, 1);
	send_plan(init);
	receive(init, &msg, HK_MSG_SYNC);
	hk_close(&init->wire.fd);
	assert_int_equal(exit_status(init->pid), INIT_FAILED);
}

/* A wrong answer is no answer. */
static void test_runtime_out_of_turn(void **state)
{
	static const char *const args[] = {"true"};
	struct init *init = *state;
	struct hk_msg msg = {.type = HK_MSG_START, .size = sizeof(struct hk_msg_empty)};

	HK_STEP(&init->blob, SYNC, sync, str(init, "/hooks"), .point = HK_SYNC_HOOKS);
	add_exec(init, args, 1);
	send_plan(init);
	receive(init, &(struct hk_msg){0}, HK_MSG_SYNC);
	assert_true(write(init->wire.fd, &msg, offsetof(struct hk_msg, payload) + msg.size) > 0);
	expect_failed(init, EPROTO, "sync", "/hooks", "receive the runtime's answer to SYNC");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_and_static),
		cmocka_unit_test(test_refuses_a_wrong_count),
		CASE(test_malformed_plan),
		CASE(test_empty_plan),
		CASE(test_program_runs),
		CASE(test_program_is_missing),
		CASE(test_program_path_is_missing),
		CASE(test_program_is_a_directory),
		CASE(test_program_is_not_executable),
		CASE(test_interpreter_is_missing),
		CASE(test_relative_cwd),
		CASE(test_slot_is_missing),
		CASE(test_exec_fails_behind_start),
		CASE(test_start_never_comes),
		CASE(test_runtime_is_gone_at_once),
		CASE(test_runtime_is_gone_in_between),
		CASE(test_runtime_out_of_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
