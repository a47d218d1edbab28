"""What cgroup v2 alone has: controllers handed down, domains and threads, files by their names, device programs."""

import pytest

import host

pytestmark = pytest.mark.needs(host.is_v2_only, "this host has cgroup v1 hierarchies")

MiB = 1 << 20


@pytest.fixture
def place(runtime, bundle):
    """A cgroup of the test's own at the top, empty; the container's will be "inner" below it."""
    directory = host.CGROUP / f"{runtime.prefix}-place"
    directory.mkdir()
    bundle.linux["cgroupsPath"] = f"/{directory.name}/inner"
    yield directory
    for name in runtime.ids():
        runtime.call("delete", "--force", name)
    host.remove_cgroups(directory.name)


def words(path):
    return set(path.read_text().split())


# Controllers

def test_controllers_are_handed_down(runtime, bundle, place):
    """All that the host has, from the top to the container, for a later update and for statistics."""
    bundle.linux["cgroupsPath"] = f"/{place.name}/a/b/inner"
    container = runtime.start(bundle.sleep())
    for directory in (host.CGROUP, place, place / "a", place / "a/b"):
        assert words(directory / "cgroup.subtree_control") >= {"cpu", "io", "memory", "pids"}, directory
    assert words(place / "a/b/inner/cgroup.controllers") == words(host.CGROUP / "cgroup.controllers")
    assert words(host.cgroup_of(container.pid, "") / "cgroup.subtree_control") == set()


@pytest.mark.hako_only
def test_place_among_processes(runtime, bundle, make_bundle, place):
    """A container that asks for nothing can be in a cgroup below another's processes; limits cannot."""
    bundle.linux["cgroupsPath"] = f"/{place.name}"
    runtime.start(bundle.sleep())
    other = make_bundle()
    other.linux["cgroupsPath"] = f"/{place.name}/inner"
    other.resources.clear()
    runtime.start(other.sleep()).kill_and_delete()
    other.resources["pids"] = {"limit": 10}
    error = runtime.fails(other).err
    assert "/linux/resources/pids/limit: cgroup controller pids is not available" in error
    assert f"'{place}' has it, but holds processes" in error


# Domains and threads

@pytest.mark.hako_only
@pytest.mark.parametrize("path", ["threads/inner", "domain/inner", "threads"])
def test_among_threads(runtime, bundle, place, path):
    """A threaded cgroup, one below it, and one below its domain take no whole process."""
    (place / "domain/threads").mkdir(parents=True)
    (place / "domain/threads/cgroup.type").write_text("threaded")
    bundle.linux["cgroupsPath"] = f"/{place.name}/" + path.replace("threads", "domain/threads")
    error = runtime.fails(bundle).err
    assert "/linux/cgroupsPath: " in error and "threaded" in error
    assert sorted(entry.name for entry in (place / "domain").iterdir() if entry.is_dir()) == ["threads"]


def test_in_a_domain_of_threads(runtime, bundle, place):
    """It takes processes, though none of its controllers for whole processes can be handed down."""
    (place / "domain/threads").mkdir(parents=True)
    (place / "domain/threads/cgroup.type").write_text("threaded")
    bundle.linux["cgroupsPath"] = f"/{place.name}/domain"
    container = runtime.start(bundle.sleep())
    assert host.cgroup_of(container.pid, "") == place / "domain"


# Files by their names

UNIFIED = [("memory.high", str(48 * MiB)), ("memory.min", str(1 * MiB)), ("memory.low", str(2 * MiB)),
           ("memory.oom.group", "1"), ("cpu.weight", "77"), ("cpu.max", "30000 60000"), ("pids.max", "44"),
           ("cpuset.cpus", "0"), ("cgroup.max.depth", "3"), ("cgroup.max.descendants", "5")]


@pytest.mark.parametrize("name,value", UNIFIED)
def test_unified(runtime, bundle, name, value):
    bundle.resources["unified"] = {name: value}
    container = runtime.start(bundle.sleep())
    assert (host.cgroup_of(container.pid, "") / name).read_text() == f"{value}\n"


def keys(path):
    return {key: int(value) for key, value in (line.split() for line in path.read_text().splitlines())}


