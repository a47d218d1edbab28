"""What came of the tests: counts, failures, reasons for skipping."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

from junit import cases, first_line
from matrix import Matrix


class Tally:
    """What happened so far: counts, the names of what failed, what was skipped and why. What one suite or
    machine skips and another one runs is not skipped: on cgroup v1 the tests of v2, and in the VM those of v1."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.maybe_skipped = []  # (name, reason, test)
        self.ran = set()  # tests, whatever suite they ran for
        self.matrix = Matrix()

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

    @property
    def skipped(self):
        """[(name, reason)]"""
        return [(name, reason) for name, reason, test in self.maybe_skipped if test not in self.ran]

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


def by_module(names):
    """["suite: module: 12 tests"] of long lists of names."""
    counts = Counter(name.rsplit(": ", 1)[0] for name in names)
    return [f"{module}: {count} tests" for module, count in counts.items()]


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


def count_pytest(label, report, status, tally, may_be_empty):
    for place, name, outcome, detail in cases(report):
        module = place.split(".")[-1]
        test = f"{module}: {name}" if module else name
        tally.add(f"{label}: {test}", outcome, detail, test)
    # 5: nothing was collected
    if status not in (0, 1) and not (status == 5 and may_be_empty):
        tally.add(label, "failed", f"pytest ended with status {status}")
