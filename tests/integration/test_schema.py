"""What hako prints fits the JSON Schemas that it ships in schema/."""

import json
import pathlib

import pytest

jsonschema = pytest.importorskip("jsonschema")
SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schema"

pytestmark = pytest.mark.hako_only


@pytest.fixture(scope="module")
def schema():
    document = json.loads((SCHEMAS / "state.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(document)
    return jsonschema.Draft7Validator(document)


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
