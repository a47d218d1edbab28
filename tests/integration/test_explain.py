"""`hako explain`: what create would do, from the same plan, without doing it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.hako_only
SCHEMAS = Path(__file__).resolve().parents[2] / "schema"


@pytest.fixture
def explain(runtime):
    def explain(bundle, *options):
        bundle.write()
        return json.loads(runtime.must("explain", "--format", "json", *options, bundle.path).out)

    return explain


@pytest.fixture
def rich(bundle, tmp):
    """A bundle with something of everything that the runtime itself does."""
    bundle.linux["cgroupsPath"] = "/explained"
    bundle.resources["pids"] = {"limit": 64}
    for kind in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart"):
        bundle.hook(kind, "/bin/true", timeout=5)
    return bundle.bind(tmp, "/data", "ro")


@pytest.mark.shows("explain --format")
def test_fits_the_schema(explain, rich):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / "plan.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(explain(rich))


@pytest.mark.shows("explain")
def test_order_and_origin(explain, rich):
    steps = explain(rich)["steps"]
    names = [step["step"] for step in steps]
    assert names[0] == "state" and "clone" in names
    assert names.index("cgroup") < names.index("cgroup_write") < names.index("clone") < names.index("mount")
    assert names.index("mount") < names.index("pivot") < names.index("credentials") < names.index("exec")
    hooks = [(step["by"], step["arguments"]["name"]) for step in steps if step["step"] == "hook"]
    assert hooks == [("runtime", "prestart"), ("runtime", "createRuntime"), ("init", "createContainer"),
                     ("init", "startContainer"), ("runtime", "poststart")]
    by_property = {step.get("property"): step for step in steps}
    assert by_property["/linux/resources/pids/limit"]["arguments"]["value"] == "64"
    assert by_property["/mounts/7"]["arguments"]["attrs_set"] == ["ro"]
    assert by_property["/linux/resources/devices/0"]["arguments"]["rule"] == "deny"


def test_every_property_is_in_the_configuration(explain, rich):
    for step in explain(rich)["steps"]:
        node = rich.config
        for token in step.get("property", "").split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            node = node[int(token)] if isinstance(node, list) else node[token]


def test_text_and_json_say_the_same(runtime, explain, rich):
    names = [step["step"] for step in explain(rich)["steps"]]
    lines = runtime.must("explain", rich.path).out.splitlines()
    assert [line.split()[0] for line in lines] == names


@pytest.mark.shows("explain --id")
def test_limits_are_those_that_are_written(explain, runtime, bundle):
    bundle.resources["pids"] = {"limit": 77}
    bundle.sleep()
    identity = runtime.new_id()
    writes = [step["arguments"] for step in explain(bundle, "--id", identity)["steps"]
              if step["step"] == "cgroup_write"]
    if not Path(writes[0]["dir"]).parent.is_dir():
        pytest.skip("no pids controller here")
    container = runtime.create(bundle, id=identity)
    for write in writes:
        assert (Path(write["dir"]) / write["file"]).read_text().strip() == write["value"]
    container.must("delete", "--force")


def test_without_root(bundle, program):
    bundle.write()
    os.chmod(bundle.path, 0o755)
    result = subprocess.run(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", program, "explain",
                             bundle.path], capture_output=True, text=True, env={})
    if "permission denied" in result.stderr.lower():
        pytest.skip("the program is not executable by another user")
    assert result.returncode == 0, result.stderr
    assert "\nexec  args=[/bin/true]" in result.stdout


def test_nothing_is_made(explain, runtime, rich):
    explain(rich, "--id", runtime.new_id())
    assert not runtime.ids()


def test_what_cannot_be_planned_is_an_error(runtime, bundle):
    bundle.process["cwd"] = "here"
    bundle.write()
    result = runtime.call("explain", bundle.path)
    assert result.status == 1 and "/process/cwd" in result.err and not result.out
    assert runtime.call("explain", "--format", "yaml", bundle.path).status == 1


@pytest.mark.shows("explain --config")
def test_another_file(runtime, bundle, tmp):
    bundle.config["hostname"] = "elsewhere"
    bundle.write()
    (bundle.path / "config.json").rename(tmp / "other.json")
    out = runtime.must("explain", "--config", tmp / "other.json", bundle.path).out
    assert "elsewhere" in out
