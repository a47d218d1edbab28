"""The end of docs/compat.md: on which kinds of hosts the tests ran, and where runc and crun differ. From
matrix.json (tests/matrix.py tells its form), to which each full run adds what it saw:

    tests/run --long --matrix docs/generator/matrix.json
    tests/run --long vm --machine v1 --matrix docs/generator/matrix.json    a part of it
    tests/run --peer crun --matrix docs/generator/matrix.json"""

import json
from pathlib import Path

HEAD = """## Where it runs

What the last full run of the test suite (`tests/run --long`) gave on each kind of host: tests that passed, and
those that failed or were skipped, for a host lacks something or the test is about another kind of host.
*rootless* is an ordinary user; *delegation* is a cgroup v2 that belongs to that user; *systemd manager* is
`--systemd-cgroup`; the *small kernel* has core scheduling, which Debian's have not, and no LSM.
"""

PEERS = """## Where runc and crun differ

The tests that need nothing but the command line of runc, with the distribution's runtimes (`tests/run --peer runc`):
how many of those that hako passes on the same kind of host a runtime passes too, and the others by name. Some are
about the words of an error, which differ, and some about what came behind these versions.
"""

ORDER = ["v1", "hybrid", "hybrid with systemd", "hybrid, systemd manager", "v2", "v2 with systemd",
         "v2, systemd manager", "v2 with SELinux", "v2, small kernel", "rootless, v2", "rootless, v2 with systemd",
         "rootless without delegation"]
HAKO = "hako"
PATH = Path(__file__).parent / "matrix.json"


class Found:
    """matrix.json"""

    def __init__(self, text):
        data = json.loads(text)
        self.keys = [tuple(key) for key in data["columns"]]
        self.tests = data["tests"]

    @property
    def hosts(self):
        return [(HAKO, flavour) for flavour in ORDER if (HAKO, flavour) in self.keys]

    @property
    def peers(self):
        return sorted((key for key in self.keys if key[0] != HAKO), reverse=True)

    def outcomes(self, group, key):
        """[(test, letter)] of a column."""
        i = self.keys.index(key)
        return [(test, letters[i]) for test, letters in self.tests[group].items()]

    def counts(self, group, key):
        letters = [letter for _, letter in self.outcomes(group, key)]
        return [letters.count(letter) for letter in "pfs"]

    def skipped_everywhere(self):
        """["suite/module: test"], on whatever kind of host it ran for hako."""
        ours = [i for i, key in enumerate(self.keys) if key[0] == HAKO]
        return [f"{group}: {test}" for group, tests in self.tests.items() for test, letters in tests.items()
                if {letters[i] for i in ours} - {"-"} == {"s"}]


def name(group):
    return group.replace("_", " ")


def table(columns, rows):
    lines = [["", *columns], *rows]
    lines = [f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in lines]
    return [lines[0], f"|{'---|' * (len(columns) + 1)}", *lines[1:]]


def cell(counts):
    passed, failed, skipped = counts
    words = [str(passed)] if passed else []
    words += [f"**{failed} failed**"] if failed else []
    words += [f"{skipped} skipped"] if skipped else []
    return ", ".join(words)


def hosts(found):
    rows, totals = [], [[0, 0, 0] for _ in found.hosts]
    for group in sorted(found.tests):
        counts = [found.counts(group, key) for key in found.hosts]
        totals = [[a + b for a, b in zip(*pair)] for pair in zip(totals, counts)]
        if any(map(any, counts)):
            rows.append([name(group), *map(cell, counts)])
    rows.append(["together", *map(cell, totals)])
    missed = found.skipped_everywhere()
    return [HEAD, *table([flavour for _, flavour in found.hosts], rows), "",
            *(["Skipped everywhere:", "", *(f"* `{test}`" for test in missed)] if missed
              else ["No test was skipped everywhere."])]


def peer_cell(found, group, key):
    ours = {test for test, letter in found.outcomes(group, (HAKO, key[1])) if letter == "p"}
    theirs = [(test, letter) for test, letter in found.outcomes(group, key) if test in ours and letter in "pf"]
    failed = [test for test, letter in theirs if letter == "f"]
    names = f": not {', '.join(f'`{test}`' for test in failed)}" if failed else ""
    return f"{len(theirs) - len(failed)} of {len(theirs)}{names}" if theirs else ""


def peers(found):
    rows = [[name(group), *(peer_cell(found, group, key) for key in found.peers)] for group in sorted(found.tests)]
    return [PEERS, *table([f"{runtime}, {flavour}" for runtime, flavour in found.peers],
                          [row for row in rows if any(row[1:])])]


def sections():
    """Lines of Markdown; none before the first full run."""
    if not PATH.exists():
        return []
    found = Found(PATH.read_text())
    return [*hosts(found), "", *(peers(found) if found.peers else []), ""]
