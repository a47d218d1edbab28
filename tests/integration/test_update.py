"""update: each flag and each property as the kernel's files show it, halves, refusals and undoing."""

import json
import re

import pytest

import host
from cgroup_managers import CHOSEN, Systemd
from containers import PREFIX

MiB = 1 << 20


def v2_controllers():
    top = host.cgroup_hierarchies().get("")
    return (top / "cgroup.controllers").read_text().split() if top else []


class Files:
    """The files of a container's cgroup, by their names on v1 and v2."""

    def __init__(self, container):
        self.container = container

    def path(self, controller, name):
        return host.cgroup_of(self.container.pid, controller if host.has_v1(controller) else "") / name

    def __call__(self, controller, v1, v2):
        path = self.path(controller, v1 if host.has_v1(controller) else v2)
        if not path.exists():
            pytest.skip(f"this kernel has no {path.name}")
        return path.read_text().strip()


def has(controller):
    return host.has_v1(controller) or controller in v2_controllers() or \
        controller == "blkio" and "io" in v2_controllers()


def needs(controller):
    return pytest.mark.needs(lambda: has(controller), f"no {controller} controller here")


def v1(controller):
    return pytest.mark.needs(lambda: host.has_v1(controller), f"no v1 {controller} controller here")


@pytest.fixture
def container(runtime, bundle):
    """One process that needs no other: a limit of pids may be below what there are."""
    return runtime.start(bundle.args("/bin/sleep", "1000"))


def stored(container):
    return json.loads((container.state_dir / "state.json").read_text()).get("resources")


def update(container, resources, *options, **more):
    text = resources if isinstance(resources, (bytes, str)) else json.dumps(resources)
    text = text if isinstance(text, bytes) else text.encode()
    return container.runtime.call("update", "--resources", "-", *options, container.id, input=text, **more)


def must(container, resources, *options):
    result = update(container, resources, *options)
    assert result.status == 0, result.err
    return result


# flag, value, controller, file on v1 and what it says then, the same on v2
FLAGS = [
    ("cpu-period", "50000", "cpu", "cpu.cfs_period_us", "50000", "cpu.max", "max 50000"),
    ("cpu-quota", "20000", "cpu", "cpu.cfs_quota_us", "20000", "cpu.max", "20000 100000"),
    ("cpu-share", "512", "cpu", "cpu.shares", "512", "cpu.weight", "(20|59)"),
    ("cpu-idle", "1", "cpu", "cpu.idle", "1", "cpu.idle", "1"),
    ("cpuset-cpus", "0", "cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"),
    ("cpuset-mems", "0", "cpuset", "cpuset.mems", "0", "cpuset.mems", "0"),
    ("memory", "64m", "memory", "memory.limit_in_bytes", str(64 * MiB), "memory.max", str(64 * MiB)),
    ("memory", "67108864", "memory", "memory.limit_in_bytes", str(64 * MiB), "memory.max", str(64 * MiB)),
    ("memory", "0.0625GiB", "memory", "memory.limit_in_bytes", str(64 * MiB), "memory.max", str(64 * MiB)),
    ("memory-reservation", "32M", "memory", "memory.soft_limit_in_bytes", str(32 * MiB), "memory.low", str(32 * MiB)),
    ("pids-limit", "77", "pids", "pids.max", "77", "pids.max", "77"),
    ("pids-limit", "-1", "pids", "pids.max", "max", "pids.max", "max"),
]


@pytest.mark.parametrize("flag,value,controller,v1_file,v1_text,v2_file,v2_text",
                         [pytest.param(*case, marks=needs(case[2]), id="-".join(case[:2])) for case in FLAGS])
@pytest.mark.shows("update", "update --cpu-period", "update --cpu-quota", "update --cpu-share", "update --cpu-idle",
                   "update --cpuset-cpus", "update --cpuset-mems", "update --memory", "update --memory-reservation",
                   "update --pids-limit")
