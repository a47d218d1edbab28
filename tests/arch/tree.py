"""The source tree and the build's objects, as the architecture tests look at them."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
SRC = SOURCE / "src"
BUILD = Path(os.environ.get("HAKO_BUILD") or SOURCE / "build-tests")

# Each folder of src/ may call only those before it.
LAYERS = ["base", "json", "spec", "plan", "wire", "step", "init", "cgroup", "systemd", "rdt", "net", "stage",
          "criu", "state", "doctor", "lib", "cli"]
# What runs inside the container: a static program of libc alone. Some files of the other folders are
# linked into it too.
INSIDE = {"step", "init"}
INSIDE_FILES = re.findall(r"/src/(\w+/\w+\.c)", (SRC / "init" / "CMakeLists.txt").read_text())


def layer(path):
    """The folder of src/ that a file is in."""
    return path.relative_to(SRC).parts[0]


def name(path):
    return str(path.relative_to(SOURCE))


def sources(pattern="*.c"):
    return sorted(SRC.glob(f"*/{pattern}"))


def public_headers():
    return sorted((SOURCE / "include" / "hako").glob("*.h"))


def tracked():
    """The files of the project: what git knows, or everything where this is no git tree."""
    if (SOURCE / ".git").exists() and shutil.which("git"):
        # As root, git refuses a tree that belongs to someone else unless it is told not to.
        listing = subprocess.run(
            ["git", "-c", f"safe.directory={SOURCE}", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            cwd=SOURCE, check=True, capture_output=True, text=True).stdout
        files = [SOURCE / entry for entry in listing.split("\0") if entry]
        return sorted(path for path in files if path.is_file())
    return sorted(path for path in SOURCE.rglob("*") if path.is_file()
                  and not path.relative_to(SOURCE).parts[0].startswith("build"))


@functools.lru_cache(maxsize=None)
def includes(path):
    """[(quoted, name)] of the #include lines."""
    found = re.findall(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', path.read_text(), re.M)
    return [(quote == '"', target) for quote, target in found]


@functools.lru_cache(maxsize=None)
def code(path):
    """The text without comments and without what is inside string literals; lines are kept."""
    def blank(match):
        text = match.group(0)
        if text.startswith("/"):
            return re.sub(r"[^\n]", " ", text)
        return text[0] + re.sub(r"[^\n]", " ", text[1:-1]) + text[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank,
                  path.read_text(), flags=re.S)


def calls(path, *functions):
    """[(line number, function, arguments)] of the calls of any of the functions."""
    text, found = code(path), []
    for match in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(functions), text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        # The arguments as written: blanking kept every offset.
        found.append((text.count("\n", 0, match.start()) + 1, match.group(1),
                      path.read_text()[match.end():end - 1]))
    return found


def none(found):
    """Fail with all that was found, a line each."""
    assert not found, "\n" + "\n".join(map(str, found))


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needs(*tools):
    """A mark that skips a test where a tool is absent."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


def require(path):
    assert path.exists(), f"{path} was not built"
    return path


def cflags(*modules):
    return output("pkg-config", "--cflags", *modules).split()


@functools.lru_cache(maxsize=None)
def objects():
    """{source file: its object} of everything that is in the library."""
    found = {}
    for path in (BUILD / "src").glob("CMakeFiles/hk_*.dir/*/*.o"):
        found[SRC / path.parent.name / path.name[:-len(".o")]] = path
    return {source: path for source, path in found.items() if source.exists()}


def symbols(path, *options):
    """[(type, name)] by nm."""
    listing = output("nm", "-P", *options, str(path))
    return [(fields[1], fields[0]) for fields in (line.split() for line in listing.splitlines())
            if len(fields) >= 2]


def references(compiled):
    """{source: set of sources whose symbols it uses}, from the objects of those sources."""
    owner, wanted = {}, {}
    for source, path in compiled.items():
        for kind, symbol in symbols(path):
            if kind == "U":
                wanted.setdefault(source, set()).add(symbol)
            elif kind.isupper():
                owner[symbol] = source
    return {source: {owner[symbol] for symbol in wanted.get(source, ()) if symbol in owner} - {source}
            for source in compiled}


def circle(graph):
    """The first circle of a directed graph as a list, or an empty list."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return []
        path.append(node)
        for successor in sorted(graph.get(node, ())):
            found = visit(successor)
            if found:
                return found
        path.pop()
        done.add(node)
        return []

    for node in sorted(graph):
        found = visit(node)
        if found:
            return found
    return []
