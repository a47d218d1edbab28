"""What a restored container is made of: mounts, namespaces, cgroups and hooks of its config.json; and
images that criu cannot read."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import host
from counting import IMAGE, needs_criu, pids_cgroup
from hooks import note


# ---- mounts, namespaces, cgroups ----


@needs_criu
def test_binds_have_the_sources_of_config_json(counting, tmp):
    """And are as read-only as it says, whatever was where when the image was made."""
    for name in ("a", "b"):
        (tmp / name).mkdir()
        (tmp / name / "name").write_text(name)
    counting.bundle.bind(tmp / "a", "/ro", "ro").bind(tmp / "a/name", "/etc/one", "ro")
    counting.start()
    counting.checkpoint(*IMAGE)
    assert {"/data", "/ro", "/etc/one"} <= set(json.loads((counting.image / "external-mounts.json").read_text()))
    for mount in counting.bundle.mounts:
        if mount["destination"] == "/ro":
            mount["source"] = str(tmp / "b")
    counting.bundle.mounts.reverse()  # what is where counts, not its place in the list
    counting.bundle.mounts.sort(key=lambda mount: mount["destination"])
    counting.bundle.write()
    container = counting.restore(*IMAGE)
    root = Path(f"/proc/{container.pid}/root")
    assert (root / "ro/name").read_text() == "b"
    assert (root / "etc/one").read_text() == "a"
    assert "ro" in counting.mount_flags("/ro") and "ro" in counting.mount_flags("/etc/one")
    assert "rw" in counting.mount_flags("/data")


@needs_criu
def test_the_same_source_read_only_in_two_places(counting, tmp):
    (tmp / "a").mkdir()
    counting.bundle.bind(tmp / "a", "/one", "ro").bind(tmp / "a", "/two", "ro")
    counting.start()
    counting.checkpoint(*IMAGE)
    counting.restore(*IMAGE)
    assert "ro" in counting.mount_flags("/one") and "ro" in counting.mount_flags("/two")


@needs_criu
def test_a_mount_that_config_json_has_no_more(counting, tmp):
    counting.start()
    counting.checkpoint(*IMAGE)
    counting.bundle.without_mount("/data")
    counting.bundle.write()
    assert "on '/data', for which config.json has no mount" in counting.cannot_restore(*IMAGE)


@needs_criu
def test_a_mount_that_is_read_only_now(counting, tmp):
    """The image says that it is writable, and has a file of it open; config.json has the last word."""
    counting.start()
    counting.checkpoint(*IMAGE)
    for mount in counting.bundle.mounts:
        if mount["destination"] == "/data":
            mount["options"].append("ro")
    counting.bundle.write()
    assert "'/data', which config.json mounts read-only: " in counting.cannot_restore(*IMAGE)


@needs_criu
def test_a_link_on_the_way_to_a_mount(counting, tmp):
    """Mount points are where the links in the root file system lead."""
    (counting.bundle.rootfs / "var/run").symlink_to("../run")
    (tmp / "a").mkdir()
    counting.bundle.bind(tmp / "a", "/var/run/there")
    counting.start()
    counting.checkpoint(*IMAGE)
    assert "/run/there" in json.loads((counting.image / "external-mounts.json").read_text())
    counting.restore(*IMAGE)


@needs_criu
def test_mount_points_are_made(counting):
    """As in a root file system that comes from an image again."""
    counting.start()
    counting.checkpoint(*IMAGE)
    for name in ("data", "sys", "proc"):
        (counting.bundle.rootfs / name).rmdir()
    counting.restore(*IMAGE)


@needs_criu
def test_a_network_namespace_of_somebody_else(counting, tmp):
    holder = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    try:
        path = f"/proc/{holder.pid}/ns/net"
        host.wait_until(lambda: os.readlink(path) != os.readlink("/proc/self/ns/net"))
        counting.bundle.namespace("network", path)
        container = counting.start()
        assert host.namespace(container.pid, "net") == os.readlink(path)
        counting.checkpoint(*IMAGE)
        container = counting.restore(*IMAGE)
        assert host.namespace(container.pid, "net") == os.readlink(path)
        container.kill_and_delete()
    finally:
        holder.kill()
        holder.wait()


@needs_criu
@pytest.mark.parametrize("kind,name", [("ipc", "ipc"), ("uts", "uts")])
def test_other_namespaces_of_somebody_else(counting, kind, name):
    holder = subprocess.Popen(["unshare", f"--{kind}", "sleep", "1000"])
    try:
        path = f"/proc/{holder.pid}/ns/{name}"
        host.wait_until(lambda: os.readlink(path) != os.readlink(f"/proc/self/ns/{name}"))
        counting.bundle.namespace(kind, path)
        counting.bundle.config.pop("hostname", None)
        counting.start()
        counting.checkpoint(*IMAGE)
        container = counting.restore(*IMAGE)
        assert host.namespace(container.pid, name) == os.readlink(path)
        container.kill_and_delete()
    finally:
        holder.kill()
        holder.wait()


@needs_criu
@pytest.mark.shows("checkpoint --empty-ns", "restore --empty-ns")
def test_empty_ns(counting):
    """The network is what the hooks make of it."""
    counting.start()
    counting.checkpoint(*IMAGE, "--empty-ns", "network")
    assert not list(counting.image.glob("netdev-*.img"))
    counting.bundle.hook_script("createRuntime", 'pid=$(sed \'s/.*"pid":\\([0-9]*\\).*/\\1/\')\n'
                                'exec nsenter --net=/proc/$pid/ns/net ip link add hkt0 type dummy')
    counting.bundle.write()
    container = counting.restore(*IMAGE, "--empty-ns", "network")
    assert "hkt0" in Path(f"/proc/{container.pid}/net/dev").read_text()


@needs_criu
@pytest.mark.shows("checkpoint --manage-cgroups-mode", "restore --manage-cgroups-mode")
@pytest.mark.parametrize("mode", ["soft", "full", "ignore"])
def test_manage_cgroups_mode(counting, mode):
    counting.start()
    counting.checkpoint(*IMAGE, "--manage-cgroups-mode", mode)
    container = counting.restore(*IMAGE, "--manage-cgroups-mode", mode)
    assert pids_cgroup(container.pid).name == container.id


@needs_criu
@pytest.mark.shows("checkpoint --manage-cgroups-mode", "restore --manage-cgroups-mode")
def test_strict_cgroups(counting):
    """criu wants to make the cgroup itself; what it restores is in the one that we have made."""
    counting.start()
    counting.checkpoint(*IMAGE, "--manage-cgroups-mode", "strict")
    assert "existing cgroups" in counting.cannot_restore(*IMAGE, "--manage-cgroups-mode", "strict")


@needs_criu
def test_limits_are_those_of_config_json(counting):
    counting.bundle.resources["pids"] = {"limit": 100}
    counting.start()
    counting.checkpoint(*IMAGE)
    counting.bundle.resources["pids"] = {"limit": 200}
    counting.bundle.write()
    container = counting.restore(*IMAGE)
    assert (pids_cgroup(container.pid) / "pids.max").read_text() == "200\n"


@needs_criu
def test_hooks(counting, notes):
    """prestart and createRuntime run when the namespaces are there, poststop at the end of each."""
    for kind in ("prestart", "createRuntime", "poststart", "poststop"):
        note(counting.bundle, notes, kind, f"cat >> $NOTES/{kind}; echo >> $NOTES/{kind}")
    counting.start()
    counting.checkpoint(*IMAGE)
    host.wait_until((notes / "poststop").exists)
    for entry in notes.iterdir():
        entry.unlink()
    container = counting.restore(*IMAGE)
    assert sorted(entry.name for entry in notes.iterdir()) == ["createRuntime", "prestart"]
    for kind in ("prestart", "createRuntime"):
        state = json.loads((notes / kind).read_text())
        assert (state["id"], state["pid"], state["status"]) == (container.id, container.pid, "creating")
    container.kill_and_delete()
    assert (notes / "poststop").exists()


@needs_criu
def test_a_hook_that_fails(counting, notes):
    counting.start()
    counting.checkpoint(*IMAGE)
    note(counting.bundle, notes, "createRuntime", "echo no; exit 3")
    note(counting.bundle, notes, "poststop", "touch $NOTES/stopped")
    counting.bundle.write()
    assert "error running createRuntime hook #0: exit status 3, stdout: no" in counting.cannot_restore(*IMAGE)
    assert (notes / "stopped").exists()


@needs_criu
def test_criu_config(counting, tmp):
    """The annotation's file, which has to be there."""
    config = tmp / "criu.conf"
    config.write_text("log-file from-the-annotation.log\n")
    counting.bundle.config["annotations"] = {"org.criu.config": str(config)}
    counting.start()
    counting.checkpoint(*IMAGE, "--leave-running")
    assert (counting.image / "from-the-annotation.log").exists()
    config.unlink()
    assert "criu's configuration file" in counting.cannot_checkpoint(*IMAGE)


