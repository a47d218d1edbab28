"""exec enters what the container has, of each kind, and trusts nothing that is in there."""

import os
import platform
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import host
from test_exec import container, fails  # noqa: F401 (fixtures)
from test_seccomp import Agent, profile, rule

pytestmark = pytest.mark.shows("exec")

KINDS = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts", "user": "user",
         "cgroup": "cgroup", "time": "time"}


def links(container, *options):
    """{name: link} of the namespaces that an exec'd process is in, as the host sees them."""
    pid_file = container.state_dir.parent / "pid"
    result = container.exec("sleep", "60", options=["--detach", "--pid-file", pid_file, *options])
    assert result.status == 0, result.err
    pid = int(pid_file.read_text())
    pid_file.unlink()
    return {name: host.namespace(pid, name) for name in KINDS.values() if os.path.exists(f"/proc/self/ns/{name}")}


def same_as_init(container):
    found = links(container)
    return found == {name: host.namespace(container.pid, name) for name in found}


def test_user_namespace(runtime, bundle):
    container = runtime.start(bundle.user_namespace().sleep())
    assert same_as_init(container)
    assert container.exec_output("id") == "uid=0(root) gid=0(root)\n"
    assert "0     100000      65536" in container.exec_output("cat", "/proc/self/uid_map")


def test_user_of_a_user_namespace(runtime, bundle):
    container = runtime.start(bundle.user_namespace().sleep())
    assert container.exec_output("id", options=["-u", "1000:7", "-g", "9"]) == "uid=1000(user) gid=7 groups=9\n"
    assert "100000" not in container.exec_output("id")
    error = fails(container, "id", options=["-u", "70000"])
    assert "set the user id to 70000" in error


@pytest.mark.needs(host.has_time_namespace, "no time namespaces in this kernel")
def test_time_namespace(runtime, bundle):
    bundle.namespace("time").linux["timeOffsets"] = {"boottime": {"secs": 1000000}}
    container = runtime.start(bundle.sleep())
    assert same_as_init(container)
    assert float(container.exec_output("cat", "/proc/uptime").split()[0]) > 1000000


def test_cgroup_namespace(runtime, bundle):
    container = runtime.start(bundle.namespace("cgroup").sleep())
    assert same_as_init(container)
    assert "0::/\n" in container.exec_output("cat", "/proc/self/cgroup") or not host.cgroup_hierarchies().get("")


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts"])
def test_without_a_namespace(runtime, bundle, kind):
    if kind == "uts":
        bundle.config.pop("hostname", None)
    container = runtime.start(bundle.without_namespace(kind).sleep())
    assert same_as_init(container)
    assert links(container)[KINDS[kind]] == host.namespace("self", KINDS[kind])


def test_without_any_namespace(runtime, bundle):
    """Where the mounts are the host's, only the root directory keeps the process in."""
    bundle.config.pop("hostname", None)
    bundle.linux["namespaces"] = []
    bundle.linux.pop("maskedPaths", None)
    bundle.linux.pop("readonlyPaths", None)
    container = runtime.start(bundle.sleep())
    assert container.exec_output("cat", "/etc/passwd").startswith("root:x:0:0:root:/root:/bin/sh\nuser:")
    assert container.exec_output("ls", "/..").split() == container.exec_output("ls", "/").split()
    pid_file = bundle.path / "pid"
    container.exec("sleep", "60", options=["-d", "--pid-file", pid_file])
    assert os.readlink(f"/proc/{pid_file.read_text()}/root") == os.readlink(f"/proc/{container.pid}/root") != "/"


def test_joined_namespaces(runtime, make_bundle):
    first = runtime.start(make_bundle().sleep())
    bundle = make_bundle()
    for kind in ("pid", "network", "ipc"):
        bundle.namespace(kind, f"/proc/{first.pid}/ns/{KINDS[kind]}")
    second = runtime.start(bundle.sleep())
    assert same_as_init(second)
    assert links(second)["net"] == host.namespace(first.pid, "net")


