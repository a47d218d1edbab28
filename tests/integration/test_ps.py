"""ps: the processes of a container, as pids and as lines of the host's ps."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import host
from containers import PREFIX

needs_ps = pytest.mark.needs(lambda: shutil.which("ps"), "no ps here")
CHILDREN = "sleep 1000 & sleep 1000 & echo ready; wait"


def commands(pids):
    return [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]


@pytest.fixture
def container(runtime, bundle):
    container = runtime.start(bundle.sh(CHILDREN))
    container.wait_output("ready")
    host.wait_until(lambda: commands(members(container)).count(b"sleep\0" b"1000\0") == 2)
    return container


def members(container):
    controller = next(iter(host.cgroup_hierarchies()))
    return sorted(int(pid) for pid in (host.cgroup_of(container.pid, controller) / "cgroup.procs").read_text().split())


def pids_of(runtime, container, *options, **more):
    return json.loads(runtime.must("ps", *options, "--format", "json", container.id, **more).out)


@pytest.mark.shows("ps", "ps --format")
def test_json(runtime, container):
    text = runtime.must("ps", "--format", "json", container.id).out
    assert text.endswith("]\n") and text.count("\n") == 1 and " " not in text
    assert json.loads(text) == members(container)
    assert len(json.loads(text)) == 3
    assert container.pid in json.loads(text)
    assert runtime.must("ps", "-f", "json", container.id).out == text


@pytest.mark.shows("ps")
@needs_ps
def test_table(runtime, container):
    lines = runtime.must("ps", container.id).out.splitlines()
    host_title = subprocess.run(["ps", "-ef"], capture_output=True, text=True).stdout.splitlines()[0]
    assert lines[0] == host_title
    column = lines[0].split().index("PID")
    assert sorted(int(line.split()[column]) for line in lines[1:]) == members(container)
    assert runtime.must("ps", "--format", "table", container.id).out.splitlines()[0] == lines[0]


@pytest.mark.shows("ps")
@needs_ps
@pytest.mark.parametrize("options", [["-o", "pid,args", "-e"], ["-eo", "pid,args"], ["axo", "pid,args"]])
def test_options_go_to_ps(runtime, container, options):
    lines = runtime.must("ps", container.id, *options).out.splitlines()
    assert lines[0].split() == ["PID", "COMMAND"]
    assert sorted(int(line.split()[0]) for line in lines[1:]) == members(container)
    assert sum(line.endswith(" sleep 1000") for line in lines) == 2


@pytest.mark.hako_only
@needs_ps
@pytest.mark.parametrize("options", ["-e -o pid,args", "  -e  -o\tpid,args "])
def test_options_in_one_argument(runtime, container, options):
    """As containerd's Top hands them over."""
    lines = runtime.must("ps", container.id, options).out.splitlines()
    assert lines[0].split() == ["PID", "COMMAND"]
    assert len(lines) == 4


@pytest.mark.hako_only
@needs_ps
def test_options_that_say_nothing(runtime, container):
    assert runtime.must("ps", container.id, "").out.splitlines()[0].split()[:2] == ["UID", "PID"]


@needs_ps
@pytest.mark.shows("ps --format")
def test_options_end_at_the_id(runtime, container):
    """What follows it is of ps, also -f."""
    lines = runtime.must("ps", container.id, "-f", "-e").out.splitlines()
    assert lines[0].split()[:2] == ["UID", "PID"]


@pytest.mark.hako_only
@needs_ps
def test_without_path(runtime, container):
    """podman's environment has none."""
    assert len(runtime.must("ps", container.id, env={}).out.splitlines()) == 4
    assert len(runtime.must("ps", container.id, env={"PATH": "/nonexistent:.:"}).out.splitlines()) == 4


@pytest.mark.hako_only
def test_ps_is_not_taken_from_a_relative_directory(runtime, container, tmp):
    program = tmp / "ps"
    program.write_text("#!/bin/sh\necho PID; echo surprise\n")
    program.chmod(0o755)
    result = runtime.call("ps", container.id, cwd=tmp, env={"PATH": ".:"})
    assert "surprise" not in result.out + result.err


