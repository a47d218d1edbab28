"""The manners of `run` in the foreground: signals, the caller's terminal, orphans, input and output."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

import host

pytestmark = [pytest.mark.hako_only]

IDLE = "while :; do sleep 0.05; done"
WAIT = "echo ready; while read -r line; do echo got $line; done; exit 4"


class Run:
    """`run` as a child of ours; with a terminal, the controlling one of a session of its own."""

    def __init__(self, runtime, bundle, *options, terminal=False, shell=None, **more):
        bundle.process["terminal"] = terminal
        bundle.write()
        self.runtime, self.id, self.master = runtime, runtime.new_id(), None
        command = [runtime.program, "--root", str(runtime.root), "run", "--bundle", str(bundle.path),
                   *map(str, options), self.id]
        if shell:
            command = ["/bin/bash", "--norc", "-m", "-c", shell, "sh", *command]
        if terminal and "stdin" not in more:
            self.master, self.slave = pty.openpty()
            self.resize(24, 80)
            self.before = termios.tcgetattr(self.slave)
            more.update(stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.process = subprocess.Popen(command, **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                                                    "stderr": subprocess.PIPE, **more})
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def read_until(self, text, seconds=10):
        """What came, up to and with that text."""
        fd = self.master if self.master is not None else self.process.stdout.fileno()
        deadline = time.monotonic() + seconds * host.SLOW
        while text not in self.text:
            assert time.monotonic() < deadline, f"no {text!r} in {self.text!r}"
            if select.select([fd], [], [], 0.1)[0]:
                data = os.read(fd, 4096)
                assert data, f"no {text!r} in {self.text!r}"
                self.text += data.decode().replace("\r\n", "\n")
        found, self.text = self.text[:self.text.index(text) + len(text)], self.text[self.text.index(text) + len(text):]
        return found

    def write(self, data):
        os.write(self.master if self.master is not None else self.process.stdin.fileno(), data)

    @property
    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def wait_raw(self):
        host.wait_until(lambda: self.is_raw)

    def end(self, seconds=20):
        """The status; the terminal must be as it was."""
        status = self.process.wait(seconds * host.SLOW)
        if self.master is not None and self.slave is not None:
            assert termios.tcgetattr(self.slave) == self.before
            os.close(self.slave)
            self.slave = None
        return status

    def close(self):
        if self.master is not None:
            for fd in (self.master, self.slave):
                if fd is not None:
                    os.close(fd)


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


@pytest.fixture
def run(runtime, bundle):
    runs = []

    def make(script, *options, **more):
        runs.append(Run(runtime, bundle.sh(script), *options, **more))
        return runs[-1]

    yield make
    for r in runs:
        r.process.kill()
        r.process.wait()
        r.close()


# Signals

FORWARDED = [n for n in range(1, 32) if n not in (
    signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG,
    # faults of the runtime's own
    signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGSYS)]


@pytest.mark.shows("run")
def test_signals_are_forwarded(run):
    numbers = FORWARDED + [40, 64]
    traps = "".join(f"trap 'echo got {n}.' {n}; " for n in range(1, 65) if n not in (9, 17, 19, 32, 33, 34))
    r = run(f"{traps} echo ready; {IDLE}")
    r.read_until("ready\n")
    for number in numbers:
        r.process.send_signal(number)
        r.read_until(f"got {number}.")
    r.process.send_signal(signal.SIGCHLD)
    r.process.send_signal(signal.SIGWINCH)
    r.process.send_signal(signal.SIGURG)
    r.process.send_signal(signal.SIGUSR1)
    text = r.read_until("got 10.")
    assert re.findall(r"got (\d+)", text) == ["10"], "neither CHLD, WINCH nor URG"
    assert r.runtime.call("kill", r.id, "KILL").status == 0
    assert r.end() == 128 + 9


@pytest.mark.shows("run")
def test_signal_that_comes_before_the_container(runtime, bundle, tmp):
    """It waits until there is somebody to pass it on to."""
    bundle.hook_script("createRuntime", f"echo > {tmp}/hook; sleep 0.5")
    r = Run(runtime, bundle.sh("trap 'exit 6' USR1; echo ready; " + IDLE))
    host.wait_until((tmp / "hook").exists)
    r.process.send_signal(signal.SIGUSR2)
    r.read_until("ready\n")
    assert r.process.poll() is None
    r.process.send_signal(signal.SIGUSR1)
    assert r.end() == 6


@pytest.mark.shows("run")
def test_status_of_a_program_that_is_killed(run):
    assert run("kill -9 $$").end() in (0, 137)  # pid 1 cannot kill itself
    r = run("echo ready; " + IDLE)
    r.read_until("ready\n")
    assert r.runtime.call("kill", r.id, "KILL").status == 0
    assert r.end() == 137


@pytest.mark.shows("run")
def test_caller_that_ignores_sigchld(run, bundle):
    """Which is inherited, and means that nobody is told how a child has ended, nor that of a hook."""
    bundle.hook_script("createRuntime", "exit 0")
    r = run("exit 3", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert r.end() == 3


# The terminal

@pytest.mark.shows("run")
def test_resize(run):
    r = run("trap 'stty size' WINCH; echo ready; " + IDLE, terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    r.resize(33, 99)  # the kernel tells the foreground process group, which is the runtime
    r.read_until("33 99\n")
    r.process.send_signal(signal.SIGKILL)


@pytest.mark.shows("run")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_terminal_is_restored_after_a_signal(run, number):
    r = run(f"trap 'exit 5' {int(number)}; echo ready; {IDLE}", terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    r.process.send_signal(number)
    assert r.end() == 5


@pytest.mark.shows("run")
def test_terminal_is_restored_after_an_error(run):
    """The container is run, and cannot be deleted in the end."""
    r = run("echo ready; read -r x", terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    state = r.runtime.root / r.id / "state.json"
    text = state.read_text()
    state.write_text("{")
    r.write(b"\r")
    assert r.end() == 1
    assert "hako: run" in r.read_until("state.json")
    state.write_text(text)


@pytest.mark.shows("run")
def test_terminal_is_restored_after_the_end(run):
    r = run("echo ready; read -r x; exit 3", terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    r.write(b"\r")
    assert r.end() == 3


@pytest.mark.shows("run")
def test_terminal_of_a_container_that_could_not_be_made(run, bundle):
    r = run("true", terminal=True)
    r.end()
    bundle.args("/no/such/program")
    failed = Run(r.runtime, bundle, terminal=True)
    assert failed.end() == 1
    failed.close()


@pytest.mark.shows("run")
def test_terminal_that_hangs_up(run):
    r = run(f"trap 'exit 8' HUP; echo ready; {IDLE}", terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    os.close(r.slave)
    os.close(r.master)
    r.slave, r.master = None, None
    assert r.process.wait(10 * host.SLOW) == 8


@pytest.mark.shows("run")
def test_stopped_and_continued(run):
    """Who has the terminal meanwhile, a shell, changes it; and its size."""
    r = run(WAIT, terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    r.process.send_signal(signal.SIGSTOP)
    host.wait_until(lambda: host.process_state(r.process.pid) == "T")
    termios.tcsetattr(r.slave, termios.TCSANOW, r.before)
    r.process.send_signal(signal.SIGCONT)
    r.wait_raw()
    r.write(b"words\r")
    r.read_until("got words\n")
    r.write(b"\x04")
    assert r.end() == 4


@pytest.mark.shows("run")
@pytest.mark.needs(lambda: os.access("/bin/bash", os.X_OK), "no shell with jobs")
def test_job_in_the_background(run):
    """It leaves the terminal alone until it is in the foreground."""
    r = run(WAIT, terminal=True, shell='"$@" & read -r line; echo "shell read $line"; fg; echo status $?')
    r.read_until("ready")
    time.sleep(0.3)
    assert not r.is_raw
    r.write(b"for the shell\n")
    r.read_until("shell read for the shell\n")
    r.wait_raw()
    r.write(b"for the container\r")
    r.read_until("got for the container\n")
    r.write(b"\x04")
    r.read_until("status 4\n")
    r.process.wait(10 * host.SLOW)


@pytest.mark.shows("run")
def test_keys_are_the_containers(run):
    """^C and ^Z are no signals to the runtime."""
    r = run("trap 'echo interrupted' INT; echo ready; while :; do read -r x && echo got $x; done", terminal=True)
    r.read_until("ready\n")
    r.wait_raw()
    r.write(b"\x03")
    r.read_until("interrupted\n")
    r.write(b"\x1a")
    time.sleep(0.2)
    assert host.process_state(r.process.pid) == "S"
    r.write(b"on\r")
    r.read_until("got on\n")


# Input and output

@pytest.mark.shows("run")
def test_end_of_input(run):
    r = run("cat; echo end")
    r.process.stdin.write(b"some\nwords")
    r.process.stdin.close()
    r.process.stdin = None
    assert r.process.communicate(timeout=10 * host.SLOW)[0] == b"some\nwordsend\n"


@pytest.mark.shows("run")
@pytest.mark.parametrize("text,answer", [
    (b"", "end"), (b"one\n", "one|end"), (b"one\npart", "one|partend")])
def test_end_of_input_with_a_terminal(run, text, answer):
    """The end of a pipe is a key on the container's terminal."""
    r = run("stty -echo; echo ready; cat; echo end", terminal=True, stdin=subprocess.PIPE)
    r.read_until("ready\n")
    r.write(text)
    r.process.stdin.close()
    r.process.stdin = None
    assert r.read_until("end\n") == answer.replace("|", "\n") + "\n"
    assert r.end() == 0


