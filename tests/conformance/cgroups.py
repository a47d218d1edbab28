"""Where a container's cgroups are, and what this host has of them."""

import pytest

import host


def has_v2(controller):
    top = host.cgroup_hierarchies().get("")
    return bool(top) and controller in (top / "cgroup.controllers").read_text().split()


def v1(controller):
    return pytest.mark.needs(lambda: host.has_v1(controller), f"no v1 {controller} controller here")


def v2(controller):
    return pytest.mark.needs(lambda: has_v2(controller), f"no v2 {controller} controller here")


def any_version(controller):
    return pytest.mark.needs(lambda: host.has_v1(controller) or has_v2(controller),
                             f"no {controller} controller here")


only_v2 = pytest.mark.needs(host.is_v2_only, "this host has cgroup v1 hierarchies")


def value(container, controller, v1_file, v2_file):
    """What stands in the container's file of the controller, whichever version has it here."""
    key, name = (controller, v1_file) if host.has_v1(controller) else ("", v2_file)
    path = host.cgroup_of(container.pid, key) / name
    if not path.exists():
        pytest.skip(f"this kernel has no {name}")
    return path.read_text().strip()
