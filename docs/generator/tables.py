"""The tables of the command line, as build-tests/hako_tables prints them."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


@dataclass
class Option:
    name: str
    letter: str
    argument: str  # None for flags
    help: str

    @property
    def names(self):
        """["-b", "--bundle"]"""
        return ([f"-{self.letter}"] if self.letter else []) + [f"--{self.name}"]


@dataclass
class Command:
    name: str
    arguments: str
    summary: str
    stop_early: bool
    options: list


@dataclass
class Tables:
    version: str
    options: list
    groups: list  # [(title, [Command])]

    @property
    def commands(self):
        return sorted((command for _, commands in self.groups for command in commands),
                      key=lambda command: command.name)


HELP = Option("help", "h", None, "show this help")


def program():
    """Made by a build with HAKO_TESTS=ON."""
    builds = [os.environ.get("HAKO_BUILD"), SOURCE / "build-tests", SOURCE / "build"]
    for build in filter(None, builds):
        if (Path(build) / "hako_tables").exists():
            return Path(build) / "hako_tables"
    raise SystemExit("docs/generate: build with -DHAKO_TESTS=ON first, or name the build in HAKO_BUILD")


def read():
    raw = json.loads(subprocess.run([program()], check=True, capture_output=True, text=True).stdout)

    def options(entries):
        return [Option(**entry) for entry in entries]

    groups = [(group["title"], [Command(**{**entry, "options": options(entry["options"])})
                                for entry in group["commands"]]) for group in raw["groups"]]
    return Tables(raw["version"], options(raw["options"]), groups)
