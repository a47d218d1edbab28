"""Id-mapped bind mounts: whose the files are, from inside and from outside.

A file that belongs to containerID on the file system belongs to hostID on the mount; a container
with a user namespace sees that through its own mapping."""

import os
import shutil
import subprocess

import pytest

import host

BASE = 100000
STAT = "stat -c '%u:%g'"


def mapping(container=0, host_id=BASE, size=65536):
    return [{"containerID": container, "hostID": host_id, "size": size}]


def map_ids(bundle, uids=None, gids=None):
    """Give the last mount its mappings."""
    bundle.mounts[-1] |= {"uidMappings": uids or mapping(), "gidMappings": gids or uids or mapping()}
    return bundle


@pytest.fixture
def source(tmp):
    """A directory whose files belong to several users."""
    directory = tmp / "source"
    directory.mkdir()
    for name, (uid, gid) in {"zero": (0, 0), "some": (7, 8), "far": (70000, 70000)}.items():
        (directory / name).write_text(f"{name}\n")
        os.chown(directory / name, uid, gid)
    return directory


def owners(runtime, bundle, point="/mnt"):
    out = runtime.output(bundle.sh(f"cd {point} && {STAT} zero some far"))
    return out.split()


# What maps which way

def test_without_a_user_namespace(runtime, bundle, source):
    map_ids(bundle.bind(source, "/mnt", "idmap"))
    assert owners(runtime, bundle) == ["100000:100000", "100007:100008", "65534:65534"]


def test_ids_of_their_own(runtime, bundle, source):
    map_ids(bundle.bind(source, "/mnt", "idmap"), mapping(7, 1000, 1), mapping(8, 2000, 1))
    assert owners(runtime, bundle) == ["65534:65534", "1000:2000", "65534:65534"]


def test_several_ranges(runtime, bundle, source):
    maps = mapping(0, 500, 1) + mapping(7, 600, 2) + mapping(70000, 7, 1)
    map_ids(bundle.bind(source, "/mnt", "idmap"), maps)
    assert owners(runtime, bundle) == ["500:500", "600:601", "7:7"]


def test_in_a_user_namespace(runtime, bundle, source):
    map_ids(bundle.user_namespace(BASE).bind(source, "/mnt", "idmap"))
    assert owners(runtime, bundle) == ["0:0", "7:8", "65534:65534"]


def test_not_mapped_in_a_user_namespace(runtime, bundle, source):
    """What the mapping is for: without it the host's ids are nobody's."""
    bundle.user_namespace(BASE).bind(source, "/mnt")
    assert owners(runtime, bundle) == ["65534:65534"] * 3


def test_another_mapping_than_the_user_namespace_has(runtime, bundle, source):
    map_ids(bundle.user_namespace(BASE).bind(source, "/mnt", "idmap"), mapping(7, BASE + 40, 2))
    assert owners(runtime, bundle) == ["65534:65534", "40:41", "65534:65534"]


@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_the_container_s_own_mapping(runtime, bundle, source, option):
    """The specification: without mappings, those of the user namespace."""
    bundle.user_namespace(BASE).bind(source, "/mnt", option)
    assert owners(runtime, bundle) == ["0:0", "7:8", "65534:65534"]


def test_the_mapping_of_a_joined_user_namespace(runtime, bundle, make_bundle, source):
    first = runtime.start(make_bundle().user_namespace(BASE + 5).sleep())
    bundle.user_namespace(BASE + 5).namespace("user", f"/proc/{first.pid}/ns/user")
    for kind in ("uidMappings", "gidMappings"):
        del bundle.linux[kind]
    bundle.bind(source, "/mnt", "idmap")
    assert owners(runtime, bundle) == ["0:0", "7:8", "65534:65534"]


@pytest.mark.parametrize("user_namespace", [False, True])
def test_mappings_alone_mean_idmap(runtime, bundle, source, user_namespace):
    if user_namespace:
        bundle.user_namespace(BASE)
    map_ids(bundle.bind(source, "/mnt"))
    assert owners(runtime, bundle)[0] == ("0:0" if user_namespace else "100000:100000")


# Writing

