"""Writes docs/conformance.md from the requirements beside the tests and, at its end, what is told in
validation-suite.md; --check only compares.

tests/arch fails where the document is not what this writes, or where a requirement is missing."""

import importlib
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "conformance.md"
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

from catalogue import link  # noqa: E402
from requirements import REQUIREMENTS  # noqa: E402
from specification import SECTIONS, TEXT, VERSION  # noqa: E402

HEAD = """# Conformance

<!-- Written by tests/conformance/document.py from the requirements beside the tests. -->

What the [runtime specification {version}]({text}/spec.md)
asks of a Linux runtime, and what shows that hako does it. There is a row for each MUST, MUST NOT,
REQUIRED, SHOULD, SHOULD NOT and RECOMMENDED, and for some of what the text only states, in our words; the
headings lead to the text. A row ends with the tests that show it, which need only a command line like
runc's and run with `sudo tests/run conformance`, or with the reason why there is none. A test that needs
what a host lacks is skipped there and says so. The results of the specification's own validation suite
are [at the end](#the-specifications-validation-suite).
"""


def collect():
    """Import the test files: that fills the list."""
    for path in sorted(HERE.glob("test_*.py")):
        importlib.import_module(path.stem)


def complaints():
    """What is wrong with the list, in words."""
    found = [f"no test and no reason: {entry.section}: {entry.text}"
             for entry in REQUIREMENTS if not entry.tests and not entry.reason]
    found += [f"both tests and a reason not to test: {entry.section}: {entry.text}"
              for entry in REQUIREMENTS if entry.tests and entry.reason]
    rows = Counter(entry.section for entry in REQUIREMENTS if entry.keyword != "states")
    found += [f"{section}: {rows[section]} requirements, but its text has {stated}"
              for section, (_, stated) in SECTIONS.items() if rows[section] < stated]
    return found


def by_section():
    """[(section, its requirements)] in the order of the specification."""
    order = {section: number for number, section in enumerate(SECTIONS)}
    entries = sorted(REQUIREMENTS, key=lambda entry: order[entry.section])
    return [(section, list(group)) for section, group in groupby(entries, lambda entry: entry.section)]


def row(entry):
    why = "not met" if entry.departs else "not tested"
    shown = ", ".join(map(link, dict.fromkeys(entry.tests))) or f"*{why}:* {entry.reason}"
    return f"| {entry.keyword} | {entry.text} | {shown} |"


COLUMNS = {
    "MUST": lambda entry: entry.keyword in ("MUST", "MUST NOT", "SHALL", "SHALL NOT", "REQUIRED"),
    "SHOULD": lambda entry: entry.keyword in ("SHOULD", "SHOULD NOT", "RECOMMENDED"),
    "only stated": lambda entry: entry.keyword == "states",
    "shown by a test": lambda entry: entry.tests,
    "not tested": lambda entry: not entry.tests and not entry.departs,
    "not met": lambda entry: entry.departs,
}


def count(entries):
    return " | ".join(str(sum(map(bool, map(wanted, entries)))) for wanted in COLUMNS.values())


def summary():
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    documents = dict.fromkeys(section.partition("#")[0] for section in SECTIONS)
    for document in documents:
        entries = [entry for entry in REQUIREMENTS if entry.section.startswith(f"{document}#")]
        lines.append(f"| {document} | {count(entries)} |")
    return lines + [f"| together | {count(REQUIREMENTS)} |"]


def validation_suite():
    """One level down: it is a part of this document."""
    text = (HERE / "validation-suite.md").read_text()
    return [f"#{line}" if line.startswith("#") else line for line in text.splitlines()]


def generate():
    lines = [HEAD.format(version=VERSION, text=TEXT), *summary()]
    document = None
    for section, entries in by_section():
        if document != section.partition("#")[0]:
            document = section.partition("#")[0]
            lines += ["", f"## {document}"]
        lines += ["", f"### [{SECTIONS[section][0]}]({TEXT}/{section})", "",
                  "| | requirement | shown by |", "|---|---|---|", *map(row, entries)]
    return "\n".join([*lines, "", *validation_suite()]) + "\n"


def main(check):
    collect()
    found = complaints()
    if check and not found:
        written = DOCUMENT.read_text() if DOCUMENT.exists() else ""
        found = [] if written == generate() else [
            f"{DOCUMENT.name} is out of date: run {Path(__file__).name}"]
    if found:
        sys.exit("\n".join(found))
    if not check:
        DOCUMENT.write_text(generate())


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
