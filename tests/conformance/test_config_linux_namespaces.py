"""config-linux.md, namespaces."""

import ctypes
import os
import socket

import pytest

import host
from checks import refused
from requirements import covered, requirement

SECTION = "config-linux.md#namespaces"
KINDS = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts",
         "cgroup": "cgroup", "user": "user", "time": "time"}
SHOW = "for n in pid net mnt ipc uts cgroup user time; do readlink /proc/self/ns/$n; done"
NEEDS = {"time": [pytest.mark.needs(host.has_time_namespace, "no time namespaces in this kernel")]}
KIND_CASES = [pytest.param(kind, marks=NEEDS.get(kind, [])) for kind in KINDS]

IPC_PRIVATE, IPC_RMID = 0, 0


def shown_namespaces(runtime, bundle):
    links = runtime.output(bundle.sh(SHOW)).split()
    return {link.partition(":")[0]: link for link in links}


def own_namespace(kind):
    return host.namespace("self", KINDS[kind])


def supported(kind):
    return requirement(SECTION, "SHOULD", f"namespaces of the type `{kind}` are supported")


def ask_for(bundle, kind, path=None):
    """A namespace of the type, new or that of a path; a joined user namespace has its mappings."""
    if kind == "user" and not path:
        return bundle.user_namespace()
    return bundle.namespace(kind, path)


# What each type keeps apart

@supported("pid")
def test_pid(runtime, bundle):
    out = runtime.output(bundle.sh("echo $$; cd /proc; echo [0-9]*"))
    own, all_pids = out.splitlines()
    assert own == "1"
    assert set(all_pids.split()) <= {"1", "2", "3"}, "other containers' processes are visible"


@supported("network")
def test_network(runtime, bundle):
    name = f"{runtime.prefix}-socket"
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        script = "cat /proc/net/unix; ls /sys/class/net"
        out = runtime.output(bundle.sh(script))
        assert name not in out
        assert "lo" in out.split()
        assert name in runtime.output(bundle.without_namespace("network").sh(script))


@supported("mount")
def test_mount(runtime, bundle, tmp):
    before = host.mounts()
    container = runtime.start(bundle.bind(tmp, "/mnt").sleep())
    assert host.mounts() == before
    assert container.pid and host.namespace(container.pid, "mnt") != own_namespace("mount")


@supported("ipc")
def test_ipc(runtime, bundle):
    queue = host.libc.msgget(IPC_PRIVATE, 0o600)
    if queue < 0:
        pytest.skip("no System V message queues in this kernel")
    try:
        bundle.args("/bin/cat", "/proc/sysvipc/msg")
        assert len(runtime.output(bundle).splitlines()) == 1
        bundle.without_namespace("ipc").without_mount("/dev/mqueue")
        assert len(runtime.output(bundle).splitlines()) > 1
    finally:
        host.libc.msgctl(queue, IPC_RMID, ctypes.c_void_p())


@supported("uts")
def test_uts(runtime, bundle):
    before = os.uname().nodename
    bundle.config["hostname"] = "elsewhere"
    bundle.config["domainname"] = "example.org"
    bundle.sh("hostname; cat /proc/sys/kernel/domainname")
    names = runtime.output(bundle).split()
    assert names[0] == "elsewhere"
    assert names[1] == "example.org" or not runtime.is_hako  # newer than runc 1.1
    assert os.uname().nodename == before


@supported("user")
def test_user(runtime, bundle):
    bundle.user_namespace(100000, 5000).sh("id -u; cat /proc/self/uid_map")
    assert runtime.output(bundle).split() == ["0", "0", "100000", "5000"]


@supported("cgroup")
def test_cgroup(runtime, bundle):
    bundle.namespace("cgroup").args("/bin/cat", "/proc/self/cgroup")
    assert {line.split(":", 2)[2] for line in runtime.output(bundle).split()} == {"/"}


