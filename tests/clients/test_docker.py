"""What only dockerd does, with containerd's shim between it and the runtime."""

import http.client
import json
import os
import re
import signal
import socket

import pytest

import host
import support


def test_info_names_the_runtime(docker, hako):
    info = json.loads(docker.cli("info", "--format", "{{json .}}").stdout)
    assert info["DefaultRuntime"] == "hako" and info["Runtimes"]["hako"]["path"] == str(hako)


def test_runtime_by_name(docker):
    assert docker.output("--runtime", "hako", docker.image, "echo", "named").strip() == "named"


def test_workdir_is_made(docker):
    assert docker.output("-w", "/made/by/need", docker.image, "pwd").strip() == "/made/by/need"


def test_error_text_is_the_runtimes(docker):
    result = docker.run("--rm", docker.image, "no-such-program", check=False)
    assert '"no-such-program": executable file not found in $PATH' in result.stderr, result.stderr


def test_restart_policy(docker):
    container = docker.detached("--restart", "on-failure:2", docker.image, "sh", "-c", "exit 6")
    host.wait_until(lambda: docker.inspect(container)["RestartCount"] == 2 and
                    not docker.state(container)["Running"], "two restarts", 30)
    assert docker.state(container)["ExitCode"] == 6


def test_oom_is_reported(docker):
    container = docker.detached("--memory", "16m", "--memory-swap", "16m", docker.image, "tail", "/dev/zero")
    assert docker.wait_exit(container) == 137
    host.wait_until(lambda: docker.state(container)["OOMKilled"], "the OOM report")


def test_storage_options_of_tmpfs(docker):
    text = docker.output("--tmpfs", "/t:rw,noexec,nosuid,size=65536k,mode=1777", docker.image, "grep",
                         " /t ", "/proc/mounts")
    assert {"noexec", "nosuid", "size=65536k"} <= set(text.split()[3].split(","))


def test_mount_flag(docker, tmp_path):
    (tmp_path / "f").write_text("x")
    assert docker.output("--mount", f"type=bind,src={tmp_path},dst=/d,readonly", docker.image, "sh", "-c",
                         "cat /d/f; touch /d/g 2>/dev/null || echo refused") == "xrefused\n"


def test_device_cgroup_rule(docker):
    """The access letters in the user's order, a wildcard minor as -1."""
    text = docker.output("--device-cgroup-rule", "c 1:* rmw", "--cap-add", "MKNOD", docker.image, "sh", "-c",
                         "mknod /f c 1 7 && (echo x >/f) 2>&1; true")
    assert "No space left" in text


def test_blkio_weight_is_accepted(docker):
    assert docker.output("--blkio-weight", "500", docker.image, "echo", "fine").strip() == "fine"


def test_the_runtime_keeps_no_state(docker):
    docker.output(docker.image, "true")
    root = docker.exec_root / "runtime-runc" / "moby"
    assert not root.exists() or list(root.iterdir()) == []


@pytest.mark.shows("exec", "ps")
def test_exec_is_known_to_inspect(docker):
    container = docker.detached(docker.image, "sleep", "1000")
    docker.cli("exec", "-d", container, "sleep", "1001")
    identities = docker.inspect(container)["ExecIDs"]
    assert len(identities) == 1
    shown = api(docker, f"/exec/{identities[0]}/json")
    assert shown["Running"] and shown["Pid"] and shown["ContainerID"] == container
    os.kill(shown["Pid"], signal.SIGKILL)
    host.wait_until(lambda: api(docker, f"/exec/{identities[0]}/json")["ExitCode"] == 137, "its exit code")


def api(docker, path):
    """A GET of dockerd's API, for what the command does not show."""
    connection = http.client.HTTPConnection("docker")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(docker.socket))
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def test_restart_policy_always(docker):
    """Process 1 is killed from outside: the daemon starts it again."""
    container = docker.detached("--restart", "always", docker.image, "sleep", "1000")
    first = docker.pid(container)
    os.kill(first, signal.SIGKILL)
    host.wait_until(lambda: docker.pid(container) not in (0, first), "the restart")
    docker.cli("stop", "-t", "0", container)
    assert host.stays(lambda: not docker.state(container)["Running"])


