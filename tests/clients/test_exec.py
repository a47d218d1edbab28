"""podman and docker: programs beside a container's own, and looks into one that runs."""

import os
import re
import subprocess

import pytest

import host
import support
from support import capability

# What the two engines pass to the runtime for each exec.
EXEC = pytest.mark.shows("exec", "exec --process", "exec --pid-file", "exec --detach")


@pytest.fixture
def container(engine):
    return engine.detached(engine.image, "sleep", "1000")


@pytest.fixture
def shared(engine):
    """A container for tests that leave it as it was."""
    return engine.lasting()


# exec

@EXEC
def test_exec(engine, shared):
    result = engine.cli("exec", shared, "sh", "-c", "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert engine.state(shared)["Running"]


@EXEC
@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_exec_status(engine, shared, status):
    assert engine.cli("exec", shared, "sh", "-c", f"exit {status}", check=False).returncode == status


@EXEC
def test_exec_ended_by_a_signal(engine, shared):
    assert engine.cli("exec", shared, "sh", "-c", "kill -KILL $$", check=False).returncode == 137


@EXEC
@pytest.mark.parametrize("program, status, text", [
    ("no-such-program", 127, "executable file not found in $PATH"),
    ("/no/such/program", 127, "no such file or directory"),
    ("/etc/passwd", 126, "permission denied")])
def test_exec_of_a_program_that_cannot_run(engine, shared, program, status, text):
    result = engine.cli("exec", shared, program, check=False)
    # docker 20.10 says 126 of each.
    assert result.returncode == (status if engine.name == "podman" else 126), result.stderr
    assert text in result.stdout + result.stderr
    assert engine.state(shared)["Running"]
    assert engine.cli("exec", shared, "echo", "again").stdout == "again\n"


@EXEC
def test_exec_is_in_the_container(engine, container):
    """Its namespaces, its cgroup, its root, its seccomp filter and capabilities."""
    engine.cli("exec", "-d", container, "sleep", "1001")
    pid = engine.pid(container)
    other = host.wait_until(lambda: process_with(pid, "1001"), "the process")
    for kind in ("mnt", "pid", "net", "ipc", "uts", "cgroup"):
        assert host.namespace(other, kind) == host.namespace(pid, kind), kind
    for name in ("cgroup", "status"):
        wanted = {"cgroup": r".*", "status": r"^(?:Cap\w+|Seccomp|NoNewPrivs|Uid|Gid):.*"}[name]
        texts = [re.findall(wanted, open(f"/proc/{number}/{name}").read(), re.M) for number in (pid, other)]
        assert texts[0] == texts[1]
    assert os.readlink(f"/proc/{other}/root") == "/"


def process_with(pid, argument):
    """The process of a container's cgroup that has an argument, as the host knows it."""
    directory, _ = support.cgroup_directory(pid, "pids")
    for number in (directory / "cgroup.procs").read_text().split():
        if argument in open(f"/proc/{number}/cmdline").read().split("\0"):
            return int(number)
    return None


@EXEC
def test_exec_user_directory_environment(engine, shared):
    text = engine.cli("exec", "-u", "1000:1000", "-w", "/tmp", "-e", "ANSWER=42", shared, "sh", "-c",
                      "id -u; id -g; pwd; echo $ANSWER; grep CapEff /proc/self/status").stdout.split()
    assert text[:4] == ["1000", "1000", "/tmp", "42"] and int(text[-1], 16) == 0
    assert engine.cli("exec", "-u", "user", shared, "id", "-un").stdout == "user\n"


@EXEC
def test_exec_inherits_the_environment(engine):
    container = engine.detached("-e", "ANSWER=42", "-w", "/home/user", engine.image, "sleep", "1000")
    assert engine.cli("exec", container, "sh", "-c", "echo $ANSWER; pwd").stdout.split() == \
        ["42", "/home/user"]


@EXEC
def test_exec_directory_that_is_missing(engine, shared):
    result = engine.cli("exec", "-w", "/not/there", shared, "pwd", check=False)
    assert result.returncode in (126, 127) and "/not/there" in result.stdout + result.stderr


@EXEC
def test_exec_detached(engine, container):
    engine.cli("exec", "-d", container, "sh", "-c", "echo made >/tmp/f; exec sleep 1001")
    host.wait_until(lambda: engine.cli("exec", container, "cat", "/tmp/f", check=False).stdout == "made\n",
                    "what it does")


@EXEC
def test_exec_stdin(engine, shared):
    data = os.urandom(200_000).hex()
    result = engine.cli("exec", "-i", shared, "wc", "-c", input=data)
    assert result.stdout.split() == [str(len(data))]


@EXEC
@pytest.mark.shows("exec --tty", "exec --console-socket")
def test_exec_on_a_terminal(engine, shared):
    status, seen = engine.on_terminal([
        (r"# ", "tty; until stty size | grep -v '^0 '; do :; done; echo answer $((6 * 7))\n"),
        (r"answer 42", "exit 5\n")], "exec", "-it", shared, "sh")
    assert status == 5, seen
    assert re.search(r"/dev/pts/\d", seen) and "31 97" in seen, seen


@EXEC
@pytest.mark.shows("exec --tty")
def test_exec_control_c(engine, shared):
    status, seen = engine.on_terminal(
        [(r"ready", "\x03")], "exec", "-it", shared, "sh", "-c",
        "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.1; done")
    assert (status, "interrupted" in seen) == (9, True), seen


@EXEC
def test_exec_keeps_added_capabilities(engine):
    container = engine.detached("--cap-add", "NET_ADMIN", "--cap-drop", "KILL", engine.image, "sleep", "1000")
    found = support.capabilities(engine.cli("exec", container, "cat", "/proc/self/status").stdout)
    assert found["CapEff"] & capability(support.CAP_NET_ADMIN)
    assert not found["CapBnd"] & capability(support.CAP_KILL)


@EXEC
def test_exec_keeps_no_new_privileges(engine):
    container = engine.detached("--security-opt", "no-new-privileges", engine.image, "sleep", "1000")
    assert "NoNewPrivs:\t1" in engine.cli("exec", container, "cat", "/proc/self/status").stdout


@EXEC
def test_exec_no_descriptor_leaks(engine, shared):
    listed = engine.cli("exec", shared, "ls", "-l", "/proc/self/fd").stdout.splitlines()
    descriptors = [int(found.group(1)) for line in listed if (found := re.search(r" (\d+) -> ", line))]
    assert set(descriptors) <= {0, 1, 2, 3}, listed


@EXEC
def test_exec_ends_with_the_container(engine, container):
    engine.cli("exec", "-d", container, "sleep", "1001")
    other = host.wait_until(lambda: process_with(engine.pid(container), "1001"), "the process")
    engine.cli("kill", container)
    engine.wait_exit(container)
    host.wait_until(lambda: not host.is_alive(other), "the end of the process")


@EXEC
def test_exec_many_at_once(engine, shared):
    commands = [list(map(str, engine.command("exec", shared, "sh", "-c", f"sleep 0.2; echo {number}")))
                for number in range(6)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=engine.env)
               for command in commands]
    assert [int(process.communicate(timeout=60)[0]) for process in started] == list(range(6))


