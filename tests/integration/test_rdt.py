"""linux.intelRdt from create to delete, in a tree that looks like a resctrl file system."""

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import host

pytestmark = pytest.mark.hako_only


@pytest.fixture(scope="module")
def shim(area):
    """Makes hako take a directory for the resctrl file system."""
    if os.environ.get("ASAN_OPTIONS"):
        pytest.skip("a sanitized program wants its own library preloaded first")
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    path = area / "resctrl.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", path, Path(__file__).parent / "resctrl.c"],
                   check=True)
    return path


@pytest.fixture
def runtime(runtime, program):
    """Nothing can be preloaded into a program that is linked statically: the form that it carries."""
    form = program.parent / "src" / "hako_dynamic"
    if form.exists():
        runtime = copy.copy(runtime)
        runtime.program = form
    return runtime


@pytest.fixture
def resctrl(shim, tmp, monkeypatch):
    root = tmp / "resctrl"
    for directory in ("info", "mon_groups", "gold/mon_groups"):
        (root / directory).mkdir(parents=True)
    for file, text in {"tasks": "", "schemata": "L3:0=fffff\n", "gold/tasks": "",
                       "gold/schemata": "L3:0=0000f\n", "info/last_cmd_status": "ok\n"}.items():
        (root / file).write_text(text)
    monkeypatch.setenv("HKT_RESCTRL", str(root))
    monkeypatch.setenv("LD_PRELOAD", str(shim))
    return root


def saved(container):
    return json.loads((container.state_dir / "state.json").read_text())


def test_group_of_the_containers_own(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"l3CacheSchema": "L3:0=ff", "enableMonitoring": True}
    container = runtime.create(bundle.args("/bin/sleep", "100"))
    group = resctrl / container.id
    assert (group / "schemata").read_text() == "L3:0=ff\n"
    assert (group / "tasks").read_text() == f"{container.pid}\n"
    assert (group / "mon_groups" / container.id / "tasks").read_text() == f"{container.pid}\n"
    assert saved(container)["intel_rdt_path"] == str(group)
    container.must("start")
    container.kill_and_delete()
    assert not group.exists()


@pytest.mark.parametrize("config", [{}, {"closID": "gold", "enableMonitoring": True}])
def test_exec_joins_the_group(runtime, bundle, resctrl, tmp, config):
    bundle.linux["intelRdt"] = config
    container = runtime.start(bundle.sleep())
    group = resctrl / config.get("closID", container.id)
    container.exec_output("/bin/sleep", "100", options=("--detach", "--pid-file", tmp / "pid"))
    process = (tmp / "pid").read_text()
    assert process != str(container.pid)
    assert (group / "tasks").read_text() == f"{process}\n"
    if config.get("enableMonitoring"):
        assert (group / "mon_groups" / container.id / "tasks").read_text() == f"{process}\n"
    container.kill_and_delete()


def test_exec_into_a_group_that_is_gone(runtime, bundle, resctrl):
    """Never beside it."""
    bundle.linux["intelRdt"] = {}
    container = runtime.start(bundle.sleep())
    shutil.rmtree(resctrl / container.id)
    result = container.exec("/bin/true")
    assert result.status == 255
    assert "/linux/intelRdt" in result.err and f"{container.id}/tasks" in result.err
    container.kill_and_delete()


def test_class_that_exists(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"closID": "gold", "l3CacheSchema": "L3:0=f", "enableMonitoring": True}
    container = runtime.create(bundle)
    assert (resctrl / "gold/tasks").read_text() == f"{container.pid}\n"
    container.must("delete", "--force")
    assert (resctrl / "gold").exists()
    assert not (resctrl / "gold/mon_groups" / container.id).exists()


def test_class_that_is_made_stays(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"closID": "silver", "schemata": ["L3:0=3"]}
    container = runtime.create(bundle)
    container.must("delete", "--force")
    assert (resctrl / "silver/schemata").read_text() == "L3:0=3\n"


def test_where_the_init_stage_forks(runtime, bundle, resctrl):
    """Both of its processes are put there."""
    bundle.user_namespace().linux["intelRdt"] = {}
    container = runtime.create(bundle)
    assert (resctrl / container.id / "tasks").read_text() == f"{container.pid}\n"
    container.must("delete", "--force")


