"""What the build exports, depends on and keeps in memory."""

import os
import re
import subprocess

import pytest

import tree


def shared_library():
    return tree.require(tree.BUILD / "src" / "libhako.so")


def init_image():
    return tree.require(tree.BUILD / "src" / "init" / "hako-init.elf")


def cached(variable):
    cache = (tree.BUILD / "CMakeCache.txt").read_text()
    return re.search(rf"^{variable}:\w+=(.*)$", cache, re.M).group(1)


def declared():
    """The functions that the public headers promise."""
    text = "\n".join(tree.code(path) for path in tree.public_headers())
    return set(re.findall(r"\bHAKO_API\b[^;{]*?\b(hako_\w+)\s*\(", text))


def test_exported_symbols_are_the_declared_ones():
    exported = {symbol.split("@")[0] for kind, symbol in tree.symbols(shared_library(), "-D",
                "--defined-only") if kind != "A"}
    assert exported == declared()


def test_exported_symbols_carry_a_version():
    listing = tree.output("nm", "-D", "--with-symbol-versions", "--defined-only", str(shared_library()))
    names = [line.split()[-1] for line in listing.splitlines() if " A " not in line]
    assert names and [name for name in names if "@@HAKO_" not in name] == []


def test_the_version_script_names_only_declared_functions():
    script = tree.SRC / "lib" / "libhako.map"
    listed = set(re.findall(r"\b(hako_\w+)\s*;", script.read_text()))
    assert listed <= declared()


def test_soname_is_the_major_version():
    dynamic = tree.output("readelf", "-dW", str(shared_library()))
    assert re.search(r"SONAME.*\[libhako\.so\.\d+\]", dynamic)


def test_global_names_of_the_library_have_our_prefix():
    wrong = [f"{tree.name(source)}: {symbol}" for source, path in tree.objects().items()
             for kind, symbol in tree.symbols(path) if kind.isupper() and kind != "U"
             and not symbol.startswith(("hk_", "hako_"))]
    tree.none(wrong)


def test_the_library_keeps_no_writable_globals():
    wrong = []
    for source, path in tree.objects().items():
        for line in tree.output("objdump", "-t", str(path)).splitlines():
            match = re.match(r"[0-9a-f]+ .{7} (\.data|\.bss|\*COM\*)(\S*)\s+(\S+)\s+(.*)$", line)
            if match and int(match.group(3), 16) and not match.group(2).startswith(".rel.ro"):
                wrong.append(f"{tree.name(source)}: {match.group(4)}")
    tree.none(wrong)


def test_the_init_image_needs_no_library():
    image = str(init_image())
    assert "NEEDED" not in tree.output("readelf", "-dW", image)
    assert "INTERP" not in tree.output("readelf", "-lW", image)


def test_the_init_image_is_small():
    if "musl" not in os.path.basename(cached("HAKO_INIT_CC")):
        pytest.skip("the init image was not built with musl-gcc")
    assert init_image().stat().st_size <= 104 * 1024


# Where hako is linked statically it carries the second one.
PROGRAMS = [path for path in (tree.BUILD / "hako", tree.BUILD / "src" / "hako_dynamic") if path.exists()]


@pytest.mark.parametrize("path", [*PROGRAMS, tree.BUILD / "src" / "libhako.so"], ids=lambda path: path.name)
def test_hardening(path):
    path = str(path)
    assert re.search(r"FLAGS_1.*NOW|BIND_NOW", tree.output("readelf", "-dW", path))
    segments = tree.output("readelf", "-lW", path)
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.* RW ", segments)
    assert "DYN" in tree.output("readelf", "-hW", path), "not position independent"


def test_the_program_needs_only_the_documented_libraries():
    needed = re.findall(r"NEEDED.*\[(.*?)\]", tree.output("readelf", "-dW", *map(str, PROGRAMS)))
    assert needed
    allowed = re.compile(r"(libc|libyajl|libcap|libseccomp|ld-linux[-\w]*|libc\.musl-\w+)\.so")
    tree.none([library for library in needed if not allowed.match(library)])


def test_the_init_image_in_the_library_is_the_built_one():
    image = init_image().read_bytes()
    assert image in (tree.BUILD / "hako").read_bytes()


@pytest.mark.parametrize("compiler, suffix", [("cc", "c"), ("c++", "cc")])
def test_an_installed_library_can_be_used(tmp_path, compiler, suffix):
    """cmake --install, then what the README tells a program's author to do."""
    prefix = tmp_path / "prefix"
    subprocess.run(["cmake", "--install", tree.BUILD, "--prefix", prefix], check=True,
                   capture_output=True)
    assert os.access(prefix / "bin" / "hako", os.X_OK)
    config = next(prefix.rglob("libhako.pc"))
    library = next(prefix.rglob("libhako.so.[0-9]"))
    flags = subprocess.run(["pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs",
                            "libhako"], env={**os.environ, "PKG_CONFIG_PATH": str(config.parent)},
                           check=True, capture_output=True, text=True).stdout.split()
    flags += [f"-I{prefix / 'include'}", f"-L{library.parent}"]
    program = tmp_path / f"program.{suffix}"
    program.write_text('#include <hako/hako.h>\n#include <stdio.h>\n'
                       'int main(void) { puts(hako_version()); return 0; }\n')
    subprocess.run([compiler, program, "-o", tmp_path / "program", *flags], check=True)
    version = subprocess.run([tmp_path / "program"], env={"LD_LIBRARY_PATH": str(library.parent)},
                             check=True, capture_output=True, text=True).stdout.strip()
    assert version in tree.output(str(prefix / "bin" / "hako"), "--version").splitlines()[0]
