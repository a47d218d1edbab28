"""The runtime in a container that it made itself: as root, in a user namespace, and, run by an ordinary user
(tests/vm/guest/as-user), as root of that user's container."""

import json
import os
import shutil

import pytest

import host
from bundle import Bundle

pytestmark = [pytest.mark.unprivileged, pytest.mark.hako_only]

# What a "privileged" container has, as far as the runtime in it has a use for it.
CAPABILITIES = [f"CAP_{name}" for name in (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE")]
# Processes in the root of the container's cgroups would keep it from handing controllers down.
ASIDE = "[ ! -e /sys/fs/cgroup/cgroup.procs ] || " \
        "{ mkdir /sys/fs/cgroup/init; echo 0 >/sys/fs/cgroup/init/cgroup.procs; }\n"
HAKO = "/hako --root /run/hako"


def new_bundle(runtime, path, base_rootfs):
    path.mkdir()
    runtime.must("spec", *(["--rootless"] if os.geteuid() else []), "--bundle", path)
    made = Bundle(path, json.loads((path / "config.json").read_text()), base_rootfs)
    made.namespace("cgroup")
    return made


class Nest:
    """A container with the runtime and the bundle of an inner one in it."""

    def __init__(self, runtime, tmp, base_rootfs):
        self.runtime = runtime
        self.outer = outer = new_bundle(runtime, tmp / "outer", base_rootfs)
        self.inner = new_bundle(runtime, tmp / "inner", base_rootfs)
        for kind in ("uidMappings", "gidMappings"):
            if kind in self.inner.linux:
                self.inner.linux[kind][0]["hostID"] = 0  # as the outer one sees it
        outer.capabilities(*CAPABILITIES).host_programs()
        outer.linux["maskedPaths"] = outer.linux["readonlyPaths"] = []
        outer.mount("/run", "tmpfs", "tmpfs")
        self.cgroup_mount("rw")
        shutil.copy(runtime.program, outer.rootfs / "hako")
        shutil.move(self.inner.path, outer.rootfs / "inner")
        self.inner.path = outer.rootfs / "inner"

    def cgroup_mount(self, *options):
        self.outer.without_mount("/sys/fs/cgroup").mount("/sys/fs/cgroup", "cgroup", "cgroup",
                                                         ["nosuid", "noexec", "nodev", *options])

    def call(self, script):
        """The outer container runs a shell script, beside what the inner one needs."""
        self.inner.write()
        return self.runtime.run(self.outer.sh(script))

    def run(self, script, before=ASIDE, options=""):
        """The inner container runs one."""
        self.inner.sh(script)
        return self.call(f"{before}exec {HAKO} {options} run --bundle /inner inner")


@pytest.fixture(params=["ordinary user"] if os.geteuid() else ["root", "user namespace"])
def nest(runtime, tmp, base_rootfs, request):
    made = Nest(runtime, tmp, base_rootfs)
    if request.param == "user namespace":
        made.outer.user_namespace()
    return made


def in_user_namespace(nest):
    return "user" in {entry["type"] for entry in nest.outer.linux["namespaces"]}


def may_limit(nest):
    """v1 belongs to root of the host alone."""
    return host.is_v2_only() or not in_user_namespace(nest)


def test_run(nest):
    result = nest.run("id -u; hostname; ls /dev/null; ip -o link show lo", before="")
    assert result.status == 0, result.err
    assert result.out.startswith("0\nrunc\n/dev/null\n1: lo: <LOOPBACK,UP,LOWER_UP>")


def test_life_cycle(nest):
    """With the state of each in the outer one's /run."""
    nest.inner.sleep()
    freezing = f"""{HAKO} pause inner
        {HAKO} state inner | grep -o paused
        {HAKO} resume inner""" if may_limit(nest) else "echo paused"
    result = nest.call(f"""{ASIDE}set -e
        {HAKO} create --bundle /inner inner </dev/null >/dev/null 2>&1
        {HAKO} start inner
        {HAKO} exec inner hostname
        {HAKO} list --quiet
        {freezing}
        {HAKO} kill inner KILL
        {HAKO} delete --force inner
        {HAKO} list --quiet""")
    assert result.status == 0, result.err
    assert result.out == "runc\ninner\npaused\n"


LIMIT = "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null"


def test_limits(nest):
    if not may_limit(nest):
        pytest.skip("cgroup v1 is not delegated to a user namespace")
    nest.inner.resources["pids"] = {"limit": 23}
    result = nest.run(LIMIT)
    assert result.out == "23\n", result.err


@pytest.mark.needs(host.is_v2_only, "for cgroup v2: v1 takes processes anywhere")
def test_limits_among_processes(nest):
    nest.inner.resources["pids"] = {"limit": 23}
    result = nest.run(LIMIT, before="")
    assert result.status == 1
    assert "/linux/resources/pids/limit: cgroup controller pids is not available" in result.err
    assert "'/sys/fs/cgroup' has it, but holds processes" in result.err


# A cgroup file system that is there to look at

def test_read_only_cgroups(nest):
    """Root of the host wants a cgroup; who plays root in a user namespace takes none where nothing is limited."""
    nest.cgroup_mount("ro")
    result = nest.run("echo ran", before="")
    if in_user_namespace(nest):
        assert result.out == "ran\n", result.err
    else:
        assert result.status == 1 and "ead-only file system" in result.err
        assert "the cgroup file system is mounted read-only here" in result.err


def test_limits_on_read_only_cgroups(nest):
    nest.cgroup_mount("ro")
    nest.inner.resources["pids"] = {"limit": 23}
    result = nest.run("true", before="")
    assert result.status == 1
    assert "/linux/resources/pids/limit: a limit takes a cgroup of the container's own" in result.err
    assert "mounted read-only" in result.err


@pytest.mark.shows("--cgroup-manager")
def test_read_only_cgroups_without_a_manager(nest):
    nest.cgroup_mount("ro")
    nest.inner.resources.clear()
    result = nest.run("echo ran", before="", options="--cgroup-manager disabled")
    assert result.out == "ran\n", result.err
