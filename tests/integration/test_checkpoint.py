"""checkpoint, and restore behind it: they go on from where they were. Sockets, locks, terminals and
memory that a container has then."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import host
from counting import IMAGE, needs_criu, pids_cgroup
from runtime import Container
from test_tty import console, read_terminal  # noqa: F401 (a fixture)


# ---- there and back ----


@needs_criu
@pytest.mark.shows("checkpoint --image-path", "restore --image-path", "restore --bundle", "restore --detach")
def test_it_goes_on_from_where_it_was(counting, runtime):
    first = counting.start()
    cgroups = host.cgroup_dirs(first.id)
    end = counting.checkpoint(*IMAGE)
    assert first.id not in runtime.ids()
    assert cgroups and not [c for c in cgroups if c.exists()]
    time.sleep(0.2)
    assert counting.at() == end
    second = counting.restore(*IMAGE)
    assert second.id != first.id
    assert pids_cgroup(second.pid).name == second.id
    assert "criu-root" not in os.listdir(second.state_dir)
    second.kill_and_delete()


@needs_criu
def test_the_image_is_where_nobody_said(counting):
    """./checkpoint, as runc has it."""
    counting.start()
    counting.checkpoint()
    assert (counting.tmp / "checkpoint/inventory.img").exists()
    counting.restore()


@needs_criu
@pytest.mark.shows("checkpoint --work-path", "restore --work-path")
def test_work_path(counting):
    counting.start()
    counting.checkpoint(*IMAGE, "--work-path", "work")
    counting.restore(*IMAGE, "--work-path", "work")
    assert {"dump.log", "restore.log"} <= set(os.listdir(counting.tmp / "work"))
    assert not {"dump.log", "restore.log"} & set(os.listdir(counting.image))


@needs_criu
@pytest.mark.shows("checkpoint --leave-running")
def test_leave_running(counting):
    container = counting.start()
    pid = container.pid
    counting.checkpoint(*IMAGE, "--leave-running")
    counting.moves_on()
    assert (container.status, container.pid) == ("running", pid)
    container.kill_and_delete()
    (counting.data / "n").write_text("0" * 19)  # it has gone on since
    counting.restore(*IMAGE)


@needs_criu
def test_more_than_one_time(counting):
    """And a container by the same name."""
    id = counting.start().id
    for turn in range(2):
        counting.checkpoint("--image-path", f"image{turn}")
        counting.restore("--image-path", f"image{turn}", id=id)


@needs_criu
def test_a_paused_container(counting):
    container = counting.start()
    container.must("pause")
    end = counting.at()
    counting.checkpoint(*IMAGE)
    assert container.id not in counting.runtime.ids()
    assert counting.at() == end
    counting.restore(*IMAGE)


# ---- what has to be allowed ----


@needs_criu
@pytest.mark.shows("checkpoint --tcp-established", "restore --tcp-established")
def test_tcp_established(counting):
    counting.needs_flag("--tcp-established", "tcp", error="onnected TCP socket")
    assert "tcp" in counting.cannot_restore("--image-path", "image2").lower()
    counting.restore("--image-path", "image2", "--tcp-established")
    counting.moves_on()
    assert not (counting.data / "closed").exists()


@needs_criu
@pytest.mark.shows("restore --tcp-close")
def test_tcp_close(counting):
    counting.start("tcp")
    counting.checkpoint(*IMAGE, "--tcp-established")
    counting.restore(*IMAGE, "--tcp-close")
    assert (counting.data / "closed").exists()


@needs_criu
@pytest.mark.shows("checkpoint --tcp-skip-in-flight")
def test_tcp_skip_in_flight(counting):
    counting.start("pending")
    counting.cannot_checkpoint(*IMAGE, "--tcp-established")
    counting.checkpoint("--image-path", "image2", "--tcp-established", "--tcp-skip-in-flight")


@needs_criu
@pytest.mark.shows("checkpoint --network-lock", "restore --network-lock")
def test_network_lock(counting):
    counting.start("tcp")
    counting.checkpoint(*IMAGE, "--tcp-established", "--network-lock", "iptables")
    counting.restore(*IMAGE, "--tcp-established", "--network-lock", "iptables")


@needs_criu
@pytest.mark.shows("checkpoint --network-lock")
def test_network_lock_by_nftables(counting):
    """Not restored: criu 3.17 leaves the connection locked then."""
    counting.start("tcp")
    counting.checkpoint(*IMAGE, "--tcp-established", "--leave-running", "--network-lock", "nftables")
    counting.moves_on()


@needs_criu
@pytest.mark.shows("checkpoint --ext-unix-sk", "restore --ext-unix-sk")
def test_ext_unix_sk(counting):
    """criu sees the other end where both are in one network namespace, and finds it again by its path there."""
    counting.bundle.without_namespace("network").bind(counting.data, counting.data)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(counting.data / "sock"))
        server.settimeout(20)
        counting.needs_flag("--ext-unix-sk", "unix", counting.data / "sock", error="unix: ")
        counting.restore("--image-path", "image2", "--ext-unix-sk")
        end = counting.at()
        host.wait_until(lambda: int(server.recv(64)) > end, "a datagram of the restored container's")


@needs_criu
@pytest.mark.shows("checkpoint --file-locks", "restore --file-locks")
def test_file_locks(counting):
    counting.needs_flag("--file-locks", "lock", "/data/locked", error="lock")
    counting.restore("--image-path", "image2", "--file-locks")
    with open(counting.data / "locked") as file:
        result = subprocess.run(["flock", "--nonblock", "--exclusive", str(file.fileno())],
                                pass_fds=[file.fileno()])
    assert result.returncode == 1


@needs_criu
@pytest.mark.shows("checkpoint --link-remap")
def test_link_remap(counting):
    counting.needs_flag("--link-remap", "unlinked", "/data/file", error="link-remap")
    counting.restore("--image-path", "image2")


# ---- terminals and stdio ----


@needs_criu
@pytest.mark.shows("restore --console-socket")
def test_terminal(counting, console):
    counting.bundle.process["terminal"] = True
    counting.bundle.args("/bin/counter", "terminal")
    counting.bundle.write()
    received = []
    thread = threading.Thread(target=lambda: received.append(console()))
    thread.start()
    counting.container = counting.runtime.create(counting.bundle, "--console-socket", console.path)
    thread.join(20)
    counting.container.must("start")
    counting.moves_on()
    counting.checkpoint(*IMAGE)
    thread = threading.Thread(target=lambda: received.append(console()))
    thread.start()
    counting.restore(*IMAGE, "--console-socket", console.path)
    thread.join(20)
    text, master = received[1]
    assert text.startswith("/dev/pts/") and os.isatty(master)
    assert str(counting.at() + 1) in read_terminal(master, str(counting.at() + 1))
    os.write(master, b"hello\n")
    host.wait_until((counting.data / "in").exists)
    assert (counting.data / "in").read_text() == "hello\n"
    assert "without setting console socket" in counting.cannot_restore(*IMAGE)


@needs_criu
@pytest.mark.shows("checkpoint --shell-job", "restore --shell-job")
def test_shell_job(counting):
    """stdio on a terminal of the host's, as a container started from a shell has it."""
    master, slave = os.openpty()
    counting.bundle.args("/bin/counter", "terminal")
    counting.bundle.write()
    base = [counting.runtime.program, "--root", str(counting.runtime.root)]
    counting.container = Container(counting.runtime, counting.runtime.new_id())
    subprocess.run([*base, "run", "--detach", "--bundle", counting.bundle.path, counting.container.id],
                   stdin=slave, stdout=slave, stderr=slave, check=True, timeout=60 * host.SLOW)
    counting.moves_on()
    counting.cannot_checkpoint(*IMAGE)
    counting.checkpoint("--image-path", "image2", "--shell-job")
    read_terminal(master, seconds=0.3)
    counting.container = Container(counting.runtime, counting.runtime.new_id())
    status = subprocess.run([*base, "restore", "--detach", "--shell-job", "--bundle", counting.bundle.path,
                             "--image-path", counting.tmp / "image2", counting.container.id],
                            stdin=slave, stdout=slave, stderr=slave, timeout=120 * host.SLOW).returncode
    assert status == 0, read_terminal(master, seconds=0.3)
    number = counting.moves_on() + 1
    assert str(number) in read_terminal(master, str(number))
    for fd in (master, slave):
        os.close(fd)


