"""Containers of a user without privileges, from the template that `spec --rootless` makes."""

import json
import os
import platform
import shutil
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import host
from test_seccomp import EXDEV, GETPGRP, Agent, profile, rule

USER = 64321  # an id that no one has: no subordinate ids, no cgroup of its own


def may_unshare():
    return subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True,
                          user=USER, group=USER, extra_groups=[]).returncode == 0


pytestmark = pytest.mark.needs(may_unshare, "users may not make user namespaces here")


@pytest.fixture
def rootless(runtime, tmp, base_rootfs):
    """A bundle and a state directory that belong to USER, and call(*args) as that user."""
    bundle = tmp / "rootless"
    bundle.mkdir()
    shutil.copytree(base_rootfs, bundle / "rootfs", symlinks=True)
    subprocess.run(["chown", "-hR", f"{USER}:{USER}", bundle], check=True)
    root = bundle / "state"

    def call(*args, **more):
        return subprocess.run(
            [runtime.program, "--root", root, *map(str, args)], user=USER, group=USER,
            extra_groups=[], cwd=bundle, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=60 * host.SLOW, env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(bundle)}, **more)

    assert call("spec", "--rootless").returncode == 0
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["terminal"] = False

    def run(script, *flags):
        config["process"]["args"] = ["/bin/sh", "-c", script]
        (bundle / "config.json").write_text(json.dumps(config))
        return call(*flags, "run", runtime.new_id())

    return SimpleNamespace(config=config, call=call, run=run, bundle=bundle, root=root)


def test_template_maps_the_user(rootless):
    assert rootless.config["linux"]["uidMappings"] == [{"containerID": 0, "hostID": USER, "size": 1}]
    assert rootless.config["linux"]["gidMappings"] == [{"containerID": 0, "hostID": USER, "size": 1}]


def test_run(rootless):
    result = rootless.run("id -u; id -g; cat /proc/self/uid_map; hostname; ip -o link show lo")
    assert result.returncode == 0, result.stderr
    assert "<LOOPBACK,UP,LOWER_UP>" in result.stdout
    lines = result.stdout.splitlines()
    assert lines[:2] == ["0", "0"]
    assert lines[2].split() == ["0", str(USER), "1"]


def test_devices_are_bound(rootless):
    result = rootless.run("echo x > /dev/null && head -c 2 /dev/zero | wc -c; stat -c '%t:%T' /dev/null")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "2\n1:3\n"


def test_setgroups_is_denied(rootless):
    """CVE-2014-8989"""
    result = rootless.run("cat /proc/self/setgroups")
    assert result.stdout == "deny\n", result.stderr


def test_limits_are_refused(rootless, runtime):
    """What was asked for and cannot be done is an error, not a container without the limit."""
    rootless.config["linux"]["resources"] = {"pids": {"limit": 10}}
    result = rootless.run("true")
    assert result.returncode != 0
    assert result.stderr
    if runtime.is_hako:
        assert "/linux/resources/pids/limit: a limit takes a cgroup of the container's own" in result.stderr
        assert "Delegate=yes" in result.stderr
        assert "/linux/resources/pids/limit" in foreseen(rootless)


