"""containerd and other daemons on private roots and sockets, with the runtime under test."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import host
import support

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"


def require(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")


def example(name, hako):
    """The text of a configuration in contrib/, for the program under test."""
    text = (CONTRIB / name).read_text()
    assert "/usr/local/bin/hako" in text
    return text.replace("/usr/local/bin/hako", str(hako))


class Daemon:
    """A daemon with its log, started in the foreground and stopped by its pid."""

    def __init__(self, command, log, ready, env=None):
        self.command = list(map(str, command))
        self.log = log
        self.ready = ready
        self.env = env
        self.start(pytest.skip)

    def start(self, give_up):
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=self.env, start_new_session=True)
        end = time.monotonic() + 30 * host.SLOW
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
                give_up(f"{self.command[0]} does not start on this host: {''.join(last)[:300]}")
            time.sleep(0.1)

    def stop(self):
        support.stop(self.process)

    def crash(self):
        """kill -9, and a new one on what is left."""
        self.process.kill()
        self.process.wait()
        self.start(pytest.fail)


class Containerd:
    """containerd, its runc v2 shim and ctr; Kubernetes' CRI plugin is a part of it."""

    name = "ctr"
    image = "localhost/box:latest"
    user_image = "localhost/user:latest"
    pause_image = "localhost/pause:latest"
    namespace = "hako-tests"
    pods = "hako-pods"
    cgroups = [namespace, pods]
    cni = "/usr/lib/cni"
    bridge = f"hkc{os.getpid()}"
    subnet = "198.18.77.0/24"

    def __init__(self, hako, home, image=None):
        require("containerd", "ctr", "containerd-shim-runc-v2")
        self.hako = hako
        self.home = home
        self.socket = home / "sock"
        self.runc_root = home / "runc"
        self.snapshotter = "overlayfs" if support.has_overlay(home.parent) else "native"
        home.mkdir()
        self.write_network()
        (home / "config.toml").write_text(self.config())
        self.daemon = Daemon(["containerd", "--config", home / "config.toml"], home / "log",
                             lambda: self.cli("version", check=False).returncode == 0)
        if image:
            for archive in (image.oci, image.user_oci):
                self.load(archive, self.namespace)
            # CRI has images of its own.
            for archive in (image.oci, image.pause_oci):
                self.load(archive, "k8s.io")

    def load(self, archive, namespace):
        self.cli("images", "import", "--snapshotter", self.snapshotter, archive, namespace=namespace)

    def config(self):
        """The example of contrib/ between what keeps this daemon apart from the host's."""
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        runtime = example("containerd/config.toml", self.hako).replace(
            ".containerd]\n", f'.containerd]\n  snapshotter = "{self.snapshotter}"\n', 1)
        # Root without this capability cannot give pods the score that Kubernetes wants for them.
        restrict = str(not host.has_capability(host.CAP_SYS_RESOURCE)).lower()
        return f"""root = "{self.home}/root"
state = "{self.home}/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.devmapper"]
{runtime}
  Root = "{self.runc_root}"
[grpc]
  address = "{self.socket}"
[{cri}]
  sandbox_image = "{self.pause_image}"
  restrict_oom_score_adj = {restrict}
  netns_mounts_under_state_dir = true
[{cri}.cni]
  bin_dir = "{self.cni}"
  conf_dir = "{self.home}/cni"
"""

    def write_network(self):
        """A bridge without a gateway: nothing is forwarded, and no firewall is touched."""
        (self.home / "cni").mkdir()
        (self.home / "cni" / "10-pods.conflist").write_text(f"""{{
    "cniVersion": "0.4.0", "name": "{self.bridge}", "plugins": [{{
        "type": "bridge", "bridge": "{self.bridge}",
        "ipam": {{"type": "host-local", "dataDir": "{self.home}/ipam", "ranges": [[{{"subnet": "{self.subnet}"}}]]}}
    }}]
}}""")

    def command(self, *arguments, namespace=None):
        return ["ctr", "--address", self.socket, "--namespace", namespace or self.namespace, *arguments]

    def cli(self, *arguments, check=True, timeout=60, namespace=None, **options):
        # A hung ctr ignores SIGTERM; subprocess's own timeout kills it.
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        result = subprocess.run(list(map(str, self.command(*arguments, namespace=namespace))), text=True,
                                capture_output=True, timeout=timeout * host.SLOW, **options)
        if check and result.returncode:
            raise AssertionError(f"ctr {' '.join(map(str, arguments))}: {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def run_arguments(self, flags, identity, program, image=None):
        return ["run", "--snapshotter", self.snapshotter, "--runtime", "io.containerd.runc.v2",
                "--runc-binary", self.hako, "--runc-root", self.runc_root, *flags, image or self.image,
                identity, *program]

    def run(self, flags, identity, *program, image=None, **options):
        return self.cli(*self.run_arguments(flags, identity, program, image), **options)

    def tasks(self):
        """{id: (pid, status)}."""
        lines = self.cli("tasks", "list").stdout.splitlines()[1:]
        return {fields[0]: (int(fields[1]), fields[2]) for fields in map(str.split, lines)}

    def remove_all(self):
        for task in self.tasks():
            self.cli("tasks", "kill", "--signal", "SIGKILL", task, check=False)
            self.cli("tasks", "delete", "--force", task, check=False)
        for container in self.cli("containers", "list", "-q").stdout.split():
            self.cli("containers", "delete", container, check=False)

    def close(self):
        self.remove_all()
        self.daemon.stop()
        if Path("/sys/class/net", self.bridge).exists():
            subprocess.run(["ip", "link", "delete", self.bridge], check=True)


def end_leftovers(home):
    """Kill, by pid, what daemons that were stopped the hard way have left: shims and monitors."""
    for pid in support.processes_naming(str(home)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for mount in reversed([mount for mount in support.mounts() if mount.startswith(f"{home}/")]):
        subprocess.run(["umount", "-l", mount], check=False)
