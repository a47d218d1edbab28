"""What the user's program finds itself to be."""

import fcntl
import os
import re
import resource
import shutil
import subprocess

import pytest

import host

EMPTY = "0000000000000000"
F_GET_SEALS = 1034


def status_fields(text):
    return {key: value.split() for key, _, value in (l.partition(":") for l in text.splitlines())}


def own_status(runtime, bundle, *options):
    return status_fields(runtime.output(bundle.args("/bin/cat", "/proc/self/status"), *options))


# Arguments and environment

def test_arguments_are_passed_as_they_are(runtime, bundle):
    args = ["/bin/busybox", "printf", "[%s]", "a b", "", "$HOME", "*", "ü", "x\ny"]
    assert runtime.output(bundle.args(*args)) == "[a b][][$HOME][*][ü][x\ny]"


def test_environment_is_exactly_that(runtime, bundle):
    bundle.process["env"] = ["A=1", "B=x=y", "PATH=/bin", "EMPTY="]
    out = runtime.output(bundle.args("/bin/env"), env={"LEAK": "x", "PATH": os.environ["PATH"]})
    assert sorted(out.splitlines()) == sorted(["A=1", "B=x=y", "PATH=/bin", "EMPTY=", "HOME=/root"])


@pytest.mark.hako_only
def test_last_of_an_environment_name_wins(runtime, bundle):
    bundle.process["env"] = ["A=1", "PATH=/bin", "A=2"]
    assert "A=2" in runtime.output(bundle.args("/bin/env")).splitlines()
    assert "A=1" not in runtime.output(bundle.args("/bin/env")).splitlines()


@pytest.mark.parametrize("user,home", [(0, "/root"), (1000, "/home/user"), (4242, "/")])
def test_home(runtime, bundle, user, home):
    bundle.process["user"] = {"uid": user, "gid": 0}
    assert runtime.output(bundle.sh("echo $HOME")).strip() == home


def test_home_that_is_set(runtime, bundle):
    assert runtime.output(bundle.env(HOME="/elsewhere").sh("echo $HOME")).strip() == "/elsewhere"


def test_program_is_looked_up_in_the_containers_path(runtime, bundle):
    (bundle.rootfs / "opt").mkdir()
    (bundle.rootfs / "opt" / "tool").write_text("#!/bin/sh\necho found $0\n")
    (bundle.rootfs / "opt" / "tool").chmod(0o755)
    bundle.process["env"] = ["PATH=/nonexistent:/opt:/bin"]
    assert runtime.output(bundle.args("tool")) == "found /opt/tool\n"


def test_lookup_passes_over_what_cannot_be_executed(runtime, bundle):
    (bundle.rootfs / "opt").mkdir()
    (bundle.rootfs / "opt" / "echo").write_text("no program")
    (bundle.rootfs / "opt" / "dir").mkdir()
    bundle.process["env"] = ["PATH=/opt:/bin"]
    assert runtime.output(bundle.args("echo", "yes")) == "yes\n"


def test_relative_program(runtime, bundle):
    bundle.process["cwd"] = "/bin"
    assert runtime.output(bundle.args("./echo", "yes")) == "yes\n"


def test_missing_program(runtime, bundle):
    result = runtime.fails(bundle.args("nosuchprogram"), command="create")
    assert 'exec: "nosuchprogram": executable file not found in $PATH' in result.err.replace("\\", "")


def test_missing_program_with_a_path(runtime, bundle):
    result = runtime.fails(bundle.args("/no/such"), command="create")
    assert "/no/such" in result.err and "no such file or directory" in result.err


def test_program_without_permission(runtime, bundle):
    (bundle.rootfs / "tool").write_text("#!/bin/sh\n")
    (bundle.rootfs / "tool").chmod(0o644)
    result = runtime.fails(bundle.args("/tool"), command="create")
    assert "/tool" in result.err and "permission denied" in result.err


def test_program_that_is_a_directory(runtime, bundle):
    assert "/etc" in runtime.fails(bundle.args("/etc"), command="create").err


def test_program_without_its_interpreter(runtime, bundle):
    (bundle.rootfs / "tool").write_text("#!/no/such/interpreter\n")
    (bundle.rootfs / "tool").chmod(0o755)
    if runtime.is_hako:
        assert "/no/such/interpreter" in runtime.fails(bundle.args("/tool"), command="create", foreseen=False).err
    assert "no such file or directory" in runtime.fails(bundle.args("/tool"), foreseen=False).err


