"""What a kubelet does: pods and containers through containerd's CRI plugin."""

import os
from pathlib import Path

import pytest

import cri as client
import host
import support
from cri import NODE, POD, TARGET


def test_version(cri):
    reply = cri.call("Version", version="v1")
    assert reply.runtime_name == "containerd" and reply.runtime_api_version == "v1"
    conditions = {c.type: c for c in cri.call("Status").status.conditions}
    assert conditions["RuntimeReady"].status
    assert conditions["NetworkReady"].status, conditions["NetworkReady"].message


def test_the_runtime_is_hako(pod, cri, hako):
    container = pod.start()
    info = cri.call("ContainerStatus", container_id=container, verbose=True).info["info"]
    assert str(hako) in info and '"runtimeType":"io.containerd.runc.v2"' in info
    assert (cri.containerd.runc_root / "k8s.io" / container).is_dir()


def test_unknown_handler(cri, tmp_path):
    with pytest.raises(client.Error, match="no runtime for"):
        cri.call("RunPodSandbox", runtime_handler="no-such", config={
            "metadata": {"name": "x", "uid": "x", "namespace": "x"}})
    assert list(cri.call("ListPodSandbox").items) == []


def test_life(make_pod, cri):
    """From RunPodSandbox to RemovePodSandbox, and nothing is left."""
    pod = make_pod()
    status, pause = pod.sandbox()
    assert status.state == 0 and host.is_alive(pause)
    container = pod.create("sh", "-c", "echo started; sleep 1000")
    assert pod.status(container).state == 0 and pod.status(container).created_at
    cri.call("StartContainer", container_id=container)
    pid = pod.pid(container)
    assert pod.status(container).state == 1 and host.is_alive(pid)
    pod.log_has("started\n")
    cri.call("StopContainer", container_id=container, timeout=0)
    status = pod.status(container)
    assert (status.state, status.exit_code, status.reason) == (2, 137, "Error")
    cri.call("RemoveContainer", container_id=container)
    assert list(cri.call("ListContainers").containers) == []
    pod.stop()
    assert pod.cri.call("PodSandboxStatus", pod_sandbox_id=pod.id).status.state == 1
    assert not host.is_alive(pause) and not host.is_alive(pid)
    pod.remove()
    assert list(cri.call("ListPodSandbox").items) == []
    assert support.cgroups_of(container) == support.cgroups_of(pod.id) == []
    assert list((cri.containerd.runc_root / "k8s.io").iterdir()) == []


def test_pods_of_two_kinds_of_network(make_pod, cri):
    """Their own: an address each, and they reach one another. The host's: no address of their own."""
    if not os.path.exists(f"{cri.containerd.cni}/bridge"):
        pytest.skip("containernetworking-plugins is not installed")
    first, second = (make_pod(name=name, network=POD) for name in ("first", "second"))
    addresses = [pod.sandbox()[0].network.ip for pod in (first, second)]
    assert all(address.startswith("198.18.77.") for address in addresses) and len(set(addresses)) == 2
    main, side = first.start(), first.start(name="side")
    assert addresses[0] in first.exec(main, "ip", "-o", "addr")[1]
    assert first.exec(main, "ping", "-c", "1", "-W", "5", addresses[1])[0] == 0
    assert host.namespace(first.pid(main), "net") == host.namespace(first.pid(side), "net") != \
        host.namespace("self", "net")
    assert first.exec(main, "hostname")[1] == "first\n"
    third = make_pod(name="third")
    assert host.namespace(third.pid(third.start()), "net") == host.namespace("self", "net")
    assert third.sandbox()[0].network.ip == ""


EXEC = pytest.mark.shows("exec", "exec --process", "exec --detach", "exec --pid-file")


@EXEC
def test_exec_sync(pod):
    container = pod.start()
    assert pod.exec(container, "sh", "-c", "echo out; echo err >&2; exit 42") == (42, "out\n", "err\n")
    assert pod.exec(container, "true") == (0, "", "")
    assert len(pod.exec(container, "sh", "-c", "yes | head -c 300000")[1]) == 300000


