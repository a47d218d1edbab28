"""A little Markdown to man(7): what the texts in docs/man/prose use, and nothing more.

    ## SECTION, ### Part        headings
    `term`                      a term on a line of its own, followed by
    : its text                  lines of text
    - an entry                  a list
    ```                         a fence, for what stands as it is
    `code`  *emphasis*  hako-run(1)
"""

import re


def escape(text):
    """What roff would read as its own; minus signs, for they are copied to command lines."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return text.replace("`", "\\(ga").replace("'", "\\(aq")


def bold(text):
    return f"\\fB{text}\\fR"


def italic(text):
    return f"\\fI{text}\\fR"


def inline(text, emphasis=True):
    def mark(match):
        code, stressed, page, section = match.groups()
        if code is not None:
            return bold(escape(code))
        if stressed is not None:
            return italic(escape(stressed)) if emphasis else escape(match.group(0))
        return f"{bold(escape(page))}({section})"

    pieces, last = [], 0
    for match in re.finditer(r"`([^`]+)`|(?<![\w*])\*([^*\s][^*]*)\*|\b([a-z][\w-]*)\(([1-9])\)", text):
        pieces += [escape(text[last:match.start()]), mark(match)]
        last = match.end()
    return "".join([*pieces, escape(text[last:])])


def line(text):
    """A line of text must not look like a request."""
    return f"\\&{text}" if text.startswith((".", "\\(aq")) else text


def paragraph(text, emphasis=True):
    """[lines]: a sentence a line, as roff wants it for the space behind. Without emphasis an asterisk is
    one."""
    joined = " ".join(text.split())
    return [line(inline(part, emphasis)) for part in re.split(r"(?<=[a-z0-9)`*][.!?:]) (?=[A-Z`*])", joined) if part]


def verbatim(lines):
    shown = [line(escape(text.expandtabs(4))) for text in lines]
    return [".PP", ".RS 4", ".EX", *shown, ".EE", ".RE"]


def term(head, *texts):
    """head is roff already; texts are paragraphs of markup."""
    lines = [".TP", head]
    for i, text in enumerate(texts):
        lines += ([".IP"] if i else []) + paragraph(text)
    return lines


def blocks(text):
    """[(kind, lines)] of the markup."""
    found, lines = [], iter(text.strip().splitlines())
    current = []

    def finish():
        if current:
            kind = "term" if len(current) > 1 and current[1].startswith(": ") else \
                "list" if current[0].startswith("- ") else "paragraph"
            found.append((kind, current[:]))
            current.clear()

    for text_line in lines:
        if text_line.startswith("```"):
            finish()
            fenced = []
            for inner in lines:
                if inner.startswith("```"):
                    break
                fenced.append(inner)
            found.append(("verbatim", fenced))
        elif text_line.startswith("#"):
            finish()
            found.append(("part" if text_line.startswith("###") else "section",
                          [text_line.lstrip("# ")]))
        elif text_line.strip():
            current.append(text_line)
        else:
            finish()
    finish()
    return found


def convert(text):
    """[lines of roff] of the markup."""
    lines = []
    for kind, content in blocks(text):
        if kind == "section":
            lines.append(f'.SH "{escape(content[0])}"')
        elif kind == "part":
            lines.append(f'.SS "{escape(content[0])}"')
        elif kind == "verbatim":
            lines += verbatim(content)
        elif kind == "term":
            lines += term(inline(content[0]), " ".join([content[1][2:], *content[2:]]))
        elif kind == "list":
            for entry in re.split(r"^- ", "\n".join(content), flags=re.M)[1:]:
                lines += [".IP \\(bu 2", *paragraph(entry)]
        else:
            lines += [".PP", *paragraph(" ".join(content))]
    return lines


def page(name, section, version, summary, body):
    """The whole text of a page; no date, which nobody would change. A heading begins a paragraph by
    itself."""
    body = [text for before, text in zip(["", *body], body)
            if text != ".PP" or not before.startswith((".SH", ".SS"))]
    return "\n".join([f'.\\" Written by docs/generate.',
                      f'.TH "{escape(name.upper())}" "{section}" "" "hako {version}" "hako"',
                      ".SH NAME", f"{escape(name)} \\- {inline(summary)}", *body]) + "\n"
