"""What the suites that make containers share: hooks and fixtures for a conftest.py to import. The
runtime, bundles, and the check that no test leaves anything on the host.

HAKO names the program under test (default: build/hako). It may be another runtime with runc's
command line: what is beyond that is marked hako_only."""

import copy
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import host
from bundle import Bundle
from counting import counter, counting  # noqa: F401 (fixtures, which the conftests pass on)
from hooks import notes  # noqa: F401 (a fixture, which the conftests pass on)
from marks import pytest_configure, pytest_runtest_setup  # noqa: F401 (passed on as well)
from runtime import Runtime

SOURCE = Path(__file__).resolve().parents[2]
PREFIX = f"hkt{os.getpid()}"
CGROUPS = (PREFIX, f"hako-{PREFIX}")  # what the directories' names begin with


@pytest.fixture(scope="session")
def program():
    path = Path(os.environ.get("HAKO") or SOURCE / "build" / "hako").resolve()
    assert os.access(path, os.X_OK), f"{path} is not there: set HAKO to the runtime to test"
    return path


@pytest.fixture(scope="session")
def area():
    """Everything of the suite lives here. A short name: socket paths end at 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-", dir="/var/tmp"))
    directory.chmod(0o755)
    yield directory
    scrub(directory)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def base_rootfs(area):
    """busybox with a link for each applet, and two users."""
    busybox = host.static_busybox()
    if not busybox:
        pytest.skip("no static busybox here")
    rootfs = area / "rootfs"
    for name in ("bin", "dev", "etc", "home/user", "proc", "root", "sys", "tmp", "run", "var"):
        (rootfs / name).mkdir(parents=True)
    shutil.copy(busybox, rootfs / "bin/busybox")
    for applet in subprocess.run([busybox, "--list"], check=True, capture_output=True,
                                 text=True).stdout.split():
        if applet != "busybox":
            (rootfs / "bin" / applet).symlink_to("busybox")
    (rootfs / "tmp").chmod(0o1777)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                       "user:x:1000:1000:user:/home/user:/bin/sh\n")
    (rootfs / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    return rootfs


def compiled(area, name):
    """The static program of that name, made of the C file beside this one."""
    compiler = shutil.which("musl-gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip(f"no C compiler for the program {name}")
    path = area / name
    subprocess.run([compiler, "-O1", "-static", "-pthread", "-o", path, Path(__file__).parent / f"{name}.c"],
                   check=True)
    return path


@pytest.fixture(scope="session")
def helper(area):
    """A program that makes one system call and says what came of it."""
    return compiled(area, "helper")


@pytest.fixture(scope="session")
def spy(area):
    """A hostile process that looks for what is not the container's."""
    return compiled(area, "spy")


@pytest.fixture(scope="session")
def session_runtime(program, area):
    return Runtime(program, area, PREFIX)


@pytest.fixture(scope="session")
def template(session_runtime, area):
    directory = area / "template"
    directory.mkdir()
    session_runtime.must("spec", "--bundle", directory, root=False)
    return json.loads((directory / "config.json").read_text())


@pytest.fixture
def runtime(session_runtime, request):
    if request.node.get_closest_marker("hako_only") and not session_runtime.is_hako:
        pytest.skip("only hako does this")
    return session_runtime


@pytest.fixture
def tmp(area, request):
    """A directory of the test's own, with a short name."""
    directory = Path(tempfile.mkdtemp(prefix="t", dir=area))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def make_bundle(tmp, template, base_rootfs):
    """Bundles as many as one wants."""
    made = []

    def make():
        path = tmp / f"b{len(made)}"
        path.mkdir()
        made.append(Bundle(path, copy.deepcopy(template), base_rootfs))
        return made[-1]

    return make


@pytest.fixture
def bundle(make_bundle):
    return make_bundle()


@pytest.fixture
def host_mount(tmp):
    """mount(name, **) makes a mount of the host below the test's directory: a tmpfs, or a bind of a directory,
    which unlike a tmpfs of Linux 6.2 and older can be id-mapped."""
    points = []

    def mount(name, propagation=host.MS_PRIVATE, bind=False):
        point = tmp / name
        point.mkdir(parents=True, exist_ok=True)
        if bind:
            source = tmp / f"of-{name.replace('/', '-')}"
            source.mkdir()
            host.mount(source, point, flags=host.MS_BIND)
        else:
            host.mount("hkt", point, "tmpfs", data="mode=755")
        points.append(point)
        host.mount(None, point, flags=host.MS_PRIVATE)  # no peer of the mount that it is a bind of
        host.mount(None, point, flags=propagation)
        return point

    yield mount
    for point in reversed(points):
        host.umount(point)


def leaks(area):
    """What is on the host because of us, in words."""
    found = [f"mount on {m.point}" for m in host.mounts() if m.point.startswith(f"{area}/")]
    found += [f"cgroup {path}" for name in CGROUPS for path in host.cgroup_dirs(name)]
    state = area / "state"
    found += [f"state {entry}" for entry in state.iterdir()] if state.is_dir() else []
    found += [f"process {pid} ({line})"
              for pid, line in host.processes([str(area), f"/{PREFIX}"]).items()]
    return found


def settled_leaks(area):
    """A killed process, and a cgroup that it was in, may take a moment to go."""
    deadline = time.monotonic() + 2 * host.SLOW
    while (found := leaks(area)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def scrub(area):
    """By force, so that one test's leak does not fail the next."""
    for pid in host.processes([str(area), f"/{PREFIX}"]):
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
    for name in CGROUPS:
        host.remove_cgroups(name)
    for mount in reversed(host.mounts()):
        if mount.point.startswith(f"{area}/"):
            host.umount(mount.point)
    shutil.rmtree(area / "state", ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_left(area, session_runtime, tmp):
    """Containers that a test left are deleted by force; after that the host is as it was, and has its own mounts:
    where they are shared, as with systemd, a runtime may unmount them by mistake."""
    before = {(m.point, m.type) for m in host.mounts()}
    yield
    for container in session_runtime.ids():
        session_runtime.call("delete", "--force", container)
    found = settled_leaks(area)
    now = {(m.point, m.type) for m in host.mounts()}
    found += [f"mount on {point} ({kind})" for point, kind in now - before if PREFIX in point]
    found += [f"no {kind} on {point} any more" for point, kind in before - now if point.startswith(("/sys", "/dev"))]
    if found:
        scrub(area)
        pytest.fail("left on the host:\n" + "\n".join(found))
