"""Every mount option of the specification, by what mountinfo or a system call says of it inside."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import host

SHOW = "cat /proc/self/mountinfo"
SHARED, MASTER, UNBINDABLE = r"^shared:\d+$", r"^master:\d+$", r"^unbindable$"


def shown(runtime, bundle, *options):
    """The container's mounts by mount point; the topmost of each."""
    return {m.point: m for m in host.parse_mountinfo(runtime.output(bundle.sh(SHOW), *options))}


# Attributes of a mount. For each: what it sets, what it takes away, and what is there without it.

SET = {"ro": "ro", "nosuid": "nosuid", "nodev": "nodev", "noexec": "noexec", "noatime": "noatime",
       "nodiratime": "nodiratime", "nosymfollow": "nosymfollow"}
CLEAR = {"rw": "ro", "suid": "nosuid", "dev": "nodev", "exec": "noexec", "atime": "noatime",
         "diratime": "nodiratime", "symfollow": "nosymfollow", "relatime": "noatime",
         "strictatime": "noatime"}
KINDS = ["bind", "tmpfs"]


def add(bundle, kind, source, *options):
    if kind == "bind":
        return bundle.mount("/mnt", "none", source, ["bind", *options])
    return bundle.mount("/mnt", "tmpfs", "tmpfs", list(options))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option", SET)
def test_sets(runtime, bundle, tmp, kind, option):
    (tmp / "source").mkdir()
    assert SET[option] not in shown(runtime, add(bundle, kind, tmp / "source"))["/mnt"].options
    bundle.mounts.pop()
    assert SET[option] in shown(runtime, add(bundle, kind, tmp / "source", option))["/mnt"].options


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option", CLEAR)
def test_last_one_wins(runtime, bundle, tmp, kind, option):
    (tmp / "source").mkdir()
    add(bundle, kind, tmp / "source", CLEAR[option], option)
    assert CLEAR[option] not in shown(runtime, bundle)["/mnt"].options


MS_FLAG = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "nodiratime": 2048,
           "nosymfollow": 256}


@pytest.mark.parametrize("option", CLEAR)
def test_bind_clears_what_the_source_has(runtime, bundle, host_mount, option):
    top = host_mount("top")
    host.mount(None, top, flags=0x1020 | MS_FLAG[CLEAR[option]])  # bind, remount
    assert CLEAR[option] in shown(runtime, add(bundle, "bind", top))["/mnt"].options
    bundle.mounts.pop()
    assert CLEAR[option] not in shown(runtime, add(bundle, "bind", top, option))["/mnt"].options


@pytest.mark.parametrize("options,expect", [
    (["relatime"], "relatime"), (["strictatime"], None), (["noatime"], "noatime"),
    (["atime"], "relatime"), (["norelatime"], "relatime"), (["nostrictatime"], "relatime"),
    (["strictatime", "nostrictatime"], "relatime"), (["noatime", "atime"], "relatime"),
    (["noatime", "norelatime"], "noatime"), (["strictatime", "atime"], None), (["defaults"], "relatime")])
def test_access_times(runtime, bundle, options, expect):
    """The kernel's own choice, where none of the modes is asked for, is relatime."""
    found = shown(runtime, add(bundle, "tmpfs", None, *options))["/mnt"].options
    assert found & {"relatime", "noatime"} == ({expect} if expect else set())


def test_strictatime_is_real(runtime, bundle):
    add(bundle, "tmpfs", None, "strictatime").mount("/rel", "tmpfs", "tmpfs", ["noatime"])
    out = runtime.output(bundle.sh("for d in /mnt /rel; do echo x > $d/f; touch -d '2001-01-01 00:00:00' $d/f; "
                                   "cat $d/f; stat -c %X $d/f; done"))
    strict, noatime = [int(line) for line in out.split() if line != "x"]
    assert strict > noatime == 978307200


def test_nosymfollow_is_real(runtime, bundle):
    result = runtime.run(add(bundle, "tmpfs", None, "nosymfollow").sh(
        "echo x > /mnt/f; ln -s f /mnt/l; cat /mnt/f; cat /mnt/l"))
    assert result.out == "x\n" and "symbolic links" in result.err


# The same for whole trees

REC_SET = {"r" + option: word for option, word in SET.items()}
REC_CLEAR = {"r" + option: word for option, word in CLEAR.items()}


@pytest.fixture
def tree(host_mount):
    top = host_mount("top")
    host_mount("top/sub")
    return top


