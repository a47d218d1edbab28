"""What only podman does, with conmon between it and the runtime."""

import json
import os
import re
from pathlib import Path

import pytest

import engines
import host
import support


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


@pytest.mark.shows("create --preserve-fds")
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


def test_runtime_by_path(podman, hako):
    identity = podman.cli("--runtime", hako, "run", "-d", "--network", "none", podman.image, "sleep",
                          "1000").stdout.strip()
    assert podman.inspect(identity)["OCIRuntime"] == str(hako)


@pytest.mark.shows("--version")
def test_info_knows_the_runtime(podman, hako):
    text = podman.cli("info", "--format", "{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}").stdout
    assert text.startswith(str(hako)) and "spec:" in text


# Pods

@pytest.fixture
def make_pod(podman):
    """The name of a new pod without a network; its first container holds the namespaces."""
    made = []

    def make(*flags):
        made.append(podman.cli("pod", "create", "--network", "none", *flags).stdout.strip())
        return made[-1]

    yield make
    for pod in made:
        podman.cli("pod", "rm", "-f", "-t", "0", pod, check=False)
        # podman forgets those of the hierarchies without controllers; conmon is in them a little longer.
        host.wait_until(lambda: not support.remove_cgroups(support.cgroups_of(pod)), "the end of the pod's cgroups")


def in_pod(podman, pod, *program):
    return podman.cli("run", "-d", "--pod", pod, podman.image, *(program or ("sleep", "1000"))).stdout.strip()


def infra(podman, pod):
    return json.loads(podman.cli("pod", "inspect", pod).stdout)["InfraContainerID"]


def test_pod_shares_namespaces(podman, make_pod):
    pod = make_pod()
    pids = [podman.pid(in_pod(podman, pod)) for _ in range(2)] + [podman.pid(infra(podman, pod))]
    for kind in ("net", "ipc", "uts"):
        assert len({host.namespace(pid, kind) for pid in pids}) == 1, kind
    for kind in ("pid", "mnt"):
        assert len({host.namespace(pid, kind) for pid in pids}) == 3, kind
    assert host.namespace(pids[0], "net") != host.namespace("self", "net")


def test_pod_of_shared_processes(podman, make_pod):
    pod = make_pod("--share", "pid,ipc,net")
    first, second = (in_pod(podman, pod, "sleep", number) for number in ("1001", "1002"))
    text = podman.cli("exec", first, "ps").stdout
    assert "sleep 1001" in text and "sleep 1002" in text and "catatonit" in text
    podman.cli("kill", second)
    assert podman.wait_exit(second) == 137 and podman.state(first)["Running"]


def test_pod_talks_over_loopback(podman, make_pod):
    pod = make_pod()
    in_pod(podman, pod, "sh", "-c", "while :; do echo over loopback | nc -l -p 8080; done")
    second = in_pod(podman, pod)
    host.wait_until(lambda: "over loopback" in podman.cli(
        "exec", second, "sh", "-c", "nc -w 1 127.0.0.1 8080 </dev/null", check=False).stdout, "an answer")


@pytest.mark.shows("kill", "pause", "resume", "delete")
def test_pod_as_a_whole(podman, make_pod):
    pod = make_pod()
    container = in_pod(podman, pod)
    podman.cli("pod", "pause", pod)
    assert podman.state(container)["Status"] == "paused"
    podman.cli("pod", "unpause", pod)
    pids = [podman.pid(container), podman.pid(infra(podman, pod))]
    podman.cli("pod", "stop", "-t", "0", pod)
    assert not any(map(host.is_alive, pids))
    podman.cli("pod", "start", pod)
    assert podman.state(container)["Running"]
    podman.cli("pod", "rm", "-f", "-t", "0", pod)
    assert podman.containers() == [] and support.cgroups_of(container) == []


# Checkpoint and restore

CRIU = pytest.mark.needs(support.criu_works, support.NO_CRIU)
COUNTING = "i=0; while :; do i=$((i + 1)); echo $i >/count; sleep 0.1; done"


def count(podman, container):
    return int(podman.cli("exec", container, "cat", "/count").stdout or 0)


@CRIU
@pytest.mark.shows("checkpoint", "checkpoint --image-path", "checkpoint --work-path", "restore",
                   "restore --image-path", "restore --work-path", "restore --bundle")
def test_checkpoint_and_restore(podman):
    container = podman.detached(podman.image, "sh", "-c", COUNTING)
    host.wait_until(lambda: count(podman, container) > 3, "some counting")
    podman.cli("container", "checkpoint", container)
    assert podman.state(container)["Status"] == "exited" and podman.state(container)["Checkpointed"]
    podman.cli("container", "restore", container)
    first = count(podman, container)
    assert first > 3 and podman.state(container)["Running"]
    host.wait_until(lambda: count(podman, container) > first, "more counting")


@CRIU
@pytest.mark.shows("checkpoint", "checkpoint --leave-running")
def test_checkpoint_that_leaves_it_running(podman, tmp_path):
    container = podman.detached(podman.image, "sh", "-c", COUNTING)
    pid = podman.pid(container)
    podman.cli("container", "checkpoint", "--leave-running", "--export", tmp_path / "c.tar.gz", container)
    assert podman.pid(container) == pid and host.is_alive(pid)
    restored = podman.cli("container", "restore", "--import", tmp_path / "c.tar.gz", "--name",
                          "restored").stdout.strip()
    assert restored and podman.state("restored")["Running"]


