"""`hako doctor`: what this host offers. What it says is compared with what the host says itself, and with
what happens where something is taken away."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import host

pytestmark = [pytest.mark.hako_only, pytest.mark.shows("doctor")]
SCHEMAS = Path(__file__).resolve().parents[2] / "schema"
USER = 64321  # an id that no one has


def read(result):
    """What it printed, as {(section, name): item}; its status fits."""
    report = json.loads(result.stdout)
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / "doctor.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(report)
    assert result.returncode == (0 if report["usable"] else 1), result.stderr
    items = {(item["section"], item["name"]): item for item in report["items"]}
    missing = [name for name, item in items.items() if item["essential"] and item["status"] == "missing"]
    assert report["usable"] == (not missing)
    return items


@pytest.fixture
def doctor(runtime):
    """doctor(*arguments, before=[...]): the items; before is what starts the program."""
    def doctor(*args, before=(), **more):
        command = [*before, runtime.program, "--root", str(runtime.root), "doctor", "--format", "json", *args]
        return read(subprocess.run(list(map(str, command)), capture_output=True, text=True,
                                   stdin=subprocess.DEVNULL, timeout=60, **more))

    return doctor


@pytest.fixture
def public_program(runtime, tmp):
    """The program where another user may execute it."""
    os.chmod(tmp, 0o755)
    program = tmp / "hako"
    shutil.copy(runtime.program, program)
    return program


@pytest.mark.shows("doctor --format")
def test_it_says_what_the_host_says(doctor):
    items = doctor()
    assert os.uname().release in items["kernel", "release"]["found"]
    for kind in ("mount", "pid", "ipc", "uts", "network"):
        assert items["namespaces", kind]["essential"]
    limit = Path("/proc/sys/user/max_uts_namespaces").read_text().strip()
    assert limit in items["namespaces", "uts"]["found"]
    assert (items["programs", "ps"]["status"] == "ok") == bool(shutil.which("ps"))
    assert (items["systemd", "systemd"]["status"] == "ok") == os.path.exists("/run/systemd/system")
    pid_max = Path("/proc/sys/kernel/pid_max").read_text().strip()
    assert items["limits", "pid_max"]["found"] == pid_max


def test_a_usable_host_is_usable(doctor, runtime, bundle):
    assert doctor()["storage", "state directory"]["status"] == "ok"
    assert runtime.run(bundle).status == 0


def test_controllers_are_where_they_are(doctor):
    items, hierarchies = doctor(), host.cgroup_hierarchies()
    for name in ("memory", "pids", "cpuset"):
        if name in hierarchies:
            assert items["cgroups", name]["status"] == "ok"
            assert items["cgroups", name]["found"].startswith(f"v1, {hierarchies[name]}")
        elif "" in hierarchies:
            listed = name in (hierarchies[""] / "cgroup.controllers").read_text().split()
            assert (items["cgroups", name]["status"] == "missing") == (not listed)
    assert items["cgroups", "layout"]["status"] == ("ok" if hierarchies else "missing")


def test_capabilities(doctor):
    ours, items = host.host_capabilities(), doctor()
    for number, name in ((21, "CAP_SYS_ADMIN"), (24, "CAP_SYS_RESOURCE"), (12, "CAP_NET_ADMIN")):
        assert (items["privileges", name]["status"] == "ok") == bool(ours >> number & 1)


def test_a_capability_that_is_taken_away(doctor):
    items = doctor(before=["setpriv", "--bounding-set", "-net_admin"])
    item = items["privileges", "CAP_NET_ADMIN"]
    assert item["status"] == "missing" and "loopback" in item["neededFor"] and item["advice"]


def test_without_an_essential_capability_no_container_can_be_run(doctor, runtime, bundle):
    before = ["setpriv", "--bounding-set", "-sys_admin"]
    assert doctor(before=before)["privileges", "CAP_SYS_ADMIN"]["status"] == "missing"
    bundle.write()
    result = subprocess.run([*before, runtime.program, "--root", runtime.root, "run", "--bundle",
                             bundle.path, runtime.new_id()], capture_output=True)
    assert result.returncode == 1


@pytest.mark.needs(lambda: subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode == 0,
                   "no user namespaces here")
def test_a_limit_on_namespaces(doctor):
    """Each user namespace has limits of its own."""
    script = 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"'
    items = doctor(before=["unshare", "-Ur", "sh", "-c", script, "sh"])
    item = items["namespaces", "network"]
    assert item["status"] == "missing" and "max_net_namespaces" in item["advice"]
    assert items["privileges", "user"]["status"] == "limited"
    assert items["namespaces", "uts"]["status"] == "ok"


def test_a_state_directory_that_cannot_be(runtime):
    result = subprocess.run([runtime.program, "--root", "/etc/passwd/state", "doctor", "--format", "json"],
                            capture_output=True, text=True)
    item = read(result)["storage", "state directory"]
    assert item["status"] == "missing" and "--root" in item["advice"]


def test_id_mapped_mounts_of_a_directory(doctor, runtime, tmp):
    """procfs cannot be id-mapped."""
    if doctor()["storage", "id-mapped mounts"]["status"] == "unknown":
        pytest.skip("no privilege to map ids")
    item = doctor("/proc")["storage", "id-mapped mounts"]
    assert item["status"] == "missing" and "/proc (proc)" in item["found"]
    result = runtime.call("doctor", tmp / "nowhere")
    assert result.status == 1 and "nowhere': no such file" in result.err and not result.out


def test_programs_are_those_of_path(doctor, tmp):
    """Then those of the usual places, where checkpoint and ps look as well."""
    usual = {"criu": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "ps": "/usr/bin:/bin"}
    items = doctor(env={"PATH": str(tmp)})
    for name, path in usual.items():
        expect = shutil.which(name, path=path) or "neither in PATH nor in a usual place"
        assert items["programs", name]["found"].startswith(expect)
        (tmp / name).write_text("#!/bin/sh\n")
        (tmp / name).chmod(0o755)
    items = doctor(env={"PATH": f":relative:{tmp}"}, cwd=tmp)
    assert all(items["programs", name]["found"].startswith(f"{tmp}/{name}") for name in usual)


@pytest.mark.needs(lambda: shutil.which("criu"), "criu is not installed")
def test_criu_is_asked(doctor):
    content = subprocess.run(["criu", "check"], capture_output=True).returncode == 0
    item = doctor()["programs", "criu"]
    assert item["status"] == ("ok" if content else "limited")
    assert shutil.which("criu") in item["found"]


@pytest.mark.needs(lambda: os.path.isdir("/run/systemd/system"), "systemd does not run here")
def test_the_bus_of_the_user(doctor):
    """Root of a user namespace asks the user's service manager as well."""
    assert ("systemd", "user bus") not in doctor()
    item = doctor(before=["unshare", "-Ur"], env=os.environ | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nosuch"})
    assert item["systemd", "user bus"]["found"].startswith("/nosuch: ")


def test_an_ordinary_user_in_a_bare_environment(public_program, tmp):
    (tmp / "state").mkdir()
    os.chown(tmp / "state", USER, USER)
    result = subprocess.run([public_program, "--root", tmp / "state", "doctor", "--format", "json"],
                            user=USER, group=USER, extra_groups=[], env={}, capture_output=True, text=True)
    items = read(result)
    assert items["privileges", "user"]["status"] == "limited"
    assert items["namespaces", "new user namespace"]["essential"]
    assert f"0 ids for #{USER}" == items["id maps", "/etc/subuid"]["found"]
    assert items["cgroups", "groups for containers"]["status"] == "limited"
    assert items["storage", "state directory"]["status"] == "ok"
    assert items["storage", "id-mapped mounts"]["status"] == "unknown"
    assert items["kernel", "openat2"]["status"] == "ok"


def test_an_ordinary_user_without_a_place_for_state(public_program):
    result = subprocess.run([public_program, "--root", "/run/hako-doctor-none", "doctor", "--format", "json"],
                            user=USER, group=USER, extra_groups=[], env={}, capture_output=True, text=True)
    assert read(result)["storage", "state directory"]["status"] == "missing"


def test_without_proc(runtime):
    """What only follows from that is not said."""
    script = 'mount -t tmpfs none /proc && exec "$@"'
    result = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", runtime.program, "--root",
                             runtime.root, "doctor", "--format", "json"], capture_output=True, text=True)
    items = read(result)
    assert list(items) == [("kernel", "/proc")] and items["kernel", "/proc"]["status"] == "missing"


