"""kill and delete over many containers, and --all."""

import re

import pytest

import host

pytestmark = pytest.mark.hako_only


@pytest.fixture
def three(runtime, make_bundle):
    """Two of a family and another, all running."""
    family = runtime.new_id()
    names = [f"{family}.a", f"{family}.b", runtime.new_id()]
    return [runtime.start(make_bundle().sleep(), id=name) for name in names]


def family(containers):
    return "^" + re.escape(containers[0].id[:-1]) + "[ab]$"


@pytest.mark.shows("kill --regex")
@pytest.mark.parametrize("flag", ["--regex", "-r"])
def test_kill(runtime, three, flag):
    runtime.must("kill", flag, family(three), "KILL")
    for container in three[:2]:
        container.wait_stopped()
    assert three[2].status == "running"


@pytest.mark.shows("kill --regex")
def test_kill_with_the_default_signal(runtime, three):
    runtime.must("kill", "--regex", family(three))
    for container in three[:2]:
        container.wait_stopped()


@pytest.mark.shows("kill --regex")
def test_kill_passes_over_what_has_stopped(runtime, three):
    three[0].must("kill", "KILL")
    three[0].wait_stopped()
    assert runtime.must("kill", "--regex", family(three), "KILL").err == ""
    three[1].wait_stopped()


@pytest.mark.shows("delete --regex", "delete --force")
def test_delete_by_force(runtime, three):
    runtime.must("delete", "--force", "--regex", family(three))
    assert runtime.ids() == [three[2].id]


@pytest.mark.shows("delete --regex")
def test_delete_tries_all(runtime, three):
    """One that runs is an error, and the others go."""
    three[1].must("kill", "KILL")
    three[1].wait_stopped()
    result = runtime.call("delete", "-r", family(three))
    assert result.status == 1
    assert f"delete '{three[0].id}': cannot delete container {three[0].id} that is not stopped" in result.err
    assert runtime.ids() == sorted([three[0].id, three[2].id])


@pytest.mark.parametrize("command", ["kill", "delete"])
def test_nothing_matches(runtime, three, command):
    result = runtime.must(command, "--regex", "^nothing-of-that-name$")
    assert (result.out, result.err) == ("", "")
    assert all(container.status == "running" for container in three)


@pytest.mark.parametrize("command", ["kill", "delete"])
@pytest.mark.parametrize("pattern", ["(", "[", "a{2,1}", "*("])
def test_expression_that_is_none(runtime, three, command, pattern):
    result = runtime.call(command, "--regex", pattern)
    assert result.status == 1
    assert f"invalid regular expression '{pattern}'" in result.err
    assert all(container.status == "running" for container in three)


@pytest.mark.parametrize("command", ["kill", "delete"])
def test_without_the_flag_it_is_an_id(runtime, three, command):
    result = runtime.call(command, family(three))
    assert result.status == 1
    assert "invalid container ID format" in result.err


# ---- --all ----

@pytest.mark.shows("kill --all")
def test_kill_all_reaches_children(runtime, bundle):
    bundle.sh("sh -c 'trap \"echo got it; exit\" USR1; echo ready; while :; do sleep 0.02; done' & wait")
    container = runtime.start(bundle)
    container.wait_output("ready")
    container.must("kill", "USR1")
    host.time.sleep(0.1)
    assert "got it" not in container.output
    runtime.must("kill", "--all", container.id, "USR1")
    container.wait_output("got it")


@pytest.mark.shows("kill --all")
def test_kill_all_of_what_init_has_left(runtime, bundle):
    """As Kubernetes' runtimes end a pod that shares a pid namespace."""
    bundle.without_namespace("pid").sh("sleep 1000 & echo child $!; exit 0")
    container = runtime.start(bundle)
    container.wait_stopped()
    child = int(re.search(r"child (\d+)", container.output).group(1))
    assert host.is_alive(child)
    runtime.must("kill", "-a", container.id, "KILL")
    host.wait_until(lambda: not host.is_alive(child))


@pytest.mark.shows("kill --all")
def test_kill_all_of_stopped_without_cgroup(runtime, bundle):
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").write()
    name = runtime.new_id()
    runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    host.wait_until(lambda: '"stopped"' in runtime.must("state", name).out)
    runtime.must("kill", "--all", name, "KILL")
    assert "container not running" in runtime.call("kill", name, "KILL").err
