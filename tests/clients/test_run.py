"""podman and docker: running, ending, logs, signals, terminals, exit codes."""

import concurrent.futures
import hashlib
import os
import re
import subprocess

import pytest

import host
import support


def test_foreground_output(engine):
    result = engine.run("--rm", engine.image, "sh", "-c", "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


def test_rm_leaves_nothing(engine):
    engine.output(engine.image, "true")
    assert engine.containers() == []


def test_image_command_is_the_default(engine):
    assert engine.run("--rm", "-i", engine.image, input="echo $((6 * 7))\n").stdout == "42\n"


@pytest.mark.parametrize("program, status", [
    (["true"], 0), (["false"], 1), (["sh", "-c", "exit 42"], 42), (["sh", "-c", "exit 255"], 255)])
def test_exit_status(engine, program, status):
    assert engine.run("--rm", engine.image, *program, check=False).returncode == status


@pytest.mark.parametrize("program, status, text", [
    ("no-such-program", 127, "not found"),
    ("/no/such/program", 127, "no such file or directory"),
    ("/etc", 126, "permission denied"),
    ("/etc/passwd", 126, "permission denied")])
def test_program_that_cannot_run(engine, program, status, text):
    result = engine.run("--rm", engine.image, program, check=False)
    assert result.returncode == status, result.stderr
    assert text in result.stderr.lower()
    assert engine.containers() == []


def test_runtime_error(engine):
    result = engine.run("--rm", "--sysctl", "kernel.msgmax=nonsense", engine.image, "true", check=False)
    assert result.returncode == engine.runtime_error, result.stderr
    assert "msgmax" in result.stderr


def test_engine_error_is_125(engine):
    engine.detached("--name", "taken", engine.image, "sleep", "1000")
    assert engine.run("--name", "taken", engine.image, "true", check=False).returncode == 125
    assert engine.state("taken")["Running"]


def test_failed_create_leaves_no_process_and_no_cgroup(engine):
    engine.run("--name", "broken", "--sysctl", "kernel.msgmax=nonsense", engine.image, "true", check=False)
    identity = engine.inspect("broken")["Id"]
    assert support.cgroups_of(identity) == []
    assert engine.pid("broken") == 0


def test_detached(engine):
    container = engine.detached(engine.image, "sleep", "1000")
    state = engine.state(container)
    assert state["Status"] == "running" and state["Running"] is True
    assert host.is_alive(state["Pid"])
    assert os.readlink(f"/proc/{state['Pid']}/ns/pid") != os.readlink("/proc/self/ns/pid")


def test_logs(engine):
    container = engine.detached(engine.image, "sh", "-c", "echo one; echo two >&2; echo three")
    assert engine.wait_exit(container) == 0
    logs = engine.cli("logs", container)
    assert logs.stdout.split() == ["one", "three"] and logs.stderr.split() == ["two"]


def test_inspect_after_the_end(engine):
    container = engine.detached(engine.image, "sh", "-c", "exit 7")
    assert engine.wait_exit(container) == 7
    state = engine.state(container)
    assert state["Running"] is False and state["Pid"] == 0 and not state["OOMKilled"]


def test_wait(engine):
    container = engine.detached(engine.image, "sh", "-c", "sleep 0.3; exit 3")
    assert engine.cli("wait", container).stdout.strip() == "3"


TRAP = 'trap "echo got TERM; exit 3" TERM; trap "echo got USR1" USR1; echo ready; while :; do sleep 0.1; done'


def trapping(engine):
    container = engine.detached(engine.image, "sh", "-c", TRAP)
    host.wait_until(lambda: "ready" in engine.cli("logs", container).stdout, "the trap")
    return container


def test_stop_lets_the_program_end_itself(engine):
    container = trapping(engine)
    engine.cli("stop", "-t", "10", container)
    assert engine.wait_exit(container) == 3
    assert "got TERM" in engine.cli("logs", container).stdout


def test_stop_kills_what_ignores_it(engine):
    container = engine.detached(engine.image, "sleep", "1000")
    pid = engine.pid(container)
    engine.cli("stop", "-t", "1", container)
    assert engine.wait_exit(container) == 137
    assert not host.is_alive(pid)


@pytest.mark.shows("kill")
def test_kill_sends_a_signal(engine):
    container = trapping(engine)
    engine.cli("kill", "--signal", "USR1", container)
    host.wait_until(lambda: "got USR1" in engine.cli("logs", container).stdout, "the signal")
    assert engine.state(container)["Running"]


def test_kill(engine):
    container = engine.detached(engine.image, "sleep", "1000")
    engine.cli("kill", container)
    assert engine.wait_exit(container) == 137


def test_kill_ends_every_process(engine):
    container = engine.detached(engine.image, "sh", "-c", "sleep 1001 & sleep 1002 & wait")
    directory, _ = support.cgroup_directory(engine.pid(container), "pids")
    host.wait_until(lambda: len((directory / "cgroup.procs").read_text().split()) == 3, "three processes")
    pids = (directory / "cgroup.procs").read_text().split()
    engine.cli("kill", container)
    engine.wait_exit(container)
    host.wait_until(lambda: not any(host.is_alive(pid) for pid in pids), "the end of all processes")


@pytest.mark.shows("delete --force")
def test_rm_force(engine):
    container = trapping(engine)
    pid = engine.pid(container)
    assert support.cgroups_of(container)
    engine.cli("rm", "-f", container)
    assert engine.containers() == [] and not host.is_alive(pid)
    assert support.cgroups_of(container) == []


def test_no_cgroup_after_the_end(engine):
    container = engine.detached(engine.image, "true")
    engine.wait_exit(container)
    host.wait_until(lambda: support.cgroups_of(container) == [], "the removal of its cgroups")


@pytest.mark.shows("create", "start")
def test_create_then_start(engine):
    container = engine.cli("create", "--network", "none", engine.image, "sh", "-c",
                           "echo started; exit 4").stdout.strip()
    assert engine.state(container)["Status"] in ("created", "configured")
    result = engine.cli("start", "--attach", container, check=False)
    assert (result.returncode, result.stdout) == (4, "started\n")


def test_start_again(engine):
    container = engine.detached(engine.image, "sh", "-c", "echo x >>/count; wc -l </count")
    engine.wait_exit(container)
    assert engine.cli("start", "--attach", container).stdout.strip() == "2"


def test_restart(engine):
    container = engine.detached(engine.image, "sleep", "1000")
    before = engine.pid(container)
    engine.cli("restart", "-t", "1", container)
    after = engine.pid(container)
    assert after not in (0, before) and host.is_alive(after) and not host.is_alive(before)


def test_stdin(engine):
    data = os.urandom(300_000).hex()
    result = engine.run("--rm", "-i", engine.image, "sha256sum", input=data)
    assert result.stdout.split()[0] == hashlib.sha256(data.encode()).hexdigest()


def test_much_output(engine):
    assert len(engine.output(engine.image, "sh", "-c", "yes hako | head -c 1000000")) == 1_000_000


@pytest.mark.shows("create --console-socket")
def test_terminal(engine):
    status, seen = engine.on_terminal([
        # docker tells the size a moment after the start.
        (r"# ", "tty; until stty size | grep -v '^0 '; do :; done; echo answer $((6 * 7))\n"),
        (r"answer 42", "exit 5\n")], "run", "--rm", "-it", "--network", "none", engine.image, "sh")
    assert status == 5, seen
    assert re.search(r"/dev/(pts/0|console)", seen), seen
    assert "31 97" in seen, seen


def test_terminal_control_c(engine):
    status, seen = engine.on_terminal(
        [(r"ready", "\x03")], "run", "--rm", "-it", "--network", "none", engine.image, "sh", "-c",
        "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.1; done")
    assert (status, "interrupted" in seen) == (9, True), seen


def test_detached_terminal_logs(engine):
    container = engine.detached("-t", engine.image, "sh", "-c", "test -t 1 && echo on a terminal")
    assert engine.wait_exit(container) == 0
    assert "on a terminal" in engine.cli("logs", container).stdout


def test_no_descriptor_leaks_into_the_container(engine):
    listed = engine.output(engine.image, "ls", "-l", "/proc/self/fd").splitlines()
    descriptors = [int(match.group(1)) for line in listed if (match := re.search(r" (\d+) -> ", line))]
    # ls itself has the directory open as 3; its link is gone when ls reads it.
    assert set(descriptors) <= {0, 1, 2, 3}, listed


def test_pid_1_and_its_environment(engine):
    text = engine.output("-e", "ANSWER=42", "-w", "/home/user", engine.image, "sh", "-c",
                         "echo $$ $ANSWER $(pwd) $HOME")
    assert text.split() == ["1", "42", "/home/user", "/root"]


def test_entrypoint(engine):
    assert engine.output("--entrypoint", "echo", engine.image, "a", "b").strip() == "a b"


def test_parallel_runs(engine):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        texts = pool.map(lambda n: engine.output(engine.image, "sh", "-c", f"echo {n}; sleep 0.2"), range(6))
    assert [int(text) for text in texts] == list(range(6))
    assert engine.containers() == []


def test_the_runtime_is_hako(engine, hako):
    """Not by accident another one: the engine says which runtime it used."""
    container = engine.detached(engine.image, "true")
    inspected = engine.inspect(container)
    used = inspected.get("OCIRuntime") or inspected["HostConfig"]["Runtime"]
    assert used in (str(hako), "hako")
    assert subprocess.run([hako, "--version"], capture_output=True).returncode == 0