def test_write_as_the_mapped_user(runtime, bundle, source):
    os.chown(source, 3, 3)
    map_ids(bundle.bind(source, "/mnt", "idmap"), mapping(3, 1000, 1))
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    assert runtime.output(bundle.sh(f"echo x > /mnt/new && {STAT} /mnt/new")) == "1000:1000\n"
    assert ((source / "new").stat().st_uid, (source / "new").stat().st_gid) == (3, 3)


def test_write_as_root_of_a_user_namespace(runtime, bundle, source):
    map_ids(bundle.user_namespace(BASE).bind(source, "/mnt", "idmap"))
    assert runtime.output(bundle.sh(f"echo x > /mnt/new && {STAT} /mnt/new")) == "0:0\n"
    assert (source / "new").stat().st_uid == 0


def test_write_as_somebody_not_mapped(runtime, bundle, source):
    """EOVERFLOW: there is no id to give the file."""
    map_ids(bundle.bind(source, "/mnt", "idmap"))
    result = runtime.run(bundle.capabilities("CAP_DAC_OVERRIDE").sh("echo x > /mnt/new"))
    assert result.status != 0 and "too large" in result.err
    assert not (source / "new").exists()


def test_access_follows_the_mapping(runtime, bundle, source):
    (source / "some").chmod(0o600)
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    map_ids(bundle.bind(source, "/mnt", "idmap"), mapping(7, 1000, 1))
    assert runtime.output(bundle.sh("cat /mnt/some")) == "some\n"


def test_the_host_sees_nothing_of_it(runtime, bundle, source):
    before = host.mounts()
    container = runtime.start(map_ids(bundle.bind(source, "/mnt", "idmap")).sleep())
    assert (source / "zero").stat().st_uid == 0
    assert host.mounts() == before
    shown = host.parse_mountinfo(open(f"/proc/{container.pid}/mountinfo").read())
    assert "idmapped" in {m.point: m for m in shown}["/mnt"].options


# Trees, files, other options

@pytest.fixture
def tree(host_mount):
    top, below = host_mount("top", bind=True), host_mount("top/below", bind=True)
    (top / "file").write_text("")
    (below / "file").write_text("")
    return top


@pytest.mark.parametrize("bind,option,below", [
    ("rbind", "idmap", "0"), ("rbind", "ridmap", "100000"), ("rbind", None, "0")])
def test_tree(runtime, bundle, tree, bind, option, below):
    map_ids(bundle.mount("/mnt", "none", tree, [bind] + ([option] if option else [])))
    out = runtime.output(bundle.sh("stat -c %u /mnt/file /mnt/below/file"))
    assert out.split() == ["100000", below]


def test_tree_of_a_bind_that_is_not_recursive(runtime, bundle, tree):
    map_ids(bundle.mount("/mnt", "none", tree, ["bind", "ridmap"]))
    assert runtime.output(bundle.sh("stat -c %u /mnt/file; ls /mnt/below")) == "100000\n"


def test_file(runtime, bundle, source):
    map_ids(bundle.bind(source / "some", "/mnt", "idmap"))
    assert runtime.output(bundle.sh(f"{STAT} /mnt")) == "100007:100008\n"


@pytest.mark.hako_only
def test_source_relative_to_the_bundle(runtime, bundle):
    (bundle.path / "beside").write_text("")
    map_ids(bundle.bind("beside", "/mnt", "idmap"))
    assert runtime.output(bundle.sh(f"{STAT} /mnt")) == "100000:100000\n"


@pytest.mark.parametrize("user_namespace", [False, True])
@pytest.mark.parametrize("options,expect", [
    (["ro", "nosuid", "noatime"], {"ro", "nosuid", "noatime"}), (["rro", "rnoexec"], {"ro", "noexec"})])
def test_with_attributes(runtime, bundle, source, options, expect, user_namespace):
    if user_namespace:
        bundle.user_namespace(BASE)
    map_ids(bundle.bind(source, "/mnt", "idmap", *options))
    out = runtime.output(bundle.sh("cat /proc/self/mountinfo"))
    shown = {m.point: m for m in host.parse_mountinfo(out)}["/mnt"]
    assert expect | {"idmapped"} <= shown.options


