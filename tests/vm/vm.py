"""Machines with what users really run, cgroup v2, systemd, AppArmor, emulated by QEMU on any host: boots
the image that tests/vm/build makes, with the tree and what was built of it on a second disk, and brings
back what a job in the machine left.

A disk "tree", made anew for each boot, holds the files that git knows and a build directory; in the machine
they are where they are on the host. The root disk is never written to: each boot begins with the image.
QEMU interprets all code (KVM inside of a VM is not to be relied upon): a fork and an exec cost 25-50 ms
there, and what takes a second on the host takes ten."""

import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
CACHE = Path(os.environ.get("HAKO_VM_CACHE") or SOURCE / "build-vm")
IMAGE_TIMEOUT, KERNEL_TIMEOUT = 1200, 5400
# Without AVX, which costs more than it saves where it is interpreted.
CPU = "Nehalem"
CANNOT = 77  # the status of tests/vm/build and tests/vm/kernel on a host that cannot
SMALL = "small"  # the kernel that tests/vm/kernel builds


class Unavailable(Exception):
    """There are no machines on this host, and why."""


@dataclass(frozen=True)
class Machine:
    """One way to boot the image."""
    kernel: str  # "6.12", "6.1" or SMALL
    systemd: bool  # or PID 1 is guest/init, and the tests have the cgroup hierarchy to themselves
    cgroup: str = "v2"  # or "v1", or "hybrid": v1 with a cgroup2 beside it that has no controllers
    selinux: bool = False  # instead of AppArmor, enforcing the policy guest/selinux.cil; without systemd
    # Threads of one core. Two make nothing faster but where the host has nothing else to do: a quarter of the time
    # went into what QEMU does to keep them in step.
    cpus: int = 1

    def __str__(self):
        return " ".join([f"Linux {self.kernel}" if self.kernel != SMALL else "a small Linux", *(["with systemd"] if self.systemd else []),
                         *([f"on {self.cgroup}"] if self.cgroup != "v2" else []),
                         *(["with SELinux"] if self.selinux else [])])

    @property
    def arguments(self):
        """Those of the kernel. Its clock is not the TSC: on a busy host the kernel mistakes its rate, and an
        hour passes in minutes."""
        if self.systemd:
            start = ("systemd.show_status=0 systemd.default_timeout_start_sec=900 "
                     f"systemd.unified_cgroup_hierarchy={int(self.cgroup == 'v2')} "
                     f"systemd.legacy_systemd_cgroup_controller={int(self.cgroup == 'v1')}")
        else:
            start = f"init=/usr/lib/vm/start vm.cgroup={self.cgroup}"
        if self.selinux:
            start += " security=selinux"
        return ("root=/dev/nvme0n1 rw rootfstype=ext4 console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off "
                f"clocksource=hpet tsc=unstable no_timer_check random.trust_cpu=on {start}")


def image(may_fetch=True):
    """The directory of the image; where it is missing it is built, if packages may be fetched for it."""
    if not shutil.which("qemu-system-x86_64") or not shutil.which("mkfs.ext4"):
        raise Unavailable("no QEMU for x86_64, or no mkfs.ext4 here")
    key = output_of("build", "--key")
    if not (CACHE / key / "root.ext4").exists():
        if not may_fetch:
            raise Unavailable("the VM's image is not there, and packages for it may not be fetched")
        build("build", IMAGE_TIMEOUT)
    return CACHE / key


def output_of(script, option):
    return subprocess.run([HERE / script, option], capture_output=True, text=True, check=True).stdout.strip()


def build(script, timeout):
    log = CACHE / f"{script}.log"
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            status = subprocess.run([HERE / script], stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.STDOUT, timeout=timeout).returncode
    except PermissionError as error:
        raise Unavailable(f"nothing can be kept for the VM: {error}") from error
    text = log.read_text(errors="replace")
    if status == CANNOT:
        raise Unavailable(text.strip().splitlines()[-1])
    if status:
        raise RuntimeError(f"tests/vm/{script} failed with status {status}:\n{text[-4000:]}")


