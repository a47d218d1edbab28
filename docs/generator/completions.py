"""Completions for bash, zsh and fish: the fixed parts are files here, what the tables say is put in."""

import re
from pathlib import Path

from tables import HELP, SOURCE

HERE = Path(__file__).parent
SIGNALS = ("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP "
           "TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS").split()
KINDS = {"ID": "container", "COMMAND": "command", "BUNDLE": "directory", "DIR": "directory",
         "FILE": "file", "SOCKET": "file"}


def kind(argument):
    """What completes an argument of that name: a kind, or a list of words; None for nothing."""
    if re.fullmatch(r"[a-z0-9-]+(\|[a-z0-9-]+)+", argument):
        return argument.split("|")
    return SIGNALS if argument == "SIGNAL" else KINDS.get(argument)


def arguments(command):
    """The names of its arguments in order, those that can be left out too."""
    return [word.strip("[].") for word in command.arguments.split()]


def spell(what):
    """As bash and fish read it."""
    return "words " + " ".join(what) if isinstance(what, list) else what or "none"


def sets(tables):
    """[(command or "", options)], those before the command first."""
    return [("", tables.options), *((command.name, command.options) for command in tables.commands)]


def fill(name, **parts):
    text = (HERE / name).read_text()
    for key, lines in parts.items():
        text = re.sub(rf"^([ \t]*)@{key}@$", lambda match: "\n".join(match[1] + line for line in lines),
                      text, flags=re.M)
    return text


# bash

def bash(tables):
    options, values, places = [], [], []
    for command, table in sets(tables):
        names = [f"--{option.name}" for option in [*table, HELP]]
        options.append(f"'{command}') echo {' '.join(names)} ;;")
        for option in table:
            if option.argument:
                pattern = " | ".join(f"{command}:{name}" for name in option.names)
                values.append(f"{pattern}) echo {spell(kind(option.argument))} ;;")
    for command in tables.commands:
        places += [f"{command.name}:{i}) echo {spell(kind(name))} ;;"
                   for i, name in enumerate(arguments(command), 1) if kind(name)]
    return fill("hako.bash.in", commands=[command.name for command in tables.commands], options=options,
                values=values, places=places,
                early=[" | ".join(c.name for c in tables.commands if c.stop_early) + ") return 0 ;;"])


# zsh

ZSH = {"container": "_hako_containers", "command": "_hako_commands", "directory": "_files -/",
       "file": "_files", None: " "}


def zsh_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_action(argument):
    what = kind(argument)
    return f"({' '.join(what)})" if isinstance(what, list) else ZSH[what]


def zsh_value(argument):
    """":DIR:_files -/": the name is shown above what can be chosen."""
    name = "value" if isinstance(kind(argument), list) else argument.replace(":", "\\:")
    return f":{name}:{zsh_action(argument)}"


def zsh_option(option):
    help = re.sub(r"([\[\]:])", r"\\\1", option.help)
    value = zsh_value(option.argument) if option.argument else ""
    names = [f"-{option.letter}" + ("+" if value else "")] if option.letter else []
    names.append(f"--{option.name}" + ("=" if value else ""))
    return [f"{zsh_quote('*' + name + '[' + help + ']' + value)} \\" for name in names]


def zsh_command(command):
    lines = [f"{command.name})", "\t_arguments -S " + ("-A '-*' \\" if command.stop_early else "\\")]
    for option in [*command.options, HELP]:
        lines += ["\t\t" + line for line in zsh_option(option)]
    lines += [f"\t\t{zsh_quote(str(i) + zsh_value(name))} \\"
              for i, name in enumerate(arguments(command), 1)]
    lines[-1] = lines[-1].removesuffix(" \\")
    return [*lines, "\t;;"]


def zsh(tables):
    commands = [zsh_quote(f"{command.name}:{command.summary}") for command in tables.commands]
    options = [line for option in [*tables.options, HELP] for line in zsh_option(option)]
    return fill("hako.zsh.in", commands=commands, options=options,
                cases=[line for command in tables.commands for line in zsh_command(command)])


# fish

FISH = {"container": "(__hako_containers)", "command": "(__hako_commands)",
        "directory": "(__fish_complete_directories)"}


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_value(argument):
    """The switches of complete for what an argument can be."""
    what = kind(argument)
    if what == "file":
        return "-r -F"
    if what is None:
        return "-x"
    return f"-x -a {fish_quote(' '.join(what) if isinstance(what, list) else FISH[what])}"


def fish_options(command, table):
    lines = []
    for option in [*table, HELP]:
        letter = f" -s {option.letter}" if option.letter else ""
        value = f" {fish_value(option.argument)}" if option.argument else ""
        lines.append(f"complete -c hako -n '__hako_options_of {command or '-'}'{letter} -l {option.name}{value}"
                     f" -d {fish_quote(option.help)}")
    return lines


def fish_places(command):
    lines = []
    for i, name in enumerate(arguments(command), 1):
        if kind(name):
            value = "-F" if kind(name) == "file" else fish_value(name).removeprefix("-x ")
            lines.append(f"complete -c hako -n '__hako_at {command.name} {i}' {value}")
    return lines


def fish(tables):
    takes = [f"{command or '-'}:{name}" for command, table in sets(tables) for option in table
             if option.argument for name in option.names]
    return fill("hako.fish.in", takes=[f"{name} \\" for name in takes[:-1]] + takes[-1:],
                early=[" ".join(command.name for command in tables.commands if command.stop_early)],
                commands=[f"echo {fish_quote(command.name)}\\t{fish_quote(command.summary)}"
                          for command in tables.commands],
                options=[line for entry in sets(tables) for line in fish_options(*entry)],
                places=[line for command in tables.commands for line in fish_places(command)])


def generate(tables):
    directory = SOURCE / "contrib" / "completions"
    return {directory / "hako.bash": bash(tables), directory / "_hako": zsh(tables),
            directory / "hako.fish": fish(tables)}
