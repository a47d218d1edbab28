"""`--timeline`: which step ran when. The steps are those of `explain`, in their order."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import host

pytestmark = pytest.mark.hako_only
SCHEMAS = Path(__file__).resolve().parents[2] / "schema"
CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")


def is_clock_in_vdso():
    """Else to read it is a system call, which the init stage makes in front of the filter only."""
    return CLOCK.exists() and CLOCK.read_text().strip() in ("tsc", "kvm-clock")


clock_in_vdso = pytest.mark.needs(is_clock_in_vdso, "the vdso cannot read this host's clock")


def steps(trace, category):
    return [event for event in trace["traceEvents"] if event["ph"] == "X" and event["cat"] == category]


def end(event):
    return event["ts"] + event["dur"]


def names(events):
    return [event["name"] for event in events]


def check_nesting(trace):
    """On each thread, an event lies in another one or apart from it; beginnings are in order."""
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    for thread in {event["tid"] for event in events}:
        open_events, before = [], 0
        for event in (event for event in events if event["tid"] == thread):
            assert event["ts"] >= before
            before = event["ts"]
            while open_events and end(open_events[-1]) <= event["ts"] + 0.0005:
                open_events.pop()
            if open_events:
                assert end(event) <= end(open_events[-1]) + 0.0015, (event, open_events[-1])
            open_events.append(event)


def read(path):
    trace = json.loads(path.read_text())
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / "timeline.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(trace)
    check_nesting(trace)
    return trace


@pytest.fixture
def explained(runtime):
    """The init stage's steps, as `explain` lists them: [(step, property)]"""
    def explained(bundle):
        bundle.write()
        plan = json.loads(runtime.must("explain", "--format", "json", bundle.path).out)
        return [(step["step"], step.get("property")) for step in plan["steps"] if step["by"] == "init"]

    return explained


def noted(trace):
    """The same from a timeline."""
    found = steps(trace, "init") + [event for event in steps(trace, "wait") if event["name"] == "wait_start"]
    found = [event for event in sorted(found, key=lambda event: event["ts"]) if event["name"] != "begin"]
    return [(event["name"], event["args"].get("property")) for event in found]


@pytest.fixture
def rich(bundle, tmp):
    bundle.linux["cgroupsPath"] = bundle.linux.get("cgroupsPath", f"/{tmp.name}")
    for kind in ("createRuntime", "createContainer", "startContainer", "poststart"):
        bundle.hook(kind, "/bin/true")
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}
    return bundle.bind(tmp, "/data", "ro").env(SECRET="do-not-show")


@clock_in_vdso
@pytest.mark.shows("run --timeline")
def test_every_step_of_run_in_order(runtime, rich, explained, tmp):
    path = tmp / "trace.json"
    runtime.output(rich, "--timeline", path)
    trace = read(path)
    wanted = explained(rich)
    joined = [name for name, _ in noted(trace)].count("cgroup_join")
    assert [step for step in noted(trace) if step[0] != "cgroup_join"] == \
        [step for step in wanted if step[0] != "cgroup_join"]
    assert joined == [name for name, _ in wanted].count("cgroup_join")
    assert not any(event["args"].get("failed") or event["args"].get("unfinished")
                   for event in trace["traceEvents"])
    assert "error" not in trace["otherData"]


def test_what_the_runtime_does(runtime, rich, tmp):
    path = tmp / "trace.json"
    runtime.output(rich, "--timeline", path)
    trace = read(path)
    found = steps(trace, "runtime")
    order = [name for name in names(found) if name in ("read config", "prepare", "state", "cgroup", "clone",
                                                       "ready", "start")]
    assert order == ["read config", "prepare", "state", "cgroup", "clone", "ready", "start"]
    properties = [event["args"].get("property") for event in found]
    for wanted in ("/linux/cgroupsPath", "/linux/seccomp", "/linux/namespaces", "/hooks/createRuntime/0",
                   "/hooks/poststart/0"):
        assert properties.count(wanted) == 1, wanted
    assert "/hooks/createContainer/0" in [event["args"].get("property") for event in steps(trace, "init")]


