"""Reads the reports that pytest writes."""

import xml.etree.ElementTree as ElementTree


def first_line(text):
    lines = (text or "").strip().splitlines()
    return lines[0].strip() if lines else ""


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
