"""Bad input: one clear line on stderr and in the log, a failure, and nothing left (the fixture
nothing_left looks after every test)."""

import json
import os
import re

import pytest

import host


def error_lines(result):
    """The lines of stderr that are not a hint below an error."""
    return [line for line in result.err.splitlines() if not re.match(r"\s+hint: ", line)]


def check(runtime, result, *texts):
    assert result.status == 1
    assert result.out == ""
    lines = error_lines(result)
    if runtime.is_hako:
        assert len(lines) == 1, result.err
        assert lines[0].startswith("hako: ")
    for text in texts:
        assert text in result.err
    return result


BAD_IDS = ["", ".", "..", "a/b", "../x", "a b", "a\nb", "ü", "a:b", "x" * 1100]


@pytest.mark.parametrize("name", BAD_IDS)
@pytest.mark.parametrize("command", ["create", "state"])
def test_bad_id(runtime, bundle, command, name):
    bundle.write()
    options = ["--bundle", bundle.path] if command == "create" else []
    result = runtime.call(command, *options, name)
    assert result.status == 1
    if runtime.is_hako:
        assert "invalid container ID format" in result.err or name == ""
        assert len(error_lines(result)) == 1


@pytest.mark.parametrize("command", ["create", "run", "start", "state", "kill", "delete"])
def test_missing_id(runtime, bundle, command):
    bundle.write()
    result = runtime.call(command, cwd=bundle.path)
    assert result.status == 1
    assert result.err


@pytest.mark.parametrize("args", [["nosuchcommand"], ["--nosuchflag", "list"], ["list", "--nosuchflag"],
                                  ["list", "--format", "nosuch"], ["--log-format", "nosuch", "list"],
                                  ["create", "--bundle"], ["--rootless", "maybe", "list"],
                                  ["kill", "a", "b", "c"], ["state", "a", "b"]])
def test_bad_command_line(runtime, args):
    runtime.root.mkdir(exist_ok=True)
    result = runtime.call(*args)
    if args[0] in ("nosuchcommand", "--rootless") and not runtime.is_hako:
        return
    assert result.status == 1
    assert result.err


@pytest.mark.shows("--log-format")
def test_bad_log_format_text(runtime):
    assert "invalid log-format: nosuch" in runtime.call("--log-format", "nosuch", "list").err.replace("\\", "")


def test_missing_bundle(runtime, tmp):
    result = runtime.call("run", "--bundle", tmp / "missing", runtime.new_id())
    check(runtime, result, "no such file or directory")


def test_missing_config(runtime, tmp):
    result = runtime.call("run", "--bundle", tmp, runtime.new_id())
    check(runtime, result, "JSON specification file config.json not found")


@pytest.mark.parametrize("text", ["", "{", "[]", "nonsense", '{"ociVersion": "1.0.0"} x', "\x00",
                                  '{"process": {"args": ["a\\u0000b"]}}', "[" * 100000])
def test_broken_config(runtime, bundle, text):
    (bundle.path / "config.json").write_text(text)
    check(runtime, runtime.call("run", "--bundle", bundle.path, runtime.new_id()))


@pytest.mark.hako_only
def test_broken_config_names_the_place(runtime, bundle):
    bundle.write()
    path = bundle.path / "config.json"
    lines = path.read_text().splitlines()
    line = next(i for i, text in enumerate(lines) if '"hostname"' in text)
    lines[line] = '\t"hostname": nonsense,'
    path.write_text("\n".join(lines))
    check(runtime, runtime.call("run", "--bundle", bundle.path, runtime.new_id()),
          f"config.json:{line + 1}:")


WRONG_TYPES = [
    ("/process/args", "sh"), ("/process/args/0", 5), ("/process/user/uid", "root"),
    ("/process/user/uid", -1), ("/process/user/uid", 1 << 32), ("/process/cwd", None),
    ("/process/terminal", "yes"), ("/process/rlimits/0/soft", -1), ("/process/rlimits/0/soft", 1 << 64),
    ("/process/env/0", {}), ("/mounts", {}), ("/mounts/0/destination", 1), ("/mounts/1/options/0", []),
    ("/linux/namespaces/0/type", 7), ("/linux/maskedPaths", "x"), ("/hostname", []), ("/root/path", 1),
    ("/root/readonly", "true"), ("/linux/resources/devices/0/allow", 1),
    ("/process/noNewPrivileges", 1), ("/annotations", {"a": 1})]


def change(config, pointer, value):
    *path, last = pointer.split("/")[1:]
    node = config
    for part in path:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if isinstance(node, list):
        last = int(last)
    node[last] = value


@pytest.mark.parametrize("pointer,value", WRONG_TYPES, ids=lambda v: json.dumps(v) if v else None)
def test_wrong_type(runtime, bundle, pointer, value):
    change(bundle.config, pointer, value)
    if value is None and not runtime.is_hako:
        return
    result = runtime.fails(bundle)
    if runtime.is_hako:
        check(runtime, result)
        expected = "/annotations/a" if pointer == "/annotations" else pointer
        assert re.search(rf"config\.json:\d+:\d+ {re.escape(expected)}:? ", result.err)


def test_unknown_properties_are_ignored(runtime, bundle):
    bundle.config["org.example"] = {"x": [1]}
    bundle.process["nosuch"] = True
    bundle.linux["nosuch"] = {"deep": [{}]}
    assert runtime.run(bundle).status == 0


@pytest.mark.parametrize("version", ["1.0.0", "1.0.2-dev", "1.1.0-rc.1", "1.3.0"])
def test_versions(runtime, bundle, version):
    bundle.config["ociVersion"] = version
    assert runtime.run(bundle).status == 0


