"""mounts add and remove: changing the mounts of a container that runs, whose processes are hostile."""

import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

import host

pytestmark = [pytest.mark.hako_only, pytest.mark.shows("mounts")]

IDLE = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


@pytest.fixture
def volume(tmp):
    directory = tmp / "volume"
    directory.mkdir()
    directory.chmod(0o755)
    (directory / "file").write_text("of the host\n")
    return directory


@pytest.fixture
def change(runtime, tmp):
    """change("add", container, entry, ...) calls the command with those entries."""
    def call(what, container, *entries, text=None, name="mounts.json"):
        (tmp / name).write_text(json.dumps(list(entries), indent=1) if text is None else text)
        return runtime.call("mounts", what, container.id, tmp / name)

    return call


def bind(source, destination, *options):
    return {"type": "bind", "source": str(source), "destination": destination,
            "options": ["bind", *options]}


def tmpfs(destination, *options):
    return {"type": "tmpfs", "source": "tmpfs", "destination": destination, "options": list(options)}


def seen(container):
    """The container's mounts, as its init sees them."""
    return host.parse_mountinfo(Path(f"/proc/{container.pid}/mountinfo").read_text())


def points(container):
    return [m.point for m in seen(container)]


def at(container, point):
    return [m for m in seen(container) if m.point == point][-1]


def inside(container, path):
    return Path(f"/proc/{container.pid}/root") / path.lstrip("/")


@pytest.fixture
def container(runtime, bundle):
    return runtime.start(bundle.writable().sh(IDLE))


def test_add_and_remove(change, container, volume):
    before = points(container)
    result = change("add", container, bind(volume, "/new/volume", "ro"), tmpfs("/scratch", "size=64k", "noexec"))
    assert (result.status, result.out, result.err) == (0, "", "")
    assert inside(container, "/new/volume/file").read_text() == "of the host\n"
    assert "ro" in at(container, "/new/volume").options
    scratch = at(container, "/scratch")
    assert scratch.type == "tmpfs" and "noexec" in scratch.options and "size=64k" in scratch.super_options
    assert not any(str(volume) in m.point or m.point == "/scratch" for m in host.mounts())
    result = change("remove", container, {"destination": "/new/volume"}, {"destination": "/scratch"})
    assert (result.status, result.err) == (0, "")
    assert points(container) == before


def test_program_uses_what_was_added(runtime, bundle, change, volume):
    bundle.writable().sh("while ! test -e /data/file; do sleep 0.02; done; cat /data/file; echo w > /data/written;"
                         + IDLE)
    container = runtime.start(bundle)
    assert change("add", container, bind(volume, "/data")).status == 0
    container.wait_output("of the host")
    host.wait_until((volume / "written").exists)


@pytest.mark.parametrize("state", ["created", "paused"])
def test_add_to_a_container_that_does_not_run_now(runtime, bundle, change, volume, state):
    container = runtime.create(bundle.writable().sh(IDLE))
    if state == "paused":
        container.must("start")
        container.must("pause")
    result = change("add", container, bind(volume, "/data"))
    assert result.status == 0, result.err
    assert inside(container, "/data/file").exists()
    assert container.status == state


@pytest.mark.parametrize("options,shown", [
    (["ro"], {"ro"}), (["nosuid", "nodev", "noexec"], {"nosuid", "nodev", "noexec"}),
    (["noatime"], {"noatime"}), (["nosymfollow"], {"nosymfollow"}), (["rro"], {"ro"})])
def test_options(change, container, volume, options, shown):
    assert change("add", container, bind(volume, "/data", *options)).status == 0
    assert shown <= at(container, "/data").options


def test_recursive_options(change, container, host_mount, tmp):
    top = host_mount("top")
    (top / "below").mkdir()
    host_mount("top/below")
    assert change("add", container, {"source": str(top), "destination": "/data",
                                     "options": ["rbind", "rro", "rnosuid"]}).status == 0
    for point in ("/data", "/data/below"):
        assert {"ro", "nosuid"} <= at(container, point).options
    assert change("remove", container, {"destination": "/data"}).status == 0
    assert not [p for p in points(container) if p.startswith("/data")]


@pytest.mark.parametrize("option,letter", [(None, "master"), ("rprivate", None), ("rshared", "shared")])
def test_propagation(change, container, host_mount, option, letter):
    """Never the host's peer, even where the host's mount is shared."""
    top = host_mount("shared", host.MS_SHARED)
    assert change("add", container, bind(top, "/data", *([option] if option else []))).status == 0
    fields = at(container, "/data").propagation
    assert [f.partition(":")[0] for f in fields if letter and f.startswith(letter)] or not (letter or fields)
    peers = {f for m in host.mounts() for f in m.propagation if f.startswith("shared:")}
    assert not peers & set(fields)


