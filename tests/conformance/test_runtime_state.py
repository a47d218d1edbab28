"""runtime.md, State: the document that tells about a container."""

import json
import re

import pytest

import host
from hooks import note
from requirements import requirement

SEMVER = r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
STATUSES = {"creating", "created", "running", "stopped"}


def in_each_status(runtime, bundle, notes):
    """{status: the state document then} of one container, from its hooks and from the operation."""
    note(bundle, notes, "createRuntime", "cat > $NOTES/creating")
    container = runtime.create(bundle.sleep())
    found = {"creating": json.loads((notes / "creating").read_text()), "created": container.state()}
    container.must("start")
    found["running"] = container.state()
    container.must("kill", "KILL")
    container.wait_stopped()
    return found | {"stopped": container.state()}


@requirement("runtime.md#state", "REQUIRED", "`ociVersion` is there")
def test_version(runtime, bundle):
    assert re.fullmatch(SEMVER, runtime.create(bundle).state()["ociVersion"])


@requirement("runtime.md#state", "REQUIRED", "`id` is there")
def test_id(runtime, bundle):
    container = runtime.create(bundle)
    assert container.state()["id"] == container.id


@requirement("runtime.md#state", "MUST", "no two containers have one id")
def test_ids_are_unique(runtime, bundle, make_bundle):
    container = runtime.create(bundle.sleep())
    assert runtime.run(make_bundle(), id=container.id).status != 0
    assert container.status == "created"


@requirement("runtime.md#state", "REQUIRED", "`status` is there, in every part of its life")
def test_status(runtime, bundle, notes):
    states = in_each_status(runtime, bundle, notes)
    assert {status: state["status"] for status, state in states.items()} == {s: s for s in STATUSES}


@requirement("runtime.md#state", "MUST",
             "a status beyond the four stands for a state that is none of these")
def test_no_other_status(runtime, bundle, notes):
    """In these parts of its life the four are used."""
    assert {state["status"] for state in in_each_status(runtime, bundle, notes).values()} <= STATUSES


@requirement("runtime.md#state", "REQUIRED",
             "`pid` is there while the container is created or running, and is that of its process")
def test_pid(runtime, bundle):
    container = runtime.create(bundle.sleep())
    pid = container.state()["pid"]
    assert host.is_alive(pid)
    container.must("start")
    assert container.state()["pid"] == pid
    assert host.namespace(pid, "pid") != host.namespace("self", "pid")


@requirement("runtime.md#state", "states",
             "for hooks in the runtime's namespaces `pid` is as the runtime sees it")
@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_pid_for_hooks_outside(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "cat > $NOTES/state")
    container = runtime.create(bundle)
    assert json.loads((notes / "state").read_text())["pid"] == container.pid


@requirement("runtime.md#state", "states",
             "for hooks in the container's namespaces `pid` is as the container sees it")
@pytest.mark.hako_only
@pytest.mark.parametrize("kind", ["createContainer", "startContainer"])
def test_pid_for_hooks_inside(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "cat > $NOTES/state")
    runtime.output(bundle)
    assert json.loads((notes / "state").read_text())["pid"] == 1


@requirement("runtime.md#state", "REQUIRED", "`bundle` is there and an absolute path")
def test_bundle(runtime, bundle):
    bundle.write()
    name = runtime.new_id()
    runtime.must("create", "--bundle", ".", name, cwd=bundle.path)
    assert json.loads(runtime.must("state", name).out)["bundle"] == str(bundle.path)


@requirement("runtime.md#state", "states", "`annotations` has those of the configuration")
def test_annotations(runtime, bundle):
    bundle.config["annotations"] = {"org.example.a": "b", "org.example.empty": ""}
    assert runtime.create(bundle).state()["annotations"] == bundle.config["annotations"]


def check_schema(state):
    """What the specification's schema of the state asks for."""
    assert {"ociVersion", "id", "status", "bundle"} <= set(state)
    assert all(isinstance(state[name], str) for name in ("ociVersion", "id", "status", "bundle"))
    assert state["status"] in STATUSES
    assert type(state.get("pid", 0)) is int and state.get("pid", 0) >= 0
    annotations = state.get("annotations", {})
    assert all(isinstance(text, str) for item in annotations.items() for text in item)


@requirement("runtime.md#state", "MUST", "as JSON it is what the specification's schema describes")
def test_schema(runtime, bundle, notes):
    bundle.config["annotations"] = {"org.example.a": "b"}
    for state in in_each_status(runtime, bundle, notes).values():
        check_schema(state)