def test_checkpoint_support_is_asked_for(podman):
    """podman runs `checkpoint --help` first: without a CRIU that works the error is CRIU's or podman's."""
    container = podman.detached(podman.image, "sleep", "1000")
    if support.criu_works():
        pytest.skip("CRIU works here: the tests above checkpoint")
    result = podman.cli("container", "checkpoint", container, check=False)
    assert result.returncode and re.search("criu|checkpoint", result.stderr, re.I), result.stderr
    assert podman.state(container)["Running"]


# Networks

@pytest.fixture
def network(podman):
    """A bridge that leads nowhere."""
    if not any(os.path.exists(f"{path}/netavark") for path in ("/usr/lib/podman", "/usr/libexec/podman")):
        pytest.skip("netavark is not installed")
    name = f"hkt{os.getpid()}"
    podman.cli("network", "create", "--internal", "--disable-dns", "--subnet", "198.18.78.0/24", name)
    yield name
    podman.remove_all()
    bridge = json.loads(podman.cli("network", "inspect", name).stdout)[0]["network_interface"]
    podman.cli("network", "rm", "-f", name)
    assert not Path("/sys/class/net", bridge).exists()


def test_bridge(podman, network):
    first = podman.detached("--network", network, podman.image, "sleep", "1000")
    address = podman.inspect(first)["NetworkSettings"]["Networks"][network]["IPAddress"]
    assert address.startswith("198.18.78.")
    assert address in podman.output("--network", f"container:{first}", podman.image, "ip", "-o", "addr")
    podman.output("--network", network, podman.image, "ping", "-c", "1", "-W", "5", address)


# More of a container's life

@pytest.mark.hako_only
@pytest.mark.shows("--cgroup-manager")
def test_cgroups_disabled(podman):
    """The container stays in the cgroup of its caller: podman asks for --cgroup-manager disabled."""
    container = podman.detached("--cgroups", "disabled", podman.image, "sleep", "1000")
    pid = podman.pid(container)
    assert support.cgroups_of(container) == []
    podman.cli("kill", container)
    host.wait_until(lambda: not host.is_alive(pid), "its end")


def test_automatic_user_namespace(podman):
    """A second user namespace of the same image: its files get the ids of each."""
    texts = [podman.output("--uidmap", f"0:{first}:1000", podman.image, "sh", "-c",
                           "cat /proc/self/uid_map; stat -c %u /bin/sh").split() for first in (200000, 300000)]
    assert texts == [["0", "200000", "1000", "0"], ["0", "300000", "1000", "0"]]


def test_user_namespace_of_another_container(podman):
    other = podman.detached("--uidmap", "0:100000:65536", podman.image, "sleep", "1000")
    text = podman.output("--userns", f"container:{other}", podman.image, "sh", "-c",
                         "readlink /proc/self/ns/user; cat /proc/self/uid_map").split()
    assert text == [host.namespace(podman.pid(other), "user"), "0", "100000", "65536"]


@pytest.mark.shows("exec")
def test_exec_in_a_user_namespace(podman):
    container = podman.detached("--uidmap", "0:100000:65536", podman.image, "sleep", "1000")
    assert podman.cli("exec", container, "id", "-u").stdout == "0\n"
    assert podman.cli("exec", "-u", "1000", container, "sh", "-c", "id -u; cat /proc/self/uid_map").stdout.split() == \
        ["1000", "0", "100000", "65536"]


@pytest.mark.shows("exec", "exec --preserve-fds")
def test_exec_with_a_preserved_descriptor(podman, tmp_path):
    (tmp_path / "file").write_text("through descriptor 3")
    container = podman.lasting()
    command = [str(part) for part in podman.command("exec", "--preserve-fds", "1", container, "sh", "-c", "cat <&3")]
    result = podman.cli_raw(["sh", "-c", f'exec 3<{tmp_path}/file; exec "$@"', "sh", *command])
    assert result.stdout == "through descriptor 3", result.stderr


@pytest.mark.shows("exec")
def test_top_inside(podman):
    """With options of ps podman runs ps inside, by exec."""
    assert "sleep 1000000" in podman.cli("top", podman.lasting(), "-o", "args").stdout


@pytest.mark.shows("update")
def test_update_of_the_cpu_shares(podman):
    container = podman.detached(podman.image, "sleep", "1000")
    podman.cli("update", "--cpus", "0.25", "--memory", "80m", "--memory-reservation", "40m", container)
    pid = podman.pid(container)
    assert support.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "25000"
    assert support.limit(pid, "memory", "memory.limit_in_bytes", "memory.max") == str(80 << 20)
    assert support.limit(pid, "memory", "memory.soft_limit_in_bytes", "memory.low") == str(40 << 20)


def test_security_options(podman):
    text = podman.output("--security-opt", "unmask=ALL", "--security-opt", "seccomp=unconfined", podman.image,
                         "sh", "-c", "mount | grep -c -E ' /proc/(kcore|keys|sys) '; grep Seccomp: /proc/self/status")
    assert text.split() == ["0", "Seccomp:", "0"]


def test_init_container_of_a_pod(podman, make_pod):
    pod = make_pod()
    podman.cli("create", "--pod", pod, "--init-ctr", "once", "-v", "hako-init:/data", podman.image, "touch",
               "/data/made")
    main = podman.cli("create", "--pod", pod, "-v", "hako-init:/data", podman.image, "ls", "/data").stdout.strip()
    podman.cli("pod", "start", pod)
    assert podman.wait_exit(main) == 0 and podman.cli("logs", main).stdout == "made\n"
    podman.cli("pod", "rm", "-f", "-t", "0", pod)
    podman.cli("volume", "rm", "hako-init")
