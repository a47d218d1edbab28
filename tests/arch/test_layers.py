"""The order of the folders, and no circles between files."""

import re
import subprocess

import pytest

import tree

ORDER = {layer: position for position, layer in enumerate(tree.LAYERS)}


def inside_sources():
    """The files that the init image is made of."""
    own = [path for path in tree.sources() if tree.layer(path) in tree.INSIDE and path.name != "image.c"]
    return own + [tree.SRC / path for path in tree.INSIDE_FILES]


@pytest.fixture(scope="module")
def inside_objects(tmp_path_factory):
    """The init image is built by one command without objects, so make them here."""
    directory = tmp_path_factory.mktemp("init")
    compiled = {}
    for path in inside_sources():
        target = directory / f"{tree.layer(path)}-{path.stem}.o"
        subprocess.run(["cc", "-std=gnu17", "-Ulinux", "-D_GNU_SOURCE", f"-I{tree.SRC}", "-c", path,
                        "-o", target], check=True)
        compiled[path] = target
    return compiled


def test_every_folder_has_a_place_in_the_order():
    assert {path.name for path in tree.SRC.iterdir() if path.is_dir()} == set(tree.LAYERS)


def test_includes_follow_the_order():
    wrong = []
    for path in tree.sources("*.[ch]"):
        for quoted, target in tree.includes(path):
            folder = target.split("/")[0]
            if quoted and "/" in target and folder in ORDER and ORDER[folder] > ORDER[tree.layer(path)]:
                wrong.append(f"{tree.name(path)} includes {target}")
    tree.none(wrong)


def test_symbols_follow_the_order():
    wrong = [f"{tree.name(user)} uses {tree.name(owner)}"
             for user, owners in tree.references(tree.objects()).items() for owner in owners
             if ORDER[tree.layer(owner)] > ORDER[tree.layer(user)]]
    assert tree.objects()
    tree.none(wrong)


def test_no_two_files_call_each_other_in_a_circle():
    tree.none([tree.name(path) for path in tree.circle(tree.references(tree.objects()))])


def test_no_circle_in_the_init_image(inside_objects):
    tree.none([tree.name(path) for path in tree.circle(tree.references(inside_objects))])


def command_line_objects():
    folder = tree.BUILD / "src" / "CMakeFiles"
    return [*folder.glob("hako_cli.dir/cli/*.o"), tree.require(folder / "hako.dir/cli/main.c.o")]


def test_no_circle_in_the_command_line():
    compiled = {tree.SRC / "cli" / path.name[:-len(".o")]: path for path in command_line_objects()}
    compiled = {source: path for source, path in compiled.items() if source.exists()}
    assert compiled and [tree.name(path) for path in tree.circle(tree.references(compiled))] == []


def test_headers_include_no_circle():
    headers = tree.sources("*.h") + tree.public_headers()
    by_name = {str(path.relative_to(tree.SRC)): path for path in headers if tree.SRC in path.parents}
    by_name |= {f"hako/{path.name}": path for path in tree.public_headers()}
    graph = {}
    for path in headers:
        found = {target for _, target in tree.includes(path)}
        local = {by_name.get(f"{path.parent.name}/{target}") for target in found}
        graph[path] = ({by_name.get(target) for target in found} | local) - {None}
    tree.none([tree.name(path) for path in tree.circle(graph)])


def test_the_init_stage_knows_nothing_of_json_and_spec():
    reached = {}

    def follow(path, origin):
        for quoted, target in tree.includes(path):
            header = tree.SRC / target if "/" in target else path.parent / target
            if quoted and header.exists() and header not in reached:
                reached[header] = origin
                follow(header, origin)

    for path in inside_sources():
        follow(path, path)
    allowed = tree.INSIDE | {"base", "plan", "wire"}
    tree.none([f"{tree.name(origin)} reaches {tree.name(header)}" for header, origin in reached.items()
            if tree.layer(header) not in allowed])


def test_the_command_line_includes_only_public_headers():
    own = {path.name for path in tree.sources("*.h") if tree.layer(path) == "cli"}
    public = {f"hako/{path.name}" for path in tree.public_headers()} | {"hako/version.h"}
    wrong = [f"{tree.name(path)} includes {target}"
             for path in tree.sources("*.[ch]") if tree.layer(path) == "cli"
             for quoted, target in tree.includes(path)
             if (quoted and target not in own) or (not quoted and target.startswith("hako/")
                                                    and target not in public)]
    tree.none(wrong)


def test_the_command_line_calls_only_public_functions():
    wrong = [f"{path.name}: {symbol}" for path in command_line_objects()
             for kind, symbol in tree.symbols(path) if kind == "U" and symbol.startswith("hk_")]
    own = {symbol for path in command_line_objects()
           for kind, symbol in tree.symbols(path) if kind.isupper() and kind != "U"}
    tree.none([line for line in wrong if line.split(": ")[1] not in own])


@pytest.mark.parametrize("prefix, header, folder", [
    ("yajl_", "yajl/", "json"), ("mnl_", "libmnl/", "net"), ("seccomp_", "seccomp.h", "plan"),
    ("sd_", "systemd/sd-", "systemd")])
def test_a_library_is_named_in_one_folder_only(prefix, header, folder):
    users = {tree.name(source) for source, path in tree.objects().items()
             for kind, symbol in tree.symbols(path) if kind == "U" and symbol.startswith(prefix)}
    users |= {tree.name(path) for path in tree.sources("*.[ch]") for quoted, target in tree.includes(path)
              if not quoted and target.startswith(header)}
    tree.none([user for user in users if not re.match(rf"src/{folder}/", user)])
