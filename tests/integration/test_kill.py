"""kill: whom a signal reaches, and what it says where it reaches nobody."""

import json
import os
import re

import pytest

import host


@pytest.mark.shows("kill")
@pytest.mark.parametrize("name", ["TERM", "SIGTERM", "term", "sigterm", "15", None])
def test_kill_by_name(runtime, bundle, name):
    container = runtime.start(bundle.sh(
        "trap 'echo got TERM; exit 3' TERM; echo ready; while :; do sleep 0.02; done"))
    container.wait_output("ready")
    container.must("kill", *([name] if name else []))
    container.wait_output("got TERM")
    container.wait_stopped()


@pytest.mark.shows("kill")
@pytest.mark.hako_only
def test_kill_with_realtime_signal(runtime, bundle):
    container = runtime.start(bundle.sh(
        "trap 'echo got it; exit 3' 35; echo ready; while :; do sleep 0.02; done"))
    container.wait_output("ready")
    container.must("kill", "RTMIN+1")
    container.wait_output("got it")


@pytest.mark.parametrize("name", ["NOSUCH", "SIGNOSUCH", "-5", "9x", "4000"])
def test_kill_with_nonsense(runtime, bundle, name):
    container = runtime.start(bundle.sleep())
    result = runtime.call("kill", "--", container.id, name) if name.startswith("-") else \
        runtime.call("kill", container.id, name)
    assert result.status != 0
    assert container.status == "running"


def test_kill_unknown_signal_text(runtime, bundle):
    container = runtime.start(bundle.sleep())
    assert 'unknown signal "NOSUCH"' in container.call("kill", "NOSUCH").err.replace("\\", "")


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_kill_0_looks_whether_it_runs(runtime, bundle, options):
    container = runtime.start(bundle.sleep())
    for _ in range(2):
        assert container.call("kill", *options, "0").status == 0
    assert container.status == "running"
    container.must("kill", "KILL")
    container.wait_stopped()
    result = container.call("kill", "0")
    assert result.status == 1
    assert "container not running" in result.err


def test_kill_of_created_in_a_user_namespace(runtime, bundle):
    container = runtime.create(bundle.user_namespace().sleep())
    container.must("kill", "TERM")
    container.wait_stopped()
    container.must("delete")


@pytest.mark.parametrize("name", ["KILL", "TERM", "INT", "HUP", "QUIT"])
def test_kill_of_created(runtime, bundle, name):
    """Which is pid 1, to which the kernel sends nothing but KILL by itself."""
    container = runtime.create(bundle.sleep())
    container.must("kill", name)
    container.wait_stopped()
    result = container.call("start")
    assert result.status == 1
    assert "cannot start a container that has stopped" in result.err


def test_kill_of_stopped(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    result = container.call("kill", "TERM")
    assert result.status == 1
    assert "container not running" in result.err


@pytest.mark.shows("kill --all")
def test_kill_all_of_stopped_succeeds(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    assert runtime.call("kill", "--all", container.id, "KILL").status == 0


@pytest.mark.hako_only
def test_kill_without_pid_namespace_kills_all(runtime, bundle):
    bundle.without_namespace("pid").sh("sleep 1000 & echo child $!; wait")
    container = runtime.start(bundle)
    container.wait_output("child ")
    child = int(re.search(r"child (\d+)", container.output).group(1))
    assert host.is_alive(child)
    container.must("kill", "KILL")
    host.wait_until(lambda: not host.is_alive(child))
    container.wait_stopped()


def leave_a_child(runtime, bundle):
    """A container whose init has ended, and the pid of a child of it, which has not."""
    bundle.without_namespace("pid").sh("sleep 1000 & echo child $!; exit 0")
    container = runtime.start(bundle)
    container.wait_output("child ")
    container.wait_stopped()
    child = int(re.search(r"child (\d+)", container.output).group(1))
    assert host.is_alive(child)
    return container, child


@pytest.mark.shows("delete --force")
def test_delete_force_without_pid_namespace(runtime, bundle):
    container, child = leave_a_child(runtime, bundle)
    container.must("delete", "--force")
    host.wait_until(lambda: not host.is_alive(child))


@pytest.mark.hako_only
@pytest.mark.shows("kill")
def test_kill_without_pid_namespace_kills_what_init_has_left(runtime, bundle):
    container, child = leave_a_child(runtime, bundle)
    assert container.call("kill", "TERM").status == 1
    assert str(child) in container.must("ps", "--format=json").out
    container.must("kill", "KILL")
    host.wait_until(lambda: not host.is_alive(child))
    assert "container not running" in container.call("kill", "KILL").err


@pytest.mark.hako_only
@pytest.mark.parametrize("command", [("kill", "KILL"), ("delete", "--force")], ids=" ".join)
def test_init_outlives_its_first_thread(runtime, bundle, helper, command):
    """That one is a zombie, which the process is not: it would never end, and nobody could end it."""
    container = runtime.start(bundle.bind(helper, "/helper", "ro").args("/helper", "thread"))
    pid = container.pid
    host.wait_until(lambda: host.process_state(pid) == "Z")
    thread = max(map(int, os.listdir(f"/proc/{pid}/task")))
    assert container.status == "running"
    assert json.loads(runtime.must("list", "--format", "json").out)[0]["status"] == "running"
    assert container.call("delete").status == 1
    container.must(*command)
    host.wait_until(lambda: not host.is_alive(thread))
