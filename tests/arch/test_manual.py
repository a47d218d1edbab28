"""The man pages: formatters take them without a warning, they are complete, and what they show works."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tree

sys.path.insert(0, str(tree.SOURCE / "docs" / "generator"))

import pages  # noqa: E402
import tables  # noqa: E402

MANUAL = sorted(pages.MAN.glob("*.[1-8]"))
TABLES = tables.read()
COMMANDS = [f"hako-{command.name}" for command in TABLES.commands]


def examples(name):
    """The fenced blocks of the prose of a page."""
    return re.findall(r"^```\n(.*?)^```$", (pages.PROSE / f"{name}.md").read_text(), re.M | re.S)


@tree.needs("groff")
@pytest.mark.parametrize("path", MANUAL, ids=lambda path: path.name)
def test_groff_has_no_warnings(path):
    result = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", path], capture_output=True, text=True)
    assert result.returncode == 0 and not result.stderr, result.stderr


@tree.needs("mandoc")
def test_mandoc_has_no_warnings():
    """But for the date, which the pages do not have."""
    result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *MANUAL], capture_output=True, text=True)
    tree.none([line for line in result.stdout.splitlines() if "missing date" not in line])


def test_every_page_is_there():
    assert {path.stem for path in MANUAL} == {"hako", "hako-config", "libhako", *COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_described(name):
    """In prose: more than its line of help."""
    if not (pages.PROSE / f"{name}.md").exists():
        pytest.fail(f"write docs/man/prose/{name}.md")
    prose = pages.sections(name)
    assert {"DESCRIPTION", "EXIT STATUS", "EXAMPLES"} <= set(prose)
    assert any("hako" in example for example in examples(name))


def test_an_option_is_described_once():
    """In a file: the page of a command may add to what it has in common with another."""
    terms = {path.stem: re.findall(r"^`(-.+)`$", path.read_text(), re.M) for path in pages.PROSE.glob("*.md")}
    tree.none([f"{name}: {term}" for name, found in terms.items() for term in set(found) if found.count(term) > 1])


def test_options_that_the_prose_explains_exist():
    sets = {"hako": TABLES.options, **{f"hako-{command.name}": command.options for command in TABLES.commands}}
    tree.none([f"{name}: {option}" for name, options in sets.items()
               for option in pages.terms(pages.sections(name).get("OPTIONS", ""))
               if option not in {f"--{known.name}" for known in options}])


@pytest.mark.parametrize("path", MANUAL, ids=lambda path: path.name)
def test_other_pages_that_are_named_exist(path):
    written = {path.stem for path in pages.PROSE.glob("*.md")}
    named = re.findall(r"\\fB((?:hako|libhako)[\w\\-]*)\\fR\((\d)\)", path.read_text())
    tree.none([f"{name}({section})" for name, section in named
               if name.replace("\\", "") not in written])


# A call in an example up to the next command of the line; "podman --runtime ... hako run" is none.
CALL = re.compile(r"(?:^|sudo |[;|&(] *|\$ |-n 1 )hako (.*?)(?=[;|&#)\"]|$)", re.M)


def test_options_in_examples_exist():
    known = {command.name: command.options for command in TABLES.commands}
    wrong = []
    for name in ["hako", *COMMANDS]:
        for call in CALL.findall("\n".join(examples(name))):
            options, early = list(TABLES.options), False
            for word in call.split():
                if word in known and options == TABLES.options:
                    options = known[word]
                    early = word in ("exec", "ps")  # those of another program may follow
                elif word.startswith("-") and word != "-" and not early:
                    names = [name for option in [*options, tables.HELP] for name in option.names]
                    wrong += [] if word.split("=")[0] in names else [f"{name}: {call}: {word}"]
    tree.none(wrong)


def test_configurations_in_the_manual_are_valid():
    """Those that are whole or a member of one."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((tree.SOURCE / "schema" / "config.schema.json").read_text())
    shown = [text for text in examples("hako-config") if '"$schema"' not in text]
    assert len(shown) >= 3
    for text in shown:
        config = json.loads(text if text.lstrip().startswith("{") else "{" + text + "}")
        base = {"ociVersion": "1.3.0", "root": {"path": "rootfs"}, "process": {"args": ["x"], "cwd": "/"}}
        jsonschema.validate({**base, **config}, schema)


@tree.needs("cc")
def test_the_program_in_the_manual_compiles(tmp_path):
    source = next(text for text in examples("libhako") if "int main" in text)
    (tmp_path / "example.c").write_text(source)
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{tree.SOURCE / 'include'}",
                    f"-I{tree.BUILD / 'include'}", "-fsyntax-only", tmp_path / "example.c"], check=True)


@tree.needs("man", "cmake")
def test_what_is_installed_is_found(tmp_path):
    """man, and the directories in which the shells look."""
    subprocess.run(["cmake", "--install", tree.BUILD], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(tmp_path)})
    share = next(tmp_path.glob("**/share/man")).parent
    for name in ("hako", "hako-run", "hako-config", "libhako"):
        assert tree.output("man", "-M", str(share / "man"), "-w", name).strip()
    for path in ("bash-completion/completions/hako", "zsh/site-functions/_hako",
                 "fish/vendor_completions.d/hako.fish", "doc/hako/compat.md"):
        assert Path(share / path).is_file()
