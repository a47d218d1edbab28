"""list: what it shows of each status, of broken entries, and of many."""

import json
import os
import shutil

import pytest

import host


@pytest.fixture
def copies(runtime):
    """copies(container, count): its state directory under other ids; the fixture removes them."""
    made = []

    def copy(container, count):
        for number in range(count):
            target = runtime.root / f"{container.id}-{number:03}"
            target.mkdir()
            made.append(target)
            for entry in container.state_dir.iterdir():
                if entry.is_fifo():
                    os.link(entry, target / entry.name)  # one that init reads
                else:
                    text = entry.read_text().replace(f'"id":"{container.id}"', f'"id":"{target.name}"')
                    (target / entry.name).write_text(text)
        return [path.name for path in made]

    yield copy
    for path in made:
        shutil.rmtree(path)


def listed(runtime):
    return {entry["id"]: entry for entry in json.loads(runtime.must("list", "--format", "json").out) or []}


@pytest.mark.shows("list", "list --format")
def test_same_as_state(runtime, bundle, make_bundle):
    """Of every status; `state` alone knows no owner."""
    bundle.config["annotations"] = {"org.example": "a\"b"}
    running = runtime.start(bundle.sleep())
    paused = runtime.start(make_bundle().sleep())
    paused.must("pause")
    created = runtime.create(make_bundle().sleep())
    stopped = runtime.start(make_bundle())
    stopped.wait_stopped()
    entries = listed(runtime)
    for container, status in ((running, "running"), (paused, "paused"), (created, "created"), (stopped, "stopped")):
        assert entries[container.id] == container.state() | {"owner": "root"}
        assert entries[container.id]["status"] == status
    lines = {line.split()[0]: line.split() for line in runtime.must("list").out.splitlines()}
    assert lines[stopped.id][1:3] == ["0", "stopped"]
    assert lines[paused.id][1:4] == [str(paused.pid), "paused", str(paused.state()["bundle"])]
    assert lines[paused.id][5] == "root"


@pytest.mark.hako_only
@pytest.mark.shows("list")
def test_created_and_paused(runtime, bundle):
    container = runtime.create(bundle.sleep())
    container.must("pause")
    assert listed(runtime)[container.id]["status"] == container.status == "paused"


@pytest.mark.hako_only
@pytest.mark.shows("list", "list --quiet")
def test_many(runtime, bundle, copies):
    """In the order of their ids, whoever has read them."""
    container = runtime.create(bundle.sleep())
    ids = sorted([container.id, *copies(container, 200)])
    assert [entry["id"] for entry in json.loads(runtime.must("list", "-f", "json").out)] == ids
    assert runtime.must("list", "--quiet").out.split() == ids
    table = runtime.must("list").out.splitlines()
    assert [line.split()[0] for line in table[1:]] == ids
    assert {line.split()[2] for line in table[1:]} == {"created"}
    assert len({line.index("created") for line in table[1:]}) == 1, "a column"


@pytest.mark.hako_only
@pytest.mark.shows("list")
@pytest.mark.parametrize("count", [3, 200])
def test_broken_entries(runtime, bundle, copies, count):
    """They are reported in their order, the others are listed, and that is no failure."""
    container = runtime.create(bundle.sleep())
    ids = copies(container, count)
    broken = [ids[0], ids[count // 2]]
    for name in broken:
        (runtime.root / name / "state.json").write_text("{")
    result = runtime.must("list", "--format", "json")
    assert [entry["id"] for entry in json.loads(result.out)] == sorted({container.id, *ids} - set(broken))
    lines = result.err.splitlines()
    assert len(lines) == 2
    assert all(f"list '{name}': " in line and "read the state" in line for name, line in zip(broken, lines))


@pytest.mark.hako_only
def test_what_is_no_container(runtime, bundle, tmp):
    container = runtime.create(bundle.sleep())
    (runtime.root / "file").write_text("")
    (runtime.root / ".hidden").mkdir()
    (runtime.root / "link").symlink_to(container.state_dir)
    (runtime.root / "empty").mkdir()
    try:
        result = runtime.must("list", "--format", "json")
        assert list(listed(runtime)) == [container.id]
        assert "list 'empty': " in result.err and len(result.err.splitlines()) == 1
    finally:
        (runtime.root / "file").unlink()
        (runtime.root / ".hidden").rmdir()
        (runtime.root / "link").unlink()
        (runtime.root / "empty").rmdir()


@pytest.mark.hako_only
def test_recycled_pid(runtime, bundle):
    container = runtime.start(bundle.sleep())
    path = container.state_dir / "state.json"
    text = path.read_text()
    start = json.loads(text)["init_process_start"]
    path.write_text(text.replace(str(start), str(start + 1)))
    assert listed(runtime)[container.id]["status"] == "stopped"
    path.write_text(text)


@pytest.mark.hako_only
@pytest.mark.shows("list")
def test_half_made(runtime, bundle):
    """One that is being created, and one whose creator was killed."""
    bundle.hook_script("createRuntime", "touch here; while [ -e here ]; do sleep 0.02; done; kill -9 $PPID; sleep 0.1")
    bundle.sleep().write()
    name = runtime.new_id()
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(1) as pool:
        create = pool.submit(runtime.call, "create", "--bundle", bundle.path, name)
        host.wait_until((bundle.path / "here").exists)
        assert listed(runtime)[name]["status"] == "creating"
        (bundle.path / "here").unlink()
        assert create.result(20).status == -9
    host.wait_until(lambda: listed(runtime)[name]["status"] == "stopped")
    runtime.must("delete", "--force", name)


@pytest.mark.shows("list")
def test_missing_root(runtime, tmp):
    """The default one may be missing, one that was named may not."""
    result = runtime.call("--root", tmp / "nosuch", "list", root=False)
    assert result.status == 1
    assert "nosuch" in result.err


def test_format_that_is_none(runtime):
    result = runtime.call("list", "--format", "yaml")
    assert result.status == 1
    assert "invalid format option" in result.err
