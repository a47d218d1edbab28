"""When and where the kernel runs the program: scheduler, I/O priority, CPUs, memory nodes."""

import json
import os
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

import host

pytestmark = pytest.mark.hako_only

OTHER, FIFO, RR, BATCH, IDLE, DEADLINE = 0, 1, 2, 3, 5, 6
RESET_ON_FORK, RECLAIM, DL_OVERRUN, KEEP_POLICY, KEEP_PARAMS = 1, 2, 4, 8, 16
DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY, WEIGHTED_INTERLEAVE = range(7)
NUMA_BALANCING, RELATIVE_NODES, STATIC_NODES = 1 << 13, 1 << 14, 1 << 15

DEADLINE_TASK = {"policy": "SCHED_DEADLINE", "runtime": 2000000, "deadline": 30000000}

needs_nice = pytest.mark.needs(lambda: host.has_capability(host.CAP_SYS_NICE), "no CAP_SYS_NICE here")
needs_two_cpus = pytest.mark.needs(lambda: len(os.sched_getaffinity(0)) > 1, "only one CPU here")
needs_numa = pytest.mark.needs(lambda: os.path.exists("/proc/self/numa_maps"), "a kernel without NUMA")


def kernel():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def show(runtime, bundle, helper, what):
    bundle.bind(helper, "/helper", "ro").args("/helper", what)
    return runtime.output(bundle).split()


FIELDS = ("policy", "flags", "nice", "priority", "runtime", "deadline", "period")


def scheduler(runtime, bundle, helper, wanted):
    """{"policy": 3, ...} as the program sees it."""
    bundle.process["scheduler"] = wanted
    return dict(zip(FIELDS, map(int, show(runtime, bundle, helper, "sched"))))


# Scheduler

def test_nice(runtime, bundle, helper):
    seen = scheduler(runtime, bundle, helper, {"policy": "SCHED_OTHER", "nice": 7})
    assert (seen["policy"], seen["nice"]) == (OTHER, 7)


@needs_nice
def test_nice_below_the_callers(runtime, bundle, helper):
    seen = scheduler(runtime, bundle, helper, {"policy": "SCHED_BATCH", "nice": -5})
    assert (seen["policy"], seen["nice"]) == (BATCH, -5)


def test_idle(runtime, bundle, helper):
    assert scheduler(runtime, bundle, helper, {"policy": "SCHED_IDLE"})["policy"] == IDLE


def give_real_time(bundle):
    """Where the kernel schedules real-time groups, a new cgroup may use none of that time."""
    if host.has_v1("cpu") and (host.cgroup_hierarchies()["cpu"] / "cpu.rt_runtime_us").exists():
        bundle.linux.setdefault("resources", {})["cpu"] = {
            "realtimePeriod": 1000000, "realtimeRuntime": 10000}
    elif "CONFIG_RT_GROUP_SCHED=y" in host.kernel_config():
        pytest.skip("real-time groups, and no v1 cpu controller to give them time")


@needs_nice
@pytest.mark.parametrize("name, number", [("SCHED_FIFO", FIFO), ("SCHED_RR", RR)])
def test_real_time(runtime, bundle, helper, name, number):
    give_real_time(bundle)
    seen = scheduler(runtime, bundle, helper,
                     {"policy": name, "priority": 42, "flags": ["SCHED_FLAG_RESET_ON_FORK"]})
    assert (seen["policy"], seen["priority"], seen["flags"]) == (number, 42, RESET_ON_FORK)


@needs_nice
@pytest.mark.parametrize("wanted, number", [({"policy": "SCHED_RR", "priority": 42}, RR),
                                            ({"policy": "SCHED_OTHER", "nice": -5}, OTHER)])
def test_in_a_user_namespace(runtime, bundle, helper, wanted, number):
    """Nobody in there has the host's CAP_SYS_NICE: the runtime sets it, from outside."""
    if number == RR:
        give_real_time(bundle)
    seen = scheduler(runtime, bundle.user_namespace(), helper, wanted)
    assert (seen["policy"], seen["nice"], seen["priority"]) \
        == (number, wanted.get("nice", 0), wanted.get("priority", 0))


