"""Compilers, static analysers and shellcheck over the whole tree; tests/run calls it `lint`."""

import concurrent.futures
import json
import os
import shlex
import shutil
import subprocess

import pytest

import tree


def commands():
    """[(source, arguments)] of the build's own compile commands for files of src/."""
    entries = json.loads(tree.require(tree.BUILD / "compile_commands.json").read_text())
    found = {}
    for entry in entries:
        path = tree.Path(entry["file"])
        if tree.SRC in path.parents and path.exists():
            found[path] = shlex.split(entry["command"])[1:]
    return sorted(found.items())


def init_command(path):
    """The init image is compiled by one command of its own."""
    return ["-std=gnu17", "-Ulinux", "-D_GNU_SOURCE", f"-I{tree.SRC}", *WARNINGS, "-c", str(path)]


WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wno-sign-conversion",
            "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wformat=2", "-Wvla", "-Wundef"]


def everything():
    found = dict(commands())
    for path in tree.sources():
        if tree.layer(path) in tree.INSIDE and path not in found:
            found[path] = init_command(path)
    return sorted(found.items())


def over_all(job, items):
    """Run job over items on every core; the joined complaints."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return "\n".join(filter(None, pool.map(job, items)))


def complaint(command, directory=tree.BUILD):
    result = subprocess.run(command, capture_output=True, text=True, cwd=directory)
    return "" if result.returncode == 0 else (result.stdout + result.stderr).strip()


def without_output(arguments):
    """A compile command without what names its object."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument in ("-o", "-c"):
            skip = argument == "-o"
            continue
        kept.append(argument)
    return kept


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_compiler_warnings(compiler):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} not installed")
    # gcc sees what depends on data flow only when it optimizes.
    mode = ["-O2", "-c", "-o", "/dev/null"] if compiler == "gcc" else ["-fsyntax-only"]
    found = over_all(lambda item: complaint([compiler, *without_output(item[1]), "-Werror", *mode]),
                     everything())
    assert not found, found


@tree.needs("clang-tidy")
def test_clang_tidy():
    def tidy(item):
        path, arguments = item
        return complaint(["clang-tidy", "--quiet", f"--config-file={tree.SOURCE / '.clang-tidy'}", str(path),
                          "--", *without_output(arguments)[:-1]])
    found = over_all(tidy, everything())
    assert not found, found


@tree.needs("cppcheck")
def test_cppcheck():
    found = complaint([
        "cppcheck", "--quiet", "--std=c11", "--enable=warning,portability", "--error-exitcode=1",
        "--inline-suppr", "--suppress=missingIncludeSystem",
        # The embedded image lies between two symbols; outputs are often passed before they are set.
        "--suppress=comparePointers", "--suppress=uninitvar", "--suppress=internalAstError", f"-j{os.cpu_count()}", "-D_GNU_SOURCE",
        "-Ulinux", "--template={file}:{line}: {id}: {message}", f"-I{tree.SRC}",
        f"-I{tree.SOURCE / 'include'}", str(tree.SRC)])
    assert not found, found


@tree.needs("clang-format")
def test_clang_format():
    # Each version formats a little differently. Tables in headers are aligned by hand.
    if " 14." not in tree.output("clang-format", "--version"):
        pytest.skip("not clang-format 14, whose taste the tree follows")
    found = over_all(lambda path: complaint(["clang-format", "--dry-run", "-Werror", str(path)]),
                     [path for path in tree.tracked() if path.suffix == ".c"])
    assert not found, found


@tree.needs("shellcheck")
def test_shellcheck():
    scripts = [path for path in tree.tracked() if path.suffix == ".sh" or path.suffix == ""
               and path.read_bytes()[:64].split(b"\n")[0] in (b"#!/bin/sh", b"#!/bin/bash",
                                                              b"#!/usr/bin/env bash")]
    assert len(scripts) >= 3
    found = "\n".join(filter(None, (complaint(["shellcheck", "-x", tree.name(path)], tree.SOURCE) for path in scripts)))
    assert not found, found
