"""Limits as the kernel's files show them, where the cgroup is, and that it goes."""

import json
import os
import re
from pathlib import Path

import pytest

import host
from cgroup_managers import cgroupfs


def directory(container, controller):
    """The container's own directory of a controller on this host."""
    return host.cgroup_of(container.pid, controller)


def v1(controller):
    return pytest.mark.needs(lambda: host.has_v1(controller), f"no v1 {controller} controller here")


def v2(controller):
    def condition():
        top = host.cgroup_hierarchies().get("")
        return top and controller in (top / "cgroup.controllers").read_text().split()
    return pytest.mark.needs(condition, f"no v2 {controller} controller here")


MiB = 1 << 20

V1_CASES = [
    ("memory", {"memory": {"limit": 64 * MiB}}, {"memory.limit_in_bytes": str(64 * MiB)}),
    ("memory", {"memory": {"limit": 64 * MiB, "reservation": 32 * MiB}},
     {"memory.soft_limit_in_bytes": str(32 * MiB)}),
    ("memory", {"memory": {"limit": 64 * MiB, "disableOOMKiller": True}},
     {"memory.oom_control": r"oom_kill_disable 1[\s\S]*"}),
    ("memory", {"memory": {"limit": 64 * MiB, "swappiness": 13}}, {"memory.swappiness": "13"}),
    ("cpu", {"cpu": {"shares": 512}}, {"cpu.shares": "512"}),
    ("cpu", {"cpu": {"quota": 20000, "period": 50000}},
     {"cpu.cfs_quota_us": "20000", "cpu.cfs_period_us": "50000"}),
    ("cpu", {"cpu": {"quota": -1}}, {"cpu.cfs_quota_us": "-1"}),
    ("cpuset", {"cpu": {"cpus": "0", "mems": "0"}}, {"cpuset.cpus": "0", "cpuset.mems": "0"}),
    ("pids", {"pids": {"limit": 77}}, {"pids.max": "77"}),
    ("pids", {"pids": {"limit": -1}}, {"pids.max": "max"}),
]

V2_CASES = [
    ("memory", {"memory": {"limit": 64 * MiB}}, {"memory.max": str(64 * MiB)}),
    ("memory", {"memory": {"limit": 64 * MiB, "reservation": 32 * MiB}}, {"memory.low": str(32 * MiB)}),
    ("cpu", {"cpu": {"quota": 20000, "period": 50000}}, {"cpu.max": "20000 50000"}),
    ("cpu", {"cpu": {"shares": 1024}}, {"cpu.weight": "(39|100)"}),
    ("pids", {"pids": {"limit": 77}}, {"pids.max": "77"}),
    ("cpuset", {"cpu": {"cpus": "0"}}, {"cpuset.cpus": "0"}),
]


def check_files(runtime, bundle, controller, key, resources, files):
    bundle.resources.update(resources)
    container = runtime.start(bundle.sleep())
    for name, expect in files.items():
        path = directory(container, key) / name
        if not path.exists():
            pytest.skip(f"this kernel has no {name}")
        assert re.fullmatch(expect, path.read_text().strip()), name


@pytest.mark.parametrize("controller,resources,files",
                         [pytest.param(*case, marks=v1(case[0])) for case in V1_CASES])
def test_v1_limit(runtime, bundle, controller, resources, files):
    check_files(runtime, bundle, controller, controller, resources, files)


@pytest.mark.parametrize("controller,resources,files",
                         [pytest.param(*case, marks=v2(case[0])) for case in V2_CASES])
def test_v2_limit(runtime, bundle, controller, resources, files):
    check_files(runtime, bundle, controller, "", resources, files)


@v1("memory")
def test_memory_and_swap(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 * MiB, "swap": 96 * MiB}
    container = runtime.start(bundle.sleep())
    path = directory(container, "memory") / "memory.memsw.limit_in_bytes"
    if not path.exists():
        pytest.skip("no swap accounting in this kernel")
    assert path.read_text() == f"{96 * MiB}\n"


@v1("cpuset")
def test_cpuset_is_inherited(runtime, bundle):
    """Without a wish it must not be empty: nothing could run in it."""
    container = runtime.start(bundle.sleep())
    for name in ("cpuset.cpus", "cpuset.mems"):
        path = directory(container, "cpuset") / name
        assert path.read_text() == (path.parent.parent / name).read_text() != "\n"


def test_pids_limit_works(runtime, bundle):
    bundle.resources["pids"] = {"limit": 4}
    result = runtime.run(bundle.sh("for i in 1 2 3 4 5 6; do sleep 1 & done; wait"))
    assert "fork" in result.err


