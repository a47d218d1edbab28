"""config.md, Specification version, Root, Hostname, Domainname, and the platforms."""

import pytest

from requirements import requirement, untested

WINDOWS = "it binds Windows"

# Specification version

BAD_VERSIONS = ["", "1", "1.0", "v1.0.0", "1.0.0.0", "one", "2.0.0"]


@requirement("config.md#specification-version", "REQUIRED", "`ociVersion` is there")
@pytest.mark.hako_only
def test_version_is_needed(runtime, bundle):
    del bundle.config["ociVersion"]
    runtime.fails(bundle, command="create")


@requirement("config.md#specification-version", "MUST", "`ociVersion` is a semantic version")
@pytest.mark.hako_only
@pytest.mark.parametrize("version", BAD_VERSIONS)
def test_version_that_is_none(runtime, bundle, version):
    bundle.config["ociVersion"] = version
    runtime.fails(bundle, command="create")


@requirement("config.md#specification-version", "states",
             "a configuration of any 1.x is understood by a runtime of that or a later 1.y")
@pytest.mark.parametrize("version", ["1.0.0", "1.0.2", "1.1.0", "1.2.1", "1.3.0", "1.0.0-rc5", "1.0.2-dev"])
def test_versions_up_to_ours(runtime, bundle, version):
    bundle.config["ociVersion"] = version
    assert runtime.run(bundle).status == 0


# Root

untested("config.md#root", "REQUIRED", "`root` is there for a Windows Server container", WINDOWS)
untested("config.md#root", "MUST NOT", "`root` is not there for a Hyper-V container", WINDOWS)


@requirement("config.md#root", "REQUIRED", "`root` is there on every other platform")
def test_root_is_needed(runtime, bundle):
    del bundle.config["root"]
    runtime.fails(bundle, command="create")


@requirement("config.md#root", "REQUIRED", "`root.path` is there")
@pytest.mark.parametrize("value", [None, ""])
def test_path_is_needed(runtime, bundle, value):
    del bundle.config["root"]["path"]
    if value is not None:
        bundle.config["root"]["path"] = value
    runtime.fails(bundle, command="create")


untested("config.md#root", "MUST", "`root.path` is a volume GUID path", WINDOWS)
untested("config.md#root", "SHOULD", "`root.path` is the conventional `rootfs`",
         "it binds who makes the bundle")


@requirement("config.md#root", "states", "`root.path` is absolute or relative to the bundle")
@pytest.mark.parametrize("path", ["rootfs", "./rootfs", "other/../rootfs", "{bundle}/rootfs"])
def test_path_is_absolute_or_relative(runtime, bundle, path):
    (bundle.path / "other").mkdir()
    (bundle.rootfs / "here").touch()
    bundle.config["root"]["path"] = path.format(bundle=bundle.path)
    assert runtime.output(bundle.sh("ls -d /here")) == "/here\n"


@requirement("config.md#root", "MUST", "there is a directory at `root.path`")
@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("")],
                         ids=["nothing", "file"])
def test_path_leads_to_a_directory(runtime, bundle, make):
    make(bundle.path / "path")
    bundle.config["root"]["path"] = "path"
    runtime.fails(bundle, command="create")


@requirement("config.md#root", "MUST", "with `root.readonly` nothing can be written in the container")
def test_read_only(runtime, bundle):
    bundle.config["root"]["readonly"] = True
    result = runtime.run(bundle.sh("echo > /new; grep ' / / ' /proc/self/mountinfo; rm -f /etc/passwd"))
    assert "Read-only" in result.err
    assert not (bundle.rootfs / "new").exists() and (bundle.rootfs / "etc/passwd").exists()


@requirement("config.md#root", "states", "without `root.readonly` the container can write")
@pytest.mark.parametrize("value", [None, False])
def test_writable_by_default(runtime, bundle, value):
    bundle.config["root"].pop("readonly")
    if value is not None:
        bundle.config["root"]["readonly"] = value
    runtime.output(bundle.sh("echo new > /new"))
    assert (bundle.rootfs / "new").read_text() == "new\n"


untested("config.md#root", "MUST", "`root.readonly` is absent or false", WINDOWS)


# Hostname, Domainname

@requirement("config.md#hostname", "states", "the container's processes see `hostname`")
def test_hostname(runtime, bundle):
    bundle.config["hostname"] = "conforming"
    assert runtime.output(bundle.sh("hostname; cat /proc/sys/kernel/hostname")) == "conforming\n" * 2


@requirement("config.md#domainname", "states", "the container's processes see `domainname`")
@pytest.mark.hako_only
def test_domainname(runtime, bundle):
    bundle.config["domainname"] = "conforming.example"
    assert runtime.output(bundle.sh("cat /proc/sys/kernel/domainname")) == "conforming.example\n"


@requirement("config.md#hostname", "states",
             "without `hostname` the name is that of the UTS namespace's maker")
def test_no_hostname(runtime, bundle):
    del bundle.config["hostname"]
    with open("/proc/sys/kernel/hostname") as file:
        assert runtime.output(bundle.sh("hostname")) == file.read()


untested("config.md#platform-specific-configuration", "MUST", "`windows` is there on Windows", WINDOWS)


@requirement("config.md#platform-specific-configuration", "states",
             "what is there for other platforms does not keep a Linux container from being made")
def test_other_platforms_are_passed_over(runtime, bundle):
    for platform in ("solaris", "windows", "freebsd", "zos"):
        bundle.config[platform] = {}
    assert runtime.run(bundle).status == 0
