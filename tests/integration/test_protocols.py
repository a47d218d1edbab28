"""Descriptors and sockets between a caller and a container, each with a real counterpart: the console
socket, the pidfd socket, a seccomp agent, keyrings, socket activation, pid files."""

import fcntl
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import termios
import threading

import pytest

import host
from peers import ADD_KEY, KEYCTL, SESSION, Agent, Listener, keys, notify_profile, read_until, validate_state, x86_64

pytestmark = [pytest.mark.hako_only]

IDLE = "while :; do sleep 0.05; done"


# The console socket

@pytest.mark.shows("create --console-socket", "run --console-socket", "run --detach")
@pytest.mark.parametrize("command", ["create", "run"])
def test_console(runtime, bundle, listener, command):
    """One message with one descriptor and the name; it is the terminal that controls the container."""
    bundle.process["terminal"] = True
    bundle.sh("trap 'stty size' WINCH; tty > /dev/null && echo ready; while :; do read -r x && echo got $x; done")
    join = listener.in_background()
    if command == "create":
        container = runtime.create(bundle, "--console-socket", listener.path)
        name = container.id
        runtime.must("start", name)
    else:
        name = runtime.new_id()
        bundle.write()
        runtime.must("run", "--detach", "--bundle", bundle.path, "--console-socket", listener.path, name)
    data, fds, flags = join()
    assert len(fds) == 1 and not flags & socket.MSG_CTRUNC
    assert re.fullmatch(rb"/dev/(pts/\d+|ptmx)", data)
    master = fds[0]
    read_until(master, b"ready")
    pid = json.loads(runtime.must("state", name).out)["pid"]
    assert int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[4]) != 0, "it controls"
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("4H", 31, 97, 0, 0))
    read_until(master, b"31 97")
    os.write(master, b"words\n")
    read_until(master, b"got words")
    runtime.must("delete", "--force", name)


@pytest.mark.shows("create --console-socket")
def test_console_socket_with_a_long_path(runtime, bundle, tmp):
    """Longer than an address has room for."""
    deep = tmp / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    fd = os.open(deep, os.O_PATH)
    listener = Listener(f"/proc/self/fd/{fd}/s")
    try:
        bundle.process["terminal"] = True
        join = listener.in_background()
        runtime.create(bundle.sh("true"), "--console-socket", deep / "s")
        assert len(join()[1]) == 1
    finally:
        listener.close()
        os.close(fd)


@pytest.mark.shows("create --console-socket")
def test_console_socket_that_is_a_file(runtime, bundle, tmp):
    (tmp / "file").touch()
    bundle.process["terminal"] = True
    result = runtime.fails(bundle, "--console-socket", tmp / "file", command="create")
    assert "connection refused" in result.err and runtime.ids() == []


# The pidfd socket

PARENT = """
import ctypes, os, signal, socket, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: init becomes our child
path, program, root, bundle, name, command = sys.argv[1:]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
options = ["--detach"] if command == "run" else []
subprocess.run([program, "--root", root, command, *options, "--bundle", bundle, "--pidfd-socket", path, name],
               check=True, stdin=subprocess.DEVNULL, timeout=300)
with server.accept()[0] as connection:
    data, fds, flags, _ = socket.recv_fds(connection, 100, 10)
    rest = connection.recv(10)
assert (data, len(fds), flags, rest) == (b"standard", 1, 0, b""), (data, fds, flags, rest)
signal.pidfd_send_signal(fds[0], 0)
if command == "create":
    subprocess.run([program, "--root", root, "start", name], check=True, timeout=300)
import time
while not os.path.exists(bundle + "/rootfs/ready"):
    time.sleep(0.01)
signal.pidfd_send_signal(fds[0], signal.SIGTERM)
result = os.waitid(os.P_PIDFD, fds[0], os.WEXITED)
print(result.si_status, result.si_code == os.CLD_EXITED)
try:
    signal.pidfd_send_signal(fds[0], 0)
except ProcessLookupError:
    print("gone")
"""