def test_with_propagation(runtime, bundle, source):
    map_ids(bundle.bind(source, "/mnt", "idmap", "rshared"))
    out = runtime.output(bundle.sh("grep ' /mnt ' /proc/self/mountinfo"))
    assert "shared:" in out


@pytest.mark.parametrize("user_namespace", [False, True])
def test_mounts_in_it_stay_in_the_container(runtime, bundle, host_mount, user_namespace):
    """The source is shared on the host; the copy that the runtime makes must not be its peer."""
    top = host_mount("top", host.MS_SHARED, bind=True)
    if user_namespace:
        bundle.user_namespace(BASE)
    map_ids(bundle.bind(top, "/mnt", "idmap").all_capabilities())
    (top / "sub").mkdir()
    container = runtime.start(bundle.sh("mount -t tmpfs x /mnt/sub && echo mounted; sleep 1000"))
    container.wait_output("mounted")
    assert str(top / "sub") not in {m.point for m in host.mounts()}


@pytest.mark.parametrize("user_namespace", [False, True])
def test_mounts_of_the_host_reach_it(runtime, bundle, host_mount, user_namespace):
    top = host_mount("top", host.MS_SHARED, bind=True)
    (top / "sub").mkdir()
    if user_namespace:
        bundle.user_namespace(BASE)
    container = runtime.start(map_ids(bundle.bind(top, "/mnt", "idmap", "rslave")).sleep())
    host.mount("x", top / "sub", "tmpfs")
    try:
        shown = host.parse_mountinfo(open(f"/proc/{container.pid}/mountinfo").read())
        assert "/mnt/sub" in {m.point for m in shown}
    finally:
        host.umount(top / "sub")


def test_source_out_of_reach_of_the_user_namespace(runtime, bundle, tmp):
    """Only the runtime, root on the host, can open it."""
    hidden = tmp / "hidden"
    (hidden / "source").mkdir(parents=True)
    (hidden / "source" / "file").write_text("found\n")
    hidden.chmod(0o700)
    map_ids(bundle.user_namespace(BASE).bind(hidden / "source", "/mnt", "idmap"))
    assert runtime.output(bundle.sh("cat /mnt/file")) == "found\n"


@pytest.mark.parametrize("user_namespace", [False, True])
def test_many(runtime, bundle, source, user_namespace):
    """A hundred mounts, with ten mappings among them, and few descriptors to spend."""
    if user_namespace:
        bundle.user_namespace(BASE)
    for i in range(100):
        map_ids(bundle.bind(source, f"/many/{i}", "idmap"), mapping(0, BASE + i % 10))
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 20, "hard": 20}]
    out = runtime.output(bundle.sh("for i in 0 1 42 99; do stat -c %u /many/$i/zero; done"))
    offset = 0 if user_namespace else BASE
    assert out.split() == [str(offset + i) for i in (0, 1, 2, 9)]


def test_longest_mapping(runtime, bundle, source):
    """340 ranges are the kernel's limit, and a page of text."""
    maps = [range for i in range(340) for range in mapping(i, 1000 + 2 * i, 1)]
    map_ids(bundle.bind(source, "/mnt", "idmap"), maps)
    assert owners(runtime, bundle)[:2] == ["1000:1000", "1014:1016"]
    maps = [range for i in range(340) for range in mapping(i, 1000000 + 2 * i, 1)]
    map_ids(bundle, maps)
    fails(runtime, bundle, "uid_map", "a page", foreseen=False)


FILE_SYSTEMS = ["ext4", "xfs", "btrfs"]


@pytest.mark.parametrize("fstype", FILE_SYSTEMS)
def test_file_systems(runtime, bundle, tmp, fstype):
    make = shutil.which(f"mkfs.{fstype}")
    if not make:
        pytest.skip(f"no mkfs.{fstype} here")
    image, point = tmp / "image", tmp / "point"
    with open(image, "wb") as file:
        file.truncate(320 << 20)
    subprocess.run([make, "-q", str(image)], check=True, capture_output=True)
    point.mkdir()
    if subprocess.run(["mount", "-o", "loop", image, point], capture_output=True).returncode:
        pytest.skip(f"cannot mount a loop device with {fstype} here")
    try:
        (point / "file").write_text("")
        map_ids(bundle.bind(point, "/mnt", "idmap"))
        assert runtime.output(bundle.sh(f"{STAT} /mnt/file")) == "100000:100000\n"
    finally:
        host.umount(point, flags=0)