def test_files_and_file_systems(change, container, volume):
    result = change("add", container, bind(volume / "file", "/etc/one"), bind(volume / "file", "/etc/passwd"),
                    {"destination": "/proc2", "type": "proc"}, {"destination": "/sys2", "type": "sysfs",
                                                               "options": ["ro"]},
                    {"destination": "/mq", "type": "mqueue"})
    assert result.status == 0, result.err
    assert inside(container, "/etc/one").read_text() == inside(container, "/etc/passwd").read_text() \
        == "of the host\n"
    assert {at(container, p).type for p in ("/proc2", "/sys2", "/mq")} == {"proc", "sysfs", "mqueue"}
    listed = os.listdir(inside(container, "/proc2"))
    assert "1" in listed and str(os.getpid()) not in listed, "a proc of the container's pid namespace"


def test_tracer_finds_nothing_of_the_host(runtime, bundle, change, spy):
    """Whoever opens a proc for the container is in its pid namespace, with nothing that is the host's."""
    bundle.bind(spy, "/spy", "ro").args("/spy").writable().capabilities("CAP_SYS_PTRACE")
    container = runtime.start(bundle)
    container.wait_output("ready")
    proc = {"destination": "/proc2", "type": "proc", "options": ["hidepid=1"]}

    def act():
        for what in ("add", "remove"):
            result = change(what, container, proc)
            assert result.status == 0, result.err

    assert container.spied(act, stages=5) == []


@pytest.mark.parametrize("option", ["silent", "iversion"])
def test_option_that_a_proc_cannot_get(change, container, option):
    """mount(2) would have to be called in the container's pid namespace."""
    result = change("add", container, {"destination": "/proc2", "type": "proc", "options": [option]})
    assert result.status == 1 and "mount proc on '/proc2'" in result.err
    assert "/proc2" not in points(container)


def test_read_only_tmpfs_with_a_mount_in_it(change, container, volume):
    assert change("add", container, tmpfs("/t", "ro"), bind(volume, "/t/deep/er")).status == 0
    assert "ro" in at(container, "/t").options and "ro" not in at(container, "/t/deep/er").options


def test_tmpcopyup_and_mode(change, container, bundle):
    (bundle.rootfs / "full").mkdir(mode=0o711)
    (bundle.rootfs / "full").chmod(0o711)
    (bundle.rootfs / "full/kept").write_text("kept")
    assert change("add", container, tmpfs("/full", "tmpcopyup")).status == 0
    assert inside(container, "/full/kept").read_text() == "kept"
    assert inside(container, "/full").stat().st_mode & 0o777 == 0o711


def test_options_longer_than_fsconfig_takes(change, container, tmp):
    lower = [tmp / f"{'l' * 60}{i}" for i in range(5)]
    for directory in lower:
        directory.mkdir()
        (directory / directory.name[-1]).touch()
    result = change("add", container, {"destination": "/merged", "type": "overlay", "source": "overlay",
                                       "options": ["lowerdir=" + ":".join(map(str, lower))]})
    assert result.status == 0, result.err
    assert sorted(p.name for p in inside(container, "/merged").iterdir()) == list("01234")


def test_remount_of_an_earlier_entry(change, container, volume):
    remount = {"destination": "/data", "options": ["remount", "bind", "ro"]}
    assert change("add", container, bind(volume, "/data"), remount).status == 0
    assert "ro" in at(container, "/data").options
    result = change("add", container, remount | {"options": ["remount", "bind", "rw"]})
    assert result.status == 1 and "/0/options" in result.err and "ro" in at(container, "/data").options


def test_idmapped(change, container, tmp, volume):
    os.chown(volume / "file", 5000, 5001)
    maps = [{"containerID": 5000, "hostID": 7000, "size": 10}]
    result = change("add", container, bind(volume, "/data") | {"uidMappings": maps, "gidMappings": maps})
    if "cannot be id-mapped" in result.err:
        pytest.skip("the file system of /var/tmp cannot be id-mapped")
    assert result.status == 0, result.err
    stat = inside(container, "/data/file").stat()
    assert (stat.st_uid, stat.st_gid) == (7000, 7001)


def test_relative_source_is_the_bundles(change, container, bundle):
    (bundle.path / "beside").mkdir()
    (bundle.path / "beside/here").touch()
    assert change("add", container, bind("beside", "/data")).status == 0
    assert inside(container, "/data/here").exists()


