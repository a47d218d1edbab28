"""NOTIFY_SOCKET: what a container tells its service manager, through the runtime."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import host
from manager import Manager

pytestmark = [pytest.mark.hako_only]

# sd_notify(3) as a program without a library has it; the last word says how long it stays.
SPEAK = """
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
"""


@pytest.fixture
def manager(tmp):
    manager = Manager(tmp / "notify")
    yield manager
    manager.close()


def python(bundle, script):
    return bundle.host_programs().args("/usr/bin/python3", "-c", SPEAK + script)


class Running:
    """`run` in the foreground, that goes on."""

    def __init__(self, runtime, bundle, *options, **more):
        bundle.write()
        self.runtime, self.id = runtime, runtime.new_id()
        self.process = subprocess.Popen(
            runtime.command("run", "--bundle", bundle.path, *options, self.id), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    @property
    def pid(self):
        return json.loads(self.runtime.must("state", self.id).out)["pid"]

    def end(self, status=0):
        out, err = self.process.communicate(timeout=30 * host.SLOW)
        assert self.process.returncode == status, (out, err)
        return out, err


@pytest.mark.shows("run")
def test_whole_life_in_the_foreground(runtime, bundle, manager):
    bundle = python(bundle, """
def say(text):
    s.send(text)
    time.sleep(0.1)
say(b"STATUS=starting\\nEXTEND_TIMEOUT_USEC=5000000")
say(b"READY=1\\nSTATUS=up")
say(b"RELOADING=1\\nMONOTONIC_USEC=1\\n")
say(b"READY=1")
say(b"WATCHDOG_USEC=20000000")
say(b"WATCHDOG=1")
say(b"WATCHDOG=trigger")
say(b"ERRNO=5\\nSTOPPING=1")
""")
    before = time.monotonic_ns() // 1000
    run = Running(runtime, bundle, env=manager.environment)
    manager.wait("READY=1")
    pid = run.pid
    run.end()
    lines = manager.lines
    stamp = next(line for line in lines if line.startswith("MONOTONIC_USEC="))
    assert before < int(stamp.partition("=")[2]) < time.monotonic_ns() // 1000
    assert [line for line in lines if line != stamp] == [
        "STATUS=starting", "EXTEND_TIMEOUT_USEC=5000000", f"MAINPID={pid}", "READY=1", "STATUS=up", "RELOADING=1",
        "READY=1", "WATCHDOG_USEC=20000000", "WATCHDOG=1", "WATCHDOG=trigger", "ERRNO=5", "STOPPING=1"]
    assert {sender for _, sender, _ in manager.messages} == {run.process.pid}, "the runtime speaks for all"
    assert manager.messages[-1][0] == "BARRIER=1" and manager.messages[-1][2] == 1


@pytest.mark.shows("run")
def test_output_does_not_wait_for_readiness(runtime, bundle, manager):
    run = Running(runtime, bundle.sh("echo early; sleep 0.5; exit 7"), env=manager.environment)
    assert run.process.stdout.readline() == "early\n"
    run.end(7)
    assert manager.messages == []


@pytest.mark.shows("run")
def test_signals_are_passed_on_before_readiness(runtime, bundle, manager):
    run = Running(runtime, bundle.sh("trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done"),
                  env=manager.environment)
    assert run.process.stdout.readline() == "up\n"
    run.process.send_signal(signal.SIGTERM)
    run.end(9)


@pytest.mark.shows("run --detach", "start")
@pytest.mark.parametrize("how", ["start", "run"])
def test_detached_until_ready(runtime, bundle, manager, how):
    """It ends when the manager has taken READY=1 and all before; what comes later nobody passes on."""
    bundle = python(bundle, """
for text in (b"STATUS=one", b"STATUS=two", b"READY=1"):
    time.sleep(0.2)
    s.send(text)
time.sleep(1)
try:
    s.send(b"STATUS=late")
except OSError:
    pass
