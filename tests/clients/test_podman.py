"""What only podman does, with conmon between it and the runtime."""

import os
from pathlib import Path

import pytest

import engines


def test_errors_as_text(hako, home, image):
    """A runtime that podman does not know to speak JSON tells its errors on stderr."""
    podman = engines.Podman(hako, home / "podman-text", image, as_json=False)
    try:
        for program, status in (("no-such-program", 127), ("/etc", 126)):
            result = podman.run("--rm", podman.image, program, check=False)
            assert result.returncode == status, result.stderr
    finally:
        podman.close()


def test_workdir_that_is_missing(podman):
    result = podman.run("--rm", "-w", "/not/there", podman.image, "pwd", check=False)
    assert result.returncode and "/not/there" in result.stderr


def test_user_namespace(podman):
    text = podman.output("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", podman.image, "sh", "-c",
                         "id -u; cat /proc/self/uid_map; touch /mine && stat -c %u /mine")
    fields = text.split()
    assert fields[:4] == ["0", "0", "100000", "65536"] and fields[4] == "0"


def test_user_namespace_is_seen_from_outside(podman):
    container = podman.detached("--uidmap", "0:100000:65536", podman.image, "sleep", "1000")
    assert Path(f"/proc/{podman.pid(container)}").stat().st_uid == 100000


def test_umask(podman):
    assert podman.output("--umask", "0077", podman.image, "sh", "-c", "umask").strip() == "0077"


def test_preserved_descriptor(podman, tmp_path):
    (tmp_path / "file").write_text("through descriptor 3")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        command = [str(part) for part in podman.command(
            "run", "--rm", "--network", "none", "--preserve-fds", "1", podman.image, "sh", "-c", "cat <&3")]
        # The shell puts the file at 3, wherever it was.
        result = podman.cli_raw(["sh", "-c", f'exec 3</dev/fd/{descriptor}; exec "$@"', "sh", *command],
                                pass_fds=[descriptor])
    finally:
        os.close(descriptor)
    assert result.stdout == "through descriptor 3", result.stderr


def test_systemd_listen_fds_are_absent(podman):
    assert "LISTEN_FDS" not in podman.output(podman.image, "env")


def test_mount_options(podman, tmp_path):
    text = podman.output("-v", f"{tmp_path}:/data:ro,nosuid,nodev,noexec", podman.image, "grep", " /data ",
                         "/proc/mounts")
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(text.split()[3].split(","))


def test_mount_propagation(podman, tmp_path):
    text = podman.output("-v", f"{tmp_path}:/data:rslave", podman.image, "grep", " /data ",
                         "/proc/self/mountinfo")
    # A private source has no peer to be the slave of; it must not be shared with the host.
    assert "shared:" not in text


def test_mask_and_unmask(podman):
    text = podman.output("--security-opt", "mask=/etc/group", podman.image, "wc", "-c", "/etc/group")
    assert text.split()[0] == "0"


def test_read_write_tmpfs_of_read_only(podman):
    assert podman.output("--read-only", podman.image, "sh", "-c",
                         "echo x >/tmp/f && echo x >/run/f && echo fine").strip() == "fine"


def test_container_in_a_cgroup_namespace(podman):
    text = podman.output("--cgroupns", "private", podman.image, "cat", "/proc/self/cgroup")
    assert text and all(line.split(":", 2)[2] == "/" for line in text.splitlines())


def test_volume_of_a_symlink_in_the_image(podman, tmp_path):
    """The destination is resolved inside the root: an image's link must not lead outside."""
    (tmp_path / "file").write_text("mine")
    text = podman.output("-v", f"{tmp_path}:/var/link/data", podman.image, "cat", "/var/link/data/file")
    assert text == "mine"


@pytest.mark.parametrize("signal, status", [("KILL", 137), ("ABRT", 134)])
def test_status_of_a_signal(podman, signal, status):
    result = podman.run("--rm", podman.image, "sh", "-c", f"sh -c 'kill -{signal} $$'; exit $?", check=False)
    assert result.returncode == status


def test_info_knows_the_runtime(podman, hako):
    text = podman.cli("info", "--format", "{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}").stdout
    assert text.startswith(str(hako)) and "spec:" in text
