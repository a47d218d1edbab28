"""libhako as a program uses it: contrib/examples/box.c, and containers from several threads."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import host

SOURCE = Path(__file__).resolve().parents[2]
BOX = SOURCE / "contrib/examples/box.c"
ROOT = Path("/run/hako")  # the example uses the default


@pytest.fixture(scope="module")
def build(program):
    directory = program.parent
    if not (directory / "CMakeCache.txt").exists() or not list((directory / "src").glob("libhako.so*")):
        pytest.skip("HAKO is not in a build directory with its library")
    return directory


@pytest.fixture(scope="module")
def compile_with(build, area):
    """Compile a program as its user would: pkg-config tells how."""
    prefix = area / "prefix"
    subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, capture_output=True)
    pc = next(prefix.rglob("libhako.pc"))
    text = pc.read_text().splitlines()
    text = [f"prefix={prefix}" if line.startswith("prefix=") else line for line in text]
    library = pc.parent.parent
    text = [f"libdir={library}" if line.startswith("libdir=") else line for line in text]
    text = [f"includedir={prefix}/include" if line.startswith("includedir=") else line for line in text]
    pc.write_text("\n".join(text) + "\n")
    env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent)}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libhako"], env=env, check=True,
                           capture_output=True, text=True).stdout.split()
    sanitize = "HAKO_SANITIZE:BOOL=ON" in (build / "CMakeCache.txt").read_text()

    def compile(source, *more):
        target = area / source.stem
        subprocess.run(["cc", "-Wall", "-Wextra", "-o", target, source, *flags, *more,
                        f"-Wl,-rpath,{library}",
                        *(["-fsanitize=address,undefined"] if sanitize else [])], check=True)
        return target

    return compile


@pytest.fixture
def box(compile_with, tmp, base_rootfs):
    """The example, and a rootfs beside it, unpacked from the tar of an image."""
    (tmp / "rootfs").mkdir()
    subprocess.run(["tar", "-C", base_rootfs, "-cf", tmp / "image.tar", "."], check=True)
    subprocess.run(["tar", "-C", tmp / "rootfs", "-xf", tmp / "image.tar"], check=True)
    program = compile_with(BOX)

    def run(script):
        return subprocess.run([program], cwd=tmp, input=script, capture_output=True, text=True, timeout=60)

    yield run
    assert not (ROOT / "box").exists()


def test_box_status(box):
    assert box("exit 5").returncode == 5
    assert box("true").returncode == 0


def test_box_is_what_it_says(box):
    result = box("hostname; id -u; echo $PATH; ulimit -n; grep Cap /proc/self/status;"
                 " cat /sys/class/net/lo/operstate; ifconfig lo; echo $$")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[:4] == ["testing", "0", "/bin", "1025"]
    caps = sum(1 << n for n in (0, 1, 3, 4, 27, 13, 6, 7, 31, 8, 10, 18, 5, 29))
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{name}:\t{caps:016x}" in lines
    assert "127.0.0.1" in result.stdout
    assert lines[-1] == "1"


def test_box_masks_and_protects(box):
    result = box("ls -A /sys/firmware; test -e /proc/kcore && wc -c < /proc/kcore || echo 0;"
                 " touch /written && echo rw; for file in /proc/sys/kernel/ostype /proc/irq /proc/bus /sys;"
                 " do touch $file; done")
    assert result.stdout.splitlines() == ["0", "rw"]
    assert result.stderr.lower().count("read-only file system") == 4, result.stderr


def test_box_mounts(box):
    result = box("cat /proc/mounts")
    found = {line.split()[1]: line.split()[2:4] for line in result.stdout.splitlines()}
    assert found["/proc"][0] == "proc"
    assert found["/dev"][0] == "tmpfs" and "mode=755" in found["/dev"][1]
    assert found["/dev/pts"][0] == "devpts" and "gid=5" in found["/dev/pts"][1]
    assert found["/dev/shm"][0] == "tmpfs" and "size=65536k" in found["/dev/shm"][1]
    assert found["/dev/mqueue"][0] == "mqueue"
    assert found["/sys"][0] == "sysfs" and "ro" in found["/sys"][1].split(",")


def test_box_cgroup(box):
    if not host.cgroup_hierarchies():
        pytest.skip("no cgroups here")
    result = box("cat /proc/self/cgroup")
    assert "/system/test-container" in result.stdout
    for mount in host.cgroup_hierarchies().values():
        assert not (mount / "system/test-container").exists()


def test_threads(compile_with, bundle, tmp):
    bundle.args("sh", "-c", "exit 7").write()
    program = compile_with(Path(__file__).parent / "threads.c", "-pthread")
    result = subprocess.run([program, tmp / "state", bundle.path, "4", "5"], timeout=120,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert list((tmp / "state").iterdir()) == []


def test_the_library_of_the_example_is_used(compile_with):
    shown = subprocess.run(["ldd", compile_with(BOX)], capture_output=True, text=True).stdout
    assert "libhako.so" in shown


@pytest.mark.skipif(not shutil.which("c++"), reason="no C++ compiler")
def test_headers_in_cxx(compile_with, tmp):
    source = tmp / "main.cc"
    source.write_text("#include <hako/hako.h>\n#include <cstdio>\n"
                      "int main() { std::puts(hako_version()); }\n")
    assert subprocess.run([compile_with(source)], capture_output=True, text=True).stdout.strip()


def test_control(compile_with, runtime, bundle):
    """Limits, samples, events and the freezer from a program of one thread with a poll loop."""
    program = compile_with(Path(__file__).parent / "control.c")
    container = runtime.start(bundle.args("/bin/sleep", "1000"))
    result = subprocess.run([program, runtime.root, container.id], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "1 process", "refused: there is no setting 'no-such-limit'", "limit of 40", "paused and resumed",
        f"{container.id} is running", "samples, and the end"]
    container.wait_stopped()
