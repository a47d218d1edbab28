"""The flags of create and run whose effect no other file looks at."""

import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import host

BOTH = pytest.mark.parametrize("command", ["create", "run"])


def output_of(runtime, bundle, command, *options, **more):
    """What the program prints, by `run`, or by `create` and `start`."""
    if command == "run":
        return runtime.output(bundle, *options, **more)
    container = runtime.start(bundle, *options, **more)
    container.wait_stopped()
    return container.output


@pytest.mark.hako_only
@pytest.mark.shows("create --config", "run --config")
@BOTH
def test_config_is_another_file(runtime, bundle, tmp, command):
    bundle.sh("echo from the other file").write()
    (bundle.path / "config.json").rename(tmp / "other.json")
    bundle.write = lambda: None  # nothing in the usual place
    assert output_of(runtime, bundle, command, "--config", tmp / "other.json") == "from the other file\n"


@pytest.mark.needs(lambda: os.path.exists("/proc/keys"), "no keyrings in this kernel")
@pytest.mark.shows("create --no-new-keyring")
def test_create_with_the_callers_keyring(runtime, bundle):
    bundle.linux["maskedPaths"].remove("/proc/keys")
    bundle.sh("cat /proc/keys")
    first, second = runtime.new_id(), runtime.new_id()
    assert f"_ses.{first}:" in output_of(runtime, bundle, "create", id=first)
    assert f"_ses.{second}:" not in output_of(runtime, bundle, "create", "--no-new-keyring", id=second)


@pytest.mark.shows("create --no-pivot")
def test_create_without_pivot_root(runtime, bundle):
    """pivot_root needs a root that is a mount of its own; MS_MOVE and chroot leave the same view."""
    (bundle.rootfs / "mark").write_text("here\n")
    assert output_of(runtime, bundle.sh("cat /mark /../mark"), "create", "--no-pivot") == "here\nhere\n"


@pytest.mark.shows("create --preserve-fds")
def test_create_passes_descriptors_on(runtime, bundle, tmp):
    """The shell's own numbers, not pytest's: they must be 3 and 4."""
    bundle.sh("cat <&3; cat <&4; ls /proc/self/fd/5 2>/dev/null || echo no fifth").write()
    for number in (3, 4, 5):
        (tmp / str(number)).write_text(f"fd {number}\n")
    name = runtime.new_id()
    script = f'exec "$@" 3<{tmp}/3 4<{tmp}/4 5<{tmp}/5 >{tmp}/out'
    subprocess.run(["sh", "-c", script, "sh", runtime.program, "--root", runtime.root, "create", "--bundle",
                    bundle.path, "--preserve-fds", "2", name], check=True, timeout=60)
    runtime.must("start", name)
    host.wait_until(lambda: "no fifth" in (tmp / "out").read_text())
    assert (tmp / "out").read_text() == "fd 3\nfd 4\nno fifth\n"


def parent_of_an_orphan(runtime, bundle, *options):
    """(pid of `run`, pid of the process that adopts what the container's program leaves)"""
    bundle.without_namespace("pid").sh(
        "(sh -c 'sleep 0.3; cut -d\" \" -f4 /proc/$$/stat' &); sleep 1").write()
    command = [runtime.program, "--root", str(runtime.root), "run", "--bundle", str(bundle.path), *options,
               runtime.new_id()]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    return run.pid, int(out)


@pytest.mark.shows("run --no-subreaper")
def test_run_adopts_orphans_unless_told_not_to(runtime, bundle):
    run, parent = parent_of_an_orphan(runtime, bundle)
    assert parent == run
    run, parent = parent_of_an_orphan(runtime, bundle, "--no-subreaper")
    assert parent != run


@pytest.mark.hako_only
@pytest.mark.shows("create --no-subreaper")
def test_create_knows_no_subreaper(runtime, bundle):
    """crun has it: create waits for nobody, so there is nothing that it could change."""
    assert output_of(runtime, bundle.sh("echo fine"), "create", "--no-subreaper") == "fine\n"


def listen(path):
    """A socket at path; the call gives (data, descriptors) of the first message."""
    server, received = socket.socket(socket.AF_UNIX), []
    server.bind(str(path))
    server.listen()
    server.settimeout(20)

    def take():
        connection, _ = server.accept()
        received.extend(socket.recv_fds(connection, 100, 4)[:2])

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return lambda: (thread.join(20), server.close(), *received)[2:]


@pytest.mark.shows("run --console-socket", "run --detach")
def test_run_detached_with_a_console(runtime, bundle, tmp):
    bundle.process["terminal"] = True
    bundle.sh("test -t 1 && echo terminal; sleep 60").write()
    take = listen(tmp / "console")
    runtime.must("run", "--detach", "--bundle", bundle.path, "--console-socket", tmp / "console",
                 runtime.new_id())
    _, (master,) = take()
    try:
        text = b""
        while not text.endswith(b"\n"):
            text += os.read(master, 100)
        assert text == b"terminal\r\n"
    finally:
        os.close(master)


@pytest.mark.hako_only
@pytest.mark.shows("run --pidfd-socket", "run --pid-file")
def test_run_gives_a_pidfd(runtime, bundle, tmp):
    bundle.sleep().write()
    take = listen(tmp / "sock")
    runtime.must("run", "-d", "--bundle", bundle.path, "--pidfd-socket", tmp / "sock", "--pid-file",
                 tmp / "pid", runtime.new_id())
    _, (pidfd,) = take()
    try:
        info = Path(f"/proc/self/fdinfo/{pidfd}").read_text()
        assert re.search(r"^Pid:\s+(\d+)", info, re.M)[1] == (tmp / "pid").read_text()
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    finally:
        os.close(pidfd)


@pytest.mark.shows("kill --all")
def test_kill_all_reaches_every_process(runtime, bundle):
    """Without a pid namespace of its own the container's processes outlive its init."""
    container = runtime.start(bundle.without_namespace("pid").sh(
        "(trap 'echo child got it; exit' USR1; echo ready; while :; do sleep 0.02; done) &"
        " trap 'echo init got it' USR1; wait; wait"))
    container.wait_output("ready")
    container.must("kill", "--all", "USR1")
    container.wait_output("init got it")
    container.wait_output("child got it")


@pytest.mark.hako_only
@pytest.mark.shows("--log-level")
def test_log_level(runtime, bundle, tmp):
    """An annotation that looks like a spelling mistake is worth a warning."""
    bundle.config["annotations"] = {"dev.hako.nothing": "1"}
    bundle.write()
    for level, talkative in (("error", False), ("warning", True), ("info", True), ("debug", True)):
        runtime.must("--log", tmp / level, "--log-level", level, "run", "--bundle", bundle.path,
                     runtime.new_id())
        assert ("dev.hako.nothing" in (tmp / level).read_text()) == talkative, level
    assert "unknown log level" in runtime.call("--log-level", "nosuch", "list").err


@pytest.mark.hako_only
@pytest.mark.shows("--systemd-cgroup", "--cgroup-manager")
@pytest.mark.parametrize("flag", ["--systemd-cgroup", "--cgroup-manager=systemd"])
@pytest.mark.needs(lambda: not os.path.isdir("/run/systemd/system"), "systemd runs here")
def test_systemd_is_missed_by_name(runtime, bundle, flag):
    """tests/integration/test_systemd.py has what it does where there is one."""
    bundle.write()
    result = runtime.call(flag, "run", "--bundle", bundle.path, runtime.new_id())
    assert result.status == 1 and "--cgroup-manager=cgroupfs" in result.err
    assert "unknown cgroup manager" in runtime.call("--cgroup-manager", "nosuch", "list").err
