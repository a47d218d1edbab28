"""linux.seccomp: what the filter does to the program's system calls."""

import array
import fcntl
import json
import os
import platform
import re
import socket
import struct
import subprocess
import threading

import pytest

pytestmark = pytest.mark.needs(lambda: platform.machine() == "x86_64", "system call numbers of x86_64")

EPERM, ENOSYS, EXDEV, EACCES = 1, 38, 18, 13
GETPGRP, PERSONALITY, GETPGID, FUTURE = 111, 135, 121, 1000
SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND = 0xC0502100, 0xC0182101


def profile(bundle, *rules, default="SCMP_ACT_ALLOW", **more):
    bundle.linux["seccomp"] = {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"],
                               "syscalls": list(rules), **more}


def rule(action, *names, **more):
    return {"names": list(names), "action": action, **more}


def call(runtime, bundle, helper, *args):
    """What one system call gives in the container: ("value", n) or ("errno", n)."""
    bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", *map(str, args))
    kind, number = runtime.output(bundle).split()
    return kind, int(number)


@pytest.mark.parametrize("nnp", [True, False])
def test_filter_is_loaded(runtime, bundle, nnp):
    """With noNewPrivileges it is loaded last, without it while there is CAP_SYS_ADMIN."""
    bundle.process["noNewPrivileges"] = nnp
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp"))
    text = runtime.output(bundle.args("/bin/cat", "/proc/self/status"))
    assert "Seccomp:\t2" in text
    assert f"NoNewPrivs:\t{int(nnp)}" in text


def test_no_filter(runtime, bundle):
    bundle.linux.pop("seccomp", None)
    assert "Seccomp:\t0" in runtime.output(bundle.args("/bin/cat", "/proc/self/status"))


def test_errno_is_eperm(runtime, bundle, helper):
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp"))
    assert call(runtime, bundle, helper, GETPGRP) == ("errno", EPERM)


def test_errno_ret(runtime, bundle, helper):
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=EXDEV))
    assert call(runtime, bundle, helper, GETPGRP) == ("errno", EXDEV)


def test_others_are_untouched(runtime, bundle, helper):
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp"))
    assert call(runtime, bundle, helper, GETPGID, 0)[0] == "value"


def test_kill(runtime, bundle, helper):
    profile(bundle, rule("SCMP_ACT_KILL_PROCESS", "getpgrp"))
    bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", GETPGRP)
    bundle.process["args"] = list(map(str, bundle.process["args"]))
    assert runtime.run(bundle).status == 128 + 31


@pytest.mark.parametrize("op,value,two,match,other", [
    ("SCMP_CMP_EQ", 5, 0, 5, 6), ("SCMP_CMP_NE", 5, 0, 6, 5), ("SCMP_CMP_LT", 5, 0, 4, 5),
    ("SCMP_CMP_LE", 5, 0, 5, 6), ("SCMP_CMP_GT", 5, 0, 6, 5), ("SCMP_CMP_GE", 5, 0, 5, 4),
    ("SCMP_CMP_MASKED_EQ", 0xf0, 0x10, 0x1f, 0x2f),
    ("SCMP_CMP_EQ", 0x500000005, 0, 0x500000005, 5)])
def test_argument(runtime, bundle, helper, op, value, two, match, other):
    """personality(2) of nonsense; the helper's second call differs in the argument alone."""
    args = [{"index": 1, "value": value, "valueTwo": two, "op": op}]
    profile(bundle, rule("SCMP_ACT_ERRNO", "personality", args=args, errnoRet=EXDEV))
    assert call(runtime, bundle, helper, PERSONALITY, 0xffffffff, match) == ("errno", EXDEV)
    assert call(runtime, bundle, helper, PERSONALITY, 0xffffffff, other)[0] == "value"


def test_arguments_are_all_compared(runtime, bundle, helper):
    args = [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 2, "op": "SCMP_CMP_EQ"}]
    profile(bundle, rule("SCMP_ACT_ERRNO", "personality", args=args, errnoRet=EXDEV))
    assert call(runtime, bundle, helper, PERSONALITY, 0xffffffff, 1, 2) == ("errno", EXDEV)
    assert call(runtime, bundle, helper, PERSONALITY, 0xffffffff, 1, 3)[0] == "value"


