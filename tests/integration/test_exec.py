"""exec: a further process in a container, what it is and what it is given."""

import json
import os

import pytest

import host
from test_process import EMPTY, status_fields

pytestmark = pytest.mark.shows("exec")


@pytest.fixture
def container(runtime, bundle):
    return runtime.start(bundle.sleep())


def own_status(container, *options):
    return status_fields(container.exec_output("cat", "/proc/self/status", options=options))


@pytest.fixture
def process_file(tmp, template):
    """process_file(**members) writes the template's process, changed, and gives its path."""

    def write(**members):
        process = dict(template["process"], terminal=False, args=["/bin/true"])
        process.update(members)
        path = tmp / "process.json"
        path.write_text(json.dumps({k: v for k, v in process.items() if v is not None}, indent="\t"))
        return path

    return write


def fails(container, *args, options=(), **more):
    """The error of an exec that must fail: what clients know a failure of the runtime by."""
    result = container.exec(*args, options=options, **more)
    assert result.status == 255, f"status {result.status}\n{result.out}\n{result.err}"
    assert "exec failed: " in result.err
    return result.err


# Where it runs, and how it ends

def test_runs_in_the_containers_namespaces(container):
    out = container.exec_output("sh", "-c", "cat /proc/1/cmdline; for n in pid mnt net ipc uts; do "
                                            "echo; readlink /proc/self/ns/$n; done")
    assert "while :" in out
    theirs = {host.namespace(container.pid, kind) for kind in ("pid", "mnt", "net", "ipc", "uts")}
    assert theirs <= set(out.split())


def test_runs_in_the_containers_cgroups(container):
    theirs = container.exec_output("cat", "/proc/1/cgroup")
    assert container.exec_output("cat", "/proc/self/cgroup") == theirs


@pytest.mark.parametrize("status", [0, 3, 255])
def test_exit_status(container, status):
    assert container.exec("sh", "-c", f"exit {status}").status == status


def test_exit_status_after_a_signal(container):
    assert container.exec("sh", "-c", "kill -9 $$").status == 128 + 9


def test_stdio_is_the_callers(container):
    result = container.exec("sh", "-c", "cat; echo err >&2", input=b"from outside\n")
    assert (result.out, result.err) == ("from outside\n", "err\n")


def test_arguments_are_passed_as_they_are(container):
    out = container.exec_output("printf", "[%s]", "--", "-e", "a b", "")
    assert out == "[--][-e][a b][]"


def test_arguments_begin_behind_the_id(container):
    """As with runc: not even -- is for the runtime there."""
    assert 'exec: "--": executable file not found in $PATH' in fails(container, "--", "true")


# Errors that clients tell apart by their text

def test_missing_program(container):
    assert 'exec: "nosuch": executable file not found in $PATH' in fails(container, "nosuch")
    assert 'exec: "/nosuch": stat /nosuch: no such file or directory' in fails(container, "/nosuch")


def test_program_that_cannot_be_executed(container):
    assert 'exec: "/etc/passwd": permission denied' in fails(container, "/etc/passwd")


def test_no_program(container):
    assert "process args cannot be empty" in fails(container)


def test_no_such_container(runtime):
    result = runtime.call("exec", runtime.new_id(), "true")
    assert result.status == 255
    assert "container does not exist" in result.err


