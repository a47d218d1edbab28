"""What came of the tests: counts, failures, reasons for skipping, and the matrix of docs/compat.md."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter


HAKO = "hako"


class Tally:
    """What happened so far: counts, the names of what failed, what was skipped and why. What one suite or
    machine skips and another one runs is not skipped: on cgroup v1 the tests of v2, and in the VM those of v1."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.maybe_skipped = []  # (name, reason, test)
        self.ran = set()  # tests, whatever suite they ran for
        self.matrix = {}  # {(flavour of host, runtime): {("suite/module", test): outcome}}, for docs/compat.md

    def add(self, name, outcome, detail="", test=None):
        """test: what the name says without the suite."""
        if outcome == "skipped":
            self.maybe_skipped.append((name, detail, test))
            return
        self.ran.add(test or name)
        if outcome == "passed":
            self.passed += 1
        else:
            self.failed.append((name, detail))

    def note(self, flavour, runtime, group, test, outcome):
        self.matrix.setdefault((flavour, runtime), {})[group, test] = outcome

    @property
    def skipped(self):
        """[(name, reason)]"""
        return [(name, reason) for name, reason, test in self.maybe_skipped if test not in self.ran]

    def write_matrix(self, path):
        """For docs/generate. "hosts": {flavour: {group: [passed, failed, skipped]}} of hako; "peers": {peer:
        {group: {"ran": how many tests both ran, "failed": those that hako passes and the peer does not}}}"""
        hosts, peers = {}, {}
        for (flavour, runtime), outcomes in self.matrix.items():
            if runtime == HAKO:
                hosts[flavour] = by_group(outcomes)
            else:
                ours = self.matrix.get((flavour, HAKO), {})
                peers[runtime] = differences(ours, outcomes)
        path.write_text(json.dumps({"hosts": hosts, "peers": peers}, indent=1, sort_keys=True) + "\n")

    def report(self):
        skipped = self.skipped
        if skipped:
            print("\nskipped:")
            reasons = {}
            for name, reason in skipped:
                reasons.setdefault(reason, []).append(name)
            for reason, names in reasons.items():
                print(f"  {reason}")
                for line in names if len(names) <= 12 else by_module(names):
                    print(f"    {line}")
        if self.failed:
            print("\nfailed:")
            for name, detail in self.failed:
                print(f"  {name}  {detail}")
        print(f"{self.passed} passed, {len(self.failed)} failed, {len(skipped)} skipped")
        return 0 if self.passed and not self.failed else 1


def by_group(outcomes):
    """{group: [passed, failed, skipped]}"""
    counts = Counter((group, outcome) for (group, _), outcome in outcomes.items())
    return {group: [counts[group, outcome] for outcome in ("passed", "failed", "skipped")]
            for group in {group for group, _ in outcomes}}


def differences(ours, theirs):
    found = {}
    for (group, test), outcome in theirs.items():
        if ours.get((group, test)) == "passed" and outcome != "skipped":
            row = found.setdefault(group, {"ran": 0, "failed": []})
            row["ran"] += 1
            if outcome == "failed":
                row["failed"].append(test)
    return found


def by_module(names):
    """["suite: module: 12 tests"] of long lists of names."""
    counts = Counter(name.rsplit(": ", 1)[0] for name in names)
    return [f"{module}: {count} tests" for module, count in counts.items()]


def first_line(text):
    lines = (text or "").strip().splitlines()
    return lines[0].strip() if lines else ""


def count_unit(prefix, report, status, tally):
    failed = len(tally.failed)
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        count_cmocka(f"{prefix}: {case.get('name')}", case, tally)
    if status != 0 and len(tally.failed) == failed:
        tally.add(prefix, "failed", f"ctest ended with status {status}")


def count_cmocka(name, case, tally):
    """The tests inside one program, from what cmocka printed; else the program as a whole."""
    results = re.findall(r"^\[ RUN +\] (.+)\n(.*?)^\[ +(OK|SKIPPED|FAILED) +\] \1$",
                         case.findtext("system-out") or "", re.M | re.S)
    for test, said, outcome in results:
        if outcome != "FAILED":
            tally.add(f"{name}: {test}", "passed" if outcome == "OK" else "skipped",
                      first_line(said) or "skipped by the test itself")
    failed = [test for test, _, outcome in results if outcome == "FAILED"]
    failure, skipped = case.find("failure"), case.find("skipped")
    if failure is not None:
        tally.add(name, "failed", " ".join(failed) or first_line(failure.get("message")))
    elif skipped is not None:
        # ctest says "skipped" of a program that was not built, too.
        tally.add(name, "failed", first_line(skipped.get("message")))
    elif not results:
        tally.add(name, "passed")


def cases(report):
    """[(class name, name, outcome, detail)] of a pytest report."""
    found = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        outcome, detail = "passed", ""
        for element, meaning in (("skipped", "skipped"), ("failure", "failed"), ("error", "failed")):
            said = case.find(element)
            if said is not None:
                outcome, detail = meaning, first_line(said.get("message") or said.text)
        found.append((case.get("classname") or "", case.get("name"), outcome, detail))
    return found


def count_pytest(label, report, status, tally, may_be_empty):
    for place, name, outcome, detail in cases(report):
        module = place.split(".")[-1]
        test = f"{module}: {name}" if module else name
        tally.add(f"{label}: {test}", outcome, detail, test)
    # 5: nothing was collected
    if status not in (0, 1) and not (status == 5 and may_be_empty):
        tally.add(label, "failed", f"pytest ended with status {status}")


def count_matrix(report, tally, flavour, runtime=HAKO):
    """The same report for the matrix, in which other runtimes have a place too."""
    for place, name, outcome, _ in cases(report):
        tally.note(flavour, runtime, "/".join(place.split(".")[-2:]).replace("/test_", "/"), name, outcome)