# Errors: the property, what was attempted, what to do

def fails(runtime, bundle, *words, at=None, foreseen=True):
    err = runtime.fails(bundle, foreseen=foreseen).err
    if runtime.is_hako:
        where = f"/mounts/{len(bundle.mounts) - 1}" + (f"/{at}" if at else "")
        for word in (where, "hint: ", *words):
            assert word in err, f"no {word!r} in\n{err}"
    return err


def test_not_a_bind(runtime, bundle):
    map_ids(bundle.mount("/mnt", "tmpfs", "tmpfs", ["idmap"]))
    fails(runtime, bundle, "only a bind mount", at="options/0")


def test_no_mapping_at_all(runtime, bundle, source):
    fails(runtime, bundle.bind(source, "/mnt", "idmap"), "linux.namespaces", at="options/1")


@pytest.mark.parametrize("present,missing", [("uid", "gid"), ("gid", "uid")])
def test_only_one_of_the_maps(runtime, bundle, source, present, missing):
    bundle.bind(source, "/mnt", "idmap").mounts[-1][f"{present}Mappings"] = mapping()
    assert f"{missing}Mappings" in runtime.fails(bundle).err


@pytest.mark.parametrize("maps", [
    mapping(0, 0, 5) + mapping(4, 100, 5), mapping(0, 0, 5) + mapping(10, 4, 5), mapping(0, 0, 0),
    mapping(1, 0, 4294967295), [r for i in range(341) for r in mapping(i, i, 1)]])
def test_bad_ranges(runtime, bundle, source, maps):
    map_ids(bundle.bind(source, "/mnt", "idmap"), maps)
    assert "uidMappings" in runtime.fails(bundle).err


def test_missing_source(runtime, bundle, tmp):
    map_ids(bundle.bind(tmp / "missing", "/mnt", "idmap"))
    result = runtime.fails(bundle)
    assert str(tmp / "missing") in result.err and "no such file or directory" in result.err


@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_file_system_that_cannot(runtime, bundle, option):
    map_ids(bundle.mount("/mnt", "none", "/proc", ["bind", option]))
    fails(runtime, bundle, "(proc)", "cannot be id-mapped", "invalid argument", foreseen=False)


def test_tree_with_a_file_system_that_cannot(runtime, bundle, host_mount):
    top = host_mount("top", bind=True)
    (top / "proc").mkdir()
    host.mount("proc", top / "proc", "proc")
    try:
        map_ids(bundle.mount("/mnt", "none", top, ["rbind", "ridmap"]))
        fails(runtime, bundle, "), or a mount below it,", foreseen=False)
        bundle.mounts[-1]["options"] = ["rbind", "idmap"]
        runtime.output(bundle)
    finally:
        host.umount(top / "proc")


def test_mapped_already(runtime, bundle, make_bundle, source):
    """From inside a container with such a mount: /proc/PID/root is that mount."""
    first = runtime.start(map_ids(make_bundle().bind(source, "/mnt", "idmap")).sleep())
    map_ids(bundle.bind(f"/proc/{first.pid}/root/mnt", "/mnt", "idmap"))
    err = runtime.fails(bundle, foreseen=False).err
    assert "operation not permitted" in err or "invalid argument" in err


def test_in_vain_leaves_no_process(runtime, bundle):
    """The namespace of the mapping needs a process for a moment."""
    map_ids(bundle.mount("/mnt", "none", "/proc", ["bind", "idmap"]))
    children = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    runtime.fails(bundle, foreseen=False)
    assert not open(children).read().strip()


def test_features(runtime):
    import json
    features = json.loads(runtime.must("features").out)
    assert features["linux"]["mountExtensions"]["idmap"]["enabled"] is True
    assert {"idmap", "ridmap"} <= set(features["mountOptions"])
