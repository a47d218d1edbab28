"""Sockets of the caller that the runtime speaks to: the pidfd socket, the console socket."""

import os
import re
import select
import socket
import threading
from pathlib import Path

import pytest


def listen_for_fd(path):
    """A thread that takes the one message of the one connection; join() gives (text, fds)."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen(1)
    server.settimeout(20)
    result = []

    def take():
        with server, server.accept()[0] as connection:
            text, fds, _, _ = socket.recv_fds(connection, 256, 4)
            result.extend([text, fds])

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return lambda: (thread.join(20), *result)[1:]


@pytest.mark.shows("create --pidfd-socket")
@pytest.mark.hako_only
@pytest.mark.shows("create --pidfd-socket")
def test_pidfd_socket(runtime, bundle, tmp):
    take = listen_for_fd(tmp / "sock")
    container = runtime.create(bundle.sleep(), "--pidfd-socket", tmp / "sock")
    text, fds = take()
    assert text == b"standard"
    assert len(fds) == 1
    info = Path(f"/proc/self/fdinfo/{fds[0]}").read_text()
    assert int(re.search(r"^Pid:\s+(\d+)", info, re.M)[1]) == container.pid
    container.must("kill", "KILL")
    assert select.select(fds, [], [], 10)[0] == fds
    os.close(fds[0])
    container.must("delete")


@pytest.mark.hako_only
@pytest.mark.shows("create --pidfd-socket")
def test_pidfd_socket_that_nobody_listens_on(runtime, bundle, tmp):
    result = runtime.fails(bundle.sleep(), "--pidfd-socket", tmp / "missing", command="create")
    assert "no such file or directory" in result.err
    assert runtime.ids() == []


@pytest.mark.shows("create --console-socket")
def test_console_socket_that_nobody_listens_on(runtime, bundle, tmp):
    bundle.process["terminal"] = True
    result = runtime.fails(bundle, "--console-socket", tmp / "missing", command="create")
    assert "no such file or directory" in result.err
    assert runtime.ids() == []