@pytest.mark.hako_only
def test_own_ps_of_the_path(runtime, container, tmp):
    program = tmp / "ps"
    pid = container.pid
    program.write_text(f"#!/bin/sh\necho 'STATE PID'; echo 'x {pid}'; echo 'y 1'; echo; echo \"  z\t{pid} w\"\n")
    program.chmod(0o755)
    result = runtime.must("ps", container.id, env={"PATH": str(tmp)})
    assert result.out == f"STATE PID\nx {pid}\n  z\t{pid} w\n"


@pytest.mark.hako_only
@pytest.mark.parametrize("script,text", [
    ("echo no column here; echo 1", "couldn't find PID field"),
    ("true", "couldn't find PID field"),
    ("echo PID; echo 12x", "unable to parse pid"),
    ("echo A PID; echo 12", "unable to parse pid"),
    ("echo bad luck >&2; echo more; exit 3", "exit status 3: bad luck"),
    ("kill -9 $$", "signal 9")])
def test_ps_that_fails(runtime, container, tmp, script, text):
    program = tmp / "ps"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    result = runtime.call("ps", container.id, env={"PATH": str(tmp)})
    assert result.status == 1
    assert text in result.err
    assert len(result.err.splitlines()) == 1


@needs_ps
def test_wrong_option_of_ps(runtime, container):
    result = runtime.call("ps", container.id, "--nosuch")
    assert result.status == 1
    assert "exit status 1" in result.err and "unknown gnu long option" in result.err


@pytest.mark.hako_only
def test_no_ps_at_all(runtime, container, tmp):
    """A host without one: json does without, the table says so."""
    script = (f"mount -t tmpfs none /usr/local && mount --bind {tmp} /bin && mount --bind {tmp} /usr/bin && "
              "exec \"$@\"") if not os.path.islink("/bin") else f"mount --bind {tmp} /usr/bin && exec \"$@\""
    command = ["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script, "sh", runtime.program,
               "--root", str(runtime.root), "ps"]
    table = subprocess.run([*command, container.id], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert table.returncode == 1
    assert 'exec: "ps": executable file not found in $PATH' in table.stderr
    plain = subprocess.run([*command, "-f", "json", container.id], capture_output=True, text=True,
                           env={"PATH": "/usr/bin:/bin"})
    assert json.loads(plain.stdout) == members(container)


def test_format_that_is_none(runtime, container):
    result = runtime.call("ps", "--format", "yaml", container.id)
    assert result.status == 1
    assert "invalid format option" in result.err


def test_unknown(runtime):
    result = runtime.call("ps", f"{PREFIX}-nobody")
    assert result.status == 1
    assert "does not exist" in result.err


@pytest.mark.hako_only
@needs_ps
def test_stopped(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    assert runtime.must("ps", "-f", "json", container.id).out == "[]\n"
    assert len(runtime.must("ps", container.id).out.splitlines()) == 1


@pytest.mark.hako_only
def test_what_init_has_left(runtime, bundle):
    """In a shared pid namespace processes outlive init."""
    bundle.without_namespace("pid").sh("sleep 1000 & exit 0")
    container = runtime.start(bundle)
    container.wait_stopped()
    left = pids_of(runtime, container)
    assert len(left) == 1 and host.is_alive(left[0])
    container.must("delete", "--force")


@pytest.mark.shows("ps")
def test_created_and_paused(runtime, bundle):
    container = runtime.create(bundle.sleep())
    assert pids_of(runtime, container) == [container.pid]
    container.must("pause")
    assert pids_of(runtime, container) == [container.pid]


@pytest.mark.hako_only
def test_without_cgroup(runtime, bundle):
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").sleep().write()
    name = runtime.new_id()
    runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    pid = json.loads(runtime.must("state", name).out)["pid"]
    assert json.loads(runtime.must("ps", "-f", "json", name).out) == [pid]


def test_processes_of_cgroups_below(runtime, container):
    directory = host.cgroup_of(container.pid, "freezer" if host.has_v1("freezer") else "")
    before = members(container)
    (directory / "inner").mkdir()
    (directory / "inner/cgroup.procs").write_text(str(before[-1]))
    assert str(before[-1]) not in (directory / "cgroup.procs").read_text().split()
    assert pids_of(runtime, container) == before
