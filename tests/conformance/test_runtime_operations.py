"""runtime.md, Operations: state, create, start, kill, delete and what each of them refuses."""

import json

import pytest

import host
from requirements import covered, departure, requirement

NOBODY = "hkt-nobody"
OTHERS_HOLD_IT = "runc kills and deletes a container that was never started, and containerd counts on it: " \
                 "hako does as runc"


def unchanged(container, change):
    """change() must fail and leave status and process as they are."""
    before = {key: container.state().get(key) for key in ("status", "pid")}
    assert change().status != 0
    assert {key: container.state().get(key) for key in ("status", "pid")} == before


def stopped(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    return container


# Query state

@requirement("runtime.md#query-state", "MUST", "state without an id is an error")
@requirement("runtime.md#start", "MUST", "start without an id is an error")
@requirement("runtime.md#kill", "MUST", "kill without an id is an error")
@requirement("runtime.md#delete", "MUST", "delete without an id is an error")
@pytest.mark.parametrize("command", ["state", "start", "kill", "delete"])
def test_an_id_is_needed(runtime, command):
    assert runtime.call(command).status != 0


@requirement("runtime.md#query-state", "MUST", "state of a container that does not exist is an error")
@pytest.mark.parametrize("command", ["state", "start", "kill", "delete"])
def test_the_container_must_exist(runtime, command):
    assert runtime.call(command, NOBODY).status != 0


@requirement("runtime.md#query-state", "MUST", "state gives the document of section State")
def test_state_is_one_json_object(runtime, bundle):
    container = runtime.create(bundle)
    document = json.loads(container.must("state").out)
    assert {"ociVersion", "id", "status", "pid", "bundle"} <= set(document)


# Create

@requirement("runtime.md#create", "MUST", "create without an id or without a bundle is an error")
@pytest.mark.parametrize("args", [[], ["--bundle", "{bundle}"], ["--bundle", "/no/such/bundle", NOBODY],
                                  ["--bundle", "", NOBODY]], ids=["neither", "no id", "no such", "empty"])
def test_create_needs_id_and_bundle(runtime, bundle, tmp, args):
    bundle.write()
    result = runtime.call("create", *(arg.format(bundle=bundle.path) for arg in args), cwd=tmp)
    assert result.status != 0
    assert runtime.ids() == []


@requirement("runtime.md#create", "MUST", "an id that is taken or not valid is an error")
@requirement("runtime.md#create", "MUST NOT", "after an error because of the id there is no new container")
def test_a_taken_id(runtime, bundle, make_bundle, tmp):
    container = runtime.create(bundle.sleep())
    other = make_bundle().writable()
    other.bind(tmp, "/mnt").sh("touch /mnt/ran").write()
    unchanged(container, lambda: runtime.call("create", "--bundle", other.path, container.id))
    assert container.state()["bundle"] == str(bundle.path)
    assert runtime.ids() == [container.id]


@requirement("runtime.md#create", "MUST", "an id that is taken or not valid is an error")
@requirement("runtime.md#create", "MUST NOT", "after an error because of the id there is no new container")
@pytest.mark.parametrize("name", ["", "..", "a/b", "../../escape", "a b"])
def test_an_id_that_is_not_valid(runtime, bundle, name):
    bundle.write()
    assert runtime.call("create", "--bundle", bundle.path, name).status != 0
    assert runtime.ids() == []


@requirement("runtime.md#create", "MUST", "create makes a new container")
def test_create_makes_one_container(runtime, bundle):
    container = runtime.create(bundle)
    assert runtime.ids() == [container.id]
    assert container.status == "created"


# Start

@requirement("runtime.md#start", "MUST",
             "start of a container that is not created has no effect on it")
@requirement("runtime.md#start", "MUST", "start of a container that is not created is an error")
def test_start_of_running(runtime, bundle, notes):
    container = runtime.start(bundle.sh("echo >> /notes/ran; exec sleep 1000"))
    host.wait_until((notes / "ran").exists)
    unchanged(container, lambda: container.call("start"))
    assert (notes / "ran").read_text() == "\n"


@requirement("runtime.md#start", "MUST",
             "start of a container that is not created has no effect on it")
@requirement("runtime.md#start", "MUST", "start of a container that is not created is an error")
def test_start_of_stopped(runtime, bundle, notes):
    container = stopped(runtime, bundle.sh("echo >> /notes/ran"))
    unchanged(container, lambda: container.call("start"))
    assert (notes / "ran").read_text() == "\n"


@requirement("runtime.md#start", "MUST", "start without `process` is an error")
@pytest.mark.hako_only
def test_start_without_process(runtime, bundle):
    """An error of create is early enough."""
    del bundle.config["process"]
    bundle.write()
    name = runtime.new_id()
    assert runtime.call("create", "--bundle", bundle.path, name).status != 0 or \
        runtime.call("start", name).status != 0


# Kill

@requirement("runtime.md#kill", "MUST",
             "kill of a container that is neither created nor running has no effect on it")
@requirement("runtime.md#kill", "MUST",
             "kill of a container that is neither created nor running is an error")
@pytest.mark.parametrize("signal", ["TERM", "KILL", "0"])
def test_kill_of_stopped(runtime, bundle, signal):
    container = stopped(runtime, bundle)
    unchanged(container, lambda: container.call("kill", signal))


@requirement("runtime.md#kill", "MUST", "the signal reaches the container's process")
@pytest.mark.parametrize("signal", ["TERM", "USR1", "SIGUSR2", "12", "HUP"])
def test_the_signal_is_sent(runtime, bundle, signal):
    bundle.sh("for s in TERM USR1 USR2 HUP; do trap \"echo got $s; exit\" $s; done; echo ready; "
              "while :; do sleep 0.02; done")
    container = runtime.start(bundle)
    container.wait_output("ready")
    container.must("kill", signal)
    container.wait_output(f"got {dict([('12', 'USR2')]).get(signal, signal.removeprefix('SIG'))}")
    container.wait_stopped()


@requirement("runtime.md#kill", "MUST", "the signal reaches the process of a created container, too")
def test_kill_of_created(runtime, bundle, notes):
    container = runtime.create(bundle.sh("echo > /notes/ran"))
    pid = container.pid
    container.must("kill", "KILL")
    container.wait_stopped()
    assert not host.is_alive(pid) and not (notes / "ran").exists()


# Delete

@requirement("runtime.md#delete", "MUST", "delete of a running container has no effect on it")
@requirement("runtime.md#delete", "MUST", "delete of a running container is an error")
def test_delete_of_running(runtime, bundle):
    container = runtime.start(bundle.sleep())
    unchanged(container, lambda: container.call("delete"))


departure("runtime.md#delete", "MUST", "delete of a created container is an error", OTHERS_HOLD_IT)


@requirement("runtime.md#delete", "MUST NOT",
             "what the container only used, and create did not make, is not deleted")
def test_delete_leaves_what_it_did_not_make(runtime, bundle, make_bundle, tmp):
    """A bind source, a bundle, and the namespaces of another container that it joined."""
    other = runtime.start(make_bundle().sleep())
    (tmp / "kept").write_text("kept")
    bundle.bind(tmp / "kept", "/mnt").namespace("ipc", f"/proc/{other.pid}/ns/ipc")
    container = stopped(runtime, bundle)
    container.must("delete")
    assert (tmp / "kept").read_text() == "kept"
    assert (bundle.path / "config.json").exists() and (bundle.rootfs / "bin" / "busybox").exists()
    assert other.status == "running"


@requirement("runtime.md#delete", "MUST NOT",
             "what the container only used, and create did not make, is not deleted")
def test_delete_leaves_the_parent_cgroup(runtime, bundle):
    parent = f"{runtime.prefix}-parent"
    made = [top / parent for top in set(host.cgroup_hierarchies().values())]
    for path in made:
        path.mkdir()
    try:
        bundle.linux["cgroupsPath"] = f"/{parent}/conformance"
        stopped(runtime, bundle).must("delete")
        assert all(path.is_dir() for path in made)
        assert not any((path / "conformance").exists() for path in made)
    finally:
        host.remove_cgroups(parent)


@requirement("runtime.md#delete", "states", "the id of a deleted container can be used again")
def test_the_id_can_be_used_again(runtime, bundle, make_bundle):
    container = stopped(runtime, bundle)
    container.must("delete")
    assert runtime.run(make_bundle(), id=container.id).status == 0


covered("runtime.md#delete", "MUST", "what create made is deleted",
        by="integration/test_cgroups.py::test_removal")
