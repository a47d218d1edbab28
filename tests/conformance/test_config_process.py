"""config.md, Process, with the parts for POSIX, for Linux and about the user."""

import os
import re
import shutil
import subprocess

import pytest

from requirements import covered, departure, each, requirement, untested

WINDOWS = "it binds Windows"
X86_64 = pytest.mark.needs(lambda: os.uname().machine == "x86_64", "system call numbers of x86_64")


def status(runtime, bundle):
    """/proc/self/status of the container's process."""
    out = runtime.output(bundle.args("/bin/cat", "/proc/self/status"))
    return {key: value.split() for key, _, value in (line.partition(":") for line in out.splitlines())}


def call(runtime, bundle, helper, *args):
    """What a system call in the container gives."""
    bundle.bind(helper, "/tmp/helper").args("/tmp/helper", "syscall", *map(str, args))
    return int(runtime.output(bundle).removeprefix("value "))


# Process

@requirement("config.md#process", "REQUIRED", "`process` is there when start is called")
@pytest.mark.hako_only
def test_process_is_needed(runtime, bundle):
    del bundle.config["process"]
    runtime.fails(bundle)


covered("config.md#process", "states", "with `terminal` the standard streams are a new terminal",
        by="integration/test_tty.py::test_console_socket")
covered("config.md#process", "states", "`consoleSize` is the size of that terminal",
        by="integration/test_tty.py::test_console_size")


@requirement("config.md#process", "MUST", "without `terminal`, `consoleSize` is ignored")
@pytest.mark.parametrize("terminal", [False, None])
def test_console_size_without_a_terminal(runtime, bundle, terminal):
    bundle.process["consoleSize"] = {"height": 33, "width": 111}
    bundle.process.pop("terminal")
    if terminal is not None:
        bundle.process["terminal"] = terminal
    assert runtime.run(bundle.sh("test ! -t 1")).status == 0


@each("config.md#process", "REQUIRED", "`consoleSize.{0}` is there", ["height", "width"])
@pytest.mark.hako_only
@pytest.mark.parametrize("missing", ["height", "width"])
def test_console_size_has_both(runtime, bundle, missing):
    bundle.process.update(terminal=True, consoleSize={"height": 33, "width": 111})
    del bundle.process["consoleSize"][missing]
    assert missing in runtime.fails(bundle, command="create").err


@requirement("config.md#process", "REQUIRED", "`cwd` is there")
def test_cwd_is_needed(runtime, bundle):
    del bundle.process["cwd"]
    runtime.fails(bundle)


@requirement("config.md#process", "MUST", "`cwd` is absolute")
@pytest.mark.parametrize("path", ["relative", "./tmp", "../tmp", ""])
def test_cwd_is_absolute(runtime, bundle, path):
    bundle.process["cwd"] = path
    runtime.fails(bundle)


@requirement("config.md#process", "states", "the program begins in `cwd`")
def test_cwd(runtime, bundle):
    bundle.process["cwd"] = "/home/user"
    assert runtime.output(bundle.sh("pwd")) == "/home/user\n"


@requirement("config.md#process", "states", "`env` is the program's environment")
def test_env(runtime, bundle):
    bundle.process["env"] = ["PATH=/bin", "ONE=1", "EMPTY=", "TWO=a=b c"]
    seen = runtime.output(bundle.args("env"), env={"CALLERS": "x", "PATH": os.environ["PATH"]}).splitlines()
    assert {"PATH=/bin", "ONE=1", "EMPTY=", "TWO=a=b c"} <= set(seen)
    assert not any(line.startswith("CALLERS") for line in seen)


@requirement("config.md#process", "REQUIRED", "`args` has at least one entry")
@pytest.mark.parametrize("args", [[], None])
def test_args_are_needed(runtime, bundle, args):
    del bundle.process["args"]
    if args is not None:
        bundle.process["args"] = args
    runtime.fails(bundle)


@requirement("config.md#process", "states", "the first of `args` is looked up as execvp(3) does")
def test_the_program_is_looked_up(runtime, bundle):
    (bundle.rootfs / "opt").mkdir()
    (bundle.rootfs / "opt/program").write_text("#!/bin/sh\necho found \"$@\"\n")
    (bundle.rootfs / "opt/program").chmod(0o755)
    bundle.process["env"] = ["PATH=/nowhere:/opt:/bin"]
    assert runtime.output(bundle.args("program", "a b", "")) == "found a b \n"


