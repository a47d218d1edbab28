"""config.md, Annotations, Extensibility and Valid values: what is not known, and what cannot be."""

import json

import pytest

from requirements import each, requirement, untested

SECTION = "config.md#annotations"
AUTHOR = "it binds who writes the configuration"

# Annotations


@requirement(SECTION, "MUST", "`annotations` is a map")
@pytest.mark.parametrize("value", [["a", "b"], "a=b", 1, True])
def test_annotations_are_a_map(runtime, bundle, value):
    bundle.config["annotations"] = value
    runtime.fails(bundle, command="create")


@requirement(SECTION, "MUST", "a key is a string")
def test_a_key_is_a_string(runtime, bundle):
    bundle.config["annotations"] = {"org.example.key": "value"}
    bundle.write()
    path = bundle.path / "config.json"
    path.write_text(path.read_text().replace('"org.example.key"', "17"))
    assert runtime.call("create", "--bundle", bundle.path, runtime.new_id()).status != 0


@requirement(SECTION, "MUST NOT", "a key is not empty")
@pytest.mark.hako_only
def test_a_key_is_not_empty(runtime, bundle):
    bundle.config["annotations"] = {"": "value"}
    runtime.fails(bundle, command="create")


untested(SECTION, "SHOULD", "a key is a name in reverse domain notation", AUTHOR)
untested(SECTION, "MUST", "a key of `org.opencontainers` is one of the specification's", AUTHOR)

for name in ("os", "os.version", "os.features", "architecture", "variant", "author", "created", "stopSignal"):
    untested(SECTION, "MUST", f"`org.opencontainers.image.{name}` has a value that the image specification "
             "allows", AUTHOR)
    if name != "stopSignal":
        untested(SECTION, "SHOULD", f"`org.opencontainers.image.{name}` is used as the image specification "
                 "converts it", AUTHOR)

untested(SECTION, "SHOULD", "`org.opencontainers.image.stopSignal` is used as the image specification "
         "converts it", AUTHOR)
untested(SECTION, "MUST NOT", "a later specification uses no reserved key of `org.opencontainers`",
         "it binds the specification")


@requirement(SECTION, "SHOULD", "`org.opencontainers.image.stopSignal` is the signal that kills the container")
@pytest.mark.hako_only
@pytest.mark.parametrize("value, given, expected", [
    ("SIGUSR1", [], "USR1"), ("10", [], "USR1"), ("SIGUSR1", ["TERM"], "TERM"), ("nonsense", [], "TERM")])
def test_stop_signal(runtime, bundle, value, given, expected):
    """Where kill is given none: runc has TERM then."""
    bundle.config["annotations"] = {"org.opencontainers.image.stopSignal": value}
    script = "; ".join(f"trap 'echo got {name}; exit' {name}" for name in ("TERM", "USR1"))
    container = runtime.start(bundle.sh(f"{script}; echo ready; while :; do sleep 0.02; done"))
    container.wait_output("ready")
    container.must("kill", *given)
    container.wait_stopped()
    assert f"got {expected}" in container.output


@requirement(SECTION, "MUST", "an annotation that is not known is passed over")
def test_an_unknown_annotation(runtime, bundle):
    bundle.config["annotations"] = {"org.example.nosuch": "x", "org.opencontainers.nosuch": "y", "plain": ""}
    assert runtime.create(bundle).state()["annotations"] == bundle.config["annotations"]


@requirement(SECTION, "MUST", "a value is a string")
@pytest.mark.parametrize("value", [1, True, None, {}, ["x"]])
@pytest.mark.hako_only
def test_a_value_is_a_string(runtime, bundle, value):
    bundle.config["annotations"] = {"org.example.a": value}
    runtime.fails(bundle, command="create")


@requirement(SECTION, "states", "a value can be empty, and so can the map")
@pytest.mark.parametrize("value", [{}, {"org.example.a": ""}])
def test_an_empty_value(runtime, bundle, value):
    bundle.config["annotations"] = value
    assert runtime.create(bundle).state().get("annotations", {}) == value


# Extensibility

UNKNOWN = {"nosuchProperty": {"deep": [1, {"x": None}]}}
PLACES = {"the top": lambda c: c, "process": lambda c: c["process"], "user": lambda c: c["process"]["user"],
          "root": lambda c: c["root"], "a mount": lambda c: c["mounts"][0], "linux": lambda c: c["linux"],
          "resources": lambda c: c["linux"].setdefault("resources", {}),
          "a namespace": lambda c: c["linux"]["namespaces"][0]}


@each("config.md#extensibility", "MUST", "a property that is not known is passed over: in {0}", PLACES)
def test_unknown_properties(runtime, bundle):
    for find in PLACES.values():
        find(bundle.config).update(UNKNOWN)
    assert runtime.run(bundle).status == 0


# Valid values

INVALID = {
    "process/terminal": "yes", "process/user/uid": -1, "process/user/gid": "root", "process/args": "sh",
    "process/env": {"A": "b"}, "process/env/0": 5, "process/oomScoreAdj": 1001,
    "process/noNewPrivileges": "true", "process/rlimits/0/soft": -1, "root/readonly": 1, "root/path": 5,
    "mounts": {}, "mounts/0/destination": 5, "mounts/0/options": "ro", "hostname": 5, "hooks": [],
    "linux/namespaces": {}, "linux/namespaces/0/type": "nosuch", "linux/rootfsPropagation": "nosuch",
    "linux/maskedPaths": "/proc", "linux/resources/pids/limit": "many"}
# What runc 1.1 lets pass.
LENIENT = {"process/oomScoreAdj"}


def put(config, path, value):
    *parents, last = path.split("/")
    for name in parents:
        config = config[int(name)] if isinstance(config, list) else config.setdefault(name, {})
    config[int(last) if isinstance(config, list) else last] = value


@each("config.md#valid-values", "MUST", "a value that is not valid is an error: {0}",
      [f"`{path}` {json.dumps(value)}" for path, value in INVALID.items()])
@pytest.mark.parametrize("path", [pytest.param(path, marks=pytest.mark.hako_only) if path in LENIENT else path
                                  for path in INVALID])
def test_an_invalid_value(runtime, bundle, path):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100}]
    bundle.resources["pids"] = {"limit": 100}
    put(bundle.config, path, INVALID[path])
    runtime.fails(bundle, command="create")
    assert runtime.ids() == []
