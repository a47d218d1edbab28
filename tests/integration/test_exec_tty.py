"""exec with a terminal: through a console socket, and on our own."""

import os
import pty
import re
import signal
import socket
import subprocess
import termios
import threading
from pathlib import Path

import pytest

import host
from test_exec import container, fails, process_file  # noqa: F401 (fixtures)
from test_sockets import listen_for_fd
from test_tty import Foreground, console, read_terminal  # noqa: F401 (a fixture)

pytestmark = pytest.mark.shows("exec --tty")


def exec_with_console(container, console, *args, options=()):
    """(text, master) of a detached exec with that console socket."""
    received = {}
    thread = threading.Thread(target=lambda: received.update(zip(("text", "fd"), console())))
    thread.start()
    result = container.exec(*args, options=["--detach", "--console-socket", console.path, *options])
    assert result.status == 0, result.err
    thread.join(20)
    return received["text"], received["fd"]


@pytest.mark.shows("exec --console-socket")
def test_console_socket(container, console):
    text, master = exec_with_console(
        container, console, "sh", "-c",
        "test -t 0 -a -t 1 -a -t 2 && echo all; echo through > /dev/tty; sleep 0.2", options=["-t"])
    assert os.isatty(master)
    assert re.fullmatch(r"/dev/pts/\d+", text)
    assert "all\nthrough\n" in read_terminal(master, "through\n")


@pytest.mark.shows("exec --console-socket", "exec --process")
def test_console_of_a_process_file(container, console, process_file):
    path = process_file(args=["sh", "-c", "stty size; stat -L -c 'owner %u' /dev/fd/0; sleep 0.2"],
                        terminal=True, user={"uid": 1000, "gid": 0},
                        consoleSize={"height": 33, "width": 111})
    _, master = exec_with_console(container, console, options=["--process", path])
    assert "33 111\nowner 1000\n" in read_terminal(master, "owner 1000\n")


def test_console_in_a_user_namespace(runtime, bundle, console):
    container = runtime.start(bundle.user_namespace().sleep())
    _, master = exec_with_console(
        container, console, "sh", "-c", "id -u; test -t 0 && echo terminal; sleep 0.2", options=["-t"])
    assert "0\nterminal" in read_terminal(master, "terminal")


@pytest.mark.shows("exec --console-socket", "exec --detach")
def test_terminal_needs_somebody_to_take_it(container, tmp):
    assert "without setting console socket" in fails(container, "true", options=["--detach", "--tty"])
    assert "cannot use console socket" in fails(
        container, "true", options=["--detach", "--console-socket", tmp / "none"])
    assert "no such file or directory" in fails(
        container, "true", options=["--detach", "--tty", "--console-socket", tmp / "none"])


def test_terminal_that_the_container_has_made_up(runtime, bundle, console):
    """CVE-2025-52565: what stands for /dev/pts/ptmx in the container must be one."""
    bundle.all_capabilities().writable().without_mount("/dev/pts")
    container = runtime.start(bundle.sh("mkdir -p /dev/pts; ln -s /bin /dev/pts/ptmx; echo ready;"
                                        "while :; do sleep 0.05; done"))
    container.wait_output("ready")
    result = container.exec("true", options=["-t"])
    assert result.status == 255
    assert "/dev/pts/ptmx" in result.err


class ExecForeground(Foreground):
    """`exec -t` with a terminal of our own as its stdio."""

    def __init__(self, container, *args, rows=24, columns=80):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        runtime = container.runtime
        self.process = subprocess.Popen(
            [runtime.program, "--root", str(runtime.root), "exec", "-t", container.id, *args],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        self.slave = slave


def test_foreground(container):
    run = ExecForeground(container, "sh", "-c", "stty size; echo done; exit 3", rows=40, columns=132)
    status, text = run.end()
    assert status == 3
    assert "40 132\ndone\n" in text


def test_foreground_input_and_resize(container):
    run = ExecForeground(container, "sh", "-c", "echo ready; read line; echo got $line; stty size")
    read_terminal(run.master, "ready")
    host.wait_until(lambda: not termios.tcgetattr(run.slave)[3] & termios.ICANON)
    run.resize(50, 150)
    os.kill(run.process.pid, signal.SIGWINCH)
    host.time.sleep(0.2)
    os.write(run.master, b"some words\r")
    text = read_terminal(run.master, "50 150")
    assert "got some words" in text and "50 150" in text
    assert run.process.wait(20) == 0
    assert termios.tcgetattr(run.slave)[:4] == run.before[:4]
    run.end()


def test_foreground_restores_the_terminal_when_it_fails(container):
    run = ExecForeground(container, "nosuch")
    status, text = run.end()
    assert status == 255
    assert "executable file not found" in text
    assert run.before[3] & termios.ICANON


@pytest.mark.shows("exec --tty")
def test_no_terminal_by_the_crun_form(container):
    assert container.exec("sh", "-c", "test -t 0", options=["-t=false"]).status == 1


def test_signals_go_to_the_process(container):
    runtime = container.runtime
    process = subprocess.Popen(
        [runtime.program, "--root", str(runtime.root), "exec", container.id, "sh", "-c",
         "trap 'echo caught; exit 7' USR1; echo ready; while :; do sleep 0.05; done"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGUSR1)
    assert process.communicate(timeout=20)[0] == "caught\n"
    assert process.returncode == 7


@pytest.mark.shows("exec --pidfd-socket")
def test_pidfd_socket(container, tmp):
    take = listen_for_fd(tmp / "sock")
    result = container.exec("sleep", "60", options=[
        "--detach", "--pidfd-socket", tmp / "sock", "--pid-file", tmp / "pid"])
    assert result.status == 0, result.err
    text, fds = take()
    assert text == b"setns" and len(fds) == 1
    info = Path(f"/proc/self/fdinfo/{fds[0]}").read_text()
    assert re.search(r"^Pid:\s+(\d+)", info, re.M)[1] == (tmp / "pid").read_text()
    os.close(fds[0])


@pytest.mark.shows("exec --pidfd-socket", "exec --pid-file")
def test_failure_leaves_no_pid_file(container, tmp):
    error = fails(container, "sleep", "60", options=[
        "--detach", "--pidfd-socket", tmp / "none", "--pid-file", tmp / "pid"])
    assert "no such file or directory" in error
    fails(container, "nosuch", options=["--detach", "--pid-file", tmp / "pid"])
    assert not (tmp / "pid").exists()
