"""The runtime under test, called as its clients call it: by its command line."""

import json
import subprocess
import tempfile
from types import SimpleNamespace

import pytest

import cgroup_managers
import host

TIMEOUT = 60 * host.SLOW


class Runtime:
    def __init__(self, program, area, prefix, options=cgroup_managers.OPTIONS):
        self.program = str(program)
        self.area = area
        self.root = area / "state"
        self.prefix = prefix
        self.options = options
        self.manager = cgroup_managers.of(options)
        self.count = 0
        version = subprocess.run([self.program, "--version"], capture_output=True, text=True)
        self.is_hako = version.stdout.startswith("hako")

    def new_id(self):
        self.count += 1
        return f"{self.prefix}-{self.count}"

    def command(self, *args, root=True):
        """The words of a command, for a test that runs it by itself."""
        return [self.program, *(["--root", str(self.root)] if root else []), *self.options, *map(str, args)]

    def call(self, *args, input=None, env=None, cwd=None, timeout=TIMEOUT, pass_fds=(), root=True):
        """Run a command; output goes to files, for a container may keep them open."""
        command = self.command(*args, root=root)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                status = subprocess.run(
                    command, input=input, stdin=None if input is not None else subprocess.DEVNULL,
                    stdout=out, stderr=err, env=env, cwd=cwd, timeout=timeout,
                    pass_fds=pass_fds).returncode
            except subprocess.TimeoutExpired:
                pytest.fail(f"no end after {timeout} s: {' '.join(command)}")
            out.seek(0)
            err.seek(0)
            return SimpleNamespace(status=status, out=out.read().decode(errors="replace"),
                                   err=err.read().decode(errors="replace"))

    def must(self, *args, **more):
        result = self.call(*args, **more)
        assert result.status == 0, f"{' '.join(map(str, args))}: {result.status}\n{result.err}"
        return result

    def run(self, bundle, *options, id=None, **more):
        """`run` in the foreground: status, out and err of the container."""
        bundle.write()
        return self.call("run", "--bundle", bundle.path, *options, id or self.new_id(), **more)

    def output(self, bundle, *options, **more):
        """What the container's program printed; it and the runtime must succeed."""
        result = self.run(bundle, *options, **more)
        assert result.status == 0, f"status {result.status}\n{result.out}\n{result.err}"
        return result.out

    def create(self, bundle, *options, id=None, **more):
        """`create`, which must succeed."""
        bundle.write()
        container = Container(self, id or self.new_id())
        with open(container.log, "wb") as log:
            command = self.command("create", "--bundle", bundle.path, *options, container.id)
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    timeout=TIMEOUT, **more).returncode
        assert status == 0, f"create: {status}\n{container.output}"
        return container

    def start(self, bundle, *options, **more):
        """`create` and `start`."""
        container = self.create(bundle, *options, **more)
        container.must("start")
        return container

    def fails(self, bundle, *options, command="run", foreseen=True, **more):
        """The error of a `run` that must fail; the leak check of every test does the rest. `check` has
        to find a problem in such a bundle too, but for what only happens when it is run."""
        bundle.write()
        result = self.call(command, "--bundle", bundle.path, *options, self.new_id(), **more)
        assert result.status != 0, f"it should have failed\n{result.out}"
        assert result.err.strip(), "it failed without a word"
        foreseen = foreseen and " hook #" not in result.err  # what a hook does only it knows
        if self.is_hako and foreseen and not options:
            report = self.call("check", bundle.path)
            assert report.status == 1, f"check did not foresee: {result.err}"
        return result

    def ids(self):
        return sorted(entry.name for entry in self.root.iterdir()) if self.root.is_dir() else []


class Container:
    def __init__(self, runtime, id):
        self.runtime = runtime
        self.id = id
        self.log = runtime.area / f"{id}.out"
        self.state_dir = runtime.root / id

    def call(self, command, *args, **more):
        """`command [options] ID [arguments]`; options begin with a dash."""
        options = [a for a in args if str(a).startswith("--")]
        rest = [a for a in args if not str(a).startswith("--")]
        return self.runtime.call(command, *options, self.id, *rest, **more)

    def must(self, command, *args, **more):
        result = self.call(command, *args, **more)
        assert result.status == 0, f"{command} {args}: {result.status}\n{result.err}"
        return result

    def exec(self, *args, options=(), **more):
        """`exec [options] ID args`"""
        return self.runtime.call("exec", *options, self.id, *args, **more)

    def exec_output(self, *args, options=(), **more):
        """What a process in it printed; it and the runtime must succeed."""
        result = self.exec(*args, options=options, **more)
        assert result.status == 0, f"exec {args}: {result.status}\n{result.out}\n{result.err}"
        return result.out

    def state(self):
        return json.loads(self.must("state").out)

    @property
    def status(self):
        return self.state()["status"]

    @property
    def pid(self):
        return self.state()["pid"]

    def cgroups(self):
        """{directory} of its own that init is in, over all hierarchies."""
        places = {host.cgroup_of(self.pid, key) for key in host.cgroup_hierarchies()}
        return {place for place in places if self.runtime.manager.directory(self.id) in place.parts}

    @property
    def output(self):
        """What create, start and the container wrote."""
        return self.log.read_text(errors="replace")

    def wait_output(self, text, seconds=10):
        try:
            host.wait_until(lambda: text in self.output, seconds=seconds)
        except BaseException:
            print(self.output)
            raise

    def spied(self, act, stages=10):
        """What a container whose program is the spy says of others while act() is called over and over, until it
        has seen some init stages."""
        def seen():
            act()
            return self.output.count(": seen\n") >= stages

        host.wait_until(seen, seconds=60)
        return sorted({line.split(": ", 1)[1] for line in self.output.splitlines()
                       if ": " in line and not line.endswith(": seen")})

    def wait_stopped(self, seconds=10):
        host.wait_until(lambda: self.status == "stopped", seconds=seconds)

    def kill_and_delete(self):
        self.must("kill", "KILL")
        self.wait_stopped()
        self.must("delete")