def test_no_arguments(runtime, bundle):
    bundle.process["args"] = []
    assert "args" in runtime.fails(bundle).err


# Directory, user, masks

def test_working_directory(runtime, bundle):
    bundle.process["cwd"] = "/home/user"
    assert runtime.output(bundle.sh("pwd")) == "/home/user\n"


def test_working_directory_is_made(runtime, bundle):
    bundle.writable().process["cwd"] = "/new/deep"
    assert runtime.output(bundle.sh("pwd; stat -c %a /new /new/deep")) == "/new/deep\n755\n755\n"


def test_working_directory_of_the_user_alone(runtime, bundle):
    """root without capabilities may not enter, the user may."""
    private = bundle.rootfs / "private"
    private.mkdir()
    private.chmod(0o700)
    os.chown(private, 1000, 1000)
    bundle.capabilities().process["user"] = {"uid": 1000, "gid": 1000}
    bundle.process["cwd"] = "/private"
    assert runtime.output(bundle.sh("pwd")) == "/private\n"


@pytest.mark.parametrize("cwd", ["relative", "", "/etc/passwd"])
def test_bad_working_directory(runtime, bundle, cwd):
    bundle.process["cwd"] = cwd
    runtime.fails(bundle)


@pytest.mark.parametrize("fd", range(3, 12))
def test_working_directory_through_a_descriptor(runtime, bundle, fd):
    """CVE-2024-21626: no descriptor of the host's may be left to enter."""
    bundle.process["cwd"] = f"/proc/self/fd/{fd}"
    result = runtime.run(bundle.sh("pwd; ls -d var; cat /proc/self/mountinfo | head -1"))
    if result.status == 0:
        assert "unreachable" not in result.out


def test_user_and_groups(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 2000]}
    fields = own_status(runtime, bundle)
    assert fields["Uid"] == ["1000"] * 4
    assert fields["Gid"] == ["1001"] * 4
    assert sorted(map(int, fields["Groups"])) in ([5, 2000], [5, 1001, 2000])


def test_no_groups_of_the_caller(runtime, bundle):
    groups = set(map(int, own_status(runtime, bundle)["Groups"]))
    assert groups <= {0}


def test_umask(runtime, bundle):
    assert runtime.output(bundle.sh("umask")) == "0022\n"
    bundle.process["user"]["umask"] = 0o27
    assert runtime.output(bundle) == "0027\n"


def test_callers_umask_changes_nothing(runtime, bundle):
    old = os.umask(0o777)
    try:
        bundle.sh("umask; stat -c %a /dev/null /dev/pts /proc")
        out = runtime.output(bundle)
    finally:
        os.umask(old)
    assert out.split() == ["0022", "666", "755", "555"]


# Capabilities

def bits(*numbers):
    return f"{sum(1 << n for n in numbers):016x}"


CHOWN, KILL, SETUID, NET_RAW = 0, 5, 7, 13


def test_capability_sets(runtime, bundle):
    bundle.process["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW"],
        "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
        "inheritable": ["CAP_KILL", "CAP_SETUID"], "ambient": ["CAP_SETUID"],
        "effective": ["CAP_CHOWN"]}
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    fields = own_status(runtime, bundle)
    assert fields["CapBnd"] == [bits(CHOWN, KILL, SETUID, NET_RAW)]
    assert fields["CapInh"] == [bits(KILL, SETUID)]
    assert fields["CapAmb"] == [bits(SETUID)]
    # execve of a program without file capabilities by a user who is not root
    assert fields["CapPrm"] == [bits(SETUID)] and fields["CapEff"] == [bits(SETUID)]


def test_capabilities_of_root(runtime, bundle):
    bundle.process["noNewPrivileges"] = False
    bundle.capabilities("CAP_CHOWN", "CAP_KILL")
    fields = own_status(runtime, bundle)
    for kind in ("CapBnd", "CapPrm", "CapEff"):
        assert fields[kind] == [bits(CHOWN, KILL)]
    assert fields["CapInh"] == fields["CapAmb"] == [EMPTY]