# Looking at it

@pytest.mark.shows("ps", "ps --format")
def test_top(engine, container):
    engine.cli("exec", "-d", container, "sleep", "1001")
    host.wait_until(lambda: process_with(engine.pid(container), "1001"), "the process")
    text = engine.cli("top", container).stdout
    assert "sleep 1000" in text and "sleep 1001" in text and "sleep 1002" not in text
    if engine.name == "docker":
        # Its own columns: ps runs on the host, and the runtime says which processes are the container's.
        lines = engine.cli("top", container, "-o", "pid,args").stdout.splitlines()
        assert {line.split(None, 1)[1] for line in lines[1:]} == {"sleep 1000", "sleep 1001"}
        assert str(engine.pid(container)) in {line.split()[0] for line in lines[1:]}


def test_stats(engine):
    container = engine.detached("--memory", "64m", "--pids-limit", "33", engine.image, "sleep", "1000")
    text = engine.cli("stats", "--no-stream", "--format",
                      "{{.MemUsage}};{{.PIDs}}" if engine.name == "docker" else "{{.MemUsage}};{{.PIDS}}",
                      container).stdout
    usage, pids = text.strip().split(";")
    assert re.match(r"[1-9.]\S* ?[kKM]i?B / 6[47].*M", usage) and pids == "1", text