def test_shared_namespaces_are_not_entered_again(runtime, bundle, tmp):
    """A namespace that is the runtime's own too needs no privilege to be in."""
    container = runtime.start(bundle.without_namespace("network").sleep())
    trace = tmp / "trace"
    if not subprocess.run(["sh", "-c", "command -v strace"], capture_output=True).stdout:
        pytest.skip("no strace here")
    subprocess.run(["strace", "-f", "-e", "trace=setns", "-o", trace, runtime.program, "--root", runtime.root,
                    "exec", container.id, "true"], check=True, stdin=subprocess.DEVNULL)
    calls = [line for line in trace.read_text().splitlines() if "setns(" in line]
    assert len(calls) == 1
    assert "CLONE_NEWNS" in calls[0] and "CLONE_NEWNET" not in calls[0]


# What a container puts in our way

@pytest.fixture
def hostile(runtime, bundle):
    """A container that is about to do something, with a root file system to write to."""
    bundle.all_capabilities().writable().without_mount("/dev/pts").process["noNewPrivileges"] = False

    def start(script):
        container = runtime.start(bundle.sh(f"{script}; echo ready; while :; do sleep 0.05; done"))
        container.wait_output("ready")
        return container

    return start


def test_home_is_not_read_from_a_fifo(hostile):
    container = hostile("rm /etc/passwd; mkfifo /etc/passwd")
    assert container.exec_output("sh", "-c", "echo $HOME", timeout=20) == "/\n"


def test_home_is_not_read_from_without_end(hostile):
    container = hostile("ln -sf /dev/zero /etc/passwd")
    assert container.exec_output("sh", "-c", "echo $HOME", timeout=20) == "/\n"


def test_another_proc(hostile):
    """CVE-2025-52881: what we write goes to the kernel's procfs, whatever the container mounts there."""
    container = hostile("mkdir -p /tmp/proc/self /tmp/proc/thread-self; mount -t tmpfs none /proc;"
                        "mkdir /proc/self; echo nothing > /proc/self/oom_score_adj")
    bundle_path = Path(container.state()["bundle"])
    config = bundle_path / "config.json"
    config.write_text(config.read_text().replace('"cwd": "/"', '"cwd": "/", "oomScoreAdj": 55'))
    pid_file = bundle_path / "pid"
    assert container.exec("sleep", "60", options=["-d", "--pid-file", pid_file]).status == 0
    assert Path(f"/proc/{pid_file.read_text()}/oom_score_adj").read_text() == "55\n"


@pytest.mark.parametrize("cwd", ["/proc/self/fd/{}", "/proc/self/fd/../../../..", "/proc/1/cwd",
                                 "/proc/thread-self/fd/{}"])
def test_cwd_leads_nowhere_else(container, cwd):
    """CVE-2024-21626: no descriptor of the host's is there to be a working directory."""
    for fd in range(3, 20):
        result = container.exec("pwd", options=["--cwd", cwd.format(fd)])
        if result.status == 0:
            assert result.out in ("/\n", f"{cwd}\n") and "unreachable" not in result.out
        if "{}" not in cwd:
            break
        assert result.status == 255


def test_cwd_by_a_link_stays_inside(hostile):
    container = hostile("ln -s /../../../../../etc /tmp/link")
    assert container.exec_output("sh", "-c", "pwd -P; ls passwd", options=["--cwd", "/tmp/link"]) == "/etc\npasswd\n"


