"""podman of an ordinary user, with the runtime under test as its own: see test_delegation.py for who runs it."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

import host
from test_delegation import MiB, is_given, subordinate

pytestmark = [pytest.mark.unprivileged,
              pytest.mark.needs(is_given, "for an ordinary user with a cgroup v2 of its own"),
              pytest.mark.needs(lambda: shutil.which("podman") and shutil.which("newuidmap"),
                                "no podman, or no newuidmap here")]


@pytest.fixture(scope="module")
def podman(program, area, base_rootfs):
    """podman(*args), which must succeed, gives what it printed; its image is "box"."""
    subordinate("uid")
    home = area / "podman"
    home.mkdir()
    command = ["podman", "--root", home / "root", "--runroot", home / "run", "--tmpdir", home / "tmp",
               "--storage-driver", "vfs", "--cgroup-manager=cgroupfs", "--events-backend", "file",
               "--runtime", program]

    def call(*args):
        result = subprocess.run([*command, *args], capture_output=True, text=True, cwd="/",
                                stdin=subprocess.DEVNULL, timeout=120 * host.SLOW)
        assert result.returncode == 0, f"podman {args}: {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout

    subprocess.run(["tar", "-C", base_rootfs, "-cf", home / "box.tar", "."], check=True)
    call("import", home / "box.tar", "box")
    yield call
    call("system", "migrate")  # ends the process that keeps the user's namespaces
    # ids of the user's own are in there
    subprocess.run(["podman", "unshare", "rm", "-rf", home], check=True, cwd="/")


@pytest.fixture
def container(podman):
    """One that runs, with limits."""
    name = "limited"
    podman("run", "--detach", "--name", name, "--network=none", "--memory=64m", "--pids-limit=50", "box",
           "sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done")
    pid = int(podman("inspect", "--format={{.State.Pid}}", name))
    yield SimpleNamespace(name=name, pid=pid, cgroup=host.cgroup_of(pid, ""))
    podman("rm", "--force", "--time=0", name)


def test_run(podman):
    lines = podman("run", "--rm", "--network=none", "box", "sh", "-c", "id -u; cat /proc/self/uid_map").splitlines()
    assert lines[0] == "0"
    assert lines[1].split() == ["0", str(os.getuid()), "1"]
    assert lines[2].split()[:2] == ["1", subordinate("uid")[0]]


def test_life_cycle(podman, container):
    assert (container.cgroup / "memory.max").read_text() == f"{64 * MiB}\n"
    assert (container.cgroup / "pids.max").read_text() == "50\n"
    assert podman("exec", container.name, "cat", "/proc/self/cgroup") == "0::/\n"
    podman("pause", container.name)
    assert "frozen 1" in (container.cgroup / "cgroup.events").read_text()
    podman("unpause", container.name)
    podman("stop", container.name)
    assert podman("inspect", "--format={{.State.ExitCode}}", container.name) == "7\n"
    assert not container.cgroup.exists()
