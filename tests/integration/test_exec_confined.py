"""exec confines its process as the container is confined."""

import os
import platform
import re

import pytest

import host
from test_exec import container, fails, own_status, process_file  # noqa: F401 (fixtures)
from test_landlock import ROX, needs, with_rules
from test_process import EMPTY, status_fields
from test_scheduling import needs_numa
from test_seccomp import EXDEV, GETPGRP, Agent, profile, rule

pytestmark = pytest.mark.shows("exec")

IOPRIO_GET = 252
on_x86 = pytest.mark.needs(lambda: platform.machine() == "x86_64", "system call numbers of x86_64")


# What the process object does not say is as it is for the container

@pytest.mark.shows("exec --process")
@on_x86
def test_what_a_process_file_leaves_out(runtime, bundle, process_file, helper):
    bundle.capabilities("CAP_CHOWN", "CAP_KILL")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
    bundle.process["oomScoreAdj"] = 77
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 3}
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 5}
    bundle.linux["personality"] = {"domain": "LINUX32"}
    container = runtime.start(bundle.bind(helper, "/helper", "ro").sleep())
    path = process_file(
        args=["sh", "-c", "cat /proc/self/status /proc/self/limits; echo adj $(cat /proc/self/oom_score_adj)"
                          f"; uname -m; /helper syscall {IOPRIO_GET} 1 0; /helper sched"],
        capabilities=None, rlimits=None)
    out = container.exec_output(options=["--process", path])
    fields = status_fields(out)
    assert [fields[f"Cap{name}"] for name in ("Prm", "Eff", "Bnd", "Inh", "Amb")] == [
        ["0000000000000021"]] * 3 + [[EMPTY]] * 2
    assert re.search(r"Max open files\s+100\s+200", out)
    assert "adj 77\ni686\n" in out
    assert f"value {2 << 13 | 3}\n" in out  # best effort, 3
    assert out.splitlines()[-1].split()[:3] == ["3", "0", "5"]  # SCHED_BATCH, no flags, nice


@pytest.mark.shows("exec --process")
def test_a_process_file_may_say_otherwise(runtime, bundle, process_file):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
    container = runtime.start(bundle.sleep())
    path = process_file(args=["sh", "-c", "grep Cap /proc/self/status; ulimit -n"], capabilities={},
                        rlimits=[{"type": "RLIMIT_NOFILE", "soft": 60, "hard": 200}])
    out = container.exec_output(options=["--process", path])
    assert set(sum((v for k, v in status_fields(out).items() if k.startswith("Cap")), [])) == {EMPTY}
    assert out.splitlines()[-1] == "60"


@needs_numa
def test_memory_policy(runtime, bundle, helper):
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    container = runtime.start(bundle.bind(helper, "/helper", "ro").sleep())
    first = container.exec_output("/helper", "mempolicy")
    assert first.split() == [str(2 | 1 << 15), "0"]


@pytest.mark.parametrize("caps", [{}, None])
def test_no_capabilities_are_none(runtime, bundle, caps):
    """C-21: what is not there gives nothing, for exec as for the first process."""
    if caps is None:
        bundle.process.pop("capabilities")
    else:
        bundle.process["capabilities"] = caps
    container = runtime.start(bundle.sleep())
    for fields in (own_status(container), status_fields(open(f"/proc/{container.pid}/status").read())):
        assert {fields[f"Cap{name}"][0] for name in ("Prm", "Eff", "Bnd", "Inh", "Amb")} == {EMPTY}


@pytest.mark.parametrize("sets", [
    {"bounding": ["CAP_CHOWN", "CAP_KILL"], "permitted": ["CAP_KILL"], "effective": []},
    {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"],
     "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
])
def test_capabilities_are_exactly_those(runtime, bundle, sets):
    bundle.process["capabilities"] = sets
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    container = runtime.start(bundle.sleep())
    first = status_fields(open(f"/proc/{container.pid}/status").read())
    second = own_status(container)
    for name in ("Prm", "Eff", "Bnd", "Inh", "Amb"):
        assert second[f"Cap{name}"] == first[f"Cap{name}"]
    numbers = {"CAP_CHOWN": 0, "CAP_KILL": 5}
    assert int(second["CapBnd"][0], 16) == sum(1 << numbers[n] for n in sets["bounding"])


# seccomp

@on_x86
@pytest.mark.parametrize("nnp", [True, False])
def test_seccomp_filter_is_the_containers(runtime, bundle, helper, nnp):
    bundle.process["noNewPrivileges"] = nnp
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=EXDEV))
    container = runtime.start(bundle.bind(helper, "/helper", "ro").sleep())
    assert container.exec_output("/helper", "syscall", str(GETPGRP)) == f"errno {EXDEV}\n"
    assert own_status(container)["Seccomp"] == ["2"]


