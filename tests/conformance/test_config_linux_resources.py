"""config-linux.md, the limits of each cgroup controller."""

from pathlib import Path

import pytest

import host
from cgroups import any_version, has_v2, only_v2, v1, v2, value
from checks import refused, without
from requirements import each, requirement, untested

MEMORY, CPU = "config-linux.md#memory", "config-linux.md#cpu"
BLOCK_IO, HUGE_PAGES = "config-linux.md#block-io", "config-linux.md#huge-page-limits"
NETWORK, PIDS, RDMA = "config-linux.md#network", "config-linux.md#pids", "config-linux.md#rdma"
UNIFIED = "config-linux.md#unified"
MiB = 1 << 20


def start(runtime, bundle, name, limits):
    bundle.resources[name] = limits
    return runtime.start(bundle.sleep())


# Memory

@each(MEMORY, "states", "`{}` is set", ["limit", "reservation"])
@any_version("memory")
@pytest.mark.parametrize("name,v1_file,v2_file", [
    ("limit", "memory.limit_in_bytes", "memory.max"),
    ("reservation", "memory.soft_limit_in_bytes", "memory.low")])
def test_memory(runtime, bundle, name, v1_file, v2_file):
    container = start(runtime, bundle, "memory", {"limit": 64 * MiB} | {name: 48 * MiB})
    assert value(container, "memory", v1_file, v2_file) == str(48 * MiB)


@requirement(MEMORY, "states", "`swap` limits memory and swap together")
@any_version("memory")
def test_swap(runtime, bundle):
    container = start(runtime, bundle, "memory", {"limit": 64 * MiB, "swap": 96 * MiB})
    expect = 96 * MiB if host.has_v1("memory") else 32 * MiB
    assert value(container, "memory", "memory.memsw.limit_in_bytes", "memory.swap.max") == str(expect)


@requirement(MEMORY, "states", "-1 is no limit")
@any_version("memory")
def test_no_memory_limit(runtime, bundle):
    container = start(runtime, bundle, "memory", {"limit": -1, "swap": -1, "reservation": -1})
    parent = host.cgroup_of(container.pid, "memory" if host.has_v1("memory") else "").parent
    unlimited = (parent / "memory.limit_in_bytes").read_text().strip() if host.has_v1("memory") else "max"
    assert value(container, "memory", "memory.limit_in_bytes", "memory.max") == unlimited


@each(MEMORY, "NOT RECOMMENDED", "`{}` may still be there", ["kernel", "kernelTCP"])
@pytest.mark.parametrize("name", ["kernel", "kernelTCP"])
@pytest.mark.parametrize("limit", [-1, 64 * MiB])
@v1("memory")
def test_kernel_memory(runtime, bundle, name, limit):
    bundle.resources["memory"] = {"limit": 64 * MiB, name: limit}
    assert runtime.output(bundle.args("/bin/echo", "alive")) == "alive\n"


@requirement(MEMORY, "states", "`swappiness` is set; only 0 to 100 are values of it")
@v1("memory")
def test_swappiness(runtime, bundle):
    container = start(runtime, bundle, "memory", {"swappiness": 13})
    assert value(container, "memory", "memory.swappiness", "") == "13"
    container.kill_and_delete()
    bundle.resources["memory"] = {"swappiness": 101}
    refused(runtime, bundle, "/linux/resources/memory/swappiness")


@requirement(MEMORY, "states", "`disableOOMKiller` turns the OOM killer off, or leaves it on")
@v1("memory")
@pytest.mark.parametrize("off", [True, False])
def test_oom_killer(runtime, bundle, off):
    container = start(runtime, bundle, "memory", {"limit": 64 * MiB, "disableOOMKiller": off})
    assert f"oom_kill_disable {int(off)}" in value(container, "memory", "memory.oom_control", "")


@requirement(MEMORY, "states", "`useHierarchy`: cgroups below share the limits")
@v1("memory")
def test_hierarchy(runtime, bundle):
    container = start(runtime, bundle, "memory", {"limit": 64 * MiB, "useHierarchy": True})
    assert value(container, "memory", "memory.use_hierarchy", "") == "1"