@needs_nice
def test_exec_in_a_user_namespace(runtime, bundle, helper):
    bundle.bind(helper, "/helper", "ro").user_namespace()
    container = runtime.start(bundle.sleep())
    process = bundle.process | {"scheduler": {"policy": "SCHED_OTHER", "nice": -5}, "args": ["/helper", "sched"]}
    (bundle.path / "process.json").write_text(json.dumps(process))
    out = runtime.must("exec", "--process", bundle.path / "process.json", container.id).out
    assert dict(zip(FIELDS, map(int, out.split())))["nice"] == -5


@pytest.mark.needs(lambda: host.has_v1("cpu") and os.path.exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us"),
                   "no real-time groups here")
def test_real_time_without_a_share_of_it(runtime, bundle):
    bundle.process["scheduler"] = {"policy": "SCHED_FIFO", "priority": 1}
    result = runtime.fails(bundle, foreseen=False)
    assert "/process/scheduler" in result.err and "operation not permitted" in result.err
    assert "linux.resources.cpu.realtimeRuntime" in result.err


@needs_nice
@pytest.mark.parametrize("flags, bits", [
    ([], 0), (["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM"], RESET_ON_FORK | RECLAIM),
    (["SCHED_FLAG_DL_OVERRUN"], DL_OVERRUN)])
def test_deadline(runtime, bundle, helper, flags, bits):
    seen = scheduler(runtime, bundle, helper, DEADLINE_TASK | {"period": 40000000, "flags": flags})
    assert seen["policy"] == DEADLINE and seen["flags"] == bits
    assert (seen["runtime"], seen["deadline"], seen["period"]) == (2000000, 30000000, 40000000)


@needs_nice
def test_deadline_is_the_period_where_there_is_none(runtime, bundle, helper):
    seen = scheduler(runtime, bundle, helper, DEADLINE_TASK)
    assert seen["deadline"] == seen["period"] == 30000000


@needs_nice
def test_deadline_where_the_init_stage_forks(runtime, bundle, helper):
    """Into a time namespace, say; a deadline task could not."""
    bundle.namespace("time")
    assert scheduler(runtime, bundle, helper, DEADLINE_TASK)["policy"] == DEADLINE


@needs_nice
@needs_two_cpus
@pytest.mark.needs(lambda: "cpuset" in host.cgroup_hierarchies(), "no v1 cpuset controller here")
def test_deadline_in_a_part_of_the_cpus(runtime, bundle):
    bundle.linux.setdefault("resources", {})["cpu"] = {"cpus": "0"}
    bundle.process["scheduler"] = DEADLINE_TASK
    result = runtime.fails(bundle, foreseen=False)
    assert "/process/scheduler" in result.err and "cpuset of all CPUs" in result.err


@needs_nice
@pytest.mark.needs(lambda: os.path.exists("/proc/sys/kernel/sched_deadline_period_max_us"),
                   "no limit on periods here")
def test_deadline_beyond_the_hosts_limit(runtime, bundle):
    bundle.process["scheduler"] = DEADLINE_TASK | {"deadline": 1 << 62}
    result = runtime.fails(bundle, foreseen=False)
    assert "invalid argument" in result.err and "sched_deadline_period_min_us" in result.err


@needs_nice
def test_deadline_and_a_hook_that_would_need_a_fork(runtime, bundle):
    bundle.process["scheduler"] = dict(DEADLINE_TASK)
    bundle.hook("startContainer", "/bin/true")
    assert "SCHED_FLAG_RESET_ON_FORK" in runtime.fails(bundle).err
    bundle.process["scheduler"]["flags"] = ["SCHED_FLAG_RESET_ON_FORK"]
    assert runtime.output(bundle.args("/bin/echo", "forked")) == "forked\n"


