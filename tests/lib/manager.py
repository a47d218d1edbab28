"""A service manager as a container's runtime sees it: what systemd does with NOTIFY_SOCKET."""

import os
import select
import socket
import struct
import threading
import time

import host

SO_PASSCRED_MAX = 16


class Manager:
    """Reads datagrams of at most 4096 bytes with the sender's credentials and descriptors, as systemd does, and
    answers barriers by closing them. messages: [(text, pid of the sender, number of descriptors)]"""

    def __init__(self, path, reads=True):
        self.path = str(path)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        address = "\0" + self.path[1:] if self.path.startswith("@") else self.path
        self.sock.bind(address)
        self.messages = []
        self.closing = False
        self.reads = threading.Event()
        if reads:
            self.reads.set()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while not self.closing:
            self.reads.wait(0.1)
            if self.reads.is_set() and select.select([self.sock], [], [], 0.05)[0]:
                self.receive()

    def receive(self):
        room = socket.CMSG_SPACE(struct.calcsize("3i")) + socket.CMSG_SPACE(4 * SO_PASSCRED_MAX)
        data, ancillary, flags, _ = self.sock.recvmsg(4096, room)
        pid, fds = 0, []
        for level, kind, content in ancillary:
            if kind == socket.SCM_CREDENTIALS:
                pid = struct.unpack("3i", content)[0]
            elif kind == socket.SCM_RIGHTS:
                fds = list(struct.unpack(f"{len(content) // 4}i", content))
        assert not flags & socket.MSG_TRUNC
        self.messages.append((data.decode(), pid, len(fds)))
        for fd in fds:  # a barrier is answered, a descriptor for the store is refused
            os.close(fd)

    @property
    def environment(self):
        return {**os.environ, "NOTIFY_SOCKET": self.path}

    @property
    def lines(self):
        """Assignments in their order, barriers left out."""
        return [line for text, _, _ in self.messages for line in text.split("\n") if line != "BARRIER=1"]

    def wait(self, line, seconds=10):
        deadline = time.monotonic() + seconds * host.SLOW
        while not any(line in text for text, _, _ in self.messages):
            assert time.monotonic() < deadline, f"no {line} in {self.messages}"
            time.sleep(0.01)

    def close(self):
        self.closing = True
        self.reads.set()
        self.thread.join()
        self.sock.close()