def test_flag(runtime, container, flag, value, controller, v1_file, v1_text, v2_file, v2_text):
    files = Files(container)
    before = files(controller, v1_file, v2_file)
    if flag == "cpu-idle" and not runtime.is_hako:
        pytest.skip("not in runc 1.1")
    runtime.must("update", f"--{flag}", value, container.id)
    expect = v1_text if host.has_v1(controller) else v2_text
    after = files(controller, v1_file, v2_file)
    assert re.fullmatch(expect, after)
    assert after != before or flag in ("cpuset-mems", "cpuset-cpus") or value == "-1"


@needs("memory")
@pytest.mark.shows("update --memory", "update --memory-swap")
def test_memory_and_swap_flags(runtime, container):
    """Up beyond the old sum, and down below it: the order of the writes differs."""
    files = Files(container)
    for memory, swap in ((64, 96), (256, 512), (32, 48)):
        runtime.must("update", "--memory", f"{memory}m", "--memory-swap", f"{swap}m", container.id)
        assert files("memory", "memory.limit_in_bytes", "memory.max") == str(memory * MiB)
        assert files("memory", "memory.memsw.limit_in_bytes", "memory.swap.max") == \
            str((swap if host.has_v1("memory") else swap - memory) * MiB)


@needs("memory")
@pytest.mark.shows("update --memory-swap", "update --memory")
def test_no_limit_of_memory_is_none_of_swap(runtime, container):
    files = Files(container)
    runtime.must("update", "--memory", "64m", "--memory-swap", "96m", container.id)
    runtime.must("update", "--memory", "-1", container.id)
    unlimited = ("9223372036854771712", "max")
    assert files("memory", "memory.limit_in_bytes", "memory.max") in unlimited
    assert files("memory", "memory.memsw.limit_in_bytes", "memory.swap.max") in unlimited


@pytest.mark.hako_only
@needs("memory")
def test_a_memory_limit_keeps_the_sum_with_swap(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 * MiB, "swap": 96 * MiB}
    container = runtime.start(bundle.sleep())
    files = Files(container)
    files("memory", "memory.memsw.limit_in_bytes", "memory.swap.max")
    runtime.must("update", "--memory", "80m", container.id)
    sum_or_swap = 96 if host.has_v1("memory") else 16
    assert files("memory", "memory.memsw.limit_in_bytes", "memory.swap.max") == str(sum_or_swap * MiB)
    result = runtime.call("update", "--memory", "128m", container.id)
    assert result.status == 1
    assert "memory and swap together" in result.err
    assert files("memory", "memory.limit_in_bytes", "memory.max") == str(80 * MiB)


@pytest.mark.hako_only
@needs("memory")
def test_swap_alone(runtime, container):
    files = Files(container)
    runtime.must("update", "--memory", "64m", container.id)
    runtime.must("update", "--memory-swap", "80m", container.id)
    assert files("memory", "memory.memsw.limit_in_bytes", "memory.swap.max") == \
        str((80 if host.has_v1("memory") else 16) * MiB)


@needs("cpu")
@pytest.mark.shows("update --cpu-quota", "update --cpu-period")
def test_quota_and_period_by_halves(runtime, container):
    files = Files(container)

    def bandwidth():
        if host.has_v1("cpu"):
            return " ".join(files("cpu", f"cpu.cfs_{name}_us", "") for name in ("quota", "period"))
        return files("cpu", "", "cpu.max")

    runtime.must("update", "--cpu-quota", "30000", container.id)
    assert bandwidth() == "30000 100000"
    runtime.must("update", "--cpu-period", "50000", container.id)
    assert bandwidth() == "30000 50000"
    runtime.must("update", "--cpu-quota", "70000", "--cpu-period", "200000", container.id)
    assert bandwidth() == "70000 200000"
    runtime.must("update", "--cpu-quota", "-1", container.id)
    assert bandwidth() in ("-1 200000", "max 200000")


