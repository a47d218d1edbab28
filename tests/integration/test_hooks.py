"""The six kinds of hooks: when, where, as what they run, and what their failure does."""

import json
import os
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import host
from hooks import HOST_SIDE, KINDS, note


def test_order(runtime, bundle, notes):
    for kind in reversed(KINDS):
        note(bundle, notes, kind, f"echo {kind} 1 >> $NOTES/order")
    note(bundle, notes, "createRuntime", "echo createRuntime 2 >> $NOTES/order")
    container = runtime.create(bundle.sh("echo program >> /notes/order; sleep 0.3"))
    created = (notes / "order").read_text().split("\n")[:-1]
    assert created[:4] == ["prestart 1", "createRuntime 1", "createRuntime 2", "createContainer 1"]
    if not runtime.is_hako:  # before 1.2 runc calls poststart too early
        return
    assert len(created) == 4
    container.must("start")
    container.wait_stopped()
    container.must("delete")
    lines = (notes / "order").read_text().split("\n")[4:-1]
    assert lines[0] == "startContainer 1"
    assert sorted(lines[1:3]) == ["poststart 1", "program"]
    assert lines[3:] == ["poststop 1"]


@pytest.mark.parametrize("command", ["run", "create"])
@pytest.mark.parametrize("kind", KINDS)
def test_state_on_stdin(runtime, bundle, notes, kind, command):
    note(bundle, notes, kind, "cat > $NOTES/state")
    bundle.config["annotations"] = {"org.example.a": "b/c"}
    name = runtime.new_id()
    if command == "create":
        container = runtime.create(bundle.sleep(), id=name)
        pid = container.pid
        container.must("start")
        container.must("delete", "--force")
    else:
        pid = None
        assert runtime.run(bundle, id=name).status == 0
    text = (notes / "state").read_text()
    state = json.loads(text)
    assert state["ociVersion"].startswith("1.")
    assert state["id"] == name
    assert state["bundle"] == str(bundle.path)
    assert state["annotations"] == {"org.example.a": "b/c"}
    expected = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating",
                "startContainer": "created", "poststart": "running", "poststop": "stopped"}[kind]
    assert state["status"] == expected or not runtime.is_hako and kind == "poststart"
    if kind in ("createContainer", "startContainer"):
        assert state["pid"] == 1, "the pid that it has in the container's pid namespace"
    elif kind == "poststop":
        assert state.get("pid", 0) == 0
    elif pid:
        assert state["pid"] == pid
    if runtime.is_hako:
        assert "\n" not in text and "\\/" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_namespaces_and_directory(runtime, bundle, notes, kind):
    note(bundle, notes, kind,
         "for n in mnt net uts pid; do readlink /proc/self/ns/$n; done > $NOTES/ns; pwd > $NOTES/cwd")
    container = runtime.create(bundle.sleep())
    inside = {n: host.namespace(container.pid, n) for n in ("mnt", "net", "uts")}
    outside = {n: host.namespace("self", n) for n in ("mnt", "net", "uts")}
    container.must("start")
    container.must("delete", "--force")
    mnt, net, uts = (notes / "ns").read_text().split()[:3]
    assert {"mnt": mnt, "net": net, "uts": uts} == (outside if kind in HOST_SIDE else inside)
    cwd = (notes / "cwd").read_text().strip()
    if kind in HOST_SIDE:
        assert cwd == str(bundle.path) or not runtime.is_hako and kind == "poststop"
    elif kind == "startContainer":
        assert cwd == "/"


@pytest.mark.hako_only
def test_mounts_are_there_before_hooks(runtime, bundle, notes):
    """createRuntime sees them through the container's process, createContainer directly."""
    bundle.mount("/tmp", "tmpfs", "tmpfs", ["size=124k"])
    note(bundle, notes, "createRuntime",
         "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); grep -c size=124k /proc/$pid/mountinfo > $NOTES/runtime")
    note(bundle, notes, "createContainer", "grep -c size=124k /proc/self/mountinfo > $NOTES/container")
    runtime.output(bundle)
    assert (notes / "runtime").read_text() == "1\n"
    assert (notes / "container").read_text() == "1\n"


def test_arguments_and_environment(runtime, bundle, notes):
    script = notes / "show.sh"
    script.write_text(f"#!/bin/sh\nprintf '%s|' \"$@\" > {notes}/args\nenv > {notes}/env\n")
    script.chmod(0o755)
    bundle.hook("createRuntime", script, "a b", "", "c", env=["ONE=1", "TWO=a=b"])
    runtime.output(bundle, env={"CALLERS": "x", "PATH": os.environ["PATH"]})
    assert (notes / "args").read_text() == "a b||c|"
    names = dict(line.split("=", 1) for line in (notes / "env").read_text().splitlines())
    assert names["ONE"] == "1" and names["TWO"] == "a=b" and "CALLERS" not in names


