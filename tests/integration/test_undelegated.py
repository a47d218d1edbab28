"""Containers of an ordinary user to whom no cgroup was given, as in a session of su: pytest itself runs as that
user (tests/vm/guest/as-user --without-delegation)."""

import json
import os

import pytest

import host
from bundle import Bundle
from test_delegation import is_given

pytestmark = [pytest.mark.unprivileged,
              pytest.mark.needs(lambda: os.geteuid() != 0 and not is_given(),
                                "for an ordinary user without a cgroup of its own")]


@pytest.fixture
def bundle(runtime, tmp, base_rootfs):
    """What `spec --rootless` makes."""
    path = tmp / "bundle"
    path.mkdir()
    runtime.must("spec", "--rootless", "--bundle", path)
    return Bundle(path, json.loads((path / "config.json").read_text()), base_rootfs)


@pytest.mark.shows("exec", "ps", "list", "state", "kill", "delete")
def test_commands(runtime, bundle):
    container = runtime.start(bundle.sleep())
    own = [line.split(":", 2)[2] for line in open("/proc/self/cgroup").read().splitlines()]
    theirs = [line.split(":", 2)[2] for line in open(f"/proc/{container.pid}/cgroup").read().splitlines()]
    assert theirs == own
    assert container.exec_output("id", "-u") == "0\n"
    assert json.loads(container.must("ps", "--format=json").out) == [container.pid]
    assert [entry["id"] for entry in json.loads(runtime.must("list", "--format=json").out)] == [container.id]
    container.kill_and_delete()


@pytest.mark.hako_only
@pytest.mark.parametrize("command,option", [("pause", ""), ("update", "--pids-limit=9"), ("events", "--stats")])
def test_what_takes_a_cgroup(runtime, bundle, command, option):
    container = runtime.start(bundle.sleep())
    result = container.call(command, *filter(None, [option]))
    assert result.status == 1 and "has no cgroup" in result.err


LIMITS = [("memory/limit", {"memory": {"limit": 64 << 20}}), ("pids/limit", {"pids": {"limit": 9}}),
          ("cpu/shares", {"cpu": {"shares": 512}})]


@pytest.mark.hako_only
@pytest.mark.parametrize("property,resources", LIMITS)
def test_limits(runtime, bundle, property, resources):
    bundle.linux["resources"] = resources
    error = runtime.fails(bundle).err
    assert f"/linux/resources/{property}: a limit takes a cgroup of the container's own: make cgroup" in error
    assert "Delegate=yes" in error


@pytest.mark.hako_only
def test_cgroups_path(runtime, bundle):
    """Who says where wants it there."""
    bundle.linux["cgroupsPath"] = f"/{runtime.new_id()}"
    assert "/linux/cgroupsPath: make cgroup" in runtime.fails(bundle).err


def test_device_rules_alone(runtime, bundle):
    bundle.linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    assert runtime.output(bundle.args("echo", "fine")) == "fine\n"