@pytest.mark.hako_only
@needs("cpu")
@pytest.mark.shows("update --cpu-burst")
def test_burst(runtime, container):
    files = Files(container)
    files("cpu", "cpu.cfs_burst_us", "cpu.max.burst")
    runtime.must("update", "--cpu-quota", "50000", "--cpu-burst", "20000", container.id)
    assert files("cpu", "cpu.cfs_burst_us", "cpu.max.burst") == "20000"
    result = runtime.call("update", "--cpu-burst", "60000", container.id)
    assert result.status == 1
    assert "cpu-burst: 60000 is above the quota 50000" in result.err
    runtime.must("update", "--cpu-burst", "0", container.id)
    assert files("cpu", "cpu.cfs_burst_us", "cpu.max.burst") == "0"


@pytest.mark.hako_only
@needs("cpu")
@pytest.mark.shows("update --cpu-idle", "update --cpu-share")
def test_idle_and_shares(runtime, container):
    """The kernel forgets the weight of an idle group, and takes none; we remember it."""
    files = Files(container)
    runtime.must("update", "--cpu-share", "300", container.id)
    weight = files("cpu", "cpu.shares", "cpu.weight")
    files("cpu", "cpu.idle", "cpu.idle")
    runtime.must("update", "--cpu-idle", "1", container.id)
    assert files("cpu", "cpu.shares", "cpu.weight") != weight
    result = runtime.call("update", "--cpu-share", "400", container.id)
    assert result.status == 1
    assert "the container is idle" in result.err
    runtime.must("update", "--cpu-idle", "0", container.id)
    assert files("cpu", "cpu.shares", "cpu.weight") == weight
    assert files("cpu", "cpu.idle", "cpu.idle") == "0"


@pytest.mark.hako_only
@v1("cpu")
@pytest.mark.shows("update --cpu-rt-period", "update --cpu-rt-runtime")
def test_realtime(runtime, container):
    path = Files(container).path("cpu", "cpu.rt_runtime_us")
    if path.exists():
        runtime.must("update", "--cpu-rt-period", "900000", container.id)
        assert (path.parent / "cpu.rt_period_us").read_text() == "900000\n"
        runtime.must("update", "--cpu-rt-runtime", "0", container.id)
        assert path.read_text() == "0\n"
        return
    for flag in ("--cpu-rt-period", "--cpu-rt-runtime"):  # a kernel without RT_GROUP_SCHED
        result = runtime.call("update", flag, "1000", container.id)
        assert result.status == 1
        assert f"{flag[2:]}: write '1000'" in result.err


@pytest.mark.hako_only
@needs("blkio")
@pytest.mark.shows("update --blkio-weight")
def test_blkio_weight(runtime, container):
    files = Files(container)
    names = ("blkio.weight", "blkio.bfq.weight") if host.has_v1("blkio") else ("io.bfq.weight", "io.weight")
    paths = [path for name in names if (path := files.path("blkio", name)).exists()]
    result = runtime.call("update", "--blkio-weight", "300", container.id)
    if not paths:
        assert result.status == 1
        assert "blkio-weight: write '300'" in result.err
        return
    assert result.status == 0
    expect = "2930" if paths[0].name == "io.weight" else "300"
    assert paths[0].read_text().split()[-1] == expect


@pytest.mark.shows("update --kernel-memory", "update --kernel-memory-tcp")
@pytest.mark.hako_only
def test_kernel_memory_is_ignored(runtime, container):
    result = runtime.must("update", "--kernel-memory", "64m", "--kernel-memory-tcp", "32m", "--pids-limit", "9",
                          container.id)
    assert "kernel-memory is ignored" in result.err
    assert "kernel-memory-tcp is ignored" in result.err
    assert Files(container)("pids", "pids.max", "pids.max") == "9"


@pytest.mark.hako_only
@pytest.mark.needs(lambda: not any(m.type == "resctrl" for m in host.mounts()), "this host has resctrl")
@pytest.mark.shows("update --l3-cache-schema", "update --mem-bw-schema")
@pytest.mark.parametrize("flag", ["l3-cache-schema", "mem-bw-schema"])
def test_schema_without_resctrl(runtime, container, flag):
    """And what was changed before is undone."""
    before = Files(container)("pids", "pids.max", "pids.max")
    result = runtime.call("update", f"--{flag}", "L3:0=f", "--pids-limit", "31", container.id)
    assert result.status == 1
    assert "no resctrl file system" in result.err
    assert Files(container)("pids", "pids.max", "pids.max") == before


