"""config-linux.md, memory policy, as the kernel shows it in numa_maps."""

import os

import pytest

from checks import refused
from requirements import covered, each, requirement

SECTION = "config-linux.md#memory-policy"
needs_numa = pytest.mark.needs(lambda: os.path.exists("/proc/self/numa_maps"), "a kernel without NUMA")


def kernel():
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


@requirement(SECTION, "REQUIRED", "`mode`")
@pytest.mark.parametrize("policy", [{}, {"nodes": "0"}, {"flags": []}])
def test_mode_is_required(runtime, bundle, policy):
    bundle.linux["memoryPolicy"] = policy
    refused(runtime, bundle, "/linux/memoryPolicy/mode")


MODES = {"MPOL_DEFAULT": ("default", False, (0, 0)), "MPOL_LOCAL": ("local", False, (3, 8)),
         "MPOL_BIND": ("bind:0", True, (0, 0)), "MPOL_INTERLEAVE": ("interleave:0", True, (0, 0)),
         "MPOL_PREFERRED": ("prefer:0", True, (0, 0)),
         "MPOL_PREFERRED_MANY": ("prefer (many):0", True, (5, 15)),
         "MPOL_WEIGHTED_INTERLEAVE": ("weighted interleave:0", True, (6, 9))}


@needs_numa
@each(SECTION, "states", "the mode `{}`", MODES)
@requirement(SECTION, "states", "`nodes` are the nodes of the policy")
@pytest.mark.parametrize("mode", MODES)
def test_mode(runtime, bundle, mode):
    expect, has_nodes, since = MODES[mode]
    if kernel() < since:
        pytest.skip(f"needs Linux {since[0]}.{since[1]}")
    bundle.linux["memoryPolicy"] = {"mode": mode} | ({"nodes": "0"} if has_nodes else {})
    lines = runtime.output(bundle.args("/bin/cat", "/proc/self/numa_maps")).splitlines()
    assert any(line.split(" ", 1)[1].startswith(f"{expect} ") for line in lines), lines


FLAGS = {"MPOL_F_STATIC_NODES": "=static", "MPOL_F_RELATIVE_NODES": "=relative",
         "MPOL_F_NUMA_BALANCING": "=balancing"}


@needs_numa
@each(SECTION, "states", "the flag `{}`", FLAGS)
@pytest.mark.parametrize("flag", FLAGS)
def test_flag(runtime, bundle, flag):
    if flag == "MPOL_F_NUMA_BALANCING" and kernel() < (6, 13):
        pytest.skip("numa_maps shows this flag since Linux 6.13")
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
    assert f"bind{FLAGS[flag]}:0 " in runtime.output(bundle.args("/bin/cat", "/proc/self/numa_maps"))


@pytest.mark.parametrize("policy,name", [
    ({"mode": "MPOL_NOSUCH"}, "mode"), ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["NOSUCH"]}, "flags"),
    ({"mode": "MPOL_BIND"}, "nodes"), ({"mode": "MPOL_INTERLEAVE"}, "nodes"),
    ({"mode": "MPOL_DEFAULT", "nodes": "0"}, "nodes"), ({"mode": "MPOL_LOCAL", "nodes": "0"}, "nodes"),
    ({"mode": "MPOL_BIND", "nodes": "0-"}, "nodes"), ({"mode": "MPOL_BIND", "nodes": "a"}, "nodes")])
def test_nonsense(runtime, bundle, policy, name):
    bundle.linux["memoryPolicy"] = policy
    refused(runtime, bundle, f"/linux/memoryPolicy/{name}")


covered(SECTION, "states", "`nodes` are the nodes of the policy",
        by="integration/test_scheduling.py::test_memory_node_that_is_not_there")
