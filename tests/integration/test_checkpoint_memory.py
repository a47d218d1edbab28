"""Memory on its way: pre-dumps, page servers, and pages that go over when they are needed."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

import host
from counting import IMAGE, needs_criu


def memory_in(image):
    return sum(path.stat().st_blocks for path in image.glob("pages-*.img")) * 512


@needs_criu
@pytest.mark.shows("checkpoint --pre-dump", "checkpoint --parent-path")
def test_pre_dump(counting):
    """What comes behind it holds only what has changed since."""
    container = counting.start("memory", 8)
    counting.checkpoint("--image-path", "parent", "--pre-dump")
    assert container.status == "running"
    counting.moves_on()
    counting.checkpoint(*IMAGE, "--parent-path", "../parent")
    assert container.id not in counting.runtime.ids()
    assert memory_in(counting.tmp / "parent") > 8 << 20 > 4 * memory_in(counting.image)
    counting.restore(*IMAGE)


@needs_criu
@pytest.mark.shows("checkpoint --auto-dedup", "restore --auto-dedup")
def test_auto_dedup(counting):
    """What an image has anew is punched out of its parent; what has been restored out of the image."""
    counting.start("memory", 4)
    counting.checkpoint("--image-path", "parent", "--pre-dump")
    before = memory_in(counting.tmp / "parent")
    counting.moves_on()
    counting.checkpoint(*IMAGE, "--parent-path", "../parent", "--auto-dedup")
    assert memory_in(counting.tmp / "parent") < before
    counting.restore(*IMAGE, "--auto-dedup")
    assert memory_in(counting.tmp / "parent") < before / 2


# ---- memory over the network ----


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@needs_criu
@pytest.mark.shows("checkpoint --page-server")
def test_page_server(counting):
    counting.start("memory", 4)
    counting.image.mkdir()
    port = free_port()
    server = subprocess.Popen(["criu", "page-server", "--images-dir", counting.image, "--address", "127.0.0.1",
                               "--port", str(port), "--log-file", counting.tmp / "server.log"])
    try:
        host.wait_until(lambda: f":{port:04X} " in Path("/proc/net/tcp").read_text(), "the page server")
        counting.checkpoint("--image-path", "other", "--page-server", f"127.0.0.1:{port}")
        assert server.wait(30 * host.SLOW) == 0
    finally:
        server.kill()
        server.wait()
    assert not memory_in(counting.tmp / "other") and memory_in(counting.image) > 4 << 20
    for name in os.listdir(counting.tmp / "other"):
        shutil.copy(counting.tmp / "other" / name, counting.image)
    counting.restore(*IMAGE)


@needs_criu
@pytest.mark.shows("checkpoint --lazy-pages", "checkpoint --status-fd", "restore --lazy-pages")
def test_lazy_pages(counting):
    counting.start("memory", 4)
    port = free_port()
    ready, status_fd = os.pipe()
    end = counting.at()
    source = subprocess.Popen(
        [counting.runtime.program, "--root", counting.runtime.root, "checkpoint", *IMAGE, "--lazy-pages",
         "--page-server", f"127.0.0.1:{port}", "--status-fd", str(status_fd), counting.container.id],
        cwd=counting.tmp, pass_fds=[status_fd], stderr=subprocess.PIPE, text=True)
    os.close(status_fd)
    pages = None
    try:
        byte = os.read(ready, 10)
        assert byte == b"\0", source.communicate(timeout=30 * host.SLOW)
        end = counting.at()
        assert memory_in(counting.image) < 1 << 20
        (counting.tmp / "work").mkdir()
        pages = subprocess.Popen(
            ["criu", "lazy-pages", "--page-server", "--address", "127.0.0.1", "--port", str(port),
             "--images-dir", counting.image, "--work-dir", counting.tmp / "work", "--log-file", "lazy.log"])
        host.wait_until((counting.tmp / "work/lazy-pages.socket").exists)
        counting.restore(*IMAGE, "--work-path", "work", "--lazy-pages")
        assert counting.at() > end
        assert source.wait(60 * host.SLOW) == 0 and pages.wait(60 * host.SLOW) == 0
    finally:
        for process in (source, pages):
            if process:
                process.kill()
                process.wait()
        os.close(ready)
    assert counting.moves_on()
