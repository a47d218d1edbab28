"""checkpoint and restore where there is nothing to do for criu: options, states and images that are
refused, and a criu that is not there or another one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from counting import IMAGE


# ---- what criu is not needed for ----


@pytest.mark.hako_only
@pytest.mark.shows("checkpoint", "restore")
@pytest.mark.parametrize("command", ["checkpoint", "restore"])
def test_help(runtime, command):
    """podman asks for it to find out whether there is such a command."""
    assert "--image-path" in runtime.must(command, "--help").out


@pytest.mark.hako_only
def test_no_criu(counting):
    """Neither in PATH nor in the usual places: one sentence, and the container goes on."""
    container = counting.start()
    script = """for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
        test -e $dir/criu && mount --bind /dev/null $dir/criu; done; exec "$@" """
    result = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", counting.runtime.program,
         "--root", counting.runtime.root, "checkpoint", *IMAGE, container.id], cwd=counting.tmp,
        capture_output=True, text=True)
    assert result.returncode == 1
    assert "there is no criu program here" in result.stderr and "install criu" in result.stderr
    counting.moves_on()


FAKE = """#!{python}
# A criu of another version: it answers one question.
import socket, sys
sock = socket.socket(fileno=int(sys.argv[2]))
assert sys.argv[1] == "swrk" and sock.recv(4096) == bytes([8, 10, 32, 1])
sock.send(bytes([{answer}]))
"""


@pytest.mark.hako_only
@pytest.mark.parametrize("answer,error", [
    ([8, 10, 16, 1, 82, 4, 8, 3, 16, 16], "criu 3.16 is too old"),
    ([8, 10, 16, 1, 82, 4, 8, 2, 16, 99], "criu 2.99 is too old"),
    ([8, 10, 16, 0], "criu does not work here"),
    ([8, 1, 16, 1], "criu does not answer what it was asked"),
    ([255], "no answer"),
])
def test_another_criu(counting, answer, error):
    counting.start()
    directory = counting.tmp / "bin"
    directory.mkdir()
    (directory / "criu").write_text(FAKE.format(python=sys.executable, answer=", ".join(map(str, answer))))
    (directory / "criu").chmod(0o755)
    status, err = counting.call("checkpoint", *IMAGE, counting.container.id, env={"PATH": str(directory)})
    assert status == 1 and error in err, err
    counting.moves_on()


@pytest.mark.hako_only
@pytest.mark.parametrize("options,error", [
    (["--manage-cgroups-mode", "hard"], "unknown mode to manage cgroups 'hard': soft, full, strict or ignore"),
    (["--network-lock", "hope"], "unknown network lock 'hope': iptables, nftables or skip"),
    (["--empty-ns", "ipc"], "unknown empty namespace 'ipc': network"),
    (["--parent-path", "/tmp"], "must be relative to the image directory"),
    (["--parent-path", "missing"], "no such file or directory"),
    (["--page-server", "localhost"], "not a page server's ADDRESS:PORT"),
    (["--page-server", "localhost:0"], "not a page server's ADDRESS:PORT"),
    (["--page-server", "localhost:65536"], "not a page server's ADDRESS:PORT"),
    (["--page-server", ":1"], "not a page server's ADDRESS:PORT"),
    (["--status-fd", "0"], "a status descriptor is for lazy pages"),
    (["--lazy-pages", "--status-fd", "77"], "bad file descriptor"),
    (["--image-path", "a/b/c"], "make the image directory 'a/b/c': no such file or directory"),
    (["--image-path", "file"], "not a directory"),
    (["--work-path", "file"], "not a directory"),
])
def test_wrong_options(counting, options, error):
    counting.start()
    (counting.tmp / "file").write_text("")
    assert error in counting.cannot_checkpoint(*IMAGE, *options)


@pytest.mark.hako_only
def test_a_status_descriptor_that_is_not_writable(counting):
    container = counting.start()
    fds = os.pipe()
    status, err = counting.call("checkpoint", *IMAGE, "--lazy-pages", "--status-fd", fds[0], container.id,
                                pass_fds=fds)
    for fd in fds:
        os.close(fd)
    assert status == 1 and f"the status descriptor {fds[0]} is not writable" in err


@pytest.mark.hako_only
def test_only_what_runs_is_checkpointed(counting, runtime, bundle):
    container = runtime.create(bundle.sleep())
    result = container.call("checkpoint")
    assert result.status == 1 and "before its program has been started" in result.err
    container.must("start")
    container.must("kill", "KILL")
    container.wait_stopped()
    result = container.call("checkpoint")
    assert result.status == 1 and "container not running" in result.err
    result = runtime.call("checkpoint", "no-such-container")
    assert result.status == 1 and "container does not exist" in result.err


@pytest.mark.hako_only
def test_a_container_without_a_mount_namespace(counting, bundle):
    bundle.without_namespace("mount")
    for property in ("maskedPaths", "readonlyPaths"):
        bundle.linux.pop(property, None)
    bundle.writable()
    counting.start()
    assert "without a mount namespace of its own" in counting.cannot_checkpoint(*IMAGE)


@pytest.mark.hako_only
def test_restore_with_an_id_that_is_in_use(counting, runtime):
    container = counting.start()
    counting.image.mkdir()
    (counting.image / "external-mounts.json").write_text("[]")
    status, err = counting.call("restore", "--bundle", counting.bundle.path, "--detach", *IMAGE, container.id)
    assert status == 1 and "container with given ID already exists" in err
    counting.moves_on()


HOSTILE = {
    "nothing": ({}, "there is no 'external-mounts.json'"),
    "a link": ({"external-mounts.json": Path("/etc/passwd")}, "too many levels of symbolic links"),
    "no JSON": ({"external-mounts.json": "}"}, "external-mounts.json"),
    "no list": ({"external-mounts.json": '{"a":"/b"}'}, "it is not an array"),
    "numbers": ({"external-mounts.json": "[1]"}, "not a string"),
    "a way out": ({"external-mounts.json": '["/../../etc"]'}, "is no mount point"),
    "another key": ({"external-mounts.json": '["/a]:/etc"]'}, "is no mount point"),
    "too many": ({"external-mounts.json": json.dumps(["/a"] * 5000)}, "more than 4096"),
    "too large": ({"external-mounts.json": "[" + " " * 2000000 + "]"}, "file too large"),
    "a mount of its own": ({"external-mounts.json": '["/etc"]', "descriptors.json": "[]"},
                           "for which config.json has no mount"),
    "no descriptors": ({"external-mounts.json": "[]"}, "there is no 'descriptors.json'"),
    "wrong descriptors": ({"external-mounts.json": "[]", "descriptors.json": '["a","b","c","d"]'},
                          "more than 3"),
    "linked descriptors": ({"external-mounts.json": "[]", "descriptors.json": Path("/etc/passwd")},
                           "symbolic links"),
}


@pytest.mark.hako_only
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_image(counting, case):
    files, error = HOSTILE[case]
    counting.bundle.args("/bin/counter")
    counting.bundle.write()
    counting.image.mkdir()
    for name, text in files.items():
        if isinstance(text, Path):
            (counting.image / name).symlink_to(text)
        else:
            (counting.image / name).write_text(text)
    assert error in counting.cannot_restore(*IMAGE)


@pytest.mark.hako_only
def test_restore_without_an_image(counting):
    counting.bundle.write()
    assert "open the image directory 'image': no such file or directory" in counting.cannot_restore(*IMAGE)


@pytest.mark.hako_only
def test_restore_and_terminals(counting):
    """The rules of `run`."""
    counting.bundle.process["terminal"] = True
    counting.bundle.write()
    assert "without setting console socket" in counting.cannot_restore(*IMAGE)
    counting.bundle.process["terminal"] = False
    counting.bundle.write()
    assert "cannot use console socket" in counting.cannot_restore(*IMAGE, "--console-socket", "x")