untested(MEMORY, "MUST", "with `checkBeforeUpdate`, a new limit below the usage is rejected",
         reason="hako has no `update` command yet; a cgroup that is made new has no usage")


# CPU

@each(CPU, "states", "`{}` is set", ["shares", "quota", "period", "burst", "idle"])
@any_version("cpu")
@pytest.mark.parametrize("limits,v1_file,v2_file,expect", [
    ({"shares": 512}, "cpu.shares", "cpu.weight", {"512", "59", "20"}),
    ({"quota": 20000, "period": 50000}, "cpu.cfs_quota_us", "cpu.max", {"20000", "20000 50000"}),
    ({"quota": 20000, "period": 50000}, "cpu.cfs_period_us", "cpu.max", {"50000", "20000 50000"}),
    ({"quota": -1}, "cpu.cfs_quota_us", "cpu.max", {"-1", "max 100000"}),
    ({"quota": 20000, "burst": 10000}, "cpu.cfs_burst_us", "cpu.max.burst", {"10000"}),
    ({"idle": 1}, "cpu.idle", "cpu.idle", {"1"})])
def test_cpu(runtime, bundle, limits, v1_file, v2_file, expect):
    assert value(start(runtime, bundle, "cpu", limits), "cpu", v1_file, v2_file) in expect


@each(CPU, "states", "`{}` is set", ["realtimeRuntime", "realtimePeriod"])
@v1("cpu")
def test_realtime(runtime, bundle):
    top = host.cgroup_hierarchies()["cpu"]
    if not (top / "cpu.rt_runtime_us").exists():
        pytest.skip("no realtime group scheduling in this kernel")
    container = start(runtime, bundle, "cpu", {"realtimeRuntime": 1000, "realtimePeriod": 900000})
    assert value(container, "cpu", "cpu.rt_runtime_us", "") == "1000"
    assert value(container, "cpu", "cpu.rt_period_us", "") == "900000"


@requirement(CPU, "MUST", "`quota` is not below `burst`")
@requirement(CPU, "MUST", "`burst` is not above `quota`")
@any_version("cpu")
def test_burst_above_quota(runtime, bundle):
    """A runtime may report it, else the kernel does."""
    bundle.resources["cpu"] = {"quota": 20000, "period": 50000, "burst": 20001}
    refused(runtime, bundle, "/linux/resources/cpu")


@each(CPU, "states", "`{}` is the list that the container runs on", ["cpus", "mems"])
@any_version("cpuset")
@pytest.mark.parametrize("name,shown", [("cpus", "Cpus_allowed_list"), ("mems", "Mems_allowed_list")])
def test_cpuset(runtime, bundle, name, shown):
    bundle.resources["cpu"] = {name: "0"}
    lines = runtime.output(bundle.args("/bin/cat", "/proc/self/status")).splitlines()
    assert f"{shown}:\t0" in lines


# Block IO

def block_device():
    """The numbers of a whole disk."""
    for entry in sorted(Path("/sys/block").iterdir()):
        if not entry.name.startswith(("loop", "ram", "zram")):
            return tuple(map(int, (entry / "dev").read_text().split(":")))
    return None


THROTTLES = {"throttleReadBpsDevice": ("blkio.throttle.read_bps_device", "rbps"),
             "throttleWriteBpsDevice": ("blkio.throttle.write_bps_device", "wbps"),
             "throttleReadIOPSDevice": ("blkio.throttle.read_iops_device", "riops"),
             "throttleWriteIOPSDevice": ("blkio.throttle.write_iops_device", "wiops")}
needs_disk = pytest.mark.needs(lambda: bool(block_device()), "no disk here")