@EXEC
def test_exec_sync_that_cannot_run(pod):
    container = pod.start()
    with pytest.raises(client.Error, match="executable file not found in"):
        pod.exec(container, "no-such-program")
    with pytest.raises(client.Error, match="permission denied"):
        pod.exec(container, "/etc/passwd")
    assert pod.exec(container, "echo", "still there")[1] == "still there\n"


@EXEC
def test_exec_sync_timeout(pod):
    container = pod.start()
    with pytest.raises(client.Error, match="DEADLINE_EXCEEDED|timeout"):
        pod.exec(container, "sleep", "1002", timeout=1)
    host.wait_until(lambda: "1002" not in pod.exec(container, "ps")[1], "the end of the program")


@EXEC
def test_exec_is_like_the_container(pod):
    """User, groups, environment, directory, capabilities and limits are the container's."""
    container = pod.start(security={"run_as_user": {"value": 1000}, "supplemental_groups": [2000]},
                          envs=[{"key": "ANSWER", "value": "42"}], working_dir="/tmp")
    text = pod.exec(container, "sh", "-c", "id -u; id -G; echo $ANSWER; pwd; cat /proc/self/status")[1]
    assert text.startswith("1000\n")
    assert "2000" in text.splitlines()[1].split() and text.splitlines()[2:4] == ["42", "/tmp"]
    assert support.capabilities(text)["CapEff"] == 0
    assert pod.exec(container, "cat", "/proc/1/cgroup")[1] == pod.exec(container, "cat", "/proc/self/cgroup")[1]


@pytest.mark.parametrize("program, text", [
    ("no-such-program", "executable file not found in"), ("/etc/passwd", "permission denied")])
def test_start_that_fails(pod, cri, program, text):
    container = pod.create(program)
    with pytest.raises(client.Error, match=text):
        cri.call("StartContainer", container_id=container)
    status = pod.status(container)
    assert status.reason == "StartError" and text in status.message and status.exit_code == 128
    assert support.cgroups_of(container) == []


def test_exit_codes(pod):
    for code in (0, 3, 255):
        container = pod.start("sh", "-c", f"exit {code}", name=f"exit{code}")
        assert pod.wait_exit(container) == code
        assert pod.status(container).reason == ("Completed" if code == 0 else "Error")


def test_oom_is_reported(pod):
    container = pod.start("tail", "/dev/zero", resources={
        "memory_limit_in_bytes": 16 << 20, "memory_swap_limit_in_bytes": 16 << 20})
    assert pod.wait_exit(container) == 137
    assert host.wait_until(lambda: pod.status(container).reason == "OOMKilled", "the OOM report")


@pytest.mark.shows("kill")
def test_stop_lets_the_program_end_itself(pod, cri):
    container = pod.start("sh", "-c", 'trap "echo got TERM; exit 3" TERM; echo ready; while :; do sleep 0.1; done')
    pod.log_has("ready\n")
    cri.call("StopContainer", container_id=container, timeout=20)
    assert pod.status(container).exit_code == 3 and "got TERM\n" in pod.log()


@pytest.mark.shows("kill", "kill --all")
def test_stop_kills_what_ignores_it(pod, cri):
    container = pod.start("sh", "-c", "trap '' TERM; sleep 1001 & echo ready; while :; do sleep 1; done")
    pod.log_has("ready\n")
    directory, _ = support.cgroup_directory(pod.pid(container), "pids")
    pids = (directory / "cgroup.procs").read_text().split()
    cri.call("StopContainer", container_id=container, timeout=1)
    assert pod.status(container).exit_code == 137
    host.wait_until(lambda: not any(map(host.is_alive, pids)), "the end of all processes")