def test_same_argument_twice_means_either(runtime, bundle, helper):
    args = [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]
    profile(bundle, rule("SCMP_ACT_ERRNO", "personality", args=args, errnoRet=EXDEV))
    for value in (1, 2):
        assert call(runtime, bundle, helper, PERSONALITY, 0xffffffff, value) == ("errno", EXDEV)
    assert call(runtime, bundle, helper, PERSONALITY, 0xffffffff, 3)[0] == "value"


def syscall_names():
    """Numbers and names from the compiler's headers."""
    try:
        text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                              capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {int(n): name for name, n in re.findall(r"#define __NR_(\w+) (\d+)$", text, re.M)}


SYSCALLS = syscall_names()


def allow_list(bundle, *without, **more):
    """A profile in Docker's manner: every system call that has a name, but few."""
    names = [name for name in SYSCALLS.values() if name not in without]
    profile(bundle, rule("SCMP_ACT_ALLOW", *names), default="SCMP_ACT_ERRNO", **more)


needs_names = pytest.mark.needs(lambda: bool(SYSCALLS), "no C compiler to ask for system call numbers")


@needs_names
def test_newer_system_calls_are_enosys(runtime, bundle, helper):
    """Not EPERM, which libcs do not take for "not there"."""
    allow_list(bundle, "getpgrp")
    assert call(runtime, bundle, helper, GETPGRP) == ("errno", EPERM)
    assert call(runtime, bundle, helper, FUTURE) == ("errno", ENOSYS)


@needs_names
def test_default_errno(runtime, bundle, helper):
    allow_list(bundle, "getpgrp", defaultErrnoRet=EXDEV)
    assert call(runtime, bundle, helper, GETPGRP) == ("errno", EXDEV)


def test_unknown_system_call_is_skipped(runtime, bundle, helper):
    profile(bundle, rule("SCMP_ACT_ERRNO", "no_such_call", "getpgrp"))
    assert call(runtime, bundle, helper, GETPGRP) == ("errno", EPERM)


@pytest.mark.parametrize("change", [
    {"defaultAction": "SCMP_ACT_NOSUCH"}, {"architectures": ["SCMP_ARCH_NOSUCH"]},
    {"flags": ["SECCOMP_FILTER_FLAG_NOSUCH"]},
    {"syscalls": [{"names": ["getpgrp"], "action": "SCMP_ACT_NOSUCH"}]},
    {"syscalls": [{"names": ["getpgrp"], "action": "SCMP_ACT_ERRNO",
                   "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_NOSUCH"}]}]}])
def test_nonsense(runtime, bundle, change):
    profile(bundle)
    bundle.linux["seccomp"] |= change
    result = runtime.fails(bundle)
    if runtime.is_hako:
        assert "/linux/seccomp/" in result.err


@pytest.mark.hako_only
@pytest.mark.parametrize("flag", ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                  "SECCOMP_FILTER_FLAG_TSYNC"])
def test_flag(runtime, bundle, helper, flag):
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp"), flags=[flag])
    assert call(runtime, bundle, helper, GETPGRP) == ("errno", EPERM)


def test_other_architectures_do_not_pass(runtime, bundle, helper):
    """The x32 numbers of a call that is refused: killed, or refused like it."""
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp"))
    bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", str(0x40000000 | GETPGRP))
    result = runtime.run(bundle)
    assert result.status == 128 + 31 or result.out.startswith("errno")