untested("config.md#process", "REQUIRED", "`commandLine` is there where `args` is not", WINDOWS)


# POSIX process

RLIMITS = {"RLIMIT_NOFILE": "Max open files", "RLIMIT_STACK": "Max stack size",
           "RLIMIT_CORE": "Max core file size", "RLIMIT_NPROC": "Max processes",
           "RLIMIT_FSIZE": "Max file size", "RLIMIT_MSGQUEUE": "Max msgqueue size",
           "RLIMIT_CPU": "Max cpu time", "RLIMIT_DATA": "Max data size", "RLIMIT_AS": "Max address space",
           "RLIMIT_RSS": "Max resident set", "RLIMIT_LOCKS": "Max file locks",
           "RLIMIT_SIGPENDING": "Max pending signals", "RLIMIT_MEMLOCK": "Max locked memory",
           "RLIMIT_NICE": "Max nice priority", "RLIMIT_RTPRIO": "Max realtime priority",
           "RLIMIT_RTTIME": "Max realtime timeout"}


def limits(runtime, bundle):
    """{name: (soft, hard)} as the container's process has them."""
    out = runtime.output(bundle.args("/bin/cat", "/proc/self/limits"))
    return {name: tuple(re.search(rf"^{name} +(\S+) +(\S+)", out, re.M).groups())
            for name in RLIMITS.values()}


def below(name):
    """Limits that a caller without CAP_SYS_RESOURCE can set, and its container can live with."""
    text = open("/proc/self/limits").read()
    hard = re.search(rf"^{RLIMITS[name]} +\S+ +(\S+)", text, re.M).group(1)
    ceiling = 1 << 30 if hard == "unlimited" else int(hard)
    return ceiling // 2, ceiling


@requirement("config.md#posix-process", "MUST", "getrlimit(2) succeeds for each type that is named")
@requirement("config.md#posix-process", "MUST", "the soft limit is `soft`")
@requirement("config.md#posix-process", "MUST", "the hard limit is `hard`")
def test_rlimits(runtime, bundle):
    wanted = {name: below(name) for name in RLIMITS}
    bundle.process["rlimits"] = [{"type": name, "soft": soft, "hard": hard}
                                 for name, (soft, hard) in wanted.items()]
    assert limits(runtime, bundle) == {RLIMITS[name]: (str(soft), str(hard))
                                       for name, (soft, hard) in wanted.items()}


@requirement("config.md#posix-process", "states", "what `rlimits` does not name is the caller's")
def test_rlimits_that_are_not_named(runtime, bundle):
    bundle.process["rlimits"] = []
    own = open("/proc/self/limits").read()
    name = "Max pending signals"
    assert limits(runtime, bundle)[name] == re.search(rf"^{name} +(\S+) +(\S+)", own, re.M).groups()


@each("config.md#posix-process", "REQUIRED", "`rlimits[].{0}` is there", ["type", "soft", "hard"])
@pytest.mark.parametrize("missing", ["type", pytest.param("soft", marks=pytest.mark.hako_only),
                                     pytest.param("hard", marks=pytest.mark.hako_only)])
def test_rlimit_is_whole(runtime, bundle, missing):
    entry = {"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100}
    del entry[missing]
    bundle.process["rlimits"] = [entry]
    runtime.fails(bundle, command="create")


@requirement("config.md#posix-process", "MUST", "a type that the kernel does not have is an error")
@pytest.mark.parametrize("name", ["RLIMIT_NOSUCH", "NOFILE", "rlimit_nofile", ""])
def test_rlimit_that_is_none(runtime, bundle, name):
    bundle.process["rlimits"] = [{"type": name, "soft": 100, "hard": 100}]
    runtime.fails(bundle, command="create")


@requirement("config.md#posix-process", "MUST", "a type that is there twice is an error")
@pytest.mark.hako_only
def test_rlimit_twice(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100}] * 2
    runtime.fails(bundle, command="create")


# Linux process