@contextmanager
def policy_of_ours(policy):
    os.sched_setscheduler(0, policy, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def test_policy_of_the_caller_is_kept(runtime, bundle, helper):
    with policy_of_ours(os.SCHED_BATCH):
        seen = scheduler(runtime, bundle, helper,
                         {"policy": "SCHED_OTHER", "nice": 3, "flags": ["SCHED_FLAG_KEEP_POLICY"]})
    assert (seen["policy"], seen["nice"]) == (BATCH, 3)


def test_parameters_of_the_caller_are_kept(runtime, bundle, helper):
    """The kernel keeps the policy with them."""
    seen = scheduler(runtime, bundle, helper, {
        "policy": "SCHED_BATCH", "nice": 3, "flags": ["SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_RESET_ON_FORK"]})
    assert (seen["policy"], seen["nice"]) == (OTHER, os.getpriority(os.PRIO_PROCESS, 0))


def test_utilization_clamp(runtime, bundle, helper):
    wanted = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"]}
    if "CONFIG_UCLAMP_TASK=y" in host.kernel_config():
        assert scheduler(runtime, bundle, helper, wanted)["policy"] == OTHER
    elif "# CONFIG_UCLAMP_TASK is not set" in host.kernel_config():
        bundle.process["scheduler"] = wanted
        result = runtime.fails(bundle, foreseen=False)
        assert "/process/scheduler" in result.err and "CONFIG_UCLAMP_TASK" in result.err
    else:
        pytest.skip("it is not known whether this kernel clamps utilization")


def test_reserved_policy(runtime, bundle):
    bundle.process["scheduler"] = {"policy": "SCHED_ISO"}
    assert "/process/scheduler/policy" in runtime.fails(bundle).err


# I/O priority

@pytest.mark.needs(lambda: os.uname().machine == "x86_64", "system call numbers of x86_64")
@pytest.mark.parametrize("name, number", [("IOPRIO_CLASS_RT", 1), ("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_IDLE", 3)])
def test_io_priority(runtime, bundle, helper, name, number):
    if number == 1 and not host.has_capability(host.CAP_SYS_NICE):
        pytest.skip("no CAP_SYS_NICE here")
    bundle.process["ioPriority"] = {"class": name, "priority": 5}
    bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", "252", "1", "0")
    assert runtime.output(bundle) == f"value {number << 13 | 5}\n"


@needs_nice
@pytest.mark.needs(lambda: os.uname().machine == "x86_64", "system call numbers of x86_64")
def test_real_time_io_priority_in_a_user_namespace(runtime, bundle, helper):
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_RT", "priority": 5}
    bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", "252", "1", "0")
    assert runtime.output(bundle.user_namespace()) == f"value {1 << 13 | 5}\n"


# CPU affinity

@contextmanager
def affinity_of_ours(cpus):
    old = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, old)


def allowed_cpus(runtime, bundle, *options):
    bundle.write()
    bundle.args("/bin/grep", "Cpus_allowed_list", "/proc/self/status").write()
    result = runtime.call(*options, "run", "--bundle", bundle.path, runtime.new_id())
    assert result.status == 0, result.err
    return result.out.split()[1]


@needs_two_cpus
@pytest.mark.needs(lambda: "cpuset" in host.cgroup_hierarchies() or host.is_v2_only(), "no cpusets here")
@pytest.mark.parametrize("staged", [False, True])
def test_affinity_of_the_caller_is_not_the_containers(runtime, bundle, staged):
    if staged:
        bundle.namespace("time")
    everything = allowed_cpus(runtime, bundle)
    with affinity_of_ours({0}):
        assert allowed_cpus(runtime, bundle) == everything


@needs_two_cpus
@pytest.mark.needs(lambda: "cpuset" in host.cgroup_hierarchies() or host.is_v2_only(), "no cpusets here")
def test_affinity_is_that_of_the_cpuset(runtime, bundle):
    bundle.linux.setdefault("resources", {})["cpu"] = {"cpus": "1"}
    with affinity_of_ours({0}):
        assert allowed_cpus(runtime, bundle) == "1"


