"""Terminals: the console socket, /dev/console, and `run` in the foreground of a terminal."""

import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

import host


@pytest.fixture
def console(tmp):
    """A console socket; receive() gives (text, the pty's master)."""
    server = socket.socket(socket.AF_UNIX)
    path = str(tmp / "console.sock")
    server.bind(path)
    server.listen(1)
    server.settimeout(20)
    masters = []

    def receive():
        connection, _ = server.accept()
        connection.settimeout(20)
        data, fds, _, _ = socket.recv_fds(connection, 4096, 4)
        assert len(fds) == 1
        masters.append(fds[0])
        rest = connection.recv(10)
        connection.close()
        assert rest == b"", "one message, then the end"
        return data.decode(), fds[0]

    receive.path = path
    yield receive
    server.close()
    for fd in masters:
        os.close(fd)


def read_terminal(fd, until=None, seconds=10):
    """Everything up to a text, or to the end."""
    data, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline and not (until and until.encode() in data):
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            chunk = os.read(fd, 4096)
        except OSError:  # EIO: no slave is open any more
            break
        if not chunk:
            break
        data += chunk
    return data.decode().replace("\r\n", "\n")


def create_with_console(runtime, bundle, console):
    bundle.process["terminal"] = True
    received = {}
    thread = threading.Thread(target=lambda: received.update(zip(("text", "fd"), console())))
    thread.start()
    container = runtime.create(bundle, "--console-socket", console.path)
    thread.join(20)
    return container, received["text"], received["fd"]


@pytest.mark.shows("create --console-socket")
def test_console_socket(runtime, bundle, console):
    container, text, master = create_with_console(
        runtime, bundle.sh("tty; test -t 0 -a -t 1 -a -t 2 && echo all; sleep 0.2"), console)
    assert os.isatty(master)
    assert re.fullmatch(r"/dev/(pts/\d+|ptmx)", text.rstrip("\0"))
    container.must("start")
    assert re.match(r"/dev/(pts/0|console)\nall\n", read_terminal(master, "all\n"))
    assert container.output == ""


@pytest.mark.shows("create --console-socket")
def test_controlling_terminal(runtime, bundle, console):
    container, _, master = create_with_console(
        runtime, bundle.sh("cat /proc/self/stat; echo through > /dev/tty; sleep 0.2"), console)
    container.must("start")
    text = read_terminal(master, "through")
    assert "through" in text
    assert int(text.rpartition(")")[2].split()[4]) > 0


def test_interrupt_key(runtime, bundle, console):
    container, _, master = create_with_console(
        runtime, bundle.sh("trap 'echo interrupted; exit 5' INT; echo ready; "
                           "while :; do sleep 0.05; done"), console)
    container.must("start")
    read_terminal(master, "ready")
    os.write(master, b"\x03")
    assert "interrupted" in read_terminal(master, "interrupted")
    container.wait_stopped()


def test_dev_console(runtime, bundle, console):
    container, _, master = create_with_console(
        runtime, bundle.sh("echo by console > /dev/console; ls -l /dev/console; sleep 0.2"), console)
    container.must("start")
    text = read_terminal(master, "136")
    assert "by console" in text
    assert re.search(r"crw.* 136, ", text)


def test_no_dev_console_without_a_terminal(runtime, bundle):
    assert runtime.run(bundle.sh("test -e /dev/console")).status == 1


def test_console_size(runtime, bundle, console):
    bundle.process["consoleSize"] = {"height": 33, "width": 111}
    container, _, master = create_with_console(runtime, bundle.sh("stty size; sleep 0.2"), console)
    assert struct.unpack("4H", fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8)))[:2] == (33, 111)
    container.must("start")
    assert "33 111" in read_terminal(master, "33 111")


def test_terminal_belongs_to_the_user(runtime, bundle, console):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    container, _, master = create_with_console(
        runtime, bundle.sh("stat -L -c 'owner %u' /proc/self/fd/0; sleep 0.2"), console)
    container.must("start")
    assert "owner 1000" in read_terminal(master, "owner 1000")


def test_console_in_a_user_namespace(runtime, bundle, console):
    container, _, master = create_with_console(
        runtime, bundle.user_namespace().sh("id -u; test -t 0 && echo terminal; sleep 0.2"), console)
    container.must("start")
    assert "0\nterminal" in read_terminal(master, "terminal")


