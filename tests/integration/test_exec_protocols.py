"""Descriptors and sockets between a caller and a further process: as test_protocols.py, for `exec`."""

import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
import termios

import pytest

import host
from peers import ADD_KEY, KEYCTL, SESSION, Agent, keys, notify_profile, read_until, validate_state, x86_64

pytestmark = pytest.mark.hako_only

IDLE = "while :; do sleep 0.05; done"


@pytest.fixture
def container(runtime, bundle):
    return runtime.start(bundle.writable().sh(IDLE))


@pytest.mark.shows("exec --console-socket", "exec --tty")
@pytest.mark.parametrize("userns", [False, True])
def test_console_of_exec(runtime, bundle, listener, userns):
    if userns:
        bundle.user_namespace()
    container = runtime.start(bundle.sh(IDLE))
    join = listener.in_background()
    container.must("exec", "--detach", "--tty", f"--console-socket={listener.path}", "/bin/sh", "-c",
                   "trap 'stty size' WINCH; tty > /dev/null && echo ready; while :; do read -r x && echo got $x; done")
    data, fds, flags = join()
    assert len(fds) == 1 and not flags & socket.MSG_CTRUNC and re.fullmatch(rb"/dev/(pts/\d+|ptmx)", data)
    read_until(fds[0], b"ready")
    fcntl.ioctl(fds[0], termios.TIOCSWINSZ, struct.pack("4H", 31, 97, 0, 0))
    read_until(fds[0], b"31 97")
    os.write(fds[0], b"words\n")
    read_until(fds[0], b"got words")
    container.must("delete", "--force")


@pytest.mark.shows("exec --console-socket")
def test_console_socket_of_exec_that_nobody_listens_on(container, tmp):
    result = container.call("exec", "--detach", "--tty", f"--console-socket={tmp}/missing", "/bin/true")
    assert result.status == 255 and "no such file" in result.err


EXEC_PARENT = """
import ctypes, os, signal, socket, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: the process becomes our child
path, program, root, name, ready = sys.argv[1:]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
subprocess.run([program, "--root", root, "exec", "--detach", "--pidfd-socket", path, "--pid-file", path + ".pid", name,
                "/bin/sh", "-c", "trap 'exit 23' TERM; echo > /ready; while :; do sleep 0.05; done"],
               check=True, stdin=subprocess.DEVNULL, timeout=300)
with server.accept()[0] as connection:
    data, fds, flags, _ = socket.recv_fds(connection, 100, 10)
    rest = connection.recv(10)
assert (data, len(fds), flags, rest) == (b"setns", 1, 0, b""), (data, fds, flags, rest)
info = open(f"/proc/self/fdinfo/{fds[0]}").read()
assert f"Pid:\\t{open(path + '.pid').read()}\\n" in info
while not os.path.exists(ready):
    time.sleep(0.01)
signal.pidfd_send_signal(fds[0], signal.SIGTERM)
result = os.waitid(os.P_PIDFD, fds[0], os.WEXITED)
print(result.si_status, result.si_code == os.CLD_EXITED)
"""


@pytest.mark.shows("exec --pidfd-socket", "exec --pid-file", "exec --detach")
def test_pidfd_of_exec(runtime, bundle, container, tmp):
    result = subprocess.run([sys.executable, "-c", EXEC_PARENT, tmp / "sock", runtime.program, runtime.root, container.id,
                             bundle.rootfs / "ready"], capture_output=True, text=True, timeout=60 * host.SLOW)
    assert result.stdout.split() == ["23", "True"], result.stderr
    assert container.status == "running"


@pytest.mark.shows("exec --pidfd-socket")
def test_pidfd_socket_of_exec_that_nobody_listens_on(container, bundle, tmp):
    result = container.call("exec", f"--pidfd-socket={tmp}/missing", "/bin/sh", "-c", "echo > /ran")
    assert result.status == 255 and "no such file" in result.err
    assert not (bundle.rootfs / "ran").exists()


@x86_64
@pytest.mark.shows("exec")
def test_seccomp_agent_of_exec(runtime, bundle, tmp):
    """A listener of its own, and a state that says that the container runs."""
    agent = Agent(tmp / "agent")
    notify_profile(bundle.writable(), listenerPath=str(tmp / "agent"), listenerMetadata="m")
    container = runtime.start(bundle.sh(IDLE))
    host.wait_until(lambda: len(agent.messages) == 1)
    result = container.must("exec", "/bin/sh", "-c", "mkdir /made && echo $$")
    host.wait_until(lambda: len(agent.messages) == 2)
    assert agent.calls == ["/made"] and (bundle.rootfs / "made").is_dir()
    first, second = agent.messages
    validate_state(second)
    assert second["metadata"] == "m" and second["state"]["status"] == "running"
    assert second["pid"] != first["pid"] == container.pid and second["state"]["pid"] in (container.pid, second["pid"])
    assert result.out
    container.must("delete", "--force")
    agent.close()


@x86_64
@keys
@pytest.mark.shows("exec")
def test_session_keyring_of_exec(runtime, bundle, helper):
    """It is that of the container: what one process adds the other finds."""
    bundle.bind(helper, "/helper", "ro")
    container = runtime.start(bundle.sh(f"/helper syscall {ADD_KEY} user of-init value 5 {SESSION}; echo added; " + IDLE))
    container.wait_output("added")
    result = container.must("exec", "/helper", "syscall", str(KEYCTL), "10", str(SESSION), "user", "of-init", "0")
    assert re.fullmatch(r"value \d+\n", result.out), result
    result = container.must("exec", "/helper", "syscall", str(KEYCTL), "10", str(SESSION), "user", "no-such", "0")
    assert result.out == "errno 126\n"


@pytest.mark.shows("exec --preserve-fds")
def test_descriptor_of_exec_that_is_missing(runtime, container, bundle):
    """None of the runtime's own, such as its log file, may take its place."""
    for count, status, said in (2, 0, "0 1 2 3 4 5"), (3, 255, ""):
        result = subprocess.run(
            ["/bin/bash", "-c", 'exec "$@" 3</dev/null 4</dev/null', "sh", runtime.program, "--root", str(runtime.root),
             "--log", bundle.path / "log", "exec", "--preserve-fds", str(count), container.id, "/bin/sh", "-c",
             "ls /proc/self/fd | tr '\\n' ' '"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60 * host.SLOW)
        assert (result.returncode, result.stdout.strip()) == (status, said), result.stderr
    assert "file descriptor 5" in result.stderr


@pytest.mark.shows("exec --pid-file")
def test_pid_file_of_exec(runtime, container, tmp):
    (tmp / "elsewhere").write_text("untouched")
    (tmp / "pid").symlink_to(tmp / "elsewhere")
    container.must("exec", "--detach", "--pid-file=pid", "/bin/sleep", "100", cwd=tmp)
    pid = (tmp / "pid").read_text()
    assert pid.isdigit() and host.namespace(pid, "pid") == host.namespace(container.pid, "pid")
    assert (tmp / "elsewhere").read_text() == "untouched"
    result = container.call("exec", f"--pid-file={tmp}/no/such", "/bin/sh", "-c", "echo > /ran")
    assert result.status == 255 and "pid file" in result.err
