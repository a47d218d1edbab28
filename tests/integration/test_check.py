"""`hako check`: every problem of a bundle at once, and none where there is none. Runtime.fails() shows
for all the other tests that what fails was foreseen."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

import host

pytestmark = pytest.mark.hako_only
SCHEMAS = Path(__file__).resolve().parents[2] / "schema"


@pytest.fixture
def check(runtime):
    """check(bundle) gives the report; its status and form are looked at here."""
    def check(bundle, *options, **more):
        bundle.write()
        result = runtime.call("check", "--format", "json", *options, bundle.path, **more)
        report = json.loads(result.out)
        assert result.err == ""
        assert report["ok"] == (not report["problems"])
        assert result.status == (0 if report["ok"] else 1)
        assert Path(report["bundle"]) == bundle.path
        return report

    return check


def problems(report):
    return {problem.get("property", ""): problem["message"] for problem in report["problems"]}


def test_nothing_wrong(check, bundle):
    assert check(bundle) == {"bundle": str(bundle.path), "ok": True, "problems": [], "warnings": []}


@pytest.mark.shows("check --format")
def test_report_fits_the_schema(check, bundle):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / "check.schema.json").read_text())
    bundle.config["ociVersion"] = "7"
    bundle.process["capabilities"]["bounding"].append("CAP_NEWEST")
    report = check(bundle)
    jsonschema.Draft7Validator(schema).validate(report)
    assert report["problems"] and report["warnings"]


@pytest.mark.shows("check")
@pytest.mark.parametrize("path", [1, "x"], ids=["that cannot be read", "that are invalid"])
def test_too_many_problems(check, bundle, path):
    bundle.config["hooks"] = {"prestart": [{"path": path}] * 200}
    report = check(bundle)
    assert [problem.get("property") for problem in report["problems"]] == [
        *(f"/hooks/prestart/{i}/path" for i in range(100)), None]
    assert all(problem["position"] for problem in report["problems"][:100])
    assert report["problems"][100]["message"] == "there are more than 100 problems: the others are left out"


@pytest.mark.shows("check")
def test_everything_at_once(check, bundle):
    bundle.config["ociVersion"] = "2.0.0"
    bundle.process["cwd"] = "here"
    bundle.process["rlimits"].append({"type": "RLIMIT_NONE", "soft": 1, "hard": 1})
    bundle.config["hooks"] = {"prestart": [{"path": "/no/such/hook"}]}
    bundle.mount("/mnt", "nosuchfs", "none")
    bundle.bind("/no/such/source", "/mnt2")
    bundle.linux["sysctl"] = {"vm.swappiness": "1", "net.no_such_key": "1"}
    bundle.resources["memory"] = {"swap": 5}
    bundle.linux["devices"] = [{"type": "c", "path": "relative", "major": 1, "minor": 1}]
    assert set(problems(check(bundle))) == {
        "/ociVersion", "/process/cwd", "/process/rlimits/1/type", "/hooks/prestart/0/path",
        "/mounts/7/type", "/mounts/8/source", "/linux/sysctl/vm.swappiness",
        "/linux/sysctl/net.no_such_key", "/linux/resources/memory/swap", "/linux/devices/0/path"}


def test_warnings_are_those_of_create(check, runtime, bundle):
    bundle.process["capabilities"]["bounding"].append("CAP_NEWEST")
    bundle.config["annotations"] = {"dev.hako.misspelt": "1"}
    warnings = check(bundle)["warnings"]
    assert len(warnings) == 2
    result = runtime.run(bundle)
    assert result.status == 0
    assert all(warning in result.err for warning in warnings)
    bundle.linux["namespaces"][0]["type"] = "nonsense"
    assert len(check(bundle)["warnings"]) == 2


def test_each_has_its_position(check, bundle):
    bundle.process["cwd"] = "here"
    report = check(bundle)
    line = next(i for i, text in enumerate((bundle.path / "config.json").read_text().splitlines(), 1)
                if '"cwd"' in text)
    assert report["problems"][0]["position"].startswith(f"config.json:{line}:")


@pytest.mark.shows("check")
def test_text(runtime, bundle):
    bundle.process["cwd"] = "here"
    bundle.without_namespace("uts").write()
    result = runtime.call("check", bundle.path)
    assert result.status == 1
    assert "/process/cwd: 'here' is not an absolute path\n" in result.out
    assert '\thint: add {"type": "uts"} to linux.namespaces\n' in result.out
    assert result.out.endswith("2 problems, 0 warnings\n")


@pytest.mark.shows("check --config")
def test_another_file(runtime, bundle):
    bundle.write()
    (bundle.path / "other.json").write_text("{}")
    assert runtime.call("check", bundle.path).status == 0
    assert runtime.call("check", "--config", bundle.path / "other.json", bundle.path).status == 1
    assert runtime.call("check", cwd=bundle.path).status == 0


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "\0", '{"a":1,"a":2}', "[" * 200])
def test_not_even_json(runtime, bundle, text):
    bundle.write()
    (bundle.path / "config.json").write_text(text)
    result = runtime.call("check", "--format", "json", bundle.path)
    assert result.status == 1
    assert len(json.loads(result.out)["problems"]) == 1


def test_no_bundle(runtime, tmp):
    result = runtime.call("check", "--format", "json", tmp / "none")
    assert result.status == 1
    assert "no such file or directory" in json.loads(result.out)["problems"][0]["message"]
    result = runtime.call("check", "--format", "json", tmp)
    assert "config.json not found" in json.loads(result.out)["problems"][0]["message"]


def test_a_broken_namespace_list_says_no_more(check, bundle):
    """Nearly every rule would have something to say about the namespaces that are missing then."""
    bundle.linux["namespaces"][0]["type"] = "nonsense"
    assert set(problems(check(bundle))) == {"/linux/namespaces/0/type"}


def test_missing_root(check, bundle):
    bundle.config["root"]["path"] = "nowhere"
    assert set(problems(check(bundle))) == {"/root/path"}


def test_program(check, bundle):
    assert "executable file not found" in problems(check(bundle.args("nosuch")))["/process/args/0"]
    assert "no such file" in problems(check(bundle.args("/no/such")))["/process/args/0"]
    assert "permission denied" in problems(check(bundle.args("/etc/passwd")))["/process/args/0"]
    assert check(bundle.args("busybox"))["ok"]


def test_a_program_from_a_volume_cannot_be_known(check, bundle, tmp):
    (tmp / "tools").mkdir()
    bundle.bind(tmp / "tools", "/tools")
    assert check(bundle.args("/tools/any"))["ok"]


def test_place_of_a_mount(check, bundle, tmp):
    (tmp / "file").touch()
    (bundle.rootfs / "somefile").touch()
    bundle.bind(tmp / "file", "/home")
    assert "not a directory" in problems(check(bundle))["/mounts/7/destination"]


def test_file_system_options(check, bundle):
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["size=1m", "nosuchoption=1"])
    assert "nosuchoption" in problems(check(bundle))["/mounts/7/options"]


@pytest.mark.parametrize("destination", ["/proc/self", "/proc/sys/kernel", "/proc/../proc/1"])
def test_nothing_in_proc(check, bundle, tmp, destination):
    bundle.bind(tmp, destination)
    assert "/mounts/7/destination" in problems(check(bundle))


def test_file_in_the_place_of_a_device(check, bundle):
    (bundle.rootfs / "node").touch()
    bundle.linux["devices"] = [{"type": "c", "path": "/node", "major": 1, "minor": 3}]
    assert "/linux/devices/0/path" in problems(check(bundle))


def test_joined_namespaces(check, bundle, tmp):
    bundle.namespace("network", tmp / "nowhere")
    i = len(bundle.linux["namespaces"]) - 1
    assert f"/linux/namespaces/{i}/path" in problems(check(bundle))
    bundle.namespace("network", "/proc/self/ns/uts")
    assert "of type uts" in problems(check(bundle))[f"/linux/namespaces/{i}/path"]


def test_no_listener(check, bundle, tmp):
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(tmp / "agent.sock"),
        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_NOTIFY"}]}
    assert "/linux/seccomp/listenerPath" in problems(check(bundle))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp / "agent.sock"))
        assert check(bundle)["ok"]


def test_occupied_cgroup(check, runtime, make_bundle):
    other = make_bundle().sleep()
    name = f"/{runtime.new_id()}"
    other.linux["cgroupsPath"] = name
    container = runtime.start(other)
    bundle = make_bundle()
    bundle.linux["cgroupsPath"] = name
    assert "not empty" in problems(check(bundle))["/linux/cgroupsPath"]
    container.must("delete", "--force")
    assert check(bundle)["ok"]


@pytest.mark.needs(lambda: not host.has_capability(host.CAP_SYS_RESOURCE), "needs a runtime without CAP_SYS_RESOURCE")
def test_privileges_that_we_lack(check, bundle):
    bundle.process["oomScoreAdj"] = -1000
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 2**62, "hard": 2**62},
                                 {"type": "RLIMIT_NOFILE", "soft": 2**40, "hard": 2**40}]
    found = problems(check(bundle))
    assert "/process/oomScoreAdj" in found
    assert "nr_open" in found["/process/rlimits/1/hard"]


def test_terminal_needs_no_socket(check, bundle):
    bundle.process["terminal"] = True
    assert check(bundle)["ok"]


def test_a_user_without_privileges(runtime, bundle, program):
    """Who checks is who would create."""
    bundle.write()
    os.chmod(bundle.path, 0o755)
    result = subprocess.run(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", program, "check",
                             "--format", "json", bundle.path], capture_output=True, text=True,
                            env={"XDG_RUNTIME_DIR": "/nonexistent"})
    if "permission denied" in result.stderr.lower():
        pytest.skip("the program is not executable by another user")
    assert result.returncode == 1
    assert "/linux/namespaces" in {p.get("property") for p in json.loads(result.stdout)["problems"]}


def test_nothing_is_made(check, bundle, runtime):
    before = sorted(str(path) for path in bundle.path.rglob("*"))
    bundle.mount("/not/there/yet", "tmpfs", "tmpfs").writable()
    bundle.write()
    assert check(bundle)["ok"]
    assert sorted(str(path) for path in bundle.path.rglob("*") if path.name != "config.json") == before
    assert not runtime.ids()