def test_empty_list_and_standard_input(runtime, change, container):
    assert change("add", container).status == 0
    assert change("remove", container).status == 0
    assert runtime.call("mounts", "add", container.id, "-",
                        input=json.dumps([tmpfs("/in")]).encode()).status == 0
    assert "/in" in points(container)


# User namespaces

def test_user_namespace(runtime, bundle, change, volume):
    container = runtime.start(bundle.user_namespace().writable().sh(IDLE))
    result = change("add", container, bind(volume, "/data", "ro"), tmpfs("/scratch", "mode=700"),
                    {"destination": "/proc2", "type": "proc"})
    assert result.status == 0, result.err
    assert inside(container, "/data/file").exists()
    assert inside(container, "/scratch").stat().st_uid == 100000, "it belongs to the container's root"
    assert inside(container, "/data").parent.joinpath("scratch").stat().st_mode & 0o777 == 0o700
    assert change("remove", container, {"destination": "/data"}, {"destination": "/scratch"},
                  {"destination": "/proc2"}).status == 0
    assert not {"/data", "/scratch", "/proc2"} & set(points(container))


def test_user_namespace_and_a_source_out_of_its_reach(runtime, bundle, change, volume):
    volume.parent.joinpath("private").mkdir(mode=0o700)
    secret = volume.parent / "private/volume"
    secret.mkdir()
    secret.joinpath("file").touch()
    container = runtime.start(bundle.user_namespace().writable().sh(IDLE))
    result = change("add", container, bind(secret, "/data"))
    assert result.status == 0, result.err
    assert inside(container, "/data/file").exists()


def test_idmap_by_the_user_namespace(runtime, bundle, change, volume):
    container = runtime.start(bundle.user_namespace().writable().sh(IDLE))
    result = change("add", container, bind(volume, "/data", "idmap"))
    if result.status and "cannot be id-mapped" in result.err:
        pytest.skip("the file system of /var/tmp cannot be id-mapped")
    assert result.status == 0, result.err
    assert inside(container, "/data/file").stat().st_uid == 100000


# A read-only root

def test_read_only_root(runtime, bundle, change, volume):
    container = runtime.start(bundle.sh(IDLE))
    assert change("add", container, bind(volume, "/tmp")).status == 0
    assert inside(container, "/tmp/file").exists()
    before = points(container)
    result = change("add", container, bind(volume, "/var"), bind(volume, "/missing"))
    assert result.status == 1
    assert "/1" in result.err and "read-only file system" in result.err
    assert points(container) == before


# All or nothing

@pytest.mark.parametrize("bad,words", [
    (bind("/no/such/source", "/c"), "/2"), (tmpfs("/c", "nosuch=1"), "/2"),
    (tmpfs("/proc/sys"), "/2"), (bind("/etc/passwd", "/tmp"), "/2")])
def test_add_all_or_nothing(change, container, volume, bad, words):
    before = points(container)
    result = change("add", container, bind(volume, "/a"), tmpfs("/b"), bad, tmpfs("/d"), tmpfs("/e"))
    assert result.status == 1
    assert re.search(rf"mounts\.json:\d+:\d+ {words}", result.err), result.err
    assert points(container) == before


def test_undo_takes_nested_mounts_too(change, container, volume):
    before = points(container)
    result = change("add", container, tmpfs("/a"), tmpfs("/a/b"), bind(volume, "/a/b/c"), bind("/nope", "/x"))
    assert result.status == 1 and points(container) == before


def test_remove_all_or_nothing(change, container, volume):
    assert change("add", container, tmpfs("/a"), tmpfs("/b")).status == 0
    before = points(container)
    result = change("remove", container, {"destination": "/a"}, {"destination": "/tmp"}, {"destination": "/b"})
    assert result.status == 1
    assert re.search(r"mounts\.json:\d+:\d+ /1/destination", result.err), result.err
    assert "nothing is mounted there" in result.err
    assert points(container) == before


def test_remove_takes_the_topmost(change, container, volume):
    assert change("add", container, tmpfs("/a"), bind(volume, "/a")).status == 0
    assert change("remove", container, {"destination": "/a"}).status == 0
    assert at(container, "/a").type == "tmpfs"
    assert change("remove", container, {"destination": "/a"}).status == 0
    assert "/a" not in points(container)


def test_remove_what_is_in_use(runtime, bundle, change, volume):
    bundle.writable().sh("while ! cd /data; do sleep 0.02; done; echo there; " + IDLE)
    container = runtime.start(bundle)
    assert change("add", container, bind(volume, "/data")).status == 0
    container.wait_output("there")
    assert change("remove", container, {"destination": "/data"}).status == 0
    assert "/data" not in points(container)


