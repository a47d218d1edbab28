"""config-linux.md, intelRdt: the rules for its values, and for hosts without a resctrl file system. What
happens in such a file system is shown by the integration tests, in a tree that looks like one."""

import pytest

import host
from checks import refused
from requirements import covered, requirement, untested

SECTION = "config-linux.md#intelrdt"
TESTS = "integration/test_rdt.py"


def is_mounted():
    return any(mount.type == "resctrl" for mount in host.mounts())


def shown(keyword, text, *tests):
    for test in tests:
        covered(SECTION, keyword, text, by=f"{TESTS}::{test}")


shown("MUST", "the process is in the `tasks` of a directory of the resctrl file system",
      "test_group_of_the_containers_own", "test_where_the_init_stage_forks")


@requirement(SECTION, "MUST", "without a resctrl file system, `intelRdt` is an error")
@pytest.mark.needs(lambda: not is_mounted(), "resctrl is mounted here")
@pytest.mark.parametrize("rdt", [{}, {"closID": "gold"}, {"closID": "/"}, {"enableMonitoring": True},
                                 {"schemata": ["L3:0=f"]}])
def test_not_mounted(runtime, bundle, rdt):
    bundle.linux["intelRdt"] = rdt
    refused(runtime, bundle, "/linux/intelRdt")


untested(SECTION, "MUST NOT", "without `intelRdt`, no resctrl file system is touched",
         reason="what is not done cannot be waited for; the unit tests show that nothing is looked for")
untested(SECTION, "MUST", "a `closID` of `/` is the default class, the top of the file system",
         reason="it needs a host with resctrl; unit/rdt/test_group.c shows it in a tree like one")
untested(SECTION, "SHOULD", "`l3CacheSchema` begins with `L3:`",
         reason="it binds who writes config.json; hako passes the line on, and the kernel judges it")


@requirement(SECTION, "SHOULD NOT", "`l3CacheSchema` is one line")
@requirement(SECTION, "MUST NOT", "`memBwSchema` is one line")
@requirement(SECTION, "MUST NOT", "an element of `schemata` is one line")
@pytest.mark.parametrize("name,value", [
    ("l3CacheSchema", "L3:0=f\nL3:1=f"), ("memBwSchema", "MB:0=20\nMB:1=20"),
    ("schemata", ["L3:0=f", "MB:0=20\nMB:1=20"])])
def test_line_feeds(runtime, bundle, name, value):
    bundle.linux["intelRdt"] = {name: value}
    refused(runtime, bundle, f"/linux/intelRdt/{name}")


@requirement(SECTION, "MUST", "`memBwSchema` begins with `MB:`")
@pytest.mark.parametrize("value", ["L3:0=f", "0=20", " MB:0=20", "mb:0=20", ""])
def test_memory_bandwidth(runtime, bundle, value):
    bundle.linux["intelRdt"] = {"memBwSchema": value}
    refused(runtime, bundle, "/linux/intelRdt/memBwSchema" if value else "/linux/intelRdt")


OF_UNITS = "it needs a host with resctrl; unit/rdt/test_group.c shows it in a tree like one"
untested(SECTION, "MUST", "the rules of the section are applied", reason="each of them has a row of its own")
untested(SECTION, "MUST", "`l3CacheSchema` and `memBwSchema` are both written to `schemata`", reason=OF_UNITS)
untested(SECTION, "MUST", "`l3CacheSchema` is written before `memBwSchema`", reason=OF_UNITS)
shown("MUST", "one of the two alone is written", "test_group_of_the_containers_own")
shown("MUST", "`schemata` is written, behind the other two", "test_class_that_is_made_stays")
shown("MUST NOT", "without any of the three nothing is written to a `schemata`",
      "test_where_the_init_stage_forks")
shown("MUST", "without `closID` the directory is made, and has the container's id",
      "test_group_of_the_containers_own")
shown("MUST", "a `closID` with schemata whose directory is missing is made",
      "test_class_that_is_made_stays")
shown("MUST", "a `closID` with schemata whose directory is there has them already, or it is an error",
      "test_class_that_exists", "test_class_that_differs")
shown("MUST", "a `closID` without schemata is looked for", "test_explain_and_check")
shown("MUST", "a `closID` without schemata that is there is the container's, one that is not is an error",
      "test_failed_create_leaves_no_group", "test_explain_and_check")
shown("MUST", "without `closID`, the directory that was made goes with the container",
      "test_group_of_the_containers_own")
shown("MUST NOT", "a directory that `closID` names, or that was there, stays",
      "test_class_that_exists", "test_class_that_is_made_stays")
MONITORING = ["test_group_of_the_containers_own"]
shown("MUST", "with `enableMonitoring` there is a monitoring group for the container", *MONITORING)
shown("MUST", "the monitoring group has the container's id, below the class", *MONITORING)
shown("MUST", "the monitoring group goes with the container", "test_class_that_exists")
untested(SECTION, "MUST", "a monitoring group that cannot be made is an error", reason=OF_UNITS)
