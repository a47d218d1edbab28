/* Finding out at create time what else than the file itself is missing, and why the kernel will not
 * take it. The file is hostile: nothing in it is taken as an offset before it is checked.
 *
 * Only calls that every program makes: a seccomp filter may be in force already. */
#include "step/interpreter.h"

#include "base/fd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE   4096 /* where linkers put the program headers and the loader's name */
#define SCRIPT_SIZE 256	 /* as much of a "#!" line as the kernel reads */
#define MAX_DEPTH   5	 /* an interpreter may be a script too: so far the kernel follows */

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__i386__)
#define NATIVE_MACHINE EM_386
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#else
#define NATIVE_MACHINE EM_NONE /* then no ELF file is judged */
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif

static const char *machine_name(unsigned int machine)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} names[] = {
		{EM_386, "x86"},
		{EM_X86_64, "x86-64"},
		{EM_ARM, "32-bit ARM"},
		{EM_AARCH64, "64-bit ARM"},
		{EM_S390, "s390"},
		{EM_RISCV, "RISC-V"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another kind";
}

/* The name behind "#!", ended in place; NULL where there is none. */
static const char *script_interpreter(char *head, size_t len)
{
	char *start = head + 2, *end = head + (len < SCRIPT_SIZE ? len : SCRIPT_SIZE);

	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	for (char *p = start; p < end; p++) {
		if (*p != ' ' && *p != '\t' && *p != '\n' && *p != '\0')
			continue;
		*p = '\0';
		return p > start ? start : NULL;
	}
	return NULL; /* the line is longer than what the kernel reads */
}

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#define NATIVE_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#define NATIVE_CLASS ELFCLASS32
#endif

/* Its machine, as far as it is of our byte order; EM_NONE where it is no ELF file, or that cannot
 * be told. */
static unsigned int elf_machine(const char *head, size_t len)
{
	Elf32_Ehdr elf; /* e_machine stands at the same place in both classes */

	if (len < sizeof(elf) || memcmp(head, ELFMAG, SELFMAG) != 0 || head[EI_DATA] != NATIVE_DATA)
		return EM_NONE;
	memcpy(&elf, head, sizeof(elf));
	return elf.e_machine;
}

/* PT_INTERP; NULL where there is none, or not in what was read. Another machine's programs may be
 * binfmt_misc's business, and their loader too. */
static const char *elf_interpreter(const char *head, size_t len)
{
	elf_header elf;

	if (NATIVE_MACHINE == EM_NONE || elf_machine(head, len) != NATIVE_MACHINE ||
		head[EI_CLASS] != NATIVE_CLASS || len < sizeof(elf))
		return NULL;
	memcpy(&elf, head, sizeof(elf));
	if (elf.e_phentsize != sizeof(elf_segment) || elf.e_phoff > len)
		return NULL;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		elf_segment segment;

		if ((len - elf.e_phoff) / sizeof(segment) < i + 1)
			return NULL;
		memcpy(&segment, head + elf.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_INTERP)
			continue;
		if (segment.p_offset >= len || segment.p_filesz > len - segment.p_offset ||
			!memchr(head + segment.p_offset, '\0', segment.p_filesz))
			return NULL;
		return head + segment.p_offset;
	}
	return NULL;
}

/* What to say if execve will not take it: binfmt_misc may have somebody for such files. */
static void note_format(struct hk_ctx *ctx, const char *path, const char *head, size_t len)
{
	unsigned int machine;

	if (len == 0) {
		(void)snprintf(ctx->format, sizeof(ctx->format), "%.200s is empty", path);
		return;
	}
	if (len < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0) {
		(void)snprintf(ctx->format, sizeof(ctx->format),
			"%.200s is no ELF file, and does not begin with the \"#!\" of a script",
			path);
		return;
	}
	machine = elf_machine(head, len);
	if (NATIVE_MACHINE != EM_NONE && machine != EM_NONE && machine != NATIVE_MACHINE)
		(void)snprintf(ctx->format, sizeof(ctx->format),
			"%.200s is a program for %s machines, and this is %s", path,
			machine_name(machine), machine_name(NATIVE_MACHINE));
}

static int refuse(const char *name, const char *kind, const char *interpreter, struct hk_err *err)
{
	size_t len = strlen(interpreter);
	int r = access(interpreter, X_OK) < 0 ? errno : 0;

	if (r != ENOENT && r != EACCES && r != ENOTDIR)
		return 0; /* it is there, or execve knows better */
	if (r == EACCES)
		return hk_fail(err, r, "exec: \"%s\": its %s %s cannot be executed", name, kind,
			interpreter);
	(void)hk_fail(err, r, "exec: \"%s\": its %s %s is missing", name, kind, interpreter);
	if (len > 0 && interpreter[len - 1] == '\r')
		hk_err_hint(err, "its first line ends with a carriage return, which is a part of "
				 "the name: save it with Unix line ends");
	else if (strstr(interpreter, "/ld-"))
		hk_err_hint(err, "it is linked with another C library than the image has: install "
				 "that, or link the program statically");
	return -r;
}

/* The beginning of the file; its length, or -1 where it cannot be read. */
static ssize_t read_head(const char *path, char head[HEAD_SIZE])
{
	HK_FD int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1; /* executable only, or not what it was */
	return read(fd, head, HEAD_SIZE);
}

int hk_interpreter_check(struct hk_ctx *ctx, const char *name, struct hk_err *err)
{
	char head[HEAD_SIZE], path[PATH_MAX];
	int r;

	ctx->format[0] = '\0';
	(void)snprintf(path, sizeof(path), "%s", ctx->program);
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		ssize_t len = read_head(path, head);
		const char *interpreter;

		if (len < 0)
			return 0;
		if (len < 2 || head[0] != '#' || head[1] != '!') {
			note_format(ctx, path, head, (size_t)len);
			interpreter = elf_interpreter(head, (size_t)len);
			return interpreter && interpreter[0] == '/'
				       ? refuse(name, "dynamic loader", interpreter, err)
				       : 0;
		}
		interpreter = script_interpreter(head, (size_t)len);
		if (!interpreter || interpreter[0] != '/')
			return 0;
		r = refuse(name, "interpreter", interpreter, err);
		if (r < 0)
			return r;
		(void)snprintf(path, sizeof(path), "%s", interpreter);
	}
	return 0;
}