def test_without_an_environment_it_is_the_runtimes(runtime, bundle, notes):
    note(bundle, notes, "createRuntime", "env > $NOTES/env")
    runtime.output(bundle, env={"CALLERS": "x", "PATH": os.environ["PATH"]})
    assert "CALLERS=x" in (notes / "env").read_text().splitlines()


@pytest.mark.parametrize("kind", ["createContainer", "startContainer"])
def test_without_an_environment_it_is_the_programs(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "env > $NOTES/env")
    bundle.env(PROGRAMS="y")
    runtime.output(bundle, env={"CALLERS": "x", "PATH": os.environ["PATH"]})
    lines = (notes / "env").read_text().splitlines()
    assert "PROGRAMS=y" in lines and "CALLERS=x" not in lines
    assert [line for line in bundle.process["env"] if line.startswith("PATH=")][0] in lines


@pytest.mark.parametrize("kind", HOST_SIDE)
def test_no_descriptors(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "exec ls /proc/self/fd > $NOTES/fds")
    spare = os.open("/dev/null", os.O_RDONLY)
    try:
        runtime.output(bundle, pass_fds=[spare])
    finally:
        os.close(spare)
    if runtime.is_hako:
        assert (notes / "fds").read_text().split() == ["0", "1", "2", "3"]  # 3 is ls' own


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_failure_undoes_create(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "echo some output; echo some error >&2; exit 3")
    note(bundle, notes, "poststop", "cat > $NOTES/poststop")
    result = runtime.fails(bundle.sh("touch /notes/ran"), command="create")
    assert result.status == 1
    name = rf"{kind} hook #0" if runtime.is_hako else "hook"
    assert re.search(rf"{name}: exit status 3, stdout: some output.*, stderr: some error", result.err)
    assert not (notes / "ran").exists()
    assert runtime.ids() == []
    if runtime.is_hako:
        assert json.loads((notes / "poststop").read_text())["status"] == "stopped"


@pytest.mark.hako_only
@pytest.mark.parametrize("kind", KINDS[:3])
def test_failure_names_the_property(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "exit 0")
    note(bundle, notes, kind, "exit 3")
    assert f"/hooks/{kind}/1" in runtime.fails(bundle).err


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_failure_stops_the_rest(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "exit 1")
    note(bundle, notes, kind, "touch $NOTES/second")
    runtime.fails(bundle)
    assert not (notes / "second").exists()


def test_failure_of_start_container(runtime, bundle, notes):
    note(bundle, notes, "startContainer", "exit 3")
    note(bundle, notes, "poststop", "touch $NOTES/poststop")
    container = runtime.create(bundle.sh("touch /notes/ran"))
    result = container.call("start")
    if runtime.is_hako:
        assert result.status == 1
        assert "startContainer hook #0: exit status 3" in result.err
    else:
        container.wait_stopped()
        container.call("delete", "--force")
    assert runtime.ids() == []
    assert not (notes / "ran").exists()
    assert (notes / "poststop").exists()


@pytest.mark.hako_only
@pytest.mark.parametrize("way", ["start", "run"])
def test_killed_in_start_container(runtime, bundle, notes, way):
    """The program never ran, which is no success."""
    note(bundle, notes, "startContainer", "echo > $NOTES/hook; exec sleep 1000")
    note(bundle, notes, "poststart", "touch $NOTES/poststart")
    bundle.sh("touch /notes/ran").write()
    name = runtime.new_id()
    if way == "start":
        runtime.create(bundle, id=name)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(runtime.call, "start", name) if way == "start" else pool.submit(runtime.run, bundle, id=name)
        host.wait_until((notes / "hook").exists)
        runtime.must("kill", name, "KILL")
        result = result.result()
    assert result.status == 1
    assert "killed before its program was executed" in result.err
    assert not (notes / "ran").exists() and not (notes / "poststart").exists()


@pytest.mark.hako_only
def test_failure_of_poststart(runtime, bundle, notes):
    """The container is stopped, as runtime-spec wants it."""
    note(bundle, notes, "poststart", "exit 3")
    container = runtime.create(bundle.sleep())
    pid = container.pid
    result = container.call("start")
    assert result.status == 1
    assert "poststart hook #0: exit status 3" in result.err
    host.wait_until(lambda: not host.is_alive(pid))


@pytest.mark.hako_only
def test_failure_of_poststop_is_a_warning(runtime, bundle, notes):
    note(bundle, notes, "poststop", "exit 3")
    note(bundle, notes, "poststop", "touch $NOTES/second")
    container = runtime.start(bundle)
    container.wait_stopped()
    result = container.must("delete")
    assert "poststop hook #0: exit status 3" in result.err
    assert (notes / "second").exists()


