"""config-linux.md, seccomp: rules, and what the agent of a listener is sent."""

import json
import os
import platform
import socket

import pytest

from checks import refused, without
from requirements import covered, each, requirement

SECTION = "config-linux.md#seccomp"
STATE = "config-linux.md#the-container-process-state"
EPERM, EXDEV = 1, 18
GETPGRP, PERSONALITY = 111, 135
SIGSYS = 31

pytestmark = pytest.mark.needs(lambda: platform.machine() == "x86_64", "system call numbers of x86_64")
needs_notify = pytest.mark.needs(lambda: os.uname().release >= "5.5",
                                 "no seccomp user notification in this kernel")


def profile(bundle, *rules, default="SCMP_ACT_ALLOW", **more):
    bundle.linux["seccomp"] = {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"],
                               "syscalls": list(rules), **more}


def rule(action, *names, **more):
    return {"names": list(names or ["getpgrp"]), "action": action, **more}


def call(bundle, helper, *args):
    return bundle.bind(helper, "/helper", "ro").args("/helper", "syscall", *map(str, args))


# Rules

@requirement(SECTION, "REQUIRED", "`defaultAction`")
def test_default_action_is_required(runtime, bundle):
    profile(bundle, rule("SCMP_ACT_ERRNO"))
    del bundle.linux["seccomp"]["defaultAction"]
    refused(runtime, bundle, "/linux/seccomp")


NO_ERRNO = ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
            "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY"]


@requirement(SECTION, "MUST", "a `defaultErrnoRet` for an action without an errno is an error")
@pytest.mark.parametrize("action", NO_ERRNO)
def test_default_errno_without_use(runtime, bundle, action):
    if not runtime.is_hako and action not in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG"):
        pytest.skip("runc takes it, kills its own half of the container and waits for that forever")
    profile(bundle, default=action, defaultErrnoRet=EXDEV)
    refused(runtime, bundle, "/linux/seccomp/default")


@requirement(SECTION, "MUST", "an `errnoRet` for an action without an errno is an error")
@pytest.mark.parametrize("action", NO_ERRNO)
def test_errno_without_use(runtime, bundle, tmp, action):
    profile(bundle, rule(action, errnoRet=EXDEV), listenerPath=str(tmp / "agent.sock"))
    refused(runtime, bundle, "/linux/seccomp/syscalls/0/errnoRet")


@requirement(SECTION, "states", "the errno of a rule is its `errnoRet`, or EPERM")
@pytest.mark.parametrize("more,expect", [({}, EPERM), ({"errnoRet": EXDEV}, EXDEV)])
def test_errno(runtime, bundle, helper, more, expect):
    profile(bundle, rule("SCMP_ACT_ERRNO", **more))
    assert runtime.output(call(bundle, helper, GETPGRP)) == f"errno {expect}\n"


covered(SECTION, "states", "the errno of the default action is `defaultErrnoRet`, or EPERM",
        by="integration/test_seccomp.py::test_default_errno")


@each(SECTION, "states", "the action `{}` does what it says",
      ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
       "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG"])
@pytest.mark.parametrize("action,status,output", [
    ("SCMP_ACT_KILL", 128 + SIGSYS, ""), ("SCMP_ACT_KILL_PROCESS", 128 + SIGSYS, ""),
    ("SCMP_ACT_KILL_THREAD", 128 + SIGSYS, ""), ("SCMP_ACT_TRAP", 128 + SIGSYS, ""),
    ("SCMP_ACT_ERRNO", 0, f"errno {EPERM}\n"),
    ("SCMP_ACT_TRACE", 0, "errno 38\n"),  # nobody traces: the call is not there
    ("SCMP_ACT_ALLOW", 0, "value 1\n"), ("SCMP_ACT_LOG", 0, "value 1\n")])
def test_action(runtime, bundle, helper, action, status, output):
    profile(bundle, rule(action))
    result = runtime.run(call(bundle, helper, GETPGRP))
    assert (result.status, result.out) == (status, output)


covered(SECTION, "states", "the action `SCMP_ACT_NOTIFY` does what it says",
        by="integration/test_seccomp.py::test_notify")