@pytest.mark.shows("create --pidfd-socket", "run --pidfd-socket")
@pytest.mark.parametrize("command", ["create", "run"])
def test_pidfd_is_good_for_everything(runtime, bundle, tmp, command):
    bundle.writable().sh("trap 'exit 23' TERM; echo > /ready; " + IDLE).write()
    name = runtime.new_id()
    result = subprocess.run([sys.executable, "-c", PARENT, tmp / "sock", runtime.program, runtime.root, bundle.path,
                             name, command], capture_output=True, text=True, timeout=60 * host.SLOW)
    assert result.stdout.split() == ["23", "True", "gone"], result.stderr
    runtime.must("delete", "--force", name)


# The seccomp agent

@x86_64
@pytest.mark.shows("create", "run")
@pytest.mark.parametrize("how", ["listenerPath", "environment"])
def test_seccomp_agent_does_the_work(runtime, bundle, tmp, how):
    agent = Agent(tmp / "agent")
    bundle.config["annotations"] = {"org.example": "x"}
    more, env = {}, dict(os.environ)
    if how == "listenerPath":
        more = {"listenerPath": str(tmp / "agent"), "listenerMetadata": "for the agent"}
    else:
        env["RUN_OCI_SECCOMP_RECEIVER"] = str(tmp / "agent")
    notify_profile(bundle.writable(), **more)
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.sh("mkdir /made && ls -d /made; mkdir /made || echo again; sleep 0.2")
    name = runtime.new_id()
    result = runtime.run(bundle, id=name, env=env)
    assert result.out == "/made\nagain\n", result.err
    assert "File exists" in result.err
    assert agent.calls == ["/made", "/made"]
    assert (bundle.rootfs / "made").stat().st_uid == 0, "root has made it"
    message, = agent.messages
    validate_state(message)
    assert message.get("metadata") == more.get("listenerMetadata")
    state = message["state"]
    assert (state["id"], state["status"], state["bundle"]) == (name, "creating", str(bundle.path))
    assert state["annotations"] == {"org.example": "x"} and state["pid"] == message["pid"] > 1
    agent.close()


@x86_64
@pytest.mark.parametrize("what", ["file", "not listening", "missing"])
def test_seccomp_agent_that_cannot_be_reached(runtime, bundle, tmp, what):
    if what == "file":
        (tmp / "agent").touch()
    elif what == "not listening":
        socket.socket(socket.AF_UNIX).bind(str(tmp / "agent"))
    notify_profile(bundle, listenerPath=str(tmp / "agent"))
    result = runtime.fails(bundle.sh("true"), command="create", foreseen=what == "missing")
    assert "/linux/seccomp/listenerPath" in result.err
    assert "no such file" in result.err if what == "missing" else "connection refused" in result.err
    assert runtime.ids() == []


# Keyrings

CALLER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall(250, 1, b"hkt-caller") > 0  # KEYCTL_JOIN_SESSION_KEYRING
assert libc.syscall(248, b"user", b"hkt-secret", b"value", 5, -3) > 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def in_a_session(runtime, bundle, *options):
    """`run` by a caller with a key in a session keyring of its own."""
    bundle.write()
    return subprocess.run([sys.executable, "-c", CALLER, runtime.program, "--root", str(runtime.root), "run", "--bundle",
                           str(bundle.path), *options, runtime.new_id()], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60 * host.SLOW)


@x86_64
@keys
@pytest.mark.shows("run --no-new-keyring", "run")
@pytest.mark.parametrize("userns", [False, True])
def test_session_keyring_is_the_containers(runtime, bundle, helper, userns):
    """Of the caller's session it finds nothing, unless that is what was asked for."""
    if userns:
        bundle.user_namespace()
    bundle.bind(helper, "/helper", "ro")
    # KEYCTL_SEARCH, then KEYCTL_DESCRIBE's length
    bundle.args("/helper", "syscall", str(KEYCTL), "10", str(SESSION), "user", "hkt-secret", "0")
    result = in_a_session(runtime, bundle)
    assert result.stdout == "errno 126\n", result  # ENOKEY
    result = in_a_session(runtime, bundle, "--no-new-keyring")
    assert re.fullmatch(r"value \d+\n" if not userns else r"(value|errno) \d+\n", result.stdout), result
    # what it adds is there for it: the keyring can be written and searched by its owner
    bundle.sh(f"/helper syscall {ADD_KEY} user mine value 5 {SESSION} && /helper syscall {KEYCTL} 10 {SESSION} user mine 0")
    result = in_a_session(runtime, bundle)
    assert re.fullmatch(r"value (\d+)\nvalue \1\n", result.stdout), result