def test_remove_below_another_entry(change, container):
    assert change("add", container, tmpfs("/a"), tmpfs("/a/b")).status == 0
    assert change("remove", container, {"destination": "/a"}, {"destination": "/a/b"}).status == 0
    assert not {"/a", "/a/b"} & set(points(container))


# Refusals

@pytest.mark.parametrize("destination", ["/", "/proc", "/proc/sys", "/proc/self/fd", "/tmp/../proc/1", "/x/.."])
def test_where_nothing_may_be_added(change, container, destination):
    before = points(container)
    result = change("add", container, tmpfs(destination))
    assert result.status == 1 and "/0" in result.err
    assert points(container) == before


@pytest.mark.parametrize("destination", ["/", "/proc", "/proc/sys", "/proc/kcore", "/link"])
def test_what_may_not_be_removed(change, container, bundle, destination):
    (bundle.rootfs / "link").symlink_to("proc/sys")
    before = points(container)
    result = change("remove", container, {"destination": destination})
    assert result.status == 1 and "/0/destination" in result.err
    assert points(container) == before


def test_container_that_leads_the_removal_elsewhere(runtime, bundle, change, volume):
    """It moves what was added, and puts a link to a mask into its place: the mask stays."""
    bundle.writable().sh("while ! test -e /opt/data/file; do sleep 0.02; done; mv /opt /opt2; mkdir /opt;"
                         "ln -s /sys/firmware /opt/data; ln -s opt2 /way; echo moved;" + IDLE)
    container = runtime.start(bundle)
    assert change("add", container, bind(volume, "/opt/data")).status == 0
    container.wait_output("moved")
    before = points(container)
    assert {"/sys/firmware", "/opt2/data"} <= set(before)
    for destination in ("/opt/data", "/way/data"):
        result = change("remove", container, {"destination": destination})
        assert result.status == 1 and "/0/destination" in result.err
        assert "symbolic link" in result.err, result.err
    assert points(container) == before
    assert change("remove", container, {"destination": "/opt2/data"}).status == 0
    assert "/opt2/data" not in points(container)


def test_link_to_proc(change, container, bundle):
    (bundle.rootfs / "link").symlink_to("/proc")
    before = points(container)
    result = change("add", container, tmpfs("/link/sys"))
    assert result.status == 1 and "inside /proc" in result.err
    assert points(container) == before


@pytest.mark.parametrize("text,words", [
    ("{}", "must be an array"), ("null", "must be an array"), ("[", "mounts.json:1"), ("[] []", "mounts.json:1"),
    ('[\n {"type": "tmpfs"}]', "mounts.json:2:2 /0/destination: "),
    ('[{"destination": "/a", "type": "tmpfs"}]\0 []', "mounts.json"),
    ('[{"destination": 5}]', "mounts.json:1:18 /0/destination"),
    ('[{"destination": "/a"}]', "/0/type"), ('[{"destination": "/a", "options": ["bind"]}]', "/0/source"),
    ('[{"destination": "/a", "type": "cgroup"}]', "/0/type"),
    ('[{"destination": "/a", "type": "cgroup2"}]', "/0/type"),
    ('[{"destination": "/a", "type": "nosuchfs"}]', "nosuchfs"),
    ('[{"destination": "/a", "type": "bind", "source": "/tmp", "options": ["nosuch"]}]', "/0/options/0")])
def test_bad_files(change, container, text, words):
    before = points(container)
    result = change("add", container, text=text)
    assert result.status == 1 and words in result.err, result.err
    assert points(container) == before


@pytest.mark.parametrize("text,words", [('[{"destination": "/a"}, {"destination": "//a/"}]', "/1/destination")])
def test_bad_removals(change, container, text, words):
    assert change("add", container, tmpfs("/a")).status == 0
    result = change("remove", container, text=text)
    assert result.status == 1 and words in result.err, result.err
    assert "/a" in points(container)


def test_command_line(runtime, change, container, tmp):
    result = runtime.call("mounts", "list", container.id, "x")
    assert result.status == 1 and "add or remove" in result.err
    assert runtime.call("mounts", "add", container.id).status == 1
    result = runtime.call("mounts", "add", container.id, tmp / "missing")
    assert result.status == 1 and "no such file" in result.err
    result = runtime.call("mounts", "add", f"{runtime.prefix}-nobody", tmp / "missing")
    assert result.status == 1 and "does not exist" in result.err


def test_stopped_container(runtime, bundle, change):
    container = runtime.start(bundle)
    container.wait_stopped()
    result = change("add", container, tmpfs("/a"))
    assert result.status == 1 and "container not running" in result.err


