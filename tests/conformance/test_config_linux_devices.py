"""config-linux.md, devices and default devices."""

import os
import stat

import pytest

import host
from checks import refused, without
from requirements import covered, each, requirement, untested

SECTION = "config-linux.md#devices"
DEFAULTS_SECTION = "config-linux.md#default-devices"
DEFAULTS = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
            "tty": (5, 0)}
KINDS = {"c": "character special file", "u": "character special file", "b": "block special file",
         "p": "fifo"}
DEVICE = {"path": "/dev/made", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 5,
          "gid": 6}

needs_mknod = pytest.mark.needs(lambda: host.has_capability(host.CAP_MKNOD), "mknod is not allowed here")


def node(runtime, bundle, path):
    """(kind, mode, uid, gid, major, minor) of a path in the container, links followed."""
    out = runtime.output(bundle.sh(f"stat -L -c '%F:%a:%u:%g:0x%t:0x%T' {path}")).strip()
    kind, mode, uid, gid, major, minor = out.split(":")
    return kind, int(mode, 8), int(uid), int(gid), int(major, 16), int(minor, 16)


@needs_mknod
@requirement(SECTION, "MUST", "each device of the list is there, whatever its type")
@pytest.mark.parametrize("kind", KINDS)
def test_devices_are_there(runtime, bundle, kind):
    device = {"path": "/dev/made", "type": kind} | ({} if kind == "p" else {"major": 7, "minor": 5})
    bundle.linux["devices"] = [device]
    shown = node(runtime, bundle, "/dev/made")
    assert (shown[0], *shown[4:]) == (KINDS[kind], device.get("major", 0), device.get("minor", 0))


covered(SECTION, "MUST", "each device of the list is there, whatever its type",
        by="integration/test_devices.py::test_user_namespace_binds_what_it_cannot_make")


@each(SECTION, "REQUIRED", "`{}` of a device", ["type", "path"])
@pytest.mark.parametrize("name", ["type", "path"])
def test_required(runtime, bundle, name):
    bundle.linux["devices"] = [without(DEVICE, name)]
    refused(runtime, bundle, "/linux/devices/0")


@requirement(SECTION, "REQUIRED", "`major` and `minor`, unless the type is `p`")
@pytest.mark.parametrize("name", ["major", "minor"])
@pytest.mark.parametrize("kind", ["c", "u", "b"])
def test_numbers_are_required(runtime, bundle, kind, name):
    bundle.linux["devices"] = [without(DEVICE | {"type": kind}, name)]
    refused(runtime, bundle, "/linux/devices/0")


def make_file(path):
    path.write_text("data\n")


OTHERS = {"file": make_file, "directory": os.mkdir, "fifo": os.mkfifo,
          "other numbers": lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5)),
          "block": lambda path: os.mknod(path, 0o666 | stat.S_IFBLK, os.makedev(10, 229))}


@needs_mknod
@requirement(SECTION, "MUST", "a file at the path that is not that device is an error")
@pytest.mark.parametrize("other", OTHERS)
def test_another_file_is_there(runtime, bundle, other):
    path = bundle.rootfs / "made"
    OTHERS[other](path)
    before = os.lstat(path)
    bundle.writable().linux["devices"] = [DEVICE | {"path": "/made"}]
    refused(runtime, bundle, "/linux/devices/0")
    after = os.lstat(path)
    assert (after.st_mode, after.st_rdev, after.st_ino) == (before.st_mode, before.st_rdev, before.st_ino)


@needs_mknod
def test_the_device_is_there_already(runtime, bundle):
    os.mknod(bundle.rootfs / "made", 0o600 | stat.S_IFCHR, os.makedev(10, 229))
    bundle.writable().linux["devices"] = [DEVICE | {"path": "/made"}]
    assert node(runtime, bundle, "/made")[4:] == (10, 229)


@needs_mknod
@each(SECTION, "states", "`{}` of a device", ["fileMode", "uid", "gid"])
@pytest.mark.parametrize("path", ["/dev/made", "/dev/in/a/directory", "/elsewhere"])
def test_mode_and_owner(runtime, bundle, path):
    bundle.writable().linux["devices"] = [DEVICE | {"path": path}]
    assert node(runtime, bundle, path) == (KINDS["c"], 0o640, 5, 6, 10, 229)


@needs_mknod
@pytest.mark.parametrize("mode", [0o777, 0o000, 0o1640])
def test_mode_whatever_the_umask(runtime, bundle, mode):
    bundle.linux["devices"] = [DEVICE | {"fileMode": mode}]
    assert node(runtime, bundle, "/dev/made")[1] == mode


untested(SECTION, "SHOULD NOT", "one device has several paths",
         reason="it binds who writes config.json; runtimes make them all")


# Default devices

@each(DEFAULTS_SECTION, "MUST", "`/dev/{}` is supplied", DEFAULTS)
@pytest.mark.parametrize("name", DEFAULTS)
def test_default_device(runtime, bundle, name):
    shown = node(runtime, bundle, f"/dev/{name}")
    assert (shown[0], shown[1], *shown[4:]) == (KINDS["c"], 0o666, *DEFAULTS[name])


def test_default_devices_work(runtime, bundle):
    bundle.sh("echo x > /dev/null && head -c 3 /dev/zero | od -An -tx1; head -c 5 /dev/random | wc -c; "
              "head -c 5 /dev/urandom | wc -c; echo x > /dev/full || echo full")
    assert runtime.output(bundle).split() == ["00", "00", "00", "5", "5", "full"]


@requirement(DEFAULTS_SECTION, "MUST", "`/dev/ptmx` is that of the container's `/dev/pts`")
def test_ptmx(runtime, bundle):
    bundle.sh("stat -L -c '%d %i' /dev/ptmx /dev/pts/ptmx; echo x < /dev/ptmx")
    ours, instance = runtime.output(bundle).splitlines()[:2]
    assert ours == instance


covered(DEFAULTS_SECTION, "MUST", "`/dev/console` is the process's terminal, where it has one",
        by="integration/test_tty.py::test_dev_console")
covered(DEFAULTS_SECTION, "MUST", "`/dev/console` is the process's terminal, where it has one",
        by="integration/test_tty.py::test_no_dev_console_without_a_terminal")