time.sleep(100)
""")
    bundle.write()
    name = runtime.new_id()
    started = time.monotonic()
    if how == "run":
        command = ["run", "--detach"]
    else:
        assert subprocess.run(runtime.command("create", "--bundle", bundle.path, name), env=manager.environment,
                              stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                              timeout=30 * host.SLOW).returncode == 0
        command = ["start"]
    run = subprocess.run(runtime.command(*command, *(["--bundle", bundle.path] if how == "run" else []), name),
                         timeout=30 * host.SLOW,
                         env=manager.environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    assert run.returncode == 0 and time.monotonic() - started > 0.5
    assert [line for line in manager.lines if not line.startswith("MAINPID")] == ["STATUS=one", "STATUS=two", "READY=1"]
    assert manager.messages[-1][0] == "BARRIER=1", "it waits until all is taken"
    time.sleep(1.2)
    assert "late" not in str(manager.messages)


@pytest.mark.shows("start")
def test_start_of_a_container_that_ends_without_a_word(runtime, bundle, manager):
    container = runtime.create(bundle.sh("exit 3"), env=manager.environment)
    container.must("start", timeout=10 * host.SLOW)
    assert manager.messages == []


@pytest.mark.shows("start")
def test_start_behind_one_that_was_killed(runtime, bundle, manager):
    """The socket that it had bound is still there."""
    container = runtime.create(python(bundle, "s.send(b'READY=1')"), env=manager.environment)
    left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.bind(str(container.state_dir / "notify/notify.sock"))
    left.close()
    container.must("start", timeout=10 * host.SLOW)
    assert "READY=1" in manager.lines


@pytest.mark.shows("start")
def test_other_commands_while_start_waits(runtime, bundle, manager):
    container = runtime.create(bundle.sleep(), env=manager.environment)
    start = subprocess.Popen(runtime.command("start", container.id))
    host.wait_until(lambda: container.status == "running")
    container.must("kill", "KILL", timeout=5 * host.SLOW)
    assert start.wait(10 * host.SLOW) == 0
    container.must("delete", timeout=5 * host.SLOW)


@pytest.mark.needs(lambda: shutil.which("systemd-notify"), "no systemd-notify here")
def test_systemd_notify_is_the_sender(runtime, bundle, manager):
    """libsystemd's sd_notify(3), with its own barrier, inside."""
    bundle.host_programs().args("/usr/bin/sh", "-c", "systemd-notify --ready --status='all is well' && "
                               "NOTIFY_SOCKET=$NOTIFY_SOCKET systemd-notify STOPPING=1 WATCHDOG=1 && echo sent")
    out, _ = Running(runtime, bundle, env=manager.environment).end()
    assert out == "sent\n", "its barrier was answered"
    assert {"READY=1", "STATUS=all is well", "STOPPING=1", "WATCHDOG=1"} <= set(manager.lines)
    assert sum(line.startswith("MAINPID=") for line in manager.lines) == 1


def test_barrier_of_the_container(runtime, bundle, manager):
    """Its descriptor is closed when what it said before has been passed on; it goes no further."""
    bundle = python(bundle, """
r, w = os.pipe()
s.send(b"STATUS=before")
socket.send_fds(s, [b"BARRIER=1"], [w])
os.close(w)
os.read(r, 1)
print("answered", flush=True)
""")
    out, _ = Running(runtime, bundle, env=manager.environment).end()
    assert out == "answered\n"
    assert manager.lines == ["STATUS=before"]