def test_both_processes_have_names(runtime, bundle, tmp):
    path, pid_file = tmp / "trace.json", tmp / "pid"
    runtime.output(bundle, "--timeline", path, "--pid-file", pid_file)
    trace = read(path)
    named = {(event["name"], event["args"]["name"]): event["pid"] for event in trace["traceEvents"]
             if event["ph"] == "M"}
    init = named["thread_name", "init stage"]
    assert init == int(pid_file.read_text()) == named["process_name", "the container's first process"]
    assert named["process_name", "hako"] == named["thread_name", "runtime"] != init
    assert {event["pid"] for event in steps(trace, "init")} == {init}


def test_properties_are_in_the_configuration(runtime, rich, tmp):
    path = tmp / "trace.json"
    runtime.output(rich, "--timeline", path)
    for event in read(path)["traceEvents"]:
        node = rich.config
        for token in event["args"].get("property", "").split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            node = node[int(token)] if isinstance(node, list) else node[token]


@clock_in_vdso
def test_details_are_arguments_but_no_environment(runtime, rich, tmp):
    path = tmp / "trace.json"
    runtime.output(rich, "--timeline", path)
    details = {event["args"].get("property"): event["args"].get("detail")
               for event in steps(read(path), "init")}
    assert "target=/proc" in details["/mounts/0"]
    assert "args=[/bin/true]" in details["/process/args"]
    assert "do-not-show" not in path.read_text()


@pytest.mark.shows("create --timeline")
def test_create_ends_where_it_is_created(runtime, bundle, explained, tmp):
    path = tmp / "trace.json"
    container = runtime.create(bundle.sleep(), "--timeline", path)
    trace = read(path)
    found = [name for name, _ in noted(trace)]
    assert found[-1] == "ready" and "exec" not in found and "wait_start" not in found
    assert "start" in names(steps(trace, "runtime"))
    container.must("start")
    container.kill_and_delete()


def test_waits_are_shown_as_waits(runtime, bundle, tmp):
    """While the runtime runs a slow hook the init stage waits, and nothing else."""
    bundle.hook("createRuntime", "/bin/sleep", "0.2")
    path = tmp / "trace.json"
    runtime.output(bundle, "--timeline", path)
    trace = read(path)
    hook = next(event for event in steps(trace, "runtime")
                if event["args"].get("property") == "/hooks/createRuntime/0")
    assert hook["dur"] > 200_000
    waits = [event for event in steps(trace, "wait") if event["name"] == "wait for the runtime"]
    assert any(wait["ts"] < end(hook) and end(wait) > hook["ts"] for wait in waits)
    assert "wait for init" in names(steps(trace, "wait"))


def test_a_slow_hook_inside(runtime, bundle, tmp):
    bundle.hook_script("createContainer", "sleep 0.2")
    path = tmp / "trace.json"
    runtime.output(bundle, "--timeline", path)
    trace = read(path)
    slow = max(steps(trace, "init"), key=lambda event: event["dur"])
    assert slow["name"] == "hook" and slow["args"]["property"] == "/hooks/createContainer/0"
    waits = [event for event in steps(trace, "wait") if event["name"] == "wait for init"]
    assert max(wait["dur"] for wait in waits) > 150_000


@pytest.mark.needs(host.has_time_namespace, "no time namespaces")
def test_clocks_of_both_sides_fit_in_a_time_namespace(runtime, bundle, explained, tmp):
    """With an offset of a day for the container's monotonic clock."""
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"monotonic": {"secs": 86400}, "boottime": {"secs": 86400}}
    path = tmp / "trace.json"
    runtime.output(bundle, "--timeline", path)
    trace = read(path)
    assert "fork" in [name for name, _ in noted(trace)]
    assert max(end(event) for event in trace["traceEvents"] if event["ph"] == "X") < 60_000_000
    spawned = next(event for event in steps(trace, "runtime") if event["name"] == "clone")
    assert all(event["ts"] >= spawned["ts"] for event in steps(trace, "init"))
    assert [step for step in noted(trace) if step[0] != "cgroup_join"] == \
        [step for step in explained(bundle) if step[0] != "cgroup_join"]