def test_a_filter_that_hides_a_system_call(runtime, bundle, doctor):
    """In a container whose seccomp profile does not know openat2, as an old engine's."""
    doctor()  # the host has it
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["openat2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}
    bundle.bind("/", "/mnt", "ro").mount("/mnt/proc", "proc", "proc").capabilities("CAP_SYS_CHROOT")
    bundle.args("/usr/sbin/chroot", "/mnt", runtime.program, "--root", "/nowhere", "doctor",
                "--format", "json")
    if not (bundle.rootfs / "usr/sbin/chroot").exists():
        bundle.process["args"][:1] = ["/bin/busybox", "chroot"]
    result = runtime.run(bundle)
    items = read(SimpleNamespace(stdout=result.out, stderr=result.err, returncode=result.status))
    assert items["kernel", "openat2"]["status"] == "missing"
    assert "seccomp filter" in items["kernel", "openat2"]["advice"]
    assert items["kernel", "clone3"]["status"] == "ok"


def test_the_table(runtime, doctor):
    result = runtime.call("doctor")
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 100 and "\033" not in result.out
    words = [line.split(None, 1) for line in lines if line.startswith("  ") and line[2] != " "]
    items = doctor()
    assert [status for status, _ in words] == [item["status"] for item in items.values()]
    for (status, rest), ((_, name), item) in zip(words, items.items()):
        assert rest.startswith(name)
    for item in items.values():
        if "advice" in item:
            assert item["advice"].split()[0] in result.out
    assert lines[-1].startswith("containers can be run here: ") == (result.status == 0)


def test_another_format_is_an_error(runtime):
    result = runtime.call("doctor", "--format", "xml")
    assert result.status == 1 and "invalid format option: xml" in result.err