@each(BLOCK_IO, "REQUIRED", "`major` and `minor` of an entry of `{}`", ["weightDevice", *THROTTLES])
@pytest.mark.parametrize("name", ["major", "minor"])
@pytest.mark.parametrize("entries", ["weightDevice", *THROTTLES])
def test_device_numbers_are_required(runtime, bundle, entries, name):
    entry = {"major": 8, "minor": 0} | ({"weight": 500} if entries == "weightDevice" else {"rate": 1000})
    bundle.resources["blockIO"] = {entries: [without(entry, name)]}
    refused(runtime, bundle, f"/linux/resources/blockIO/{entries}/0")


@requirement(BLOCK_IO, "MUST", "an entry of `weightDevice` has a `weight` or a `leafWeight`")
def test_weight_device_without_weight(runtime, bundle):
    bundle.resources["blockIO"] = {"weightDevice": [{"major": 8, "minor": 0}]}
    refused(runtime, bundle, "/linux/resources/blockIO/weightDevice/0")


@each(BLOCK_IO, "REQUIRED", "`rate` of an entry of `{}`", THROTTLES)
@pytest.mark.parametrize("entries", THROTTLES)
def test_rate_is_required(runtime, bundle, entries):
    bundle.resources["blockIO"] = {entries: [{"major": 8, "minor": 0}]}
    refused(runtime, bundle, f"/linux/resources/blockIO/{entries}/0")


@each(BLOCK_IO, "states", "`{}` is set", THROTTLES)
@needs_disk
@pytest.mark.needs(lambda: host.has_v1("blkio") or has_v2("io"), "no controller of block devices here")
@pytest.mark.parametrize("entries", THROTTLES)
def test_throttle(runtime, bundle, entries):
    major, minor = block_device()
    container = start(runtime, bundle, "blockIO", {entries: [{"major": major, "minor": minor, "rate": 4096}]})
    v1_file, v2_key = THROTTLES[entries]
    if host.has_v1("blkio"):
        assert value(container, "blkio", v1_file, "") == f"{major}:{minor} 4096"
    else:
        shown = (host.cgroup_of(container.pid, "") / "io.max").read_text().split()
        assert shown[0] == f"{major}:{minor}" and f"{v2_key}=4096" in shown


@requirement(BLOCK_IO, "states", "`weight` is set, or an error where the kernel has no weights")
@pytest.mark.needs(lambda: host.has_v1("blkio") or has_v2("io"), "no controller of block devices here")
def test_weight(runtime, bundle):
    bundle.resources["blockIO"] = {"weight": 500}
    result = runtime.run(bundle.sh("cat /sys/fs/cgroup/blkio/blkio*.weight /sys/fs/cgroup/io*.weight"))
    shown = result.out.split()
    assert shown[-1] in ("500", "4950") if shown else result.err


# Huge pages, network, rdma

PAGE = {"pageSize": "2MB", "limit": 4 * MiB}


@each(HUGE_PAGES, "REQUIRED", "`{}` of a limit", PAGE)
@pytest.mark.parametrize("name", PAGE)
def test_huge_page_limit_is_complete(runtime, bundle, name):
    bundle.resources["hugepageLimits"] = [without(PAGE, name)]
    refused(runtime, bundle, "/linux/resources/hugepageLimits/0")


@requirement(HUGE_PAGES, "states", "reservations are limited, where the kernel counts them; else usage")
@any_version("hugetlb")
@pytest.mark.needs(lambda: Path("/sys/kernel/mm/hugepages/hugepages-2048kB").exists(), "no pages of 2 MB")
def test_huge_pages(runtime, bundle):
    container = start(runtime, bundle, "hugepageLimits", [PAGE])
    assert value(container, "hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max") == \
        str(PAGE["limit"])


@pytest.mark.parametrize("size", ["3MB", "2mb", "2M", "2097152", "MB", ""])
def test_unknown_page_size(runtime, bundle, size):
    bundle.resources["hugepageLimits"] = [PAGE | {"pageSize": size}]
    refused(runtime, bundle, "/linux/resources/hugepageLimits/0", foreseen=size != "3MB")


PRIORITY = {"name": "lo", "priority": 5}


