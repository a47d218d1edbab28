"""Documents that are made from the tree are as the tree is, and what they say of others is true."""

import re
import shutil
import subprocess
import sys

import pytest

import tree

sys.path.insert(0, str(tree.SOURCE / "docs" / "generator"))

import compat  # noqa: E402
import tables  # noqa: E402


def test_the_conformance_document_is_up_to_date():
    generator = tree.SOURCE / "tests" / "conformance" / "document.py"
    result = subprocess.run([sys.executable, "-B", generator, "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_is_generated_is_up_to_date():
    result = subprocess.run([sys.executable, tree.SOURCE / "docs" / "generate", "--check"],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_command_and_flag_has_a_test():
    tree.none(compat.complaints(tables.read()))


UNKNOWN = re.compile("flag provided but not defined|unrecognized option|unknown command|No help topic")


def takes(program, name, directory):
    """Whether it knows a command or flag: with --help it does nothing else."""
    command, _, flag = name.rpartition("--") if "--" in name else (name, "", "")
    words = [program, *command.split(), *([f"--{flag}=1"] if flag else []), "--help"]
    result = subprocess.run(words, cwd=directory, capture_output=True, text=True, timeout=60,
                            stdin=subprocess.DEVNULL)
    return not UNKNOWN.search(result.stdout + result.stderr)


@pytest.mark.parametrize("runtime", compat.RUNTIMES)
def test_what_is_said_of_other_runtimes_is_true(runtime, tmp_path):
    if not shutil.which(runtime):
        pytest.skip(f"{runtime} not installed")
    about = tree.output(runtime, "--version")
    version = compat.version(re.search(r"version (\d+(?:\.\d+)+)", about).group(1))
    wrong = []
    for name, (columns, _) in compat.runtimes().items():
        said = columns[runtime]
        expected = said.holds(version) and (not said.needs or f"+{said.needs}" in about)
        if expected != takes(runtime, name, tmp_path):
            wrong.append(f"{name}: {runtime}'s column says {said or 'no'}")
    tree.none(wrong)


@pytest.mark.parametrize("runtime", compat.RUNTIMES)
def test_nothing_of_other_runtimes_is_left_out(runtime):
    """Each long option of their --help has a row."""
    if not shutil.which(runtime):
        pytest.skip(f"{runtime} not installed")
    known = compat.runtimes()
    wrong = []
    for command in ["", *(name for name in known if "-" not in name)]:
        text = subprocess.run([runtime, *command.split(), "--help"], capture_output=True, text=True).stdout
        for flag in re.findall(r"^ +(?:-\w, )*(--[a-z0-9-]+)", text, re.M):
            name = f"{command} {flag}".strip()
            if name not in known and flag not in ("--help", "--usage"):
                wrong.append(f"{runtime} {name}")
    tree.none(wrong)
