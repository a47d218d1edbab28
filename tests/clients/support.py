"""What the client tests share: images made from busybox, pseudo terminals, cgroup files, leaks."""

import fcntl
import functools
import hashlib
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile
import termios
import time
from pathlib import Path

import host

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


# Images

def make_rootfs(directory, busybox):
    """A root file system: busybox with a link for each applet, and two users."""
    for name in ("bin", "dev", "etc", "home/user", "proc", "root", "sys", "tmp", "usr/bin", "var"):
        (directory / name).mkdir(parents=True)
    (directory / "tmp").chmod(0o1777)
    shutil.copy(busybox, directory / "bin/busybox")
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True)
    for applet in set(applets.stdout.split()) - {"busybox"}:
        (directory / "bin" / applet).symlink_to("busybox")
    (directory / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                          "user:x:1000:1000:user:/home/user:/bin/sh\n")
    (directory / "etc/group").write_text("root:x:0:\nuser:x:1000:\nextra:x:2000:\n")
    os.chown(directory / "home/user", 1000, 1000)


def compiler():
    return shutil.which("musl-gcc") or shutil.which("cc")


def build_static(source, target):
    subprocess.run([compiler(), "-static", "-Os", "-o", target, source], check=True)


def make_tar(rootfs, target):
    with tarfile.open(target, "w") as tar:
        tar.add(rootfs, arcname=".")


def make_oci_archive(layer, target, name, user="", command="/bin/sh"):
    """An OCI image layout in a tar, as `ctr images import` reads it."""
    blobs = {}

    def blob(data, **fields):
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"digest": f"sha256:{digest}", "size": len(data), **fields}

    media = "application/vnd.oci.image."
    content = layer.read_bytes()
    config = json.dumps({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine),
        "os": "linux", "config": {"Env": [f"PATH={PATH}"], "Cmd": [command], "User": user},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "config": blob(config, mediaType=media + "config.v1+json"),
        "layers": [blob(content, mediaType=media + "layer.v1.tar")],
    }).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [blob(
        manifest, mediaType=media + "manifest.v1+json",
        annotations={"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name})]})
    files = {f"blobs/sha256/{digest}": data for digest, data in blobs.items()}
    files |= {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index.encode()}
    with tarfile.open(target, "w") as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))


# Processes

def stop(process, seconds=15 * host.SLOW):
    """End a daemon that we started, by its pid."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def processes_naming(text):
    """{pid: command line} of the processes whose command line or environment-free cwd names text."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            cwd = os.readlink(entry / "cwd")
        except OSError:
            continue
        if (text in line or cwd.startswith(text)) and "pytest" not in line:
            found[int(entry.name)] = f"{line.strip()} (in {cwd})"
    return found


@functools.lru_cache(maxsize=None)
def has_overlay(directory):
    """Whether overlayfs can be on top of a directory: on another overlayfs it cannot."""
    place = Path(tempfile.mkdtemp(dir=directory))
    for name in ("lower", "upper", "work", "merged"):
        (place / name).mkdir()
    layers = ",".join(f"{name}dir={place / name}" for name in ("lower", "upper", "work"))
    try:
        host.mount("overlay", place / "merged", "overlay", data=layers)
        host.umount(place / "merged")
        return True
    except OSError:
        return False
    finally:
        shutil.rmtree(place)


def mounts():
    return [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def on_terminal(command, talk, seconds=30 * host.SLOW, size=(31, 97), env=None):
    """Run a command on a pseudo terminal; talk is [(text to wait for, what to type)].

    Gives its status and everything that came out."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                               env=env, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    seen, start, end = "", 0, time.monotonic() + seconds
    talk = list(talk)
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([master], [], [], 0.1)
            if ready:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                seen += data.decode(errors="replace")
            elif process.poll() is not None:
                break
            if talk and (found := re.search(talk[0][0], seen[start:])):
                start += found.end()
                os.write(master, talk.pop(0)[1].encode())
        return process.wait(max(1, end - time.monotonic())), seen
    except subprocess.TimeoutExpired:
        raise AssertionError(f"not done in {seconds} s; still to say: {talk}; seen: {seen}") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(master)


# cgroups

def cgroup_mounts():
    """{controller or "unified": mount point}."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, rest = line.split(" - ")
        kind, _, options = rest.split()[:3]
        if kind == "cgroup2":
            found.setdefault("unified", Path(fields.split()[4]))
        elif kind == "cgroup":
            for controller in options.split(","):
                found.setdefault(controller, Path(fields.split()[4]))
    return found


def cgroup_directory(pid, controller):
    """The cgroup of a process on this host, for one controller; and whether that is v1."""
    where = cgroup_mounts()
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") and controller in where:
            return where[controller] / path.lstrip("/"), True
        if not controllers and controller not in where and "unified" in where:
            unified = where["unified"] / path.lstrip("/")
    return unified, False


def limit(pid, controller, v1, v2):
    """What a limit's file says: v1 and v2 are its names in the two worlds."""
    directory, old = cgroup_directory(pid, controller)
    return (directory / (v1 if old else v2)).read_text().strip()


def cgroups_of(identity):
    """Every cgroup directory whose path names a container."""
    return [path for mount in set(cgroup_mounts().values()) for path in mount.glob(f"*/*{identity}*")]


def cgroup_tree(names):
    """The cgroups called one of names at the top of a hierarchy, and all below them."""
    found = set()
    for mount in set(cgroup_mounts().values()):
        for name in names:
            for directory, _, _ in os.walk(mount / name):
                found.add(directory)
    return found


def remove_cgroups(directories):
    """Remove empty cgroups, the innermost first; what is left is returned."""
    left = []
    for directory in sorted(map(str, directories), key=len, reverse=True):
        try:
            os.rmdir(directory)
        except FileNotFoundError:
            pass
        except OSError as error:
            left.append(f"{directory}: {error.strerror}")
    return left


# What a process in a container says about itself

def capabilities(status):
    """{"CapEff": int ...} of the text of /proc/self/status."""
    return {name: int(value, 16) for name, value in re.findall(r"^(Cap\w+):\s*(\w+)$", status, re.M)}


def capability(number):
    return 1 << number


CAP_KILL, CAP_NET_ADMIN, CAP_SYS_RESOURCE = 5, 12, 24


def host_lacks():
    """The capabilities that this host's root does not have."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    bounding = capabilities(Path("/proc/self/status").read_text())["CapBnd"]
    return [number for number in range(last + 1) if not bounding & capability(number)]


@functools.lru_cache(maxsize=None)
def criu_works():
    return shutil.which("criu") and subprocess.run(["criu", "check"], capture_output=True).returncode == 0


NO_CRIU = "`criu check` fails: CRIU is missing, or does not work on this kernel"