# resources, controller, file on v1 and what it says then, the same on v2
RESOURCES = [
    ({"memory": {"limit": 64 * MiB}}, "memory", "memory.limit_in_bytes", str(64 * MiB), "memory.max", str(64 * MiB)),
    ({"memory": {"reservation": 32 * MiB}}, "memory", "memory.soft_limit_in_bytes", str(32 * MiB), "memory.low",
     str(32 * MiB)),
    ({"cpu": {"shares": 1024}}, "cpu", "cpu.shares", "1024", "cpu.weight", "(39|100)"),
    ({"cpu": {"quota": 10000, "period": 40000}}, "cpu", "cpu.cfs_quota_us", "10000", "cpu.max", "10000 40000"),
    ({"cpu": {"cpus": "0", "mems": "0"}}, "cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"),
    ({"pids": {"limit": 50}}, "pids", "pids.max", "50", "pids.max", "50"),
    ({"pids": {"limit": 0}}, "pids", "pids.max", "0", "pids.max", "0"),
]


@pytest.mark.parametrize("resources,controller,v1_file,v1_text,v2_file,v2_text",
                         [pytest.param(*case, marks=needs(case[1])) for case in RESOURCES])
@pytest.mark.shows("update", "update --resources")
def test_resources(runtime, container, resources, controller, v1_file, v1_text, v2_file, v2_text):
    if resources == {"pids": {"limit": 0}} and not runtime.is_hako:
        pytest.skip("no limit to runc 1.1")
    must(container, resources)
    expect = v1_text if host.has_v1(controller) else v2_text
    assert re.fullmatch(expect, Files(container)(controller, v1_file, v2_file))


@needs("pids")
@pytest.mark.shows("update --resources")
@pytest.mark.parametrize("form", ["--resources={}", "-r={}"])
def test_resources_of_a_file(runtime, container, tmp, form):
    """podman's form."""
    (tmp / "resources").write_text('{"pids": {"limit": 61}}')
    runtime.must("update", form.format(tmp / "resources"), container.id, env={"XDG_RUNTIME_DIR": "/run/user/0"})
    assert Files(container)("pids", "pids.max", "pids.max") == "61"


DOCKER = {"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimePeriod": 0, "realtimeRuntime": 0, "cpus": "", "mems": ""},
          "memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0}, "blockIO": {"weight": 0}}


@needs("memory")
@needs("cpu")
@pytest.mark.shows("update --resources")
@pytest.mark.parametrize("nothing", [
    pytest.param(DOCKER, id="zeros of docker"), pytest.param({}, id="empty"),
    # runc 1.1 ends with a panic
    pytest.param({"memory": None, "cpu": None, "pids": None, "blockIO": None}, id="null objects",
                 marks=pytest.mark.hako_only),
    pytest.param({"memory": {"limit": None, "swap": None}, "cpu": {"shares": None, "period": None, "cpus": None}},
                 id="null numbers", marks=pytest.mark.hako_only)])
def test_what_leaves_all_alone(runtime, bundle, nothing):
    bundle.resources.update({"memory": {"limit": 64 * MiB}, "cpu": {"shares": 300, "quota": 20000, "period": 50000}})
    container = runtime.start(bundle.sleep())
    files = Files(container)

    def limits():
        return [files("memory", "memory.limit_in_bytes", "memory.max"), files("cpu", "cpu.shares", "cpu.weight"),
                files("cpu", "cpu.cfs_quota_us", "cpu.max"), files("cpu", "cpu.cfs_period_us", "cpu.max"),
                files("cpuset", "cpuset.cpus", "cpuset.cpus") if has("cpuset") else ""]
    before = limits()
    must(container, nothing)
    assert limits() == before


@pytest.mark.hako_only
@pytest.mark.shows("update --resources")
def test_other_flags_beside_a_file(runtime, container):
    result = must(container, {"pids": {"limit": 62}}, "--pids-limit", "7", "--memory", "64m")
    assert Files(container)("pids", "pids.max", "pids.max") == "62"
    assert "--pids-limit is ignored" in result.err and "--memory is ignored" in result.err


