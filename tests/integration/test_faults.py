"""The runtime is killed at each of its system calls, and `delete --force` cleans up; or the call
fails, and `create` undoes what it did."""

import collections
import os
import re
import shutil
import subprocess

import pytest

import host

pytestmark = [pytest.mark.hako_only,
              pytest.mark.needs(lambda: shutil.which("strace"), "no strace here")]

# Every one with HAKO_LONG, else a sample.
STRIDE = 1 if os.environ.get("HAKO_LONG") else 7
# The dynamic loader's and libc's own beginning, and what cannot be survived by anything.
BORING = {"execve", "exit_group", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "rseq",
          "set_tid_address", "set_robust_list", "pread64", "access"}


def trace(runtime, command, name, *options, bundle=None, errors=os.devnull):
    """Run a command under strace, its output in no pipe: a container may keep it open."""
    target = ["--bundle", str(bundle.path)] if bundle else []
    with open(errors, "wb") as output:
        return subprocess.run(["strace", *options, runtime.program, "--root", str(runtime.root), command,
                               *target, name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=output, timeout=60 * host.SLOW).returncode


def prepare(runtime, bundle, command):
    """A container that is where the command begins."""
    if command == "create":
        return runtime.new_id()
    container = runtime.create(bundle)
    if command == "delete":
        container.must("kill", "KILL")
        container.wait_stopped()
    return container.id


def system_calls(runtime, bundle, command, log):
    """[(name, how many times)] of a command that goes well."""
    name = prepare(runtime, bundle, command)
    status = trace(runtime, command, name, "-o", str(log), bundle=bundle if command == "create" else None)
    assert status == 0
    runtime.must("delete", "--force", name)
    names = re.findall(r"^(\w+)\(", log.read_text(), re.M)
    return [(n, count) for n, count in collections.Counter(names).items() if n not in BORING]


def remains(runtime, name):
    """What is on the host of a container that should be gone."""
    try:
        host.wait_until(lambda: not host.processes([f"/{name}"]), seconds=5)
        found = []
    except pytest.fail.Exception:
        found = ["a process"]
    found += [str(path) for path in host.cgroup_dirs(name) if path.name == name]
    return found + (["the state directory"] if (runtime.root / name).exists() else [])


def points(runtime, bundle, command, log):
    calls = system_calls(runtime, bundle, command, log)
    every = [(name, k) for name, count in calls for k in range(1, count + 1)]
    assert len(every) > 30
    return every[::STRIDE]


@pytest.mark.parametrize("command", ["create", "start", "delete"])
def test_killed(runtime, bundle, tmp, command):
    bundle.sleep().write()
    left = []
    for call, number in points(runtime, bundle, command, tmp / "trace"):
        name = prepare(runtime, bundle, command)
        trace(runtime, command, name, "-o", "/dev/null", "-e", f"trace={call}",
              "-e", f"inject={call}:signal=KILL:when={number}",
              bundle=bundle if command == "create" else None)
        if command == "start":  # it has happened, or can be done once more
            again = runtime.call("start", name)
            if again.status != 0 and "already running" not in again.err:
                left.append(f"{call} {number}: {again.err.strip()}")
        result = runtime.call("delete", "--force", name)
        if result.status != 0:
            left.append(f"{call} {number}: {result.err.strip()}")
        left += [f"{call} {number}: {what}" for what in remains(runtime, name)]
    assert left == []


@pytest.mark.parametrize("error", ["ENOMEM", "EIO"])
def test_failing(runtime, bundle, tmp, error):
    bundle.sleep().write()
    left = []
    for call, number in points(runtime, bundle, "create", tmp / "trace"):
        if call == "close":  # a close that does not happen is no fault that the kernel has
            continue
        name = runtime.new_id()
        status = trace(runtime, "create", name, "-o", "/dev/null", "-e", f"trace={call}",
                       "-e", f"inject={call}:error={error}:when={number}", bundle=bundle, errors=tmp / "errors")
        # who could not read its options fails at the end, in whatever was well until then
        sanitizer_failed = "LeakSanitizer has encountered" in (tmp / "errors").read_text()
        if status == 0 or sanitizer_failed:
            runtime.must("delete", "--force", name)
        left += [f"{call} {number}: {what}" for what in remains(runtime, name)]
    assert left == []
