"""Containers that count, to be taken apart and put together again: what the tests of checkpoint and
restore have in common. Where the kernel is one that criu cannot work on, what needs it runs in the VM
(tests/vm)."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import host
from runtime import Container


@functools.lru_cache(maxsize=None)
def criu_works():
    """Can criu take a process of this host's kernel apart?"""
    if not shutil.which("criu"):
        return False
    return subprocess.run(["criu", "check"], capture_output=True, timeout=60 * host.SLOW).returncode == 0


needs_criu = pytest.mark.needs(criu_works, "criu is not installed, or not made for this kernel")
IMAGE = ("--image-path", "image")


def pids_cgroup(pid):
    return host.cgroup_of(pid, "pids" if host.has_v1("pids") else "")


@pytest.fixture(scope="session")
def counter(area):
    """The program that is taken apart: see counter.c."""
    compiler = shutil.which("musl-gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler for the counter")
    path = area / "counter"
    subprocess.run([compiler, "-O1", "-static", "-o", path, Path(__file__).parent / "counter.c"], check=True)
    return path


class Counting:
    """A container of the counter's, its image and what it has written."""

    def __init__(self, runtime, bundle, tmp, counter):
        self.runtime, self.bundle, self.tmp = runtime, bundle, tmp
        self.data = tmp / "data"
        self.image = tmp / "image"
        self.log = tmp / "out"
        self.data.mkdir()
        os.link(counter, bundle.rootfs / "bin/counter")
        bundle.bind(self.data, "/data")
        self.container = None

    def start(self, *args, **more):
        """`create` and `start`, stdio on files that are appended to."""
        self.bundle.args("/bin/counter", *map(str, args))
        self.bundle.write()
        self.container = Container(self.runtime, self.runtime.new_id())
        with open(self.log, "ab") as log:
            for command in (("create", "--bundle", self.bundle.path, self.container.id),
                            ("start", self.container.id)):
                subprocess.run(self.runtime.command(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               check=True, timeout=60 * host.SLOW, **more)
        self.moves_on()
        return self.container

    def at(self):
        """How far it has counted."""
        error = self.data / "error"
        assert not error.exists(), error.read_text()
        text = (self.data / "n").read_text() if (self.data / "n").exists() else ""
        return int(text or 0)

    def moves_on(self, seconds=30):
        before = self.at()
        host.wait_until(lambda: self.at() > before + 1, "counting", seconds)
        return self.at()

    def call(self, *command, **more):
        """A command of the runtime's in the test's directory, stdio on the files."""
        with open(self.log, "ab") as out, open(self.tmp / "err", "wb") as err:
            status = subprocess.run(self.runtime.command(*command), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                    cwd=self.tmp, timeout=120 * host.SLOW, **more).returncode
        return status, (self.tmp / "err").read_text()

    def checkpoint(self, *options, **more):
        status, err = self.call("checkpoint", *options, self.container.id, **more)
        assert status == 0, err
        return self.at()

    def cannot_checkpoint(self, *options):
        """The error. The container goes on."""
        status, err = self.call("checkpoint", *options, self.container.id)
        assert status == 1 and err.startswith("hako: checkpoint"), err
        self.moves_on()
        return err

    def restore(self, *options, id=None, **more):
        """Detached, into a container of another name; it has to go on from where it was."""
        before = self.at()
        self.container = Container(self.runtime, id or self.runtime.new_id())
        status, err = self.call("restore", "--bundle", self.bundle.path, "--detach", *options, self.container.id,
                                **more)
        assert status == 0, err
        assert before < self.moves_on() < before + 1000
        assert self.container.status == "running"
        return self.container

    def cannot_restore(self, *options, **more):
        """The error. Nothing is left, which the fixtures look for."""
        id = self.runtime.new_id()
        status, err = self.call("restore", "--bundle", self.bundle.path, "--detach", *options, id, **more)
        assert status == 1 and err.startswith("hako: restore"), err
        assert id not in self.runtime.ids()
        return err

    def mount_flags(self, point):
        text = Path(f"/proc/{self.container.pid}/mountinfo").read_text()
        return next(m.options for m in host.parse_mountinfo(text) if m.point == point)

    def needs_flag(self, flag, *program, error):
        """Without the flag it cannot be done, and the container goes on; with it it can."""
        self.start(*program)
        err = self.cannot_checkpoint(*IMAGE)
        assert error in err, err
        assert "see image/dump.log" in err
        self.checkpoint("--image-path", "image2", flag)


@pytest.fixture
def counting(runtime, bundle, tmp, counter):
    return Counting(runtime, bundle, tmp, counter)
