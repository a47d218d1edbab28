/* Finding out at create time that a program's interpreter is missing. The file is hostile: nothing
 * in it is taken as an offset before it is checked. */
#include "step/interpreter.h"

#include "base/err.h"
#include "base/fd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 4096 /* where linkers put the program headers and the interpreter's name */

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#define NATIVE_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#define NATIVE_CLASS ELFCLASS32
#endif

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#else
#define NATIVE_MACHINE EM_NONE /* then no ELF file is judged */
#endif

/* The name behind "#!", ended in place; NULL where there is none. */
static const char *script_interpreter(char *head, size_t len)
{
	char *start = head + 2, *end = head + len;

	if (len < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	for (char *p = start; p < end; p++) {
		if (*p != ' ' && *p != '\t' && *p != '\n')
			continue;
		*p = '\0';
		return p > start ? start : NULL;
	}
	return NULL; /* the line is longer than what we read */
}

/* PT_INTERP of a program for this machine; another machine's may be binfmt_misc's business. */
static const char *elf_interpreter(const char *head, size_t len)
{
	elf_header elf;

	if (len < sizeof(elf) || memcmp(head, ELFMAG, SELFMAG) != 0)
		return NULL;
	memcpy(&elf, head, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != NATIVE_CLASS || elf.e_machine != NATIVE_MACHINE ||
		elf.e_phentsize != sizeof(elf_segment) || elf.e_phoff > len)
		return NULL;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		size_t at = elf.e_phoff + i * sizeof(elf_segment);
		elf_segment segment;

		if (len - elf.e_phoff < (i + 1) * sizeof(segment))
			return NULL;
		memcpy(&segment, head + at, sizeof(segment));
		if (segment.p_type != PT_INTERP)
			continue;
		if (segment.p_offset >= len || segment.p_filesz > len - segment.p_offset ||
			!memchr(head + segment.p_offset, '\0', segment.p_filesz))
			return NULL;
		return head + segment.p_offset;
	}
	return NULL;
}

int hk_interpreter_check(const char *name, const char *path, struct hk_err *err)
{
	HK_FD int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *interpreter, *kind = "interpreter";
	char head[HEAD_SIZE];
	ssize_t len;

	if (fd < 0)
		return 0; /* executable only */
	len = read(fd, head, sizeof(head));
	if (len < 0)
		return 0;
	interpreter = script_interpreter(head, (size_t)len);
	if (!interpreter) {
		interpreter = elf_interpreter(head, (size_t)len);
		kind = "dynamic loader";
	}
	if (!interpreter || interpreter[0] != '/' || access(interpreter, F_OK) == 0 ||
		errno != ENOENT)
		return 0;
	return hk_fail(err, ENOENT, "exec: \"%s\": its %s %s is missing", name, kind, interpreter);
}
