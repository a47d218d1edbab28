"""create, start, state, kill, delete, run, list: runtime-spec's life cycle as clients see it."""

import fcntl
import json
import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import host
from hooks import note
from runtime import Container

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@pytest.mark.shows("create", "start", "state", "kill", "delete")
def test_whole_life(runtime, bundle):
    bundle.writable().sh("echo started > /mark; trap 'exit 0' TERM; while :; do sleep 0.05; done")
    container = runtime.create(bundle)
    assert container.status == "created"
    pid = container.pid
    assert host.is_alive(pid)
    assert not (bundle.rootfs / "mark").exists(), "the program ran before start"
    container.must("start")
    host.wait_until((bundle.rootfs / "mark").exists)
    state = container.state()
    assert (state["status"], state["pid"]) == ("running", pid)
    container.must("kill", "TERM")
    container.wait_stopped()
    assert container.pid == 0
    container.must("delete")
    gone = container.call("state")
    assert gone.status == 1
    assert "does not exist" in gone.err
    assert not host.is_alive(pid)


@pytest.mark.shows("state")
def test_state_document(runtime, bundle):
    bundle.config["annotations"] = {"org.example.key": "a/b <c> & \"d\""}
    container = runtime.create(bundle)
    text = container.must("state").out
    state = json.loads(text)
    assert list(state) == ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created",
                           "annotations", "owner"]
    assert state["id"] == container.id
    assert state["bundle"] == str(bundle.path)
    assert state["rootfs"] == str(bundle.rootfs)
    assert RFC3339.fullmatch(state["created"])
    assert state["annotations"] == {"org.example.key": "a/b <c> & \"d\""}
    assert state["owner"] == ""
    assert text.startswith('{\n  "ociVersion": "1.') and text.endswith("}")


def test_state_without_annotations(runtime, bundle):
    bundle.config.pop("annotations", None)
    assert "annotations" not in runtime.create(bundle).state()


@pytest.mark.shows("create --bundle")
def test_bundle_defaults_to_the_working_directory(runtime, bundle):
    bundle.write()
    name = runtime.new_id()
    runtime.must("create", name, cwd=bundle.path)
    assert json.loads(runtime.must("state", name).out)["bundle"] == str(bundle.path)


@pytest.mark.shows("create --pid-file")
def test_pid_file(runtime, bundle, tmp):
    container = runtime.create(bundle.sleep(), "--pid-file", tmp / "pid")
    assert (tmp / "pid").read_text() == str(container.pid)
    assert sorted(os.listdir(tmp)) == ["b0", "pid"], "a temporary file is left beside it"


def test_exec_fifo_means_created(runtime, bundle):
    container = runtime.create(bundle.sleep())
    assert (container.state_dir / "exec.fifo").is_fifo()
    container.must("start")
    assert not (container.state_dir / "exec.fifo").exists()


def test_delete_of_created(runtime, bundle):
    container = runtime.create(bundle)
    pid = container.pid
    container.must("delete")
    assert not host.is_alive(pid)


@pytest.mark.shows("delete", "delete --force")
def test_delete_of_running(runtime, bundle):
    container = runtime.start(bundle.sleep())
    result = container.call("delete")
    assert result.status == 1
    assert f"cannot delete container {container.id} that is not stopped: running" in result.err
    assert container.status == "running"
    pid = container.pid
    container.must("delete", "--force")
    assert not host.is_alive(pid)


@pytest.mark.shows("delete --force")
def test_delete_of_unknown(runtime):
    result = runtime.call("delete", f"{runtime.prefix}-nobody")
    assert result.status == 1
    assert "does not exist" in result.err
    assert runtime.call("delete", "--force", f"{runtime.prefix}-nobody").status == 0


def test_delete_without_bundle(runtime, bundle):
    container = runtime.start(bundle.sleep())
    (bundle.path / "config.json").unlink()
    assert container.status == "running"
    container.kill_and_delete()


@pytest.mark.shows("start")
def test_start_twice(runtime, bundle):
    container = runtime.start(bundle.sleep())
    result = container.call("start")
    assert result.status == 1
    assert "cannot start an already running container" in result.err


def test_start_of_stopped(runtime, bundle):
    container = runtime.start(bundle)
    container.wait_stopped()
    result = container.call("start")
    assert result.status == 1
    assert "cannot start a container that has stopped" in result.err