@pytest.mark.parametrize("config", [{}, {"closID": "silver", "schemata": ["L3:0=3"]},
                                    {"closID": "gold", "enableMonitoring": True}])
def test_failed_create_leaves_no_group(runtime, bundle, resctrl, config):
    before = sorted(resctrl.rglob("*"))
    bundle.linux["intelRdt"] = config
    runtime.fails(bundle.args("/no/such/program"), command="create")
    # the dead init's pid is still in the fake file of a class that others may use
    left = [path for path in sorted(resctrl.rglob("*")) if path not in before]
    assert [path for path in left if "silver" not in str(path)] == []


def test_class_that_differs(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"closID": "gold", "l3CacheSchema": "L3:0=ff"}
    result = runtime.fails(bundle, command="create")
    assert "/linux/intelRdt/l3CacheSchema" in result.err and "gold/schemata" in result.err


def test_explain_and_check(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"closID": "silver", "schemata": ["L3:0=3"], "enableMonitoring": True}
    bundle.write()
    lines = runtime.must("explain", bundle.path).out.splitlines()
    found = [line.split()[0] for line in lines if line.startswith("rdt_")]
    assert found == ["rdt_group", "rdt_schema", "rdt_monitor"]
    assert not (resctrl / "silver").exists()
    bundle.linux["intelRdt"] = {"closID": "lead"}
    bundle.write()
    assert "/linux/intelRdt/closID" in runtime.call("check", bundle.path).out


@pytest.mark.needs(lambda: not any(m.type == "resctrl" for m in host.mounts()), "resctrl is mounted here")
def test_not_mounted(runtime, bundle):
    bundle.linux["intelRdt"] = {}
    result = runtime.fails(bundle)
    assert "/linux/intelRdt" in result.err and "mount -t resctrl" in result.err


@pytest.mark.shows("update --l3-cache-schema")
def test_update_of_a_group(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"l3CacheSchema": "L3:0=ff"}
    container = runtime.create(bundle)
    runtime.must("update", "--l3-cache-schema", "L3:0=0f", container.id)
    assert (resctrl / container.id / "schemata").read_text() == "L3:0=0f\n"
    container.must("delete", "--force")
    assert not (resctrl / container.id).exists()


@pytest.mark.shows("update --l3-cache-schema")
def test_update_that_cannot_be_saved(runtime, bundle, resctrl):
    """The group gets its schemata again."""
    bundle.linux["intelRdt"] = {"l3CacheSchema": "L3:0=ff"}
    container = runtime.create(bundle)
    (container.state_dir / "state.json.tmp").mkdir()
    result = runtime.call("update", "--l3-cache-schema", "L3:0=0f", container.id)
    (container.state_dir / "state.json.tmp").rmdir()
    assert result.status == 1 and "write the state" in result.err
    assert (resctrl / container.id / "schemata").read_text() == "L3:0=ff\n"
    container.must("delete", "--force")


@pytest.mark.shows("update --mem-bw-schema")
def test_update_makes_a_group(runtime, bundle, resctrl):
    """For a container that had none: its processes are moved, and the group goes with it."""
    container = runtime.create(bundle)
    runtime.must("update", "--mem-bw-schema", "MB:0=50", container.id)
    group = resctrl / container.id
    assert (group / "schemata").read_text() == "MB:0=50\n"
    assert (group / "tasks").read_text() == f"{container.pid}\n"
    assert saved(container)["intel_rdt_path"] == str(group)
    container.must("delete", "--force")
    assert not group.exists()


@pytest.mark.shows("update --l3-cache-schema")
def test_update_that_fails_leaves_no_group(runtime, bundle, resctrl):
    """One of that name is there without its files: it is no group that could be written."""
    container = runtime.create(bundle)
    (resctrl / container.id).mkdir()
    result = runtime.call("update", "--l3-cache-schema", "L3:0=f", "--pids-limit", "9", container.id)
    assert result.status == 1
    assert "l3-cache-schema: " in result.err
    assert saved(container).get("resources", {}).get("pids") is None


def test_update_of_the_default_class(runtime, bundle, resctrl):
    bundle.linux["intelRdt"] = {"closID": "/"}
    container = runtime.create(bundle)
    result = runtime.call("update", "--l3-cache-schema", "L3:0=f", container.id)
    assert result.status == 1
    assert "default class of service" in result.err
    assert (resctrl / "schemata").read_text() == "L3:0=fffff\n"