def test_devices_are_not_touched(runtime, bundle):
    """An engine's plugin may have opened some since. systemd on v1 knows nothing of that, and sets the container's
    own anew with every change."""
    bundle.sh("while :; do : </dev/null; done")
    container = runtime.start(bundle)
    listed = None
    if host.has_v1("devices"):
        directory = host.cgroup_of(container.pid, "devices")
        (directory / "devices.allow").write_text("c 4:64 rw")
        listed = (directory / "devices.list").read_text()
    for limit in range(51, 61):  # each a chance to see the devices gone
        must(container, {"devices": [{"allow": False, "access": "rwm"}], "pids": {"limit": limit}})
    assert Files(container)("pids", "pids.max", "pids.max") == "60"
    if listed and isinstance(CHOSEN, Systemd):
        assert sorted((directory / "devices.list").read_text().splitlines()) == sorted(
            line for line in listed.splitlines() if line != "c 4:64 rw")
    elif listed:
        assert (directory / "devices.list").read_text() == listed
    assert (container.output, container.status) == ("", "running"), "a device could not be opened meanwhile"


@pytest.mark.hako_only
@pytest.mark.needs(lambda: "hugetlb" in v2_controllers(), "no hugetlb on v2 here")
def test_unified(runtime, container):
    path = host.cgroup_of(container.pid, "") / "hugetlb.2MB.max"
    if not path.exists():
        pytest.skip("no huge pages of 2 MB here")
    must(container, {"unified": {"hugetlb.2MB.max": "4194304"}})
    assert path.read_text() == "4194304\n"
    assert stored(container)["unified"] == {"hugetlb.2MB.max": "4194304"}
    result = update(container, {"unified": {"../cgroup.procs": "1"}})
    assert result.status == 1
    assert "/unified" in result.err


# ---- refusals ----

@pytest.mark.hako_only
@needs("memory")
@needs("cpuset")
@needs("cpu")
@pytest.mark.shows("update")
def test_what_was_changed_before_a_refusal_is_undone(runtime, container):
    """The CPU is not there: the kernel says so when memory and cpu have been written."""
    files = Files(container)
    runtime.must("update", "--memory", "64m", "--cpu-share", "300", "--cpu-quota", "20000", container.id)

    def limits():
        return [files("memory", "memory.limit_in_bytes", "memory.max"), files("cpu", "cpu.shares", "cpu.weight"),
                files("cpu", "cpu.cfs_quota_us", "cpu.max"), files("cpu", "cpu.cfs_period_us", "cpu.max"),
                files("cpuset", "cpuset.cpus", "cpuset.cpus")]
    before, known = limits(), stored(container)
    result = runtime.call("update", "--memory", "256m", "--cpu-share", "700", "--cpu-quota", "70000", "--cpu-period",
                          "200000", "--cpuset-cpus", "7000", container.id)
    assert result.status == 1
    assert "cpuset-cpus: write '7000'" in result.err
    assert limits() == before
    assert stored(container) == known


@pytest.mark.hako_only
@needs("cpu")
@needs("cpuset")
def test_undoing_idle(runtime, container):
    files = Files(container)
    runtime.must("update", "--cpu-share", "300", container.id)
    files("cpu", "cpu.idle", "cpu.idle")
    before = files("cpu", "cpu.shares", "cpu.weight")
    assert runtime.call("update", "--cpu-idle", "1", "--cpuset-cpus", "7000", container.id).status == 1
    assert files("cpu", "cpu.idle", "cpu.idle") == "0"
    assert files("cpu", "cpu.shares", "cpu.weight") == before