# Tells until it is told.
ASKING = 'while ! read -t 0.3 line; do echo waiting; done; echo got $line; exit 6'


def test_attach(engine):
    """To a terminal, and away from it by the keys for it: the container goes on."""
    container = engine.detached("-it", engine.image, "sh", "-c", ASKING)
    # podman looks for the keys one by one, and in what it reads alone.
    _, seen = engine.on_terminal([(r"(?s)(waiting.*){3}", "\x10"), ("waiting", "\x11")], "attach", container)
    assert engine.state(container)["Running"], seen
    status, seen = engine.on_terminal([(r"(?s)(waiting.*){4}", "a line\n")], "attach", container)
    assert "got a line" in seen and engine.wait_exit(container) == 6
    assert status == (6 if engine.name == "docker" else 0)


def test_logs_follow(engine):
    container = engine.detached(engine.image, "sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.3; done")
    assert engine.cli("logs", "-f", container).stdout.splitlines() == ["line 1", "line 2", "line 3"]


def test_copy_in_and_out(engine, container, tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/in").write_text("copied")
    engine.cli("cp", tmp_path / "tree", f"{container}:/tmp/tree")
    assert engine.cli("exec", container, "cat", "/tmp/tree/in").stdout == "copied"
    engine.cli("exec", container, "sh", "-c", "echo from inside >/tmp/tree/out")
    engine.cli("cp", f"{container}:/tmp/tree/out", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "from inside\n"


def test_copy_does_not_follow_a_link_out(engine, container, tmp_path):
    """A link to an absolute path is the container's, not the host's."""
    (tmp_path / "secret").write_text("the host's")
    engine.cli("exec", container, "ln", "-s", str(tmp_path / "secret"), "/tmp/link")
    engine.cli("cp", f"{container}:/tmp/link", tmp_path / "copy", check=False)
    copied = tmp_path / "copy"
    assert copied.is_symlink() or not copied.exists()


# Pausing and changing it

@pytest.mark.shows("pause", "resume")
def test_pause(engine):
    container = engine.detached(engine.image, "sh", "-c", "while :; do date +%s%N >/tmp/now; sleep 0.05; done")
    engine.cli("pause", container)
    assert engine.state(container)["Status"] == "paused"
    now = f"/proc/{engine.pid(container)}/root/tmp/now"
    before = host.wait_until(lambda: open(now).read(), "the first time")
    assert host.stays(lambda: open(now).read() == before)
    result = engine.cli("exec", container, "true", check=False)
    assert result.returncode and re.search("paused|state improper", result.stderr)
    engine.cli("unpause", container)
    assert engine.state(container)["Status"] == "running"
    host.wait_until(lambda: open(now).read() != before, "that it goes on")


@pytest.mark.shows("pause", "kill", "delete --force")
def test_removal_of_a_paused_container(engine, container):
    pid = engine.pid(container)
    engine.cli("pause", container)
    engine.cli("rm", "-f", *engine.at_once, container)
    assert engine.containers() == [] and not host.is_alive(pid)
    assert support.cgroups_of(container) == []


@pytest.mark.shows("update", "update --resources")
def test_update(engine):
    container = engine.detached("--memory", "64m", engine.image, "sleep", "1000")
    engine.cli("update", "--memory", "96m", "--memory-swap", "128m", "--cpu-quota", "75000", "--cpu-period",
               "100000", "--cpu-shares", "512", "--cpuset-cpus", "0", container)
    pid = engine.pid(container)
    assert support.limit(pid, "memory", "memory.limit_in_bytes", "memory.max") == str(96 << 20)
    assert support.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "75000"
    assert support.limit(pid, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"
    assert engine.cli("exec", container, "echo", "fine").stdout == "fine\n"


@pytest.mark.shows("update")
def test_update_that_the_kernel_refuses(engine, container):
    result = engine.cli("update", "--cpuset-cpus", "4000", container, check=False)
    assert result.returncode and result.stderr
    assert engine.state(container)["Running"]


# Ends

@pytest.mark.shows("kill")
@pytest.mark.parametrize("signal, status", [("TERM", 143), ("SIGINT", 130), ("9", 137), ("HUP", 129)])
def test_kill_with_a_signal(engine, signal, status):
    """Of a shell's child: what is process 1 is not ended by signals that it does not handle."""
    container = engine.detached("--init", engine.image, "sleep", "1000")
    engine.cli("kill", "-s", signal, container)
    assert engine.wait_exit(container) == status


@pytest.mark.shows("kill")
def test_stop_signal_of_the_container(engine):
    container = engine.detached("--stop-signal", "USR1", engine.image, "sh", "-c",
                                'trap "exit 7" USR1; echo ready; while :; do sleep 0.1; done')
    host.wait_until(lambda: "ready" in engine.cli("logs", container).stdout, "the trap")
    engine.cli("stop", "-t", "20", container)
    assert engine.wait_exit(container) == 7


def test_wait_for_several(engine):
    containers = [engine.detached(engine.image, "sh", "-c", f"sleep 0.3; exit {status}") for status in (3, 4)]
    assert engine.cli("wait", *containers).stdout.split() == ["3", "4"]


def test_rename_and_inspect(engine, container):
    engine.cli("rename", container, "renamed")
    inspected = engine.inspect("renamed")
    state = inspected["State"]
    assert inspected["Id"] == container and inspected["Name"].lstrip("/") == "renamed"
    assert (state["Status"], state["Running"], state["Paused"], state["ExitCode"]) == ("running", True, False, 0)
    assert state["Pid"] == engine.pid("renamed") and state["StartedAt"] > "2000"


def test_healthcheck(engine):
    """The engine runs it with exec; podman without systemd only when it is told to."""
    container = engine.detached("--health-cmd", "test -e /tmp/well", "--health-interval",
                                "disable" if engine.name == "podman" else "300ms", "--health-retries", "1",
                                engine.image, "sleep", "1000")
    assert healthy(engine, container, "unhealthy")
    engine.cli("exec", container, "touch", "/tmp/well")
    assert healthy(engine, container, "healthy")


def healthy(engine, container, wanted):
    def look():
        if engine.name == "podman":
            engine.cli("healthcheck", "run", container, check=False)
        state = engine.state(container)
        return (state.get("Health") or state["Healthcheck"])["Status"] == wanted
    return host.wait_until(look, f"that the container is {wanted}", 20)


def test_events(engine):
    container = engine.detached("--name", "watched", engine.image, "sh", "-c", "until test -e /go; do sleep 0.1; done; exit 3")
    engine.cli("exec", container, "touch", "/go")
    engine.wait_exit(container)
    # The state is known before the event is.
    host.wait_until(lambda: re.search("^die", engine.events(container), re.M), "the event of the end")
    seen = [event.split(":")[0] for event in engine.events(container).splitlines()]
    assert {"create", "start", "exec_start" if engine.name == "docker" else "exec"} <= set(seen), seen