def test_stopped_container(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    assert "cannot exec in a stopped container" in fails(container, "true")


def test_created_container(runtime, bundle):
    container = runtime.create(bundle.sleep())
    assert container.exec_output("echo", "before start") == "before start\n"
    assert container.status == "created"


# Flags

@pytest.mark.shows("exec --env")
def test_env(container):
    out = container.exec_output("env", options=["--env", "A=1", "-e", "B=x=y,z", "-e", "A=2"])
    assert {"A=2", "B=x=y,z", "HOME=/root"} <= set(out.splitlines())
    assert "A=1" not in out.splitlines()
    assert "'FOO' is not NAME=VALUE" in fails(container, "true", options=["-e", "FOO"])


@pytest.mark.shows("exec --cwd")
def test_cwd(container):
    assert container.exec_output("pwd", options=["--cwd", "/home/user"]) == "/home/user\n"
    error = fails(container, "true", options=["--cwd", "/nosuch"])
    assert 'chdir to cwd ("/nosuch")' in error and "no such file or directory" in error
    assert "not an absolute path" in fails(container, "true", options=["--cwd", "tmp"])


@pytest.mark.shows("exec --user", "exec --additional-gids")
def test_user(container):
    assert "uid=1000(user) gid=0(root)" in container.exec_output("id", options=["--user", "1000"])
    out = container.exec_output("id", options=["-u", "1000:7", "-g", "8", "--additional-gids", "9"])
    assert out == "uid=1000(user) gid=7 groups=8,9\n"
    assert container.exec_output("sh", "-c", "echo $HOME", options=["-u", "1000"]) == "/home/user\n"


@pytest.mark.parametrize("user", ["", "1x", "+1", " 1", "0x1", "1:", ":1", "1:2:3", "user",
                                  "4294967295", "4294967296", "1:4294967295", "-1"])
def test_user_is_read_strictly(container, user):
    """CVE-2026-30892, CVE-2024-40635: what is no id must not become root's."""
    assert "--user" in fails(container, "id", options=[f"--user={user}"])


@pytest.mark.shows("exec --cap")
def test_cap(container):
    """CVE-2022-29162: nothing that is granted becomes inheritable, or ambient."""
    before = own_status(container)
    after = own_status(container, "--cap", "CAP_CHOWN", "-c", "sys_ptrace".upper())
    added = 1 << 0 | 1 << 19
    for name in ("CapBnd", "CapEff", "CapPrm"):
        assert int(after[name][0], 16) == int(before[name][0], 16) | added
    assert after["CapInh"] == after["CapAmb"] == [EMPTY]


@pytest.mark.shows("exec --cap")
def test_cap_becomes_ambient_where_it_is_inheritable(runtime, bundle):
    bundle.capabilities("CAP_CHOWN").process["capabilities"]["inheritable"] = ["CAP_CHOWN"]
    container = runtime.start(bundle.sleep())
    after = own_status(container, "--cap", "CAP_CHOWN", "--cap", "CAP_KILL")
    assert int(after["CapInh"][0], 16) == int(after["CapAmb"][0], 16) == 1


@pytest.mark.shows("exec --cap")
def test_unknown_cap(container):
    assert "unknown capability 'CAP_NONSENSE'" in fails(container, "true", options=["--cap", "CAP_NONSENSE"])


@pytest.mark.shows("exec --no-new-privs")
def test_no_new_privs(runtime, bundle):
    bundle.process["noNewPrivileges"] = False
    container = runtime.start(bundle.sleep())
    assert own_status(container)["NoNewPrivs"] == ["0"]
    assert own_status(container, "--no-new-privs")["NoNewPrivs"] == ["1"]


@pytest.mark.shows("exec --detach", "exec --pid-file")
def test_detach(container, tmp):
    result = container.exec("sh", "-c", "sleep 60", options=["--detach", "--pid-file", tmp / "pid"])
    assert result.status == 0, result.err
    pid = int((tmp / "pid").read_text())
    host.wait_until(lambda: open(f"/proc/{pid}/cmdline").read() == "sleep\0" "60\0")
    assert host.namespace(pid, "pid") == host.namespace(container.pid, "pid")


@pytest.mark.shows("exec --preserve-fds")
def test_preserve_fds(container, tmp, runtime):
    (tmp / "x").write_text("kept")
    fd = os.open(tmp / "x", os.O_RDONLY)
    try:
        # what is passed on is 3 in the runtime
        low = os.dup2(fd, 3) if fd != 3 else fd
        out = container.exec_output("cat", "/proc/self/fd/3", options=["--preserve-fds", "1"],
                                    pass_fds=(low,))
    finally:
        os.close(fd)
    assert out == "kept"


@pytest.mark.shows("exec --process")
def test_process_file(container, process_file):
    path = process_file(args=["sh", "-c", "id; pwd; echo $X"], user={"uid": 5, "gid": 6},
                        cwd="/tmp", env=["PATH=/bin", "X=y"])
    assert container.exec_output(options=["--process", path]).splitlines() == [
        "uid=5 gid=6", "/tmp", "y"]


@pytest.mark.shows("exec --process")
def test_process_file_that_is_a_pipe(container, process_file, tmp):
    text = process_file(args=["sh", "-c", "echo $X; cat"], env=["PATH=/bin", "X=y"]).read_bytes()
    assert container.exec("true", options=["--process", tmp]).status == 255
    assert container.exec_output(options=["--process", "/dev/stdin"], input=text) == "y\n"
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(text)
    try:  # as a shell has it for <(...)
        assert container.exec_output(options=["-p", f"/dev/fd/{reader}"], pass_fds=(reader,)) == "y\n"
    finally:
        os.close(reader)


@pytest.mark.shows("exec --process")
@pytest.mark.parametrize("members,where,what", [
    ({"cwd": "tmp"}, "/cwd", "not an absolute path"),
    ({"cwd": None}, "/cwd", "required, but missing"),
    ({"args": []}, "/args", "must have one element or more"),
    ({"args": None}, "/args", "must have one element or more"),
    ({"args": ["nosuch"]}, "/args/0", "executable file not found in $PATH"),
    ({"args": "true"}, "/args", "expected"),
    ({"env": ["X"]}, "/env/0", "expected NAME=VALUE"),
    ({"user": {"uid": 4294967295, "gid": 0}}, "/user/uid", "is no user id"),
    ({"rlimits": [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]}, "/rlimits/0/soft", "above the hard"),
    ({"oomScoreAdj": 2000}, "/oomScoreAdj", "from -1000 to 1000"),
    ({"selinuxLabel": "x"}, "/selinuxLabel", "SELinux is not enabled"),
])
def test_process_file_that_is_wrong(container, process_file, members, where, what):
    path = process_file(**members)
    error = fails(container, options=["-p", path])
    assert f"{path}:" in error and f" {where}: " in error and what in error


@pytest.mark.hako_only
@pytest.mark.shows("create --config")
@pytest.mark.parametrize("usual", ["root's", "missing"])
def test_the_file_that_stood_for_config_json(runtime, bundle, tmp, usual):
    """Else a container of a user without capabilities has processes of root with some."""
    bundle.sleep().capabilities().process["user"] = {"uid": 1000, "gid": 1000}
    bundle.write()
    (bundle.path / "config.json").rename(tmp / "other.json")
    bundle.capabilities("CAP_KILL").process["user"] = {"uid": 0, "gid": 0}
    if usual == "missing":
        bundle.write = lambda: None
    container = runtime.start(bundle, "--config", "other.json", cwd=tmp)
    status = own_status(container)
    assert status["Uid"] == ["1000"] * 4
    assert status["CapEff"] == status["CapBnd"] == [EMPTY]
    (tmp / "other.json").rename(tmp / "gone.json")
    assert f"JSON specification file {tmp}/other.json not found" in fails(container, "true")


def test_errors_name_no_place_for_what_the_command_line_says(container):
    assert "config.json" not in fails(container, "nosuch")


# Labels

@pytest.mark.shows("exec --process-label")
@pytest.mark.needs(lambda: not os.path.exists("/sys/fs/selinux/enforce"), "SELinux is here")
def test_process_label_without_selinux(container):
    error = fails(container, "true", options=["--process-label", "system_u:system_r:svirt_t:s0"])
    assert "SELinux is not enabled on this host" in error


@pytest.mark.shows("exec --apparmor")
@pytest.mark.needs(lambda: not os.path.exists("/sys/kernel/security/apparmor"), "AppArmor is here")
def test_apparmor_without_it(container):
    assert "AppArmor is not enabled on this host" in fails(
        container, "true", options=["--apparmor", "someprofile"])
    assert container.exec("true", options=["--apparmor", "unconfined"]).status == 0