@pytest.mark.hako_only
@pytest.mark.parametrize("version", ["2.0.0", "0.9", "nonsense", ""])
def test_strange_versions(runtime, bundle, version):
    bundle.config["ociVersion"] = version
    check(runtime, runtime.fails(bundle), "/ociVersion")


def test_missing_rootfs(runtime, bundle):
    bundle.config["root"]["path"] = "missing"
    check(runtime, runtime.fails(bundle), "missing")


def test_rootfs_is_a_file(runtime, bundle):
    (bundle.path / "file").write_text("")
    bundle.config["root"]["path"] = "file"
    runtime.fails(bundle)


@pytest.mark.hako_only
def test_no_process(runtime, bundle):
    del bundle.config["process"]
    check(runtime, runtime.fails(bundle), "process")


@pytest.mark.parametrize("command", ["run", "create"])
@pytest.mark.parametrize("break_it,texts", [
    (lambda b: b.mount("/mnt", "nosuchfs", "none"), ["no such device"]),
    (lambda b: b.bind("/no/such/source", "/mnt"), ["/no/such/source", "no such file or directory"]),
    (lambda b: b.args("nosuchprogram"), ["executable file not found in $PATH"]),
    (lambda b: b.args("/etc/passwd"), ["permission denied"])])
def test_failure_in_the_container(runtime, bundle, command, break_it, texts):
    break_it(bundle)
    (bundle.rootfs / "etc" / "passwd").chmod(0o644)
    check(runtime, runtime.fails(bundle, command=command), *texts)


# The log

@pytest.mark.shows("--log", "--log-format")
@pytest.mark.parametrize("flag", ["--log", "--log="])
def test_error_in_the_log_as_json(runtime, bundle, tmp, flag):
    """containerd takes "msg" of the last line with an error, and "time" must parse."""
    bundle.args("nosuchprogram").write()
    log = tmp / "log.json"
    flags = [flag, log] if flag == "--log" else [f"--log={log}"]
    result = runtime.call(*flags, "--log-format", "json", "create", "--bundle", bundle.path,
                          runtime.new_id())
    assert result.status == 1
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["level"] == "error"
    assert 'exec: "nosuchprogram": executable file not found in $PATH' in last["msg"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", last["time"])
    assert "executable file not found" in result.err, "on stderr as well"


@pytest.mark.shows("--log")
def test_error_in_the_log_as_text(runtime, bundle, tmp):
    bundle.args("nosuchprogram").write()
    result = runtime.call("--log", tmp / "log", "create", "--bundle", bundle.path, runtime.new_id())
    assert result.status == 1
    text = (tmp / "log").read_text()
    assert re.search(r'^time="[^"]+" level=error msg=".*executable file not found', text, re.M)


@pytest.mark.shows("--log")
def test_log_is_appended_to(runtime, tmp):
    (tmp / "log").write_text("before\n")
    runtime.call("--log", tmp / "log", "state", f"{runtime.prefix}-nobody")
    lines = (tmp / "log").read_text().splitlines()
    assert lines[0] == "before" and len(lines) == 2


def test_log_of_success_is_empty(runtime, bundle, tmp):
    bundle.write()
    runtime.must("--log", tmp / "log", "run", "--bundle", bundle.path, runtime.new_id())
    assert (tmp / "log").read_text() == ""


@pytest.mark.shows("--debug", "--log-format")
def test_debug_log(runtime, bundle, tmp):
    bundle.write()
    runtime.must("--debug", "--log", tmp / "log", "--log-format=json", "run", "--bundle", bundle.path,
                 runtime.new_id())
    for line in (tmp / "log").read_text().splitlines():
        assert json.loads(line)["level"] in ("debug", "info", "warning")


def test_log_that_cannot_be_opened(runtime, tmp):
    result = runtime.call("--log", tmp / "missing" / "log", "list")
    assert result.status == 1
    assert "no such file or directory" in result.err


def test_hostile_text_is_escaped(runtime, bundle, tmp):
    """What a bundle says must not write to the terminal, nor make a second log line."""
    bundle.args("\x1b[31mred\nlevel=fatal").write()
    result = runtime.call("--log", tmp / "log", "--log-format=json", "create", "--bundle", bundle.path,
                          runtime.new_id())
    assert result.status == 1
    if runtime.is_hako:
        assert "\x1b" not in result.err and len(error_lines(result)) == 1
    for line in (tmp / "log").read_text().splitlines():
        json.loads(line)


def test_full_disk_for_the_state(runtime, bundle, host_mount):
    """A state directory that cannot take state.json: an error and no leftovers."""
    small = host_mount("small")
    host.mount(None, small, flags=0x20 | 0x1)  # read-only
    bundle.write()
    result = runtime.call("--root", small / "state", "create", "--bundle", bundle.path,
                          runtime.new_id(), root=False)
    assert result.status == 1
    assert "read-only file system" in result.err


def test_pid_file_that_cannot_be_written(runtime, bundle, tmp):
    result = runtime.fails(bundle.sleep(), "--pid-file", tmp / "missing" / "pid", command="create")
    assert result.status == 1
    assert runtime.ids() == []


@pytest.mark.parametrize("command", ["state", "kill", "start", "delete"])
def test_unknown_id_with_json_log(runtime, tmp, command):
    name = f"{runtime.prefix}-nobody"
    runtime.call("--log", tmp / "log", "--log-format", "json", command, name)
    assert "does not exist" in json.loads((tmp / "log").read_text())["msg"]


def test_read_only_state_for_state(runtime, bundle):
    """`state` needs nothing but to read."""
    container = runtime.create(bundle)
    os.chmod(container.state_dir / "state.json", 0o400)
    assert container.status == "created"