def test_memory_high_throttles(runtime, bundle):
    """Nothing is killed: what is above is reclaimed."""
    bundle.resources["unified"] = {"memory.high": str(4 * MiB)}
    bundle.mount("/run", "tmpfs", "tmpfs", [])
    container = runtime.start(bundle.sh("head -c 12m /dev/zero >/run/file & echo started; while :; do sleep 0.05; done"))
    events = host.cgroup_of(container.pid, "") / "memory.events"
    host.wait_until(lambda: keys(events)["high"] > 0, "throttling")
    assert keys(events)["oom_kill"] == 0


EATER = "echo 1000 >/proc/self/oom_score_adj; head -c 64m /dev/zero | tail -c 64m >/dev/null"


@pytest.mark.parametrize("together", [True, False])
def test_oom_group(runtime, bundle, together):
    """With memory.oom.group all that is in the container ends with the one that ate too much."""
    bundle.resources.update({"memory": {"limit": 16 * MiB, "swap": 16 * MiB},
                             "unified": {"memory.oom.group": str(int(together))}})
    container = runtime.start(bundle.sh(f"sh -c '{EATER}'; echo eaten; while :; do sleep 0.05; done"))
    if together:
        container.wait_stopped()
        assert "eaten" not in container.output
    else:
        container.wait_output("eaten", seconds=30)
        assert container.status == "running"


# Ending all at once

@pytest.mark.shows("kill --all")
def test_kill_of_what_forks(runtime, bundle, place):
    """One write to cgroup.kill leaves nobody behind, however fast they fork."""
    bundle.without_namespace("pid").without_mount("/proc").bind("/proc", "/proc", "rbind")
    bundle.resources["pids"] = {"limit": 60}
    bundle.sh("f() { while :; do sh -c : & sleep 0.01; done; }; for i in 1 2 3 4 5; do f & done; wait")
    container = runtime.start(bundle)
    events = place / "inner/cgroup.events"
    host.wait_until(lambda: len(words(place / "inner/cgroup.procs")) > 8, "the forks")
    container.must("kill", "--all", "KILL")
    host.wait_until(lambda: "populated 0" in events.read_text(), "the end of all")


# Device programs

KMSG = {"type": "c", "major": 1, "minor": 11}
DENIED, ALLOWED = ([{"allow": False, "access": "rwm"}, KMSG | {"allow": allow, "access": "r"}]
                   for allow in (False, True))
LOOK = "head -c 0 /dev/kmsg && echo open"


def with_kmsg(bundle, rules):
    bundle.capabilities("CAP_SYSLOG", "CAP_MKNOD")
    bundle.linux["devices"] = [KMSG | {"path": "/dev/kmsg"}]
    bundle.resources["devices"] = rules
    return bundle


def opens_kmsg(runtime, bundle, path, rules):
    """Can a container in this place, with these rules?"""
    bundle.linux["cgroupsPath"] = path
    result = runtime.run(with_kmsg(bundle, rules).sh(LOOK))
    assert result.status == 0 or "not permitted" in result.err, result.err
    return result.status == 0


def test_a_program_that_was_left_is_replaced(runtime, bundle, make_bundle, place):
    """A stopped container's cgroup is still there with its program: who takes the place has its own rules."""
    first = runtime.start(with_kmsg(bundle, DENIED).args("/bin/true"))
    first.wait_stopped()
    assert (place / "inner").is_dir()
    assert opens_kmsg(runtime, make_bundle(), bundle.linux["cgroupsPath"], ALLOWED)


def test_programs_above_count_as_well(runtime, bundle, make_bundle, place):
    """The kernel asks every program from the top to the container: one refusal is enough."""
    bundle.linux["cgroupsPath"] = f"/{place.name}/above"
    runtime.start(with_kmsg(bundle, DENIED).sleep())
    assert not opens_kmsg(runtime, make_bundle(), f"/{place.name}/above/inner", ALLOWED)
    assert opens_kmsg(runtime, make_bundle(), f"/{place.name}/beside", ALLOWED)


def test_update_leaves_the_program(runtime, bundle):
    container = runtime.start(with_kmsg(bundle, DENIED).sleep())
    container.must("update", "--pids-limit=50")
    assert "not permitted" in container.exec("sh", "-c", LOOK).err
