"""Every kind of namespace: new, joined by path, left alone; what lives in them."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

import host

KINDS = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts",
         "cgroup": "cgroup", "user": "user", "time": "time"}
needs_time = pytest.mark.needs(host.has_time_namespace, "no time namespaces in this kernel")


def kinds(*without):
    marks = {"time": [needs_time, pytest.mark.hako_only]}
    return [pytest.param(k, marks=marks.get(k, [])) for k in KINDS if k not in without]


def ask_for(bundle, kind):
    return bundle.user_namespace() if kind == "user" else bundle.namespace(kind)


@pytest.mark.parametrize("kind", kinds())
def test_new(runtime, bundle, kind):
    ask_for(bundle, kind).sh(f"readlink /proc/self/ns/{KINDS[kind]}")
    assert runtime.output(bundle).strip() != host.namespace("self", KINDS[kind])


@pytest.mark.parametrize("kind", kinds("mount", "user", "time", "pid"))
def test_shared_with_the_host(runtime, bundle, kind):
    """Not asked for: the host's. Without a network namespace of our own sysfs is still mounted."""
    bundle.without_namespace(kind).sh(f"readlink /proc/self/ns/{KINDS[kind]}")
    if kind == "uts":
        bundle.config.pop("hostname", None)
    if kind == "ipc":
        bundle.without_mount("/dev/mqueue")
    assert runtime.output(bundle).strip() == host.namespace("self", KINDS[kind])


def test_no_pid_namespace(runtime, bundle):
    container = runtime.start(bundle.without_namespace("pid").sleep())
    assert host.namespace(container.pid, "pid") == host.namespace("self", "pid")


@pytest.mark.parametrize("kind", [*kinds("mount", "user"),
                                  pytest.param("user", marks=pytest.mark.hako_only)])
def test_join_by_path(runtime, bundle, make_bundle, kind):
    owner = runtime.start(ask_for(bundle, kind).sleep())
    path = f"/proc/{owner.pid}/ns/{KINDS[kind]}"
    other = make_bundle()
    if kind == "user":
        other.user_namespace()
        other.linux.pop("uidMappings")
        other.linux.pop("gidMappings")
    other.namespace(kind, path).sleep()
    guest = runtime.start(other)
    assert host.namespace(guest.pid, KINDS[kind]) == os.readlink(path)
    assert guest.pid != owner.pid
    guest.must("delete", "--force")
    assert owner.status == "running"


def test_join_mount_namespace(runtime, bundle, make_bundle):
    """The other's mounts are there; ours are made there."""
    owner = runtime.start(bundle.sleep())
    other = make_bundle().namespace("mount", f"/proc/{owner.pid}/ns/mnt")
    result = runtime.run(other.sh("readlink /proc/self/ns/mnt"))
    # The bundle is not visible in there, so a runtime may refuse; it may not use another namespace.
    if result.status == 0:
        assert result.out.strip() == host.namespace(owner.pid, "mnt")
    assert owner.status == "running"


@pytest.mark.hako_only
def test_join_user_and_network(runtime, bundle, make_bundle):
    """What podman does for pods of a user namespace."""
    owner = runtime.start(bundle.user_namespace().sleep())
    other = make_bundle().user_namespace()
    for kind in ("user", "network", "ipc", "uts"):
        other.namespace(kind, f"/proc/{owner.pid}/ns/{KINDS[kind]}")
    other.linux.pop("uidMappings")
    other.linux.pop("gidMappings")
    other.config.pop("hostname")
    output = runtime.output(other.sh("for k in user net ipc uts; do readlink /proc/self/ns/$k; done"))
    assert output.split() == [host.namespace(owner.pid, k) for k in ("user", "net", "ipc", "uts")]


@pytest.mark.hako_only
def test_join_user_with_equal_maps(runtime, bundle, make_bundle):
    """containerd and CRI-O send the path and the maps."""
    owner = runtime.start(bundle.user_namespace().sleep())
    other = make_bundle().user_namespace()
    other.namespace("user", f"/proc/{owner.pid}/ns/user")
    assert runtime.output(other.sh("readlink /proc/self/ns/user")).strip() == \
        host.namespace(owner.pid, "user")
    other.linux["uidMappings"][0]["hostID"] = 200000
    assert "uidMappings" in runtime.fails(other).err


def test_join_another_pid_namespace(runtime, bundle, make_bundle):
    """Both see each other in a fresh proc."""
    owner = runtime.start(bundle.sleep())
    other = make_bundle().namespace("pid", f"/proc/{owner.pid}/ns/pid").sh("echo $$; cat /proc/1/cmdline")
    pid, cmdline = runtime.output(other).split("\n", 1)
    assert int(pid) > 1
    assert "while" in cmdline


def test_network_namespace_of_a_file(runtime, bundle, tmp):
    """As `ip netns` and CNI make them: bound onto a file."""
    target = tmp / "netns"
    target.touch()
    pid = os.fork()
    if pid == 0:
        try:
            if host.libc.unshare(0x40000000) == 0:
                host.mount("/proc/self/ns/net", target, flags=host.MS_BIND)
                os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    try:
        bundle.namespace("network", target).sh("stat -L -c %i /proc/self/ns/net")
        assert int(runtime.output(bundle)) == target.stat().st_ino
    finally:
        host.umount(target)