def test_profile_without_the_calls_that_setup_needs(runtime, bundle):
    """Everything of the runtime's own is done, or allowed, before the filter is in force."""
    names = ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64",
             "readlink", "getrandom", "mprotect", "write", "writev", "exit_group", "newfstatat", "fstat",
             "uname", "getuid", "geteuid", "getgid", "getegid", "close", "read", "futex", "openat",
             "epoll_ctl", "epoll_pwait", "rt_sigreturn", "rt_sigaction", "sigaltstack", "mmap", "munmap",
             "nanosleep", "sched_yield", "fcntl", "prctl", "clone", "gettid", "madvise", "lstat",
             "tgkill", "rt_sigprocmask", "getpid", "getppid", "capget", "capset", "setgid", "setuid",
             "setgroups", "chdir", "getcwd", "faccessat", "faccessat2", "stat", "fchown", "fchownat",
             "pipe2", "getdents64", "close_range", "statx", "ioctl", "readlinkat", "statfs", "fstatfs",
             "epoll_create1", "dup3", "dup2", "sched_getaffinity", "eventfd2", "poll", "ppoll", "access"]
    profile(bundle, rule("SCMP_ACT_ALLOW", *names), default="SCMP_ACT_ERRNO")
    assert runtime.output(bundle.args("/bin/echo", "alive")) == "alive\n"


@pytest.mark.parametrize("nnp", [True, False])
def test_profile_against_getcwd(runtime, bundle, nnp):
    """It is the program's own affair: the working directory was looked at before."""
    bundle.process["noNewPrivileges"] = nnp
    profile(bundle, rule("SCMP_ACT_ERRNO", "getcwd", "chdir", "fchdir"))
    assert runtime.output(bundle.args("/bin/readlink", "/proc/self/cwd")) == "/\n"


# The notify listener

class Agent:
    """Takes one listener, then answers every notification with an errno of its own."""

    def __init__(self, path, answer):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(1)
        self.server.settimeout(20)
        self.answer = answer
        self.state = None
        self.calls = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        connection, _ = self.server.accept()
        connection.settimeout(20)
        data, fds, _, _ = socket.recv_fds(connection, 1 << 16, 4)
        while self.state is None:
            try:
                self.state = json.loads(data)
            except ValueError:
                data += connection.recv(1 << 16)
        self.listener = fds[0]
        while True:
            request = array.array("B", bytes(80))
            try:
                fcntl.ioctl(self.listener, SECCOMP_IOCTL_NOTIF_RECV, request)
            except OSError:
                break
            number = struct.unpack_from("=i", request, 16)[0]
            self.calls.append(number)
            response = struct.pack("=QqiI", struct.unpack_from("=Q", request)[0], 0, -self.answer, 0)
            fcntl.ioctl(self.listener, SECCOMP_IOCTL_NOTIF_SEND, response)


@pytest.mark.needs(lambda: os.uname().release >= "5.5", "no seccomp user notification in this kernel")
@pytest.mark.parametrize("nnp", [True, False])
def test_notify(runtime, bundle, helper, tmp, nnp):
    agent = Agent(tmp / "agent.sock", EXDEV)
    bundle.process["noNewPrivileges"] = nnp
    profile(bundle, rule("SCMP_ACT_NOTIFY", "getpgrp"), listenerPath=str(tmp / "agent.sock"),
            listenerMetadata="some metadata")
    name = runtime.new_id()
    bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", str(GETPGRP))
    result = runtime.run(bundle, id=name)
    assert result.out == f"errno {EXDEV}\n", result.err
    assert agent.calls == [GETPGRP]
    state = agent.state
    assert state["ociVersion"].startswith(("1.", "0.2"))
    assert state["fds"] == ["seccompFd"]
    assert state["metadata"] == "some metadata"
    assert state["pid"] > 0
    assert state["state"]["id"] == name
    assert state["state"]["status"] == "creating"
    assert state["state"]["bundle"] == str(bundle.path)


def test_notify_without_an_agent(runtime, bundle, tmp):
    profile(bundle, rule("SCMP_ACT_NOTIFY", "getpgrp"), listenerPath=str(tmp / "missing.sock"))
    assert "no such file or directory" in runtime.fails(bundle).err


def test_notify_without_a_path(runtime, bundle):
    profile(bundle, rule("SCMP_ACT_NOTIFY", "getpgrp"))
    assert "listenerPath" in runtime.fails(bundle).err
