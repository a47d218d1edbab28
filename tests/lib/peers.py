"""The counterparts of a runtime that passes descriptors: who takes a terminal or a pidfd, a seccomp agent."""

import array
import ctypes
import fcntl
import json
import os
import re
import select
import socket
import struct
import threading
import time

import pytest

import host

x86_64 = pytest.mark.needs(lambda: os.uname().machine == "x86_64", "system call numbers of x86_64")

MKDIR, MKDIRAT, ADD_KEY, KEYCTL = 83, 258, 248, 250
RECEIVE, SEND, ID_VALID = 0xC0502100, 0xC0182101, 0x40082102
SESSION = -3


class Listener:
    """A stream socket that takes what comes on each connection: (data, descriptors, flags) until its end."""

    def __init__(self, path):
        self.path = str(path)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(4)
        self.server.settimeout(20 * host.SLOW)
        self.taken = []

    def take(self):
        with self.server.accept()[0] as connection:
            connection.settimeout(20 * host.SLOW)
            data, fds, flags, _ = socket.recv_fds(connection, 1 << 16, 16)
            while True:
                more = connection.recv(1 << 16)
                if not more:
                    break
                data += more
        self.taken += fds
        return data, fds, flags

    def in_background(self):
        result = []
        thread = threading.Thread(target=lambda: result.append(self.take()), daemon=True)
        thread.start()

        def join():
            thread.join(20 * host.SLOW)
            return result[0]

        return join

    def close(self):
        self.server.close()
        for fd in self.taken:
            os.close(fd)


@pytest.fixture
def listener(tmp):
    listener = Listener(tmp / "sock")
    yield listener
    listener.close()


def read_until(fd, text, seconds=10):
    data, deadline = b"", time.monotonic() + seconds * host.SLOW
    os.set_blocking(fd, False)
    while text not in data:
        assert time.monotonic() < deadline, f"no {text} in {data}"
        try:
            data += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.01)
    return data


class Agent:
    """Makes the directories that the container asks for, as root of the host and where it wants, and says
    that it was the container's own call. messages: the states that came, one for each listener."""

    def __init__(self, path):
        self.listener = Listener(path)
        self.calls, self.messages, self.ended = [], [], 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                data, fds, _ = self.listener.take()
            except OSError:  # closed
                return
            assert len(fds) == 1
            self.messages.append(json.loads(data))
            threading.Thread(target=self.serve, args=fds, daemon=True).start()

    def serve(self, fd):
        """Until every process with the filter is gone: before Linux 6.11 only poll(2) tells."""
        listener = select.poll()
        listener.register(fd, select.POLLIN)
        while listener.poll()[0][1] & select.POLLIN:
            request = array.array("B", bytes(80))
            try:
                fcntl.ioctl(fd, RECEIVE, request)
            except OSError:  # who had called was killed, or is gone as all others are
                continue
            self.answer(fd, *struct.unpack_from("=QIIiIQ6Q", request))
        self.ended += 1

    def close(self):
        host.wait_until(lambda: self.ended == len(self.messages), "the listeners' end")
        self.listener.close()

    def answer(self, fd, cookie, pid, flags, number, arch, ip, *args):
        with open(f"/proc/{pid}/mem", "rb") as memory:
            memory.seek(args[1] if number == MKDIRAT else args[0])
            path = memory.read(256).partition(b"\0")[0].decode()
        fcntl.ioctl(fd, ID_VALID, struct.pack("=Q", cookie))  # it is still that process's memory
        self.calls.append(path)
        error = 0
        try:
            os.mkdir(f"/proc/{pid}/root/{path}")
        except OSError as e:
            error = -e.errno
        fcntl.ioctl(fd, SEND, struct.pack("=QqiI", cookie, 0, error, 0))


def validate_state(message):
    """runtime-spec, config-linux.md, "The Container Process State", with the state of runtime.md."""
    assert {"ociVersion", "fds", "pid", "state"} <= set(message) <= {"ociVersion", "fds", "pid", "metadata", "state"}
    assert message["fds"] == ["seccompFd"]
    assert re.match(r"1\.\d+\.\d+", message["ociVersion"]) and isinstance(message["pid"], int)
    state = message["state"]
    assert {"ociVersion", "id", "status", "pid", "bundle"} <= set(state)
    assert set(state) <= {"ociVersion", "id", "status", "pid", "bundle", "annotations"}
    assert re.match(r"1\.\d+\.\d+", state["ociVersion"])


def notify_profile(bundle, **more):
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                               "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}], **more}


def has_keys():
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(KEYCTL, 0, SESSION, 0) >= 0 or ctypes.get_errno() != 38


keys = pytest.mark.needs(has_keys, "no keyrings in this kernel, or a filter around us")
