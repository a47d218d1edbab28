"""runtime.md, Lifecycle: the thirteen steps, and what an error in one of them undoes. The hooks
themselves are in test_config_hooks.py."""

import json
import re

import pytest

import host
from hooks import KINDS, note
from requirements import requirement

BEFORE_START = KINDS[:3]


@requirement("runtime.md#lifecycle", "MUST",
             "(2) create makes the environment that the configuration describes")
@requirement("runtime.md#create", "MUST", "all that is configured beside `process` is applied")
def test_create_makes_the_environment(runtime, bundle):
    bundle.config["hostname"] = "conforming"
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["size=124k"])
    container = runtime.create(bundle)
    for kind in ("mnt", "uts", "ipc", "net", "pid"):
        assert host.namespace(container.pid, kind) != host.namespace("self", kind)
    with open(f"/proc/{container.pid}/mountinfo") as file:
        mounts = {m.point: m for m in host.parse_mountinfo(file.read())}
    assert "size=124k" in mounts["/mnt"].super_options
    assert mounts["/"].root.endswith("/rootfs")


@requirement("runtime.md#lifecycle", "MUST", "(2) what is asked for and cannot be made is an error")
@requirement("runtime.md#create", "MUST", "a property that cannot be applied is an error")
@requirement("runtime.md#create", "MUST NOT",
             "after an error because of a property there is no new container")
@requirement("runtime.md#errors", "MUST",
             "after an error everything is as if the operation had not been tried")
@pytest.mark.parametrize("change", [
    lambda b: b.mount("/mnt", "nosuchfs", "none"),
    lambda b: b.bind("/no/such/source", "/mnt"),
    lambda b: b.config["root"].update(path="missing"),
    lambda b: b.namespace("network", "/proc/self/mem"),
    lambda b: b.linux.update(sysctl={"net.ipv4.nosuch": "1"})],
    ids=["mount", "bind", "root", "namespace", "sysctl"])
def test_what_cannot_be_made_is_an_error(runtime, bundle, change):
    """The fixtures see whether a process, mount, cgroup or directory is left."""
    change(bundle)
    runtime.fails(bundle, command="create")
    assert runtime.ids() == []


@requirement("runtime.md#lifecycle", "MUST", "(2) create makes the resources that are asked for")
def test_create_makes_the_cgroup(runtime, bundle):
    name = f"{runtime.prefix}-conformance"
    bundle.linux["cgroupsPath"] = runtime.manager.path(name)
    bundle.resources["pids"] = {"limit": 77}
    container = runtime.create(bundle)
    with open(f"/proc/{container.pid}/cgroup") as file:
        assert runtime.manager.place(name) in file.read()


@requirement("runtime.md#lifecycle", "MUST NOT", "(2) create does not run the user's program")
@requirement("runtime.md#create", "MUST NOT", "`process.args` waits for start")
@requirement("runtime.md#lifecycle", "MUST", "(8) start runs the user's program")
@requirement("runtime.md#start", "MUST", "start runs the program that `process` describes")
def test_the_program_waits_for_start(runtime, bundle, notes):
    container = runtime.create(bundle.sh("echo $0 $* > /notes/ran; exec sleep 1000"))
    host.time.sleep(0.1)
    assert not (notes / "ran").exists()
    assert container.status == "created"
    container.must("start")
    host.wait_until((notes / "ran").exists)


@requirement("runtime.md#lifecycle", "MUST NOT",
             "(2) a change of config.json after create has no effect on the container")
@requirement("runtime.md#create", "states", "a later change of config.json has no effect")
def test_the_configuration_is_read_once(runtime, bundle, notes):
    container = runtime.create(bundle.sh("echo first > /notes/ran"))
    bundle.config["hostname"] = "changed"
    note(bundle, notes, "poststart", "echo hook > $NOTES/hook")
    bundle.sh("echo second > /notes/ran").write()
    container.must("start")
    container.wait_stopped()
    container.must("delete")
    assert (notes / "ran").read_text() == "first\n"
    assert not (notes / "hook").exists()


@pytest.mark.parametrize("command", [
    pytest.param("run", marks=pytest.mark.hako_only, id="run"), "create"])