def test_what_is_not_passed_on(runtime, bundle, manager):
    bundle = python(bundle, """
fd = os.open("/", os.O_RDONLY)
for text in (b"MAINPID=1", b"NOTIFYACCESS=all", b"BUSERROR=x", b"EXIT_STATUS=0", b"X_WHAT=1", b"", b"READY",
             b"READY=1\\0", b"STATUS=" + b"x" * 5000, b"STATUS=x" * 10000):
    s.send(text)
socket.send_fds(s, [b"FDSTORE=1\\nFDNAME=x\\nSTATUS=with a descriptor"], [fd])
socket.send_fds(s, [b"FDSTOREREMOVE=1\\nFDNAME=x"], [fd] * 100)
s.send(b"STATUS=\\x1b]0;evil\\x07 \\x9b \\xff")
s.send(b"MAINPID=1\\nREADY=1")
""")
    run = Running(runtime, bundle, env=manager.environment)
    manager.sock.settimeout(5)
    _, err = run.end()
    assert err == ""
    pid = next(line for line in manager.lines if line.startswith("MAINPID=")).partition("=")[2]
    assert int(pid) > 1
    assert [text for text, _, _ in manager.messages[:1]] == ["STATUS=with a descriptor"]
    assert all(fds == 0 for text, _, fds in manager.messages if text != "BARRIER=1")
    assert manager.lines[-2:] == [f"MAINPID={pid}", "READY=1"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", "".join(text for text, _, _ in manager.messages))


def test_manager_that_is_slow(runtime, bundle, tmp):
    """Its queue is full: the container waits, but neither its output nor signals do, and nothing is lost."""
    manager = Manager(tmp / "slow", reads=False)
    bundle = python(bundle, """
import signal
signal.signal(signal.SIGUSR1, lambda *a: print("signalled", flush=True))
print("begin", flush=True)
for i in range(1500):
    while True:
        try:
            s.send(b"STATUS=%d" % i)
            break
        except InterruptedError:
            pass
print("end", flush=True)
""")
    run = Running(runtime, bundle, env=manager.environment)
    assert run.process.stdout.readline() == "begin\n"
    time.sleep(0.5)
    run.process.send_signal(signal.SIGUSR1)
    assert run.process.stdout.readline() == "signalled\n"
    manager.reads.set()
    run.end()
    manager.close()
    assert manager.lines == [f"STATUS={i}" for i in range(1500)]


def test_manager_that_goes_away(runtime, bundle, tmp):
    """An error is said, and the container goes on."""
    manager = Manager(tmp / "gone")
    bundle = python(bundle, """
s.send(b"READY=1")
time.sleep(0.5)
for i in range(5):
    try:
        s.send(b"STATUS=%d" % i)
    except OSError:
        pass
    time.sleep(0.1)
sys.exit(4)
""")
    run = Running(runtime, bundle, env=manager.environment)
    manager.wait("READY=1")
    manager.close()
    _, err = run.end(4)
    assert err.count("NOTIFY_SOCKET") == 1


@pytest.mark.parametrize("address", ["/no/such/socket", "relative", "@", "/" + "x" * 200])
def test_bad_addresses(runtime, bundle, address):
    """Found before anything runs."""
    bundle.writable().sh("echo ran > /ran")
    result = runtime.run(bundle, env={**os.environ, "NOTIFY_SOCKET": address})
    assert result.status == 1 and "NOTIFY_SOCKET" in result.err
    assert not (bundle.rootfs / "ran").exists() and runtime.ids() == []


def test_abstract_address(runtime, bundle):
    manager = Manager(f"@hako-test-{os.getpid()}-{time.monotonic_ns()}")
    run = Running(runtime, python(bundle, 's.send(b"READY=1")'), env=manager.environment)
    run.end()
    manager.close()
    assert "READY=1" in manager.lines


def test_user_namespace_and_another_user(runtime, bundle, manager):
    bundle = python(bundle.user_namespace(), 's.send(b"READY=1"); print(os.getuid())')
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    out, _ = Running(runtime, bundle, env=manager.environment).end()
    assert out == "1000\n" and "READY=1" in manager.lines


def test_container_does_not_reach_the_managers_socket(runtime, bundle, manager):
    bundle.sh("echo $NOTIFY_SOCKET; ls /run/notify; touch /run/notify/x && echo writable")
    out, err = Running(runtime, bundle, env=manager.environment).end(1)
    assert out.split() == ["/run/notify/notify.sock", "notify.sock"] and manager.path not in out
    assert "ead-only" in err


# The real manager

def systemctl(*args):
    return subprocess.run(["systemctl", *args], capture_output=True, text=True, timeout=60 * host.SLOW).stdout


def show(unit, name):
    return systemctl("show", "--value", "--property", name, unit).strip()


@pytest.mark.needs(lambda: os.path.isdir("/run/systemd/system"), "systemd does not run here")
@pytest.mark.shows("run")
def test_systemd(runtime, bundle):
    """docs/notify.md's unit: it starts when the container is ready, shows its status, asks it to stop."""
    bundle.env(PATH="/usr/bin:/bin")
    python(bundle, """
import signal
def stop(*ignored):
    s.send(b"STOPPING=1\\nSTATUS=stopping")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
time.sleep(1)
s.send(b"READY=1\\nSTATUS=all is well")
time.sleep(1)
s.send(b"STATUS=later")
signal.pause()
""").write()
    name = runtime.new_id()
    unit = f"{name}.service"
    started = time.monotonic()
    end = " ".join(runtime.command("delete", "--force", name))
    try:
        subprocess.run(["systemd-run", "--unit", unit, "--property=Type=notify", "--property=NotifyAccess=all",
                        "--property=KillMode=mixed", f"--property=ExecStopPost=-{end}", "--collect", "--quiet",
                        *runtime.command("run", "--bundle", bundle.path, name)], check=True, timeout=60 * host.SLOW)
        assert time.monotonic() - started > 1, "it waits for READY=1"
        pid = json.loads(runtime.must("state", name).out)["pid"]
        assert show(unit, "MainPID") == str(pid)
        assert show(unit, "ActiveState") == "active"
        host.wait_until(lambda: show(unit, "StatusText") == "later")
        systemctl("stop", unit)
        assert show(unit, "ActiveState") != "active" and not host.is_alive(pid)
        host.wait_until(lambda: name not in runtime.ids(), "the container's deletion")
    finally:
        systemctl("kill", "--signal=KILL", unit)
        systemctl("stop", unit)
