"""config.md, Linux mount options: each word of its table, by what it makes of a mount."""

import json
import re

import pytest

import host
from requirements import each, requirement, untested

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 0x20
MS_NOSYMFOLLOW, MS_NOATIME, MS_NODIRATIME, MS_STRICTATIME = 0x100, 0x400, 0x800, 1 << 24
SECTION = "config.md#linux-mount-options"
NEWER = {"nosymfollow", "symfollow", "rnosymfollow", "rsymfollow"}

# {option: (options before it, what mountinfo shows then, what it does not show)}, on a new tmpfs
SINGLE = {
    "async": (["sync"], "", "sync"),
    "atime": (["noatime"], "relatime", "noatime"),
    "defaults": ([], "rw", "nosuid nodev noexec sync"),
    "dev": (["nodev"], "", "nodev"),
    "diratime": (["nodiratime"], "", "nodiratime"),
    "dirsync": ([], "dirsync", ""),
    "exec": (["noexec"], "", "noexec"),
    "lazytime": ([], "lazytime", ""),
    "noatime": ([], "noatime", "relatime"),
    "nodev": ([], "nodev", ""),
    "nodiratime": ([], "nodiratime", ""),
    "noexec": ([], "noexec", ""),
    "nolazytime": (["lazytime"], "", "lazytime"),
    "nostrictatime": (["strictatime"], "relatime", ""),
    "nosuid": ([], "nosuid", ""),
    "nosymfollow": ([], "nosymfollow", ""),
    "relatime": (["noatime"], "relatime", "noatime"),
    "ro": ([], "ro", "rw"),
    "rw": (["ro"], "rw", "ro"),
    "strictatime": ([], "", "relatime noatime"),
    "suid": (["nosuid"], "", "nosuid"),
    "symfollow": (["nosymfollow"], "", "nosymfollow"),
    "sync": ([], "sync", ""),
}
# What only the kernel's log or the file system would show, and relatime, which is the default anyway.
ACCEPTED = ["iversion", "loud", "noiversion", "norelatime", "silent"]
SHOULD = {"nosymfollow", "symfollow"}

# {option: (flags of the tree on the host, what both mounts show then, what they do not)}
RECURSIVE = {
    "ratime": (MS_NOATIME, "", "noatime"),
    "rdev": (MS_NODEV, "", "nodev"),
    "rdiratime": (MS_NODIRATIME, "", "nodiratime"),
    "rexec": (MS_NOEXEC, "", "noexec"),
    "rnoatime": (0, "noatime", "relatime"),
    "rnodiratime": (0, "nodiratime", ""),
    "rnoexec": (0, "noexec", ""),
    "rnorelatime": (0, "rw", ""),
    "rnostrictatime": (MS_STRICTATIME, "relatime", ""),
    "rnosuid": (0, "nosuid", ""),
    "rnosymfollow": (0, "nosymfollow", ""),
    "rrelatime": (MS_NOATIME, "relatime", "noatime"),
    "rro": (0, "ro", "rw"),
    "rrw": (MS_RDONLY, "rw", "ro"),
    "rstrictatime": (0, "", "relatime noatime"),
    "rsuid": (MS_NOSUID, "", "nosuid"),
    "rsymfollow": (MS_NOSYMFOLLOW, "", "nosymfollow"),
}

PROPAGATION = {"private": "", "rprivate": "", "shared": "shared:", "rshared": "shared:",
               "slave": "master:", "rslave": "master:", "unbindable": "unbindable",
               "runbindable": "unbindable"}


# What runc 1.1 and crun 1.8 do not have.
PEERS_TOO = pytest.mark.parametrize("options", [
    pytest.param(lambda option: option not in NEWER, id="old"),
    pytest.param(lambda option: option in NEWER, marks=pytest.mark.hako_only, id="new")])


