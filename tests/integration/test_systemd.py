"""The systemd cgroup manager: what systemd and the kernel then say of a container, as root and, where pytest runs
as one, as an ordinary user."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import host
from bundle import Bundle
from containers import PREFIX
from runtime import Runtime

MiB = 1 << 20
RUNS = os.path.isdir("/run/systemd/system")
IS_ROOT = os.geteuid() == 0

pytestmark = [pytest.mark.unprivileged, pytest.mark.hako_only, pytest.mark.shows("--systemd-cgroup")]
systemd = pytest.mark.needs(lambda: RUNS and (IS_ROOT or host.is_v2_only()), "no systemd to ask here")
root = pytest.mark.needs(lambda: IS_ROOT, "for root")
v2 = pytest.mark.needs(host.is_v2_only, "for cgroup v2")
v1 = pytest.mark.needs(lambda: host.has_v1("memory"), "no v1 memory controller here")


built = pytest.mark.needs(lambda: RUNS or os.path.exists("/usr/include/systemd/sd-bus.h"),
                          "no headers of systemd's here, so that hako may have been built without the manager")


def systemctl(*args):
    command = ["systemctl", *([] if IS_ROOT else ["--user"]), "--no-pager", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def show(unit):
    """{property: value} of a unit, whether there is one or not."""
    return dict(line.split("=", 1) for line in systemctl("show", unit).splitlines())


def is_loaded(unit):
    return show(unit)["LoadState"] == "loaded"


@pytest.fixture
def runtime(program, area, session_runtime):
    """Containers of the same state root, which the leak check knows."""
    made = Runtime(program, area, PREFIX, ["--systemd-cgroup"])
    made.count = session_runtime.count
    yield made
    session_runtime.count = made.count


@pytest.fixture
def make_bundle(make_bundle, runtime, tmp, base_rootfs):
    if IS_ROOT:
        return make_bundle
    made = []

    def make():
        path = tmp / f"b{len(made)}"
        path.mkdir()
        runtime.must("spec", "--rootless", "--bundle", path)
        made.append(Bundle(path, json.loads((path / "config.json").read_text()), base_rootfs))
        return made[-1]

    return make


@pytest.fixture
def bundle(make_bundle):
    return make_bundle().sleep()


@pytest.fixture
def leaves_no_unit():
    yield
    left = systemctl("list-units", "--all", "--plain", "--no-legend", f"*{PREFIX}*")
    assert not left, left


@pytest.fixture
def container(runtime, bundle):
    bundle.resources.update(LIMITS)
    return runtime.start(bundle)


def scope(container):
    return f"hako-{container.id}.scope"


def payload(container):
    """The cgroup of its processes on v2."""
    return host.cgroup_of(container.pid, "")


LIMITS = {"memory": {"limit": 64 * MiB, "reservation": 32 * MiB}, "pids": {"limit": 33},
          "cpu": {"quota": 20500, "period": 50000, "shares": 512, "cpus": "0"}}
FILES = {"memory.max": str(64 * MiB), "memory.low": str(32 * MiB), "pids.max": "33", "cpu.max": "20500 50000",
         "cpu.weight": "59", "cpuset.cpus": "0"}
PROPERTIES = {"MemoryMax": str(64 * MiB), "MemoryLow": str(32 * MiB), "TasksMax": "33",
              "CPUQuotaPerSecUSec": "410ms", "CPUQuotaPeriodUSec": "50ms", "CPUWeight": "59", "AllowedCPUs": "0"}


def check_files(container):
    """In the payload's cgroup, and none tighter in the scope's."""
    for name, value in FILES.items():
        assert (payload(container) / name).read_text() == f"{value}\n", name
        assert (payload(container).parent / name).read_text() == f"{value}\n", name


@systemd
@v2
def test_scope(container, leaves_no_unit):
    """Where the container is, and its limits as systemd and as the kernel knows them."""
    unit = show(scope(container))
    assert unit["ActiveState"] == "active" and unit["Description"] == f"hako container {container.id}"
    assert unit["Slice"] == ("system.slice" if IS_ROOT else "user.slice")
    assert unit["Delegate"] == "yes" and unit["CollectMode"] == "inactive-or-failed"
    assert {name: unit[name] for name in PROPERTIES} == PROPERTIES
    assert payload(container) == Path(f"/sys/fs/cgroup{unit['ControlGroup']}/container")
    check_files(container)
    systemctl("daemon-reload")
    check_files(container)
    assert container.exec_output("cat", "/proc/self/cgroup") == "0::/\n"
    container.must("pause")
    assert container.state()["status"] == "paused"
    container.must("resume")
    container.kill_and_delete()
    assert not is_loaded(scope(container))
    assert not Path(f"/sys/fs/cgroup{unit['ControlGroup']}").exists()


@systemd
@pytest.mark.shows("explain")
def test_explain(runtime, bundle):
    bundle.resources.update(LIMITS)
    bundle.linux["cgroupsPath"] = f":hako:{PREFIX}-explained"
    bundle.write()
    steps = json.loads(runtime.must("explain", "--format", "json", bundle.path).out)["steps"]
    found = {step["arguments"]["name"]: step for step in steps if step["step"] == "unit_property"}
    assert found["Delegate"]["arguments"]["value"] == "true" and "property" not in found["Delegate"]
    assert found["TasksMax"]["arguments"]["value"] == "uint64 33"
    assert found["TasksMax"]["property"] == "/linux/resources/pids/limit"
    assert [step["arguments"] for step in steps if step["step"] == "unit"] == \
        [{"name": f"hako-{PREFIX}-explained.scope", "bus": "system" if IS_ROOT else "user"}]
    assert not is_loaded(f"hako-{PREFIX}-explained.scope")


@systemd
@v2
def test_update(container):
    changed = {"MemoryMax": str(96 * MiB), "TasksMax": "44"}
    container.must("update", f"--memory={96 * MiB}", "--pids-limit=44")
    unit = show(scope(container))
    assert {name: unit[name] for name in PROPERTIES} == {**PROPERTIES, **changed}
    assert (payload(container) / "memory.max").read_text() == f"{96 * MiB}\n"
    assert (payload(container) / "pids.max").read_text() == "44\n"
    # with checkBeforeUpdate systemd is not told either what the kernel would kill for
    tight = json.dumps({"memory": {"limit": 4096, "checkBeforeUpdate": True}})
    result = container.call("update", "--resources=-", input=tight.encode())
    assert result.status == 1 and "below the current usage" in result.err
    assert show(scope(container))["MemoryMax"] == str(96 * MiB)
    # what the kernel refuses, systemd has been told before: neither keeps it
    result = container.call("update", "--pids-limit=55", "--cpuset-cpus=99")
    assert result.status == 1 and "cpuset" in result.err
    unit = show(scope(container))
    assert {name: unit[name] for name in PROPERTIES} == {**PROPERTIES, **changed}
    assert (payload(container) / "pids.max").read_text() == "44\n"
    assert (payload(container).parent / "pids.max").read_text() == "44\n"


@systemd
@v2
def test_unified(runtime, bundle):
    bundle.resources["unified"] = {"memory.high": str(48 * MiB), "memory.oom.group": "1"}
    container = runtime.start(bundle)
    assert show(scope(container))["MemoryHigh"] == str(48 * MiB)
    assert (payload(container) / "memory.high").read_text() == f"{48 * MiB}\n"
    assert (payload(container) / "memory.oom.group").read_text() == "1\n"


def disk():
    """MAJOR:MINOR of one that udev has named, for systemd asks by that name."""
    for path in sorted(Path("/sys/block").glob("*/device")):  # loops have none
        number = (path.parent / "dev").read_text().strip()
        if os.path.exists(f"/dev/block/{number}"):
            return number
    return pytest.skip("there is no disk here")


@pytest.fixture
def iocost():
    """iocost(disk): which then has io.weight."""
    file, enabled = host.CGROUP / "io.cost.qos", []

    def enable(number):
        file.write_text(f"{number} enable=1")
        enabled.append(number)

    yield enable
    for number in enabled:
        file.write_text(f"{number} enable=0")


WEIGHT = {"blockIO": {"weightDevice": [{"major": 0, "minor": 0, "weight": 500}]}}


@systemd
@root
@v2
@pytest.mark.parametrize("resources,file,last,name,value", [
    (WEIGHT, "io.bfq.weight", "500", "IODeviceWeight", " 4500"),
    (WEIGHT, "io.weight", "4500", "IODeviceWeight", " 4500"),
    ({"unified": {"io.latency": "DISK target=75000"}}, "io.latency", "target=75000",
     "IODeviceLatencyTargetUSec", " 75ms"),
    ({"unified": {"cpu.weight.nice": "5"}}, "cpu.weight.nice", "5", "CPUWeight", "33"),
])
def test_weight_among_siblings(runtime, bundle, iocost, resources, file, last, name, value):
    """Below the scope the payload has none: what counts is the scope's own."""
    there = {path.name for path in (host.CGROUP / "system.slice").iterdir()}
    if file not in there or file == "io.weight" and "io.bfq.weight" in there:
        pytest.skip(f"{file} is not for it here")
    if file.startswith("io."):
        number = disk()
        major, minor = number.split(":")
        if file == "io.weight":
            iocost(number)
        text = json.dumps(resources).replace("DISK", number)
        resources = json.loads(text.replace('"major": 0, "minor": 0', f'"major": {major}, "minor": {minor}'))
    bundle.resources.update(resources)
    container = runtime.start(bundle.sleep())
    assert show(scope(container))[name].endswith(value)
    assert (payload(container).parent / file).read_text().split()[-1] == last