def test_console_path_is_a_link(runtime, bundle, console, tmp):
    """CVE-2026-88264: nothing may be made where the image's /dev/console leads."""
    (tmp / "dev").mkdir()
    (tmp / "dev" / "console").symlink_to(str(tmp / "made"))
    bundle.config["mounts"] = [m for m in bundle.mounts if m["destination"] not in (
        "/dev", "/dev/shm", "/dev/mqueue")]
    bundle.mounts.insert(1, {"destination": "/dev", "type": "bind", "source": str(tmp / "dev"),
                             "options": ["bind"]})
    bundle.process["terminal"] = True
    bundle.write()
    thread = threading.Thread(target=lambda: pytest.raises(OSError, console) or None, daemon=True)
    runtime.call("create", "--bundle", bundle.path, "--console-socket", console.path,
                 runtime.new_id(), timeout=30)
    del thread
    assert not (tmp / "made").exists()


def test_create_with_terminal_needs_a_socket(runtime, bundle):
    bundle.process["terminal"] = True
    result = runtime.fails(bundle, command="create", foreseen=False)
    assert "cannot allocate tty if" in result.err
    assert "will detach without setting console socket" in result.err


@pytest.mark.shows("create --console-socket")
def test_socket_without_terminal(runtime, bundle, console):
    result = runtime.fails(bundle, "--console-socket", console.path, command="create")
    assert "cannot use console socket if" in result.err


@pytest.mark.shows("create --console-socket")
def test_missing_console_socket(runtime, bundle, tmp):
    bundle.process["terminal"] = True
    result = runtime.fails(bundle, "--console-socket", tmp / "missing.sock", command="create")
    assert "no such file or directory" in result.err


# Foreground

class Foreground:
    """`run` with a terminal of our own as its stdio."""

    def __init__(self, runtime, bundle, rows=24, columns=80):
        bundle.process["terminal"] = True
        bundle.write()
        self.id = runtime.new_id()
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [runtime.program, "--root", str(runtime.root), "run", "--bundle", str(bundle.path), self.id],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        self.slave = slave

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def end(self):
        os.close(self.slave)
        text = read_terminal(self.master)
        status = self.process.wait(20)
        os.close(self.master)
        return status, text


def test_foreground(runtime, bundle):
    run = Foreground(runtime, bundle.sh("tty; stty size; echo done; exit 3"), 40, 132)
    status, text = run.end()
    assert status == 3
    assert re.search(r"/dev/(pts/0|console)\n40 132\ndone\n", text)


def test_foreground_input(runtime, bundle):
    run = Foreground(runtime, bundle.sh("echo ready; read line; echo got $line"))
    read_terminal(run.master, "ready")
    os.write(run.master, b"some words\r")
    assert "got some words" in read_terminal(run.master, "got some words")
    assert run.end()[0] == 0


def test_foreground_restores_the_terminal(runtime, bundle):
    run = Foreground(runtime, bundle.sh("echo ready; read line"))
    read_terminal(run.master, "ready")
    host.wait_until(lambda: not termios.tcgetattr(run.slave)[3] & termios.ICANON)
    os.write(run.master, b"\r")
    run.process.wait(20)
    assert termios.tcgetattr(run.slave)[:4] == run.before[:4]
    run.end()


def test_foreground_resize(runtime, bundle):
    run = Foreground(runtime, bundle.sh("echo ready; read line; stty size"))
    read_terminal(run.master, "ready")
    run.resize(50, 150)
    os.kill(run.process.pid, 28)  # SIGWINCH
    time.sleep(0.3)
    os.write(run.master, b"\r")
    status, text = run.end()
    assert "50 150" in text


# The process leaves its terminal, for longer than it takes to see that.
LEAVE = "echo first; exec 0<&- 1>&- 2>&-; sleep 0.5; echo back > /dev/console; "


def test_foreground_terminal_that_is_opened_again(runtime, bundle):
    """As an init system does it: what follows is neither lost nor the end."""
    run = Foreground(runtime, bundle.sh(
        LEAVE + "sleep 0.5; exec 0<>/dev/console 1>&0 2>&0; echo ready; read line; echo got $line; exit 7"))
    assert "first\nback\nready\n" in read_terminal(run.master, "ready\n")
    os.write(run.master, b"some words\r")
    status, text = run.end()
    assert status == 7
    assert "got some words\n" in text


def test_foreground_last_words_on_a_terminal_that_was_left(runtime, bundle):
    status, text = Foreground(runtime, bundle.sh(LEAVE + "exit 3")).end()
    assert status == 3
    assert text == "first\nback\n"


def test_foreground_much_output(runtime, bundle):
    """Nothing is lost at the end."""
    run = Foreground(runtime, bundle.sh("seq 1 20000; echo the end"))
    status, text = run.end()
    assert status == 0
    assert text.endswith("19999\n20000\nthe end\n")
