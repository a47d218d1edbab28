"""hako(1) and a page for each command: the prose of docs/man/prose, and between its sections what the
tables say."""

import re

import roff
from tables import HELP, SOURCE

MAN = SOURCE / "docs" / "man"
PROSE = MAN / "prose"


def sections(name):
    """{heading: markup} of the prose of a page, in order; what stands before the first heading is its
    description. {{NAME}} stands for the text of another file. Nothing where there is no such file yet."""
    path = PROSE / f"{name}.md"
    text = re.sub(r"^\{\{(.+)\}\}$", lambda match: (PROSE / f"{match[1]}.md").read_text(),
                  path.read_text() if path.exists() else "", flags=re.M)
    pieces = re.split(r"^## (.+)\n", text, flags=re.M)
    found = {"DESCRIPTION": pieces[0]} if pieces[0].strip() else {}
    return found | dict(zip(pieces[1::2], pieces[2::2]))


def written(parts):
    """Roff of sections."""
    return [line for heading, text in parts.items() for line in roff.convert(f"## {heading}\n\n{text}")]


def sentence(text):
    return text[0].upper() + text[1:] + "."


def argument(text):
    """`ID [SIGNAL]`, `table|json`: what is replaced in italics, what is written so in bold."""
    def mark(match):
        word = match.group(0)
        return (roff.italic if word.isupper() else roff.bold)(roff.escape(word))
    return re.sub(r"[A-Za-z][\w-]*", mark, text)


def head(option):
    names = ", ".join(roff.bold(roff.escape(name)) for name in option.names)
    return f"{names} {argument(option.argument)}" if option.argument else names


def terms(text):
    """{option: its paragraphs} of the definitions in the prose's OPTIONS."""
    found, last = {}, None
    for kind, lines in roff.blocks(text):
        if kind == "term":
            last = lines[0].strip("`")
            found.setdefault(last, []).append(" ".join([lines[1][2:], *lines[2:]]))
        elif kind == "paragraph" and last:
            found[last].append(" ".join(lines))
    return found


def options(table, prose):
    """The table, and behind each option what the prose has to add to it."""
    more, lines = terms(prose), []
    for option in [*table, HELP]:
        lines += roff.term(head(option), *joined(sentence(option.help), more.pop(f"--{option.name}", [])))
    return lines


def joined(first, more):
    return [f"{first} {more[0]}", *more[1:]] if more else [first]


def see_also(text):
    return ['.SH "SEE ALSO"', *roff.paragraph(" ".join(filter(None, ["hako(1),", text.strip()])).strip(" ,"))]


def command_page(tables, command):
    prose = sections(f"hako-{command.name}")
    extra, see = prose.pop("OPTIONS", ""), prose.pop("SEE ALSO", "")
    description = {"DESCRIPTION": prose.pop("DESCRIPTION", sentence(command.summary))}
    usage = f"{roff.bold('hako')} [{roff.italic('global option')}...] {roff.bold(roff.escape(command.name))} " \
            f"[{roff.italic('option')}...] {argument(command.arguments)}"
    return roff.page(f"hako-{command.name}", 1, tables.version, command.summary, [
        ".SH SYNOPSIS", usage.strip(), *written(description), ".SH OPTIONS",
        *options(command.options, extra), *written(prose), *see_also(see)])


def main_page(tables):
    prose = sections("hako")
    extra, see = prose.pop("OPTIONS", ""), prose.pop("SEE ALSO", "")
    commands = []
    for title, group in tables.groups:
        commands.append(f'.SS "{roff.escape(title)}"')
        for command in group:
            commands += roff.term(f"{roff.bold(roff.escape(f'hako-{command.name}'))}(1)",
                                  sentence(command.summary))
    pages = ", ".join(f"hako-{command.name}(1)" for command in tables.commands)
    return roff.page("hako", 1, tables.version, "run OCI containers", [
        ".SH SYNOPSIS", f"{roff.bold('hako')} [{roff.italic('option')}...] {roff.italic('command')} "
        f"[{roff.italic('option')}...] [{roff.italic('argument')}...]",
        *written({"DESCRIPTION": prose.pop("DESCRIPTION", "")}), ".SH COMMANDS", *commands, ".SH OPTIONS",
        *options(tables.options, extra), *written(prose),
        '.SH "SEE ALSO"', *roff.paragraph(f"{pages}, {see.strip()}")])


def generate(tables):
    return {MAN / "hako.1": main_page(tables),
            **{MAN / f"hako-{command.name}.1": command_page(tables, command)
               for command in tables.commands}}