@pytest.mark.hako_only
@needs("memory")
def test_a_limit_below_the_usage(runtime, bundle):
    """checkBeforeUpdate on v2; v1's kernel refuses it by itself, where nothing can be taken back."""
    bundle.writable().mount("/tmp", "tmpfs", "tmpfs", ["size=64m"]).sh(
        "head -c 32m /dev/zero > /tmp/file; echo ready; while :; do sleep 0.05; done")
    container = runtime.start(bundle)
    container.wait_output("ready")
    runtime.must("update", "--memory-swap", "-1", container.id)
    files = Files(container)
    if host.has_v1("memory") and files("memory", "memory.memsw.limit_in_bytes", "") and \
            "SwapTotal:              0 kB" not in open("/proc/meminfo").read():
        pytest.skip("v1 would swap")
    result = update(container, {"memory": {"limit": 4 * MiB, "checkBeforeUpdate": True}})
    assert result.status == 1
    assert "/memory/limit" in result.err
    assert files("memory", "memory.limit_in_bytes", "memory.max") in ("9223372036854771712", "max")


@pytest.mark.parametrize("flag,value,text", [
    ("memory", "10x", "invalid value for memory"),
    ("memory", "-5", "invalid value for memory"),
    ("memory-swap", "m", "invalid value for memory-swap"),
    ("cpu-period", "abc", "invalid value for cpu-period"),
    ("cpu-period", "-1", "invalid value for cpu-period"),
    ("cpu-share", "1.5", "invalid value for cpu-share"),
    ("cpu-quota", "0x10", "invalid value for cpu-quota"),
    ("cpu-rt-period", "x", "invalid value for cpu-rt-period"),
    ("cpu-rt-runtime", "x", "invalid value for cpu-rt-runtime")])
def test_value_that_is_none(runtime, container, flag, value, text):
    result = runtime.call("update", f"--{flag}", value, container.id)
    assert result.status == 1
    assert text in result.err


@pytest.mark.hako_only
@pytest.mark.parametrize("flags,text", [
    (["--memory-reservation", "99999999999999999999"], "'99999999999999999999' is too large"),
    (["--cpu-idle", "2"], "cpu-idle: expected 0 or 1, found 2"),
    (["--cpu-burst", "x"], "invalid value for cpu-burst: 'x'"),
    (["--pids-limit", "many"], "invalid value for pids-limit: 'many'"),
    (["--blkio-weight", "5"], "blkio-weight: expected a number from 10 to 1000, found 5"),
    (["--cpuset-cpus", "nosuch"], "cpuset-cpus: "),
    (["--cpuset-mems", "1-0"], "cpuset-mems: "),
    (["--memory", "64m", "--memory-swap", "32m"], "memory-swap: 33554432 is memory and swap together"),
    (["--memory-swap", "32m"], "memory-swap: a limit of memory and swap needs a limit of memory"),
    (["--memory", "1\x1b[31m"], "invalid value for memory: '1\\x1b")])
def test_nonsense(runtime, container, flags, text):
    known = stored(container)
    result = runtime.call("update", *flags, container.id)
    assert result.status == 1
    assert text in result.err
    assert len(result.err.splitlines()) == 1
    assert stored(container) == known


@pytest.mark.hako_only
@pytest.mark.parametrize("resources,where,text", [
    ('{"memory": {"limit": "x"}}', "stdin:1:22 /memory/limit", "expected a"),
    ('{"memory":\n{"limit": 1.5}}', "stdin:2:11 /memory/limit", "number"),
    ('{"memory": {"limit": 99999999999999999999}}', "/memory/limit", ""),
    ('{"memory": {"limit": -2}}', "stdin:1:22 /memory/limit", "-1 for no limit"),
    ('{"memory": []}', "stdin:1:12 /memory", "expected an object"),
    ('{"cpu": {"cpus": "0-"}}', "/cpu/cpus", ""),
    ('{"cpu": {"idle": 7}}', "stdin:1:18 /cpu/idle", "expected 0 or 1"),
    ('{"pids": {"limit": true}}', "/pids/limit", ""),
    ('{"memory": {"limit": 4194304, "swap": 1}}', "/memory/swap", "together"),
    ('{"memory": {"limit": 1, "limit": 2}}', "/memory", ""),
    ('{"blockIO": {"weight": 3}}', "stdin:1:24 /blockIO/weight", "from 10 to 1000"),
    ('{"blockIO": {"throttleReadBpsDevice": [{"major": 8}]}}', "/blockIO/throttleReadBpsDevice/0", ""),
    ('{"unified": {"a/b": "1"}}', "/unified/a~1b", ""),
    ('{"rdma": {"a b": {"hcaHandles": 1}}}', "/rdma/a b", ""),
    ('[]', "stdin:1:1", "expected an object"),
    ('', "stdin", ""), ("{", "stdin", ""), ('{"memory": {"limit": 1}} x', "stdin", ""), ("\0", "stdin", ""),
    (b'{"cpu": {"cpus": "\xff"}}', "stdin", ""), ('{"cpu": {"cpus": "\\u0000"}}', "stdin", ""),
    ('[' * 200, "stdin", "")])
