"""config-linux.md, offset for time namespace."""

import time

import pytest

import host
from requirements import each

SECTION = "config-linux.md#offset-for-time-namespace"
DAY = 86400

pytestmark = pytest.mark.needs(host.has_time_namespace, "no time namespaces in this kernel")


def shown_offsets(runtime, bundle, offsets):
    bundle.namespace("time").linux["timeOffsets"] = offsets
    lines = runtime.output(bundle.args("/bin/cat", "/proc/self/timens_offsets")).splitlines()
    return {clock: (int(secs), int(nanosecs)) for clock, secs, nanosecs in map(str.split, lines)}


@each(SECTION, "states", "`{}` shifts the clock that is the entry's key", ["secs", "nanosecs"])
@pytest.mark.parametrize("clock", ["monotonic", "boottime"])
@pytest.mark.parametrize("offset,expect", [
    ({"secs": 3 * DAY}, (3 * DAY, 0)), ({"nanosecs": 999999999}, (0, 999999999)),
    ({"secs": 1, "nanosecs": 5}, (1, 5)), ({}, (0, 0))])
def test_offset(runtime, bundle, clock, offset, expect):
    other = {"monotonic": "boottime", "boottime": "monotonic"}[clock]
    assert shown_offsets(runtime, bundle, {clock: offset}) == {clock: expect, other: (0, 0)}


def test_negative_offset(runtime, bundle):
    """The kernel lets no clock begin before zero."""
    if time.clock_gettime(time.CLOCK_MONOTONIC) < 100:
        pytest.skip("the host is up for too short a time")
    assert shown_offsets(runtime, bundle, {"monotonic": {"secs": -50}})["monotonic"] == (-50, 0)


def test_program_sees_it(runtime, bundle):
    bundle.namespace("time").linux["timeOffsets"] = {"boottime": {"secs": 1000 * DAY}}
    uptime = float(runtime.output(bundle.args("/bin/cat", "/proc/uptime")).split()[0])
    assert uptime - time.clock_gettime(time.CLOCK_BOOTTIME) == pytest.approx(1000 * DAY, abs=60)