@pytest.mark.parametrize("kind,path", [("network", "/proc/self/ns/uts"), ("pid", "/etc/passwd"),
                                       ("ipc", "/nonexistent/ns")])
def test_join_what_is_not_such_a_namespace(runtime, bundle, kind, path):
    if path == "/proc/self/ns/uts":
        path = f"/proc/{os.getpid()}/ns/uts"
    bundle.without_mount("/dev/mqueue").namespace(kind, path)
    result = runtime.fails(bundle)
    if runtime.is_hako:
        assert path in result.err


@pytest.mark.hako_only
def test_named_twice(runtime, bundle):
    bundle.linux["namespaces"].append({"type": "uts"})
    assert "/linux/namespaces" in runtime.fails(bundle).err


@pytest.mark.hako_only
def test_unknown_kind(runtime, bundle):
    bundle.linux["namespaces"].append({"type": "nosuch"})
    assert "nosuch" in runtime.fails(bundle).err


# User namespaces

def test_user_namespace_maps(runtime, bundle):
    bundle.user_namespace(100000, 5000).sh(
        "cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g")
    lines = runtime.output(bundle).splitlines()
    assert [line.split() for line in lines] == [["0", "100000", "5000"]] * 2 + [["0"], ["0"]]


def test_user_namespace_from_outside(runtime, bundle):
    bundle.user_namespace().process["user"] = {"uid": 7, "gid": 8}
    container = runtime.start(bundle.sleep())
    status = Path(f"/proc/{container.pid}/status").read_text()
    assert re.search(r"Uid:\t100007\t100007\t100007\t100007", status)
    assert re.search(r"Gid:\t100008\t100008\t100008\t100008", status)


def test_user_namespace_several_maps(runtime, bundle):
    bundle.user_namespace()
    for kind in ("uidMappings", "gidMappings"):
        bundle.linux[kind] = [{"containerID": 0, "hostID": 100000, "size": 10},
                              {"containerID": 1000, "hostID": 0, "size": 1}]
    lines = runtime.output(bundle.sh("cat /proc/self/uid_map")).splitlines()
    assert [line.split() for line in lines] == [["0", "100000", "10"], ["1000", "0", "1"]]


def test_user_namespace_owns_the_others(runtime, bundle):
    """It is made first: its root may set the host name, which belongs to the uts namespace."""
    bundle.user_namespace().capabilities("CAP_SYS_ADMIN").sh("hostname inside && hostname")
    assert runtime.output(bundle).strip() == "inside"


def test_user_namespace_binds_devices(runtime, bundle):
    bundle.user_namespace().sh("echo x > /dev/null; head -c 4 /dev/zero | wc -c; ls -l /dev/null")
    out = runtime.output(bundle)
    assert out.startswith("4\n")
    assert re.search(r"crw-rw-rw-.* 1, +3 ", out)


def test_user_namespace_bind_source_that_its_root_cannot_reach(runtime, bundle, tmp):
    secret = tmp / "secret"
    (secret / "in").mkdir(parents=True)
    (secret / "in" / "file").write_text("reached\n")
    secret.chmod(0o700)
    bundle.user_namespace().bind(secret / "in", "/mnt").bind(secret / "in" / "file", "/file")
    assert runtime.output(bundle.sh("cat /mnt/file /file")) == "reached\nreached\n"


@pytest.mark.hako_only
def test_maps_without_user_namespace(runtime, bundle):
    bundle.linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 1}]
    runtime.fails(bundle)


def test_user_namespace_without_maps(runtime, bundle):
    bundle.namespace("user")
    runtime.fails(bundle)


def test_unmapped_user(runtime, bundle):
    bundle.user_namespace(size=10).process["user"] = {"uid": 10, "gid": 0}
    runtime.fails(bundle)


# Time namespaces

@needs_time
@pytest.mark.hako_only
def test_time_offsets(runtime, bundle):
    bundle.namespace("time").linux["timeOffsets"] = {
        "boottime": {"secs": 7 * 86400}, "monotonic": {"secs": 1000, "nanosecs": 5}}
    bundle.sh("cat /proc/self/timens_offsets; cat /proc/uptime")
    lines = runtime.output(bundle).splitlines()
    assert [line.split() for line in lines[:2]] == [["monotonic", "1000", "5"],
                                                    ["boottime", str(7 * 86400), "0"]]
    assert float(lines[2].split()[0]) > time.clock_gettime(time.CLOCK_BOOTTIME) + 7 * 86400 - 60


@needs_time
@pytest.mark.hako_only
def test_time_offsets_without_namespace(runtime, bundle):
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1}}
    assert "/linux/timeOffsets" in runtime.fails(bundle).err


@needs_time
@pytest.mark.hako_only
def test_time_offsets_with_path(runtime, bundle):
    bundle.namespace("time", "/proc/self/ns/time").linux["timeOffsets"] = {"boottime": {"secs": 1}}
    runtime.fails(bundle)