CAPABILITIES = {"bounding": "CapBnd", "permitted": "CapPrm", "effective": "CapEff",
                "inheritable": "CapInh", "ambient": "CapAmb"}
NUMBERS = {"CAP_CHOWN": 0, "CAP_KILL": 5, "CAP_SETUID": 7}


@requirement("config.md#linux-process", "MUST", "a capability that cannot be granted is warned of")
@requirement("config.md#linux-process", "SHOULD NOT",
             "a capability that cannot be granted does not keep the container from being made")
def test_a_capability_that_is_none(runtime, bundle, tmp):
    bundle.capabilities("CAP_CHOWN", "CAP_NOSUCH").sh("echo ran")
    bundle.write()
    result = runtime.call("--log", tmp / "log", "run", "--bundle", bundle.path, runtime.new_id())
    assert (result.status, result.out) == (0, "ran\n"), result.err
    assert "CAP_NOSUCH" in (tmp / "log").read_text() + result.err


@requirement("config.md#linux-process", "MUST", "a capability that cannot be granted is warned of")
@requirement("config.md#linux-process", "SHOULD NOT",
             "a capability that cannot be granted does not keep the container from being made")
@pytest.mark.hako_only
@pytest.mark.needs(lambda: shutil.which("setpriv"), "no setpriv here")
def test_a_capability_that_the_runtime_lacks(runtime, bundle, tmp):
    bundle.capabilities("CAP_CHOWN", "CAP_SYS_TIME").sh("echo ran").write()
    result = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_time", runtime.program, "--root", runtime.root, "--log", tmp / "log",
         "run", "--bundle", bundle.path, runtime.new_id()],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (0, "ran\n"), result.stderr
    assert "CAP_SYS_TIME" in (tmp / "log").read_text() + result.stderr


