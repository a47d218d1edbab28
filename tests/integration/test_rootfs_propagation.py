"""linux.rootfsPropagation: what the container's root is in mountinfo, what of the host's later mounts
appears in it, and what of its own appears on the host."""

import re

import pytest

import host

SHOW = "cat /proc/self/mountinfo"

# form: (the root, a mount of the container's own, a bind of a shared mount of the host)
NEW_GROUP, MASTER, NOTHING, UNBINDABLE = r"^shared:\d+$", r"^master:\d+$", r"^$", r"^unbindable$"
FORMS = {
    "private": (NOTHING, NOTHING, MASTER), "rprivate": (NOTHING, NOTHING, NOTHING),
    "shared": (NEW_GROUP, NOTHING, r"^shared:\d+"), "rshared": (NEW_GROUP, NEW_GROUP, r"^shared:\d+"),
    "slave": (MASTER, NOTHING, MASTER), "rslave": (MASTER, NOTHING, MASTER),
    "unbindable": (UNBINDABLE, NOTHING, MASTER), "runbindable": (UNBINDABLE, UNBINDABLE, UNBINDABLE)}


@pytest.fixture
def shared_bundle(make_bundle, host_mount, bundle, base_rootfs):
    """A bundle whose root file system is on a shared mount of the host."""
    import os
    import shutil
    top = host_mount("shared", host.MS_SHARED)
    shutil.copytree(base_rootfs, top / "rootfs", symlinks=True)
    (top / "rootfs" / "late").mkdir()
    (top / "rootfs" / "own").mkdir()
    bundle.rootfs = top / "rootfs"
    bundle.config["root"] = {"path": str(top / "rootfs"), "readonly": False}
    os.chmod(top / "rootfs", 0o755)
    return bundle


def point_of(mounts):
    return {m.point: " ".join(m.propagation) for m in mounts}


def inside(container):
    return point_of(host.parse_mountinfo(open(f"/proc/{container.pid}/mountinfo").read()))


@pytest.mark.parametrize("form", FORMS)
def test_in_mountinfo(runtime, shared_bundle, host_mount, form):
    volume = host_mount("volume", host.MS_SHARED)
    shared_bundle.linux["rootfsPropagation"] = form
    shared_bundle.mount("/mnt", "none", volume, ["rbind"])
    found = point_of(host.parse_mountinfo(runtime.output(shared_bundle.sh(SHOW))))
    for point, expect in zip(("/", "/proc", "/mnt"), FORMS[form]):
        assert re.search(expect, found[point]), f"{point}: {found[point]}"


def test_default_is_private(runtime, shared_bundle, host_mount):
    volume = host_mount("volume", host.MS_SHARED)
    shared_bundle.mount("/mnt", "none", volume, ["rbind"])
    found = point_of(host.parse_mountinfo(runtime.output(shared_bundle.sh(SHOW))))
    assert found["/"] == "" and re.search(MASTER, found["/mnt"])


@pytest.mark.parametrize("form", [None, *FORMS])
def test_what_the_host_mounts_later(runtime, shared_bundle, form):
    """The specification: a slave receives it, a private one does not; shared is a new group."""
    if form:
        shared_bundle.linux["rootfsPropagation"] = form
    container = runtime.start(shared_bundle.sleep())
    host.mount("late", shared_bundle.rootfs / "late", "tmpfs")
    try:
        assert ("/late" in inside(container)) == (form in ("slave", "rslave"))
    finally:
        host.umount(shared_bundle.rootfs / "late")


@pytest.mark.parametrize("form", [None, *FORMS])
def test_what_the_container_mounts(runtime, shared_bundle, form):
    """None of the forms shares the root with the host."""
    if form:
        shared_bundle.linux["rootfsPropagation"] = form
    before = [m.point for m in host.mounts()]
    container = runtime.start(shared_bundle.all_capabilities().sh(
        "mount -t tmpfs own /own && echo mounted; sleep 1000"))
    container.wait_output("mounted")
    assert "/own" in inside(container)
    assert [m.point for m in host.mounts()] == before


@pytest.mark.parametrize("form", [None, "private", "slave", "unbindable", "rprivate", "rslave", "runbindable"])
def test_a_volume_does_not_give_to_the_host(runtime, shared_bundle, host_mount, form):
    """Without "shared" in the form, nor does what is bound from a shared mount of the host."""
    volume = host_mount("volume", host.MS_SHARED)
    if form:
        shared_bundle.linux["rootfsPropagation"] = form
    shared_bundle.mount("/mnt", "none", volume, ["rbind"]).all_capabilities()
    container = runtime.start(shared_bundle.sh(
        "mkdir /mnt/own && mount -t tmpfs own /mnt/own && echo mounted; sleep 1000"))
    container.wait_output("mounted")
    assert str(volume / "own") not in {m.point for m in host.mounts()}


@pytest.mark.parametrize("form,allowed", [("private", True), ("unbindable", False), ("runbindable", False)])
def test_unbindable_is_real(runtime, shared_bundle, form, allowed):
    shared_bundle.linux["rootfsPropagation"] = form
    result = runtime.run(shared_bundle.all_capabilities().sh("mount -o bind / /own"))
    assert (result.status == 0) == allowed


def test_shared_is_a_group_of_the_container_s_own(runtime, shared_bundle):
    """A bind of the root in the container is a peer of it."""
    shared_bundle.linux["rootfsPropagation"] = "shared"
    out = runtime.output(shared_bundle.all_capabilities().sh(
        f"mount -o bind / /own && mount -t tmpfs x /late && {SHOW}"))
    found = point_of(host.parse_mountinfo(out))
    assert found["/"] == found["/own"] and "/own/late" in found


@pytest.mark.parametrize("form", FORMS)
def test_in_a_user_namespace(runtime, bundle, form):
    bundle.user_namespace().linux["rootfsPropagation"] = form
    found = point_of(host.parse_mountinfo(runtime.output(bundle.sh(SHOW))))
    expect = FORMS[form][0]
    if expect == MASTER:
        expect = r"^(master:\d+)?$" # the root is on a private mount of the host, or on a shared one
    elif expect == NEW_GROUP:
        expect = r"shared:\d+"
    assert re.search(expect, found["/"]), found["/"]


@pytest.mark.parametrize("form", FORMS)
def test_without_pivot_root(runtime, bundle, form):
    """The host keeps its mounts, which the container loses."""
    bundle.linux["rootfsPropagation"] = form
    if "private" in form:
        assert "rootfsPropagation" in runtime.fails(bundle, "--no-pivot").err or not runtime.is_hako
    else:
        assert runtime.output(bundle.sh("echo run"), "--no-pivot") == "run\n"


def test_the_host_keeps_a_shared_proc_without_pivot_root(runtime, bundle, host_mount):
    """It is unmounted for the container, which must not reach the host."""
    top = host_mount("shared", host.MS_SHARED)
    (top / "proc").mkdir()
    host.mount("proc", top / "proc", "proc")
    try:
        bundle.linux["rootfsPropagation"] = "shared"
        assert runtime.output(bundle.sh("echo run"), "--no-pivot") == "run\n"
        assert str(top / "proc") in {m.point for m in host.mounts()}
    finally:
        host.umount(top / "proc")


def test_unknown(runtime, bundle):
    bundle.linux["rootfsPropagation"] = "public"
    assert "rootfsPropagation" in runtime.fails(bundle).err