def test_without_limits_it_stays_in_our_cgroup(rootless):
    """Device rules are none: without privileges there is no device that they would keep from anybody."""
    rootless.config["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    result = rootless.run("cat /proc/1/cgroup")
    assert result.returncode == 0, result.stderr


def foreseen(rootless):
    """What `check` says of the bundle as it is, which it must not like."""
    report = rootless.call("check", ".")
    assert report.returncode == 1, report.stdout
    return report.stdout


def test_more_ids_are_refused(rootless, runtime):
    rootless.config["linux"]["uidMappings"][0]["size"] = 10
    result = rootless.run("cat /proc/self/uid_map")
    assert result.returncode != 0
    assert result.stderr
    if runtime.is_hako:
        assert "/linux/uidMappings" in result.stderr
        assert f"/etc/subuid does not give the uids {USER} to {USER + 9}" in result.stderr \
            or "newuidmap, which is not installed" in result.stderr
        assert "/linux/uidMappings" in foreseen(rootless)


@pytest.mark.hako_only
def test_additional_groups_are_refused(rootless):
    """As in runc: who may not drop a group may not take one."""
    rootless.config["process"]["user"]["additionalGids"] = [0]
    assert "/process/user/additionalGids: cannot set any additional groups in a rootless container" \
        in rootless.run("true").stderr
    assert "/process/user/additionalGids" in foreseen(rootless)


# In a user namespace already

NESTED = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"]


@pytest.fixture
def nested(rootless, runtime):
    """rootless, whose run(script) is root in a user namespace of the same user."""
    def run(script, before=""):
        rootless.config["process"]["args"] = ["/bin/sh", "-c", script]
        (rootless.bundle / "config.json").write_text(json.dumps(rootless.config))
        command = f'{before}exec "$0" --root state run {runtime.new_id()}'
        return subprocess.run([*NESTED, "sh", "-c", command, runtime.program], user=USER, group=USER,
                              extra_groups=[], cwd=rootless.bundle, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60 * host.SLOW)

    return SimpleNamespace(config=rootless.config, run=run)


def map_ids(config, host_id):
    for kind in ("uidMappings", "gidMappings"):
        config["linux"][kind] = [{"containerID": 0, "hostID": host_id, "size": 1}]


def test_in_a_user_namespace(nested):
    map_ids(nested.config, 0)
    result = nested.run("id -u; cat /proc/self/uid_map")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["0", "0", "0", "1"]


@pytest.mark.hako_only
def test_ids_of_the_host_in_a_user_namespace(nested):
    map_ids(nested.config, USER)
    assert f"does not have the uids {USER} to {USER}" in nested.run("true").stderr


# What a host may have against it

@pytest.mark.hako_only
def test_no_user_namespaces(nested):
    """The limit counts in each namespace for itself, so that nobody else is in its way."""
    map_ids(nested.config, 0)
    result = nested.run("true", before="echo 0 >/proc/sys/user/max_user_namespaces; ")
    assert "/linux/namespaces/" in result.stderr and "user.max_user_namespaces=0" in result.stderr


CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")


@pytest.mark.needs(lambda: os.environ.get("HAKO_VM") and CLONE.exists(),
                   "this sysctl of Debian's is changed in a machine of the tests' own only")
@pytest.mark.hako_only
def test_distribution_forbids_user_namespaces(rootless):
    CLONE.write_text("0")
    try:
        result = rootless.run("true")
    finally:
        CLONE.write_text("1")
    assert "kernel.unprivileged_userns_clone=0" in result.stderr


@pytest.mark.hako_only
def test_without_a_runtime_directory(rootless, runtime):
    result = subprocess.run([runtime.program, "run", runtime.new_id()], user=USER, group=USER, extra_groups=[],
                            cwd=rootless.bundle, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            env={"PATH": os.environ["PATH"]})
    assert result.returncode == 1
    assert "make the state directory" in result.stderr and "XDG_RUNTIME_DIR" in result.stderr


@pytest.mark.hako_only
def test_default_root(rootless, runtime):
    rootless.run("true")
    rootless.config["process"]["args"] = ["/bin/sh", "-c", "while :; do sleep 0.05; done"]
    (rootless.bundle / "config.json").write_text(json.dumps(rootless.config))
    name = runtime.new_id()
    command = [runtime.program, "run", "-d", name]
    more = dict(user=USER, group=USER, extra_groups=[], cwd=rootless.bundle, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
                env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(rootless.bundle)})
    assert subprocess.run(command, **more).returncode == 0
    assert Path(rootless.bundle, "hako", name, "state.json").exists()
    # else who cleans the user's directory up may take its files: XDG Base Directory Specification
    assert stat.S_IMODE(Path(rootless.bundle, "hako").stat().st_mode) == 0o1700
    assert subprocess.run([runtime.program, "delete", "--force", name], **more).returncode == 0


def test_life_cycle(rootless, runtime):
    rootless.config["process"]["args"] = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]
    (rootless.bundle / "config.json").write_text(json.dumps(rootless.config))
    name = runtime.new_id()
    with open(rootless.bundle / "out", "wb") as out:
        subprocess.run([runtime.program, "--root", rootless.root, "create", name], user=USER, group=USER,
                       extra_groups=[], cwd=rootless.bundle, stdin=subprocess.DEVNULL, stdout=out,
                       stderr=out, timeout=60, check=True)
    for command, status in (("start", "running"), ("kill", "stopped")):
        assert rootless.call(command, name).returncode == 0
        host.wait_until(lambda: json.loads(rootless.call("state", name).stdout)["status"] == status)
    assert rootless.call("delete", name).returncode == 0
    assert rootless.call("state", name).returncode == 1


@pytest.mark.needs(lambda: platform.machine() == "x86_64", "system call numbers of x86_64")
@pytest.mark.parametrize("nnp", [True, False])
def test_seccomp_notify(rootless, helper, nnp):
    """Who made the init stage may not trace what it executed, and gets the listener all the same."""
    shutil.copy(helper, rootless.bundle / "rootfs/helper")
    path = rootless.bundle / "agent.sock"
    agent = Agent(path, EXDEV)
    path.chmod(0o777)
    rootless.config["process"]["noNewPrivileges"] = nnp
    profile(SimpleNamespace(linux=rootless.config["linux"]), rule("SCMP_ACT_NOTIFY", "getpgrp"),
            listenerPath=str(path))
    result = rootless.run(f"exec /helper syscall {GETPGRP}")
    assert (result.returncode, result.stdout) == (0, f"errno {EXDEV}\n"), result.stderr
    assert agent.calls == [GETPGRP]
