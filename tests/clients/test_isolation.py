"""podman and docker: limits, users, capabilities, files, devices, namespaces, seccomp."""

import os
import re
import uuid
from pathlib import Path

import pytest

import host
import support
from support import capability

STATUS = ("cat", "/proc/self/status")


# Limits

def test_memory(engine):
    container = engine.detached("--memory", "64m", engine.image, "sleep", "1000")
    assert support.limit(engine.pid(container), "memory", "memory.limit_in_bytes", "memory.max") == \
        str(64 << 20)


def test_memory_is_enforced(engine):
    result = engine.run("--rm", "--memory", "16m", "--memory-swap", "16m", engine.image, "sh", "-c",
                        "tail /dev/zero; echo status $?", check=False)
    # Either tail alone is killed, or the shell with it.
    assert "status 137" in result.stdout or result.returncode == 137, result


def test_cpus(engine):
    container = engine.detached("--cpus", "0.5", engine.image, "sleep", "1000")
    directory, old = support.cgroup_directory(engine.pid(container), "cpu")
    if old:
        assert (directory / "cpu.cfs_quota_us").read_text().strip() == "50000"
        assert (directory / "cpu.cfs_period_us").read_text().strip() == "100000"
    else:
        assert (directory / "cpu.max").read_text().strip() == "50000 100000"


def test_cpu_shares(engine):
    container = engine.detached("--cpu-shares", "512", engine.image, "sleep", "1000")
    directory, old = support.cgroup_directory(engine.pid(container), "cpu")
    if old:
        assert (directory / "cpu.shares").read_text().strip() == "512"
    else:
        # Two formulas are in use; each is far from the default of 100.
        assert 15 <= int((directory / "cpu.weight").read_text()) <= 70


