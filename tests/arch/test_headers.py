"""Every header compiles alone: the public ones as C99 and C++, the others as C17."""

import subprocess

import pytest

import tree

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


def compile_alone(command, include):
    result = subprocess.run([*command, "-"], input=f"#include {include}\n#include {include}\n", text=True,
                            capture_output=True)
    assert result.returncode == 0, result.stderr


def public_includes():
    return [f"-I{tree.SOURCE / 'include'}", f"-I{tree.BUILD / 'include'}"]


@pytest.mark.parametrize("header", tree.public_headers(), ids=lambda path: path.name)
def test_public_header_as_c99(header):
    compile_alone(["cc", "-std=c99", "-pedantic", *WARNINGS, *public_includes(), "-xc"],
                  f"<hako/{header.name}>")


@tree.needs("c++")
@pytest.mark.parametrize("header", tree.public_headers(), ids=lambda path: path.name)
def test_public_header_as_cxx(header):
    compile_alone(["c++", "-std=c++11", "-pedantic", *WARNINGS, *public_includes(), "-xc++"],
                  f"<hako/{header.name}>")


@pytest.mark.parametrize("header", tree.sources("*.h"), ids=tree.name)
def test_internal_header_as_c17(header):
    libraries = tree.cflags("yajl", "libcap", "libseccomp", "libmnl")
    compile_alone(["cc", "-std=gnu17", "-Ulinux", "-D_GNU_SOURCE", *WARNINGS, *public_includes(),
                   f"-I{tree.SRC}", f"-I{header.parent}", *libraries, "-xc"],
                  f'"{header.relative_to(tree.SRC)}"')