@needs_criu
@pytest.mark.shows("restore --lsm-profile", "restore --lsm-mount-context")
@pytest.mark.parametrize("option", [("--lsm-profile", "selinux:a_u:a_r:a_t"),
                                    ("--lsm-mount-context", "a_u:object_r:a_t")])
def test_lsm(counting, option):
    """Of an LSM that this host does not run."""
    counting.start()
    counting.checkpoint(*IMAGE)
    counting.cannot_restore(*IMAGE, *option)


# ---- failures of criu ----


@needs_criu
@pytest.mark.parametrize("broken", ["inventory.img", "core-1.img", "mountpoints-*.img"])
def test_a_broken_image(counting, broken):
    """criu's own files: what it says of them comes through, and nothing is left. Not pages-1.img: criu
    3.17 waits for ever for pages that a short one does not have."""
    counting.start()
    counting.checkpoint(*IMAGE)
    for path in counting.image.glob(broken):
        path.write_bytes(os.urandom(100))
    err = counting.cannot_restore(*IMAGE)
    assert "criu failed" in err and "see image/restore.log" in err


@needs_criu
def test_an_image_that_is_not_there(counting):
    counting.start()
    counting.checkpoint(*IMAGE)
    for name in os.listdir(counting.image):
        if name.endswith(".img"):
            (counting.image / name).unlink()
    assert "criu failed" in counting.cannot_restore(*IMAGE)
