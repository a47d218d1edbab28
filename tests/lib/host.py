"""What this host offers, and what is on it: mounts, cgroups, processes."""

import contextlib
import ctypes
import functools
import gzip
import os
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

CGROUP = Path("/sys/fs/cgroup")
# How many times longer than usual things may take: an emulated machine (tests/vm) says so.
SLOW = int(os.environ.get("HAKO_SLOW") or 1)
libc = ctypes.CDLL(None, use_errno=True)

MS_BIND, MS_REC = 0x1000, 0x4000
MS_PRIVATE, MS_SHARED = 1 << 18, 1 << 20
MNT_DETACH = 2


def unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), text)


def parse_mountinfo(text):
    """proc(5)'s mountinfo as objects, in order."""
    mounts = []
    for line in text.splitlines():
        head, _, tail = line.partition(" - ")
        fields, (fstype, source, super_options) = head.split(), tail.split(" ", 2)
        mounts.append(SimpleNamespace(
            device=fields[2], root=unescape(fields[3]), point=unescape(fields[4]),
            options=set(fields[5].split(",")), propagation=fields[6:], type=fstype,
            source=unescape(source), super_options=set(super_options.split(","))))
    return mounts


def mounts():
    return parse_mountinfo(Path("/proc/self/mountinfo").read_text())


def cgroup_hierarchies():
    """{"memory": Path, ..., "": Path of the cgroup2 mount}"""
    found = {}
    for mount in mounts():
        if mount.type == "cgroup2":
            found.setdefault("", Path(mount.point))
        elif mount.type == "cgroup":
            names = [o for o in mount.super_options if o in CONTROLLERS or o.startswith("name=")]
            for name in names:
                found.setdefault(name, Path(mount.point))
    return found


CONTROLLERS = {"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "memory",
               "net_cls", "net_prio", "perf_event", "pids", "rdma", "misc"}


def cgroup_of(pid, controller):
    """The directory that a process is in, of a controller or, by "", of the cgroup2 hierarchy."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(",") or names == "" and controller == "":
            return cgroup_hierarchies()[controller].joinpath(path.lstrip("/"))
    raise AssertionError(f"no {controller} in /proc/{pid}/cgroup")


def has_v1(controller):
    return controller and controller in cgroup_hierarchies()


def is_v2_only():
    return set(cgroup_hierarchies()) == {""}


def flavour():
    """The kind of host that this is, as docs/compat.md has it."""
    found = set(cgroup_hierarchies())
    cgroup = "v2" if found <= {""} else "hybrid" if "" in found else "v1"
    return cgroup + (" with systemd" if os.path.exists("/run/systemd/system") else "")


def cgroup_dirs(prefix):
    """Every cgroup directory whose name starts so, in all hierarchies."""
    found = []
    for top in set(cgroup_hierarchies().values()):
        for directory, names, _ in os.walk(top):
            found += [Path(directory) / name for name in names if name.startswith(prefix)]
    return found


def end_processes_of(cgroup):
    """Thawed, where they are frozen."""
    for name, text in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
        if (cgroup / name).exists():
            (cgroup / name).write_text(text)
    for pid in map(int, (cgroup / "cgroup.procs").read_text().split()):
        if pid > 0:  # 0: of a pid namespace above ours; to kill(2) it means us
            os.kill(pid, 9)


def remove_cgroups(prefix):
    """By force."""
    for path in sorted(cgroup_dirs(prefix), key=lambda p: -len(str(p))):
        below = [Path(d) for d, _, _ in os.walk(path)]
        for directory in sorted(below, key=lambda p: -len(str(p))):
            with contextlib.suppress(OSError):  # gone meanwhile; of threads
                end_processes_of(directory)
            for _ in range(50):
                try:
                    directory.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:
                    time.sleep(0.02)
                    continue
                break


def process_state(pid):
    """The letter of proc(5)'s stat, None where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    return process_state(pid) not in (None, "Z", "X")


def processes(marks):
    """Living processes whose command line, cgroup or working directory names one of the marks:
    {pid: what was found}"""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if not is_alive(entry.name):
                continue
            seen = [(entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"),
                    (entry / "cgroup").read_text(), os.readlink(entry / "cwd")]
        except OSError:
            continue
        if any(mark in text for mark in marks for text in seen):
            found[int(entry.name)] = seen[0].strip() or (entry / "comm").read_text().strip()
    return found


def wait_until(condition, what="what the test waits for", seconds=15):
    """The first true value that condition gives; fails the test when there is none in time."""
    seconds *= SLOW
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    pytest.fail(f"{what} did not happen within {seconds} s")


def stays(condition, seconds=0.5):
    """Whether a condition that holds now still holds at each look in the next moment."""
    deadline = time.monotonic() + seconds * SLOW
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(0.01)
    return True


def namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def has_time_namespace():
    return os.path.exists("/proc/self/ns/time")


def mount(source, target, fstype=None, flags=0, data=None):
    encode = [None if v is None else str(v).encode() for v in (source, target, fstype, data)]
    if libc.mount(encode[0], encode[1], encode[2], flags, encode[3]) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def umount(target, flags=MNT_DETACH):
    if libc.umount2(str(target).encode(), flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def host_capabilities():
    line = next(l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("CapBnd"))
    return int(line.split()[1], 16)


CAP_SYS_NICE, CAP_SYS_RESOURCE, CAP_MKNOD, CAP_MAC_ADMIN = 23, 24, 27, 33


def has_capability(number):
    return bool(host_capabilities() >> number & 1)


@functools.lru_cache(maxsize=None)
def kernel_config():
    """How the running kernel was configured, a line each; nothing where that cannot be known."""
    try:
        return set(gzip.decompress(Path("/proc/config.gz").read_bytes()).decode().splitlines())
    except OSError:
        return set()


def static_busybox():
    """The distribution's busybox, if it runs without libraries."""
    for path in ("/bin/busybox", "/usr/bin/busybox", "/usr/sbin/busybox", "/bin/busybox.static"):
        if os.access(path, os.X_OK) and subprocess.run(["ldd", path], capture_output=True).returncode:
            return path
    return None
