"""events: samples against the kernel's files, the schema and runc's own output; OOM kills; the end."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import host
from containers import PREFIX, SOURCE

MiB = 1 << 20
BUSY = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo ready; while :; do sleep 0.05; done"


@pytest.fixture
def container(runtime, bundle):
    container = runtime.start(bundle.sh(BUSY))
    container.wait_output("ready")
    return container


def sample(container):
    text = container.must("events", "--stats").out
    assert text.endswith("}\n") and text.count("\n") == 1
    return json.loads(text)


def cgroup_file(container, controller, v1, v2):
    on_v1 = host.has_v1(controller)
    return (host.cgroup_of(container.pid, controller if on_v1 else "") / (v1 if on_v1 else v2)).read_text().strip()


class Stream:
    """`events` in the background; its lines as objects."""

    def __init__(self, runtime, container, *options):
        self.process = subprocess.Popen(
            runtime.command("events", *options, container.id), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = b""

    @property
    def events(self):
        if not self.process.stdout.closed:
            self.text += self.process.stdout.read() or b""
        return [json.loads(line) for line in self.text.splitlines(keepends=True) if line.endswith(b"\n")]

    def wait_for(self, kind, count=1):
        host.wait_until(lambda: sum(e["type"] == kind for e in self.events) >= count, f"{count} of {kind}")

    def end(self):
        """Its status, when it ends by itself."""
        try:
            status = self.process.wait(20)
        finally:
            self.close()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.events is not None  # takes what was written last
        self.process.stderr.close()
        self.process.stdout.close()


def listens(pid):
    """Its descriptors say so."""
    try:
        links = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:  # one has just been closed
        return False
    return any("timerfd" in link or "eventpoll" in link for link in links)


@pytest.fixture
def stream(runtime):
    made = []

    def start(container, *options):
        made.append(Stream(runtime, container, *options))
        host.wait_until(lambda: not runtime.is_hako or listens(made[-1].process.pid))
        time.sleep(0 if runtime.is_hako else 0.5)
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@pytest.mark.shows("events", "events --stats")
def test_sample(container):
    event = sample(container)
    assert list(event) == ["type", "id", "data"]
    assert (event["type"], event["id"]) == ("stats", container.id)
    data = event["data"]
    assert list(data) == ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"]
    assert data["pids"]["current"] >= 1
    assert data["network_interfaces"] is None
    assert data["intel_rdt"] == {}


@pytest.mark.shows("events --stats")
def test_cpu(container):
    usage = sample(container)["data"]["cpu"]["usage"]
    assert usage["total"] > 10 ** 6, "nanoseconds"
    assert usage["total"] <= sample(container)["data"]["cpu"]["usage"]["total"]
    now = int(cgroup_file(container, "cpuacct", "cpuacct.usage", "cpu.stat").split()[0 if host.has_v1("cpuacct") else 1])
    assert usage["total"] <= now * (1 if host.has_v1("cpuacct") else 1000)
    if host.has_v1("cpuacct"):
        cpus = os.cpu_count()
        assert len(usage["percpu"]) == len(usage["percpu_kernel"]) == len(usage["percpu_user"]) == cpus
        assert sum(usage["percpu"]) == usage["total"]


@pytest.mark.shows("events --stats")
def test_throttling(runtime, bundle):
    bundle.resources["cpu"] = {"quota": 5000, "period": 100000}
    container = runtime.start(bundle.sh("while :; do :; done"))
    host.wait_until(lambda: sample(container)["data"]["cpu"]["throttling"].get("throttledPeriods", 0) > 1)
    throttling = sample(container)["data"]["cpu"]["throttling"]
    assert throttling["periods"] >= throttling["throttledPeriods"]
    assert throttling["throttledTime"] > 10 ** 6


@pytest.mark.shows("events --stats")
def test_memory(runtime, bundle):
    bundle.resources["memory"] = {"limit": 64 * MiB}
    bundle.mount("/tmp", "tmpfs", "tmpfs", ["size=32m"]).sh(
        "head -c 8m /dev/zero > /tmp/file; echo ready; while :; do sleep 0.05; done")
    container = runtime.start(bundle)
    container.wait_output("ready")
    memory = sample(container)["data"]["memory"]
    assert memory["usage"]["limit"] == 64 * MiB
    assert 8 * MiB <= memory["usage"]["usage"] <= 64 * MiB
    if "max" in memory["usage"]:
        assert memory["usage"]["max"] >= memory["usage"]["usage"]
    assert memory["cache"] >= 8 * MiB
    assert memory["swap"]["usage"] >= memory["usage"]["usage"], "memory and swap together"
    assert memory["raw"]["cache" if host.has_v1("memory") else "file"] == memory["cache"]
    assert memory["raw"].keys() == {line.split()[0] for line in cgroup_file(
        container, "memory", "memory.stat", "memory.stat").splitlines()}


@pytest.mark.shows("events --stats")
def test_pids_and_cpuset(runtime, bundle):
    bundle.resources.update({"pids": {"limit": 33}, "cpu": {"cpus": "0", "mems": "0"}})
    container = runtime.start(bundle.sh("sleep 1000 & sleep 1000 & echo ready; wait"))
    container.wait_output("ready")
    data = sample(container)["data"]
    assert data["pids"] == {"current": 3, "limit": 33}
    assert data["cpuset"]["cpus"] == [0]
    assert data["cpuset"]["mems"] == [0]


@pytest.mark.hako_only
@pytest.mark.needs(host.is_v2_only, "this host has cgroup v1 hierarchies")
def test_pids_without_the_controller(runtime, bundle):
    """The processes are counted."""
    top = host.CGROUP / f"{runtime.prefix}-place"
    (top / "below").mkdir(parents=True)
    bundle.linux["cgroupsPath"] = f"/{top.name}/below/inner"
    bundle.resources.clear()
    keeper = subprocess.Popen(["sleep", "1000"])
    (top / "below/cgroup.procs").write_text(str(keeper.pid))
    try:
        container = runtime.start(bundle.sh("sleep 1000 & sleep 1000 & echo ready; wait"))
        container.wait_output("ready")
        assert not (host.cgroup_of(container.pid, "") / "pids.current").exists()
        assert sample(container)["data"]["pids"] == {"current": 3}
        container.kill_and_delete()
    finally:
        keeper.kill()
        keeper.wait()
        host.remove_cgroups(top.name)


@pytest.mark.shows("events --stats")
def test_blkio(runtime, bundle):
    """What was read from a disk is there by device and direction."""
    container = runtime.start(bundle.sleep())
    for name, entries in sample(container)["data"]["blkio"].items():
        if name != "psi":
            assert all(set(entry) <= {"major", "minor", "op", "value"} for entry in entries), name


@pytest.mark.hako_only
@pytest.mark.needs(lambda: "" in host.cgroup_hierarchies() and os.path.exists("/proc/pressure/cpu"), "no PSI here")
def test_pressure(container):
    data = sample(container)["data"]
    for part in ("cpu", "memory", "blkio"):
        for kind in ("some", "full"):
            psi = data[part]["psi"][kind]
            assert list(psi) == ["avg10", "avg60", "avg300", "total"]
            assert 0 <= psi["avg10"] <= 100 and isinstance(psi["total"], int)
    line = (host.cgroup_of(container.pid, "") / "cpu.pressure").read_text().splitlines()[0]
    assert data["cpu"]["psi"]["some"]["total"] <= int(line.rpartition("=")[2])


@pytest.mark.hako_only
@pytest.mark.needs(lambda: Path("/sys/kernel/mm/hugepages").exists(), "no huge pages here")
def test_hugetlb(container):
    data = sample(container)["data"]["hugetlb"]
    directory = host.cgroup_of(container.pid, "hugetlb" if host.has_v1("hugetlb") else "") \
        if host.has_v1("hugetlb") or "" in host.cgroup_hierarchies() else None
    suffix = ".failcnt" if host.has_v1("hugetlb") else ".current"
    sizes = {path.name[8:-len(suffix)] for path in directory.glob(f"hugetlb.*{suffix}")
             if "rsvd" not in path.name} if directory else set()
    assert set(data) == sizes
    assert all(set(entry) <= {"usage", "max", "failcnt"} for entry in data.values())


HUGE = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
RESERVES = """
import mmap, sys
pages = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.hako_only
@pytest.mark.needs(HUGE.exists, "no huge pages here")
def test_reserved_huge_pages(container):
    """Nobody has touched them, but they count against the limit."""
    version = ("hugetlb", "usage_in_bytes") if host.has_v1("hugetlb") else ("", "current")
    if version[0] not in host.cgroup_hierarchies():
        pytest.skip("no hugetlb controller here")
    directory = host.cgroup_of(container.pid, version[0])
    if not (directory / f"hugetlb.2MB.rsvd.{version[1]}").exists():
        pytest.skip("this kernel does not count reservations")
    before = HUGE.read_text()
    HUGE.write_text("4")
    try:
        if int(HUGE.read_text()) < 2:
            pytest.skip("no memory for huge pages")
        script = f"import os; open('{directory}/cgroup.procs', 'w').write(str(os.getpid()))\n" + RESERVES
        with subprocess.Popen(["/usr/bin/python3", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            assert sample(container)["data"]["hugetlb"]["2MB"]["usage"] == 4 * MiB
            process.stdin.close()
    finally:
        HUGE.write_text(before)


@pytest.mark.hako_only
@pytest.mark.shows("events --stats")
def test_schema(container):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SOURCE / "schema/events.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(sample(container))


def shape(value):
    """The keys and types of a document; of an array, those of its first element."""
    if isinstance(value, dict):
        return {key: shape(below) for key, below in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def differences(ours, theirs, path=""):
    """What runc has and we have not, or have of another type. We may have more: a newer runc has too."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs:
            if key not in ours:
                yield f"{path}/{key} is missing"
            else:
                yield from differences(ours[key], theirs[key], f"{path}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if theirs and ours:
            yield from differences(ours[0], theirs[0], f"{path}/0")
    elif ours != theirs:
        yield f"{path}: {ours}, not {theirs}"


@pytest.mark.hako_only
@pytest.mark.needs(lambda: shutil.which("runc"), "no runc here")
@pytest.mark.shows("events --stats")
def test_keys_and_types_of_runc(runtime, bundle, make_bundle, tmp):
    """The installed runc, with a container of its own that does the same."""
    def prepare(each):
        each.resources.update({"memory": {"limit": 64 * MiB}, "cpu": {"quota": 50000, "period": 100000},
                               "pids": {"limit": 33}})
        each.config["ociVersion"] = "1.0.2"
        each.linux["namespaces"] = [n for n in each.linux["namespaces"] if n["type"] != "time"]
        each.sh(BUSY)
        return each
    ours = runtime.start(prepare(bundle))
    ours.wait_output("ready")
    theirs = prepare(make_bundle())
    theirs.write()
    runc = ["runc", "--root", str(tmp / "runc")]
    name = runtime.new_id()
    with open(tmp / "log", "wb") as log:
        subprocess.run([*runc, "run", "-d", "--bundle", theirs.path, name], check=True, stdin=subprocess.DEVNULL,
                       stdout=log, stderr=log)
    try:
        host.wait_until(lambda: b"ready" in (tmp / "log").read_bytes())
        reference = json.loads(subprocess.run([*runc, "events", "--stats", name], check=True, capture_output=True).stdout)
    finally:
        subprocess.run([*runc, "delete", "--force", name], check=True)
    event = sample(ours)
    found = list(differences(shape(event), shape(reference)))
    # counters that are left out while they are 0
    found = [line for line in found if not line.endswith(" is missing") or "/raw/" in line
             or line.count("/") < 3 or "throttling" not in line and "/blkio/" not in line]
    assert not found, "\n".join(found)
    assert event["data"]["memory"]["usage"]["limit"] == reference["data"]["memory"]["usage"]["limit"]
    assert event["data"]["memory"]["swap"]["limit"] == reference["data"]["memory"]["swap"]["limit"]
    cpuset = reference["data"]["cpuset"]  # runc 1.1 reads nothing of it on v2
    assert {key: event["data"]["cpuset"][key] for key in cpuset} == cpuset
    assert event["data"]["pids"]["limit"] == reference["data"]["pids"]["limit"]


@pytest.mark.shows("events", "events --interval")
def test_stream(runtime, container, stream):
    events = stream(container, "--interval", "100ms")
    events.wait_for("stats", 3)
    assert {e["id"] for e in events.events} == {container.id}
    assert events.events[2]["data"]["cpu"]["usage"]["total"] >= events.events[0]["data"]["cpu"]["usage"]["total"]
    container.kill_and_delete()
    assert events.end() == 0


@pytest.mark.hako_only
@pytest.mark.parametrize("interval", ["0.02s", "20ms", "20000us", "20000\u00b5s", "20000000ns", "0h0m0.02s"])
@pytest.mark.shows("events --interval")
def test_short_intervals(container, stream, interval):
    events = stream(container, f"--interval={interval}")
    events.wait_for("stats", 2)
    events.close()


@pytest.mark.hako_only
@pytest.mark.parametrize("interval", ["1h", "1m30s", "1.5h", "9999h"])
def test_long_intervals(container, stream, interval):
    events = stream(container, f"--interval={interval}")
    time.sleep(0.2)
    assert events.events == []
    events.close()


@pytest.mark.hako_only
@pytest.mark.parametrize("interval,text", [
    ("0", "must be greater than 0"), ("0s", "must be greater than 0"), ("5", "is no duration"), ("", "is no duration"),
    ("-5s", "is no duration"), ("5x", "is no duration"), ("s", "is no duration"), ("5s ", "is no duration"),
    ("99999999999999h", "is no duration"), ("0h0m.5s", "is no duration"), ("1.s2", "is no duration")])
def test_interval_that_is_none(container, interval, text):
    result = container.runtime.call("events", f"--interval={interval}", container.id)
    assert result.status == 1
    assert text in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.hako_only
@pytest.mark.shows("events")
def test_the_stream_ends_with_the_container(runtime, container, stream):
    """Also before it is deleted: nothing can happen to it any more."""
    events = stream(container, "--interval", "1h")
    container.must("kill", "KILL")
    assert events.end() == 0
    assert events.events == []


@pytest.mark.hako_only
def test_the_stream_outlives_init_where_others_do(runtime, bundle, stream):
    bundle.without_namespace("pid").sh("sleep 1000 & read x < /run/go; exit 0")
    bundle.writable().write()
    os.mkfifo(bundle.rootfs / "run/go")
    container = runtime.start(bundle)
    events = stream(container, "--interval", "50ms")
    events.wait_for("stats")
    (bundle.rootfs / "run/go").write_text("go\n")
    container.wait_stopped()
    before = len(events.events)
    events.wait_for("stats", before + 2)
    container.must("kill", "--all", "KILL")
    assert events.end() == 0


# Two processes, for the stream has to go on behind the first kill: the kernel takes those before the shell.
EATER = ("while :; do read line < /run/go || exit; (echo 1000 > /proc/self/oom_score_adj;"
         " head -c 64m /dev/zero | tail -c 64m > /dev/null); echo eaten; done")


@pytest.fixture
def eater(runtime, bundle):
    bundle.resources["memory"] = {"limit": 16 * MiB, "swap": 16 * MiB}
    bundle.writable().sh(EATER)
    os.mkfifo(bundle.rootfs / "run/go")
    return runtime.start(bundle)


def eat(container, bundle, times):
    (bundle.rootfs / "run/go").write_text("go\n")
    host.wait_until(lambda: container.output.count("eaten") >= times)


@pytest.mark.shows("events")
def test_oom(runtime, bundle, eater, stream):
    events = stream(eater, "--interval", "1h")
    eat(eater, bundle, 1)
    events.wait_for("oom")
    seen = len(events.events)
    eat(eater, bundle, 2)
    host.wait_until(lambda: len(events.events) > seen)
    assert all(event == {"type": "oom", "id": eater.id} for event in events.events)
    eater.kill_and_delete()
    assert events.end() == 0


@pytest.mark.hako_only
def test_an_oom_kill_of_init_is_told_before_the_end(runtime, bundle, stream):
    bundle.resources["memory"] = {"limit": 16 * MiB, "swap": 16 * MiB}
    bundle.writable().sh("read line < /run/go; exec tail -c 64m /dev/zero")
    os.mkfifo(bundle.rootfs / "run/go")
    container = runtime.start(bundle)
    events = stream(container, "--interval", "1h")
    (bundle.rootfs / "run/go").write_text("go\n")
    assert events.end() == 0
    assert {"type": "oom", "id": container.id} in events.events


@pytest.mark.hako_only
def test_no_oom_is_told_that_was_before(runtime, bundle, eater, stream):
    eat(eater, bundle, 1)
    events = stream(eater, "--interval", "50ms")
    events.wait_for("stats", 3)
    assert {e["type"] for e in events.events} == {"stats"}
    events.close()


@pytest.mark.hako_only
def test_a_reader_that_goes(runtime, container, stream):
    events = stream(container, "--interval", "20ms")
    events.wait_for("stats")
    events.process.stdout.close()
    host.wait_until(lambda: events.process.poll() is not None)
    assert events.process.returncode in (1, -signal.SIGPIPE)


@pytest.mark.shows("events --stats")
def test_created_and_paused(runtime, bundle):
    container = runtime.create(bundle.sleep())
    assert sample(container)["data"]["pids"]["current"] >= 1
    container.must("pause")
    assert sample(container)["data"]["pids"]["current"] >= 1


@pytest.mark.parametrize("options", [["--stats"], []])
def test_stopped(runtime, bundle, options):
    container = runtime.start(bundle)
    container.wait_stopped()
    result = container.call("events", *options)
    assert result.status == 1
    assert f"container with id {container.id} is not running" in result.err


@pytest.mark.parametrize("options", [["--stats"], []])
def test_unknown(runtime, options):
    result = runtime.call("events", *options, f"{PREFIX}-nobody")
    assert result.status == 1
    assert "does not exist" in result.err


@pytest.mark.hako_only
def test_without_cgroup(runtime, bundle):
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").sleep().write()
    name = runtime.new_id()
    runtime.must("--cgroup-manager", "disabled", "run", "-d", "--bundle", bundle.path, name)
    result = runtime.call("events", "--stats", name)
    assert result.status == 1
    assert "no cgroup of its own" in result.err