@pytest.mark.shows("delete --force")
def test_remove_of_a_running_pod(make_pod, cri):
    pod = make_pod()
    containers = [pod.start(name=name) for name in ("one", "two")]
    pids = [pod.pid(container) for container in containers] + [pod.sandbox()[1]]
    pod.remove()
    assert not any(map(host.is_alive, pids)) and list(cri.call("ListContainers").containers) == []
    assert [support.cgroups_of(container) for container in containers] == [[], []]


# Namespaces

def test_each_container_has_a_pid_namespace(pod):
    container = pod.start("sh", "-c", "echo $$; sleep 1000")
    pod.log_has("1\n")
    assert host.namespace(pod.pid(container), "pid") not in (
        host.namespace(pod.sandbox()[1], "pid"), host.namespace("self", "pid"))


@pytest.mark.shows("kill --all")
def test_pod_shares_its_pid_namespace(make_pod, cri):
    """shareProcessNamespace: pause is 1; what a container leaves behind is killed with it."""
    pod = make_pod(pid=POD)
    first, second = pod.start(name="first"), pod.start(name="second")
    assert host.namespace(pod.pid(first), "pid") == host.namespace(pod.sandbox()[1], "pid")
    seen = pod.exec(second, "ps")[1]
    assert "/bin/pause" in seen and seen.count("sleep 1000") == 2
    assert pod.exec(second, "sh", "-c", "sleep 1003 >/dev/null 2>&1 &")[0] == 0
    assert "sleep 1003" in pod.exec(first, "ps")[1]
    cri.call("StopContainer", container_id=second, timeout=0)
    host.wait_until(lambda: "sleep 1003" not in pod.exec(first, "ps")[1], "the end of what it left")
    assert pod.exec(first, "ps")[1].count("sleep 1000") == 1


def test_host_pid(make_pod):
    pod = make_pod(pid=NODE)
    assert host.namespace(pod.pid(pod.start()), "pid") == host.namespace("self", "pid")


def test_pid_namespace_of_a_target(pod):
    """What `kubectl debug --target` asks for."""
    target = pod.start(name="target")
    debug = pod.start(name="debug", security={"namespace_options": {
        "network": NODE, "pid": TARGET, "target_id": target}})
    assert host.namespace(pod.pid(debug), "pid") == host.namespace(pod.pid(target), "pid")
    assert "sleep 1000" in pod.exec(debug, "cat", "/proc/1/cmdline")[1].replace("\0", " ")


def test_ipc_is_shared_in_the_pod(make_pod):
    pod = make_pod()
    first, second = pod.start(name="first"), pod.start(name="second")
    assert host.namespace(pod.pid(first), "ipc") == host.namespace(pod.pid(second), "ipc") != \
        host.namespace("self", "ipc")
    assert pod.exec(first, "sh", "-c", "echo shared >/dev/shm/f")[0] == 0
    assert pod.exec(second, "cat", "/dev/shm/f")[1] == "shared\n"
    node = make_pod(name="node", ipc=NODE)
    assert host.namespace(node.pid(node.start()), "ipc") == host.namespace("self", "ipc")


# securityContext

def test_run_as_user(pod):
    text = pod.output("sh", "-c", "id -u; id -g; id -G", security={
        "run_as_user": {"value": 1000}, "run_as_group": {"value": 3000}, "supplemental_groups": [4000]})
    assert text.split()[:2] == ["1000", "3000"] and "4000" in text.split()[2:]


def test_run_as_username(pod):
    assert pod.output("id", "-un", security={"run_as_username": "user"}) == "user\n"


def test_capabilities(pod):
    text = pod.output("cat", "/proc/self/status", security={
        "capabilities": {"add_capabilities": ["NET_ADMIN"], "drop_capabilities": ["KILL"]}})
    found = support.capabilities(text)
    assert found["CapEff"] & support.capability(support.CAP_NET_ADMIN)
    assert not found["CapBnd"] & support.capability(support.CAP_KILL)
    text = pod.output("cat", "/proc/self/status", name="none", security={
        "capabilities": {"drop_capabilities": ["ALL"]}})
    assert set(support.capabilities(text).values()) == {0}