def test_id_maps_are_in_it(runtime, bundle, tmp):
    path = tmp / "trace.json"
    runtime.output(bundle.user_namespace(), "--timeline", path)
    trace = read(path)
    maps = next(event for event in steps(trace, "runtime") if event["name"] == "map ids")
    waits = [event for event in steps(trace, "wait") if event["name"] == "wait for the runtime"]
    # at the same time, as far as two processes' looks at the clock can tell
    assert any(wait["ts"] < end(maps) and end(wait) > maps["ts"] for wait in waits)


def test_behind_a_filter_that_knows_few_system_calls(runtime, bundle, tmp, explained):
    """Neither messages nor the clock are needed for the steps behind it."""
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["clock_gettime", "clock_gettime64", "sendmsg", "gettimeofday"],
                      "action": "SCMP_ACT_KILL_PROCESS"}]}
    bundle.process["noNewPrivileges"] = True
    path = tmp / "trace.json"
    runtime.output(bundle, "--timeline", path)
    found = [name for name, _ in noted(read(path))]
    assert "seccomp" in found
    if is_clock_in_vdso():
        assert found[found.index("seccomp"):] == [name for name, _ in explained(bundle)][-len(
            found[found.index("seccomp"):]):] and found[-1] == "exec"


# ---- failure ----

def test_the_step_that_failed(runtime, bundle, tmp):
    bundle.mount("/mnt", "nosuchfs", "none")
    path = tmp / "trace.json"
    error = runtime.fails(bundle, "--timeline", path, foreseen=False).err
    trace = read(path)
    failed = [event for event in steps(trace, "init") if event["args"].get("failed")]
    assert [event["args"]["property"] for event in failed] == ["/mounts/7"]
    assert noted(trace)[-1] == ("mount", "/mounts/7")
    assert "no such device" in trace["otherData"]["error"] and trace["otherData"]["error"] in error
    assert any(event["args"].get("failed") for event in steps(trace, "runtime"))


def test_a_hook_that_failed(runtime, bundle, tmp):
    bundle.hook("createRuntime", "/bin/false")
    path = tmp / "trace.json"
    runtime.fails(bundle, "--timeline", path, command="create")
    trace = read(path)
    failed = [event for event in steps(trace, "runtime") if event["args"].get("failed")]
    assert "/hooks/createRuntime/0" in [event["args"].get("property") for event in failed]
    # killed at its last step, or faster: it sees the end of the conversation too
    last = steps(trace, "init")[-1]
    assert last["name"] == "sync" and (last["args"].get("unfinished") or last["args"].get("failed"))


def test_a_program_that_cannot_be_executed(runtime, bundle, tmp):
    (bundle.rootfs / "broken").write_bytes(b"\x7fELF")
    (bundle.rootfs / "broken").chmod(0o755)
    path = tmp / "trace.json"
    runtime.fails(bundle.args("/broken"), "--timeline", path, foreseen=False)
    failed = [event for event in steps(read(path), "init") if event["args"].get("failed")]
    assert names(failed) == ["exec"]


def test_before_there_was_anything(runtime, bundle, tmp):
    """Neither a configuration nor a container: still a file."""
    bundle.process["cwd"] = "here"
    path = tmp / "trace.json"
    runtime.fails(bundle, "--timeline", path)
    trace = read(path)
    assert not steps(trace, "init")
    assert "prepare" in [event["name"] for event in steps(trace, "runtime") if event["args"].get("failed")]
    (bundle.path / "config.json").write_text("{")
    assert runtime.call("run", "--bundle", bundle.path, "--timeline", path, runtime.new_id()).status == 1
    failed = [event for event in steps(read(path), "runtime") if event["args"].get("failed")]
    assert names(failed) == ["read config"]


@pytest.mark.parametrize("command", ["run", "create"])
def test_a_file_that_cannot_be_written(runtime, bundle, tmp, command):
    """An error before anything is made: the hook would have left its mark."""
    mark = tmp / "mark"
    bundle.hook("createRuntime", "/bin/touch", mark)
    result = runtime.fails(bundle, "--timeline", tmp / "none" / "trace.json", command=command, foreseen=False)
    assert f"open the timeline '{tmp}/none/trace.json': no such file or directory" in result.err
    assert not mark.exists()


