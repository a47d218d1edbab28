"""config-linux.md, user namespace mappings."""

import os

import pytest

from checks import refused, without
from requirements import each, requirement

SECTION = "config-linux.md#user-namespace-mappings"
MAPPING = {"containerID": 0, "hostID": 100000, "size": 65536}
LISTS = ["uidMappings", "gidMappings"]


@each(SECTION, "REQUIRED", "`{}` of a mapping", MAPPING)
@pytest.mark.parametrize("name", MAPPING)
@pytest.mark.parametrize("mappings", LISTS)
def test_required(runtime, bundle, mappings, name):
    bundle.user_namespace().linux[mappings] = [without(MAPPING, name)]
    refused(runtime, bundle, f"/linux/{mappings}/0")


@each(SECTION, "states", "`{}` are those of the container's user namespace", LISTS)
def test_mappings(runtime, bundle):
    bundle.user_namespace().linux["uidMappings"].append({"containerID": 70000, "hostID": 7, "size": 3})
    bundle.sh("cat /proc/self/uid_map; echo; cat /proc/self/gid_map")
    uids, gids = runtime.output(bundle).split("\n\n")
    assert [line.split() for line in uids.splitlines()] == [["0", "100000", "65536"], ["70000", "7", "3"]]
    assert [line.split() for line in gids.splitlines()] == [["0", "100000", "65536"]]


def owners(*tops):
    """{path: (uid, gid)} of everything below."""
    paths = [os.path.join(directory, name) for top in tops for directory, dirs, files in os.walk(top)
             for name in [".", *dirs, *files]]
    return {path: (os.lstat(path).st_uid, os.lstat(path).st_gid) for path in paths}


@requirement(SECTION, "SHOULD NOT", "file systems keep the owners of their files: nothing is changed on "
             "disk to make a mapping real")
def test_owners_stay(runtime, bundle, tmp):
    volume = tmp / "volume"
    (volume / "below").mkdir(parents=True)
    (volume / "below" / "file").write_text("data\n")
    bundle.user_namespace().bind(volume, "/mnt").writable()
    (bundle.rootfs / "mnt").mkdir()
    (bundle.rootfs / "kept").write_text("of root\n")
    before = owners(volume, bundle.rootfs)
    assert runtime.output(bundle.sh("cat /mnt/below/file")) == "data\n"
    after = owners(volume, bundle.rootfs)
    assert {path: after[path] for path in before} == before
