"""Hooks that leave notes about when and where they ran."""

import pytest

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
HOST_SIDE = ["prestart", "createRuntime", "poststart", "poststop"]


@pytest.fixture
def notes(tmp, bundle):
    """A directory that every hook can write to, inside or outside the container."""
    directory = tmp / "notes"
    directory.mkdir()
    directory.chmod(0o777)
    (bundle.rootfs / "notes").mkdir()
    bundle.bind(directory, "/notes")
    return directory


def note(bundle, notes, kind, script, **more):
    """A hook of that kind runs the script with $NOTES naming the directory as it sees it."""
    if kind == "startContainer":
        name = f"hook-{len(bundle.config.get('hooks', {}).get(kind, []))}.sh"
        (bundle.rootfs / name).write_text(f"#!/bin/sh\nNOTES=/notes\n{script}\n")
        (bundle.rootfs / name).chmod(0o755)
        bundle.hook(kind, f"/{name}", **more)
    else:
        bundle.hook_script(kind, f"NOTES={notes}\n{script}", **more)