@on_x86
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "link"])
def test_no_process_without_its_filter(runtime, bundle, damage, tmp):
    """A filter that cannot be read is an error, not a process without one."""
    profile(bundle, rule("SCMP_ACT_ERRNO", "getpgrp"))
    container = runtime.start(bundle.sleep())
    path = container.state_dir / "seccomp.bpf"
    contents = path.read_bytes()
    path.unlink()
    if damage in ("empty", "cut"):
        path.write_bytes(contents[:len(contents) // 2 if damage == "cut" else 0])
    if damage == "link":
        (tmp / "elsewhere").write_bytes(contents)
        path.symlink_to(tmp / "elsewhere")
    assert "read the container's seccomp filter" in fails(container, "true")


@on_x86
@pytest.mark.parametrize("nnp", [True, False])
def test_notify(runtime, bundle, helper, tmp, nnp):
    first = Agent(tmp / "agent.sock", EXDEV)
    bundle.process["noNewPrivileges"] = nnp
    profile(bundle, rule("SCMP_ACT_NOTIFY", "getpgrp"), listenerPath=str(tmp / "agent.sock"),
            listenerMetadata="some metadata")
    container = runtime.start(bundle.bind(helper, "/helper", "ro").sleep())
    first.server.close()
    (tmp / "agent.sock").unlink()
    agent = Agent(tmp / "agent.sock", EXDEV)
    assert container.exec_output("/helper", "syscall", str(GETPGRP)) == f"errno {EXDEV}\n"
    assert agent.calls == [GETPGRP]
    assert agent.state["state"]["status"] == "running"
    assert agent.state["state"]["id"] == container.id
    assert agent.state["metadata"] == "some metadata"
    assert agent.state["pid"] not in (0, container.pid)
    agent.server.close()
    (tmp / "agent.sock").unlink()
    assert "no such file or directory" in fails(container, "true")


# Landlock, keyring, intelRdt's neighbours

@needs(5)
@pytest.mark.parametrize("nnp", [True, False])
def test_landlock(runtime, bundle, nnp):
    bundle.process["noNewPrivileges"] = nnp
    with_rules(bundle.sleep(), f"{ROX}; rw:/dev")
    container = runtime.start(bundle)
    assert container.exec("cat", "/etc/passwd").status != 0
    assert container.exec("true").status == 0


@pytest.mark.needs(lambda: os.path.exists("/proc/keys"), "no keyrings in this kernel")
def test_session_keyring(runtime, bundle):
    """The container's, by its name; with --no-new-keyring the caller's, as for the container."""
    bundle.linux["maskedPaths"].remove("/proc/keys")
    container = runtime.start(bundle.sleep())
    assert f"_ses.{container.id}:" in container.exec_output("cat", "/proc/keys")
    other = runtime.start(bundle, "--no-new-keyring")
    assert f"_ses.{other.id}:" not in other.exec_output("cat", "/proc/keys")


def test_umask(runtime, bundle):
    container = runtime.start(bundle.sleep())
    assert container.exec_output("sh", "-c", "umask") == "0022\n"
    bundle.process["user"]["umask"] = 0o27
    bundle.write()
    assert container.exec_output("sh", "-c", "umask") == "0027\n"


def test_session_is_its_own(container):
    """CVE-2016-2568: nothing of the caller's terminal can be reached."""
    out = container.exec_output("sh", "-c", "cat /proc/self/stat")
    assert out.rpartition(")")[2].split()[4] == "0"
    assert container.exec("sh", "-c", "echo x > /dev/tty").status != 0


def test_no_descriptor_leaks(runtime, bundle, helper):
    spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    try:
        container = runtime.start(bundle.bind(helper, "/helper", "ro").sleep())
        assert container.exec_output("/helper", "fds", pass_fds=spare) == "0\n1\n2\n"
    finally:
        for fd in spare:
            os.close(fd)


def test_host_binary_is_out_of_reach(container):
    """CVE-2019-5736: not even the init stage is the runtime's file."""
    assert container.exec("/proc/self/exe").status == 255
    out = container.exec_output("sh", "-c", "readlink /proc/self/exe")
    assert out == "/bin/busybox\n"