@pytest.mark.parametrize("option", REC_SET)
def test_tree_sets(runtime, bundle, tree, option):
    mounts = shown(runtime, bundle.mount("/mnt", "none", tree, ["rbind", option]))
    assert all(REC_SET[option] in mounts[point].options for point in ("/mnt", "/mnt/sub"))
    on_host = {m.point: m.options for m in host.mounts()}
    assert not any(REC_SET[option] in on_host[str(p)] for p in (tree, tree / "sub"))


@pytest.mark.parametrize("option", REC_CLEAR)
def test_tree_clears(runtime, bundle, tree, option):
    word = REC_CLEAR[option]
    for point in (tree, tree / "sub"):
        host.mount(None, point, flags=0x1020 | MS_FLAG[word])
    mounts = shown(runtime, bundle.mount("/mnt", "none", tree, ["rbind", option]))
    assert not any(word in mounts[point].options for point in ("/mnt", "/mnt/sub"))


@pytest.mark.parametrize("options,expect", [
    (["rstrictatime"], None), (["rrelatime"], "relatime"), (["rnorelatime"], "noatime"),
    (["ratime"], "relatime"), (["rnostrictatime"], "relatime"), (["rnoatime"], "noatime")])
def test_tree_access_times(runtime, bundle, tree, options, expect):
    for point in (tree, tree / "sub"):
        host.mount(None, point, flags=0x1020 | MS_FLAG["noatime"])
    mounts = shown(runtime, bundle.mount("/mnt", "none", tree, ["rbind", *options]))
    for point in ("/mnt", "/mnt/sub"):
        assert mounts[point].options & {"relatime", "noatime"} == ({expect} if expect else set())


@pytest.mark.parametrize("option,top", [("ro", {"ro"}), ("nosuid", {"nosuid"})])
def test_plain_option_is_for_the_top_alone(runtime, bundle, tree, option, top):
    mounts = shown(runtime, bundle.mount("/mnt", "none", tree, ["rbind", option]))
    assert top <= mounts["/mnt"].options and not top & mounts["/mnt/sub"].options


def test_tree_options_come_last(runtime, bundle, tree):
    mounts = shown(runtime, bundle.mount("/mnt", "none", tree, ["rbind", "ro", "rrw", "rnosuid"]))
    assert all({"rw", "nosuid"} <= mounts[point].options for point in ("/mnt", "/mnt/sub"))


@pytest.mark.parametrize("option", ["rro", "rnosuid"])
def test_tree_option_of_a_new_mount(runtime, bundle, option):
    assert REC_SET[option] in shown(runtime, add(bundle, "tmpfs", None, option))["/mnt"].options


# Options of the file system

@pytest.mark.parametrize("option", ["sync", "dirsync", "mand", "lazytime"])
def test_superblock(runtime, bundle, option):
    mount = shown(runtime, add(bundle, "tmpfs", None, option, "size=1m"))["/mnt"]
    assert {option, "size=1024k"} <= mount.super_options


@pytest.mark.parametrize("set_it,clear_it", [("sync", "async"), ("mand", "nomand"),
                                             ("lazytime", "nolazytime")])
def test_superblock_cleared(runtime, bundle, set_it, clear_it):
    assert set_it not in shown(runtime, add(bundle, "tmpfs", None, set_it, clear_it))["/mnt"].super_options


MOUNT_FLAGS = {"iversion": "MS_I_VERSION", "silent": "MS_SILENT"}


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")
@pytest.mark.parametrize("option,other", [("iversion", "noiversion"), ("silent", "loud")])
def test_flags_of_mount2(runtime, bundle, tmp, option, other):
    """Neither shows in mountinfo, and fsconfig has no word for them: mount(2) is given the flag."""
    (bundle.rootfs / "mnt").mkdir(mode=0o751)
    trace = tmp / "trace"
    for options in ([option, "sync", "ro", "size=1m"], [option, other]):
        add(bundle, "tmpfs", None, *options).sh(SHOW).write()
        command = ["strace", "-f", "-s", "200", "-e", "trace=mount", "-o", trace, runtime.program,
                   "--root", runtime.root, "run", "--bundle", bundle.path, runtime.new_id()]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                stdin=subprocess.DEVNULL)
        if "ptrace" in result.stderr.lower():
            pytest.skip("no ptrace here")
        assert result.returncode == 0, result.stderr
        mount = {m.point: m for m in host.parse_mountinfo(result.stdout)}["/mnt"]
        if len(options) == 2:
            assert MOUNT_FLAGS[option] not in trace.read_text()
        else:
            assert re.search(rf'"tmpfs", .*{MOUNT_FLAGS[option]}.*"(?=.*size=1m)(?=.*mode=751)',
                             trace.read_text())
            assert "ro" in mount.options and {"sync", "size=1024k", "mode=751"} <= mount.super_options
        bundle.mounts.pop()


