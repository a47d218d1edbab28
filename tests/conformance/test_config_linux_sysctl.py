"""config-linux.md, sysctl."""

from pathlib import Path

import pytest

from requirements import covered, requirement

SECTION = "config-linux.md#sysctl"
TEXT = "`sysctl` sets the container's kernel parameters"


@requirement(SECTION, "states", TEXT)
def test_several(runtime, bundle):
    """Those of the specification's example, with one of each other namespace that has any."""
    wanted = {"net.ipv4.ip_forward": "1", "net.core.somaxconn": "256", "kernel.msgmax": "4096",
              "kernel.sem": "100\t200\t30\t40"}
    files = [Path("/proc/sys", *name.split(".")) for name in wanted]
    before = [file.read_text() for file in files]
    bundle.linux["sysctl"] = wanted
    shown = runtime.output(bundle.args("/bin/cat", *map(str, files))).splitlines()
    assert shown == list(wanted.values())
    assert [file.read_text() for file in files] == before


covered(SECTION, "states", TEXT, by="integration/test_namespaces.py::test_sysctl")
covered(SECTION, "states", "a parameter of the host, not of the container, is an error",
        by="integration/test_namespaces.py::test_sysctl_of_the_host")


@pytest.mark.parametrize("value", [1, None, ["1"]])
def test_value_that_is_no_text(runtime, bundle, value):
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": value}
    runtime.fails(bundle)