def mounts(runtime, bundle):
    """{mount point: mount} of the container."""
    out = runtime.output(bundle.args("/bin/cat", "/proc/self/mountinfo"))
    return {mount.point: mount for mount in host.parse_mountinfo(out)}


def shows(mount, present, absent):
    """Whether the mount or its superblock has these options. A read-only mount says so itself."""
    seen = mount.options | (mount.super_options - {"ro", "rw"})
    return set(present.split()) <= seen and not set(absent.split()) & seen


@each(SECTION, "MUST", "`{0}`", sorted(set(SINGLE) - SHOULD))
@each(SECTION, "SHOULD", "`{0}`", sorted(SHOULD))
@PEERS_TOO
def test_options_of_one_mount(runtime, bundle, options):
    chosen = {option: row for option, row in SINGLE.items() if options(option)}
    for option, (before, _, _) in chosen.items():
        bundle.mount(f"/mnt/{option}", "tmpfs", "tmpfs", [*before, option])
    seen = mounts(runtime, bundle)
    wrong = {option: sorted(seen[f"/mnt/{option}"].options) for option, (_, present, absent) in chosen.items()
             if not shows(seen[f"/mnt/{option}"], present, absent)}
    assert not wrong


@each(SECTION, "MUST", "`{0}` is no error, and not handed to the file system", ACCEPTED)
def test_option_without_a_trace(runtime, bundle):
    """tmpfs refuses every word that it does not know."""
    for option in ACCEPTED:
        bundle.mount(f"/mnt/{option}", "tmpfs", "tmpfs", [option])
    seen = mounts(runtime, bundle)
    assert all(shows(seen[f"/mnt/{option}"], "rw", "") for option in ACCEPTED)


@pytest.fixture
def tree(host_mount):
    """tree(flags) gives a mount of the host with another, sub, in it, both with these flags."""
    def make(flags, name="top"):
        for point in (top := host_mount(name), host_mount(f"{name}/sub")):
            host.mount(None, point, flags=MS_REMOUNT | host.MS_BIND | flags)
        return top

    return make


@each(SECTION, "SHOULD", "`{0}`, for the whole tree", RECURSIVE)
@PEERS_TOO
def test_options_of_a_tree(runtime, bundle, tree, options):
    chosen = {option: row for option, row in RECURSIVE.items() if options(option)}
    for option, (flags, _, _) in chosen.items():
        bundle.mount(f"/mnt/{option}", "none", tree(flags, option), ["rbind", option])
    before = {m.point: m.options for m in host.mounts()}
    seen = mounts(runtime, bundle)
    wrong = {point: sorted(seen[point].options) for option, (_, present, absent) in chosen.items()
             for point in (f"/mnt/{option}", f"/mnt/{option}/sub") if not shows(seen[point], present, absent)}
    assert not wrong
    assert {m.point: m.options for m in host.mounts()} == before, "the host's mounts are as they were"


@each(SECTION, "MUST", "`{0}`", PROPAGATION)
def test_propagation(runtime, bundle, host_mount):
    top = host_mount("top", host.MS_SHARED)
    host_mount("top/sub", host.MS_SHARED)
    for option in PROPAGATION:
        bundle.mount(f"/mnt/{option}", "none", top, ["rbind", option])
    seen = mounts(runtime, bundle)
    for option, expect in PROPAGATION.items():
        for point in [f"/mnt/{option}", f"/mnt/{option}/sub"][:2 if option.startswith("r") else 1]:
            assert re.match(expect or "$", " ".join(seen[point].propagation)), point


@requirement(SECTION, "MUST", "`bind` binds one mount")
@requirement(SECTION, "MUST", "`rbind` binds the mounts below it, too")
def test_bind_and_rbind(runtime, bundle, tree):
    top = tree(0)
    bundle.mount("/mnt/flat", "none", top, ["bind"]).mount("/mnt/deep", "none", top, ["rbind"])
    seen = mounts(runtime, bundle)
    assert "/mnt/flat/sub" not in seen and "/mnt/deep/sub" in seen


