"""config.md, POSIX-platform hooks: when each of the six kinds is run, where, and with what. What a
failure of theirs does is in test_runtime_lifecycle.py."""

import json
import os
import time

import pytest

import host
from hooks import HOST_SIDE, KINDS, note
from requirements import each, requirement

SECTION = "config.md#posix-platform-hooks"
OWN = {"prestart": "config.md#prestart", "createRuntime": "config.md#createruntime-hooks",
       "createContainer": "config.md#createcontainer-hooks",
       "startContainer": "config.md#startcontainer-hooks", "poststart": "config.md#poststart",
       "poststop": "config.md#poststop"}
NAMESPACES = ["mnt", "net", "uts", "ipc"]
CREATE = KINDS[:3]


def both(keyword, text, kinds):
    """The requirement as the section of all hooks and as the section of the kind has it."""
    marks = [each(section, keyword, text, [kind])
             for kind in kinds for section in (SECTION, OWN[kind])]

    def decorate(test):
        for mark in marks:
            mark(test)
        return test

    return decorate


def live(runtime, bundle):
    """A whole life, by the four operations."""
    container = runtime.create(bundle)
    container.must("start")
    container.wait_stopped()
    container.must("delete")


# The entries

@each(SECTION, "REQUIRED", "an entry of {0} has `path`", ["prestart", "createRuntime"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.hako_only
def test_path_is_needed(runtime, bundle, kind):
    bundle.config["hooks"] = {kind: [{"args": ["sh"]}]}
    runtime.fails(bundle, command="create")


@each(SECTION, "MUST", "`path` of {0} is absolute", ["prestart", "createRuntime"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.hako_only
def test_path_is_absolute(runtime, bundle, kind):
    bundle.hook(kind, "sh", "-c", "exit 0")
    runtime.fails(bundle, command="create")


@each(SECTION, "MUST", "`timeout` of {0} is above zero", ["prestart", "createRuntime"])
@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.hako_only
def test_timeout_is_above_zero(runtime, bundle, notes, kind, value):
    note(bundle, notes, kind, "exit 0", timeout=value)
    runtime.fails(bundle, command="create")


@requirement(SECTION, "states", "a hook that runs longer than its `timeout` is aborted")
@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_timeout(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "echo $$ > $NOTES/pid; exec sleep 1000", timeout=1)
    begin = time.monotonic()
    runtime.fails(bundle, command="create")
    assert time.monotonic() - begin < 20
    assert not host.is_alive((notes / "pid").read_text().strip())


@requirement(SECTION, "states", "`args` and `env` are the hook's, as of execv(3)")
@pytest.mark.parametrize("kind", KINDS)
def test_arguments_and_environment(runtime, bundle, notes, kind):
    note(bundle, notes, kind, "printf '%s|' \"$0\" \"$@\" > $NOTES/args; env > $NOTES/env",
         args=["name", "a b", "", "c"], env=["ONE=1", "TWO=a=b", "PATH=/bin:/usr/bin"])
    bundle.config["hooks"][kind][0]["args"][0] = bundle.config["hooks"][kind][0]["path"]
    live(runtime, bundle)
    assert (notes / "args").read_text().partition("|")[2] == "a b||c|"
    names = (notes / "env").read_text().splitlines()
    assert {"ONE=1", "TWO=a=b"} <= set(names)
    assert not any(name.startswith("HOME=") for name in names)


# All kinds

@requirement(SECTION, "MUST", "the hooks of a kind are run in the order of the list")
def test_order_within_a_kind(runtime, bundle, notes):
    for kind in KINDS:
        for number in range(3):
            note(bundle, notes, kind, f"sleep 0.0{3 - number}; echo {number} >> $NOTES/{kind}")
    live(runtime, bundle)
    for kind in KINDS:
        assert (notes / kind).read_text().split() == ["0", "1", "2"], kind


def read_states(runtime, bundle, notes):
    """{kind: the state that its hook read}"""
    for kind in KINDS:
        note(bundle, notes, kind, f"cat > $NOTES/{kind}")
    live(runtime, bundle)
    return {kind: json.loads((notes / kind).read_text()) for kind in KINDS}


@requirement(SECTION, "MUST", "a hook reads the container's state from its standard input")
def test_state_on_stdin(runtime, bundle, notes):
    bundle.config["annotations"] = {"org.example.a": "b"}
    states = read_states(runtime, bundle, notes)
    for state in states.values():
        assert state["id"].startswith(runtime.prefix) and state["bundle"] == str(bundle.path)
        assert state["annotations"] == {"org.example.a": "b"}
        assert state["ociVersion"] and state["status"]


@requirement(SECTION, "states", "the status that a hook reads is that of its moment")
@pytest.mark.hako_only
def test_status_on_stdin(runtime, bundle, notes):
    states = read_states(runtime, bundle, notes)
    assert [states[kind]["status"] for kind in KINDS] == ["creating"] * 3 + ["created", "running", "stopped"]


# Where

@both("MUST", "`path` of {0} is one of the runtime's namespaces",
      [kind for kind in KINDS if kind != "startContainer"])
def test_path_on_the_host(runtime, bundle, notes):
    """The scripts are in the bundle, which the container does not see."""
    kinds = set(KINDS) - {"startContainer"}
    for kind in kinds:
        note(bundle, notes, kind, f"echo > $NOTES/{kind}")
        assert bundle.config["hooks"][kind][0]["path"].startswith(str(bundle.path))
    live(runtime, bundle)
    assert {path.name for path in notes.iterdir()} == kinds


@both("MUST", "`path` of {0} is one of the container's namespaces", ["startContainer"])
def test_path_in_the_container(runtime, bundle, notes):
    """There is no such program on the host."""
    note(bundle, notes, "startContainer", "echo > $NOTES/ran")
    assert not os.path.exists(bundle.config["hooks"]["startContainer"][0]["path"])
    live(runtime, bundle)
    assert (notes / "ran").exists()


@both("MUST", "{0} is run in the runtime's namespaces", HOST_SIDE)
@both("MUST", "{0} is run in the container's namespaces", ["createContainer", "startContainer"])
def test_namespaces(runtime, bundle, notes):
    for kind in KINDS:
        note(bundle, notes, kind,
             f"for n in {' '.join(NAMESPACES)}; do readlink /proc/self/ns/$n; done > $NOTES/{kind}")
    container = runtime.create(bundle)
    inside = [host.namespace(container.pid, name) for name in NAMESPACES]
    outside = [host.namespace("self", name) for name in NAMESPACES]
    container.must("start")
    container.wait_stopped()
    container.must("delete")
    for kind in KINDS:
        assert (notes / kind).read_text().split() == (outside if kind in HOST_SIDE else inside), kind


# When

@requirement(OWN["prestart"], "MUST", "prestart hooks are run by create, when the environment is made and "
             "the root is not yet changed")
@requirement(OWN["createRuntime"], "MUST", "createRuntime hooks are run by create, when the environment is "
             "made and the root is not yet changed")
@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_outside_during_create(runtime, bundle, notes, kind):
    """The process of the state has its namespaces, and its mounts below the path of the bundle."""
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["size=124k"])
    note(bundle, notes, kind,
         "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); readlink /proc/$pid/ns/net > $NOTES/net; "
         f"grep -c '{bundle.rootfs}/mnt .*size=124k' /proc/$pid/mountinfo > $NOTES/mounts")
    container = runtime.create(bundle)
    assert (notes / "net").read_text().strip() == host.namespace(container.pid, "net")
    assert (notes / "mounts").read_text() == "1\n"


@requirement(OWN["createContainer"], "MUST", "createContainer hooks are run by create, when the environment "
             "is made and the root is not yet changed")
def test_inside_during_create(runtime, bundle, notes):
    """The mounts are there, below the path that the root file system has on the host."""
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["size=124k"])
    note(bundle, notes, "createContainer",
         f"grep -c '{bundle.rootfs}/mnt .*size=124k' /proc/self/mountinfo > $NOTES/mounts; "
         f"test -e {bundle.path}/config.json && echo host > $NOTES/root")
    runtime.create(bundle)
    assert (notes / "mounts").read_text() == "1\n"
    assert (notes / "root").read_text() == "host\n"


@requirement(OWN["prestart"], "MUST", "prestart hooks are run before the createRuntime hooks")
@requirement(OWN["createContainer"], "MUST", "createContainer hooks are run after the createRuntime hooks")
def test_order_of_the_kinds_of_create(runtime, bundle, notes):
    for kind in reversed(CREATE):
        for _ in range(2):
            note(bundle, notes, kind, f"echo {kind} >> $NOTES/order")
    runtime.create(bundle)
    assert (notes / "order").read_text().split() == [kind for kind in CREATE for _ in range(2)]


@requirement(OWN["startContainer"], "MUST",
             "startContainer hooks are run by start, before the user's program is")
def test_start_container_is_before_the_program(runtime, bundle, notes):
    note(bundle, notes, "startContainer", "sleep 0.1; echo hook >> $NOTES/order")
    container = runtime.create(bundle.sh("echo program >> /notes/order"))
    assert not (notes / "order").exists()
    container.must("start")
    container.wait_stopped()
    assert (notes / "order").read_text().split() == ["hook", "program"]


@requirement(OWN["poststart"], "MUST",
             "poststart hooks are run when the user's program is, and before start returns")
@pytest.mark.hako_only
def test_poststart_is_before_start_returns(runtime, bundle, notes):
    note(bundle, notes, "poststart",
         "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); "
         "tr '\\0' ' ' < /proc/$pid/cmdline > $NOTES/cmdline; "
         "sleep 0.1; echo hook > $NOTES/ran")
    container = runtime.create(bundle.args("sleep", "1000"))
    assert not (notes / "ran").exists()
    container.must("start")
    assert (notes / "ran").exists()
    assert (notes / "cmdline").read_text() == "sleep 1000 "


@requirement(OWN["poststop"], "MUST",
             "poststop hooks are run when the container is deleted, and before delete returns")
def test_poststop_is_before_delete_returns(runtime, bundle, notes):
    container = runtime.create(bundle)
    name = container.id
    container.must("delete", "--force")
    note(bundle, notes, "poststop", f"test -e {runtime.root}/{name} || echo gone > $NOTES/state; "
         "sleep 0.1; echo > $NOTES/ran")
    container = runtime.start(bundle, id=name)
    container.wait_stopped()
    assert not (notes / "ran").exists()
    container.must("delete")
    assert (notes / "ran").exists() and (notes / "state").read_text() == "gone\n"
