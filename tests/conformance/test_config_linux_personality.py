"""config-linux.md, personality."""

import os

import pytest

from checks import refused
from requirements import each, requirement

SECTION = "config-linux.md#personality"
PER_LINUX, PER_LINUX32 = 0, 8


@requirement(SECTION, "REQUIRED", "`domain`")
@pytest.mark.parametrize("personality", [{}, {"flags": []}])
def test_domain_is_required(runtime, bundle, personality):
    bundle.linux["personality"] = personality
    refused(runtime, bundle, "/linux/personality")


@each(SECTION, "states", "the execution domain `{}`", ["LINUX", "LINUX32"])
@pytest.mark.parametrize("domain,expect", [("LINUX", PER_LINUX), ("LINUX32", PER_LINUX32)])
def test_domain(runtime, bundle, domain, expect):
    bundle.linux["personality"] = {"domain": domain}
    bundle.capabilities("CAP_SYS_PTRACE").sh("cat /proc/self/personality; uname -m")
    number, machine = runtime.output(bundle).split()
    assert int(number, 16) == expect
    assert (machine == os.uname().machine) == (domain == "LINUX")


@pytest.mark.parametrize("domain", ["LINUX64", "linux", "", 8])
def test_unknown_domain(runtime, bundle, domain):
    bundle.linux["personality"] = {"domain": domain}
    refused(runtime, bundle, "/linux/personality/domain")


@requirement(SECTION, "states", "no value of `flags` is supported: one that is there changes nothing")
@pytest.mark.parametrize("flags", [[], ["ADDR_NO_RANDOMIZE"]])
def test_flags(runtime, bundle, flags):
    """Refused, or ignored with a warning."""
    bundle.linux["personality"] = {"domain": "LINUX32", "flags": flags}
    bundle.capabilities("CAP_SYS_PTRACE").args("/bin/cat", "/proc/self/personality")
    result = runtime.run(bundle)
    assert result.out in ("", f"{PER_LINUX32:08x}\n")
    assert result.out or flags
