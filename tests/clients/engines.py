"""podman and dockerd on private roots and sockets, with the runtime under test as theirs."""

import json
import os
import re
import subprocess

import host
import support
from daemons import Containerd, Daemon, example, require


class Engine:
    """The part of podman's and docker's command line that is the same."""

    name = ""
    image = "box"
    at_once = []
    kept = None

    def command(self, *arguments):
        raise NotImplementedError

    def cli(self, *arguments, check=True, timeout=60, **options):
        """One command; its CompletedProcess with text output."""
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        # conmon leaves a file in its working directory when a container runs out of memory.
        result = subprocess.run(self.command(*map(str, arguments)), text=True, capture_output=True,
                                timeout=timeout * host.SLOW, env=self.env, cwd=self.home, **options)
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

    def on_terminal(self, talk, *arguments):
        """(status, what was seen) of a command on a pseudo terminal; talk as in support.on_terminal."""
        return support.on_terminal(list(map(str, self.command(*arguments))), talk, env=self.env)

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
        """But for the one that lasts."""
        return [found for found in self.cli("ps", "-aq", "--no-trunc").stdout.split() if found != self.kept]

    def lasting(self):
        """One container for the tests that do not change it."""
        if not self.kept or not self.state(self.kept)["Running"]:
            self.kept = self.detached(self.image, "sleep", "1000000")
        return self.kept

    def remove(self, container):
        self.cli("rm", "-f", *self.at_once, container, check=False)

    def remove_all(self):
        for container in self.containers():
            self.remove(container)

    def cli_raw(self, command, **options):
        """A command line of the test's own making, in the engine's environment."""
        return subprocess.run(command, text=True, capture_output=True, timeout=60 * host.SLOW, env=self.env,
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
        self.storage = "overlay" if support.has_overlay(home.parent) else "vfs"
        home.mkdir()
        config = home / "containers.conf"
        text = example("podman/containers.conf", hako).replace("[engine]\n", '[engine]\nlock_type = "file"\n')
        if not as_json:
            text = re.sub("^runtime_supports_json.*", "runtime_supports_json = []", text, flags=re.M)
        # podman asks for limits that a root without CAP_SYS_RESOURCE cannot have.
        config.write_text(f'{text}[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
        self.env = {**os.environ, "CONTAINERS_CONF": str(config), "HOME": str(home)}
        self.cli("import", "--change", "CMD=/bin/sh", image.tar, self.image)

    def command(self, *arguments):
        return ["podman", "--root", self.home / "root", "--runroot", self.home / "run", "--tmpdir",
                self.home / "tmp", "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                "--storage-driver", self.storage, "--network-config-dir", self.home / "networks", *arguments]

    def events(self, container):
        """The names of what happened to a container, a line each."""
        return self.cli("events", "--stream=false", "--filter", f"container={container}", "--format",
                        "{{.Status}}").stdout

    def close(self):
        self.kept = None
        self.remove_all()
        self.cli("rmi", "-af", check=False)
        # podman mounts it onto itself and never takes it away.
        if str(self.home / "root/overlay") in support.mounts():
            subprocess.run(["umount", self.home / "root/overlay"], check=True)


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
        self.env["PATH"] = f"{self.buildkit_runc()}:{os.environ['PATH']}"
        (home / "daemon.json").write_text(example("docker/daemon.json", hako))
        command = ["dockerd", "--config-file", home / "daemon.json", "--data-root", home / "data", "--exec-root",
                   self.exec_root, "--pidfile", home / "pid", "-H", f"unix://{self.socket}", "--bridge", "none",
                   "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--live-restore", "--containerd",
                   self.containerd.socket,
                   "--storage-driver", "overlay2" if support.has_overlay(home) else "vfs"]
        try:
            self.daemon = Daemon(command, home / "log",
                                 lambda: self.cli("version", check=False).returncode == 0, self.env)
        except BaseException:
            self.containerd.close()
            raise
        self.cli("import", "-c", 'CMD ["/bin/sh"]', image.tar, self.image)

    def buildkit_runc(self):
        """A folder for PATH: BuildKit runs what is called runc there. This one notes how it is called."""
        directory = self.home / "bin"
        directory.mkdir()
        self.buildkit_log = self.home / "buildkit-runc"
        program = directory / "runc"
        program.write_text(f'#!/bin/sh\necho "$*" >>{self.buildkit_log}\nexec {self.hako} "$@"\n')
        program.chmod(0o755)
        return directory

    def command(self, *arguments):
        return [self.client, *arguments]

    def events(self, container):
        """The names of what happened to a container, a line each."""
        return self.cli("events", "--since", "5m", "--until", "0s", "--filter", f"container={container}", "--format",
                        "{{.Action}}").stdout

    def close(self):
        self.kept = None
        self.remove_all()
        self.daemon.stop()
        self.containerd.close()
