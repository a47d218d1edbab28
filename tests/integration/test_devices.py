"""Device nodes and the links beside them."""

import os
import stat

import pytest

import host

DEFAULTS = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "tty": (5, 0), "random": (1, 8),
            "urandom": (1, 9)}
needs_mknod = pytest.mark.needs(lambda: host.has_capability(host.CAP_MKNOD), "mknod is not allowed here")


def node(runtime, bundle, path):
    """"type mode uid gid major minor" of a path in the container."""
    out = runtime.output(bundle.sh(f"stat -c '%F %a %u %g 0x%t 0x%T' {path}"))
    kind, mode, uid, gid, major, minor = out.rsplit(maxsplit=5)
    return kind, mode, int(uid), int(gid), int(major, 16), int(minor, 16)


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_device(runtime, bundle, name):
    assert node(runtime, bundle, f"/dev/{name}") == \
        ("character special file", "666", 0, 0, *DEFAULTS[name])


def test_default_devices_work(runtime, bundle):
    bundle.sh("echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; "
              "echo x 2>&1 > /dev/full || echo full")
    assert runtime.output(bundle).split() == ["3", "5", "full"] or \
        "No space left" in runtime.run(bundle).out


@pytest.mark.parametrize("name,target", [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                                         ("stdout", "/proc/self/fd/1"),
                                         ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")])
def test_default_links(runtime, bundle, name, target):
    assert runtime.output(bundle.sh(f"readlink /dev/{name}")).strip() == target


def test_nothing_else_in_dev(runtime, bundle):
    names = set(runtime.output(bundle.sh("ls -A /dev")).split())
    assert names - {"core"} == {*DEFAULTS, "fd", "stdin", "stdout", "stderr", "ptmx", "pts", "shm",
                                "mqueue"}


@needs_mknod
@pytest.mark.parametrize("device,expect", [
    ({"type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 5, "gid": 6},
     ("character special file", "640", 5, 6, 10, 229)),
    ({"type": "u", "major": 10, "minor": 200}, ("character special file", "666", 0, 0, 10, 200)),
    ({"type": "b", "major": 7, "minor": 0, "fileMode": 0o600},
     ("block special file", "600", 0, 0, 7, 0)),
    ({"type": "p", "fileMode": 0o622}, ("fifo", "622", 0, 0, 0, 0)),
    # podman writes the bits of the file's type too
    ({"type": "c", "major": 1, "minor": 3, "fileMode": 0o20666},
     ("character special file", "666", 0, 0, 1, 3))])
def test_device(runtime, bundle, device, expect):
    bundle.linux["devices"] = [{"path": "/dev/made", **device}]
    assert node(runtime, bundle, "/dev/made") == expect


@needs_mknod
def test_device_in_a_new_directory(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/dev/net/tun", "type": "c", "major": 10, "minor": 200}]
    assert node(runtime, bundle, "/dev/net/tun")[4:] == (10, 200)


@needs_mknod
@pytest.mark.hako_only
def test_device_outside_dev(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/made", "type": "c", "major": 1, "minor": 3}]
    assert node(runtime, bundle, "/made")[4:] == (1, 3)


@needs_mknod
@pytest.mark.hako_only
def test_device_again(runtime, bundle):
    """The default one, named with other rights."""
    bundle.linux["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3,
                                "fileMode": 0o600}]
    assert node(runtime, bundle, "/dev/null")[4:] == (1, 3)


@pytest.mark.hako_only
def test_another_thing_is_there(runtime, bundle):
    """runtime-spec: an error, for it may be no harmless thing to replace."""
    (bundle.rootfs / "made").write_text("data\n")
    bundle.linux["devices"] = [{"path": "/made", "type": "c", "major": 1, "minor": 3}]
    assert "/linux/devices/0" in runtime.fails(bundle).err
    assert (bundle.rootfs / "made").read_text() == "data\n"


@pytest.mark.parametrize("device", [
    {"path": "/dev/x", "type": "q", "major": 1, "minor": 1}, {"path": "/dev/x", "type": "c"},
    {"type": "c", "major": 1, "minor": 1}])
@pytest.mark.hako_only
def test_nonsense(runtime, bundle, device):
    bundle.linux["devices"] = [device]
    assert "/linux/devices/0" in runtime.fails(bundle).err


@pytest.mark.hako_only
def test_dev_as_a_link_out_of_the_root(runtime, bundle, tmp):
    """CVE-2026-41579: nodes and links must not be made where the image's /dev leads."""
    outside = tmp / "outside"
    outside.mkdir()
    (bundle.rootfs / "dev").rmdir()
    (bundle.rootfs / "dev").symlink_to("../../../../../.." + str(outside))
    runtime.run(bundle)
    assert os.listdir(outside) == []


@pytest.mark.hako_only
def test_device_behind_a_link_out_of_the_root(runtime, bundle, tmp):
    outside = tmp / "outside"
    outside.mkdir()
    (bundle.rootfs / "evil").symlink_to(str(outside))
    bundle.linux["devices"] = [{"path": "/evil/made", "type": "c", "major": 1, "minor": 3}]
    runtime.run(bundle)
    assert os.listdir(outside) == []


@needs_mknod
@pytest.mark.hako_only
def test_bound_dev_is_left_alone(runtime, bundle, tmp):
    dev = tmp / "dev"
    dev.mkdir()
    os.mknod(dev / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    bundle.config["mounts"] = [m for m in bundle.mounts if not m["destination"].startswith("/dev")]
    runtime.output(bundle.bind(dev, "/dev"))
    assert os.listdir(dev) == ["null"]


def test_user_namespace_binds_what_it_cannot_make(runtime, bundle):
    bundle.user_namespace()
    bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]
    assert node(runtime, bundle, "/dev/kmsg")[4:] == (1, 11)
    assert stat.S_ISCHR(os.stat("/dev/kmsg").st_mode)


@needs_mknod
@pytest.mark.needs(lambda: host.has_v1("devices") or host.is_v2_only(), "no device cgroup here")
class TestAccess:
    """linux.resources.devices decides who may open what exists: the kernel's log, here."""

    @pytest.fixture(autouse=True)
    def kmsg(self, bundle):
        bundle.capabilities("CAP_SYSLOG", "CAP_MKNOD")
        bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]

    def test_denied_and_allowed(self, runtime, bundle):
        bundle.sh("head -c 0 /dev/kmsg && echo open")
        assert "Operation not permitted" in runtime.run(bundle).err
        bundle.resources["devices"] += [
            {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}]
        assert runtime.output(bundle) == "open\n"

    def test_only_reading(self, runtime, bundle):
        bundle.resources["devices"] += [
            {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}]
        result = runtime.run(bundle.sh("echo x > /dev/kmsg"))
        assert result.status != 0 and "not permitted" in result.err

    def test_minus_one_means_any(self, runtime, bundle):
        """As docker writes a wildcard, with its letters in any order."""
        bundle.resources["devices"] += [
            {"allow": True, "type": "c", "major": 1, "minor": -1, "access": "rmw"}]
        assert runtime.output(bundle.sh("head -c 0 /dev/kmsg && echo open")) == "open\n"

    def test_mknod_is_allowed_opening_is_not(self, runtime, bundle):
        bundle.sh("mknod /dev/x c 1 11 && echo made; cat /dev/x")
        bundle.without_mount("/dev").mount("/dev", "tmpfs", "tmpfs")
        bundle.mounts.sort(key=lambda m: m["destination"])
        result = runtime.run(bundle)
        assert result.out == "made\n" and "not permitted" in result.err

    def test_all_allowed(self, runtime, bundle):
        bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
        assert runtime.output(bundle.sh("head -c 0 /dev/kmsg && echo open")) == "open\n"