@needs_criu
def test_pipes_are_exchanged(counting):
    """stdio that was pipes is ours, whatever pipes the container was made with."""
    counting.bundle.args("/bin/counter", "terminal")
    counting.bundle.write()
    base = [counting.runtime.program, "--root", str(counting.runtime.root)]

    def run(*command):
        counting.container = Container(counting.runtime, counting.runtime.new_id())
        inside, outside = os.pipe()
        subprocess.run([*base, *map(str, command), "--detach", "--bundle", counting.bundle.path,
                        counting.container.id], stdin=subprocess.DEVNULL, stdout=outside, stderr=outside,
                       check=True, timeout=120 * host.SLOW, cwd=counting.tmp)
        os.close(outside)
        return inside

    first = run("run")
    counting.moves_on()
    counting.checkpoint(*IMAGE)
    assert json.loads((counting.image / "descriptors.json").read_text())[1].startswith("pipe:[")
    end = counting.at()
    second = run("restore", *IMAGE)
    counting.moves_on()
    data = os.read(second, 65536).decode().splitlines()
    assert int(data[-1]) > end
    counting.container.kill_and_delete()
    for fd in (first, second):
        os.close(fd)


@needs_criu
@pytest.mark.shows("restore", "restore --keep", "restore --no-subreaper", "restore --no-pivot")
@pytest.mark.parametrize("keep", [False, True])
def test_in_the_foreground(counting, runtime, keep):
    """It ends with the container's status; a signal goes through."""
    counting.start()
    counting.checkpoint(*IMAGE)
    id = runtime.new_id()
    options = ["--keep", "--no-subreaper", "--no-pivot"] if keep else []
    with open(counting.log, "ab") as log:
        process = subprocess.Popen([runtime.program, "--root", str(runtime.root), "restore", "--bundle",
                                    counting.bundle.path, *IMAGE, *options, id],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=counting.tmp)
    counting.moves_on(60)
    process.terminate()
    assert process.wait(60 * host.SLOW) == 7
    assert (id in runtime.ids()) == keep


@needs_criu
def test_a_foreground_run_ends_with_the_checkpoint(counting, runtime):
    counting.bundle.args("/bin/counter")
    counting.bundle.write()
    counting.container = Container(counting.runtime, runtime.new_id())
    with open(counting.log, "ab") as log:
        process = subprocess.Popen([runtime.program, "--root", str(runtime.root), "run", "--bundle",
                                    counting.bundle.path, counting.container.id],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    counting.moves_on()
    counting.checkpoint(*IMAGE)
    assert process.wait(60 * host.SLOW) == 137
    assert "hako:" not in counting.log.read_text()


@needs_criu
@pytest.mark.shows("restore --pid-file")
def test_pid_file(counting):
    counting.start()
    counting.checkpoint(*IMAGE)
    container = counting.restore(*IMAGE, "--pid-file", "pid")
    assert int((counting.tmp / "pid").read_text()) == container.pid