@pytest.mark.needs(lambda: os.path.exists("/dev/full"), "no /dev/full")
def test_a_full_disk_is_a_warning(runtime, bundle):
    result = runtime.run(bundle.sh("echo there"), "--timeline", "/dev/full")
    assert result.status == 0 and result.out == "there\n"
    assert "the timeline could not be written to '/dev/full': No space left on device" in result.err


def test_an_older_file_is_replaced(runtime, bundle, tmp):
    path = tmp / "trace.json"
    path.write_text("x" * 1_000_000)
    runtime.output(bundle, "--timeline", path)
    read(path)


# ---- exec ----

@pytest.mark.shows("exec --timeline")
def test_exec(runtime, bundle, tmp):
    path = tmp / "trace.json"
    container = runtime.start(bundle.sleep())
    result = runtime.call("exec", "--timeline", path, container.id, "/bin/echo", "there")
    assert result.status == 0 and result.out == "there\n"
    trace = read(path)
    found = [name for name, _ in noted(trace)]
    assert "ns_enter" in found and found[-1] == "exec"
    assert "take the process" in names(steps(trace, "runtime"))
    assert trace["otherData"]["container"] == container.id
    assert not any(event["args"].get("failed") or event["args"].get("unfinished")
                   for event in trace["traceEvents"])
    result = runtime.call("exec", "--timeline", path, "--cwd", "/proc/1/comm", container.id, "/bin/true")
    assert result.status == 255
    failed = [event for event in steps(read(path), "init") if event["args"].get("failed")]
    assert names(failed) == ["cwd"]
    result = runtime.call("exec", "--timeline", tmp / "none/trace", container.id, "/bin/true")
    assert result.status == 255 and "open the timeline" in result.err
    container.kill_and_delete()


# ---- text ----

def test_text(runtime, bundle, explained):
    bundle.hook("createRuntime", "/bin/sleep", "0.05")
    result = runtime.run(bundle.sh("echo there"), "--timeline", "-")
    assert result.status == 0 and result.out == "there\n"
    lines = result.err.splitlines()
    assert max(map(len, lines)) <= 100
    table = [line[20:].split() for line in lines[1:]]
    assert [words[1] for words in table if words[0] == "init" and words[1] not in ("begin", "wait")] == \
        [name for name, _ in explained(bundle)]
    hook = next(line for line in lines if "/hooks/createRuntime/0" in line)
    assert float(hook.split()[1]) >= 50 and "####" in hook
    wait = next(line for line in lines if "....." in line)
    assert "wait" in wait


def test_text_of_a_failure(runtime, bundle):
    bundle.mount("/mnt", "nosuchfs", "none")
    lines = runtime.fails(bundle, "--timeline", "-", foreseen=False).err.splitlines()
    failed = next(line for line in lines if "/mounts/7" in line)
    assert "FAILED mount" in failed
    assert any(line.startswith("failed: mount nosuchfs on '/mnt'") for line in lines)


# ---- what it must not do ----

def test_the_container_sees_nothing_of_it(runtime, bundle, tmp):
    script = "ls -l /proc/self/fd/; cat /proc/self/maps"
    out = runtime.output(bundle.sh(script), "--timeline", tmp / "trace.json")
    assert "timeline" not in out and "memfd" not in out and "trace" not in out


@clock_in_vdso
@pytest.mark.needs(lambda: subprocess.run(["which", "strace"], capture_output=True).returncode == 0,
                   "strace is not installed")
def test_without_it_nothing_is_done(runtime, bundle, tmp):
    """No clock is read by a system call, no memory is shared."""
    bundle.write()
    log = tmp / "strace"
    subprocess.run(["strace", "-f", "-o", log, "-e", "trace=clock_gettime,memfd_create,ftruncate",
                    runtime.program, "--root", runtime.root, "run", "--bundle", bundle.path,
                    runtime.new_id()], check=True, capture_output=True)
    text = log.read_text()
    assert "memfd_create" in text and "hako-timeline" not in text
    assert "CLOCK_REALTIME" not in text and "ftruncate" not in text
