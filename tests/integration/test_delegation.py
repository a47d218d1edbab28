"""Containers of an ordinary user to whom a cgroup v2 was given, as systemd does for each session, and who has
subordinate ids. pytest itself runs as that user: tests/vm does so (see tests/vm/guest/as-user)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import host
from bundle import Bundle

MiB = 1 << 20


def own_cgroup():
    return host.cgroup_of("self", "")


def is_given():
    return os.geteuid() != 0 and host.is_v2_only() and os.access(own_cgroup() / "cgroup.procs", os.W_OK)


pytestmark = [pytest.mark.unprivileged,
              pytest.mark.needs(is_given, "for an ordinary user with a cgroup v2 of its own")]


@pytest.fixture(scope="module")
def top():
    """The cgroup that was given to us. It hands its controllers down as soon as it holds no process."""
    directory = own_cgroup()
    leaf = directory / "tests"
    leaf.mkdir()
    (leaf / "cgroup.procs").write_text(str(os.getpid()))
    for name in (directory / "cgroup.controllers").read_text().split():
        (directory / "cgroup.subtree_control").write_text(f"+{name}")
    return directory


@pytest.fixture
def bundle(runtime, tmp, base_rootfs, top):
    """What `spec --rootless` makes, with a cgroup below the user's."""
    path = tmp / "bundle"
    path.mkdir()
    runtime.must("spec", "--rootless", "--bundle", path)
    made = Bundle(path, json.loads((path / "config.json").read_text()), base_rootfs)
    made.name = runtime.new_id()
    made.linux["cgroupsPath"] = "/" + str((top / made.name).relative_to("/sys/fs/cgroup"))
    return made


LIMITS = [
    ("memory", {"memory": {"limit": 64 * MiB, "reservation": 32 * MiB}},
     {"memory.max": str(64 * MiB), "memory.low": str(32 * MiB)}),
    ("pids", {"pids": {"limit": 33}}, {"pids.max": "33"}),
    ("cpu", {"cpu": {"quota": 20000, "period": 50000}}, {"cpu.max": "20000 50000"}),
    ("cpuset", {"cpu": {"cpus": "0"}}, {"cpuset.cpus": "0"}),
    ("memory", {"unified": {"memory.high": str(48 * MiB)}}, {"memory.high": str(48 * MiB)}),
]


@pytest.mark.parametrize("controller,resources,files", LIMITS)
def test_limits(runtime, bundle, top, controller, resources, files):
    assert controller in (top / "cgroup.controllers").read_text().split(), "what as-user promises"
    bundle.linux["resources"] = resources
    container = runtime.start(bundle.sleep(), id=bundle.name)
    directory = host.cgroup_of(container.pid, "")
    assert directory == top / bundle.name
    for name, expect in files.items():
        assert (directory / name).read_text() == f"{expect}\n"
    container.kill_and_delete()
    assert not directory.exists()


def test_pids_limit_works(runtime, bundle):
    bundle.linux["resources"] = {"pids": {"limit": 4}}
    result = runtime.run(bundle.sh("for i in 1 2 3 4 5 6; do sleep 1 & done; wait"), id=bundle.name)
    assert "fork" in result.err


def test_memory_limit_works(runtime, bundle):
    bundle.linux["resources"] = {"memory": {"limit": 8 * MiB, "swap": 8 * MiB}}
    bundle.sh("head -c 64m /dev/zero | tail -c 64m > /dev/null; echo $?")
    result = runtime.run(bundle, id=bundle.name)
    assert "137" in result.out or result.status == 137


def test_without_a_path(runtime, bundle, top):
    """In a cgroup that holds us nothing can be limited, but a container can be made."""
    del bundle.linux["cgroupsPath"]
    bundle.linux.pop("resources", None)
    container = runtime.start(bundle.sleep(), id=bundle.name)
    assert top in host.cgroup_of(container.pid, "").parents
    container.kill_and_delete()


