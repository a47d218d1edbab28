"""config-linux.md, control groups: where they are, and whose."""

import json
import subprocess
from pathlib import Path

import pytest

import host
from cgroup_managers import CHOSEN, cgroupfs
from cgroups import only_v2, v1
from checks import refused
from requirements import covered, requirement

GROUPS = "config-linux.md#control-groups"
PATH = "config-linux.md#cgroups-path"
OWNERSHIP = "config-linux.md#cgroup-ownership"

UNFIT = "a cgroup that the runtime checks and finds unfit is an error"
covered(GROUPS, "MUST", UNFIT, by="integration/test_cgroups.py::test_occupied_path_is_refused")


@requirement(GROUPS, "MUST", UNFIT)
@v1("freezer")
def test_frozen_cgroup(runtime, bundle):
    """It may be thawed or refused; a container that never starts it must not become."""
    name = runtime.new_id()
    directory = host.cgroup_hierarchies()["freezer"] / runtime.manager.place(name).lstrip("/")
    directory.mkdir(parents=True)
    (directory / "freezer.state").write_text("FROZEN")
    try:
        bundle.linux["cgroupsPath"] = runtime.manager.path(name)
        result = runtime.run(bundle.args("/bin/echo", "alive"), id=name, timeout=20 * host.SLOW)
        assert result.out == "alive\n" if result.status == 0 else "cgroup" in result.err
    finally:
        runtime.call("delete", "--force", name)
        host.remove_cgroups(directory.name)


# Cgroups path

def places(container):
    """{hierarchy: directory} of the container's init, by the keys of host.cgroup_hierarchies()."""
    return {key: host.cgroup_of(container.pid, key) for key in host.cgroup_hierarchies()
            if key or host.is_v2_only()}


@requirement(PATH, "MUST", "`cgroupsPath` is an absolute or a relative path")
@pytest.mark.parametrize("path", [7, ["a"], {"path": "/a"}])
def test_no_path(runtime, bundle, path):
    bundle.linux["cgroupsPath"] = path
    refused(runtime, bundle, "/linux/cgroupsPath")


@requirement(PATH, "MUST", "an absolute path begins at the mount point of the cgroups")
@cgroupfs
def test_absolute_path(runtime, bundle):
    name = runtime.new_id()
    bundle.linux["cgroupsPath"] = f"/{name}/below"
    container = runtime.start(bundle.sleep(), id=name)
    for key, directory in places(container).items():
        assert directory == host.cgroup_hierarchies()[key] / name / "below"
    container.kill_and_delete()
    host.remove_cgroups(name)


@requirement(PATH, "MUST", "the same value leads to the same place, each time")
@pytest.mark.parametrize("form", CHOSEN.path_forms)
def test_same_place(runtime, bundle, make_bundle, form):
    name = runtime.new_id()
    seen = []
    for made in (bundle, make_bundle()):
        made.linux["cgroupsPath"] = form.format(name)
        container = runtime.start(made.sleep())
        seen.append(places(container))
        container.kill_and_delete()
    host.remove_cgroups(name)
    assert seen[0] == seen[1]


covered(PATH, "MUST", "a value that the runtime takes for invalid is an error",
        by="integration/test_cgroups.py::test_path_with_dots")


# Cgroup ownership: who may delegate, and what

ROOT = 100000
DELEGATE = Path("/sys/kernel/cgroup/delegate")
FALL_BACK = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]


def delegated(bundle, options=("nosuid", "noexec", "nodev")):
    """A container whose root may manage its cgroup: user and cgroup namespace, writable mount."""
    bundle.user_namespace(ROOT).namespace("cgroup").without_mount("/sys/fs/cgroup")
    return bundle.mount("/sys/fs/cgroup", "cgroup", "cgroup", list(options)).sleep()


def owners(directory):
    """{name: user} of a cgroup's directory (".") and of its files."""
    entries = {".": directory} | {entry.name: entry for entry in directory.iterdir() if entry.is_file()}
    return {name: entry.stat().st_uid for name, entry in entries.items()}


