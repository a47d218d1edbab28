"""The list of requirements, which the test files add to: a requirement of the specification stands
beside the test that shows it, names one of another suite, or says why there is none, or why hako does
otherwise.

The words are ours, the section and the keyword are the specification's. The list is in the order of
the files and of the lines in them; docs/conformance.md is made of it."""

from dataclasses import dataclass, field

from catalogue import has_test
from specification import KEYWORDS, SECTIONS

REQUIREMENTS = []


@dataclass
class Requirement:
    section: str
    keyword: str
    text: str
    tests: list = field(default_factory=list)
    reason: str = ""
    departs: bool = False


def add(section, keyword, text):
    """The requirement of these words: one that several tests show is one requirement."""
    assert section in SECTIONS, f"{section} is not in specification.py"
    assert keyword in KEYWORDS, f"{keyword} is no keyword of RFC 2119"
    for known in REQUIREMENTS:
        if (known.section, known.keyword, known.text) == (section, keyword, text):
            return known
    REQUIREMENTS.append(Requirement(section, keyword, text))
    return REQUIREMENTS[-1]


def requirement(section, keyword, text):
    """Decorates the test that shows it. A test may show several, and take one from each of a list of
    parameters: that is what `each` is for."""
    entry = add(section, keyword, text)

    def decorate(test):
        entry.tests.append(f"conformance/{test.__module__}.py::{test.__name__}")
        return test

    return decorate


def each(section, keyword, text, values):
    """As requirement, for one requirement for each of the values, which are put into the text."""
    marks = [requirement(section, keyword, text.format(value)) for value in values]

    def decorate(test):
        for mark in marks:
            mark(test)
        return test

    return decorate


def covered(section, keyword, text, by):
    """A requirement that a test of another suite shows: "integration/test_x.py::test_y"."""
    assert has_test(by), f"there is no test {by}"
    add(section, keyword, text).tests.append(by)


def untested(section, keyword, text, reason):
    """A requirement without a test: nothing shows it from outside, or it binds someone else."""
    add(section, keyword, text).reason = reason


def departure(section, keyword, text, reason):
    """A requirement that hako does not meet, on purpose."""
    entry = add(section, keyword, text)
    entry.reason, entry.departs = reason, True