def kernel(directory, name, may_fetch=True):
    """The file of a kernel beside the image; the small one is built where it is missing."""
    path = directory / f"vmlinuz-{name}" if name != SMALL else Path(output_of("kernel", "--path"))
    if not path.exists():
        if name != SMALL:
            raise Unavailable(f"this release of Debian has no Linux {name}")
        if not may_fetch:
            raise Unavailable("the small kernel is not there, and its source may not be fetched")
        build("kernel", KERNEL_TIMEOUT)
    return path


def source_files():
    """Names of what belongs to the tree; build directories do not."""
    command = ["git", "-c", f"safe.directory={SOURCE}", "-C", SOURCE, "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True)
    if listed.returncode == 0:
        return [name for name in listed.stdout.decode().split("\0") if name]
    # not a checkout, but what somebody unpacked
    return [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*")
            if path.is_file() and not path.relative_to(SOURCE).parts[0].startswith("build")]


def make_tree(disk, build, job):
    """The disk with the tree, the build directory and the job, a shell script."""
    with tempfile.TemporaryDirectory(prefix="hako-vm-") as directory:
        top = Path(directory)
        for name in source_files():
            if (SOURCE / name).exists():
                target = top / "tree" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(SOURCE / name, target, follow_symlinks=False)
        shutil.copytree(build, top / "tree" / build.relative_to(SOURCE), symlinks=True,
                        ignore=shutil.ignore_patterns("*.o", "*.xml", "sanitizer", "vm"))
        (top / "where").write_text(f"{SOURCE}\n")
        (top / "job").write_text(job)
        top.chmod(0o755)
        with open(disk, "wb") as file:
            file.truncate(512 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-d", top, "-O", "^has_journal", "-m", "0", "-E",
                        "root_owner=0:0", disk], check=True, stdin=subprocess.DEVNULL)


def qemu(directory, linux, machine, disk, out, logs):
    """The command line: one NVMe disk, whose name is sure, for the root; the others, which are probed in
    any order, are found by their serial numbers."""
    def virtio(serial, path, options):
        return ["-drive", f"if=none,id={serial},file={path},format=raw,{options}",
                "-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
    # whoever kills us leaves no machine behind
    return ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-machine", "q35",
            "-accel", "tcg,thread=multi,tb-size=512", "-smp", f"{machine.cpus},threads={machine.cpus}", "-cpu", CPU, "-m", "2048",
            "-kernel", linux, "-append", machine.arguments,
            "-drive", f"if=none,id=root,file={directory / 'root.ext4'},format=raw,snapshot=on,cache=unsafe",
            "-device", "nvme,serial=root,drive=root",
            *virtio("tree", disk, "snapshot=on,cache=unsafe"), *virtio("out", out, "cache=unsafe"),
            "-device", "virtio-serial-pci", "-chardev", f"file,id=log,path={logs / 'log'}",
            "-device", "virtserialport,chardev=log,name=log", "-device", "virtio-rng-pci",
            "-chardev", f"file,id=console,path={logs / 'console'}", "-serial", "chardev:console"]


def boot(directory, linux, machine, build, job, logs, timeout):
    """Run a job, a shell script, in a machine with the image of a directory and the kernel in the file linux; True
    if it ended. What it left in $OUT, what it printed ("log") and the serial console are in the directory logs then.
    A machine that is not done in time is killed."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="hako-vm-", dir="/var/tmp") as work:
        disk, out = Path(work, "tree.ext4"), Path(work, "out.tar")
        make_tree(disk, build, job)
        with open(out, "wb") as file:
            file.truncate(256 << 20)
        with open(logs / "qemu", "wb") as errors:
            process = subprocess.Popen(qemu(directory, linux, machine, disk, out, logs),
                                       stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                       env={**os.environ, "TMPDIR": work})
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
            finally:
                process.kill()
                process.wait()
        try:
            with tarfile.open(out) as archive:
                archive.extractall(logs)
        except tarfile.ReadError:
            return False  # nothing was written to the disk
    return (logs / "status").exists()


def tail(path, lines=60):
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
