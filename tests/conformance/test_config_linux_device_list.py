"""config-linux.md, allowed device list: who may open what, shown with the kernel's log."""

import pytest

import host
from checks import refused, without
from requirements import covered, each, requirement

SECTION = "config-linux.md#allowed-device-list"
KMSG = {"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}
RULE = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rw"}
DENY_ALL = {"allow": False, "access": "rwm"}

pytestmark = [
    pytest.mark.needs(lambda: host.has_capability(host.CAP_MKNOD), "mknod is not allowed here"),
    pytest.mark.needs(lambda: host.has_v1("devices") or host.is_v2_only(), "no device cgroup here")]


@pytest.fixture
def opens(runtime, bundle):
    """opens(rules) is what of "r" and "w" the program may open the device for."""
    bundle.capabilities("CAP_SYSLOG", "CAP_MKNOD").linux["devices"] = [KMSG]
    bundle.sh("(: < /dev/kmsg) && echo r; (: >> /dev/kmsg) && echo w; :")

    def run(*rules):
        bundle.resources["devices"] = list(rules)
        return "".join(runtime.output(bundle).split())

    return run


@requirement(SECTION, "MUST", "the entries are applied in the order of the list")
@pytest.mark.parametrize("rules,expect", [
    ([DENY_ALL, RULE], "rw"), ([RULE, DENY_ALL], ""),
    ([DENY_ALL, RULE, RULE | {"allow": False, "access": "w"}], "r"),
    ([DENY_ALL, RULE | {"allow": False}, RULE], "rw"),
    ([DENY_ALL, RULE, DENY_ALL, RULE | {"access": "r"}], "r")])
def test_order(opens, rules, expect):
    assert opens(*rules) == expect


@requirement(SECTION, "REQUIRED", "`allow` of an entry")
def test_allow_is_required(runtime, bundle):
    bundle.resources["devices"] = [without(RULE, "allow")]
    refused(runtime, bundle, "/linux/resources/devices/0")


@requirement(SECTION, "states", "without a `type`, an entry is about all devices")
@pytest.mark.parametrize("rule", [{"allow": True, "access": "rw"},
                                  {"allow": True, "type": "a", "access": "rwm"}])
def test_all_devices(opens, rule):
    assert opens(DENY_ALL, rule | {"access": "rwm"}) == "rw"


@each(SECTION, "states", "without a `{}`, an entry is about all of them", ["major", "minor"])
@pytest.mark.parametrize("name", ["major", "minor"])
def test_all_numbers(opens, name):
    assert opens(DENY_ALL, without(RULE, name)) == "rw"


@pytest.mark.parametrize("change", [{"minor": 12}, {"major": 2}, {"type": "b"}])
def test_another_device(opens, change):
    assert opens(DENY_ALL, RULE | change) == ""


@requirement(SECTION, "states", "`access` says what is allowed: reading, writing, making")
@pytest.mark.parametrize("access", ["r", "w", "rw", "m"])
def test_access(opens, access):
    assert opens(DENY_ALL, RULE | {"access": access}) == access.strip("m")


covered(SECTION, "states", "`access` says what is allowed: reading, writing, making",
        by="integration/test_devices.py::test_mknod_is_allowed_opening_is_not")