@requirement(SECTION, "MUST", "`remount` changes the options of what is mounted there")
def test_remount(runtime, bundle):
    bundle.mount("/mnt", "tmpfs", "tmpfs").mount("/mnt", "tmpfs", "tmpfs", ["remount", "ro", "noexec"])
    assert shows(mounts(runtime, bundle)["/mnt"], "ro noexec", "rw")


@requirement(SECTION, "MUST", "`remount` changes the options of what is mounted there")
def test_remount_of_a_bind(runtime, bundle, tmp):
    bundle.bind(tmp, "/mnt").mount("/mnt", "none", tmp, ["bind", "remount", "ro", "nosuid"])
    assert shows(mounts(runtime, bundle)["/mnt"], "ro nosuid", "rw")


@requirement(SECTION, "SHOULD", "a word that is not in the table is for the file system")
def test_unknown_option_is_data(runtime, bundle):
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["nosuid", "size=124k", "mode=711"])
    assert shows(mounts(runtime, bundle)["/mnt"], "nosuid size=124k mode=711", "")


@requirement(SECTION, "SHOULD", "a word that is not in the table is for the file system")
def test_unknown_option_of_the_file_system(runtime, bundle):
    """The kernel, not the runtime, says that tmpfs has no such option."""
    runtime.fails(bundle.mount("/mnt", "tmpfs", "tmpfs", ["nosuchoption"]), command="create")


untested(SECTION, "SHOULD", "own words that mount(8) knows do as they do there",
         "hako has no word beyond the specification's table")

# idmap and ridmap

IDMAPS = ["idmap", "ridmap"]
MAP = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def need_idmap(runtime):
    features = runtime.call("features")
    if features.status != 0 or not json.loads(features.out)["linux"].get("mountExtensions", {}) \
            .get("idmap", {}).get("enabled"):
        pytest.skip("the runtime says that it has no id-mapped mounts")


def map_mount(bundle, source, option):
    bundle.mount("/mnt", "none", source, ["rbind" if option == "ridmap" else "bind", option])
    return bundle.mounts[-1]


def owners(runtime, bundle, *paths):
    return runtime.output(bundle.sh(f"stat -c '%u %g' {' '.join(paths)}")).splitlines()


@each(SECTION, "SHOULD", "`{0}`", IDMAPS)
@each(SECTION, "MUST", "`{0}` maps the ids of the mount", IDMAPS)
@each(SECTION, "MUST", "`{0}` uses the mappings of the mount, where it has some", IDMAPS)
@each(SECTION, "SHOULD NOT", "`{0}` is not a word for the file system", IDMAPS)
@pytest.mark.parametrize("option", IDMAPS)
def test_idmap_with_its_own_mappings(runtime, bundle, host_mount, option):
    """Files of root on the host belong to what the mapping makes of root."""
    need_idmap(runtime)
    top, _ = host_mount("top", bind=True), host_mount("top/sub", bind=True)
    map_mount(bundle, top, option).update(uidMappings=MAP, gidMappings=MAP)
    below = "100000 100000" if option == "ridmap" else "0 0"
    paths = ["/mnt", "/mnt/sub"] if option == "ridmap" else ["/mnt"]
    assert owners(runtime, bundle, *paths) == ["100000 100000", below][:len(paths)]


@each(SECTION, "MUST", "`{0}` without mappings, where they are not the container's, is an error", IDMAPS)
@each(SECTION, "MUST", "`{0}` without mappings and without a user namespace is an error", IDMAPS)
@pytest.mark.hako_only
@pytest.mark.parametrize("option", IDMAPS)
def test_idmap_without_mappings(runtime, bundle, tmp, option):
    map_mount(bundle, tmp, option)
    runtime.fails(bundle, command="create")


for word in IDMAPS:
    untested(SECTION, "SHOULD", f"`{word}` is done with mount_setattr(2)",
             "it is about the means: the other rows are about the effect")
