"""podman, containerd and dockerd on private roots and sockets, each with hako as its runtime."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

import host
import support


def require(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")


class Engine:
    """The part of podman's and docker's command line that is the same."""

    name = ""
    image = "box"
    at_once = []

    def command(self, *arguments):
        raise NotImplementedError

    def cli(self, *arguments, check=True, timeout=60, **options):
        """One command; its CompletedProcess with text output."""
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        if "input" in options:
            options.pop("stdin")
        # conmon leaves a file in its working directory when a container runs out of memory.
        result = subprocess.run(self.command(*map(str, arguments)), text=True, capture_output=True,
                                timeout=timeout, env=self.env, cwd=self.home, **options)
        if check and result.returncode:
            raise AssertionError(f"{self.name} {' '.join(map(str, arguments))}: {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def run(self, *arguments, **options):
        """`run` without a network unless one is asked for."""
        network = [] if any(str(argument).startswith("--network") for argument in arguments) else \
            ["--network", "none"]
        return self.cli("run", *network, *arguments, **options)

    def output(self, *arguments, **options):
        """What a program in a new container prints: output(options..., program, arguments...)."""
        return self.run("--rm", *arguments, **options).stdout

    def detached(self, *arguments, **options):
        """The id of a new container in the background."""
        return self.run("-d", *arguments, **options).stdout.strip()

    def inspect(self, container):
        return json.loads(self.cli("inspect", container).stdout)[0]

    def state(self, container):
        return self.inspect(container)["State"]

    def pid(self, container):
        return self.state(container)["Pid"]

    def wait_exit(self, container):
        host.wait_until(lambda: self.state(container)["Status"] == "exited", f"the end of {container}")
        return self.state(container)["ExitCode"]

    def containers(self):
        return self.cli("ps", "-aq", "--no-trunc").stdout.split()

    def remove(self, container):
        self.cli("rm", "-f", *self.at_once, container, check=False)

    def remove_all(self):
        for container in self.containers():
            self.remove(container)


    def cli_raw(self, command, **options):
        """A command line of the test's own making, in the engine's environment."""
        return subprocess.run(command, text=True, capture_output=True, timeout=60, env=self.env,
                              stdin=subprocess.DEVNULL, **options)


class Podman(Engine):
    name = "podman"
    cgroups = ["libpod_parent"]
    init = "/run/podman-init"
    runtime_error = 126
    # Its rm -f asks first, and waits ten seconds.
    at_once = ["-t", "0"]

    def __init__(self, hako, home, image, as_json=True):
        require("podman", "conmon")
        self.hako = hako
        self.home = home
        home.mkdir(exist_ok=True)
        config = home / "containers.conf"
        # podman asks for limits that a root without CAP_SYS_RESOURCE cannot have. Errors come as
        # JSON from a runtime that is known to speak it, else as text.
        json_runtimes = f'"{hako.name}"' if as_json else ""
        config.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
                          f'[engine]\nlock_type = "file"\nruntime_supports_json = [{json_runtimes}]\n')
        self.env = {**os.environ, "CONTAINERS_CONF": str(config), "HOME": str(home)}
        self.cli("import", "--change", "CMD=/bin/sh", image.tar, self.image)

    def command(self, *arguments):
        return ["podman", "--root", self.home / "root", "--runroot", self.home / "run", "--tmpdir",
                self.home / "tmp", "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                "--storage-driver", "vfs", "--runtime", self.hako, *arguments]

    def close(self):
        self.remove_all()
        self.cli("rmi", "-af", check=False)


class Daemon:
    """A daemon with its log, started in the foreground and stopped by its pid."""

    def __init__(self, command, log, ready, env=None):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=env, start_new_session=True)
        end = time.monotonic() + 30
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                support.stop(self.process)
                last = log.read_text(errors="replace").strip().splitlines()[-1:]
                pytest.skip(f"{command[0]} does not start on this host: {''.join(last)[:300]}")
            time.sleep(0.1)

    def stop(self):
        support.stop(self.process)


class Containerd:
    """containerd, its runc v2 shim and ctr."""

    name = "ctr"
    image = "local/box:latest"
    user_image = "local/user:latest"
    namespace = "hako-tests"
    cgroups = ["hako-tests"]

    def __init__(self, hako, home, image=None):
        require("containerd", "ctr", "containerd-shim-runc-v2")
        self.hako = hako
        self.home = home
        self.socket = home / "sock"
        self.runc_root = home / "runc"
        home.mkdir()
        config = home / "config.toml"
        config.write_text(f"""version = 2
root = "{home}/root"
state = "{home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{self.socket}"
""")
        self.daemon = Daemon(["containerd", "--config", str(config)], home / "log",
                             lambda: self.cli("version", check=False).returncode == 0)
        if image:
            for archive in (image.oci, image.user_oci):
                self.cli("images", "import", "--snapshotter", "native", archive)

    def command(self, *arguments):
        return ["ctr", "--address", self.socket, "--namespace", self.namespace, *arguments]

    def cli(self, *arguments, check=True, timeout=60, **options):
        # A hung ctr ignores SIGTERM; subprocess's own timeout kills it.
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        if "input" in options:
            options.pop("stdin")
        result = subprocess.run(list(map(str, self.command(*arguments))), text=True, capture_output=True,
                                timeout=timeout, **options)
        if check and result.returncode:
            raise AssertionError(f"ctr {' '.join(map(str, arguments))}: {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def run_arguments(self, flags, identity, program, image=None):
        return ["run", "--snapshotter", "native", "--runtime", "io.containerd.runc.v2", "--runc-binary",
                self.hako, "--runc-root", self.runc_root, *flags, image or self.image, identity, *program]

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


class Docker(Engine):
    """dockerd beside a containerd of its own, and the docker command."""

    name = "docker"
    cgroups = ["docker"]
    init = "/sbin/docker-init"
    runtime_error = 125

    def __init__(self, hako, home, image):
        require("dockerd", "docker")
        self.hako = hako
        self.home = home
        home.mkdir()
        self.socket = home / "sock"
        # The distribution's client: a user's own may be first in PATH and much newer.
        self.client = "/usr/bin/docker" if os.access("/usr/bin/docker", os.X_OK) else "docker"
        self.env = {**os.environ, "HOME": str(home), "DOCKER_HOST": f"unix://{self.socket}"}
        self.containerd = Containerd(hako, home / "containerd")
        self.exec_root = home / "exec"
        command = ["dockerd", "--data-root", home / "data", "--exec-root", self.exec_root, "--pidfile",
                   home / "pid", "-H", f"unix://{self.socket}", "--bridge", "none", "--iptables=false",
                   "--ip6tables=false", "--storage-driver", "vfs", "--containerd", self.containerd.socket,
                   "--add-runtime", f"hako={hako}", "--default-runtime", "hako"]
        try:
            self.daemon = Daemon(list(map(str, command)), home / "log",
                                 lambda: self.cli("version", check=False).returncode == 0, self.env)
        except BaseException:
            self.containerd.close()
            raise
        self.cli("import", "-c", 'CMD ["/bin/sh"]', image.tar, self.image)

    def command(self, *arguments):
        return [self.client, *arguments]

    def close(self):
        self.remove_all()
        self.daemon.stop()
        self.containerd.daemon.stop()


def end_leftovers(home):
    """Kill, by pid, what daemons that were stopped the hard way have left: shims and monitors."""
    for pid in support.processes_naming(str(home)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for mount in reversed([mount for mount in support.mounts() if mount.startswith(f"{home}/")]):
        subprocess.run(["umount", "-l", mount], check=False)