@pytest.mark.parametrize("command", ["start", "state", "kill", "delete"])
def test_unknown_container(runtime, command):
    result = runtime.call(command, f"{runtime.prefix}-nobody")
    assert result.status == 1
    assert "does not exist" in result.err


def test_start_by_two_at_once(runtime, bundle):
    container = runtime.create(bundle.writable().sh("echo x >> /count; sleep 1000"))
    with ThreadPoolExecutor(4) as pool:
        results = [f.result() for f in [pool.submit(container.call, "start") for _ in range(4)]]
    assert sorted(r.status == 0 for r in results) == [False, False, False, True]
    host.wait_until((bundle.rootfs / "count").exists)
    assert (bundle.rootfs / "count").read_text() == "x\n"


def test_same_id_twice(runtime, bundle, make_bundle):
    container = runtime.start(bundle.sleep())
    other = make_bundle()
    other.write()
    result = runtime.call("create", "--bundle", other.path, container.id)
    assert result.status == 1
    assert "container with given ID already exists" in result.err
    assert container.status == "running"


@pytest.mark.hako_only
def test_same_id_at_once(runtime, make_bundle):
    bundles = [make_bundle() for _ in range(4)]
    for b in bundles:
        b.sleep().write()
    name = runtime.new_id()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(
            lambda b: runtime.call("create", "--bundle", b.path, name), bundles))
    assert [r.status for r in results].count(0) == 1
    assert json.loads(runtime.must("state", name).out)["status"] == "created"


def test_many_at_once(runtime, make_bundle):
    bundles = [make_bundle().sh(f"echo number {i}") for i in range(8)]
    names = [runtime.new_id() for _ in bundles]
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda p: runtime.output(p[0], id=p[1]), zip(bundles, names)))
    assert outputs == [f"number {i}\n" for i in range(8)]


@pytest.mark.shows("run", "run --bundle")
@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_run_gives_the_exit_status(runtime, bundle, status):
    assert runtime.run(bundle.sh(f"exit {status}")).status == status


@pytest.mark.shows("run")
def test_run_gives_the_signal(runtime, bundle):
    bundle.without_namespace("pid")  # pid 1 of a namespace cannot kill itself
    assert runtime.run(bundle.sh("kill -9 $$")).status == 137


def test_run_passes_stdio(runtime, bundle):
    result = runtime.run(bundle.sh("cat; echo problem >&2"), input=b"some\ninput")
    assert (result.out, result.err) == ("some\ninput", "problem\n")


@pytest.mark.shows("run --detach", "run --pid-file")
def test_run_detached(runtime, bundle, tmp):
    bundle.sleep().write()
    name = runtime.new_id()
    runtime.must("run", "--detach", "--bundle", bundle.path, "--pid-file", tmp / "pid", name)
    state = json.loads(runtime.must("state", name).out)
    assert state["status"] == "running"
    assert (tmp / "pid").read_text() == str(state["pid"])


@pytest.mark.shows("run --keep")
@pytest.mark.hako_only
def test_run_keep(runtime, bundle):
    name = runtime.new_id()
    assert runtime.run(bundle, "--keep", id=name).status == 0
    assert json.loads(runtime.must("state", name).out)["status"] == "stopped"


@pytest.mark.shows("run")
def test_run_forwards_signals(runtime, bundle):
    bundle.sh("trap 'echo got TERM; exit 7' TERM; echo ready; while :; do sleep 0.02; done").write()
    command = runtime.command("run", "--bundle", bundle.path, runtime.new_id())
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.communicate(timeout=20 * host.SLOW)[0] == b"got TERM\n"
        assert process.returncode == 7
    finally:
        process.kill()


def test_almost_empty_environment(runtime, bundle):
    """podman calls kill and delete so: no PATH, no HOME."""
    container = runtime.create(bundle.sleep())
    container.must("start", env={})
    assert json.loads(container.must("state", env={}).out)["status"] == "running"
    container.must("kill", "KILL", env={})
    container.wait_stopped()
    container.must("delete", env={})


