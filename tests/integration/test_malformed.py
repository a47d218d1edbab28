"""Malformed and contradictory config.json files (malformed.py): `create` fails with one line that names
the property, and nothing is left; `check` finds the same, whatever else it finds. Each case is a test;
they run at once, as many as there are CPUs, and the host is looked at when all are through."""

import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from containers import settled_leaks
from malformed import DATA, SCHEMA, cases

pytestmark = pytest.mark.hako_only

CASES = cases()


@pytest.fixture(scope="module", autouse=True)
def nothing_left(area):
    """In the place of the check after every test, which takes longer than such a test."""
    yield
    assert not settled_leaks(area)


class Bundles:
    """One for each thread, with a state directory of its own."""

    def __init__(self, runtime, area):
        self.runtime = runtime
        self.area = area
        self.local = threading.local()

    def directory(self):
        if not hasattr(self.local, "path"):
            self.local.path = self.area / f"malformed-{threading.get_ident()}"
            (self.local.path / "rootfs").mkdir(parents=True)
        return self.local.path

    def call(self, bundle, *args):
        return self.runtime.call("--root", bundle / "state", *args, root=False)

    def outcome(self, case):
        """place: of the value in the text. What create and check said, what create left."""
        bundle = self.directory()
        text, place = case.render()
        (bundle / "config.json").write_bytes(text)
        created = self.call(bundle, "create", "--bundle", bundle, "bad")
        left = os.listdir(bundle / "state") if (bundle / "state").exists() else []
        checked = self.call(bundle, "check", "--format", "json", bundle)
        return SimpleNamespace(place=place, created=created, left=left, checked=checked)


@pytest.fixture(scope="module")
def outcomes(session_runtime, area, request):
    """{name of a case: future} of the tests that were chosen."""
    chosen = [item.callspec.params["case"] for item in request.session.items
              if item.module is request.module and item.originalname == "test_refused"]
    bundles = Bundles(session_runtime, area)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        yield {case.name: pool.submit(bundles.outcome, case) for case in chosen}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.encode("unicode_escape").decode())
def test_refused(outcomes, case):
    outcome = outcomes[case.name].result()
    check_error(case, outcome.created, outcome.place)
    assert outcome.left == []
    check_report(case, outcome.checked)


def check_error(case, result, place):
    assert result.status == 1, result.err
    assert result.out == ""
    assert result.err.endswith("\n") and result.err.replace("\n", "").isprintable()
    line, *more = result.err.splitlines()
    assert all(re.match(r"\s+hint: ", text) for text in more), result.err
    assert len(line) <= 1024
    found = re.match(r"hako: create 'bad': config\.json:(\d+):(\d+)(?: (/[^ ]*(?: b)?))?: ", line)
    assert found, line
    assert found[3] == (case.pointer or None), line
    if place:
        assert (int(found[1]), int(found[2])) == place, line


def check_report(case, result):
    assert result.status == 1 and result.err == "", result.err
    assert result.out.replace("\n", "").isprintable()
    report = json.loads(result.out)
    assert not report["ok"]
    found = [problem.get("property", "") for problem in report["problems"]]
    assert (case.pointer or "") in found, report


def test_there_are_many():
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)


def names_of(schema, path=()):
    """Each property of the schema, by its path with "*" for indices and the keys of maps."""
    while "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if schema.get("description", "").startswith("Not read"):
        return
    yield path
    for name, below in schema.get("properties", {}).items():
        yield from names_of(below, (*path, name))
    for below in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(below, dict):
            yield from names_of(below, (*path, "*"))


def paths_in(value, path=()):
    yield path
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from paths_in(item, (*path, key))
        yield from paths_in(item, (*path, "*"))
    for item in value if isinstance(value, list) else ():
        yield from paths_in(item, (*path, "*"))


def test_every_property_is_there_to_be_broken():
    there = set()
    for path in DATA.glob("full*.json"):
        there |= set(paths_in(json.loads(path.read_text())))
    assert set(names_of(SCHEMA)) <= there
