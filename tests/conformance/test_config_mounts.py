"""config.md, Mounts: their order, destinations, sources and types. The options have a file of their
own."""

import pytest

from requirements import requirement, untested

WINDOWS = "it binds Windows"
SOLARIS = "it binds Solaris"
SHOW = "awk '$5 ~ \"^/mnt\" { print $5 }' /proc/self/mountinfo"


@requirement("config.md#mounts", "MUST", "the mounts are made in the order of the list")
def test_order(runtime, bundle):
    """A mount over the parent hides what came before, and holds what comes after."""
    bundle.mount("/mnt/a", "tmpfs", "tmpfs").mount("/mnt", "tmpfs", "tmpfs").mount("/mnt/b", "tmpfs", "tmpfs")
    assert runtime.output(bundle.sh(f"ls /mnt; {SHOW}")) == "b\n/mnt/a\n/mnt\n/mnt/b\n"


@requirement("config.md#mounts", "MUST", "the mounts are made in the order of the list")
def test_later_covers_earlier(runtime, bundle, tmp):
    for name in ("first", "second"):
        (tmp / name).mkdir()
        (tmp / name / name).touch()
        bundle.bind(tmp / name, "/mnt")
    assert runtime.output(bundle.sh("ls /mnt")) == "second\n"


@requirement("config.md#mounts", "REQUIRED", "`destination` is there")
@pytest.mark.hako_only
def test_destination_is_needed(runtime, bundle):
    bundle.mounts.append({"type": "tmpfs", "source": "tmpfs"})
    runtime.fails(bundle, command="create")


@requirement("config.md#mounts", "SHOULD", "`destination` is an absolute path")
def test_absolute_destination(runtime, bundle):
    bundle.mount("/mnt/deep/down", "tmpfs", "tmpfs")
    assert runtime.output(bundle.sh(SHOW)) == "/mnt/deep/down\n"


@requirement("config.md#mounts", "MUST", "a relative `destination` is relative to `/`")
@pytest.mark.parametrize("path", ["mnt", "./mnt", "tmp/../mnt"])
def test_relative_destination(runtime, bundle, path):
    """Whatever `cwd` is."""
    bundle.process["cwd"] = "/home/user"
    bundle.mount(path, "tmpfs", "tmpfs")
    assert runtime.output(bundle.sh(SHOW)) == "/mnt\n"


untested("config.md#mounts", "MUST", "on Windows `destination` is absolute", WINDOWS)
untested("config.md#mounts", "MUST NOT", "on Windows no destination is within another", WINDOWS)
untested("config.md#mounts", "MUST", "on Solaris `destination` is absolute", SOLARIS)
untested("config.md#mounts", "MUST", "on other platforms `destination` is absolute",
         "it binds other platforms")


@requirement("config.md#mounts", "states", "the source of a bind mount is absolute or relative to the bundle")
@pytest.mark.parametrize("source", ["data", "./data", "{bundle}/data", "rootfs/../data"])
def test_source_of_a_bind(runtime, bundle, source, tmp):
    (bundle.path / "data").mkdir()
    (bundle.path / "data/here").touch()
    bundle.bind(source.format(bundle=bundle.path), "/mnt").sh("ls /mnt").write()
    result = runtime.call("run", "--bundle", bundle.path, runtime.new_id(), cwd=tmp)
    assert result.out == "here\n", result.err


@requirement("config.md#mounts", "states", "a file can be the source of a bind mount")
def test_source_is_a_file(runtime, bundle, tmp):
    (tmp / "file").write_text("bound\n")
    bundle.bind(tmp / "file", "/mnt/file")
    assert runtime.output(bundle.sh("cat /mnt/file")) == "bound\n"


@requirement("config.md#mounts", "states", "bind or rbind in `options` makes it a bind mount")
@pytest.mark.parametrize("option", ["bind", "rbind"])
@pytest.mark.parametrize("kind", [None, "none", "bind", "dummy"])
def test_the_option_makes_it_a_bind(runtime, bundle, tmp, option, kind):
    (tmp / "here").touch()
    bundle.mount("/mnt", kind, tmp, [option])
    assert "here\n" in runtime.output(bundle.sh("ls /mnt"))


untested("config.md#mounts", "MUST", "on Windows the option `ro` is there", WINDOWS)


# POSIX-platform mounts

@requirement("config.md#posix-platform-mounts", "states", "`type` is one of the kernel's file systems")
@pytest.mark.parametrize("kind", ["tmpfs", "proc", "sysfs", "mqueue", "devpts"])
def test_type(runtime, bundle, kind):
    bundle.mount("/mnt", kind, "source")
    assert runtime.output(bundle.sh("stat -f -c %T /mnt >&2; awk '$5 == \"/mnt\" { print $(NF-2) }' "
                                    "/proc/self/mountinfo")) == f"{kind}\n"


@requirement("config.md#posix-platform-mounts", "states", "`type` is one of the kernel's file systems")
def test_type_that_is_none(runtime, bundle):
    runtime.fails(bundle.mount("/mnt", "nosuchfs", "source"), command="create")


MAP = [{"containerID": 0, "hostID": 100000, "size": 1000}]


@requirement("config.md#posix-platform-mounts", "MUST", "`uidMappings` comes with `gidMappings`")
@requirement("config.md#posix-platform-mounts", "MUST", "`gidMappings` comes with `uidMappings`")
@pytest.mark.parametrize("name", ["uidMappings", "gidMappings"])
@pytest.mark.hako_only
def test_mappings_come_together(runtime, bundle, tmp, name):
    bundle.bind(tmp, "/mnt", "idmap")
    bundle.mounts[-1][name] = MAP
    runtime.fails(bundle, command="create")


for name in ("uidMappings", "gidMappings"):
    untested("config.md#posix-platform-mounts", "SHOULD", f"`{name}` is applied with mount_setattr(2)",
             "it is about the means: the rows of `idmap` and `ridmap` are about the effect")
    untested("config.md#posix-platform-mounts", "SHOULD", f"with `{name}` the options have idmap or ridmap",
             "it binds who writes the configuration")