# Socket activation

SERVER = """
import os, socket
count = int(os.environ["LISTEN_FDS"])
assert int(os.environ["LISTEN_PID"]) == os.getpid()
names = os.environ.get("LISTEN_FDNAMES", "").split(":")
for number in range(count):
    s = socket.socket(fileno=3 + number)
    with s.accept()[0] as client:
        client.sendall(f"{names[number]} {os.getpid()} {client.recv(100).decode()}".encode())
"""


@pytest.mark.shows("run")
@pytest.mark.needs(lambda: shutil.which("systemd-socket-activate"), "no systemd-socket-activate here")
def test_socket_activation(runtime, bundle, tmp):
    """systemd listens, and at the first client executes the runtime; a server in the container answers."""
    bundle.host_programs().args("/usr/bin/python3", "-c", SERVER).write()
    paths = [tmp / "first", tmp / "second"]
    name = runtime.new_id()
    activate = subprocess.Popen(
        ["systemd-socket-activate", "--listen", paths[0], "--listen", paths[1], "--fdname", "one:two", "-E",
         f"PATH={os.environ['PATH']}", runtime.program, "--root", str(runtime.root), "run", "--bundle",
         str(bundle.path), name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    host.wait_until(lambda: all(path.exists() for path in paths))
    for path, word in zip(paths, ("one", "two")):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20 * host.SLOW)
            client.connect(str(path))
            client.sendall(b"hello")
            assert client.recv(100).decode() == f"{word} 1 hello"
    out, err = activate.communicate(timeout=30 * host.SLOW)
    assert activate.returncode == 0, err


def with_descriptors(runtime, bundle, sockets, options, pid="$$", **env):
    """A shell becomes `run` with these sockets from 3 on."""
    bundle.write()
    numbers = [s.fileno() for s in sockets]
    script = f'export LISTEN_PID={pid}; exec "$@" ' + " ".join(f"{3 + i}<&{n}" for i, n in enumerate(numbers)) + \
        "".join(f" {n}<&-" for n in numbers if n >= 3 + len(numbers))
    return subprocess.run(
        ["/bin/bash", "-c", script, "sh", runtime.program, "--root", str(runtime.root), "run", "--bundle",
         str(bundle.path), *options, runtime.new_id()], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60 * host.SLOW, pass_fds=numbers, env={**os.environ, **env})


SHOW = "echo ${LISTEN_FDS-none} ${LISTEN_PID-none} ${LISTEN_FDNAMES-none}; ls /proc/self/fd | tr '\\n' ' '"


@pytest.fixture
def sockets():
    """High numbers, so that a shell can put them anywhere."""
    made = []
    for _ in range(4):
        with socket.socket(socket.AF_UNIX) as s:
            made.append(socket.socket(fileno=fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 50)))
    yield made
    for s in made:
        s.close()


@pytest.mark.shows("run --preserve-fds")
@pytest.mark.parametrize("options,env,shown", [
    ([], {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}, "2 1 a:b\n0 1 2 3 4 5"),
    ([], {"LISTEN_FDS": "2"}, "2 1 none\n0 1 2 3 4 5"),
    (["--preserve-fds", "1"], {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}, "2 1 a:b\n0 1 2 3 4 5 6"),
    (["--preserve-fds", "2"], {"LISTEN_FDNAMES": "a:b"}, "none none none\n0 1 2 3 4 5"),
    ([], {}, "none none none\n0 1 2 3")])
def test_descriptors_that_are_passed(runtime, bundle, sockets, options, env, shown):
    """ls has one of its own, the last."""
    result = with_descriptors(runtime, bundle.sh(SHOW), sockets, options, **env)
    assert result.stdout.strip() == shown, result.stderr