@each("config.md#linux-process", "states", "`capabilities.{0}` is that set of the process", CAPABILITIES)
def test_capability_sets(runtime, bundle):
    """Of an ordinary user, whose permitted and effective sets after execve(2) are the ambient one."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    names = list(NUMBERS)
    bundle.process["capabilities"] = {"bounding": names, "permitted": names[:2], "effective": names[:1],
                                      "inheritable": names[:2], "ambient": names[:1]}
    expected = {"CapBnd": names, "CapInh": names[:2], "CapAmb": names[:1], "CapPrm": names[:1],
                "CapEff": names[:1]}
    seen = status(runtime, bundle)
    for field, wanted in expected.items():
        assert int(seen[field][0], 16) == sum(1 << NUMBERS[name] for name in wanted), field


@requirement("config.md#linux-process", "states",
             "with `noNewPrivileges` the process cannot gain privileges, without it it can")
@pytest.mark.parametrize("on", [True, False])
def test_no_new_privileges(runtime, bundle, on):
    bundle.process["noNewPrivileges"] = on
    assert status(runtime, bundle)["NoNewPrivs"] == [str(int(on))]


@requirement("config.md#linux-process", "MUST", "`oomScoreAdj` is what oom_score_adj has")
@pytest.mark.parametrize("value", [17, 1000])
def test_oom_score_adj(runtime, bundle, value):
    bundle.process["oomScoreAdj"] = value
    assert runtime.output(bundle.args("/bin/cat", "/proc/self/oom_score_adj")) == f"{value}\n"


@requirement("config.md#linux-process", "MUST NOT", "without `oomScoreAdj`, oom_score_adj stays as it was")
def test_oom_score_adj_that_is_not_set(runtime, bundle):
    bundle.process.pop("oomScoreAdj", None)
    bundle.args("/bin/cat", "/proc/self/oom_score_adj").write()
    # The caller's own is a value that nobody has by default.
    command = [runtime.program, "--root", runtime.root, "run", "--bundle", bundle.path, runtime.new_id()]
    script = "echo 123 > /proc/self/oom_score_adj; exec \"$@\""
    result = subprocess.run(["/bin/sh", "-c", script, "sh", *command], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=60)
    assert result.stdout == "123\n", result.stderr


POLICIES = {"SCHED_OTHER": 0, "SCHED_BATCH": 3, "SCHED_IDLE": 5}


@requirement("config.md#linux-process", "REQUIRED", "`scheduler.policy` is there")
@pytest.mark.hako_only
def test_scheduler_needs_a_policy(runtime, bundle):
    bundle.process["scheduler"] = {"nice": 5}
    runtime.fails(bundle, command="create")


@each("config.md#linux-process", "states", "the policy of `scheduler` can be {0}", POLICIES)
@pytest.mark.hako_only
@X86_64
@pytest.mark.parametrize("policy", POLICIES)
def test_scheduler_policy(runtime, bundle, helper, policy):
    bundle.process["scheduler"] = {"policy": policy}
    assert call(runtime, bundle, helper, 145, 0) == POLICIES[policy]


@requirement("config.md#linux-process", "states", "`scheduler.nice` is the nice value, by default 0")
@pytest.mark.hako_only
@X86_64
@pytest.mark.parametrize("nice", [None, 7])
def test_scheduler_nice(runtime, bundle, helper, nice):
    bundle.process["scheduler"] = {"policy": "SCHED_OTHER"}
    if nice is not None:
        bundle.process["scheduler"]["nice"] = nice
    assert call(runtime, bundle, helper, 140, 0, 0) == 20 - (nice or 0)


@pytest.mark.parametrize("scheduler", [{"policy": "SCHED_NOSUCH"}, {"policy": ""},
                                       {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NOSUCH"]}])
@requirement("config.md#linux-process", "states", "policies and flags are those of the specification's lists")
@pytest.mark.hako_only
def test_scheduler_of_nonsense(runtime, bundle, scheduler):
    bundle.process["scheduler"] = scheduler
    runtime.fails(bundle, command="create")


CLASSES = {"IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}


@each("config.md#linux-process", "states", "the class of `ioPriority` can be {0}", CLASSES)
@pytest.mark.hako_only
@X86_64
@pytest.mark.parametrize("name", CLASSES)
def test_io_priority(runtime, bundle, helper, name):
    bundle.process["ioPriority"] = {"class": name, "priority": 5}
    assert call(runtime, bundle, helper, 252, 1, 0) == CLASSES[name] << 13 | 5


@requirement("config.md#linux-process", "REQUIRED", "`ioPriority.class` is there")
@pytest.mark.hako_only
def test_io_priority_needs_a_class(runtime, bundle):
    bundle.process["ioPriority"] = {"priority": 5}
    runtime.fails(bundle, command="create")


departure("config.md#linux-process", "REQUIRED", "`ioPriority.priority` is there",
          "the specification's own schema leaves it out; it is 0 then, the only value that idle has")
untested("config.md#linux-process", "SHOULD NOT",
         "without `execCPUAffinity.final` the affinity of a process of exec is left to the kernel",
         "it is about exec, which hako does not have yet; the container's first process has no part in it")

covered("config.md#linux-process", "states", "`apparmorProfile` and `selinuxLabel` are applied, or refused "
        "where the kernel has no such module", by="integration/test_process.py::test_label_without_its_lsm")


# POSIX-platform user

@each("config.md#posix-platform-user", "REQUIRED", "`user.{0}` is the process's", ["uid", "gid"])
@requirement("config.md#posix-platform-user", "states", "`additionalGids` are groups of the process")
def test_user(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 2000]}
    seen = status(runtime, bundle)
    assert seen["Uid"] == ["1000"] * 4 and seen["Gid"] == ["1001"] * 4
    assert {"5", "2000"} <= set(seen["Groups"]) <= {"5", "1001", "2000"}


@requirement("config.md#posix-platform-user", "states", "the ids are those of the container's namespace")
def test_user_in_a_user_namespace(runtime, bundle):
    bundle.user_namespace().process["user"] = {"uid": 1000, "gid": 1001}
    bundle.sh("id -u; id -g; echo ready; sleep 1000")
    container = runtime.start(bundle)
    container.wait_output("1000\n1001\nready")
    assert os.stat(f"/proc/{container.pid}").st_uid == 101000


@requirement("config.md#posix-platform-user", "states", "`umask` is the process's")
@pytest.mark.parametrize("umask", [0, 0o27, 0o777])
def test_umask(runtime, bundle, umask):
    bundle.process["user"]["umask"] = umask
    assert runtime.output(bundle.sh("umask")) == f"{umask:04o}\n"