def test_no_capabilities(runtime, bundle):
    bundle.process["capabilities"] = {}
    fields = own_status(runtime, bundle)
    for kind in ("CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert fields[kind] == [EMPTY]


def test_another_user_gets_no_capability(runtime, bundle):
    bundle.capabilities("CAP_CHOWN", "CAP_KILL").process["user"] = {"uid": 1000, "gid": 1000}
    fields = own_status(runtime, bundle)
    assert fields["CapEff"] == fields["CapPrm"] == fields["CapAmb"] == [EMPTY]
    assert fields["CapBnd"] == [bits(CHOWN, KILL)]


@pytest.mark.needs(lambda: shutil.which("setpriv"), "no setpriv here")
def test_capabilities_of_the_caller(runtime, bundle):
    """What it has as inheritable or ambient is not for the container."""
    bundle.capabilities("CAP_CHOWN", "CAP_KILL").args("/bin/cat", "/proc/self/status")
    bundle.process["capabilities"]["inheritable"] = ["CAP_KILL"]
    bundle.write()
    result = subprocess.run(
        ["setpriv", "--inh-caps", "+kill,+chown", "--ambient-caps", "+kill,+chown", runtime.program, "--root",
         str(runtime.root), "run", "--bundle", str(bundle.path), runtime.new_id()],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    fields = status_fields(result.stdout)
    assert fields["CapInh"] == [bits(KILL)], result.stderr
    assert fields["CapAmb"] == [EMPTY]


@pytest.mark.needs(lambda: not host.has_capability(host.CAP_SYS_RESOURCE),
                   "this host's root has CAP_SYS_RESOURCE")
@pytest.mark.hako_only
def test_capability_that_we_do_not_have(runtime, bundle):
    """The container goes without it, with a warning."""
    bundle.capabilities("CAP_CHOWN", "CAP_SYS_RESOURCE").args("/bin/cat", "/proc/self/status")
    bundle.process["capabilities"]["inheritable"] = ["CAP_SYS_RESOURCE"]
    bundle.process["capabilities"]["ambient"] = ["CAP_SYS_RESOURCE"]
    result = runtime.run(bundle)
    fields = status_fields(result.out)
    assert result.status == 0 and "CAP_SYS_RESOURCE" in result.err
    assert fields["CapPrm"] == fields["CapEff"] == [bits(CHOWN)]
    assert fields["CapInh"] == fields["CapAmb"] == [EMPTY]


# Limits and attributes

def test_rlimits(runtime, bundle):
    bundle.process["rlimits"] = [
        {"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
        {"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615},
        {"type": "RLIMIT_STACK", "soft": 1 << 20, "hard": 2 << 20}]
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        bundle.process["rlimits"][1]["hard"] = 0
    out = runtime.output(bundle.args("/bin/cat", "/proc/self/limits"))
    assert re.search(r"Max open files +100 +200 ", out)
    assert re.search(r"Max stack size +1048576 +2097152 ", out)
    if bundle.process["rlimits"][1]["hard"]:
        assert re.search(r"Max core file size +0 +unlimited ", out)


@pytest.mark.parametrize("limit", [
    {"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}, {"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}])
def test_bad_rlimit(runtime, bundle, limit):
    bundle.process["rlimits"] = [limit]
    runtime.fails(bundle)


@pytest.mark.hako_only
def test_rlimit_twice(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}] * 2
    assert "/process/rlimits/1" in runtime.fails(bundle).err


@pytest.mark.parametrize("on", [True, False])
def test_no_new_privileges(runtime, bundle, on):
    bundle.process["noNewPrivileges"] = on
    assert own_status(runtime, bundle)["NoNewPrivs"] == [str(int(on))]


def test_oom_score(runtime, bundle):
    bundle.process["oomScoreAdj"] = 321
    assert runtime.output(bundle.args("/bin/cat", "/proc/self/oom_score_adj")) == "321\n"


def test_oom_score_unset_is_the_callers(runtime, bundle):
    own = open("/proc/self/oom_score_adj").read()
    bundle.process.pop("oomScoreAdj", None)
    assert runtime.output(bundle.args("/bin/cat", "/proc/self/oom_score_adj")) == own


@pytest.mark.needs(lambda: not host.has_capability(host.CAP_SYS_RESOURCE),
                   "this host's root has CAP_SYS_RESOURCE")
@pytest.mark.hako_only
def test_oom_score_that_needs_a_capability(runtime, bundle):
    bundle.process["oomScoreAdj"] = -998
    result = runtime.fails(bundle)
    assert "permission denied" in result.err
    if runtime.is_hako:
        assert "CAP_SYS_RESOURCE" in result.err and "/process/oomScoreAdj" in result.err


def test_signals_are_as_after_exec(runtime, bundle):
    fields = own_status(runtime, bundle)
    assert fields["SigBlk"] == [EMPTY]
    assert fields["SigIgn"] == [EMPTY]
    assert fields["SigCgt"] == [EMPTY]


def test_session_of_its_own(runtime, bundle):
    """CVE-2016-2568 and its kind: not the caller's controlling terminal."""
    out = runtime.output(bundle.args("/bin/cat", "/proc/self/stat"))
    pid, pgrp, session, tty = [out.split()[0], *out.rpartition(")")[2].split()[2:5]]
    assert (pid, pgrp, session, tty) == ("1", "1", "1", "0")


@pytest.mark.hako_only
def test_personality(runtime, bundle):
    bundle.linux["personality"] = {"domain": "LINUX32"}
    assert runtime.output(bundle.sh("uname -m")).strip() in ("i686", "armv8l", "armv7l")


def helped(runtime, bundle, helper, *args):
    bundle.bind(helper, "/helper", "ro").args("/helper", *map(str, args))
    return runtime.output(bundle)


@pytest.mark.hako_only
@pytest.mark.needs(lambda: os.uname().machine == "x86_64", "system call numbers of x86_64")
def test_scheduler(runtime, bundle, helper):
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 5}
    assert helped(runtime, bundle, helper, "syscall", 145, 0) == "value 3\n"
    # getpriority(2) as the kernel gives it: 20 - nice
    assert helped(runtime, bundle, helper, "syscall", 140, 0, 0) == "value 15\n"


@pytest.mark.hako_only
@pytest.mark.needs(lambda: os.uname().machine == "x86_64", "system call numbers of x86_64")
def test_io_priority(runtime, bundle, helper):
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
    assert helped(runtime, bundle, helper, "syscall", 252, 1, 0) == f"value {2 << 13 | 6}\n"


@pytest.mark.shows("run --no-new-keyring")
@pytest.mark.needs(lambda: os.path.exists("/proc/keys"), "no keyrings in this kernel")
def test_session_keyring(runtime, bundle):
    bundle.linux["maskedPaths"].remove("/proc/keys")
    first, second = runtime.new_id(), runtime.new_id()
    assert f"_ses.{first}:" in runtime.run(bundle.sh("cat /proc/keys"), id=first).out
    assert f"_ses.{second}:" not in runtime.run(bundle, "--no-new-keyring", id=second).out


# Descriptors

def test_no_descriptor_leaks(runtime, bundle, helper):
    spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    try:
        bundle.bind(helper, "/helper", "ro").args("/helper", "fds")
        assert runtime.output(bundle, pass_fds=spare) == "0\n1\n2\n"
    finally:
        for fd in spare:
            os.close(fd)


def test_no_descriptor_leaks_through_create(runtime, bundle, helper):
    spare = [os.open("/", os.O_RDONLY) for _ in range(3)]
    try:
        bundle.bind(helper, "/helper", "ro").args("/helper", "fds")
        container = runtime.create(bundle, pass_fds=spare)
        container.must("start", pass_fds=spare)
        container.wait_stopped()
        assert container.output == "0\n1\n2\n"
    finally:
        for fd in spare:
            os.close(fd)


def pass_in_order(runtime, bundle, count, options, env=None):
    """A shell puts `count` files on fds 3.. and becomes the runtime."""
    bundle.write()
    redirections = " ".join(f"{3 + i}<{bundle.path}/fd{i}" for i in range(count))
    for i in range(count):
        (bundle.path / f"fd{i}").write_text(f"fd {3 + i}\n")
    command = f"export LISTEN_PID=$$; exec {runtime.program} --root {runtime.root} run --bundle {bundle.path} {options} " \
              f"{runtime.new_id()} {redirections}"
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60,
                               stdin=subprocess.DEVNULL, env=env)


@pytest.mark.shows("run --preserve-fds")
def test_preserve_fds(runtime, bundle, helper):
    bundle.bind(helper, "/helper", "ro").sh("cat <&3; cat <&4; exec /helper fds")
    result = pass_in_order(runtime, bundle, 4, "--preserve-fds 2")
    assert result.stdout == "fd 3\nfd 4\n0\n1\n2\n3\n4\n", result.stderr


@pytest.mark.hako_only
@pytest.mark.shows("run --preserve-fds")
def test_preserve_fds_that_are_not_open(runtime, bundle):
    bundle.write()
    result = pass_in_order(runtime, bundle, 1, "--preserve-fds 3")
    assert result.returncode != 0 and result.stderr


@pytest.mark.shows("run --preserve-fds")
def test_listen_fds(runtime, bundle, helper):
    bundle.bind(helper, "/helper", "ro")
    bundle.sh("echo $LISTEN_FDS $LISTEN_PID; cat <&3; cat <&4; cat <&5; exec /helper fds")
    result = pass_in_order(runtime, bundle, 4, "--preserve-fds 1",
                           env={**os.environ, "LISTEN_FDS": "2"})
    assert result.stdout == "2 1\nfd 3\nfd 4\nfd 5\n0\n1\n2\n3\n4\n5\n", result.stderr


def test_no_notify_socket_in_the_environment(runtime, bundle):
    out = runtime.output(bundle.args("/bin/env"))
    assert "NOTIFY_SOCKET" not in out and "LISTEN_FDS" not in out


# Standard streams

def test_dev_null_becomes_the_containers(runtime, bundle):
    """The host's would be a way out of the device cgroup and of the root file system."""
    out = runtime.output(bundle.sh("stat -L -c %d /proc/self/fd/0; stat -c %d /dev/null"))
    assert len(set(out.split())) == 1


def test_streams_belong_to_the_user(runtime, bundle):
    """docker's `echo > /dev/stdout` of a user who is not root, with a pipe behind it."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.sh("echo through > /dev/stdout; echo problem > /dev/stderr").write()
    result = subprocess.run([runtime.program, "--root", str(runtime.root), "run", "--bundle",
                             str(bundle.path), runtime.new_id()], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("through\n", "problem\n")


def test_closed_streams(runtime, bundle, helper):
    """Whatever the caller closed is open in the container, and nothing of the host is behind it."""
    bundle.bind(helper, "/helper", "ro").args("/bin/sh", "-c", "/helper fds > /tmp/fds").writable().write()
    (bundle.rootfs / "tmp").chmod(0o1777)
    command = f"exec {runtime.program} --root {runtime.root} run --bundle {bundle.path} " \
              f"{runtime.new_id()} 0<&- 1>&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], timeout=60).returncode == 0
    assert (bundle.rootfs / "tmp" / "fds").read_text() == "0\n1\n2\n"


# The container's first process, seen from outside while it waits

def test_init_is_not_the_hosts_binary(runtime, bundle):
    """CVE-2019-5736"""
    container = runtime.create(bundle)
    exe = os.readlink(f"/proc/{container.pid}/exe")
    assert not os.path.exists(exe) or not os.path.samefile(exe, runtime.program)


@pytest.mark.hako_only
def test_init_image_is_sealed(runtime, bundle):
    container = runtime.create(bundle)
    fd = os.open(f"/proc/{container.pid}/exe", os.O_RDONLY)
    try:
        seals = fcntl.fcntl(fd, F_GET_SEALS)
    finally:
        os.close(fd)
    assert seals & 0xf == 0xf, "no write, no growing, no shrinking, no more seals"


def test_init_cannot_be_traced_from_inside(runtime, bundle):
    """CVE-2016-9962: not dumpable, so its descriptors belong to the host's root alone."""
    container = runtime.create(bundle.user_namespace())
    assert os.stat(f"/proc/{container.pid}/fd").st_uid == 0


@pytest.mark.parametrize("profile", ["apparmorProfile", "selinuxLabel"])
def test_label_without_its_lsm(runtime, bundle, profile):
    lsm = "apparmor" if profile.startswith("apparmor") else "selinux"
    try:
        enabled = lsm in open("/sys/kernel/security/lsm").read() or lsm == "selinux" and \
            os.path.exists("/sys/fs/selinux/enforce")
    except OSError:
        enabled = False
    if enabled:
        pytest.skip(f"{lsm} is enabled here")
    bundle.process[profile] = "nosuch_profile"
    runtime.fails(bundle)
