"""Containers of a user without privileges, from the template that `spec --rootless` makes."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import host

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
            timeout=60, env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(bundle)}, **more)

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
    result = rootless.run("id -u; id -g; cat /proc/self/uid_map; hostname")
    assert result.returncode == 0, result.stderr
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


def test_limits_are_refused(rootless):
    """What was asked for and cannot be done is an error, not a container without the limit."""
    rootless.config["linux"]["resources"] = {"pids": {"limit": 10}}
    result = rootless.run("true")
    assert result.returncode != 0
    assert result.stderr


def test_more_ids_are_refused(rootless):
    rootless.config["linux"]["uidMappings"][0]["size"] = 10
    result = rootless.run("cat /proc/self/uid_map")
    assert result.returncode != 0
    assert result.stderr


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