@pytest.mark.shows("run")
@pytest.mark.parametrize("to", ["a pipe", "a terminal"])
def test_slow_reader_loses_nothing(run, to):
    more = {"stdin": subprocess.DEVNULL} if to == "a pipe" else {}
    r = run("trap 'exit 1' TERM; seq 1 60000; echo the end", terminal=True, **more)
    fd = r.master if r.master is not None else r.process.stdout.fileno()
    time.sleep(1)
    data, pauses = b"", 0
    while not data.endswith(b"the end\r\n"):
        assert select.select([fd], [], [], 20 * host.SLOW)[0], data[-100:]
        data += os.read(fd, 65536)
        if pauses < 10:
            time.sleep(0.05)
            pauses += 1
    assert data.split() == [b"%d" % n for n in range(1, 60001)] + [b"the", b"end"]
    assert r.end() == 0


@pytest.mark.shows("run")
def test_signals_while_nobody_reads(run):
    """A terminal whose reader sleeps keeps no signal back, before the container's end and behind it."""
    r = run("trap 'kill %1; exit 7' TERM; seq 1 1000000 & sleep 2; wait; exit 0", terminal=True)
    time.sleep(1)
    r.process.send_signal(signal.SIGTERM)
    host.wait_until(lambda: r.runtime.call("state", r.id).status != 0 or
                    '"stopped"' in r.runtime.call("state", r.id).out)
    assert r.process.poll() is None, "there is output left"
    r.process.send_signal(signal.SIGTERM)
    termios.tcflush(r.slave, termios.TCOFLUSH)
    assert r.process.wait(10 * host.SLOW) == 7