@requirement("runtime.md#lifecycle", "MUST", "(3) the prestart hooks are run")
@requirement("runtime.md#lifecycle", "MUST", "(4) the createRuntime hooks are run")
@requirement("runtime.md#lifecycle", "MUST", "(5) the createContainer hooks are run")
@requirement("runtime.md#lifecycle", "MUST", "(7) the startContainer hooks are run")
@requirement("runtime.md#lifecycle", "MUST", "(9) the poststart hooks are run")
@requirement("runtime.md#lifecycle", "MUST", "(13) the poststop hooks are run")
def test_every_hook_is_run_in_its_turn(runtime, bundle, notes, command):
    for kind in reversed(KINDS):
        note(bundle, notes, kind, f"echo {kind} >> $NOTES/order")
    bundle.sh("while ! grep -q poststart /notes/order; do sleep 0.01; done; echo end >> /notes/order")
    if command == "run":
        assert runtime.run(bundle).status == 0
    else:
        container = runtime.start(bundle)
        container.wait_stopped()
        container.must("delete")
    assert (notes / "order").read_text().split() == [*KINDS[:5], "end", "poststop"]


@pytest.mark.parametrize("kind", BEFORE_START)
@requirement("runtime.md#lifecycle", "MUST",
             "(3) a prestart hook that fails is an error and ends the container")
@requirement("runtime.md#lifecycle", "MUST",
             "(4) a createRuntime hook that fails is an error and ends the container")
@requirement("runtime.md#lifecycle", "MUST",
             "(5) a createContainer hook that fails is an error and ends the container")
def test_a_hook_that_fails_ends_create(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' > $NOTES/pid; exit 3")
    runtime.fails(bundle.sh("echo > /notes/ran"), command="create")
    assert runtime.ids() == [] and not (notes / "ran").exists()
    if kind != "createContainer":
        assert not host.is_alive((notes / "pid").read_text().strip())


@requirement("runtime.md#lifecycle", "MUST",
             "(7) a startContainer hook that fails is an error and ends the container")
@pytest.mark.hako_only
def test_a_start_container_hook_that_fails_ends_it(runtime, bundle, notes):
    note(bundle, notes, "startContainer", "exit 3")
    container = runtime.create(bundle.sh("echo > /notes/ran"))
    pid = container.pid
    assert container.call("start").status != 0
    assert not host.is_alive(pid)
    assert not (notes / "ran").exists()


@requirement("runtime.md#lifecycle", "MUST",
             "(9) a poststart hook that fails is an error and ends the container")
def test_a_poststart_hook_that_fails_ends_it(runtime, bundle, notes):
    note(bundle, notes, "poststart", "exit 3")
    container = runtime.create(bundle.sleep())
    pid = container.pid
    assert container.call("start").status != 0
    host.wait_until(lambda: not host.is_alive(pid))


@pytest.mark.parametrize("kind", KINDS[:5])
@requirement("runtime.md#lifecycle", "MUST",
             "after a failed hook the life goes on at (12) and (13): the poststop hooks are run")
@pytest.mark.hako_only
def test_poststop_after_a_hook_that_failed(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "exit 3")
    note(bundle, notes, "poststop", "cat > $NOTES/poststop")
    if kind in BEFORE_START:
        runtime.fails(bundle, command="create")
    else:
        assert runtime.create(bundle).call("start").status != 0
    assert json.loads((notes / "poststop").read_text())["status"] == "stopped"
    assert runtime.ids() == []


@requirement("runtime.md#lifecycle", "MUST", "(12) delete undoes what create did")
@requirement("runtime.md#delete", "MUST", "what create made is deleted")
def test_delete_undoes_create(runtime, bundle):
    """The fixtures look for mounts, processes, cgroups and state of all tests, too."""
    name = f"{runtime.prefix}-conformance"
    bundle.linux["cgroupsPath"] = f"/{name}"
    container = runtime.start(bundle)
    container.wait_stopped()
    assert host.cgroup_dirs(name) and container.state_dir.exists()
    container.must("delete")
    assert not host.cgroup_dirs(name) and not container.state_dir.exists()


@requirement("runtime.md#lifecycle", "MUST",
             "(13) a poststop hook that fails is a warning; the others are run and delete succeeds")
@requirement("runtime.md#warnings", "MUST", "after a warning the operation goes on as without it")
@pytest.mark.hako_only
def test_a_poststop_hook_that_fails_is_a_warning(runtime, bundle, notes):
    note(bundle, notes, "poststop", "exit 3")
    note(bundle, notes, "poststop", "echo > $NOTES/second")
    container = runtime.start(bundle)
    container.wait_stopped()
    result = container.must("delete")
    assert re.search("poststop|hook", result.err)
    assert (notes / "second").exists()
    assert container.call("state").status != 0
