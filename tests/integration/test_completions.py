"""The completions of bash, zsh and fish, asked as the shells ask them; fish and zsh run for real."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.hako_only
FILES = Path(__file__).resolve().parents[2] / "contrib" / "completions"
LIBRARY = "/usr/share/bash-completion/bash_completion"


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(request, runtime, tmp):
    """complete("hako st"): what can stand in the place of the last word, without what is around it."""
    shell = request.param
    if not shutil.which(shell):
        pytest.skip(f"{shell} not installed")
    if shell == "zsh" and not list(Path("/usr/share/zsh").glob("**/_arguments")):
        pytest.skip("zsh without its completion functions")
    (tmp / "bin").mkdir()
    (tmp / "bin" / "hako").symlink_to(runtime.program)
    (tmp / "work" / "bundle").mkdir(parents=True)
    (tmp / "work" / "file.json").touch()
    env = {"PATH": f"{tmp}/bin:{os.environ['PATH']}", "HOME": str(tmp), "TERM": "dumb", "LC_ALL": "C"}
    ask = {"bash": bash, "zsh": zsh, "fish": fish}[shell]
    return lambda line: sorted(ask(line, cwd=tmp / "work", env=env))


def bash(line, **more):
    words = line.replace("=", " = ").split() + ([""] if line.endswith((" ", "=")) else [])
    script = f"""[ -r {LIBRARY} ] && . {LIBRARY}
        . {FILES}/hako.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$* COMP_POINT=${{#COMP_LINE}}
        _hako
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    result = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], capture_output=True,
                            text=True, timeout=60, **more)
    assert not result.stderr
    return result.stdout.split()


def fish(line, **more):
    result = subprocess.run(["fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]',
                             FILES / "hako.fish", line], capture_output=True, text=True, timeout=60, **more)
    assert not result.stderr
    words = [found.split("\t")[0] for found in result.stdout.splitlines()]
    if line.split()[-1].startswith("--") and "=" in line:
        words = [word.partition("=")[2] for word in words]
    return [word.rstrip("/") for word in words]


# What the completion system would insert is printed instead, once for each match.
ZSH = """
fpath=(%s $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' format ''
compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
    local -a matches
    builtin compadd -O matches "$@"
    for match in $matches; do print -r -- "match:$match" >>$HOME/matches; done
    builtin compadd "$@"
}
ask() { zle complete-word; BUFFER=; : >$HOME/done }
zle -N ask
bindkey '^I' ask
PS1='ready>'
"""


def zsh(line, cwd, env):
    """In a terminal: zsh completes only there."""
    home = Path(env["HOME"])
    (home / ".zshrc").write_text(ZSH % FILES)
    for name in ("matches", "done"):
        (home / name).unlink(missing_ok=True)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvpe("zsh", ["zsh", "-i"], env)
    try:
        read_until(master, lambda text: "ready>" in text)
        os.write(master, f"{line}\t".encode())
        read_until(master, lambda text: (home / "done").exists())
    finally:
        os.close(master)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    found = (home / "matches").read_text() if (home / "matches").exists() else ""
    return {word.removeprefix("match:").rstrip("/") for word in found.splitlines()}


def read_until(master, enough):
    text, end = "", time.monotonic() + 30
    while not enough(text) and time.monotonic() < end:
        if select.select([master], [], [], 0.05)[0]:
            text += os.read(master, 4096).decode(errors="replace")
    assert enough(text), text


@pytest.mark.parametrize("line, expected", [
    ("hako st", ["start", "state"]),
    ("hako --debug --log-format json st", ["start", "state"]),
    ("hako --log-format ", ["json", "text"]),
    ("hako --log-format=", ["json", "text"]),
    ("hako --log-format=j", ["json"]),
    ("hako list --format t", ["table"]),
    ("hako list -f ", ["json", "table"]),
    ("hako --debug list --f", ["--format"]),
    ("hako run --keep --no-", ["--no-new-keyring", "--no-pivot", "--no-subreaper"]),
    ("hako run --bundle ", ["bundle"]),
    ("hako run --config fi", ["file.json"]),
    ("hako check ", ["bundle"]),
    ("hako help st", ["start", "state"]),
    ("hako run --preserve-fds ", []),
])
def test_words(complete, line, expected):
    assert complete(line) == expected


def test_containers(complete, runtime, make_bundle):
    """Those of the root that is named on the line."""
    ids = sorted(runtime.create(make_bundle().sleep()).id for _ in range(2))
    at = f"hako --root {runtime.root}"
    assert complete(f"{at} start ") == ids
    assert complete(f"{at} kill --all {ids[0]}") == [ids[0]]
    assert complete(f"hako --root={runtime.root} delete --force {runtime.prefix}") == ids
    assert complete(f"{at} kill {ids[0]} US") == ["USR1", "USR2"]
    assert complete(f"{at} kill {ids[0]} KILL ") == []
    assert complete(f"hako --root {runtime.area}/nothing start ") == []


def test_every_command_and_option(complete, runtime):
    """As --help has them."""
    commands = re.findall(r"^  ([a-z]+)  ", runtime.must("help", root=False).out, re.M)
    assert complete("hako ") == sorted(commands)
    for command in ("run", "kill"):
        options = re.findall(r"--[a-z-]+", runtime.must("help", command, root=False).out.partition("Options:")[2])
        assert complete(f"hako {command} --") == sorted(options)