def test_no_new_privileges(pod):
    assert "NoNewPrivs:\t1" in pod.output("cat", "/proc/self/status", security={"no_new_privs": True})
    assert "NoNewPrivs:\t0" in pod.output("cat", "/proc/self/status", name="other")


def test_read_only_root(pod, tmp_path):
    text = pod.output("sh", "-c", "touch /x 2>&1; touch /data/fine && echo written", security={
        "readonly_rootfs": True}, mounts=[{"container_path": "/data", "host_path": str(tmp_path)}])
    assert "Read-only file system" in text and text.endswith("written\n") and (tmp_path / "fine").exists()


def test_mounts(pod, tmp_path):
    (tmp_path / "in").write_text("from the host")
    text = pod.output("sh", "-c", "cat /data/in; touch /data/x 2>&1; grep ' /data ' /proc/self/mountinfo",
                      mounts=[{"container_path": "/data", "host_path": str(tmp_path), "readonly": True}])
    # Kubernetes' "None": neither a peer nor a slave of the host's mount.
    assert "from the host" in text and "Read-only file system" in text
    assert "shared:" not in text and "master:" not in text


def test_masked_and_readonly_paths(pod):
    text = pod.output("sh", "-c", "wc -c </etc/passwd; (echo x >>/etc/group) 2>&1; wc -l </proc/version", security={
        "masked_paths": ["/etc/passwd"], "readonly_paths": ["/etc/group"]})
    assert text.split("\n")[0] == "0" and "Read-only file system" in text
    assert text.split("\n")[-2] == "1"


def test_sysctls_of_a_pod(make_pod):
    pod = make_pod(linux={"sysctls": {"kernel.shm_rmid_forced": "1", "kernel.msgmax": "9000"}})
    assert pod.output("cat", "/proc/sys/kernel/shm_rmid_forced", "/proc/sys/kernel/msgmax") == "1\n9000\n"


@pytest.mark.needs(support.compiler, "no C compiler for the program that asks for a personality")
def test_seccomp(make_pod, tmp_path):
    """0 is the runtime's default profile, 1 none, 2 a file's."""
    profile = tmp_path / "profile.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": '
                       '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}')
    pod = make_pod()
    for kind, path, expected in ((0, "", "Operation not permitted"), (1, "", "allowed"),
                                 (2, str(profile), "No space left on device")):
        text = pod.output("sh", "-c", "personality 2>&1; mkdir /new 2>&1", name=f"kind{kind}", security={
            "seccomp": {"profile_type": kind, "localhost_ref": path}})
        assert expected in text, kind


def test_privileged(make_pod):
    if support.host_lacks():
        pytest.skip(f"this host's root lacks capabilities {support.host_lacks()}, which containerd asks for")
    pod = make_pod(linux={"security_context": {"privileged": True}})
    text = pod.output("sh", "-c", "cat /proc/self/status; mount", security={"privileged": True})
    assert support.capabilities(text)["CapEff"] == \
        support.capabilities(Path("/proc/self/status").read_text())["CapBnd"]
    assert "on /sys type sysfs (rw" in text


def test_oom_score(pod):
    """Guaranteed and critical pods: -998; a burstable one's is positive and needs no privilege."""
    assert pod.output("cat", "/proc/self/oom_score_adj", resources={"oom_score_adj": 987}) == "987\n"
    if not host.has_capability(host.CAP_SYS_RESOURCE):
        pytest.skip("this host's root lacks CAP_SYS_RESOURCE, without which no score can be lowered")
    assert Path(f"/proc/{pod.sandbox()[1]}/oom_score_adj").read_text() == "-998\n"
    assert pod.output("cat", "/proc/self/oom_score_adj", name="critical",
                      resources={"oom_score_adj": -998}) == "-998\n"


def test_terminal_and_stdin(pod):
    container = pod.start("sh", "-c", "test -t 0 && tty; stty -a | head -n 1; sleep 1000", tty=True, stdin=True)
    pod.log_has("/dev/pts/0")
    assert pod.exec(container, "readlink", "/proc/1/fd/0")[1] == "/dev/pts/0\n"