def test_recycled_pid_is_not_the_container(runtime, bundle):
    container = runtime.start(bundle.sleep())
    pid = container.pid
    path = container.state_dir / "state.json"
    text = path.read_text()
    start = json.loads(text)["init_process_start"]
    path.write_text(text.replace(str(start), str(start + 1)))
    assert container.status == "stopped"
    assert container.call("kill", "KILL").status != 0
    assert host.is_alive(pid)
    path.write_text(text)
    container.kill_and_delete()


def test_broken_state_file(runtime, bundle):
    container = runtime.start(bundle.sleep())
    pid = container.pid
    path = container.state_dir / "state.json"
    text = path.read_text()
    path.write_text(text[:len(text) // 2])
    result = container.call("state")
    assert result.status == 1 and result.err.strip()
    assert host.is_alive(pid)
    path.write_text(text)
    container.kill_and_delete()


@pytest.mark.hako_only
@pytest.mark.shows("delete --force")
def test_delete_force_does_not_forget_a_state_that_it_cannot_read(runtime, bundle):
    """As after a step back to an older version: the container runs on."""
    container = runtime.start(bundle.sleep())
    path = container.state_dir / "state.json"
    text = path.read_text()
    for broken in text.replace('"version":1', '"version":2'), text[:len(text) // 2]:
        assert broken != text
        path.write_text(broken)
        result = container.call("delete", "--force")
        path.write_text(text)
        assert result.status == 1
        assert "read the state" in result.err and f"remove its cgroups, and then '{container.state_dir}'" in result.err
        assert container.status == "running"


@pytest.mark.hako_only
@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_runtime_killed_while_creating(runtime, bundle, kind):
    """What is left can be deleted by force, and nothing stays: the fixture looks."""
    bundle.hook_script(kind, "kill -9 $PPID; sleep 0.1")
    bundle.sleep().write()
    name = runtime.new_id()
    assert runtime.call("create", "--bundle", bundle.path, name).status == -9
    assert runtime.call("start", name).status != 0
    runtime.must("delete", "--force", name)
    assert runtime.call("state", name).status != 0
    assert runtime.ids() == []


def parent_of(pid):
    return int(re.search(r"PPid:\t(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


def test_init_killed_while_creating(runtime, bundle):
    """The hook runs as a child of the container's first process: create fails and cleans up."""
    bundle.hook_script("createContainer", "exec sleep 1000")
    bundle.sleep().write()
    with ThreadPoolExecutor(1) as pool:
        create = pool.submit(runtime.call, "create", "--bundle", bundle.path, runtime.new_id())
        hook = host.wait_until(lambda: [p for p, line in host.processes([f"/{runtime.prefix}"]).items()
                                        if line == "sleep 1000"])[0]
        os.kill(parent_of(hook), signal.SIGKILL)
        result = create.result(20)
    assert result.status == 1
    assert result.err.strip()
    assert runtime.ids() == []


@pytest.fixture
def hanging(runtime, bundle):
    """hanging(kind): a container whose create or start waits for a hook that does not end, and what becomes
    of that command."""
    with ThreadPoolExecutor(1) as pool:
        def begin(kind):
            bundle.hook(kind, "/bin/sleep", "1000")
            bundle.sleep().write()
            name = runtime.new_id()
            create = ["create", "--bundle", bundle.path, name]
            if kind == "startContainer":
                runtime.create(bundle, id=name)
            command = pool.submit(runtime.call, *(["start", name] if kind == "startContainer" else create))
            host.wait_until(lambda: "sleep 1000" in host.processes([f"/{runtime.prefix}"]).values())
            return Container(runtime, name), command

        yield begin


@pytest.mark.hako_only
@pytest.mark.shows("delete --force")
@pytest.mark.parametrize("pid_namespace", ["private", "shared"])
@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer", "startContainer"])
def test_delete_force_while_a_hook_hangs(runtime, bundle, hanging, kind, pid_namespace):
    if pid_namespace == "shared":
        bundle.without_namespace("pid")
    container, command = hanging(kind)
    container.must("delete", "--force")
    result = command.result(20 * host.SLOW)
    assert kind == "startContainer" or result.status == 1
    assert runtime.ids() == []


@pytest.mark.hako_only
@pytest.mark.shows("kill")
@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_kill_while_a_hook_of_the_runtime_hangs(hanging, kind):
    container, command = hanging(kind)
    container.must("kill", "KILL")
    result = command.result(20 * host.SLOW)
    assert result.status == 1
    assert f"error running {kind} hook #0: the process that it was run for has ended" in result.err


@pytest.mark.hako_only
@pytest.mark.shows("delete --force")
def test_delete_force_does_not_wait_for_ever(runtime, bundle):
    container = runtime.start(bundle.sleep())
    directory = os.open(container.state_dir, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    result = container.call("delete", "--force")
    os.close(directory)
    assert result.status == 1
    assert "another command works on the container" in result.err


@pytest.mark.hako_only
def test_runtime_killed_while_starting(runtime, bundle):
    bundle.hook_script("poststart", "kill -9 $PPID; sleep 0.1")
    container = runtime.create(bundle.sleep())
    assert container.call("start").status == -9
    assert container.status == "running"
    container.must("delete", "--force")


@pytest.mark.hako_only
def test_start_killed_behind_its_word(runtime, bundle, notes):
    """A second one can only find that the program runs, or is about to."""
    note(bundle, notes, "startContainer", "echo > $NOTES/hook; while ! [ -e $NOTES/go ]; do sleep 0.05; done")
    container = runtime.create(bundle.sh("touch /notes/ran; exec sleep 1000"))
    start = subprocess.Popen(runtime.command("start", container.id), stdin=subprocess.DEVNULL)
    host.wait_until((notes / "hook").exists)
    assert container.status == "created"
    start.kill()
    start.wait()
    (notes / "go").touch()
    host.wait_until((notes / "ran").exists)
    assert container.status == "running"
    listed = json.loads(runtime.must("list", "--format", "json").out)
    assert [c["status"] for c in listed] == ["running"]
    assert "that is not stopped: running" in container.call("delete").err
    assert (container.state_dir / "exec.fifo").exists()
    assert "cannot start an already running container" in container.call("start").err
    assert not (container.state_dir / "exec.fifo").exists()


@pytest.mark.hako_only
def test_a_failed_start_is_seen_to_have_stopped(runtime, bundle):
    (bundle.rootfs / "program").write_text("no program")
    (bundle.rootfs / "program").chmod(0o755)
    container = runtime.create(bundle.args("/program"))
    assert container.call("start").status == 1
    assert container.status == "stopped"


@pytest.mark.shows("list", "list --format", "list --quiet")
def test_list(runtime, bundle, make_bundle):
    runtime.root.mkdir(exist_ok=True)
    assert runtime.must("list", "--format", "json").out == "null\n"
    first, second = runtime.start(bundle.sleep()), runtime.create(make_bundle())
    text = runtime.must("list", "-f", "json").out
    assert text.endswith("]\n")
    containers = json.loads(text)
    assert [c["id"] for c in containers] == sorted([first.id, second.id])
    by_id = {c["id"]: c for c in containers}
    assert by_id[first.id]["status"] == "running"
    assert by_id[second.id]["status"] == "created"
    assert by_id[first.id]["owner"] == "root"
    assert runtime.must("list", "-q").out.split() == sorted([first.id, second.id])
    table = runtime.must("list").out.splitlines()
    assert table[0].split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    assert table[1].split()[:3] == [first.id, str(first.pid), "running"]
    assert len(table) == 3


@pytest.mark.shows("--root")
@pytest.mark.hako_only
def test_list_of_a_missing_root(runtime, tmp):
    result = runtime.call("--root", tmp / "missing", "list", root=False)
    assert result.status == 1
    assert "missing" in result.err


@pytest.mark.shows("spec", "spec --bundle")
def test_spec(runtime, tmp):
    runtime.must("spec", cwd=tmp, root=False)
    config = json.loads((tmp / "config.json").read_text())
    assert config["process"]["args"] == ["sh"]
    assert config["process"]["terminal"] is True
    assert config["root"] == {"path": "rootfs", "readonly": True}
    assert {"pid", "network", "ipc", "uts", "mount"} <= {n["type"] for n in config["linux"]["namespaces"]}
    again = runtime.call("spec", cwd=tmp, root=False)
    assert again.status == 1
    assert "exists" in again.err


@pytest.mark.shows("spec --rootless")
def test_spec_rootless(runtime, tmp):
    runtime.must("spec", "--rootless", "--bundle", tmp, root=False)
    linux = json.loads((tmp / "config.json").read_text())["linux"]
    kinds = {n["type"] for n in linux["namespaces"]}
    assert "user" in kinds and "network" not in kinds
    assert linux["uidMappings"] == [{"containerID": 0, "hostID": 0, "size": 1}]


@pytest.mark.shows("features")
@pytest.mark.hako_only
def test_features(runtime):
    features = json.loads(runtime.must("features", root=False).out)
    assert list(features)[:4] == ["ociVersionMin", "ociVersionMax", "hooks", "mountOptions"]
    assert features["ociVersionMin"] == "1.0.0"
    assert sorted(features["hooks"]) == sorted(["prestart", "createRuntime", "createContainer",
                                                "startContainer", "poststart", "poststop"])
    assert features["mountOptions"] == sorted(features["mountOptions"])
    assert {"rro", "rbind", "tmpcopyup"} <= set(features["mountOptions"])
    linux = features["linux"]
    assert {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"} == set(linux["namespaces"])
    assert "CAP_SYS_ADMIN" in linux["capabilities"]
    assert linux["cgroup"]["v1"] is True and linux["cgroup"]["v2"] is True
    assert linux["seccomp"]["enabled"] is True
    assert "SCMP_ACT_NOTIFY" in linux["seccomp"]["actions"]
    assert "SCMP_ARCH_X86_64" in linux["seccomp"]["archs"]


@pytest.mark.shows("--version")
def test_version(runtime):
    for flag in ("--version", "-v"):
        lines = runtime.must(flag, root=False).out.splitlines()
        assert re.fullmatch(r"\w+ version \S+", lines[0])
        assert any(re.fullmatch(r"spec: 1\.\S+", line) for line in lines)


@pytest.mark.parametrize("command", ["create", "start", "run", "state", "kill", "delete", "list",
                                     "spec", "features"])
def test_help(runtime, command):
    result = runtime.must(command, "--help", root=False)
    assert command in result.out


@pytest.mark.hako_only
@pytest.mark.shows("help")
def test_help_of_all_commands_and_of_one(runtime):
    everything = runtime.must("help", root=False).out
    assert everything == runtime.must("--help", root=False).out == runtime.must(root=False).out
    commands = re.findall(r"^  ([a-z]+)  ", everything, re.M)
    assert {"create", "help", "spec"} < set(commands)
    for command in commands:
        text = runtime.must("help", command, root=False).out
        assert text == runtime.must(command, "--help", root=False).out
        assert max(map(len, text.splitlines())) <= 80
    assert max(map(len, everything.splitlines())) <= 80
    unknown = runtime.call("help", "nothing", root=False)
    assert unknown.status == 1 and "unknown command 'nothing'" in unknown.err


@pytest.mark.shows("--root")
@pytest.mark.hako_only
def test_root_must_not_be_the_root(runtime):
    result = runtime.call("--root", "/", "list", root=False)
    assert result.status == 1
    assert "should not be" in result.err


@pytest.mark.shows("--systemd-cgroup", "--rootless")
@pytest.mark.parametrize("flags", [["--systemd-cgroup=false"], ["--rootless", "false"],
                                   ["--rootless=auto"], ["--debug"], ["--log-format=json"]])
def test_global_flags(runtime, bundle, flags):
    bundle.sh("echo fine").write()
    name = runtime.new_id()
    result = runtime.must(*flags, "run", "--bundle", bundle.path, name)
    assert "fine" in result.out


@pytest.mark.hako_only
@pytest.mark.parametrize("flags", [["--cgroup-manager", "cgroupfs"], ["--cgroup-manager=disabled"],
                                   ["--log-level", "debug"], ["--log-level=error"]])
def test_global_flags_of_podman(runtime, bundle, flags):
    test_global_flags(runtime, bundle, flags)


def test_a_created_container_does_not_hold_the_bundle_busy(runtime, bundle):
    """No working directory and no descriptor of init's is left in the bundle or state directory."""
    container = runtime.create(bundle)
    pid = container.pid
    held = []
    for link in [*Path(f"/proc/{pid}/fd").iterdir(), Path(f"/proc/{pid}/cwd")]:
        target = os.readlink(link)
        if str(bundle.path) in target and str(bundle.rootfs) not in target:
            held.append(target)
    assert held == []