def test_poststop_runs_when_all_is_gone(runtime, bundle, notes):
    name = runtime.new_id()
    note(bundle, notes, "poststop", f"ls -d {runtime.root}/{name} > $NOTES/state; "
         f"find /sys/fs/cgroup -name {name} > $NOTES/cgroup; true")
    runtime.output(bundle, id=name)
    assert (notes / "state").read_text() == ""
    assert (notes / "cgroup").read_text() == ""


def test_poststop_runs_when_the_bundle_is_gone(runtime, bundle, notes):
    bundle.hook("poststop", "/bin/sh", "-c", f"pwd > {notes}/ran")
    container = runtime.start(bundle)
    container.wait_stopped()
    shutil.rmtree(bundle.path)
    container.must("delete")
    assert (notes / "ran").read_text() == "/\n"


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_timeout(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "exec sleep 1000", timeout=1)
    start = time.monotonic()
    result = runtime.fails(bundle)
    assert 0.9 < time.monotonic() - start < 20
    if runtime.is_hako or kind == "createRuntime":
        assert "hook ran past specified timeout of 1.0s" in result.err


def test_timeout_that_is_not_reached(runtime, bundle, notes):
    note(bundle, notes, "createRuntime", "exit 0", timeout=100)
    start = time.monotonic()
    runtime.output(bundle)
    assert time.monotonic() - start < 20


def test_missing_program(runtime, bundle):
    bundle.hook("createRuntime", "/no/such/hook")
    result = runtime.fails(bundle)
    assert "/no/such/hook" in result.err and "no such file or directory" in result.err


@pytest.mark.hako_only
@pytest.mark.parametrize("change", [{"path": "relative"}, {"timeout": -1}, {"timeout": 0}])
def test_nonsense(runtime, bundle, notes, change):
    note(bundle, notes, "createRuntime", "exit 0")
    bundle.config["hooks"]["createRuntime"][0] |= change
    assert "/hooks/createRuntime/0" in runtime.fails(bundle).err


def test_background_process_does_not_hang_it(runtime, bundle, notes):
    note(bundle, notes, "createRuntime", "sleep 5 & echo $! > $NOTES/pid")
    start = time.monotonic()
    if runtime.is_hako:
        runtime.output(bundle)
        assert time.monotonic() - start < 4
        os.kill(int((notes / "pid").read_text()), 9)


def test_start_container_runs_as_the_program(runtime, bundle, notes):
    """After user and capabilities were set."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    note(bundle, notes, "startContainer", "grep -E '^(Uid|CapEff)' /proc/self/status > $NOTES/status")
    runtime.output(bundle)
    text = (notes / "status").read_text()
    assert "Uid:\t1000\t1000" in text
    assert "CapEff:\t0000000000000000" in text


def calls(runtime, command):
    """For a hook that calls the runtime."""
    return " ".join(runtime.command(command))


@pytest.mark.hako_only
@pytest.mark.parametrize("way", ["start", "run"])
def test_poststart_calls_the_runtime(runtime, bundle, notes, way):
    name = runtime.new_id()
    for command in (f"state {name}", f"pause {name}", f"resume {name}", f"update --pids-limit 77 {name}",
                    f"kill {name} KILL"):
        note(bundle, notes, "poststart", calls(runtime, command) + " >> $NOTES/out", timeout=20)
    if way == "start":
        runtime.start(bundle.sleep(), id=name).wait_stopped()
        runtime.must("delete", name)
    else:
        assert runtime.run(bundle.sleep(), id=name).status == 128 + 9
    assert json.loads((notes / "out").read_text())["status"] == "running"


@pytest.mark.hako_only
@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("way", ["start", "run"])
def test_poststart_deletes_the_container(runtime, bundle, notes, way, status):
    """Which must not be deleted once more where the hook fails: the name may be another's by then."""
    name = runtime.new_id()
    again = calls(runtime, f"create --bundle {bundle.path} {name} < /dev/null")
    note(bundle, notes, "poststart",
         f"{calls(runtime, f'delete --force {name}')} && {again}; exit {status}", timeout=20)
    note(bundle, notes, "poststop", "echo >> $NOTES/poststop")
    if way == "start":
        result = runtime.create(bundle.sleep(), id=name).call("start")
        assert result.status == (1 if status else 0), result.err
    else:
        result = runtime.run(bundle.sleep(), "--keep", id=name)
        assert result.status == (1 if status else 128 + 9), result.err
    assert json.loads(runtime.must("state", name).out)["status"] == "created"
    assert (notes / "poststop").read_text() == "\n"
    runtime.must("delete", "--force", name)


def test_killing_the_container_in_a_hook(runtime, bundle, notes):
    note(bundle, notes, "createRuntime",
         "kill -9 $(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); sleep 0.1")
    result = runtime.fails(bundle.sleep(), command="create", foreseen=False)
    assert result.status == 1
    assert runtime.ids() == []
