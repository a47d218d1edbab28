"""Much of everything, and strange names."""

import json
import os
import resource
from pathlib import Path

import pytest


def test_large_config(runtime, bundle, tmp):
    """700 KB, of which every hook gets the annotations on its stdin."""
    bundle.process["env"] += [f"VARIABLE_{i}={'v' * 50}" for i in range(2000)]
    bundle.config["annotations"] = {f"org.example.annotation.{i}": "a" * 80 for i in range(5000)}
    bundle.hook_script("createRuntime", f"cat > {tmp}/state")
    out = runtime.output(bundle.sh("env | grep -c ^VARIABLE_"))
    assert out == "2000\n"
    assert len(json.loads((tmp / "state").read_text())["annotations"]) == 5000


def test_long_argument(runtime, bundle):
    assert runtime.output(bundle.sh("echo ${#LONG}; echo ${#1}").env(LONG="x" * 100000)) \
        .split()[0] == "100000"
    bundle.args("/bin/sh", "-c", "echo ${#1}", "sh", "y" * 100000)
    assert runtime.output(bundle) == "100000\n"


def test_too_long_an_argument(runtime, bundle):
    """The kernel's limit for one string is 128 KiB. hako knows before it makes anything."""
    result = runtime.fails(bundle.args("/bin/true", "y" * (1 << 18)))
    expected = "/process/args/1: longer than 131071 bytes" if runtime.is_hako else "argument list too long"
    assert expected in result.err


def test_longest_id(runtime, bundle):
    name = runtime.new_id()
    name += "x" * (250 - len(name))
    container = runtime.create(bundle.sleep(), id=name)
    container.must("start")
    assert container.state()["id"] == name
    container.kill_and_delete()


@pytest.mark.parametrize("name", ["with space", "ünïcode", "quote\"'", "back\\slash", "new\nline",
                                  "colon:comma,equals=", "%s%n", "-dash"])
def test_bundle_name(runtime, bundle, tmp, name):
    path = tmp / name
    bundle.path.rename(path)
    bundle.path, bundle.rootfs = path, path / "rootfs"
    container = runtime.create(bundle)
    assert container.state()["bundle"] == str(path)
    container.must("delete")
    bundle.sh("echo fine")
    assert runtime.output(bundle) == "fine\n"


@pytest.mark.hako_only
@pytest.mark.parametrize("where", ["bundle", "root file system", "configuration"])
def test_path_that_state_json_cannot_keep(runtime, bundle, tmp, where):
    """runc keeps another path, and from then on that is what is looked at, and unmounted."""
    strange = Path(os.fsdecode(bytes(tmp) + b"/\xff"))
    options = []
    if where == "bundle":
        bundle.path.rename(strange)
        bundle.path, bundle.rootfs = strange, strange / "rootfs"
    elif where == "root file system":
        bundle.rootfs.rename(strange)
        bundle.rootfs.symlink_to(strange)
    else:
        bundle.write()
        options = ["--config", str(strange)]
        (bundle.path / "config.json").rename(strange)
    result = runtime.fails(bundle, *options, command="create")
    assert f"{where} '{tmp}/\\xff" in result.err and "the path is not UTF-8" in result.err


@pytest.mark.parametrize("name", ["with space", "ünïcode", "quote\"'", "back\\slash", "new\nline",
                                  "comma,ro", "colon:x", "equals=x", "%s%n"])
def test_mount_names(runtime, bundle, tmp, name):
    source = tmp / name
    source.mkdir()
    (source / "file").write_text("content\n")
    bundle.bind(source, f"/mnt/{name}").mount(f"/tmpfs/{name}", "tmpfs", name)
    bundle.args("/bin/sh", "-c", 'cat "/mnt/$1/file" && echo x > "/tmpfs/$1/y" && echo written', "sh", name)
    assert runtime.output(bundle) == "content\nwritten\n"


def test_deep_mount_point(runtime, bundle):
    path = "/d" * 500
    bundle.mount(path, "tmpfs", "tmpfs", ["ro"])
    assert runtime.output(bundle.sh(f"cd {path} && pwd")) == path + "\n"


def test_many_masks_and_groups_and_rules(runtime, bundle):
    (bundle.rootfs / "many").mkdir()
    for i in range(300):
        (bundle.rootfs / "many" / str(i)).mkdir()
    bundle.linux["maskedPaths"] += [f"/many/{i}" for i in range(300)]
    bundle.process["user"]["additionalGids"] = list(range(1, 1001))
    bundle.resources["devices"] += [
        {"allow": True, "type": "c", "major": 200, "minor": i, "access": "rw"} for i in range(300)]
    bundle.sh("grep -c /many/ /proc/self/mountinfo; grep ^Groups /proc/self/status | wc -w")
    masks, groups = runtime.output(bundle).split()
    assert masks == "300"
    assert int(groups) in (1001, 1002)


def test_longest_host_name(runtime, bundle):
    bundle.config["hostname"] = "h" * 64
    assert runtime.output(bundle.sh("cat /proc/sys/kernel/hostname")) == "h" * 64 + "\n"
    bundle.config["hostname"] = "h" * 65
    runtime.fails(bundle)


def test_few_descriptors_for_the_program(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 4, "hard": 4}]
    assert runtime.output(bundle.args("/bin/cat", "/proc/self/limits"))


def test_few_descriptors_for_the_runtime(runtime, bundle):
    """It keeps none for each mount."""
    for i in range(100):
        bundle.mount(f"/m/{i}", "tmpfs", "tmpfs")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        bundle.process["rlimits"] = []
        assert runtime.run(bundle).status == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