@each(SECTION, "REQUIRED", "`{}` of an entry of `syscalls`", ["names", "action"])
@pytest.mark.parametrize("name", ["names", "action"])
def test_rule_is_complete(runtime, bundle, name):
    profile(bundle, without(rule("SCMP_ACT_ERRNO"), name))
    refused(runtime, bundle, "/linux/seccomp/syscalls/0")


@requirement(SECTION, "MUST", "`names` has an entry")
def test_no_names(runtime, bundle):
    profile(bundle, {"names": [], "action": "SCMP_ACT_ERRNO"})
    refused(runtime, bundle, "/linux/seccomp/syscalls/0/names")


ARGUMENT = {"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}


@each(SECTION, "REQUIRED", "`{}` of an entry of `args`", ARGUMENT)
@pytest.mark.parametrize("name", ARGUMENT)
def test_argument_is_complete(runtime, bundle, name):
    profile(bundle, rule("SCMP_ACT_ERRNO", args=[without(ARGUMENT, name)]))
    refused(runtime, bundle, "/linux/seccomp/syscalls/0/args/0")


@each(SECTION, "states", "the operator `{}`",
      ["SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
       "SCMP_CMP_MASKED_EQ"])
@pytest.mark.parametrize("op,value,two,matches", [
    ("SCMP_CMP_NE", 5, 0, {4, 6}), ("SCMP_CMP_LT", 5, 0, {4}), ("SCMP_CMP_LE", 5, 0, {4, 5}),
    ("SCMP_CMP_EQ", 5, 0, {5}), ("SCMP_CMP_GE", 5, 0, {5, 6}), ("SCMP_CMP_GT", 5, 0, {6}),
    ("SCMP_CMP_MASKED_EQ", 6, 4, {4, 5})])
def test_operator(runtime, bundle, helper, op, value, two, matches):
    profile(bundle, rule("SCMP_ACT_ERRNO", "personality", errnoRet=EXDEV,
                         args=[{"index": 1, "value": value, "valueTwo": two, "op": op}]))
    call(bundle, helper, GETPGRP)
    calls = "; ".join(f"/helper syscall {PERSONALITY} 0xffffffff {n}" for n in (4, 5, 6))
    results = runtime.output(bundle.sh(calls)).splitlines()
    assert {n for n, result in zip((4, 5, 6), results) if result == f"errno {EXDEV}"} == matches


@requirement(SECTION, "states", "calls of an architecture that is not in the list do not pass")
def test_other_architecture(runtime, bundle, helper):
    profile(bundle, rule("SCMP_ACT_ERRNO"))
    result = runtime.run(call(bundle, helper, 0x40000000 | GETPGRP))
    assert result.status == 128 + SIGSYS or result.out.startswith("errno")


# The listener: the program makes none of the notified calls, so nobody has to answer

@pytest.fixture
def agent(tmp):
    """agent(kind) is a listening socket; take() gives [[(bytes, descriptors), ...] of a connection]."""
    sockets, taken = [], []

    class Agent:
        path = str(tmp / "agent.sock")

        def listen(self, kind=socket.SOCK_STREAM):
            sockets.append(socket.socket(socket.AF_UNIX, kind))
            sockets[-1].bind(self.path)
            sockets[-1].listen(5)
            sockets[-1].setblocking(False)

        def take(self):
            connections = []
            while True:
                try:
                    connection, _ = sockets[-1].accept()
                except BlockingIOError:
                    return connections
                connections.append(read_to_the_end(connection))
                taken.extend(fd for _, fds in connections[-1] for fd in fds)

    yield Agent()
    for fd in taken:
        os.close(fd)
    for listener in sockets:
        listener.close()


def read_to_the_end(connection):
    """The messages of a connection; one that the peer keeps open fails the test."""
    messages = []
    with connection:
        connection.settimeout(5)
        while True:
            data, fds, _, _ = socket.recv_fds(connection, 1 << 16, 8)
            if not data and not fds:
                return messages
            messages.append((data, fds))


def notified(runtime, bundle, agent, kind=socket.SOCK_STREAM, **more):
    """Run with a rule that notifies; the container's id, its pid, what the agent got."""
    agent.listen(kind)
    profile(bundle, rule("SCMP_ACT_NOTIFY"), listenerPath=agent.path, **more)
    bundle.config["annotations"] = {"org.example.key": "value"}
    container = runtime.start(bundle.sleep())
    return container, agent.take()


def sent_state(connections):
    return json.loads(b"".join(data for data, _ in connections[0]))


@requirement(SECTION, "MUST", "the listener's socket is a stream socket of the UNIX domain")
@needs_notify
@pytest.mark.parametrize("kind", [socket.SOCK_SEQPACKET])
def test_socket_of_another_type(runtime, bundle, agent, kind):
    agent.listen(kind)
    profile(bundle, rule("SCMP_ACT_NOTIFY"), listenerPath=agent.path)
    refused(runtime, bundle, "/linux/seccomp/listenerPath", foreseen=False)


@requirement(SECTION, "MUST", "one state is sent on a connection, and no more")
@requirement(SECTION, "MUST NOT", "a connection is not used again")
@requirement(SECTION, "MUST", "the connection is closed after the state")
@requirement(STATE, "MUST", "the state is the payload, in JSON")
@needs_notify
def test_one_state_on_one_connection(runtime, bundle, agent):
    _, connections = notified(runtime, bundle, agent)
    assert len(connections) == 1
    assert isinstance(sent_state(connections), dict)


@requirement(SECTION, "MUST", "if the socket cannot be sent to, that is an error")
@needs_notify
def test_agent_that_is_gone(runtime, bundle, agent, tmp):
    agent.listen()
    os.rename(agent.path, tmp / "old.sock")
    profile(bundle, rule("SCMP_ACT_NOTIFY"), listenerPath=agent.path)
    refused(runtime, bundle, "/linux/seccomp/listenerPath")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(agent.path)
    refused(runtime, bundle, "/linux/seccomp/listenerPath", foreseen=False)


@requirement(SECTION, "states", "`listenerPath` is ignored where no action notifies")
def test_listener_without_use(runtime, bundle, agent):
    profile(bundle, rule("SCMP_ACT_ERRNO"), listenerPath=agent.path)
    assert runtime.output(bundle.args("/bin/echo", "alive")) == "alive\n"


@requirement(SECTION, "REQUIRED", "the descriptor is sent under the name `seccompFd`")
@requirement(STATE, "MUST", "descriptors are sent as SCM_RIGHTS")
@requirement(STATE, "MUST", "descriptors come with the first message alone")
@needs_notify
def test_descriptor(runtime, bundle, agent):
    _, connections = notified(runtime, bundle, agent)
    counts = [len(fds) for _, fds in connections[0]]
    assert counts == [1] + [0] * (len(counts) - 1)
    assert sent_state(connections)["fds"] == ["seccompFd"]
    assert "seccomp notify" in os.readlink(f"/proc/self/fd/{connections[0][0][1][0]}")


@requirement(SECTION, "MUST NOT", "`listenerMetadata` is not there without `listenerPath`")
def test_metadata_without_listener(runtime, bundle):
    profile(bundle, rule("SCMP_ACT_ERRNO"), listenerMetadata="some")
    refused(runtime, bundle, "/linux/seccomp/listenerMetadata")


@requirement(STATE, "states", "`metadata` is the `listenerMetadata`")
@needs_notify
@pytest.mark.parametrize("text", ["some metadata", 'quoted "\\\n\t\x7f é 箱', "long" * 5000],
                         ids=["plain", "to be escaped", "long"])
def test_metadata(runtime, bundle, agent, text):
    _, connections = notified(runtime, bundle, agent, listenerMetadata=text)
    assert sent_state(connections)["metadata"] == text


@each(STATE, "REQUIRED", "`{}` of the state", ["ociVersion", "pid", "state"])
@needs_notify
def test_state(runtime, bundle, agent):
    container, connections = notified(runtime, bundle, agent)
    sent = sent_state(connections)
    assert sent["ociVersion"].startswith(("1.", "0.2"))
    assert sent["pid"] == container.pid
    state = sent["state"]
    assert (state["id"], state["status"], state["pid"]) == (container.id, "creating", container.pid)
    assert state["bundle"] == str(bundle.path) and state["annotations"] == {"org.example.key": "value"}