def test_cpuset(engine):
    container = engine.detached("--cpuset-cpus", "0", engine.image, "sleep", "1000")
    assert support.limit(engine.pid(container), "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"


def test_pids_limit(engine):
    container = engine.detached("--pids-limit", "33", engine.image, "sleep", "1000")
    assert support.limit(engine.pid(container), "pids", "pids.max", "pids.max") == "33"


def test_pids_limit_is_enforced(engine):
    script = "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all started"
    result = engine.run("--rm", "--pids-limit", "4", engine.image, "sh", "-c", script, check=False)
    assert "all started" not in result.stdout


def test_every_process_is_in_the_cgroup(engine):
    container = engine.detached(engine.image, "sh", "-c", "sleep 1001 & sleep 1002")
    pid = engine.pid(container)
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        controllers, path = line.split(":", 2)[1:]
        if controllers or "unified" in support.cgroup_mounts():
            assert container in path, line


def test_ulimit(engine):
    # podman drops its configured defaults, nproc among them, as soon as one limit is given.
    text = engine.output("--ulimit", "nofile=64:128", "--ulimit", "core=0:0", "--ulimit", "nproc=1024:1024",
                         engine.image, "sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c")
    assert text.split() == ["64", "128", "0"]


def test_oom_score_adj(engine):
    assert engine.output("--oom-score-adj", "500", engine.image, "cat",
                         "/proc/self/oom_score_adj").strip() == "500"


def test_shm_size(engine):
    text = engine.output("--shm-size", "2m", engine.image, "sh", "-c", "grep /dev/shm /proc/mounts")
    assert "size=2048k" in text


# Users and capabilities

def test_user(engine):
    text = engine.output("--user", "1000:1000", engine.image, "sh", "-c", "id; echo $HOME")
    assert re.search(r"uid=1000\(user\) gid=1000\(user\)", text) and "/home/user" in text


def test_user_cannot_write_the_root(engine):
    result = engine.run("--rm", "--user", "user", engine.image, "touch", "/x", check=False)
    assert result.returncode == 1 and "Permission denied" in result.stderr


def test_additional_group(engine):
    text = engine.output("--user", "1000:1000", "--group-add", "2000", engine.image, "id", "-G")
    assert "2000" in text.split()


def test_user_has_no_capabilities(engine):
    found = support.capabilities(engine.output("--user", "1000", engine.image, *STATUS))
    assert found["CapEff"] == found["CapPrm"] == 0


def test_default_capabilities(engine):
    found = support.capabilities(engine.output(engine.image, *STATUS))
    assert found["CapEff"] == found["CapPrm"] == found["CapBnd"]
    assert found["CapEff"] & capability(support.CAP_KILL)
    assert not found["CapEff"] & capability(support.CAP_NET_ADMIN)


def test_cap_add(engine):
    found = support.capabilities(engine.output("--cap-add", "NET_ADMIN", engine.image, *STATUS))
    assert found["CapEff"] & found["CapBnd"] & capability(support.CAP_NET_ADMIN)


def test_cap_drop(engine):
    found = support.capabilities(engine.output("--cap-drop", "KILL", engine.image, *STATUS))
    assert found["CapEff"] and not (found["CapEff"] | found["CapBnd"]) & capability(support.CAP_KILL)


def test_cap_drop_all(engine):
    found = support.capabilities(engine.output("--cap-drop", "ALL", engine.image, *STATUS))
    assert set(found.values()) == {0}


def test_no_new_privileges(engine):
    text = engine.output("--security-opt", "no-new-privileges", engine.image, *STATUS)
    assert "NoNewPrivs:\t1" in text


def test_privileged(engine):
    result = engine.run("--rm", "--privileged", engine.image, *STATUS, check=False)
    lacking = support.host_lacks()
    if lacking and result.returncode:
        # Docker asks for every capability that the kernel knows, podman for those that it has.
        assert result.returncode in (125, 126)
        assert re.search("CAP_|capabilit|apply caps", result.stderr), result.stderr
        pytest.skip(f"this host's root lacks capabilities {lacking}, which {engine.name} asks for; "
                    "the error says so")
    assert result.returncode == 0, result.stderr
    # Docker 20.10 knows no capability behind CAP_AUDIT_READ.
    known = (1 << 38) - 1 if engine.name == "docker" else ~0
    assert support.capabilities(result.stdout)["CapEff"] == \
        support.capabilities(Path("/proc/self/status").read_text())["CapBnd"] & known
    assert "Seccomp:\t0" in result.stdout
    assert "on /sys type sysfs (rw" in engine.output("--privileged", engine.image, "mount")


# Files

def test_read_only(engine):
    result = engine.run("--rm", "--read-only", engine.image, "touch", "/x", check=False)
    assert result.returncode == 1 and "Read-only file system" in result.stderr


def test_tmpfs(engine):
    text = engine.output("--read-only", "--tmpfs", "/scratch:size=1m,mode=1777", engine.image, "sh", "-c",
                         "echo kept >/scratch/f; cat /scratch/f; grep /scratch /proc/mounts")
    assert text.startswith("kept\n") and "size=1024k" in text and "nosuid" in text


def test_volume(engine, tmp_path):
    (tmp_path / "in").write_text("from the host")
    text = engine.output("-v", f"{tmp_path}:/data", engine.image, "sh", "-c",
                         "cat /data/in; echo from the container >/data/out")
    assert text == "from the host"
    assert (tmp_path / "out").read_text() == "from the container\n"


def test_volume_read_only(engine, tmp_path):
    result = engine.run("--rm", "-v", f"{tmp_path}:/data:ro", engine.image, "touch", "/data/x", check=False)
    assert result.returncode == 1 and "Read-only file system" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_volume_of_a_file(engine, tmp_path):
    (tmp_path / "file").write_text("one file")
    assert engine.output("-v", f"{tmp_path}/file:/etc/one:ro", engine.image, "cat", "/etc/one") == "one file"


def test_named_volume(engine):
    name = f"hako-{uuid.uuid4().hex[:8]}"
    try:
        engine.output("-v", f"{name}:/data", engine.image, "sh", "-c", "echo kept >/data/f")
        assert engine.output("-v", f"{name}:/data", engine.image, "cat", "/data/f") == "kept\n"
    finally:
        engine.cli("volume", "rm", "-f", name)


def test_masked_and_readonly_paths(engine):
    # Kernels are built without some of these.
    masked = next(name for name in ("kcore", "keys", "timer_list") if os.path.exists(f"/proc/{name}"))
    text = engine.output(engine.image, "sh", "-c", f"wc -c </proc/{masked}; ls /sys/firmware | wc -l; "
                         "(echo 1 >/proc/sys/kernel/domainname) 2>&1; true")
    assert text.split()[:2] == ["0", "0"] and "Read-only file system" in text


def test_the_host_is_not_visible(engine):
    marker = f"/var/tmp/hako-marker-{uuid.uuid4().hex}"
    Path(marker).touch()
    try:
        assert engine.run("--rm", engine.image, "ls", marker, check=False).returncode == 1
    finally:
        os.unlink(marker)


# Devices

def test_default_devices(engine):
    text = engine.output(engine.image, "sh", "-c", "echo x >/dev/null && head -c 4 /dev/zero | wc -c && "
                         "head -c 4 /dev/urandom | wc -c && test -c /dev/tty && readlink /dev/fd")
    assert text.split() == ["4", "4", "/proc/self/fd"]


def test_device(engine):
    text = engine.output("--device", "/dev/full:/dev/other:rw", engine.image, "sh", "-c",
                         "ls -l /dev/other; (echo x >/dev/other) 2>&1; true")
    assert "1,   7" in text and "No space left" in text


def test_device_read_only(engine):
    text = engine.output("--device", "/dev/kmsg:/dev/kmsg:r", engine.image, "sh", "-c",
                         "(echo x >/dev/kmsg) 2>&1; exit 0")
    assert "Operation not permitted" in text


def test_device_that_was_not_given(engine):
    text = engine.output("--cap-add", "MKNOD", engine.image, "sh", "-c",
                         "mknod /kmsg c 1 11; head -c 1 /kmsg 2>&1; exit 0")
    assert "Operation not permitted" in text


# Namespaces

def test_hostname(engine):
    assert engine.output("--hostname", "testing", engine.image, "hostname").strip() == "testing"


def test_network_none(engine):
    text = engine.output("--network", "none", engine.image, "sh", "-c",
                         "ls /sys/class/net; ip -o addr show lo; ping -c 1 -W 2 127.0.0.1 >/dev/null && echo ok")
    assert text.split()[0] == "lo" and "127.0.0.1/8" in text
    assert not re.search(r"^eth", text, re.M)


def test_network_none_has_loopback_up(engine):
    assert "LOOPBACK,UP" in engine.output("--network", "none", engine.image, "ip", "link", "show", "lo")


def test_network_host(engine):
    assert engine.output("--network", "host", engine.image, "readlink", "/proc/self/ns/net").strip() == \
        os.readlink("/proc/self/ns/net")


@pytest.mark.parametrize("kind", ["pid", "net", "ipc", "uts", "mnt"])
def test_own_namespace(engine, kind):
    assert engine.output(engine.image, "readlink", f"/proc/self/ns/{kind}").strip() != \
        os.readlink(f"/proc/self/ns/{kind}")


@pytest.mark.parametrize("flag, kind", [("--pid", "pid"), ("--ipc", "ipc"), ("--uts", "uts")])
def test_host_namespace(engine, flag, kind):
    assert engine.output(flag, "host", engine.image, "readlink", f"/proc/self/ns/{kind}").strip() == \
        os.readlink(f"/proc/self/ns/{kind}")


@pytest.mark.parametrize("flag, kind, own", [
    ("--pid", "pid", []), ("--network", "net", []), ("--ipc", "ipc", ["--ipc", "shareable"])])
def test_namespace_of_another_container(engine, flag, kind, own):
    other = engine.detached(*own, engine.image, "sleep", "1000")
    joined = engine.output(flag, f"container:{other}", engine.image, "readlink", f"/proc/self/ns/{kind}")
    assert joined.strip() == os.readlink(f"/proc/{engine.pid(other)}/ns/{kind}")


def test_sysctl(engine):
    assert engine.output("--sysctl", "net.ipv4.ip_forward=1", "--network", "none", engine.image, "cat",
                         "/proc/sys/net/ipv4/ip_forward").strip() == "1"


def test_init(engine):
    text = engine.output("--init", engine.image, "sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; echo; echo $$")
    assert text.startswith(engine.init), text
    assert text.split()[-1] != "1"


def test_init_reaps(engine):
    text = engine.output("--init", engine.image, "sh", "-c",
                         "(sleep 0.1 &) ; sleep 0.6; grep -l '^State:.Z' /proc/[0-9]*/status; echo done")
    assert text == "done\n"


# Seccomp

def test_seccomp_filter_is_in_force(engine):
    assert "Seccomp:\t2" in engine.output(engine.image, *STATUS)


@pytest.mark.needs(support.compiler, "no C compiler for the program that asks for a personality")
def test_seccomp_default_profile_blocks(engine):
    result = engine.run("--rm", engine.image, "personality", check=False)
    # docker's profile says EPERM, podman's ENOSYS for what it does not know.
    assert result.returncode == 1 and result.stderr in (
        "personality: Operation not permitted\n", "personality: Function not implemented\n")


@pytest.mark.needs(support.compiler, "no C compiler for the program that asks for a personality")
def test_seccomp_unconfined_allows(engine):
    text = engine.output("--security-opt", "seccomp=unconfined", engine.image, "sh", "-c",
                         "personality; grep Seccomp: /proc/self/status")
    assert text.startswith("allowed\n") and "Seccomp:\t0" in text


def test_seccomp_own_profile(engine, tmp_path):
    profile = tmp_path / "profile.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": '
                       '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}')
    result = engine.run("--rm", "--security-opt", f"seccomp={profile}", engine.image, "mkdir", "/new",
                        check=False)
    assert result.returncode == 1 and "No space left on device" in result.stderr


def test_cgroup_parent(engine):
    name = f"hako-parent-{uuid.uuid4().hex[:8]}"
    container = engine.detached("--cgroup-parent", f"/{name}", engine.image, "sleep", "1000")
    try:
        directory, _ = support.cgroup_directory(engine.pid(container), "pids")
        assert directory.parent.name == name and container in directory.name
    finally:
        engine.remove(container)
        # podman's conmon is in it a little longer than the container.
        host.wait_until(lambda: not support.remove_cgroups(support.cgroup_tree([name])),
                        "the removal of the parent")
