"""docs/compat.md: what runc, crun and hako have, and the tests that show it."""

import re
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tables import SOURCE

sys.path.insert(0, str(SOURCE / "tests" / "lib"))

import catalogue  # noqa: E402
import matrix  # noqa: E402

RUNTIMES = ["runc", "crun"]

HEAD = """# Commands and flags of runc, crun and hako

<!-- Written by docs/generate from the tables of src/cli, docs/generator/runtimes.txt and the marks
     @pytest.mark.shows of the tests. -->

A row for each command and flag that one of the three has. The last column has the tests that show it;
they run the real program, on real containers where there is one to it. *since 1.2*: earlier versions do
not have it; *until 1.3*: later ones do not. runc was read up to 1.5.1 and crun up to 1.29.1; a test
compares the columns with the runc and crun that are installed. What the flags mean is in the man pages
(`man hako-run`, or [man/](man/)).
"""


@dataclass
class Support:
    """In which versions a runtime has something: first and last as tuples, None for none."""
    first: tuple = None
    last: tuple = None
    needs: str = None  # what --version has to name

    @staticmethod
    def parse(text):
        match = re.fullmatch(r"([\d.]+)(?:-([\d.]+))?(?:\+(\w+))?", text)
        if not match:
            assert text == "-", f"runtimes.txt: {text}"
            return Support()
        first, last, needs = match.groups()
        return Support(version(first), version(last) if last else None, needs)

    def holds(self, installed):
        return (self.first is not None and installed >= self.first
                and (self.last is None or installed[:len(self.last)] <= self.last))

    def __str__(self):
        if self.first is None:
            return ""
        words = [f"since {dotted(self.first)}"] if self.first > (1, 0) else []
        words += [f"until {dotted(self.last)}"] if self.last else []
        words += [f"with {self.needs}"] if self.needs else []
        return f"yes, {', '.join(words)}" if words else "yes"


def version(text):
    return tuple(map(int, text.split(".")))


def dotted(numbers):
    return ".".join(map(str, numbers))


def runtimes():
    """{"exec --cap": ({"runc": Support, "crun": Support}, note)}"""
    found = {}
    for line in (Path(__file__).parent / "runtimes.txt").read_text().splitlines():
        facts, _, note = line.partition("#")
        fields = facts.split()
        if fields:
            columns = dict(zip(RUNTIMES, map(Support.parse, fields[-2:])))
            found[" ".join(fields[:-2])] = (columns, note.strip())
    return found


def own(tables):
    """{"exec --cap": Option, "exec": None}: what hako has."""
    found = {f"--{option.name}": option for option in tables.options}
    for command in tables.commands:
        found[command.name] = None
        found |= {f"{command.name} --{option.name}": option for option in command.options}
    return found


def complaints(tables):
    """What is wrong with the marks, in words."""
    marked, there = catalogue.shown(), own(tables)
    return [f"no test is marked @pytest.mark.shows(\"{name}\")" for name in there if name not in marked] + \
        [f"{tests[0]} shows \"{name}\", which hako does not have"
         for name, tests in marked.items() if name not in there]


def links(tests):
    """Of a file with many tests of the same, the file."""
    found = []
    for path, group in groupby(tests, lambda test: test.partition("::")[0]):
        group = list(group)
        found += map(catalogue.link, group) if len(group) <= 3 else [
            f"[{Path(path).name}](../tests/{path})"]
    return found


def row(name, there, others, marked):
    columns, note = others.get(name, (dict.fromkeys(RUNTIMES, Support()), ""))
    option = there.get(name)
    words = option.names if option else [name.split()[-1]]
    cells = [", ".join(f"`{word}`" for word in words), "yes" if name in there else "",
             *(str(columns[runtime]) for runtime in RUNTIMES), note,
             ", ".join(links(dict.fromkeys(marked.get(name, []))))]
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def generate(tables):
    there, others, marked = own(tables), runtimes(), catalogue.shown()
    sections = {}
    for name in {**there, **others}:
        command = name.partition(" ")[0]
        sections.setdefault("" if command.startswith("--") else command, []).append(name)
    lines = [HEAD]
    for command in sorted(sections):
        lines += [f"## {command or 'Before the command'}", "",
                  "| | hako | runc | crun | | shown by |", "|---|---|---|---|---|---|"]
        lines += [row(name, there, others, marked) for name in sorted(sections[command])] + [""]
    return {SOURCE / "docs" / "compat.md": "\n".join(lines + matrix.sections())}