def test_hostile_resources(runtime, container, resources, where, text):
    """One line that says where, and nothing changed."""
    known = (container.state_dir / "state.json").read_text()
    result = update(container, resources)
    assert result.status == 1
    assert where in result.err and text in result.err
    assert len(result.err.splitlines()) == 1
    assert (container.state_dir / "state.json").read_text() == known


@pytest.mark.hako_only
def test_resources_that_cannot_be_read(runtime, container, tmp):
    for path in (tmp / "nosuch", tmp):
        result = runtime.call("update", "--resources", path, container.id)
        assert result.status == 1
        assert str(path) in result.err and len(result.err.splitlines()) == 1
    with open(tmp / "large", "wb") as file:
        file.truncate(17 * MiB)
    assert "file too large" in runtime.call("update", "--resources", tmp / "large", container.id).err


def test_stopped(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    result = runtime.call("update", "--pids-limit", "7", container.id)
    assert result.status == 1
    assert "container not running" in result.err


def test_unknown(runtime):
    result = runtime.call("update", "--pids-limit", "7", f"{PREFIX}-nobody")
    assert result.status == 1
    assert "does not exist" in result.err


# ---- what stays ----

def test_created_and_paused(runtime, bundle):
    container = runtime.create(bundle.sleep())
    runtime.must("update", "--pids-limit", "70", container.id)
    assert Files(container)("pids", "pids.max", "pids.max") == "70"
    container.must("start")
    container.must("pause")
    runtime.must("update", "--pids-limit", "71", container.id)
    assert Files(container)("pids", "pids.max", "pids.max") == "71"
    assert container.status == "paused"


@pytest.mark.hako_only
@needs("memory")
def test_what_is_in_force_is_kept_in_the_state(runtime, bundle):
    bundle.resources.update({"memory": {"limit": 64 * MiB, "swap": 96 * MiB}, "pids": {"limit": 9}})
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"}]
    container = runtime.start(bundle.sleep())
    assert stored(container) == {"memory": {"limit": 64 * MiB, "swap": 96 * MiB}, "pids": {"limit": 9}}
    runtime.must("update", "--memory", "70m", "--cpu-quota", "20000", container.id)
    must(container, {"cpu": {"period": 50000, "shares": 0}})
    assert stored(container) == {
        "memory": {"limit": 70 * MiB, "swap": 96 * MiB}, "cpu": {"quota": 20000, "period": 50000}, "pids": {"limit": 9}}
    assert container.status == "running"
    container.kill_and_delete()


@pytest.mark.hako_only
def test_without_cgroup(runtime, bundle):
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").sleep().write()
    name = runtime.new_id()
    runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    result = runtime.call("update", "--pids-limit", "7", name)
    assert result.status == 1
    assert "pids-limit: the container has no cgroup of its own" in result.err
    runtime.must("update", name)


@pytest.mark.hako_only
def test_two_at_once(runtime, container):
    """Neither loses what the other has written into the state."""
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(runtime.call, "update", *flags, container.id)
                 for _ in range(5) for flags in (["--pids-limit", "55"], ["--cpu-quota", "25000"])]
    assert all(call.result().status == 0 for call in calls)
    assert stored(container) == {"pids": {"limit": 55}, "cpu": {"quota": 25000}}