def test_mode_kept_with_flags_of_mount2(runtime, bundle):
    (bundle.rootfs / "mnt").mkdir()
    (bundle.rootfs / "mnt").chmod(0o751)
    assert runtime.output(add(bundle, "tmpfs", None, "silent").sh("stat -c %a /mnt")) == "751\n"


def test_read_only_tree_on_dev(runtime, bundle, host_mount):
    """On /dev ro waits for what is made in it, but not that of a whole tree, whose mounts stay apart."""
    top = host_mount("top")
    (top / "below").mkdir()
    host_mount("top/below")
    bundle.mount("/dev", "bind", top, ["rbind", "rro"])
    mounts = shown(runtime, bundle)
    assert "ro" in mounts["/dev"].options and "ro" in mounts["/dev/below"].options


def test_remount_of_a_tree_read_only(runtime, bundle):
    (bundle.rootfs / "mnt").mkdir()
    bundle.mount("/mnt", "tmpfs", "tmpfs").mount("/mnt/below", "tmpfs", "tmpfs")
    bundle.mount("/mnt", options=["remount", "rro"])
    mounts = shown(runtime, bundle)
    assert "ro" in mounts["/mnt"].options and "ro" in mounts["/mnt/below"].options


def test_read_only_at_the_end_whatever_the_name_leads_to(runtime, bundle, tmp):
    """The mount point is in a volume that others have too, and is exchanged before its mount turns ro."""
    volume = tmp / "volume"
    (volume / "x").mkdir(parents=True)
    (bundle.rootfs / "mnt").mkdir()
    bundle.bind(volume, "/vol").mount("/vol/x", "tmpfs", "tmpfs", ["ro"]).mount("/mnt", "tmpfs", "tmpfs")
    bundle.hook_script("createRuntime", f"mv {volume}/x {volume}/y && ln -s /mnt {volume}/x")
    mounts = shown(runtime, bundle)
    assert "ro" in mounts["/vol/y"].options and "ro" not in mounts["/mnt"].options


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")
def test_mount_point_of_mount2_that_another_container_exchanges(runtime, bundle, tmp):
    """Behind mount(2) the name of the mount point, in a volume that others have too, leads to /proc:
    neither is that what is put into place, nor is it unmounted (CVE-2021-30465)."""
    volume = tmp / "volume"
    (volume / "x").mkdir(parents=True)
    bundle.bind(volume, "/vol").mount("/vol/x", "tmpfs", "tmpfs", ["silent", "size=1m"]).sh(SHOW).write()
    trace = tmp / "trace"

    def command(*injection):
        return ["strace", "-f", "-o", trace, "-e", "trace=mount", *injection, runtime.program,
                "--root", runtime.root, "run", "--bundle", bundle.path, runtime.new_id()]

    result = subprocess.run(command(), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    if "ptrace" in result.stderr.lower():
        pytest.skip("no ptrace here")
    when = [n for n, line in enumerate(trace.read_text().splitlines(), 1) if "MS_SILENT" in line][0]
    with subprocess.Popen(command("-e", f"inject=mount:delay_exit=3s:when={when}"), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        host.wait_until(lambda: process.poll() is not None or mounted_by_anyone(bundle.rootfs / "vol/x"))
        (volume / "x").rename(volume / "y")
        (volume / "x").symlink_to("/proc")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    mounts = {m.point: m for m in host.parse_mountinfo(out)}
    assert mounts["/proc"].type == "proc" and "/proc/keys" in mounts
    assert mounts["/vol/y"].type == "tmpfs" and "size=1024k" in mounts["/vol/y"].super_options
    assert "/vol/x" not in mounts


def mounted_by_anyone(path):
    """Is it a mount point in the mount namespace of any process?"""
    for file in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            if f" {path} " in file.read_text():
                return True
        except OSError:
            pass
    return False


@pytest.fixture
def loop(tmp, bundle):
    """loop(fstype) makes a file system on a loop device, which the container may use."""
    devices = []
    bundle.resources["devices"] = [{"allow": True, "type": "b", "access": "rwm"}]

    def make(fstype, megabytes=16):
        if fstype and not shutil.which(f"mkfs.{fstype}"):
            pytest.skip(f"no mkfs.{fstype} here")
        image = tmp / "image"
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        if fstype:
            subprocess.run([f"mkfs.{fstype}", "-q", image], check=True, capture_output=True)
        made = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
        if made.returncode:
            pytest.skip("no loop devices here")
        devices.append(made.stdout.strip())
        return devices[-1]

    yield make
    for device in devices:
        subprocess.run(["losetup", "--detach", device], check=True)


def kernel_log():
    return subprocess.run(["dmesg"], capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("option,logged", [("silent", False), ("loud", True)])
def test_silent_and_loud_are_real(runtime, bundle, loop, option, logged):
    device = loop(None)
    bundle.mount("/mnt", "ext4", device, [option])
    last = (kernel_log() or [""])[-1]
    runtime.fails(bundle, foreseen=False)
    log = kernel_log() # a ring: its length says nothing
    fresh = log[log.index(last) + 1:] if last in log else log
    lines = [line for line in fresh if f"({os.path.basename(device)}): VFS: Can't find" in line]
    if logged and not lines:
        pytest.skip("the kernel's log cannot be read here")
    assert bool(lines) == logged, lines


def test_block_device(runtime, bundle, loop):
    device = loop("ext4")
    bundle.mount("/mnt", "ext4", device, ["ro", "noatime", "lazytime", "iversion", "errors=continue"])
    mount = shown(runtime, bundle)["/mnt"]
    assert {"ro", "noatime"} <= mount.options and mount.type == "ext4"
    assert {"ro", "lazytime"} <= mount.super_options


def test_overlay(runtime, bundle, tmp):
    for name in ("lower", "upper", "work"):
        (tmp / name).mkdir()
    (tmp / "lower" / "file").write_text("below\n")
    bundle.mount("/mnt", "overlay", "overlay", [
        f"lowerdir={tmp}/lower", f"upperdir={tmp}/upper", f"workdir={tmp}/work", "nosuid", "sync"])
    out = runtime.output(bundle.sh(f"cat /mnt/file; echo x > /mnt/new; {SHOW}"))
    mount = {m.point: m for m in host.parse_mountinfo(out.partition("\n")[2])}["/mnt"]
    assert out.startswith("below\n") and (tmp / "upper" / "new").read_text() == "x\n"
    assert "nosuid" in mount.options and "sync" in mount.super_options


@pytest.mark.parametrize("fstype,options,expect", [
    ("proc", ["hidepid=2", "nosuid"], "hidepid"), ("devpts", ["newinstance", "mode=0600", "gid=5"], "mode=600"),
    ("tmpfs", ["nr_inodes=17"], "nr_inodes=17"), ("mqueue", [], "rw"),
    ("sysfs", ["ro"], "rw"), ("ramfs", ["mode=700"], "mode=700")])
def test_data(runtime, bundle, fstype, options, expect):
    """An option that is none of the table is the file system's."""
    mount = shown(runtime, bundle.mount("/mnt", fstype, fstype, options))["/mnt"]
    assert mount.type == fstype
    assert any(option.startswith(expect) for option in mount.super_options)


LOST = ["sync", "async", "dirsync", "mand", "nomand", "lazytime", "nolazytime", "iversion", "noiversion"]


@pytest.mark.hako_only
@pytest.mark.parametrize("option", LOST)
def test_superblock_option_on_a_bind(runtime, bundle, tmp, option):
    """mount(2) passes over it in silence; a warning names it."""
    (tmp / "source").mkdir()
    result = runtime.run(add(bundle, "bind", tmp / "source", option))
    assert result.status == 0
    assert f"/mounts/{len(bundle.mounts) - 1}/options/1: '{option}' does nothing here" in result.err


@pytest.mark.hako_only
@pytest.mark.parametrize("type", ["mqueue", "cgroup"])
def test_superblock_option_on_what_is_there_already(runtime, bundle, type):
    result = runtime.run(bundle.mount("/mnt", type, type, ["ro", "sync"]))
    assert result.status == 0 and "/options/1: 'sync' does nothing here" in result.err


@pytest.mark.hako_only
@pytest.mark.parametrize("option", ["silent", "loud", "defaults", "ro"])
def test_no_warning(runtime, bundle, tmp, option):
    (tmp / "source").mkdir()
    assert runtime.run(add(bundle, "bind", tmp / "source", option)).err == ""


def test_tmpcopyup(runtime, bundle):
    (bundle.rootfs / "data").mkdir()
    (bundle.rootfs / "data" / "file").write_text("x\n")
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "ro", "noexec", "silent"])
    out = runtime.output(bundle.sh(f"cat /data/file; {SHOW}"))
    mount = {m.point: m for m in host.parse_mountinfo(out.partition("\n")[2])}["/data"]
    assert out.startswith("x\n") and {"ro", "noexec"} <= mount.options and mount.type == "tmpfs"


@pytest.mark.hako_only
@pytest.mark.parametrize("type,options", [
    ("bind", ["tmpcopyup"]), ("tmpfs", ["bind", "tmpcopyup"]), ("proc", ["tmpcopyup"]),
    ("tmpfs", ["remount", "tmpcopyup"])])
def test_tmpcopyup_elsewhere(runtime, bundle, tmp, type, options):
    assert "tmpcopyup" in runtime.fails(bundle.mount("/mnt", type, tmp, options)).err


# remount

def remount(bundle, *options, at="/mnt"):
    return bundle.mount(at, None, None, ["remount", *options])


def test_remount_changes_the_mount(runtime, bundle, tree):
    bundle.mount("/mnt", "none", tree, ["rbind", "noexec"])
    mounts = shown(runtime, remount(bundle, "bind", "nosuid", "exec", "rnodev"))
    assert "nosuid" in mounts["/mnt"].options and "noexec" not in mounts["/mnt"].options
    assert "nosuid" not in mounts["/mnt/sub"].options
    assert all("nodev" in mounts[point].options for point in ("/mnt", "/mnt/sub"))
    assert "nodev" not in {m.point: m for m in host.mounts()}[str(tree)].options


def test_remount_changes_the_file_system(runtime, bundle):
    add(bundle, "tmpfs", None, "size=1m", "sync", "noatime")
    mount = shown(runtime, remount(bundle, "size=2m", "async", "lazytime", "noexec"))["/mnt"]
    assert {"size=2048k", "lazytime"} <= mount.super_options and "sync" not in mount.super_options
    assert {"noexec", "noatime"} <= mount.options


@pytest.mark.parametrize("first,then,expect", [("ro", "rw", "rw"), ("rw", "ro", "ro"),
                                               ("rro", "rrw", "rw")])
def test_remount_read_only_and_back(runtime, bundle, first, then, expect):
    assert expect in shown(runtime, remount(add(bundle, "tmpfs", None, first), then))["/mnt"].options


@pytest.mark.parametrize("first,then,expect", [("ro", "rw", "rw"), ("rw", "ro", "ro")])
def test_remount_of_a_block_device(runtime, bundle, loop, first, then, expect):
    bundle.mount("/mnt", "ext4", loop("ext4"), [first])
    mount = shown(runtime, remount(bundle, then))["/mnt"]
    assert expect in mount.options and expect in mount.super_options


def test_remount_of_dev_is_read_only_when_it_is_full(runtime, bundle):
    out = runtime.output(remount(bundle, "ro", at="/dev").sh(f"echo x > /dev/null; {SHOW}"))
    assert "ro" in {m.point: m for m in host.parse_mountinfo(out)}["/dev"].options


def test_remount_propagation(runtime, bundle):
    mount = shown(runtime, remount(add(bundle, "tmpfs", None), "rshared"))["/mnt"]
    assert re.search(SHARED, " ".join(mount.propagation))


@pytest.mark.hako_only
def test_remount_read_only_leaves_the_host_alone(runtime, bundle, tree):
    """mount(2) would make the file system itself read-only, for the host as well."""
    mount = shown(runtime, remount(bundle.mount("/mnt", "none", tree, ["rbind"]), "ro"))["/mnt"]
    assert "ro" in mount.options and "rw" in mount.super_options
    (tree / "file").write_text("still writable")


@pytest.mark.hako_only
@pytest.mark.parametrize("option", ["sync", "lazytime", "size=1m"])
def test_remount_of_the_host_s_file_system(runtime, bundle, tree, option):
    remount(bundle.mount("/mnt", "none", tree, ["rbind"]), option)
    err = runtime.fails(bundle).err
    assert f"/mounts/{len(bundle.mounts) - 1}/options" in err
    assert "for the host too" in err and "hint: with \"bind\"" in err


@pytest.mark.hako_only
@pytest.mark.parametrize("option,words", [
    ("iversion", "for new mounts"), ("noiversion", "for new mounts"), ("size=x", "size=x"),
    ("nosuchoption", "Unknown parameter")])
def test_remount_that_cannot_be(runtime, bundle, option, words):
    err = runtime.fails(remount(add(bundle, "tmpfs", None), option), foreseen="iversion" in option).err
    assert f"/mounts/{len(bundle.mounts) - 1}" in err and words in err


def test_remount_of_nothing(runtime, bundle):
    (bundle.rootfs / "empty").mkdir()
    err = runtime.fails(remount(bundle, "nosuid", at="/empty"), foreseen=False).err
    if runtime.is_hako:
        assert "hint: nothing is mounted there" in err
    assert "/empty" in err


def test_remount_in_a_user_namespace(runtime, bundle, tmp):
    add(bundle.user_namespace(), "tmpfs", None, "size=1m")
    assert "size=2048k" in shown(runtime, remount(bundle, "size=2m"))["/mnt"].super_options


# Propagation, of binds and of new mounts, of the top and of what is below

PROPAGATION = {  # option: (what /mnt has, what /mnt/sub has), of shared mounts
    "shared": (r"shared:\d+", r"^master:\d+$"), "rshared": (r"shared:\d+", r"shared:\d+"),
    "slave": (MASTER, MASTER), "rslave": (MASTER, MASTER),
    "private": (r"^$", MASTER), "rprivate": (r"^$", r"^$"),
    "unbindable": (UNBINDABLE, MASTER), "runbindable": (UNBINDABLE, UNBINDABLE)}


@pytest.fixture
def shared_tree(host_mount):
    top = host_mount("top", host.MS_SHARED)
    host_mount("top/sub", host.MS_SHARED)
    return top


def assert_propagation(mounts, expect):
    for point, pattern in zip(("/mnt", "/mnt/sub"), expect):
        assert re.search(pattern, " ".join(mounts[point].propagation)), mounts[point]


@pytest.mark.parametrize("option", PROPAGATION)
def test_propagation_of_a_tree(runtime, bundle, shared_tree, option):
    mounts = shown(runtime, bundle.mount("/mnt", "none", shared_tree, ["rbind", option]))
    assert_propagation(mounts, PROPAGATION[option])


@pytest.mark.parametrize("options,expect", [
    (["rslave", "shared"], (r"^shared:\d+ master:\d+$", MASTER)),
    (["rslave", "rshared"], (r"^shared:\d+ master:\d+$", r"^shared:\d+ master:\d+$")),
    (["rprivate", "shared"], (SHARED, r"^$")), (["rshared", "private"], (r"^$", r"shared:\d+"))])
def test_propagation_of_both(runtime, bundle, shared_tree, options, expect):
    mounts = shown(runtime, bundle.mount("/mnt", "none", shared_tree, ["rbind", *options]))
    assert_propagation(mounts, expect)


@pytest.mark.parametrize("option", PROPAGATION)
def test_propagation_of_a_new_mount(runtime, bundle, option):
    expect = {"shared": SHARED, "unbindable": UNBINDABLE}.get(option.lstrip("r"), r"^$")
    mount = shown(runtime, add(bundle, "tmpfs", None, option))["/mnt"]
    assert re.search(expect, " ".join(mount.propagation))


@pytest.mark.parametrize("option,reaches", [("rslave", True), ("rprivate", False)])
def test_what_the_host_mounts_later(runtime, bundle, shared_tree, option, reaches):
    (shared_tree / "late").mkdir()
    container = runtime.start(bundle.mount("/mnt", "none", shared_tree, ["rbind", option]).sleep())
    host.mount("x", shared_tree / "late", "tmpfs")
    try:
        inside = host.parse_mountinfo(open(f"/proc/{container.pid}/mountinfo").read())
        assert ("/mnt/late" in {m.point for m in inside}) == reaches
    finally:
        host.umount(shared_tree / "late")


# features

@pytest.mark.hako_only
def test_features_lists_what_is_tested(runtime):
    listed = set(json.loads(runtime.must("features").out)["mountOptions"])
    tested = {*SET, *CLEAR, *REC_SET, *REC_CLEAR, *PROPAGATION, *LOST, *MOUNT_FLAGS}
    tested |= {"loud", "defaults", "norelatime", "nostrictatime", "rnorelatime", "rnostrictatime",
               "bind", "rbind", "remount", "tmpcopyup", "idmap", "ridmap"}
    assert listed == tested