@each(NETWORK, "REQUIRED", "`{}` of a priority", PRIORITY)
@pytest.mark.parametrize("name", PRIORITY)
def test_priority_is_complete(runtime, bundle, name):
    bundle.resources["network"] = {"priorities": [without(PRIORITY, name)]}
    refused(runtime, bundle, "/linux/resources/network/priorities/0")


@requirement(NETWORK, "states", "`classID` is set")
@v1("net_cls")
def test_class_id(runtime, bundle):
    container = start(runtime, bundle, "network", {"classID": 1048577})
    assert value(container, "net_cls", "net_cls.classid", "") == "1048577"


@requirement(NETWORK, "states", "`priorities` are set")
@v1("net_prio")
def test_priorities(runtime, bundle):
    container = start(runtime, bundle, "network", {"priorities": [PRIORITY]})
    assert "lo 5" in value(container, "net_prio", "net_prio.ifpriomap", "").splitlines()


@requirement(RDMA, "MUST", "a device has `hcaHandles` or `hcaObjects`")
def test_rdma_without_limit(runtime, bundle):
    bundle.resources["rdma"] = {"mlx5_1": {}}
    refused(runtime, bundle, "/linux/resources/rdma")


# PIDs

@requirement(PIDS, "states", "`limit` is set, -1 is no limit")
@any_version("pids")
@pytest.mark.parametrize("limit,expect", [(77, "77"), (-1, "max")])
def test_pids(runtime, bundle, limit, expect):
    container = start(runtime, bundle, "pids", {"limit": limit})
    assert value(container, "pids", "pids.max", "pids.max") == expect


@requirement(PIDS, "SHOULD", "0 is a limit as any other: nothing can be forked")
@any_version("pids")
def test_no_process_at_all(runtime, bundle):
    bundle.resources["pids"] = {"limit": 0}
    result = runtime.run(bundle.sh("echo alive; /bin/true & echo forked"))
    assert "forked" not in result.out
    if runtime.is_hako:
        assert result.out == "alive\n" and "fork" in result.err


# Unified

def refused_unified(runtime, bundle, unified, **more):
    bundle.resources["unified"] = unified
    return refused(runtime, bundle, "/linux/resources/unified", **more)


@requirement(UNIFIED, "MUST", "the controllers that are needed are enabled for the cgroup")
@v2("memory")
@only_v2
def test_unified(runtime, bundle):
    container = start(runtime, bundle, "unified", {"memory.high": str(48 * MiB), "pids.max": "33"})
    directory = host.cgroup_of(container.pid, "")
    assert (directory / "memory.high").read_text() == f"{48 * MiB}\n"
    assert (directory / "pids.max").read_text() == "33\n"


@requirement(UNIFIED, "MUST", "what the runtime does not know is written to its file all the same")
@only_v2
def test_unified_unknown_to_the_runtime(runtime, bundle):
    container = start(runtime, bundle, "unified", {"cgroup.max.descendants": "7"})
    assert (host.cgroup_of(container.pid, "") / "cgroup.max.descendants").read_text() == "7\n"


@requirement(UNIFIED, "MUST", "a controller that is not there, or cannot be enabled, is an error")
@pytest.mark.parametrize("name", ["nosuch.max", "memory.nosuch"])
def test_unified_without_controller(runtime, bundle, name):
    # Which files a controller has shows a cgroup with it, and `check` makes none.
    refused_unified(runtime, bundle, {name: "1"}, foreseen=name == "nosuch.max")


@requirement(UNIFIED, "MUST", "what cannot be converted from one version to the other is an error")
@pytest.mark.needs(lambda: not host.is_v2_only(), "this host has cgroup v2 alone")
def test_unified_on_v1(runtime, bundle):
    refused_unified(runtime, bundle, {"memory.high": str(64 * MiB)})


@requirement(UNIFIED, "MUST", "what cannot be converted from one version to the other is an error")
@only_v2
@pytest.mark.parametrize("memory", [{"swappiness": 60}, {"disableOOMKiller": True}])
def test_v1_limit_on_v2(runtime, bundle, memory):
    bundle.resources["memory"] = memory
    refused(runtime, bundle, "/linux/resources/memory")