@pytest.mark.needs(lambda: platform.machine() == "x86_64", "system call numbers of x86_64")
def test_stage_is_out_of_reach(runtime, bundle, tmp):
    """CVE-2016-9962: the container's root cannot look into a process that is on its way in. It waits
    here for a seccomp agent that does not take the listener."""
    path = tmp / "agent.sock"
    first = Agent(path, 1)
    bundle.all_capabilities().process["noNewPrivileges"] = False
    profile(bundle, rule("SCMP_ACT_NOTIFY", "getpgrp"), listenerPath=str(path))
    container = runtime.start(bundle.sh(
        "while :; do for p in /proc/[0-9]*; do grep -q ^hako-init $p/cmdline || continue;"
        "ls -l $p/fd/ $p/exe; echo seen; done; done 2>&1"))
    first.server.close()
    path.unlink()
    with socket.socket(socket.AF_UNIX) as deaf, socket.socket(socket.AF_UNIX) as client:
        deaf.bind(str(path))
        deaf.listen(0)
        client.connect(str(path))  # that one waits, the next one is not even let in
        process = subprocess.Popen(
            [runtime.program, "--root", str(runtime.root), "exec", container.id, "true"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        container.wait_output("seen")
        process.kill()
        process.wait(20)
    container.must("kill", "KILL")
    container.wait_stopped()
    assert "->" not in container.output
    assert "/exe: cannot read link: Permission denied" in container.output


@pytest.mark.parametrize("kind", [None, "network", "cgroup"])
def test_tracer_finds_nothing_of_the_host(runtime, bundle, spy, kind):
    """CVE-2016-9962 once more: with CAP_SYS_PTRACE on the host no process can hide its descriptors,
    hence it has none of the host's when it comes in sight. The runtime's environment is not its own."""
    bundle.bind(spy, "/spy", "ro").args("/spy").capabilities("CAP_SYS_PTRACE")
    if kind == "network":
        bundle.without_namespace(kind)
    elif kind:
        bundle.namespace(kind)
    container = runtime.start(bundle)
    container.wait_output("ready")

    def act():
        assert container.exec("true", env={"SECRET": "1"}).status == 0

    assert container.spied(act) == []


def test_tracer_finds_nothing_in_a_created_container(runtime, bundle, spy):
    """Its first process is an init stage, which waits for `start`."""
    container = runtime.create(bundle.bind(spy, "/spy", "ro").sleep().capabilities("CAP_SYS_PTRACE"))
    with subprocess.Popen([runtime.program, "--root", str(runtime.root), "exec", container.id, "/spy"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline().split(": ")[-1] for _ in range(3)]
        container.must("kill", "KILL")
    assert lines == ["ready\n", "seen\n", "seen\n"]


# Races and sudden deaths

def test_into_a_container_that_is_dying(runtime, bundle):
    """Either it ran, or the error says that the container has stopped; nothing hangs, nothing stays."""
    for delay in (0, 0.001, 0.002, 0.004, 0.006, 0.008, 0.012):
        container = runtime.start(bundle.sleep())
        process = subprocess.Popen(
            [runtime.program, "--root", str(runtime.root), "exec", container.id, "sleep", "60"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(delay)
        os.kill(container.pid, signal.SIGKILL)
        _, error = process.communicate(timeout=20)
        assert process.returncode in (137, 255)
        if process.returncode == 255:
            assert "exec failed: " in error
        container.wait_stopped()
        container.must("delete")


def test_without_a_pid_namespace_nothing_stays(runtime, bundle):
    container = runtime.start(bundle.without_namespace("pid").sleep())
    pid_file = bundle.path / "pid"
    assert container.exec("sleep", "60", options=["-d", "--pid-file", pid_file]).status == 0
    pid = int(pid_file.read_text())
    container.must("delete", "--force")
    host.wait_until(lambda: not host.is_alive(pid))


@pytest.mark.needs(lambda: Path("/usr/bin/strace").exists(), "no strace here")
@pytest.mark.parametrize("where", ["clone3", "sendmsg", "recvmsg", "poll"])
def test_runtime_killed_in_the_middle(runtime, bundle, where, tmp):
    """At the n-th call of the runtime's: the init stage dies with it, and the container goes on."""
    container = runtime.start(bundle.sleep())

    def strangers():
        return [line for line in host.processes([f"/{container.id}"]).values()
                if "while :" not in line and "sleep 0.05" not in line]

    for count in (1, 2, 3):
        process = subprocess.Popen(
            ["strace", "-o", tmp / "trace", "-e", f"trace={where}",
             "-e", f"inject={where}:signal=KILL:when={count}", runtime.program, "--root", runtime.root,
             "exec", container.id, "sleep", "3"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        process.wait(20)
        host.wait_until(lambda: not strangers())
    assert container.status == "running"