@systemd
@root
@pytest.mark.needs(lambda: host.has_capability(host.CAP_MKNOD), "mknod is not allowed here")
def test_devices(runtime, bundle):
    """What is allowed, and what is not, also behind a reload."""
    bundle.process["capabilities"] = {name: ["CAP_MKNOD"] for name in ("bounding", "effective", "permitted")}
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"},
                                   {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "r"}]
    bundle.mount("/t", "tmpfs", "tmpfs")
    bundle.sh("mknod /t/kmsg c 1 11; mknod /t/fuse c 10 229; "
              "look() { for i in null kmsg fuse; do p=/t/$i; [ $i != null ] || p=/dev/null; "
              "(exec 3<$p) 2>/dev/null && echo $i; done; }; look; read _; look; read _")
    bundle.write()
    process = subprocess.Popen(runtime.command("run", "--bundle", bundle.path, runtime.new_id()),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert [process.stdout.readline() for _ in range(2)] == ["null\n", "fuse\n"]
    systemctl("daemon-reload")
    process.stdin.write("\n")
    process.stdin.flush()
    assert [process.stdout.readline() for _ in range(2)] == ["null\n", "fuse\n"]
    assert process.communicate("\n", timeout=60 * host.SLOW) == ("", "")


@systemd
def test_name_is_taken(runtime, bundle, make_bundle, leaves_no_unit):
    """By a container: that one goes on."""
    bundle.linux["cgroupsPath"] = f":hako:{PREFIX}-taken"
    container = runtime.start(bundle)
    other = make_bundle()
    other.linux["cgroupsPath"] = bundle.linux["cgroupsPath"]
    result = runtime.run(other)
    assert result.status == 1 and "/linux/cgroupsPath" in result.err and "systemctl status" in result.err
    assert container.state()["status"] == "running" and is_loaded(f"hako-{PREFIX}-taken.scope")
    container.kill_and_delete()
    assert not is_loaded(f"hako-{PREFIX}-taken.scope")


@systemd
def test_failed_unit_gives_way(runtime, bundle, leaves_no_unit):
    name = runtime.new_id()
    unit = f"hako-{name}.scope"
    subprocess.run(["systemd-run", *([] if IS_ROOT else ["--user"]), "--scope", f"--unit={unit}",
                    "--property=RuntimeMaxSec=1", "sleep", "1000"], capture_output=True)
    host.wait_until(lambda: show(unit)["ActiveState"] == "failed")
    container = runtime.start(bundle, id=name)
    assert show(unit)["ActiveState"] == "active"
    container.kill_and_delete()


@systemd
def test_killed_runtime(runtime, bundle, leaves_no_unit):
    """What it had begun goes with `delete --force`."""
    name = runtime.new_id()
    bundle.hook_script("createRuntime", "kill -9 $PPID; sleep 0.1")
    runtime.run(bundle, id=name)
    runtime.must("delete", "--force", name)
    assert not runtime.ids() and not is_loaded(f"hako-{name}.scope")


@systemd
def test_failed_create(runtime, bundle, leaves_no_unit):
    name = runtime.new_id()
    assert runtime.run(bundle.args("/nosuchprogram"), id=name).status == 1
    assert not is_loaded(f"hako-{name}.scope") and not host.cgroup_dirs(f"hako-{name}")


@systemd
@root  # may take network devices
def test_create_fails_before_init(runtime, bundle, leaves_no_unit):
    """With the cgroup made, and nobody in it but who keeps the scope."""
    bundle.linux["netDevices"] = {"nosuch0": {}}
    result = runtime.run(bundle)
    assert result.status == 1 and "/linux/netDevices/nosuch0" in result.err and "level=warning" not in result.err
    assert not runtime.ids()


@systemd
def test_failed_start(runtime, bundle, leaves_no_unit):
    """What has begun cannot begin anew as a program that knows systemd's library: the unit goes by itself."""
    bundle.hook_script("poststart", "exit 3")
    container = runtime.create(bundle.sleep())
    result = runtime.call("start", container.id)
    assert result.status == 1 and "poststart" in result.err and "unit" not in result.err
    assert container.id not in runtime.ids()
    host.wait_until(lambda: not is_loaded(scope(container)), "the end of the unit")


@systemd
def test_name_belongs_to_the_next_one(runtime, bundle, leaves_no_unit):
    """A hook has deleted the container and made another: whose unit it is by then, that one goes on."""
    name = runtime.new_id()
    hako = f"{runtime.program} --root {runtime.root} --systemd-cgroup"
    bundle.hook_script("poststart", f"{hako} delete --force {name} && "
                                    f"{hako} create --bundle {bundle.path} {name} < /dev/null; exit 3")
    assert runtime.run(bundle, "--keep", id=name).status == 1
    assert json.loads(runtime.must("state", name).out)["status"] == "created" and is_loaded(f"hako-{name}.scope")
    runtime.must("delete", "--force", name)


@systemd
def test_stopped_by_systemd(container, leaves_no_unit):
    """As at the end of a session: the container is a stopped one, and can be deleted."""
    systemctl("stop", scope(container))
    assert container.state()["status"] == "stopped"
    container.must("delete")


@systemd
def test_name_has_been_taken(runtime, bundle, tmp, leaves_no_unit):
    """By another runtime's container, since this one has ended: delete leaves that alone."""
    container = runtime.start(bundle)
    container.must("kill", "KILL")
    host.wait_until(lambda: not is_loaded(scope(container)))
    other = Runtime(runtime.program, runtime.area, PREFIX, runtime.options)
    other.root = tmp / "other"
    second = other.start(bundle, id=container.id)
    result = container.call("delete")
    assert result.status == 1 and "not this container's" in result.err
    result = container.must("delete", "--force")
    assert "it holds processes of another one" in result.err
    assert second.state()["status"] == "running" and is_loaded(scope(second))
    second.kill_and_delete()


@systemd
@pytest.mark.parametrize("path,place", [
    pytest.param("{0}-a.slice:pre:web", "/{0}.slice/{0}-a.slice/pre-web.scope", marks=v2),
    (":pre:web", "/system.slice/pre-web.scope" if IS_ROOT else "/user.slice/pre-web.scope"),
    ("-.slice::web", "/web.scope"),
    pytest.param("::{0}-b.slice", "/{0}.slice/{0}-b.slice", marks=v2)])
def test_places(runtime, bundle, path, place):
    """For root from the top of every hierarchy, for a user from the cgroup of the user's systemd. On v1 a slice
    of its own would stay, empty, in the hierarchies that systemd has nothing to do with."""
    bundle.linux["cgroupsPath"] = path.format(PREFIX)
    container = runtime.start(bundle)
    place = Path(place.format(PREFIX))
    unit = show(place.name)
    assert unit["ActiveState"] == "active" and unit["ControlGroup"].endswith(str(place))
    assert unit["ControlGroup"] == str(place) or not IS_ROOT
    inner = unit["ControlGroup"] + ("/container" if host.is_v2_only() else "")
    for line in Path(f"/proc/{container.pid}/cgroup").read_text().splitlines():
        assert line.endswith(f":{inner}"), line
    container.kill_and_delete()
    assert not host.cgroup_dirs(place.name)
    systemctl("stop", f"{PREFIX}.slice")


@systemd
@v2
@pytest.mark.parametrize("name", ["inner", ""])
def test_subgroup(runtime, bundle, name):
    bundle.config["annotations"] = {"run.oci.systemd.subgroup": name}
    bundle.resources["pids"] = {"limit": 33}
    container = runtime.start(bundle)
    assert payload(container).name == (name or scope(container))
    assert (payload(container) / "pids.max").read_text() == "33\n"
    container.exec_output("true")


@systemd
def test_annotations(runtime, bundle):
    bundle.config["annotations"] = {"org.systemd.property.TimeoutStopSec": "1.5",
                                    "org.systemd.property.After": "['basic.target']",
                                    "org.systemd.property.TasksMax": "uint64 99"}
    unit = show(scope(runtime.start(bundle)))
    assert unit["TimeoutStopUSec"] == "1.500000s" or unit["TimeoutStopUSec"] == "1.5s"
    assert "basic.target" in unit["After"] and unit["TasksMax"] == "99"


@systemd
def test_moved_by_an_annotation(runtime, bundle, leaves_no_unit):
    """To where linux.cgroupsPath does not say: the container would be in no unit at all."""
    bundle.config["annotations"] = {"org.systemd.property.Slice": f"'{PREFIX}-moved.slice'"}
    name = runtime.new_id()
    result = runtime.run(bundle, id=name)
    assert result.status == 1 and "/linux/cgroupsPath" in result.err and "has no cgroup" in result.err
    assert not host.cgroup_dirs(f"hako-{name}")
    systemctl("stop", f"{PREFIX}.slice")


@systemd
@pytest.mark.parametrize("name,value", [("Nosuch", "uint64 5"), ("TasksMax", "'many'"), ("CollectMode", "'x'"),
                                        ("TimeoutStopSec", "'x'"), ("TasksMax", "uint64")])
def test_wrong_annotations(runtime, bundle, name, value):
    bundle.config["annotations"] = {f"org.systemd.property.{name}": value}
    result = runtime.run(bundle)
    assert result.status == 1 and f"/annotations/org.systemd.property.{name}" in result.err


@systemd
@pytest.mark.parametrize("path", ["/docker/web", "system.slice:hako:", "system.slice:ha ko:web", "a--b.slice:p:n"])
def test_wrong_paths(runtime, bundle, path):
    bundle.linux["cgroupsPath"] = path
    result = runtime.run(bundle)
    assert result.status == 1 and "/linux/cgroupsPath" in result.err and "SLICE:PREFIX:NAME" in result.err


@systemd
@root
@v1
def test_v1(container, leaves_no_unit):
    """The same place in every hierarchy, and systemd has the limits too."""
    unit = show(scope(container))
    assert unit["Description"] == f"hako container {container.id}" and unit["DevicePolicy"] == "strict"
    for line in Path(f"/proc/{container.pid}/cgroup").read_text().splitlines():
        assert line.endswith(f":/system.slice/{scope(container)}"), line
    assert unit["MemoryLimit"] == str(64 * MiB) and unit["CPUShares"] == "512" and unit["TasksMax"] == "33"
    systemctl("daemon-reload")
    memory = host.cgroup_of(container.pid, "memory")
    assert (memory / "memory.limit_in_bytes").read_text() == f"{64 * MiB}\n"
    container.must("update", f"--memory={96 * MiB}")
    assert (memory / "memory.limit_in_bytes").read_text() == f"{96 * MiB}\n"
    assert show(scope(container))["MemoryLimit"] == str(96 * MiB)
    container.exec_output("true")
    container.kill_and_delete()
    assert not host.cgroup_dirs(scope(container)) and not is_loaded(scope(container))


USER_SESSION = ["setpriv", "--reuid=1000", "--regid=1000", "--init-groups", "env", "-i", "PATH=/usr/sbin:/usr/bin",
                "USER=user", "HOME=/home/user", "XDG_RUNTIME_DIR=/run/user/1000"]


@systemd
@root
@v2
@pytest.mark.needs(lambda: os.path.exists("/run/user/1000/bus"), "no user 1000 with a systemd of its own here")
@pytest.mark.parametrize("prefix", [[], ["unshare", "--map-root-user"]])
def test_from_outside(program, tmp, base_rootfs, prefix):
    """A user's processes are not always in the part of the hierarchy that the user may write to: in a login's
    session they are not. unshare: root of a user namespace, as in rootless podman's."""
    tmp.chmod(0o777)

    def hako(*args, prefix=()):
        command = [*USER_SESSION, *prefix, program, "--root", tmp / "state", "--systemd-cgroup", *args]
        with open(tmp / "log", "w+") as log:  # no pipe: the container keeps it
            status = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    timeout=60 * host.SLOW).returncode
            log.seek(0)
            text = log.read()
        assert status == 0, text
        return text

    bundle = tmp / "bundle"
    subprocess.run([*USER_SESSION, "mkdir", bundle, bundle / "rootfs"], check=True)
    hako("spec", "--rootless", "--bundle", bundle, prefix=prefix)
    made = json.loads((bundle / "config.json").read_text())
    made["root"]["path"] = str(base_rootfs)
    made["process"].update(terminal=False, args=["sleep", "1000"])
    made["linux"]["resources"] = {"pids": {"limit": 33}}
    (bundle / "config.json").write_text(json.dumps(made))
    name = f"{PREFIX}-outside"
    hako("run", "--detach", "--bundle", bundle, name, prefix=prefix)
    cgroup = host.cgroup_of(json.loads(hako("state", name))["pid"], "")
    assert f"user@1000.service/user.slice/hako-{name}.scope/container" in str(cgroup)
    assert (cgroup / "pids.max").read_text() == "33\n"
    hako("exec", "--detach", name, "sleep", "1000")
    assert (cgroup / "pids.current").read_text() == "2\n"
    hako("delete", "--force", name)
    assert not cgroup.exists()


@systemd
@pytest.mark.needs(lambda: not IS_ROOT, "for an ordinary user")
def test_system_bus_refuses_a_user(runtime, bundle):
    bundle.write()
    result = runtime.call("--rootless=false", "run", "--bundle", bundle.path, runtime.new_id())
    assert result.status == 1 and "--rootless=true asks the user's own" in result.err


@built
@pytest.mark.parametrize("rootless", ["false", "true"])
def test_bus_is_missed_by_name(runtime, bundle, rootless):
    """On every host: what to do about it."""
    bundle.write()
    env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent",
           "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    result = runtime.call("--rootless", rootless, "run", "--bundle", bundle.path, runtime.new_id(), env=env)
    assert result.status == 1 and "--cgroup-manager=cgroupfs" in result.err
    assert ("enable-linger" in result.err) == (rootless == "true")


@built
def test_features(runtime):
    cgroup = json.loads(runtime.must("features", root=False).out)["linux"]["cgroup"]
    assert cgroup["systemd"] is True and cgroup["systemdUser"] is True
