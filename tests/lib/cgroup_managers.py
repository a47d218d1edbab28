"""Where a container's cgroup is, by the manager that the program under test is told to use."""

import os

import pytest

import host

# Of the program itself, with every command: --systemd-cgroup, say.
OPTIONS = os.environ.get("HAKO_OPTIONS", "").split()


class Cgroupfs:
    """A directory with the container's id for a name, or the one that linux.cgroupsPath says."""

    path_forms = ("/{}/below", "{}/below", "{}")  # of linux.cgroupsPath

    def directory(self, id):
        """The name of the container's directory, where linux.cgroupsPath gives no other."""
        return id

    def place(self, id):
        """How the path of the cgroup that holds its processes ends."""
        return f"/{id}"

    def path(self, id):
        """A linux.cgroupsPath for that very place."""
        return f"/{id}"


class Systemd:
    """A scope. On cgroup v2 the processes are in a cgroup below, which systemd leaves alone."""

    path_forms = ("system.slice:below:{}", ":below:{}", "::{}")

    def directory(self, id):
        return f"hako-{id}.scope"

    def place(self, id):
        below = "/container" if host.is_v2_only() else ""
        return f"/system.slice/{self.directory(id)}{below}"

    def path(self, id):
        return f":hako:{id}"


def of(options):
    """The manager that these options of the program ask for."""
    return Systemd() if "--systemd-cgroup" in options else Cgroupfs()


CHOSEN = of(OPTIONS)
cgroupfs = pytest.mark.needs(lambda: isinstance(CHOSEN, Cgroupfs), "systemd's manager takes SLICE:PREFIX:NAME alone")