def test_without_a_mount_namespace(runtime, bundle, change):
    bundle.without_namespace("mount").writable().sh(IDLE)
    bundle.linux.pop("maskedPaths", None)
    bundle.linux.pop("readonlyPaths", None)
    container = runtime.start(bundle)
    result = change("add", container, tmpfs("/a"))
    assert result.status == 1 and "no mount namespace of its own" in result.err
    assert "/a" not in [m.point for m in host.mounts()]
    container.must("delete", "--force")


# Hostile containers

SWAP = """
mkdir -p /d/real /d/other; mkdir /flip
while :; do
    mv /d/real /d/tmp 2>/dev/null; ln -s {target} /d/real; rm -f /d/real; mv /d/tmp /d/real 2>/dev/null
done
"""


@pytest.mark.parametrize("target", ["/proc", "../../../../../..", "/proc/1/root", "/proc/self/fd/3"])
def test_container_that_swaps_links(runtime, bundle, change, volume, target):
    """Whatever it does: what is mounted is mounted in the container, and not on /proc."""
    container = runtime.start(bundle.writable().all_capabilities().sh(SWAP.format(target=target)))
    for _ in range(40):
        result = change("add", container, bind(volume, "/d/real/sys"))
        assert result.status == 0 or "/0" in result.err
        assert not [m for m in seen(container) if m.point.startswith("/proc") and m.root.endswith("/volume")]
        assert not [m for m in host.mounts() if m.root.endswith(str(volume))]
    assert container.status == "running"
    container.must("kill", "KILL")


def test_container_that_mounts_on_top(runtime, bundle, change, helper):
    """The undo takes its own mounts away, from under those of the container too."""
    bundle.writable().all_capabilities().sh(
        "mkdir -p /a; while :; do mount -t tmpfs cover /a 2>/dev/null; umount /a 2>/dev/null; done")
    bundle.linux.pop("seccomp", None)
    container = runtime.start(bundle)
    for _ in range(15):
        result = change("add", container, {"destination": "/a", "type": "tmpfs", "source": "ours"}, bind("/no", "/b"))
        assert result.status == 1 and "stays" not in result.err
        assert not [m for m in seen(container) if m.source == "ours"]
    container.must("kill", "KILL")


def test_init_that_has_left_its_root(runtime, bundle, change, volume):
    """The container's root is that of its mount namespace, not what init has taken for its own."""
    bundle.writable().all_capabilities("CAP_SYS_CHROOT").sh(
        "mkdir -p /jail/bin; cp /bin/busybox /jail/bin; echo ready; exec chroot /jail /bin/busybox sleep 1000")
    container = runtime.start(bundle)
    container.wait_output("ready")
    host.wait_until(lambda: os.readlink(f"/proc/{container.pid}/root").endswith("jail"))
    assert change("add", container, bind(volume, "/data")).status == 0
    assert (bundle.rootfs / "data").is_dir() and not (bundle.rootfs / "jail/data").exists()
    container.must("kill", "KILL")


def test_no_pivot(runtime, bundle, change, volume):
    container = runtime.create(bundle.writable().sh(IDLE), "--no-pivot")
    container.must("start")
    assert change("add", container, bind(volume, "/data")).status == 0
    assert inside(container, "/data/file").exists()
    assert change("remove", container, {"destination": "/data"}).status == 0


def test_at_the_same_time(runtime, change, container, volume, tmp):
    results = []

    def add(n):
        (tmp / f"m{n}").write_text(json.dumps([tmpfs(f"/m{n}"), bind(volume, f"/m{n}/v")]))
        results.append(runtime.call("mounts", "add", container.id, tmp / f"m{n}"))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.status for r in results] == [0] * 6
    assert {f"/m{n}/v" for n in range(6)} <= set(points(container))


@pytest.mark.parametrize("end", ["killed", "interrupted"])
def test_undo_where_the_command_ends_half_way(runtime, tmp, container, end):
    """By SIGKILL, or by ^C, which goes to the whole process group."""
    before = points(container)
    entries = tmp / "mounts.json"
    entries.write_text(json.dumps([tmpfs(f"/tmp/{i}") for i in range(600)]))
    process = subprocess.Popen([runtime.program, "--root", str(runtime.root), "mounts", "add", container.id, entries],
                               start_new_session=True, stderr=subprocess.DEVNULL)
    host.wait_until(lambda: len(points(container)) > len(before) + 5)
    if end == "killed":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == -(signal.SIGKILL if end == "killed" else signal.SIGINT)
    host.wait_until(lambda: points(container) == before)
