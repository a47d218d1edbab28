"""What a kubelet does: pods and containers through containerd's CRI plugin."""

import os

import pytest

import host
import support


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
    import cri as client
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