def own_cgroup(container):
    return host.cgroup_of(container.pid, "")


def given_away(directory):
    return {name for name, owner in owners(directory).items() if owner == ROOT}


@requirement(OWNERSHIP, "SHOULD NOT", "cgroups of v1 keep their owner")
@v1("memory")
def test_v1_keeps_its_owner(runtime, bundle):
    container = runtime.start(delegated(bundle))
    for directory in places(container).values():
        assert set(owners(directory).values()) == {0}, directory


@requirement(OWNERSHIP, "SHOULD", "the owner changes where the cgroup file system is mounted writable")
@only_v2
def test_writable_mount(runtime, bundle):
    container = runtime.start(delegated(bundle))
    assert "." in given_away(own_cgroup(container))


@requirement(OWNERSHIP, "SHOULD NOT", "without a cgroup namespace of its own the owner stays")
@only_v2
def test_without_namespace(runtime, bundle):
    container = runtime.start(delegated(bundle).without_namespace("cgroup"))
    assert not given_away(own_cgroup(container))


@requirement(OWNERSHIP, "SHOULD NOT", "without a writable cgroup mount the owner stays")
@only_v2
@pytest.mark.parametrize("options", [["ro"], None])
def test_without_writable_mount(runtime, bundle, options):
    delegated(bundle, options or [])
    if options is None:
        bundle.without_mount("/sys/fs/cgroup")
    assert not given_away(own_cgroup(runtime.start(bundle)))


@requirement(OWNERSHIP, "states", "the owner becomes the host user that the process is mapped to, and stays where "
             "no mapping is known")
@only_v2
def test_joined_user_namespace(runtime, bundle, make_bundle):
    """Repeated mappings say who the user is on the host; the number inside is somebody else's there."""
    first = runtime.start(make_bundle().user_namespace(ROOT).sleep())
    delegated(bundle).namespace("user", f"/proc/{first.pid}/ns/user").process["user"]["uid"] = 1000
    container = runtime.start(bundle)
    assert owners(own_cgroup(container))["."] == ROOT + 1000
    container.kill_and_delete()
    del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
    assert set(owners(own_cgroup(runtime.start(bundle))).values()) == {0}


def listed():
    return {"."} | set(DELEGATE.read_text().split() if DELEGATE.exists() else FALL_BACK)


@requirement(OWNERSHIP, "SHOULD", "only the directory and the files that the kernel lists change their "
             "owner")
@requirement(OWNERSHIP, "SHOULD NOT", "no other file changes its owner")
@only_v2
def test_only_listed_files(runtime, bundle):
    container = runtime.start(delegated(bundle))
    assert given_away(own_cgroup(container)) <= listed()


@requirement(OWNERSHIP, "MUST NOT", "a listed file that the cgroup lacks is no failure")
@requirement(OWNERSHIP, "SHOULD", "the listed files that the cgroup has change their owner")
@only_v2
def test_listed_files_that_exist(runtime, bundle):
    """memory.oom.group and others are there with their controllers alone."""
    container = runtime.start(delegated(bundle))
    directory = own_cgroup(container)
    assert given_away(directory) == {name for name in listed() if (directory / name).exists()}


@requirement(OWNERSHIP, "MUST", "where the kernel has no such list, the three files of the specification "
             "are given away")
@only_v2
def test_without_the_kernels_list(runtime, bundle):
    """The list is hidden from the runtime by a mount in a namespace of its own. With something hidden the
    kernel makes no new sysfs in a user namespace."""
    name = runtime.new_id()
    delegated(bundle).without_mount("/sys").write()
    command = runtime.command("run", "-d", "--bundle", bundle.path, name)
    script = 'mount -t tmpfs none /sys/kernel/cgroup && exec "$@"'
    with open(bundle.path / "log", "wb") as log:
        subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *command], check=True,
                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    directory = host.cgroup_of(json.loads(runtime.must("state", name).out)["pid"], "")
    assert given_away(directory) == {".", *FALL_BACK}
