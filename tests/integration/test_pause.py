"""pause and resume: the freezer, the states, and what they do to other commands."""


import pytest

import host
from containers import PREFIX

COUNTING = "i=0; while :; do i=$((i+1)); echo $i > /count; done"


def freezer(container):
    """The directory that freezes the container, and the file that says so."""
    v1 = host.has_v1("freezer")
    directory = host.cgroup_of(container.pid, "freezer" if v1 else "")
    return directory, directory / ("freezer.state" if v1 else "cgroup.events")


def is_frozen(container):
    text = freezer(container)[1].read_text()
    return text == "FROZEN\n" or "frozen 1\n" in text


def freeze(directory, frozen):
    if host.has_v1("freezer"):
        (directory / "freezer.state").write_text("FROZEN" if frozen else "THAWED")
    else:
        (directory / "cgroup.freeze").write_text("1" if frozen else "0")


@pytest.mark.shows("pause", "resume")
def test_pause_and_resume(runtime, bundle):
    container = runtime.start(bundle.writable().sh(COUNTING))
    count = bundle.rootfs / "count"

    def wait_for_more():
        before = count.read_text() if count.exists() else ""
        host.wait_until(lambda: count.exists() and count.read_text() != before)

    wait_for_more()
    container.must("pause")
    assert is_frozen(container)
    assert container.status == "paused"
    before = count.read_text()
    host.time.sleep(0.2)
    assert count.read_text() == before
    container.must("resume")
    assert not is_frozen(container)
    assert container.status == "running"
    wait_for_more()


@pytest.mark.shows("pause", "resume")
def test_all_processes_are_frozen(runtime, bundle):
    """pause returns when every process is, those of cgroups below included."""
    bundle.sh("for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; echo ready; wait")
    container = runtime.start(bundle)
    container.wait_output("ready")
    directory, _ = freezer(container)
    (directory / "inner").mkdir()
    pids = (directory / "cgroup.procs").read_text().split()
    (directory / "inner/cgroup.procs").write_text(pids[-1])
    for _ in range(3):
        container.must("pause")
        assert is_frozen(container)
        container.must("resume")


@pytest.mark.shows("pause")
def test_pause_of_created(runtime, bundle):
    container = runtime.create(bundle.sleep())
    container.must("pause")
    assert container.status == "paused"
    assert container.call("start").status == 1
    container.must("resume")
    assert container.status == "created"
    container.must("start")
    assert container.status == "running"


@pytest.mark.shows("pause")
def test_pause_twice(runtime, bundle):
    container = runtime.start(bundle.sleep())
    container.must("pause")
    result = container.call("pause")
    assert result.status == 1
    assert "container not running" in result.err
    assert container.status == "paused"


@pytest.mark.shows("resume")
def test_resume_of_running(runtime, bundle):
    container = runtime.start(bundle.sleep())
    result = container.call("resume")
    assert result.status == 1
    assert "container not paused" in result.err
    assert container.status == "running"


@pytest.mark.parametrize("command,text", [("pause", "container not running"), ("resume", "container not paused")])
def test_stopped(runtime, bundle, command, text):
    container = runtime.start(bundle)
    container.wait_stopped()
    result = container.call(command)
    assert result.status == 1
    assert text in result.err


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_unknown(runtime, command):
    result = runtime.call(command, f"{PREFIX}-nobody")
    assert result.status == 1
    assert "does not exist" in result.err


@pytest.mark.shows("pause", "resume")
def test_almost_empty_environment(runtime, bundle):
    """As podman calls them."""
    container = runtime.start(bundle.sleep())
    container.must("pause", env={})
    container.must("resume", env={})
    assert container.status == "running"


@pytest.mark.hako_only
@pytest.mark.shows("pause")
def test_pause_without_cgroup(runtime, bundle):
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").sleep().write()
    name = runtime.new_id()
    runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    result = runtime.call("pause", name)
    assert result.status == 1
    assert "no cgroup" in result.err


@pytest.mark.shows("kill")
def test_kill_of_paused(runtime, bundle):
    """SIGKILL ends it, other signals wait for resume."""
    container = runtime.start(bundle.sh("trap 'echo got TERM; exit 0' TERM; echo ready; while :; do sleep 0.02; done"))
    container.wait_output("ready")
    container.must("pause")
    container.must("kill", "TERM")
    assert container.status == "paused"
    container.must("resume")
    container.wait_output("got TERM")

    other = runtime.start(bundle.sleep())
    other.must("pause")
    other.must("kill", "KILL")
    other.wait_stopped()


@pytest.mark.shows("delete", "delete --force")
def test_delete_of_paused(runtime, bundle):
    container = runtime.start(bundle.sleep())
    container.must("pause")
    result = container.call("delete")
    assert result.status == 1
    assert f"cannot delete container {container.id} that is not stopped: paused" in result.err
    container.must("delete", "--force")


@pytest.mark.shows("delete")
def test_delete_of_created_and_paused_by_force(runtime, bundle):
    container = runtime.create(bundle.sleep())
    container.must("pause")
    container.must("delete", "--force")
    assert runtime.call("state", container.id).status == 1


@pytest.fixture
def frozen_below(runtime, bundle):
    """A container that has frozen one of its processes in a cgroup of its own, with the pid of that."""
    bundle.sh("sleep 1000 & sleep 1000 & echo ready; wait")
    container = runtime.start(bundle)
    container.wait_output("ready")
    directory, _ = freezer(container)
    (directory / "inner").mkdir()
    pid = int((directory / "cgroup.procs").read_text().split()[-1])
    (directory / "inner/cgroup.procs").write_text(str(pid))
    freeze(directory / "inner", True)
    yield container, pid
    if (directory / "inner").exists():
        freeze(directory / "inner", False)


@pytest.mark.hako_only
@pytest.mark.shows("kill")
def test_kill_with_a_frozen_cgroup_below(frozen_below):
    """runc#2105: the processes in it do not die, and init waits for them for ever."""
    container, pid = frozen_below
    container.must("kill", "KILL")
    container.wait_stopped()
    host.wait_until(lambda: not host.is_alive(pid))


@pytest.mark.hako_only
@pytest.mark.shows("delete --force")
def test_delete_with_a_frozen_cgroup_below(frozen_below):
    container, pid = frozen_below
    container.must("delete", "--force")
    assert not host.is_alive(pid)


def test_resume_leaves_what_the_container_has_frozen(runtime, frozen_below):
    container, pid = frozen_below
    directory, _ = freezer(container)
    container.must("pause")
    container.must("resume")
    inner = directory / "inner"
    if host.has_v1("freezer"):
        assert (inner / "freezer.state").read_text() == "FROZEN\n"
    else:
        assert "frozen 1\n" in (inner / "cgroup.events").read_text()
    assert host.is_alive(pid)