@needs_two_cpus
def test_affinity_is_left_alone_without_a_cgroup(runtime, bundle):
    bundle.linux.pop("resources", None)
    with affinity_of_ours({0}):
        assert allowed_cpus(runtime, bundle, "--cgroup-manager", "disabled") == "0"


# Memory policy

@needs_numa
@pytest.mark.parametrize("mode, nodes, flags, seen", [
    ("MPOL_DEFAULT", None, [], [DEFAULT]),
    ("MPOL_LOCAL", None, [], [LOCAL]),
    ("MPOL_PREFERRED", None, [], [LOCAL]),
    ("MPOL_PREFERRED", "0", [], [PREFERRED, 0]),
    ("MPOL_BIND", "0", [], [BIND, 0]),
    ("MPOL_BIND", "0-0, 0", ["MPOL_F_STATIC_NODES"], [BIND | STATIC_NODES, 0]),
    ("MPOL_BIND", "0", ["MPOL_F_NUMA_BALANCING"], [BIND | NUMA_BALANCING, 0]),
    ("MPOL_INTERLEAVE", "0", ["MPOL_F_RELATIVE_NODES"], [INTERLEAVE | RELATIVE_NODES, 0]),
    ("MPOL_PREFERRED_MANY", "0", [], [PREFERRED_MANY, 0]),
    ("MPOL_WEIGHTED_INTERLEAVE", "0", [], [WEIGHTED_INTERLEAVE, 0])])
def test_memory_policy(runtime, bundle, helper, mode, nodes, flags, seen):
    if mode == "MPOL_WEIGHTED_INTERLEAVE" and kernel() < (6, 9):
        pytest.skip("needs Linux 6.9")
    if mode == "MPOL_PREFERRED_MANY" and kernel() < (5, 15):
        pytest.skip("needs Linux 5.15")
    bundle.linux["memoryPolicy"] = {"mode": mode, "flags": flags} | ({"nodes": nodes} if nodes else {})
    assert list(map(int, show(runtime, bundle, helper, "mempolicy"))) == seen


@needs_numa
def test_memory_policy_of_what_the_program_starts(runtime, bundle):
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    policies = {line.split()[1] for line in runtime.output(bundle.sh("cat /proc/self/numa_maps; :")).splitlines()}
    assert "bind=static:0" in policies


def missing_node():
    return next(n for n in range(1023, 0, -1) if not Path(f"/sys/devices/system/node/node{n}").exists())


@needs_numa
def test_memory_node_that_is_not_there(runtime, bundle):
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": str(missing_node())}
    result = runtime.fails(bundle)
    assert "/linux/memoryPolicy" in result.err and "set the memory policy" in result.err
    assert "linux.resources.cpu.mems" in result.err


def test_memory_policy_that_contradicts_itself(runtime, bundle):
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0",
                                    "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}
    assert "/linux/memoryPolicy/flags" in runtime.fails(bundle).err


@needs_numa
def test_features_list_what_this_kernel_does(runtime, bundle):
    """Each mode and flag that is listed works; the probe itself changes nothing."""
    listed = json.loads(runtime.must("features").out)["linux"]["memoryPolicy"]
    assert {"MPOL_DEFAULT", "MPOL_BIND"} <= set(listed["modes"])
    assert ("MPOL_WEIGHTED_INTERLEAVE" in listed["modes"]) == (kernel() >= (6, 9))
    for mode in listed["modes"]:
        nodes = {} if mode in ("MPOL_DEFAULT", "MPOL_LOCAL") else {"nodes": "0"}
        bundle.linux["memoryPolicy"] = {"mode": mode} | nodes
        runtime.output(bundle.args("/bin/true"))
    for flag in listed["flags"]:
        bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
        runtime.output(bundle)


# Personality

def test_personality_flags_are_warned_of(runtime, bundle):
    bundle.linux["personality"] = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}
    result = runtime.run(bundle.args("/bin/true"))
    assert result.status == 0
    assert "/linux/personality/flags/0" in result.err and "ADDR_NO_RANDOMIZE" in result.err
