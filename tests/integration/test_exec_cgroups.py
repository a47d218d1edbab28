"""exec and the container's cgroup: places below it, and a paused one."""

import shutil
import subprocess

import pytest

import host
from test_exec import container, fails  # noqa: F401 (a fixture)
from test_scheduling import needs_two_cpus

v1 = pytest.mark.needs(lambda: host.has_v1("cpu"), "no cgroup v1 here")


def cgroups(container):
    """{Path of each of the container's cgroup directories}"""
    return {host.cgroup_of(container.pid, name) for name in host.cgroup_hierarchies()}


def suffixes(text):
    return {line.rpartition(":")[2].rpartition("/")[2] for line in text.splitlines()}


@pytest.fixture
def sub(container):
    """A cgroup named sub in each of the container's."""
    made = [directory / "sub" for directory in cgroups(container)]
    for directory in made:
        directory.mkdir()
        for name in ("cpuset.cpus", "cpuset.mems"):
            if host.has_v1("cpuset") and (directory / name).exists():
                (directory / name).write_text((directory.parent / name).read_text())
    yield made
    container.call("delete", "--force")
    for directory in made:
        if directory.exists():
            directory.rmdir()


@pytest.mark.shows("exec --cgroup")
@pytest.mark.parametrize("path", ["sub", "/sub", "./sub/"])
def test_cgroup_below_the_containers(container, sub, path):
    out = container.exec_output("cat", "/proc/self/cgroup", options=["--cgroup", path])
    assert suffixes(out) == {"sub"}


@pytest.mark.shows("exec --cgroup")
def test_the_containers_own(container, sub):
    out = container.exec_output("cat", "/proc/self/cgroup", options=["--cgroup", "/"])
    assert out == container.exec_output("cat", "/proc/1/cgroup")


@pytest.mark.shows("exec --cgroup")
@v1
def test_cgroup_of_some_controllers(container, sub):
    out = container.exec_output("cat", "/proc/self/cgroup",
                                options=["--cgroup", "cpu,pids:sub", "--cgroup", "freezer:/sub"])
    moved = {name for line in out.splitlines() if line.endswith("/sub")
             for name in line.split(":")[1].split(",")}
    assert moved >= {"cpu", "pids", "freezer"} and "memory" not in moved


@pytest.mark.shows("exec --cgroup")
@pytest.mark.parametrize("options,what", [
    (["nosuch"], "no such file or directory"),
    (["../.."], "is not a sub cgroup path"),
    (["sub/../../x"], "is not a sub cgroup path"),
    (["nosuch:sub"], "no cgroup v1 of the controller 'nosuch'"),
    ([":sub"], "no name of a controller"),
    (["sub", "sub"], "is not the only cgroup"),
])
def test_cgroup_that_is_none(container, sub, options, what):
    assert what in fails(container, "true", options=[f"--cgroup={o}" for o in options])


@v1
def test_controller_that_is_given_twice(container, sub):
    assert "given twice" in fails(container, "true", options=["--cgroup=cpu:sub", "--cgroup=cpu:/"])


def test_paused_container(container):
    container.must("pause")
    assert ("cannot exec in a paused container (use --ignore-paused to override)"
            in fails(container, "true"))
    container.must("resume")
    assert container.exec("true").status == 0


@pytest.mark.shows("exec --ignore-paused")
def test_ignore_paused(container):
    container.must("pause")
    runtime = container.runtime
    process = subprocess.Popen(
        runtime.command("exec", "--ignore-paused", container.id, "echo", "resumed"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    container.must("resume")
    assert process.communicate(timeout=20)[0] == "resumed\n"
    assert process.returncode == 0


@pytest.mark.needs(lambda: host.is_v2_only() or "" in host.cgroup_hierarchies(), "no cgroup v2 here")
def test_delegated_cgroup(runtime, bundle):
    """What state.json names hands its controllers down: init's own is the place."""
    bundle.config.setdefault("annotations", {})["run.oci.delegate-cgroup"] = "leaf"
    bundle.namespace("cgroup")
    container = runtime.start(bundle.sleep())
    out = container.exec_output("grep", "^0::", "/proc/self/cgroup")
    assert out.rstrip().endswith("/leaf") or out == "0::/\n"
    assert out.strip() in open(f"/proc/{container.pid}/cgroup").read()
    assert host.cgroup_of(container.pid, "").name == "leaf"


def test_cgroup_into_which_init_has_moved(runtime, bundle):
    """With controllers handed down, cgroup v2 takes no process any more where the state says."""
    if not host.is_v2_only():
        pytest.skip("controllers are on cgroup v1 here")
    container = runtime.start(bundle.args("/bin/sleep", "1000"))  # it has no children, who would stay
    own = host.cgroup_of(container.pid, "")
    (own / "inner").mkdir()
    (own / "inner" / "cgroup.procs").write_text(str(container.pid))
    (own / "cgroup.subtree_control").write_text("+pids")
    out = container.exec_output("cat", "/proc/self/cgroup")
    assert out == container.exec_output("cat", "/proc/1/cgroup")
    assert out.endswith("/inner\n")


def cpus(text):
    return next(line.split()[1] for line in text.splitlines() if line.startswith("Cpus_allowed_list"))


@needs_two_cpus
def test_cpu_affinity(runtime, bundle):
    """initial: before it is in the container's cgroup; final: from then on."""
    bundle.process["execCPUAffinity"] = {"initial": "0", "final": "1"}
    container = runtime.start(bundle.sleep())
    assert cpus(container.exec_output("cat", "/proc/self/status")) == "1"
    # the first process has none of it
    assert cpus(open(f"/proc/{container.pid}/status").read()) != "1"


def test_cpu_affinity_without_final(runtime, bundle):
    bundle.process["execCPUAffinity"] = {"initial": "0"}
    container = runtime.start(bundle.sleep())
    assert cpus(container.exec_output("cat", "/proc/self/status")) == cpus(
        open(f"/proc/{container.pid}/status").read())


@pytest.mark.parametrize("which", ["initial", "final"])
def test_cpu_affinity_that_cannot_be(runtime, bundle, which):
    bundle.process["execCPUAffinity"] = {which: "8000"}
    container = runtime.start(bundle.sleep())
    error = fails(container, "true")
    assert f"/process/execCPUAffinity/{which}: set the CPU affinity" in error


@pytest.mark.hako_only
@pytest.mark.shows("delete --force")
@pytest.mark.needs(lambda: shutil.which("strace"), "no strace here")
def test_container_ends_while_a_process_is_on_its_way(container, tmp):
    """It is in the cgroup already, but not in the pid namespace, with which it would end."""
    directories = cgroups(container)
    process = subprocess.Popen(
        ["strace", "-f", "-o", "/dev/null", "-e", "trace=setns", "-e", "inject=setns:delay_enter=1500000",
         *container.runtime.command("exec", container.id, "true")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        host.wait_until(lambda: any(line.startswith("hako-init")
                                    for line in host.processes([f"/{container.id}"]).values()))
        container.must("kill", "KILL")
        container.wait_stopped()
        assert container.must("delete", "--force").err == ""
        assert process.wait(20 * host.SLOW) != 0
    finally:
        process.kill()
    assert [place for place in directories if place.exists()] == []
