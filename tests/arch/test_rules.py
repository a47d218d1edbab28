"""The rules of style and safety that a search can check."""

import re
import subprocess

import pytest

import tree

# The top level, exactly; dotfiles aside.
TOP = {"CMakeLists.txt", "README.md", "LICENSE", "src", "include", "schema", "tests", "docs", "contrib"}
C_FILES = [path for path in tree.tracked() if path.suffix in (".c", ".h")]
LIBRARY = [path for path in tree.sources("*.[ch]") if tree.layer(path) not in tree.INSIDE | {"cli"}]
INSIDE = [path for path in tree.sources("*.[ch]") if tree.layer(path) in tree.INSIDE]

# Calls that change the calling process, which libhako must leave alone; and the files where they
# happen in a child that is about to exec.
MANNERS = ["chdir", "fchdir", "umask", "setenv", "putenv", "unsetenv", "clearenv", "exit", "abort",
           "signal", "sigaction", "chroot", "setuid", "setgid", "setns", "unshare", "printf", "puts",
           "perror", "vprintf"]
IN_A_CHILD = {"src/base/child.c", "src/net/enter.c", "src/stage/spawn.c", "src/stage/keeper.c",
              "src/criu/process.c", "src/criu/readonly.c"}

# By path, these follow whatever a container has put there: the init stage has descriptors instead.
# What looks for the program after pivot_root sees only what execve itself will see.
AFTER_PIVOT = {"src/step/lookup.c", "src/step/interpreter.c"}
BY_PATH = ["creat", "fopen", "opendir", "mkdir", "mknod", "mkfifo", "symlink", "link",
           "rename", "unlink", "rmdir", "remove", "stat", "lstat", "statfs", "access", "readlink",
           "chown", "lchown", "chmod", "truncate", "utime", "utimes", "realpath"]


def found(files, *functions):
    return [f"{tree.name(path)}:{line}: {function}({arguments.strip()[:60]})"
            for path in files for line, function, arguments in tree.calls(path, *functions)]


def test_the_top_level_holds_what_it_should():
    entries = {path.relative_to(tree.SOURCE).parts[0] for path in tree.tracked()}
    assert {entry for entry in entries if not entry.startswith(".")} == TOP


def test_no_file_is_too_long():
    long = [f"{tree.name(path)}: {lines}" for path in tree.tracked()
            if path.suffix in (".c", ".h", ".py", ".sh", ".cmake") or path.name == "run"
            if (lines := len(path.read_text().splitlines())) > 600]
    tree.none(long)


def test_every_c_file_says_what_lives_there():
    tree.none([tree.name(path) for path in C_FILES if not path.read_text().startswith("/*")])


def test_lines_are_indented_with_tabs():
    wrong = [f"{tree.name(path)}:{number}" for path in C_FILES
             for number, line in enumerate(tree.code(path).splitlines(), 1) if re.match(r" {2,}\S", line)]
    tree.none(wrong)


def test_nothing_is_left_to_do():
    words = re.compile("|".join(["TO" "DO", "FIX" "ME", "XX" "X:", "HA" "CK:"]))
    wrong = [f"{tree.name(path)}:{number}: {line.strip()[:80]}" for path in tree.tracked()
             if path.suffix in (".c", ".h", ".py", ".txt", ".md", ".in", "")
             for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
             if words.search(line)]
    tree.none(wrong)


def test_no_dangerous_functions():
    files = [path for path in C_FILES if "tests" not in path.relative_to(tree.SOURCE).parts]
    tree.none(found(files, "system", "popen", "strcpy", "strcat", "stpcpy", "sprintf", "vsprintf", "gets",
                 "strtok", "atoi", "atol", "atoll", "tmpnam", "mktemp", "tempnam", "alloca", "strdupa",
                 "strncpy", "strncat", "rand", "scanf", "execvp", "execlp", "execl", "asctime",
                 "localtime", "gmtime", "strerror", "readdir_r", "getlogin"))


def closes_on_exec(path, line, arguments):
    """Said in the call, or in the function's flags; 0, 1 and 2 of a child must stay open."""
    above = "\n".join(path.read_text().splitlines()[:line]).rsplit("\n{", 1)[-1]
    return "CLOEXEC" in arguments or '"/dev/null"' in arguments or \
        ("flags" in arguments and re.search(r"flags\b[^;]*=[^;]*CLOEXEC", above))


def test_every_descriptor_is_close_on_exec():
    functions = ["open", "openat", "socket", "socketpair", "accept4", "pipe2", "dup3", "memfd_create",
                 "epoll_create1", "eventfd", "signalfd", "timerfd_create", "inotify_init1",
                 "fsopen", "fsmount", "open_tree", "recvmsg"]
    source = [path for path in tree.sources()]
    wrong = [f"{tree.name(path)}:{line}: {function}({arguments.strip()[:60]})"
             for path in source for line, function, arguments in tree.calls(path, *functions)
             if not closes_on_exec(path, line, arguments)]
    wrong += found(source, "dup", "pipe", "accept", "epoll_create", "inotify_init", "creat")
    wrong += [f"{tree.name(path)}:{number}: {line.strip()}" for path in source
              for number, line in enumerate(path.read_text().splitlines(), 1)
              if re.search(r'\bf(d|re)?open\([^;]*"[rwa][b+]*"\)', line) and "fdopen" not in line]
    tree.none(wrong)


def test_the_library_leaves_its_caller_alone():
    files = [path for path in LIBRARY if tree.name(path) not in IN_A_CHILD]
    tree.none(found(files, *MANNERS))


def test_the_init_stage_uses_descriptors_not_paths():
    files = [path for path in INSIDE if tree.name(path) not in AFTER_PIVOT]
    # The host's own directories are opened once, as a place to begin from.
    tree.none(found(files, *BY_PATH) + [call for call in found(files, "open") if "O_PATH" not in call])


def test_the_init_stage_has_no_stdio_and_no_helpers():
    tree.none(found(INSIDE, "printf", "fprintf", "fdopen", "fputs", "puts", "getline", "dlopen",
                 "getpwnam", "getgrnam", "getpwuid", "posix_spawn"))


def test_no_path_is_glued_to_the_rootfs():
    wrong = [f"{tree.name(path)}:{path.read_text().count(chr(10), 0, match.start()) + 1}"
             for path in tree.sources() if tree.layer(path) != "cli"
             for match in re.finditer(r'"%s/[^"]*"[^;]*\b\w*rootfs', path.read_text())]
    tree.none(wrong)


def test_scripts_are_executable():
    wrong = [tree.name(path) for path in tree.tracked()
             if path.suffix == "" and path.read_bytes()[:2] == b"#!" and not path.stat().st_mode & 0o111]
    tree.none(wrong)


@tree.needs("git")
def test_git_ignores_what_the_build_makes():
    for name in ("build", "build-tests", "build-sanitize"):
        result = subprocess.run(["git", "-c", f"safe.directory={tree.SOURCE}", "check-ignore", "-q",
                                 f"{name}/file"], cwd=tree.SOURCE)
        if result.returncode == 128:
            pytest.skip("not a git tree")
        assert result.returncode == 0, name