def test_cgroup_of_somebody_else_is_refused(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"/{bundle.name}"
    bundle.linux["resources"] = {"pids": {"limit": 4}}
    result = runtime.fails(bundle)
    assert "ermission denied" in result.err


@pytest.mark.hako_only
def test_controller_that_is_not_handed_down(runtime, bundle, top):
    """The error says who keeps it."""
    offered = (host.CGROUP / "cgroup.controllers").read_text().split()
    kept = [name for name in ("hugetlb", "misc", "rdma") if name in offered and
            name not in (top / "cgroup.controllers").read_text().split()]
    if not kept:
        pytest.skip("everything that the kernel has is delegated here")
    bundle.linux["resources"] = {"unified": {f"{kept[0]}.max": "1"}}
    error = runtime.fails(bundle).err
    assert f"/linux/resources/unified/{kept[0]}.max: cgroup controller {kept[0]} is not available" in error
    assert "does not hand it down to us" in error


@pytest.mark.hako_only
def test_place_among_processes(runtime, bundle):
    """Nothing is handed down from a cgroup with processes; who asks for nothing gets a container there. To hand
    down cpu and pids alone, which the kernel allows, would make it a place for threads."""
    bundle.linux["cgroupsPath"] = "/" + str((own_cgroup() / bundle.name).relative_to(host.CGROUP))
    bundle.linux.pop("resources", None)
    container = runtime.start(bundle.sleep(), id=bundle.name)
    assert host.cgroup_of(container.pid, "") == own_cgroup() / bundle.name
    container.kill_and_delete()
    bundle.linux["resources"] = {"pids": {"limit": 4}}
    error = runtime.fails(bundle).err
    assert "/linux/resources/pids/limit" in error and "holds processes" in error


@pytest.mark.shows("exec", "ps", "list", "state", "pause", "resume", "update", "events --stats", "kill", "delete")
def test_commands(runtime, bundle, top):
    container = runtime.start(bundle.sleep(), id=bundle.name)
    assert container.status == "running"
    assert container.exec_output("id", "-u") == "0\n"
    assert container.exec_output("cat", "/proc/self/cgroup") == "0::/\n"
    assert container.pid in json.loads(container.must("ps", "--format=json").out)
    assert [entry["id"] for entry in json.loads(runtime.must("list", "--format=json").out)] == [bundle.name]
    container.must("pause")
    assert container.status == "paused"
    container.must("resume")
    container.must("update", "--pids-limit=17")
    assert (top / bundle.name / "pids.max").read_text() == "17\n"
    if runtime.is_hako:
        assert json.loads(container.must("events", "--stats").out)["data"]["pids"]["limit"] == 17
    container.must("kill", "KILL")
    container.wait_stopped()
    container.must("delete")
    assert runtime.ids() == []


def test_kill_all(runtime, bundle, top):
    """Without a pid namespace the cgroup says which processes are the container's."""
    bundle.without_namespace("pid").without_mount("/proc").bind("/proc", "/proc", "rbind")
    container = runtime.start(bundle.sh("sleep 1000 & sleep 1000 & wait"), id=bundle.name)
    procs = top / bundle.name / "cgroup.procs"
    host.wait_until(lambda: len(procs.read_text().split()) == 3)
    container.must("delete", "--force")
    assert not procs.exists()


def with_subordinate_ids(bundle):
    for kind, own in (("uidMappings", os.getuid()), ("gidMappings", os.getgid())):
        start, size = (int(text) for text in subordinate(kind[:3]))
        bundle.linux[kind] = [{"containerID": 0, "hostID": own, "size": 1},
                              {"containerID": 1, "hostID": start, "size": size}]
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    return bundle


def test_subordinate_ids(runtime, bundle):
    """newuidmap and newgidmap map what /etc/subuid and /etc/subgid give to the user."""
    with_subordinate_ids(bundle)
    container = runtime.start(bundle.sleep(), id=bundle.name)
    status = Path(f"/proc/{container.pid}/status").read_text().splitlines()
    ids = {line.split()[0]: line.split()[1:] for line in status if line.startswith(("Uid", "Gid"))}
    assert ids["Uid:"] == [str(int(subordinate("uid")[0]) + 999)] * 4
    assert ids["Gid:"] == [str(int(subordinate("gid")[0]) + 999)] * 4


def test_cgroup_that_cannot_be_given_away(runtime, bundle):
    """Its owner would be a subordinate user; only root could make it so."""
    with_subordinate_ids(bundle).namespace("cgroup").without_mount("/sys/fs/cgroup")
    bundle.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["rw"])
    container = runtime.start(bundle.sleep(), id=bundle.name)
    assert host.cgroup_of(container.pid, "").stat().st_uid == os.getuid()


@pytest.mark.hako_only
def test_ids_of_somebody_else(runtime, bundle):
    bundle.linux["uidMappings"].append({"containerID": 1, "hostID": 7000, "size": 10})
    error = runtime.fails(bundle).err
    assert "/linux/uidMappings" in error and "/etc/subuid does not give the uids 7000 to 7009" in error


def subordinate(kind):
    name = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    for line in Path(f"/etc/sub{kind}").read_text().splitlines():
        owner, start, size = line.split(":")
        if owner in (name, str(os.getuid())):
            return start, size
    pytest.skip(f"no subordinate {kind}s here")