@supported("time")
@pytest.mark.needs(host.has_time_namespace, "no time namespaces in this kernel")
def test_time(runtime, bundle):
    bundle.namespace("time")
    assert shown_namespaces(runtime, bundle)["time"] != own_namespace("time")


# type and path

@requirement(SECTION, "REQUIRED", "`type` of a namespace")
@pytest.mark.parametrize("entry", [{}, {"path": "/proc/self/ns/uts"}])
def test_type_is_required(runtime, bundle, entry):
    bundle.linux["namespaces"].append(entry)
    refused(runtime, bundle, "/linux/namespaces/")


@requirement(SECTION, "MUST", "`path` is absolute, as the runtime's mount namespace has it")
def test_relative_path(runtime, bundle):
    """Even one that leads somewhere from the runtime's working directory."""
    bundle.namespace("network", f"proc/{os.getpid()}/ns/net")
    refused(runtime, bundle, "/linux/namespaces/", cwd="/")


@requirement(SECTION, "MUST", "with a `path`, the process is in the namespace that the path leads to")
def test_join(runtime, bundle, make_bundle):
    joined = ["pid", "network", "ipc", "uts", "cgroup"] + ["time"] * host.has_time_namespace()
    for kind in joined:
        bundle.namespace(kind)
    owner = runtime.start(bundle.sleep())
    guest = make_bundle()
    guest.config.pop("hostname")
    for kind in joined:
        guest.namespace(kind, f"/proc/{owner.pid}/ns/{KINDS[kind]}")
    guest = runtime.start(guest.sleep())
    for kind in joined:
        name = KINDS[kind]
        assert host.namespace(guest.pid, name) == host.namespace(owner.pid, name), kind


covered(SECTION, "MUST", "with a `path`, the process is in the namespace that the path leads to",
        by="integration/test_namespaces.py::test_join_by_path")
covered(SECTION, "MUST", "with a `path`, the process is in the namespace that the path leads to",
        by="integration/test_namespaces.py::test_join_mount_namespace")


@requirement(SECTION, "MUST", "a `path` to a namespace of another type, or to none, is an error")
@pytest.mark.parametrize("kind", KIND_CASES)
def test_path_of_another_type(runtime, bundle, kind):
    other = "net" if kind == "uts" else "uts"
    bundle.namespace(kind, f"/proc/{os.getpid()}/ns/{other}")
    refused(runtime, bundle, "/linux/namespaces/")


@requirement(SECTION, "MUST", "a `path` to a namespace of another type, or to none, is an error")
def test_path_of_a_file(runtime, bundle):
    bundle.namespace("ipc", "/proc/self/status")
    refused(runtime, bundle, "/linux/namespaces/")


@requirement(SECTION, "MUST", "without a `path`, the namespace is a new one")
@pytest.mark.parametrize("kind", KIND_CASES)
def test_new(runtime, bundle, kind):
    ask_for(bundle, kind)
    assert shown_namespaces(runtime, bundle)[KINDS[kind]] != own_namespace(kind)


@requirement(SECTION, "MUST", "of a type that is not in the list, the process has the runtime's namespace")
def test_inherited(runtime, bundle):
    bundle.linux["namespaces"] = [{"type": "mount"}]
    bundle.without_mount("/dev/mqueue").config.pop("hostname")
    shown = shown_namespaces(runtime, bundle)
    for kind in set(KINDS) - {"mount"}:
        if kind != "time" or host.has_time_namespace():
            assert shown[KINDS[kind]] == own_namespace(kind)


covered(SECTION, "MUST", "of a type that is not in the list, the process has the runtime's namespace",
        by="integration/test_host_mounts.py::test_no_mount_namespace")


@requirement(SECTION, "MUST", "a type that is in the list twice is an error")
@pytest.mark.parametrize("kind", KIND_CASES)
def test_twice(runtime, bundle, kind):
    ask_for(bundle, kind)
    bundle.linux["namespaces"].append({"type": kind})
    refused(runtime, bundle, "/linux/namespaces/")
