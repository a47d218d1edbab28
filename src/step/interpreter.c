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

/* Programs of this machine's narrower sister, which most kernels take. */
#if defined(__x86_64__)
#define SISTER_MACHINE EM_386
#elif defined(__aarch64__)
#define SISTER_MACHINE EM_ARM
#else
#define SISTER_MACHINE NATIVE_MACHINE
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
		{EM_PPC64, "64-bit PowerPC"},
		{EM_S390, "s390"},
		{EM_RISCV, "RISC-V"},
		{EM_MIPS, "MIPS"},
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

struct segment {
	uint32_t type;
	uint64_t offset;
	uint64_t size;
};

/* What the header says of the segments, of either class. */
struct segments {
	bool wide;
	uint64_t at;
	size_t count;
	size_t size; /* of each */
};

static bool read_header(const char *head, size_t len, struct segments *ret)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	ret->wide = head[EI_CLASS] == ELFCLASS64;
	if (len < (ret->wide ? sizeof(wide) : sizeof(narrow)))
		return false;
	memcpy(&wide, head, ret->wide ? sizeof(wide) : 0);
	memcpy(&narrow, head, sizeof(narrow));
	ret->at = ret->wide ? wide.e_phoff : narrow.e_phoff;
	ret->count = ret->wide ? wide.e_phnum : narrow.e_phnum;
	ret->size = ret->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	return (ret->wide ? wide.e_phentsize : narrow.e_phentsize) == ret->size && ret->at <= len;
}

static struct segment read_segment(const char *at, bool is_wide)
{
	Elf64_Phdr wide;
	Elf32_Phdr narrow;

	if (is_wide) {
		memcpy(&wide, at, sizeof(wide));
		return (struct segment){wide.p_type, wide.p_offset, wide.p_filesz};
	}
	memcpy(&narrow, at, sizeof(narrow));
	return (struct segment){narrow.p_type, narrow.p_offset, narrow.p_filesz};
}

/* Its machine, as far as it is of our byte order; EM_NONE where it is no ELF file, or that cannot be told. */
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
	unsigned int machine = elf_machine(head, len);
	struct segments segments;

	if (machine == EM_NONE || (machine != NATIVE_MACHINE && machine != SISTER_MACHINE))
		return NULL;
	if (!read_header(head, len, &segments))
		return NULL;
	for (size_t i = 0; i < segments.count; i++) {
		struct segment s;

		if ((len - segments.at) / segments.size < i + 1)
			return NULL;
		s = read_segment(head + segments.at + i * segments.size, segments.wide);
		if (s.type != PT_INTERP)
			continue;
		if (s.offset >= len || s.size > len - s.offset ||
			!memchr(head + s.offset, '\0', s.size))
			return NULL;
		return head + s.offset;
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
