"""config-linux.md, masked and read-only paths."""

import pytest

from checks import refused
from requirements import covered, requirement

MASKED = "config-linux.md#masked-paths"
READONLY = "config-linux.md#readonly-paths"


@requirement(MASKED, "states", "the paths of `maskedPaths` cannot be read")
def test_masked(runtime, bundle):
    (bundle.rootfs / "file").write_text("secret\n")
    (bundle.rootfs / "directory").mkdir()
    (bundle.rootfs / "directory" / "file").write_text("secret\n")
    bundle.linux["maskedPaths"] = ["/file", "/directory", "/proc/version", "/proc/bus", "/missing"]
    bundle.sh("cat /file; ls /directory /proc/bus; cat /directory/file; cat /proc/version; echo end")
    out = runtime.output(bundle)
    assert "secret" not in out and "Linux" not in out
    assert out.split() == ["/directory:", "/proc/bus:", "end"]


covered(MASKED, "states", "the paths of `maskedPaths` cannot be read",
        by="integration/test_mounts.py::test_mask_source_is_not_the_containers")


@requirement(READONLY, "states", "the paths of `readonlyPaths` cannot be written to")
def test_readonly(runtime, bundle):
    (bundle.rootfs / "file").write_text("fixed\n")
    (bundle.rootfs / "directory").mkdir()
    bundle.linux["readonlyPaths"] = ["/file", "/directory", "/missing"]
    bundle.writable().sh("echo x > /file; echo x > /directory/x; echo x > /free && echo free; cat /file")
    result = runtime.run(bundle)
    assert result.out.split() == ["free", "fixed"]
    assert result.err.count("Read-only file system") == 2


@pytest.mark.parametrize("path", ["proc/version", "./proc/version", "../proc/version", ""])
@pytest.mark.parametrize("name", ["maskedPaths", "readonlyPaths"])
@requirement(MASKED, "MUST", "the paths are absolute")
@requirement(READONLY, "MUST", "the paths are absolute")
def test_relative_paths(runtime, bundle, name, path):
    bundle.linux[name] = [path]
    refused(runtime, bundle, f"/linux/{name}/0")


@pytest.mark.parametrize("name", ["maskedPaths", "readonlyPaths"])
def test_path_leads_nowhere_outside(runtime, bundle, tmp, name):
    """A link of the image that leads out of the root: the host's file is not touched."""
    (tmp / "file").write_text("of the host\n")
    (bundle.rootfs / "link").symlink_to(f"../../../../../../..{tmp}/file")
    bundle.linux[name] = ["/link"]
    runtime.run(bundle)
    assert (tmp / "file").read_text() == "of the host\n"
    (tmp / "file").write_text("writable\n")
