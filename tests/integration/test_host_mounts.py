"""Without a mount namespace of the container's own: chroot, and mounts on the host that go with it."""

import shutil
import subprocess
from pathlib import Path

import pytest

import host

pytestmark = pytest.mark.hako_only


def below(directory):
    return [vars(m) for m in host.mounts() if m.point.startswith(str(directory))]


def in_the_host_mount_namespace(bundle):
    bundle.without_namespace("mount").linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    return bundle


def test_no_mount_namespace(runtime, bundle):
    """chroot alone."""
    in_the_host_mount_namespace(bundle).writable().config["mounts"] = []
    (bundle.rootfs / "mark").write_text("here\n")
    before = Path("/proc/self/mountinfo").read_text()
    assert runtime.output(bundle.sh("cat /mark; touch /made")) == "here\n"
    assert (bundle.rootfs / "made").exists()
    assert Path("/proc/self/mountinfo").read_text() == before


def test_mounts_on_the_host(runtime, bundle):
    """config-linux.md, "Namespaces": the runtime's is inherited. All of it goes with the container."""
    in_the_host_mount_namespace(bundle).sh("echo x > /dev/shm/x; touch /y; echo done; sleep 1000")
    container = runtime.start(bundle)
    container.wait_output("done")
    assert host.namespace(container.pid, "mnt") == host.namespace("self", "mnt")
    assert "Read-only" in container.output
    during = {m.point: m for m in host.mounts()}
    assert "ro" in during[str(bundle.rootfs)].options
    assert during[f"{bundle.rootfs}/proc"].type == "proc"
    assert (bundle.rootfs / "dev/shm/x").read_text() == "x\n"
    container.kill_and_delete()
    assert below(bundle.path) == []


@pytest.mark.parametrize("change", [
    lambda b: b.args("/no/such/program"), lambda b: b.hook("createContainer", "/bin/false"),
    lambda b: b.mount("/x", "nosuchfs", "x"), lambda b: b.hook("startContainer", "/bin/false")])
def test_mounts_on_the_host_of_a_failed_container(runtime, bundle, change):
    change(in_the_host_mount_namespace(bundle))
    runtime.fails(bundle)
    assert below(bundle.path) == []


def test_a_mount_under_the_root_stays(runtime, bundle, tmp, host_mount):
    """An engine's overlay, say: only what was put on it goes."""
    rootfs = host_mount("image")
    shutil.copytree(bundle.rootfs, rootfs, symlinks=True, dirs_exist_ok=True)
    in_the_host_mount_namespace(bundle).config["root"]["path"] = str(rootfs)
    before = below(tmp)
    assert runtime.output(bundle.args("/bin/echo", "here")) == "here\n"
    assert below(tmp) == before
    runtime.fails(bundle.args("/no/such/program"))
    assert below(tmp) == before


def test_mounts_on_the_host_do_not_propagate(runtime, bundle, tmp):
    """From a host whose mounts are shared, only the root itself gets into another namespace."""
    in_the_host_mount_namespace(bundle).sleep().write()
    name = runtime.new_id()
    hako = f"{runtime.program} --root {runtime.root}"
    script = f"""
        mount --make-rshared / || exit 99
        unshare --mount --propagation slave sleep 1000 & peer=$!
        while test $(readlink /proc/$peer/ns/mnt) = $(readlink /proc/self/ns/mnt); do sleep 0.01; done
        cat /proc/$peer/mountinfo > {tmp}/before
        {hako} run -d --bundle {bundle.path} {name} > {tmp}/out 2>&1 || exit 98
        cat /proc/$peer/mountinfo > {tmp}/during
        {hako} delete --force {name} || exit 97
        cat /proc/$peer/mountinfo > {tmp}/after
        kill $peer"""
    result = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, f"{result.returncode} {result.stderr}"

    def points(name):
        return [m.point for m in host.parse_mountinfo((tmp / name).read_text())]

    assert [p for p in points("during") if str(bundle.path) in p] == [str(bundle.rootfs)]
    assert points("after") == points("before")


def test_user_namespace_has_no_power_over_the_host_mounts(runtime, bundle):
    in_the_host_mount_namespace(bundle).user_namespace()
    assert "/mounts" in runtime.fails(bundle).err