@pytest.mark.shows("run")
def test_reader_that_goes_away(run):
    r = run("seq 1 100000; sleep 0.2; exit 5", terminal=True, stdin=subprocess.DEVNULL)
    r.read_until("10\n")
    r.process.stdout.close()
    assert r.end() == 5


# The end

@pytest.mark.shows("run", "run --keep")
def test_keep(run):
    r = run("exit 3", "--keep")
    assert r.end() == 3
    assert '"stopped"' in r.runtime.must("state", r.id).out
    r.runtime.must("delete", r.id)
    r = run("exit 3")
    assert r.end() == 3
    assert "does not exist" in r.runtime.call("state", r.id).err


@pytest.mark.shows("run --detach")
def test_detach(run):
    r = run("echo out; echo err >&2; read -r x; echo got $x; " + IDLE, "--detach")
    assert r.end() == 0
    assert r.read_until("out\n") == "out\n"
    assert '"running"' in r.runtime.must("state", r.id).out
    r.write(b"input\n")
    assert r.read_until("got input\n") == "got input\n"
    r.runtime.must("delete", "--force", r.id)


@pytest.mark.shows("run", "delete --force")
@pytest.mark.parametrize("terminal", [False, True])
def test_container_that_is_deleted_meanwhile(run, terminal):
    """The status is init's all the same, and its absence is no error."""
    r = run("echo ready; " + IDLE, terminal=terminal)
    r.read_until("ready\n")
    r.runtime.must("delete", "--force", r.id)
    assert r.end() == 137
    assert "does not exist" not in r.text
    if not terminal:
        assert r.process.stderr.read() == b""


@pytest.mark.shows("run --no-subreaper")
@pytest.mark.parametrize("option", [None, "--no-subreaper"])
def test_orphans(run, bundle, option):
    """Without a pid namespace they come to the runtime, which reaps them and waits for init alone."""
    bundle.without_namespace("pid")
    r = run("(sh -c 'echo orphan $$; exec sleep 0.7' &); sleep 1.5; exit 3", *([option] if option else []))
    r.read_until("orphan ")
    orphan = int(r.read_until("\n"))
    time.sleep(0.2)
    assert (parent_of(orphan) == r.process.pid) == (option is None)
    if option is None:
        host.wait_until(lambda: host.process_state(orphan) is None, "the orphan's reaping")
        assert r.process.poll() is None
    assert r.end() == 3