@pytest.mark.needs(lambda: host.has_v1("pids") or host.is_v2_only(), "no pids controller here")
@cgroupfs
@pytest.mark.parametrize("limit", [0, 1])
@pytest.mark.parametrize("userns", [False, True])
def test_pids_limit_of_less_than_two(runtime, bundle, limit, userns):
    """It is the container's: with a user namespace the init stage has to fork in there before."""
    if userns:
        bundle.user_namespace()
    bundle.resources["pids"] = {"limit": limit}
    container = runtime.start(bundle.args("/bin/sleep", "1000"))
    assert (directory(container, "pids" if host.has_v1("pids") else "") / "pids.max").read_text() == f"{limit}\n"


def test_memory_limit_works(runtime, bundle):
    bundle.resources["memory"] = {"limit": 8 * MiB, "swap": 8 * MiB}
    bundle.sh("head -c 64m /dev/zero | tail -c 64m > /dev/null; echo $?")
    result = runtime.run(bundle)
    assert "137" in result.out or result.status == 137


def test_every_hierarchy_is_joined(runtime, bundle):
    """And the program is in the container's directory in each of them."""
    container = runtime.start(bundle.sleep())
    for line in Path(f"/proc/{container.pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if names or host.is_v2_only() or runtime.is_hako:
            assert path.endswith(runtime.manager.place(container.id)), line


def test_children_are_in_it(runtime, bundle):
    container = runtime.start(bundle.sh("sleep 1000 & wait"))
    controller = next(iter(host.cgroup_hierarchies()))
    path = directory(container, controller) / "cgroup.procs"
    host.wait_until(lambda: len(path.read_text().split()) == 2)


@cgroupfs
def test_absolute_path(runtime, bundle):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = f"/{runtime.prefix}-top/{name}"
    container = runtime.start(bundle.sleep(), id=name)
    for key in host.cgroup_hierarchies():
        if key or host.is_v2_only():
            assert directory(container, key) == host.cgroup_hierarchies()[key] / f"{runtime.prefix}-top" / name
    container.kill_and_delete()
    assert not [p for p in host.cgroup_dirs(name)]
    host.remove_cgroups(f"{runtime.prefix}-top")


@cgroupfs
def test_relative_path(runtime, bundle):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = f"{runtime.prefix}-rel/{name}"
    container = runtime.start(bundle.sleep(), id=name)
    for line in Path(f"/proc/{container.pid}/cgroup").read_text().splitlines():
        if line.split(":", 2)[1]:
            assert line.endswith(f"{runtime.prefix}-rel/{name}")
    container.kill_and_delete()
    host.remove_cgroups(f"{runtime.prefix}-rel")


@pytest.mark.parametrize("path", ["../../{}", "/../../{}", "/a/../../{}"])
def test_path_with_dots(runtime, bundle, path):
    """Never above the hierarchy's top, never beside it."""
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = path.format(name)
    result = runtime.run(bundle, id=name)
    if result.status == 0:
        assert not host.cgroup_dirs(name)
    assert not Path(f"/sys/fs/{name}").exists() and not Path(f"/sys/{name}").exists()


def test_removal(runtime, bundle):
    container = runtime.start(bundle.sleep())
    directory = runtime.manager.directory(container.id)
    assert host.cgroup_dirs(directory)
    container.must("kill", "KILL")
    container.wait_stopped()
    container.must("delete")
    assert host.cgroup_dirs(directory) == []


def test_removal_of_what_the_container_made(runtime, bundle):
    """Directories below its own, in a delegated or writable hierarchy."""
    container = runtime.start(bundle.sleep())
    made = [path / "inner" for path in container.cgroups()]
    assert made
    for path in made:
        path.mkdir()
    container.kill_and_delete()
    assert not any(path.exists() for path in made)


def test_nested_cgroups_without_end(runtime, bundle):
    """However deep the container nests them below its own, it can be listed, killed and deleted."""
    bundle.without_namespace("pid").without_mount("/proc").bind("/proc", "/proc", "rbind")
    container = runtime.start(bundle.sleep())
    made = container.cgroups()
    assert made
    for path in made:
        for _ in range(250):
            path /= "d"
            path.mkdir()
    assert json.loads(container.must("ps", "--format=json").out)[0] == container.pid
    container.must("kill", "--all", "KILL")
    container.wait_stopped()
    container.must("delete", "--force")
    assert not any(path.exists() for path in made)


def test_removal_after_failed_create(runtime, bundle):
    name = runtime.new_id()
    result = runtime.run(bundle.args("nosuchprogram"), id=name)
    assert result.status != 0
    assert host.cgroup_dirs(runtime.manager.directory(name)) == []


@pytest.mark.hako_only
def test_occupied_path_is_refused(runtime, bundle, make_bundle):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = runtime.manager.path(name)
    runtime.start(bundle.sleep(), id=name)
    other = make_bundle()
    other.linux["cgroupsPath"] = bundle.linux["cgroupsPath"]
    result = runtime.fails(other)
    assert name in result.err
    assert json.loads(runtime.must("state", name).out)["status"] == "running"


@pytest.fixture
def successor(runtime, bundle, make_bundle):
    """A container that has ended, and one that runs in the cgroup of the same name: all processes of the
    first have ended with its init, and those in there are the second one's."""
    name = runtime.new_id()
    other = make_bundle()
    for each in bundle, other:
        each.sleep().linux["cgroupsPath"] = runtime.manager.path(name)
    first = runtime.start(bundle, id=name)
    first.must("kill", "KILL")
    first.wait_stopped()
    second = runtime.start(other)
    yield first, second
    assert second.status == "running" and second.exec_output("echo", "alive").strip() == "alive"
    second.kill_and_delete()


@cgroupfs
@pytest.mark.hako_only
def test_forced_delete_leaves_the_next_one_in_the_cgroup(successor):
    first, _ = successor
    assert "holds processes of another one" in first.must("delete", "--force").err


@cgroupfs
@pytest.mark.hako_only
def test_commands_leave_the_next_one_in_the_cgroup(successor):
    first, second = successor
    assert json.loads(first.must("ps", "--format=json").out) == []
    assert str(second.pid) in second.must("ps", "--format=json").out
    first.must("kill", "--all", "KILL")
    assert "container not running" in first.call("kill", "KILL").err


def test_state_names_the_directories(runtime, bundle):
    """cAdvisor reads cgroup_paths."""
    container = runtime.start(bundle.sleep())
    paths = json.loads((container.state_dir / "state.json").read_text())["cgroup_paths"]
    assert paths
    for path in paths.values():
        assert os.path.isdir(path)
        assert path.endswith(runtime.manager.place(container.id))


@pytest.mark.hako_only
@pytest.mark.parametrize("resources,pointer", [
    ({"memory": {"limit": "many"}}, "/linux/resources/memory/limit"),
    ({"cpu": {"shares": -1}}, "/linux/resources/cpu/shares"),
    ({"memory": {"limit": 64 * MiB, "swap": 32 * MiB}}, "/linux/resources/memory"),
    ({"pids": {"limit": 1.5}}, "/linux/resources/pids/limit"),
    ({"cpu": {"cpus": "nosuch"}}, "/linux/resources/cpu/cpus")])
def test_nonsense(runtime, bundle, resources, pointer):
    bundle.resources.update(resources)
    assert pointer in runtime.fails(bundle).err


@v1("memory")
def test_explicit_zeros_of_docker(runtime, bundle):
    bundle.resources.update({"cpu": {"shares": 0, "quota": 0, "period": 0},
                             "memory": {"kernel": 0}, "blockIO": {"weight": 0}})
    assert runtime.run(bundle).status == 0


@pytest.mark.hako_only
def test_create_within_little_memory(runtime, bundle):
    """The runtime's own set-up takes some 160 KiB; the kernel charges up to another 256 KiB in advance on a
    CPU that the init stage has left. The program is not started: a busybox that is not in the page cache
    yet does not fit."""
    bundle.resources["memory"] = {"limit": 512 << 10}
    assert runtime.create(bundle).status == "created"


@pytest.mark.shows("--cgroup-manager")
@pytest.mark.hako_only
def test_disabled(runtime, bundle):
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").sleep().write()
    name = runtime.new_id()
    result = runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    assert host.cgroup_dirs(runtime.manager.directory(name)) == []
    assert "resources" not in result.err


@pytest.mark.shows("--cgroup-manager")
@pytest.mark.hako_only
def test_disabled_with_limits(runtime, bundle):
    bundle.resources.clear()
    bundle.resources["pids"] = {"limit": 7}
    bundle.without_mount("/sys/fs/cgroup").write()
    result = runtime.must("--cgroup-manager", "disabled", "run", "--bundle", bundle.path, runtime.new_id())
    assert "/linux/resources: nothing of it is applied" in result.err


@pytest.mark.hako_only
def test_kill_without_cgroup_and_pid_namespace(runtime, bundle):
    """Nothing lists the container's processes then: the signal must reach init all the same."""
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").without_namespace("pid").sleep().write()
    name = runtime.new_id()
    runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    pid = json.loads(runtime.must("state", name).out)["pid"]
    runtime.must("kill", name, "KILL")
    assert host.wait_until(lambda: not host.is_alive(pid))
    runtime.must("delete", name)