def test_devices(pod):
    text = pod.output("sh", "-c", "(echo x >/dev/other) 2>&1", devices=[
        {"container_path": "/dev/other", "host_path": "/dev/full", "permissions": "rwm"}])
    assert "No space left" in text


# Resources

def test_resources_and_their_update(pod, cri):
    container = pod.start(resources={"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000,
                                     "cpu_quota": 50000, "cpu_shares": 512, "cpuset_cpus": "0"})
    pid = pod.pid(container)
    assert limits(pid) == (str(64 << 20), "50000", "0")
    directory, _ = support.cgroup_directory(pid, "memory")
    assert directory.parent.name == cri.containerd.pods and directory.name == container


def limits(pid):
    """memory, CPU quota, CPUs"""
    return (support.limit(pid, "memory", "memory.limit_in_bytes", "memory.max"),
            support.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0],
            support.limit(pid, "cpuset", "cpuset.cpus", "cpuset.cpus"))


@pytest.mark.shows("update", "update --resources")
def test_update_container_resources(pod, cri):
    container = pod.start(resources={"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000,
                                     "cpu_quota": 50000})
    cri.call("UpdateContainerResources", container_id=container, linux={
        "memory_limit_in_bytes": 96 << 20, "cpu_period": 100000, "cpu_quota": 75000, "cpuset_cpus": "0"})
    assert limits(pod.pid(container)) == (str(96 << 20), "75000", "0")


@pytest.mark.shows("update")
def test_update_that_the_kernel_refuses(pod, cri):
    container = pod.start()
    with pytest.raises(client.Error, match="cpuset"):
        cri.call("UpdateContainerResources", container_id=container, linux={"cpuset_cpus": "4000"})
    assert pod.exec(container, "true")[0] == 0


def test_stats(pod, cri):
    container = pod.start("sh", "-c", "while :; do :; done")
    stats = cri.call("ContainerStats", container_id=container).stats
    assert stats.attributes.id == container and stats.memory.working_set_bytes.value > 0
    first = stats.cpu.usage_core_nano_seconds.value
    host.wait_until(lambda: cri.call("ContainerStats", container_id=container).stats
                    .cpu.usage_core_nano_seconds.value > first, "the use of CPU time")
    assert [entry.attributes.id for entry in cri.call("ListContainerStats").stats] == [container]


def test_stats_of_the_pod(pod, cri):
    pod.start()
    stats = cri.call("PodSandboxStats", pod_sandbox_id=pod.id).stats
    assert stats.attributes.id == pod.id and stats.linux.memory.working_set_bytes.value > 0


def test_reopen_log(pod, cri, tmp_path):
    container = pod.start("sh", "-c", "while :; do echo line; sleep 0.1; done")
    pod.log_has("line\n")
    (tmp_path / "main.log").rename(tmp_path / "old.log")
    cri.call("ReopenContainerLog", container_id=container)
    pod.log_has("line\n")


# Restarts of the daemon, as an upgrade of a node does them

@pytest.mark.shows("exec", "kill", "delete")
def test_containerd_is_killed_and_comes_back(make_pod, cri):
    pod = make_pod()
    container = pod.start()
    pid = pod.pid(container)
    cri.containerd.daemon.crash()
    assert host.is_alive(pid)
    host.wait_until(lambda: ready(cri), "containerd's CRI plugin")
    assert pod.status(container).state == 1 and pod.pid(container) == pid
    assert pod.exec(container, "echo", "still there")[1] == "still there\n"
    cri.call("StopContainer", container_id=container, timeout=0)
    assert pod.status(container).exit_code == 137
    pod.remove()
    assert not host.is_alive(pid) and list(cri.call("ListPodSandbox").items) == []


def ready(cri):
    try:
        return cri.call("Version")
    except client.Error:
        return None
