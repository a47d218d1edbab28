"""The JSON Schemas in schema/: valid themselves, with a text for every property, and true of what hako
writes and reads. (tests/unit/spec/test_schema.c holds config.schema.json against the field tables.)"""

import json
import pathlib

import pytest

jsonschema = pytest.importorskip("jsonschema")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = SOURCE / "schema"

pytestmark = pytest.mark.hako_only


def validator(name):
    document = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return jsonschema.Draft7Validator(document)


@pytest.fixture(scope="module")
def schema():
    return validator("state")


def objects_in(schema, path=""):
    """Every object of a schema that has properties, and where."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "type" in schema:
            yield path, schema
        for key, value in schema.items():
            yield from objects_in(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from objects_in(value, f"{path}/{index}")


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.schema.json")), ids=lambda path: path.name)
def test_schemas_are_for_readers(path):
    document = json.loads(path.read_text())
    jsonschema.Draft7Validator.check_schema(document)
    assert document["$id"].endswith(f"/{path.name}") and document["title"] and document["description"]
    for where, found in objects_in(document):
        for name, schema in found["properties"].items():
            assert schema.get("description") or "$ref" in schema, f"{where}/properties/{name}"
        for name in found.get("required", []):
            assert name in found["properties"], f"{where}/required/{name}"


def test_examples_are_valid():
    """What the schema of config.json shows as an example."""
    document = json.loads((SCHEMAS / "config.schema.json").read_text())
    seen = 0
    for _, found in objects_in(document):
        for name, schema in found["properties"].items():
            check = jsonschema.Draft7Validator({**schema, "definitions": document["definitions"]})
            for example in schema.get("examples", []) + [schema[k] for k in ("default",) if k in schema]:
                check.validate(example)
                seen += 1
    assert seen > 100


def test_templates(runtime, tmp):
    for options in ([], ["--rootless"]):
        directory = tmp / f"bundle{len(options)}"
        directory.mkdir()
        runtime.must("spec", "--bundle", directory, *options, root=False)
        validator("config").validate(json.loads((directory / "config.json").read_text()))


@pytest.mark.parametrize("path", sorted((SOURCE / "tests/unit/spec/data").glob("*.json")), ids=lambda path: path.name)
def test_files_of_clients(path):
    validator("config").validate(json.loads(path.read_text()))


# Depends on the build: no commit in a tarball.
OPTIONAL_FEATURES = {("linux", "memoryPolicy"), ("linux", "intelRdt", "schemata"), ("linux", "intelRdt", "monitoring")}


def paths_of(schema, path=()):
    for name, below in schema.get("properties", {}).items():
        yield (*path, name)
        yield from paths_of(below, (*path, name))


def paths_in(value, path=()):
    for name, below in value.items() if isinstance(value, dict) else ():
        yield (*path, name)
        yield from paths_in(below, (*path, name))


def test_features(runtime):
    check = validator("features")
    features = json.loads(runtime.must("features", root=False).out)
    check.validate(features)
    missing = set(paths_of(check.schema)) - set(paths_in(features))
    assert {path for path in missing if not any(path[:n] in OPTIONAL_FEATURES for n in (2, 3))} == set()
    for path in (("linux",), ("linux", "cgroup"), ("linux", "seccomp"), ()):
        changed = json.loads(json.dumps(features))
        below = changed
        for name in path:
            below = below[name]
        below["unknown"] = True
        assert not check.is_valid(changed)


STATS = {"type": "stats", "id": "web", "data": {
    "cpu": {"usage": {"total": 5, "kernel": 2, "user": 3}, "throttling": {"periods": 1}},
    "memory": {"usage": {"limit": (1 << 64) - 1, "usage": 4096, "failcnt": 0}, "raw": {"anon": 0}},
    "pids": {"current": 1}, "hugetlb": {"2MB": {"failcnt": 0}},
    "blkio": {"ioServicedRecursive": [{"major": 8, "minor": 0, "op": "Read", "value": 1}]}}}


@pytest.mark.parametrize("event,valid", [
    (STATS, True), ({"type": "oom", "id": "web"}, True), ({"type": "oom", "id": "web", "data": None}, True),
    ({"type": "stats", "id": "web", "data": {}}, True), ({"type": "stats", "id": "web"}, False),
    ({"type": "stats", "id": "web", "data": None}, False), ({"type": "exit", "id": "web"}, False),
    ({"type": "oom"}, False), ({"type": "oom", "id": ""}, False), ({**STATS, "more": 1}, False),
    ({"type": "oom", "id": "web", "data": {"cpu": {}}}, False),
    ({"type": "stats", "id": "web", "data": {"cpu": {"usage": {"total": -1}}}}, False),
    ({"type": "stats", "id": "web", "data": {"disk": {}}}, False)])
def test_events(event, valid):
    assert validator("events").is_valid(event) == valid


def test_state_at_every_stage(runtime, bundle, schema):
    bundle.config["annotations"] = {"org.example.key": "value"}
    container = runtime.create(bundle.sh("exit 0"))
    seen = []
    for command in ("start", None):
        state = container.state()
        schema.validate(state)
        seen.append(state["status"])
        if command:
            container.must(command)
            container.wait_stopped()
    assert seen == ["created", "stopped"]
    assert set(state) == set(schema.schema["properties"])


def test_list_is_an_array_of_states(runtime, bundle, schema):
    container = runtime.create(bundle)
    listed = json.loads(runtime.must("list", "--format", "json").out)
    ours = [state for state in listed if state["id"] == container.id]
    assert len(ours) == 1
    for state in listed:
        schema.validate(state)
    assert ours[0]["owner"] != ""


def test_schema_refuses_another_document(runtime, bundle, schema):
    state = runtime.create(bundle).state()
    for change in ({"status": "starting"}, {"pid": -1}, {"extra": 1}, {"bundle": "relative"}):
        assert not schema.is_valid({**state, **change})
