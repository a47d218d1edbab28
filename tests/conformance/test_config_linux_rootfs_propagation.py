"""config-linux.md, rootfs mount propagation."""

import pytest

import host
from checks import refused
from requirements import each, requirement

SECTION = "config-linux.md#rootfs-mount-propagation"
MOUNT = "mount -t tmpfs none /mnt"


@pytest.fixture
def shared_rootfs(bundle):
    """A root file system that is a shared mount of the host."""
    (bundle.rootfs / "mnt").mkdir()
    host.mount(bundle.rootfs, bundle.rootfs, flags=host.MS_BIND)
    host.mount(None, bundle.rootfs, flags=host.MS_SHARED)
    yield bundle.rootfs
    host.umount(bundle.rootfs)


def propagate(bundle, how):
    bundle.linux["rootfsPropagation"] = how
    bundle.writable().all_capabilities()


@requirement(SECTION, "states", "`shared`: the root is in a peer group of its own, which mounts in nested "
             "namespaces belong to")
def test_shared(runtime, bundle, shared_rootfs):
    propagate(bundle, "shared")
    bundle.sh(f"unshare -m --propagation shared /bin/sh -c '{MOUNT}'; cat /proc/self/mountinfo")
    mounts = {m.point: m for m in host.parse_mountinfo(runtime.output(bundle))}
    assert mounts["/mnt"].type == "tmpfs"
    groups = {group for m in host.mounts() for group in m.propagation}
    assert mounts["/"].propagation and not groups & set(mounts["/"].propagation)


def host_mount_arrives(runtime, bundle, rootfs):
    """Whether what the host mounts below the root file system is in the running container."""
    container = runtime.start(bundle.sh("while [ ! -e /mnt/stop -a ! -e /run/stop ]; do sleep 0.02; done; "
                                        "cat /proc/self/mountinfo; ls /mnt"))
    host.mount("hkt", rootfs / "mnt", "tmpfs")
    try:
        (rootfs / "mnt" / "stop").touch()
        (rootfs / "run" / "stop").touch()
        container.wait_stopped()
    finally:
        host.umount(rootfs / "mnt")
    return "stop" in container.output.split()


@requirement(SECTION, "states", "`slave`: the root receives the host's mounts, the host none of the "
             "container's")
@pytest.mark.parametrize("how", ["slave", "rslave"])
def test_slave(runtime, bundle, shared_rootfs, how):
    propagate(bundle, how)
    assert host_mount_arrives(runtime, bundle, shared_rootfs)


@requirement(SECTION, "states", "`private`: the root receives nothing, and gives nothing")
@pytest.mark.parametrize("how", ["private", "rprivate"])
def test_private(runtime, bundle, shared_rootfs, how):
    propagate(bundle, how)
    assert not host_mount_arrives(runtime, bundle, shared_rootfs)


@each(SECTION, "states", "`{}`: mounts of the container do not reach the host",
      ["shared", "slave", "private", "unbindable"])
@pytest.mark.parametrize("how", ["shared", "slave", "private", "unbindable"])
def test_host_gets_nothing(runtime, bundle, shared_rootfs, how):
    propagate(bundle, how)
    before = host.mounts()
    container = runtime.start(bundle.sh(f"{MOUNT}; echo done; while :; do sleep 0.05; done"))
    container.wait_output("done")
    assert host.mounts() == before


@requirement(SECTION, "states", "`unbindable`: the root is private and cannot be bind-mounted")
@pytest.mark.parametrize("how,status", [("unbindable", False), ("private", True)])
def test_unbindable(runtime, bundle, how, status):
    propagate(bundle, how)
    (bundle.rootfs / "mnt").mkdir()
    result = runtime.run(bundle.sh("mount --bind / /mnt"))
    assert (result.status == 0) == status


@pytest.mark.parametrize("how", ["nosuch", "", "Shared", 3])
def test_another_value(runtime, bundle, how):
    bundle.linux["rootfsPropagation"] = how
    if how == "":
        assert runtime.run(bundle).status == 0  # clients write it for "not set"
    else:
        refused(runtime, bundle, "/linux/rootfsPropagation")
