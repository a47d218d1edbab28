"""The tests by name, found without running anything: "integration/test_x.py::test_y"."""

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def functions(path):
    """[(function, decorators)] of the tests in a file; what stands on a class or in the module's
    pytestmark holds for each."""
    def walk(body, inherited):
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from walk(node.body, inherited + node.decorator_list)
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node, inherited + node.decorator_list

    tree = ast.parse(path.read_text())
    common = [node.value for node in tree.body if isinstance(node, ast.Assign)
              and getattr(node.targets[0], "id", "") == "pytestmark"]
    marks = [entry for value in common for entry in getattr(value, "elts", [value])]
    return walk(tree.body, marks)


def has_test(name):
    path, _, function = name.partition("::")
    file = TESTS / path
    return file.is_file() and any(node.name == function for node, _ in functions(file))


def shown():
    """{what @pytest.mark.shows names: [the tests that it stands on]}"""
    found = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node, decorators in functions(path):
            test = f"{path.relative_to(TESTS)}::{node.name}"
            for mark in decorators:
                if isinstance(mark, ast.Call) and getattr(mark.func, "attr", "") == "shows":
                    for argument in mark.args:
                        found.setdefault(ast.literal_eval(argument), []).append(test)
    return found


def link(name):
    """In Markdown, from docs/."""
    path, _, function = name.partition("::")
    return f"[{function}](../tests/{path})"
