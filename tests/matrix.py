"""Which test passed on which kind of host. docs/generate makes the end of docs/compat.md of it."""

import json
import re

from junit import cases

# Thousands of errors of the parser, of which the host has no part.
LEFT_OUT = {"integration/malformed"}
LETTERS = {"passed": "p", "failed": "f", "skipped": "s"}
NOT_RUN = "-"


def group_of(place):
    """"suite/module", of pytest's "tests.suite.test_module" or "tests.suite.test_module.TestClass"."""
    suite, module = re.search(r"(\w+)\.test_(\w+)", place).groups()
    return f"{suite}/{module}"


class Matrix:
    """What ran now, and the file to which it is added. "columns": [[runtime, kind of host]]; "tests":
    {"suite/module": {test: a letter for each column}}."""

    def __init__(self):
        self.columns = {}  # {(runtime, flavour): {("suite/module", test): letter}}

    def add(self, report, flavour, runtime="hako"):
        """The tests of a report of pytest's."""
        column = self.columns.setdefault((runtime, flavour), {})
        for place, name, outcome, _ in cases(report):
            group = group_of(place)
            if group not in LEFT_OUT:
                column[group, name] = LETTERS[outcome]

    def update(self, path, filtered):
        """Replace in the file what has run now, modules as a whole where the tests were not filtered: a full run
        takes hours, and may be made of parts."""
        columns = read(path)
        for key, tests in self.columns.items():
            replaced = set() if filtered else {group for group, _ in tests}
            kept = {test: letter for test, letter in columns.get(key, {}).items() if test[0] not in replaced}
            columns[key] = kept | tests
        write(path, columns)


def read(path):
    if not path.exists():
        return {}
    found = json.loads(path.read_text())
    return {tuple(key): {(group, test): letters[i]
                         for group, tests in found["tests"].items() for test, letters in tests.items()
                         if letters[i] != NOT_RUN}
            for i, key in enumerate(found["columns"])}


def write(path, columns):
    keys = sorted(columns)
    tests = {}
    for group, test in sorted({test for column in columns.values() for test in column}):
        tests.setdefault(group, {})[test] = "".join(columns[key].get((group, test), NOT_RUN) for key in keys)
    path.write_text(json.dumps({"columns": keys, "tests": tests}, indent=0) + "\n")
