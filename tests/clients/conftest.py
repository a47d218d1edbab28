"""Fixtures: one busybox image, the three clients, and the check that nothing is left behind."""

import os
import shutil
import sys
import tempfile
import time
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import daemons  # noqa: E402
import engines  # noqa: E402
import host  # noqa: E402
import support  # noqa: E402
from marks import pytest_configure, pytest_runtest_setup  # noqa: E402,F401 (hooks)


@pytest.fixture(scope="session")
def hako():
    path = Path(os.environ.get("HAKO") or Path(__file__).parents[2] / "build-tests" / "hako").resolve()
    assert os.access(path, os.X_OK), f"{path} is not there: set HAKO to the runtime to test"
    return path


@pytest.fixture(autouse=True)
def beyond_runc(request, hako):
    if request.node.get_closest_marker("hako_only") and hako.name != "hako":
        pytest.skip("only hako does this")


@pytest.fixture(scope="session")
def home():
    """Everything of the clients lives here. A short name: socket paths end at 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="hako-", dir="/var/tmp"))
    # Root of a user namespace must get through to its root file system.
    directory.chmod(0o711)
    # What the clients make at the top of the cgroup hierarchies and did not find there.
    names = engines.Podman.cgroups + daemons.Containerd.cgroups + engines.Docker.cgroups
    before = support.cgroup_tree(names)
    states = state_ids()
    networks = host_networks()
    yield directory
    leaks = [f"process {pid}: {line}" for pid, line in lingering(directory).items()]
    daemons.end_leftovers(directory)
    leaks += [f"mount {mount}" for mount in support.mounts() if mount.startswith(f"{directory}/")]
    new = support.cgroup_tree(names) - before
    # podman and docker never remove the parents that they make; a container's own is hako's to remove.
    leaks += [f"cgroup {path}" for path in new if Path(path).name not in [*names, "conmon", "buildkit"]]
    leaks += [f"cgroup {left}" for left in support.remove_cgroups(new)]
    leaks += [f"state of {identity}" for identity in state_ids() - states]
    leaks += [f"network {path}" for path in host_networks() - networks]
    shutil.rmtree(directory, ignore_errors=True)
    assert not leaks, "left behind:\n" + "\n".join(leaks)


def lingering(directory):
    """Processes of the clients that are still there after the time that conmon takes to go."""
    for _ in range(100 * host.SLOW):
        found = support.processes_naming(str(directory))
        if not found:
            break
        time.sleep(0.1)
    return found


def host_networks():
    """Network namespaces and devices of the kinds that podman, docker and CNI make."""
    return {path for directory, kinds in (("/run/netns", ("netns-*", "cni-*")),
                                          ("/sys/class/net", ("podman*", "veth*", "hkc*", "hkt*")))
            for kind in kinds for path in Path(directory).glob(kind)}


def state_ids():
    """Containers in hako's default root, which podman uses."""
    root = Path("/run/hako")
    return {path.name for path in root.iterdir()} if root.is_dir() else set()


@pytest.fixture(scope="session")
def image(home):
    busybox = host.static_busybox()
    if not busybox:
        pytest.skip("no static busybox here")
    rootfs = home / "rootfs"
    support.make_rootfs(rootfs, busybox)
    for program in ("personality", "pause") if support.compiler() else ():
        support.build_static(Path(__file__).with_name(f"{program}.c"), rootfs / "bin" / program)
    made = types.SimpleNamespace(tar=home / "image.tar", oci=home / "image.oci", user_oci=home / "user.oci",
                                 pause_oci=home / "pause.oci")
    support.make_tar(rootfs, made.tar)
    support.make_oci_archive(made.tar, made.oci, daemons.Containerd.image)
    support.make_oci_archive(made.tar, made.user_oci, daemons.Containerd.user_image, user="1000:1000")
    support.make_oci_archive(made.tar, made.pause_oci, daemons.Containerd.pause_image, command="/bin/pause")
    return made


@pytest.fixture(scope="session")
def podman_session(hako, home, image):
    engine = engines.Podman(hako, home / "podman", image)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def docker_session(hako, home, image):
    engine = engines.Docker(hako, home / "docker", image)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def containerd_session(hako, home, image):
    engine = daemons.Containerd(hako, home / "ctrd", image)
    yield engine
    engine.close()


@pytest.fixture
def podman(podman_session):
    yield podman_session
    podman_session.remove_all()


@pytest.fixture
def docker(docker_session):
    yield docker_session
    docker_session.remove_all()


@pytest.fixture
def ctr(containerd_session):
    yield containerd_session
    containerd_session.remove_all()


@pytest.fixture(params=["podman", "docker"])
def engine(request):
    """podman and docker, for what both do in the same words."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def cri_session(containerd_session):
    import cri
    if not support.compiler():
        pytest.skip("no C compiler for the program of a pod's sandbox")
    client = cri.Cri(containerd_session)
    yield client
    client.close()


@pytest.fixture
def cri(cri_session):
    yield cri_session
    cri_session.remove_all()
    cri_session.containerd.remove_all()


@pytest.fixture
def make_pod(cri, tmp_path):
    """Pods as many as one wants; see cri.Pod."""
    from cri import Pod
    return lambda **options: Pod(cri, tmp_path, **options)


@pytest.fixture
def pod(make_pod):
    return make_pod()
