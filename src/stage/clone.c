/* The one system call that cannot be called from C: the child has another stack than its caller. */
#include "stage/clone.h"

#include <sys/syscall.h>

/* execveat, a few strings, an error message: no deep calls. */
#define STACK_SIZE (16u << 10)

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_SHARED_STACK 0 /* the sanitizer takes the child's stack for the parent's */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_SHARED_STACK 0
#endif
#endif

#if !defined(HAVE_SHARED_STACK) && (defined(__x86_64__) || defined(__aarch64__))
#define HAVE_SHARED_STACK 1
#endif

#if HAVE_SHARED_STACK

#if defined(__x86_64__)

static long clone3_on_stack(const struct hk_clone_args *args, void (*entry)(void *), void *arg)
{
	register void (*child_entry)(void *) __asm__("r8") = entry;
	register void *child_arg __asm__("r9") = arg;
	long result = SYS_clone3;

	/* rbp 0 ends the child's chain of frames; call leaves the stack aligned as the ABI wants it
	 */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(result)
			 : "D"(args), "S"(sizeof(*args)), "r"(child_entry), "r"(child_arg)
			 : "rcx", "r11", "memory");
	return result;
}

#else /* aarch64 */

static long clone3_on_stack(const struct hk_clone_args *args, void (*entry)(void *), void *arg)
{
	register long result __asm__("x0") = (long)args;
	register long size __asm__("x1") = sizeof(*args);
	register long number __asm__("x8") = SYS_clone3;
	register void (*child_entry)(void *) __asm__("x9") = entry;
	register void *child_arg __asm__("x10") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(result)
			 : "r"(size), "r"(number), "r"(child_entry), "r"(child_arg)
			 : "memory", "cc");
	return result;
}

#endif

pid_t hk_clone_run(struct hk_clone_args *args, void (*entry)(void *arg), void *arg)
{
	/* in our frame, which stays until the child has left it */
	_Alignas(16) char stack[STACK_SIZE];

	args->flags |= HK_CLONE_VM | HK_CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = sizeof(stack);
	return (pid_t)clone3_on_stack(args, entry, arg);
}

#else

pid_t hk_clone_run(struct hk_clone_args *args, void (*entry)(void *arg), void *arg)
{
	pid_t pid = hk_sys_clone3(args);

	if (pid == 0)
		entry(arg);
	return pid;
}

#endif
