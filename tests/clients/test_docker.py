"""What only dockerd does, with containerd's shim between it and the runtime."""

import json

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


def test_copy_in_and_out(docker, tmp_path):
    container = docker.detached(docker.image, "sleep", "1000")
    (tmp_path / "in").write_text("copied")
    docker.cli("cp", tmp_path / "in", f"{container}:/tmp/in")
    docker.cli("cp", f"{container}:/tmp/in", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "copied"