# What lives in namespaces

def test_loopback_is_up(runtime, bundle):
    out = runtime.output(bundle.sh("ip addr show lo; ls /sys/class/net; ping -c 1 -W 1 127.0.0.1 "
                                   ">/dev/null 2>&1; cat /proc/net/dev | grep lo:"))
    assert re.search(r"lo: <LOOPBACK,UP,LOWER_UP>", out)
    assert "inet 127.0.0.1/8" in out
    assert re.search(r"^lo$", out, re.M)


def test_loopback_is_up_in_a_user_namespace(runtime, bundle):
    out = runtime.output(bundle.user_namespace().sh("ip -o link show lo"))
    assert "<LOOPBACK,UP,LOWER_UP>" in out


def test_loopback_is_up_for_hooks(runtime, bundle, tmp):
    bundle.hook_script("createRuntime", "pid=$(sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p')\n"
                       f"exec nsenter -t $pid -n ip -o link show lo > {tmp}/lo")
    runtime.output(bundle.sh("true"))
    assert "<LOOPBACK,UP,LOWER_UP>" in (tmp / "lo").read_text()


@pytest.mark.hako_only
def test_loopback_of_a_joined_namespace_stays(runtime, bundle, make_bundle):
    owner = runtime.start(bundle.sleep())
    enter = ["nsenter", "-t", str(owner.pid), "-n", "ip", "link", "set", "lo", "down"]
    subprocess.run(enter, check=True)
    other = make_bundle().namespace("network", f"/proc/{owner.pid}/ns/net").sh("ip -o link show lo")
    assert "<LOOPBACK>" in runtime.output(other)


def test_host_name(runtime, bundle):
    bundle.config["hostname"] = "box.example"
    before = os.uname().nodename
    assert runtime.output(bundle.sh("hostname")) == "box.example\n"
    assert os.uname().nodename == before


@pytest.mark.hako_only
def test_domain_name(runtime, bundle):
    bundle.config["domainname"] = "example.org"
    assert runtime.output(bundle.sh("cat /proc/sys/kernel/domainname")) == "example.org\n"


def test_host_name_needs_a_namespace(runtime, bundle):
    bundle.without_namespace("uts").config["hostname"] = "intruder"
    before = os.uname().nodename
    runtime.fails(bundle)
    assert os.uname().nodename == before


@pytest.mark.parametrize("key,file,value", [
    ("net.ipv4.ip_forward", "net/ipv4/ip_forward", "1"),
    ("kernel.msgmax", "kernel/msgmax", "4096"),
    ("kernel.shm_rmid_forced", "kernel/shm_rmid_forced", "1"),
    ("fs.mqueue.msg_max", "fs/mqueue/msg_max", "7"),
    pytest.param("net/ipv4/conf/lo/forwarding", "net/ipv4/conf/lo/forwarding", "1"),
])
def test_sysctl(runtime, bundle, key, file, value):
    before = Path("/proc/sys", file).read_text()
    bundle.linux["sysctl"] = {key: value}
    assert runtime.output(bundle.sh(f"cat /proc/sys/{file}")).strip() == value
    assert Path("/proc/sys", file).read_text() == before


@pytest.mark.parametrize("key,without", [
    ("net.ipv4.ip_forward", "network"), ("kernel.msgmax", "ipc"), ("fs.mqueue.msg_max", "ipc"),
    ("kernel.panic", None), ("vm.swappiness", None), ("kernel.core_pattern", None),
    ("net.ipv4/../../kernel/core_pattern", None), ("net.ipv4.nosuch", None)])
def test_sysctl_of_the_host(runtime, bundle, key, without):
    if without:
        bundle.without_namespace(without)
    if without == "ipc":
        bundle.without_mount("/dev/mqueue")
    bundle.linux["sysctl"] = {key: "1"}
    watched = ("kernel/panic", "vm/swappiness", "kernel/core_pattern")
    before = [Path("/proc/sys", f).read_text() for f in watched]
    result = runtime.fails(bundle)
    assert [Path("/proc/sys", f).read_text() for f in watched] == before
    if key in ("kernel.panic", "vm.swappiness"):
        assert "is not in a separate kernel namespace" in result.err


def test_first_process(runtime, bundle):
    assert runtime.output(bundle.sh("echo $$; cat /proc/self/stat | cut -d' ' -f5-6 ")).split()[0] == "1"


def test_cgroup_namespace_shows_the_root(runtime, bundle):
    bundle.namespace("cgroup")
    paths = {line.split(":", 2)[2] for line in runtime.output(bundle.sh("cat /proc/self/cgroup")).split()}
    assert paths == {"/"}


def test_state_names_the_namespaces(runtime, bundle):
    """cAdvisor and others read namespace_paths out of state.json."""
    container = runtime.start(bundle.sleep())
    paths = json.loads((container.state_dir / "state.json").read_text())["namespace_paths"]
    assert paths["NEWNET"] == f"/proc/{container.pid}/ns/net"
    assert paths["NEWPID"] == f"/proc/{container.pid}/ns/pid"
