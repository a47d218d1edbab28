"""containerd with its runc v2 shim, driven by ctr."""

import itertools
import json
import os
import re
import signal
from pathlib import Path

import pytest

import host
import support

STATUS = ["cat", "/proc/self/status"]


# ctr 1.6 loses what is printed by a program that ends before ctr has opened its fifos.
LINGER = ["sh", "-c", '"$@"; status=$?; sleep 0.2; exit $status', "sh"]


def output(ctr, flags, *program):
    return ctr.run(["--rm", *flags], "short", *LINGER, *program).stdout


def detached(ctr, flags=(), *program, identity="long"):
    """The pid of a new task in the background."""
    ctr.run(["-d", "--null-io", *flags], identity, *(program or ("sleep", "1000")))
    return ctr.tasks()[identity][0]


@pytest.mark.shows("--root", "--log", "--log-format", "create", "create --bundle", "start", "delete")
def test_run(ctr):
    result = ctr.run(["--rm"], "box", *LINGER, "sh", "-c", "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert ctr.tasks() == {} and ctr.cli("containers", "list", "-q").stdout == ""


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_exit_status(ctr, status):
    assert ctr.run(["--rm"], "box", "sh", "-c", f"exit {status}", check=False).returncode == status


@pytest.mark.shows("--log", "--log-format")
@pytest.mark.parametrize("program, text", [
    ("no-such-program", "executable file not found in $PATH"),
    ("/no/such/program", "no such file or directory"),
    ("/etc/passwd", "permission denied")])
def test_program_that_cannot_run(ctr, program, text):
    result = ctr.run(["--rm"], "box", program, check=False)
    assert result.returncode and text in result.stderr, result.stderr
    assert ctr.tasks() == {}


def test_detached(ctr):
    pid = detached(ctr)
    assert ctr.tasks()["long"][1] == "RUNNING" and host.is_alive(pid)
    assert os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid")


@pytest.mark.shows("create --pid-file")
def test_pid_file(ctr, tmp_path):
    pid = detached(ctr, ["--pid-file", tmp_path / "pid"])
    assert (tmp_path / "pid").read_text().strip() == str(pid)


@pytest.mark.shows("kill", "delete")
def test_kill_and_delete(ctr):
    pid = detached(ctr)
    ctr.cli("tasks", "kill", "--signal", "SIGKILL", "long")
    host.wait_until(lambda: ctr.tasks()["long"][1] == "STOPPED", "the end of the task")
    assert "exit code 137" in ctr.cli("tasks", "delete", "long").stderr
    assert not host.is_alive(pid) and ctr.tasks() == {}


@pytest.mark.shows("kill")
def test_kill_sends_a_signal(ctr):
    detached(ctr, [], "sh", "-c", 'trap "exit 9" TERM; while :; do sleep 0.1; done')
    host.wait_until(lambda: kill_and_look(ctr), "the end of the task")
    assert "exit code 9" in ctr.cli("tasks", "delete", "long").stderr


def kill_and_look(ctr):
    # The shell may not have set its trap yet when the first signal comes.
    ctr.cli("tasks", "kill", "--signal", "SIGTERM", "long", check=False)
    return ctr.tasks()["long"][1] == "STOPPED"


@pytest.mark.shows("kill --all")
def test_kill_all(ctr):
    pid = detached(ctr, [], "sh", "-c", "sleep 1001 & sleep 1002 & wait")
    directory, _ = support.cgroup_directory(pid, "pids")
    host.wait_until(lambda: len((directory / "cgroup.procs").read_text().split()) == 3, "three processes")
    pids = (directory / "cgroup.procs").read_text().split()
    ctr.cli("tasks", "kill", "--all", "--signal", "SIGKILL", "long")
    host.wait_until(lambda: not any(host.is_alive(pid) for pid in pids), "the end of all processes")


@pytest.mark.shows("delete --force")
def test_delete_force_of_a_running_task(ctr):
    pid = detached(ctr)
    ctr.cli("tasks", "delete", "--force", "long", check=False)
    host.wait_until(lambda: not host.is_alive(pid), "the end of the task")
    assert ctr.tasks() == {}


def test_kill_of_a_task_that_has_ended(ctr):
    detached(ctr, [], "true")
    host.wait_until(lambda: ctr.tasks()["long"][1] == "STOPPED", "the end of the task")
    assert "not found" in ctr.cli("tasks", "kill", "long", check=False).stderr


@pytest.mark.shows("create --console-socket")
def test_terminal(ctr):
    command = [str(part) for part in ctr.command(*ctr.run_arguments(["--rm", "-t"], "tty", ["sh"]))]
    status, seen = support.on_terminal(command, [
        (r"# ", "tty; stty size; echo answer $((6 * 7))\n"), (r"answer 42", "exit 5\n")])
    assert status == 5, seen
    assert re.search(r"/dev/(pts/0|console)", seen) and "31 97" in seen, seen


def test_stdin(ctr):
    # An end of file before the task exists is lost by ctr 1.6: the program ends by itself.
    assert ctr.run(["--rm"], "box", *LINGER, "head", "-n", "1", input="first\nsecond\n").stdout == "first\n"


def test_no_descriptor_leaks_into_the_container(ctr):
    listed = output(ctr, [], "ls", "-l", "/proc/self/fd").splitlines()
    assert {int(found.group(1)) for line in listed if (found := re.search(r" (\d+) -> ", line))} <= \
        {0, 1, 2, 3}, listed


def test_memory(ctr):
    pid = detached(ctr, ["--memory-limit", 64 << 20])
    assert support.limit(pid, "memory", "memory.limit_in_bytes", "memory.max") == str(64 << 20)


def test_cpus(ctr):
    pid = detached(ctr, ["--cpus", "0.5"])
    assert support.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"


def test_cgroup_path_and_removal(ctr):
    pid = detached(ctr, ["--cgroup", f"/{ctr.namespace}/chosen"])
    directory, _ = support.cgroup_directory(pid, "pids")
    assert str(directory).endswith(f"/{ctr.namespace}/chosen")
    ctr.remove_all()
    assert not directory.exists()


def test_user(ctr):
    # ctr 1.6 has no flag for it: the image names the user.
    text = ctr.run(["--rm"], "short", *LINGER, "id", image=ctr.user_image).stdout
    assert "uid=1000(user) gid=1000(user)" in text


def test_capabilities(ctr):
    added = support.capabilities(output(ctr, ["--cap-add", "CAP_NET_ADMIN"], *STATUS))
    dropped = support.capabilities(output(ctr, ["--cap-drop", "CAP_KILL"], *STATUS))
    assert added["CapEff"] & support.capability(support.CAP_NET_ADMIN)
    assert not dropped["CapBnd"] & support.capability(support.CAP_KILL)


def test_no_new_privileges_by_default(ctr):
    assert "NoNewPrivs:\t1" in output(ctr, [], *STATUS)


def test_read_only(ctr):
    result = ctr.run(["--rm", "--read-only"], "box", *LINGER, "touch", "/x", check=False)
    assert result.returncode == 1 and "Read-only file system" in result.stderr


def test_bind_mount(ctr, tmp_path):
    (tmp_path / "in").write_text("from the host")
    text = output(ctr, ["--mount", f"type=bind,src={tmp_path},dst=/data,options=rbind:rw"], "sh", "-c",
                  "cat /data/in; echo back >/data/out")
    assert text == "from the host" and (tmp_path / "out").read_text() == "back\n"


def test_bind_mount_read_only(ctr, tmp_path):
    result = ctr.run(["--rm", "--mount", f"type=bind,src={tmp_path},dst=/data,options=rbind:ro"], "box",
                     "touch", "/data/x", check=False)
    assert result.returncode == 1 and list(tmp_path.iterdir()) == []


def test_tmpfs(ctr):
    text = output(ctr, ["--mount", "type=tmpfs,src=tmpfs,dst=/scratch,options=size=1m:nosuid"], "grep",
                  "/scratch", "/proc/mounts")
    assert "size=1024k" in text and "nosuid" in text


def test_environment_and_directory(ctr):
    assert output(ctr, ["--env", "ANSWER=42", "--cwd", "/home/user"], "sh", "-c",
                  "echo $ANSWER; pwd").split() == ["42", "/home/user"]


def test_device(ctr):
    text = output(ctr, ["--device", "/dev/full"], "sh", "-c", "(echo x >/dev/full) 2>&1; true")
    assert "No space left" in text


def test_host_network(ctr):
    assert output(ctr, ["--net-host"], "readlink", "/proc/self/ns/net").strip() == \
        os.readlink("/proc/self/ns/net")


def test_own_network_has_loopback(ctr):
    text = output(ctr, [], "ip", "-o", "addr", "show", "lo")
    assert "127.0.0.1/8" in text


def test_join_a_namespace(ctr):
    pid = detached(ctr)
    for kind, name in (("network", "net"), ("pid", "pid"), ("ipc", "ipc"), ("uts", "uts")):
        text = output(ctr, ["--with-ns", f"{kind}:/proc/{pid}/ns/{name}"], "readlink", f"/proc/self/ns/{name}")
        assert text.strip() == os.readlink(f"/proc/{pid}/ns/{name}"), kind


def test_user_namespace(ctr):
    text = output(ctr, ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"], "cat",
                  "/proc/self/uid_map")
    assert text.split() == ["0", "100000", "65536"]


@pytest.mark.needs(support.compiler, "no C compiler for the program that asks for a personality")
def test_seccomp(ctr):
    result = ctr.run(["--rm", "--seccomp"], "box", *LINGER, "sh", "-c",
                     "grep Seccomp: /proc/self/status; personality", check=False)
    assert "Seccomp:\t2" in result.stdout
    assert result.returncode and "Operation not permitted" in result.stderr


def test_privileged(ctr):
    result = ctr.run(["--rm", "--privileged"], "box", *LINGER, *STATUS, check=False)
    if result.returncode and support.host_lacks():
        assert "CAP_" in result.stderr or "capabilit" in result.stderr, result.stderr
        pytest.skip(f"this host's root lacks capabilities {support.host_lacks()}, and the error says so")
    assert support.capabilities(result.stdout)["CapEff"] == \
        support.capabilities(Path("/proc/self/status").read_text())["CapBnd"]


@pytest.mark.shows("create --no-pivot")
def test_no_pivot(ctr):
    assert output(ctr, ["--no-pivot"], "echo", "fine").strip() == "fine"


def test_the_runtime_keeps_no_state(ctr):
    output(ctr, [], "true")
    root = ctr.runc_root / ctr.namespace
    assert not root.exists() or list(root.iterdir()) == []


# Beside the container's own program

EXEC = pytest.mark.shows("exec", "exec --process", "exec --pid-file", "exec --detach")


def execute(ctr, flags, *program, **options):
    return ctr.cli("tasks", "exec", "--exec-id", f"exec{next(NUMBERS)}", *flags, "long", *LINGER, *program, **options)


NUMBERS = itertools.count()


@EXEC
def test_exec(ctr):
    pid = detached(ctr)
    result = execute(ctr, [], "sh", "-c", "readlink /proc/self/ns/pid; echo err >&2; exit 42", check=False)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (42, host.namespace(pid, "pid"), "err\n")
    assert execute(ctr, [], "true").returncode == 0


@EXEC
@pytest.mark.parametrize("program, text", [
    ("no-such-program", "executable file not found in $PATH"), ("/no/such/program", "no such file or directory"),
    ("/etc/passwd", "permission denied")])
def test_exec_of_a_program_that_cannot_run(ctr, program, text):
    detached(ctr)
    result = ctr.cli("tasks", "exec", "--exec-id", "broken", "long", program, check=False)
    assert result.returncode and text in result.stderr, result.stderr
    assert ctr.tasks()["long"][1] == "RUNNING" and len(processes(ctr)) == 1


@EXEC
def test_exec_user_and_directory(ctr):
    detached(ctr)
    text = execute(ctr, ["--user", "1000", "--cwd", "/home/user"], "sh", "-c", "id -u; pwd").stdout
    assert text.split() == ["1000", "/home/user"]


@EXEC
@pytest.mark.shows("exec --console-socket")
def test_exec_on_a_terminal(ctr):
    detached(ctr)
    command = [str(part) for part in ctr.command("tasks", "exec", "--tty", "--exec-id", "tty", "long", "sh")]
    status, seen = support.on_terminal(command, [
        (r"# ", "tty; until stty size | grep -v '^0 '; do :; done; echo answer $((6 * 7))\n"),
        (r"answer 42", "exit 5\n")])
    assert status == 5 and re.search(r"/dev/pts/\d", seen) and "31 97" in seen, seen


@EXEC
def test_exec_stdin(ctr):
    detached(ctr)
    assert execute(ctr, [], "head", "-n", "1", input="first\nsecond\n").stdout == "first\n"


@EXEC
@pytest.mark.shows("ps", "ps --format")
def test_ps(ctr):
    pid = detached(ctr)
    ctr.cli("tasks", "exec", "--detach", "--exec-id", "second", "long", "sleep", "1001")
    pids = host.wait_until(lambda: len(processes(ctr)) == 2 and processes(ctr), "two processes")
    assert pid in pids and all(map(host.is_alive, pids))
    assert {Path(f"/proc/{number}/cmdline").read_text().split("\0")[1] for number in pids} == {"1000", "1001"}


def processes(ctr):
    return [int(line.split()[0]) for line in ctr.cli("tasks", "ps", "long").stdout.splitlines()[1:]]


@pytest.mark.shows("pause", "resume")
def test_pause_and_resume(ctr):
    pid = detached(ctr, [], "sh", "-c", "while :; do date +%s%N >/now; sleep 0.05; done")
    now = Path(f"/proc/{pid}/root/now")
    ctr.cli("tasks", "pause", "long")
    assert ctr.tasks()["long"][1] == "PAUSED"
    before = now.read_text()
    assert host.stays(lambda: now.read_text() == before)
    assert execute(ctr, [], "true", check=False).returncode
    ctr.cli("tasks", "resume", "long")
    assert ctr.tasks()["long"][1] == "RUNNING"
    host.wait_until(lambda: now.read_text() != before, "that it goes on")


@pytest.mark.shows("pause", "kill", "delete --force")
def test_kill_of_a_paused_task(ctr):
    pid = detached(ctr)
    ctr.cli("tasks", "pause", "long")
    ctr.cli("tasks", "kill", "--signal", "SIGKILL", "long")
    host.wait_until(lambda: not host.is_alive(pid), "the end of the task")
    assert "exit code 137" in ctr.cli("tasks", "delete", "long").stderr


def test_metrics(ctr):
    detached(ctr, ["--memory-limit", 64 << 20])
    text = ctr.cli("tasks", "metrics", "--format", "json", "long").stdout
    data = json.loads(text)
    assert str(64 << 20) in text and data["pids"]["current"] == 1, text


@EXEC
@pytest.mark.shows("kill --all")
def test_kill_all_with_a_signal(ctr):
    pid = detached(ctr, [], "sh", "-c", 'trap "" USR1; sleep 1000 & wait; wait')
    ctr.cli("tasks", "exec", "--detach", "--exec-id", "second", "long", "sleep", "1001")
    pids = host.wait_until(lambda: len(processes(ctr)) == 3 and processes(ctr), "three processes")
    others = [number for number in pids if number != pid]
    ctr.cli("tasks", "kill", "--all", "--signal", "SIGTERM", "long")
    host.wait_until(lambda: not any(map(host.is_alive, others)), "the end of the others")


@pytest.mark.shows("checkpoint", "checkpoint --image-path", "checkpoint --work-path")
@pytest.mark.needs(support.criu_works, support.NO_CRIU)
def test_checkpoint(ctr, tmp_path):
    pid = detached(ctr)
    ctr.cli("tasks", "checkpoint", "--image-path", tmp_path / "image", "--work-path", tmp_path / "work", "--exit",
            "long")
    assert list((tmp_path / "image").glob("core-*.img"))
    host.wait_until(lambda: not host.is_alive(pid), "the end of the task")


# Crashes

@EXEC
@pytest.mark.shows("kill", "delete")
def test_tasks_outlive_containerd(ctr):
    pid = detached(ctr)
    ctr.daemon.crash()
    assert ctr.tasks()["long"] == (pid, "RUNNING") and host.is_alive(pid)
    assert execute(ctr, [], "echo", "still there").stdout == "still there\n"
    ctr.cli("tasks", "kill", "--signal", "SIGKILL", "long")
    host.wait_until(lambda: ctr.tasks()["long"][1] == "STOPPED", "the end of the task")
    assert "exit code 137" in ctr.cli("tasks", "delete", "long").stderr
    assert not host.is_alive(pid) and support.cgroups_of("long") == []


@pytest.mark.shows("delete --force")
def test_a_killed_shim_leaves_nothing(ctr):
    """containerd starts another shim, which has the runtime delete what there is by force."""
    pid = detached(ctr)
    shim = host.wait_until(lambda: [number for number, line in support.processes_naming("containerd-shim").items()
                                    if str(ctr.socket) in line and " long" in line], "the shim")
    os.kill(shim[0], signal.SIGKILL)
    host.wait_until(lambda: not host.is_alive(pid), "the end of the task")
    host.wait_until(lambda: "long" not in ctr.tasks(), "that containerd forgets the task")
    host.wait_until(lambda: not (ctr.runc_root / ctr.namespace / "long").exists(), "the runtime's clean-up")
    assert support.cgroups_of("long") == []