@pytest.mark.shows("update", "update --resources")
def test_update_of_limits_and_policy(docker):
    container = docker.detached("--pids-limit", "100", docker.image, "sleep", "1000")
    docker.cli("update", "--pids-limit", "33", "--cpus", "0.5", "--restart", "always", container)
    pid = docker.pid(container)
    assert support.limit(pid, "pids", "pids.max", "pids.max") == "33"
    assert support.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    assert docker.inspect(container)["HostConfig"]["RestartPolicy"]["Name"] == "always"
    docker.cli("update", "--restart", "no", container)


def test_health_of_an_image(docker, tmp_path):
    """The check is in the image's configuration."""
    build(docker, tmp_path, f"FROM {docker.image}\nHEALTHCHECK --interval=200ms --retries=1 CMD test ! -e /ill\n")
    container = docker.detached("built", "sleep", "1000")
    health = lambda: docker.state(container)["Health"]  # noqa: E731
    host.wait_until(lambda: health()["Status"] == "healthy", "good health", 20)
    docker.cli("exec", container, "touch", "/ill")
    host.wait_until(lambda: health()["Status"] == "unhealthy", "bad health", 20)
    assert health()["Log"][-1]["ExitCode"] == 1


def build(docker, directory, text, kit="0"):
    (directory / "Dockerfile").write_text(text)
    docker.env["DOCKER_BUILDKIT"] = kit
    return docker.cli("build", "--network", "none", "-t", "built", "--no-cache", directory)


DOCKERFILE = """FROM box
WORKDIR /made
ENV ANSWER=42
COPY file /made/copied
RUN id -u >uid && echo $ANSWER >answer
USER user
RUN id -un >/tmp/name
CMD ["sh", "-c", "cat /made/copied /made/uid /made/answer /tmp/name"]
"""


@pytest.mark.shows("create", "start")
def test_classic_build(docker, tmp_path):
    (tmp_path / "file").write_text("copied\n")
    build(docker, tmp_path, DOCKERFILE)
    assert docker.output("built").split() == ["copied", "0", "42", "user"]


@pytest.mark.shows("run", "run --bundle")
def test_build_with_buildkit(docker, tmp_path):
    """BuildKit calls whatever is named runc in dockerd's PATH, by `run`."""
    (tmp_path / "file").write_text("copied\n")
    build(docker, tmp_path, DOCKERFILE, kit="1")
    assert docker.output("built").split() == ["copied", "0", "42", "user"]
    assert docker.buildkit_log.read_text().count(" run --bundle ") == 2


@pytest.mark.shows("run")
def test_build_that_fails(docker, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {docker.image}\nRUN exit 42\n")
    for kit in ("0", "1"):
        docker.env["DOCKER_BUILDKIT"] = kit
        result = docker.cli("build", "--network", "none", tmp_path, check=False)
        assert result.returncode and re.search(r"code: 42|exit code 42|returned a non-zero code: 42",
                                               result.stdout + result.stderr), result.stderr


def test_bridge(docker):
    """A hook of the daemon's sets the network up: it gets the state on its stdin."""
    name = f"hkt{os.getpid()}"
    docker.cli("network", "create", "--internal", "--subnet", "198.18.79.0/24", "--opt",
               f"com.docker.network.bridge.name={name}", name)
    try:
        first = docker.detached("--network", name, docker.image, "sleep", "1000")
        address = docker.inspect(first)["NetworkSettings"]["Networks"][name]["IPAddress"]
        assert address.startswith("198.18.79.")
        assert address in docker.cli("exec", first, "ip", "-o", "addr").stdout
        docker.output("--network", name, docker.image, "ping", "-c", "1", "-W", "5", address)
    finally:
        docker.remove_all()
        docker.cli("network", "rm", name)


@pytest.mark.shows("exec", "kill", "delete")
def test_containers_outlive_the_daemon(docker):
    """With live-restore: dockerd is killed, comes back, and has its container still."""
    container = docker.detached(docker.image, "sleep", "1000")
    pid = docker.pid(container)
    docker.daemon.crash()
    assert docker.pid(container) == pid and host.is_alive(pid)
    assert docker.cli("exec", container, "echo", "still there").stdout == "still there\n"
    docker.cli("kill", container)
    assert docker.wait_exit(container) == 137 and not host.is_alive(pid)