def test_descriptors_for_another_process(runtime, bundle, sockets):
    """LISTEN_PID names the one that they are for."""
    result = with_descriptors(runtime, bundle.sh(SHOW), sockets, [], pid="1", LISTEN_FDS="2")
    assert result.stdout.strip() == "none none none\n0 1 2 3", result.stderr


@pytest.mark.shows("run --preserve-fds")
@pytest.mark.parametrize("options,env", [(["--preserve-fds", "5"], {}), ([], {"LISTEN_FDS": "5"}),
                                         (["--preserve-fds", "3"], {"LISTEN_FDS": "2"})])
def test_descriptor_that_is_missing(runtime, bundle, sockets, options, env):
    """None of the runtime's own may take its place."""
    result = with_descriptors(runtime, bundle.sh("echo ran"), sockets, options, **env)
    assert result.returncode == 1 and result.stdout == "" and "file descriptor 7" in result.stderr
    assert "not open" in result.stderr
    assert runtime.ids() == []


@pytest.mark.shows("create --preserve-fds")
def test_descriptors_through_create(runtime, bundle, sockets):
    reader, writer = os.pipe()
    low = fcntl.fcntl(writer, fcntl.F_DUPFD, 60)
    bundle.sh("echo through >&3").write()
    container = runtime.new_id()
    try:
        subprocess.run(["/bin/bash", "-c", f'exec "$@" 3<&{low}', "sh", runtime.program, "--root", str(runtime.root),
                        "create", "--bundle", str(bundle.path), "--preserve-fds", "1", container],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=30 * host.SLOW, pass_fds=[low])
        runtime.must("start", container)
        assert os.read(reader, 100) == b"through\n"
    finally:
        for fd in (reader, writer, low):
            os.close(fd)


# The pid file

@pytest.mark.shows("create --pid-file", "run --pid-file")
@pytest.mark.parametrize("command", ["create", "run"])
def test_pid_file_is_there_as_a_whole(runtime, bundle, tmp, command):
    """Whoever sees it can read it, without a newline; nobody's file is written through a link."""
    (tmp / "elsewhere").write_text("untouched")
    (tmp / "pid").symlink_to(tmp / "elsewhere")
    (tmp / ".pid").symlink_to(tmp / "elsewhere")
    seen = []
    stop = threading.Event()

    def watch():
        while not stop.is_set():
            try:
                seen.append((tmp / "pid").read_text())
            except OSError:
                pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    name = runtime.new_id()
    bundle.sleep().write()
    subprocess.run([runtime.program, "--root", str(runtime.root), command, *(["--detach"] if command == "run" else []),
                    "--bundle", str(bundle.path), "--pid-file", "pid", name], cwd=tmp, check=True, timeout=30 * host.SLOW,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stop.set()
    watcher.join()
    pid = json.loads(runtime.must("state", name).out)["pid"]
    assert (tmp / "pid").read_text() == str(pid) and not (tmp / "pid").is_symlink()
    assert set(seen) <= {"untouched", str(pid)}
    assert (tmp / "elsewhere").read_text() == "untouched"
    assert sorted(os.listdir(tmp)) == ["b0", "elsewhere", "pid"]
    runtime.must("delete", "--force", name)


@pytest.mark.shows("create --pid-file", "run --pid-file")
@pytest.mark.parametrize("command", ["create", "run"])
@pytest.mark.parametrize("path", ["no/such/pid", "b0", "dir/", "x" * 255])
def test_pid_file_that_cannot_be_written(runtime, bundle, tmp, command, path):
    (tmp / "dir").mkdir()
    result = runtime.fails(bundle.writable().sh("echo > /ran"), "--pid-file", tmp / path if path != "dir/" else
                           f"{tmp}/dir/", command=command)
    assert "pid file" in result.err
    assert runtime.ids() == [] and not (bundle.rootfs / "ran").exists()
    assert sorted(os.listdir(tmp)) == ["b0", "dir"]


@pytest.mark.shows("create --pid-file")
def test_pid_file_of_a_container_that_fails(runtime, bundle, tmp):
    bundle.hook_script("poststart", "exit 1")
    runtime.fails(bundle.sh("sleep 1"), "--pid-file", tmp / "pid")
    assert not (tmp / "pid").exists()
