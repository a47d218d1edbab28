/* Going on as a child that is in the pid and time namespaces that were entered last. */
#include "step/step.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_SIZE (16u << 10) /* for a message with a descriptor */

/* The parent's last. No frame of the child's: that goes on when the gate is open, and the parent
 * may be held up between there and its end. */
static _Alignas(16) char last_stack[STACK_SIZE];

/* What the parent needs to take its leave. Its child, which may share this memory, looks at nothing
 * in here and changes nothing, as long as the gate is closed; then the parent needs it no more. */
struct leaving {
	struct hk_ctx *ctx;
	int pidfd; /* the child's */
	int gate;
};

/* Tells the runtime whom to watch from now on, then lets it go. */
static _Noreturn void leave(struct leaving *leaving)
{
	struct hk_wire *wire = &leaving->ctx->wire;

	if (hk_wire_send(wire, HK_MSG_CHILD, NULL, &leaving->pidfd, 1) < 0) {
		(void)hk_sys_pidfd_send_signal(leaving->pidfd, SIGKILL); /* the gate closes too */
		_exit(1); /* the runtime knows nobody but us, and sees that */
	}
	/* refused only where the child has died: the runtime sees that */
	(void)hk_write_full(leaving->gate, "0", 1);
	_exit(0);
}

/* clone3(2), and then nobody but the child returns, with 0; or the caller, with a negative errno.
 * The two may share their memory: it is the parent that changes over to another stack. */
#if defined(__x86_64__)

static long clone3_and_leave(const struct hk_clone_args *args, struct leaving *leaving)
{
	register char *stack __asm__("r8") = last_stack + sizeof(last_stack);
	register void (*entry)(struct leaving *) __asm__("r9") = leave;
	register struct leaving *arg __asm__("r10") = leaving;
	long result = SYS_clone3;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jle 1f\n\t"
			 "mov %%r8, %%rsp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r10, %%rdi\n\t"
			 "call *%%r9\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(result)
			 : "D"(args), "S"(sizeof(*args)), "r"(stack), "r"(entry), "r"(arg)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

#elif defined(__aarch64__)

static long clone3_and_leave(const struct hk_clone_args *args, struct leaving *leaving)
{
	register long result __asm__("x0") = (long)args;
	register long size __asm__("x1") = sizeof(*args);
	register long number __asm__("x8") = SYS_clone3;
	register char *stack __asm__("x9") = last_stack + sizeof(last_stack);
	register void (*entry)(struct leaving *) __asm__("x10") = leave;
	register struct leaving *arg __asm__("x11") = leaving;

	__asm__ volatile("svc #0\n\t"
			 "cmp x0, #0\n\t"
			 "b.le 1f\n\t"
			 "mov sp, x9\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x11\n\t"
			 "blr x10\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(result)
			 : "r"(size), "r"(number), "r"(stack), "r"(entry), "r"(arg)
			 : "memory", "cc");
	return result;
}

#else

static long clone3_and_leave(struct hk_clone_args *args, struct leaving *leaving)
{
	long pid;

	args->flags &= ~(uint64_t)HK_CLONE_VM; /* one stack cannot serve both */
	pid = hk_sys_clone3(args);
	if (pid > 0)
		leave(leaving);
	return pid;
}

#endif

int hk_step_fork(struct hk_ctx *ctx, const struct hk_step_fork *args, struct hk_err *err)
{
	HK_FD int gate_read = -1, gate_write = -1;
	struct leaving leaving = {.ctx = ctx, .pidfd = -1};
	struct hk_clone_args clone_args = {
		.flags = HK_CLONE_PARENT | HK_CLONE_PIDFD | (args->share_memory ? HK_CLONE_VM : 0),
		.pidfd = (uint64_t)(uintptr_t)&leaving.pidfd,
	};
	int gate[2];
	char byte;
	long r;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return hk_fail(err, errno, "make a pipe");
	/* The child is in sight of the container's processes from its first moment, and who may
	 * trace it may open what it has open: nothing that shows the host may be among that. */
	hk_close(&ctx->procfd);
	gate_read = gate[0];
	gate_write = leaving.gate = gate[1];
	r = clone3_and_leave(&clone_args, &leaving);
	if (r < 0)
		return hk_fail(err, (int)-r, "make the container's first process");
	/* the child: it goes on, but must not speak before the runtime knows it */
	hk_close(&gate_write);
	if (hk_read_full(gate_read, &byte, 1) < 0)
		_exit(1);	       /* its parent has ended */
	return hk_ctx_guard(ctx, err); /* not inherited */
}
