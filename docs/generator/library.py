"""libhako(3): the public headers, whose comments are the contract, and the prose around them."""

import re

import roff
from pages import MAN, sections, written
from tables import SOURCE

HEADERS = SOURCE / "include" / "hako"
# In the order in which they are needed; others follow.
ORDER = ["runtime", "spec", "container", "process", "error"]
COMMENT = re.compile(r"/\*(.*?)\*/", re.S)


def words(comment):
    """Without the asterisk that each line but the first begins with."""
    return " ".join(re.sub(r"\n\s*\* ?", "\n", comment).split())


def plain(comment):
    """An asterisk of C is no emphasis."""
    return roff.paragraph(comment, emphasis=False)


def contract(text):
    """[(comment, declarations)] of a header, in order."""
    body = re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n", "", text, flags=re.M | re.S)
    body = re.sub(r"^#(?:if|ifndef|ifdef|endif|else|include|define \w+_H\b).*\n", "", body, flags=re.M)
    body = re.sub(r"^#define HAKO_API\b.*\n", "", body, flags=re.M)
    found, comment, code = [], "", []

    def finish():
        if code:
            found.append((comment, code[:]))
            code.clear()

    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("/*"):
            finish()
            while "*/" not in line:
                line += "\n" + next(lines)
            comment = words(COMMENT.match(line).group(1))
        elif line.strip():
            code.append(line.replace("HAKO_API ", ""))
        else:
            finish()
            comment = ""
    finish()
    return found


def reference(path):
    text = path.read_text()
    about, body = COMMENT.match(text), text[COMMENT.match(text).end():]
    paragraphs = re.split(r"\n \*\n", about.group(1))
    lines = [f'.SS "<hako/{roff.escape(path.name)}>"', *plain(words(paragraphs[0]))]
    for more in paragraphs[1:]:
        lines += [".PP", *plain(words(more))]
    for comment, code in contract(body):
        lines += roff.verbatim(code)
        lines += [".PP", *plain(comment)] if comment else []
    return lines


def headers():
    names = [path.stem for path in sorted(HEADERS.glob("*.h")) if path.stem != "hako"]
    return [HEADERS / f"{name}.h" for name in sorted(names, key=lambda name: (
        ORDER.index(name) if name in ORDER else len(ORDER), name))]


def generate(tables):
    prose = sections("libhako")
    before = {heading: prose.pop(heading) for heading in ("SYNOPSIS", "DESCRIPTION") if heading in prose}
    body = [*written(before), ".SH FUNCTIONS"]
    for path in headers():
        body += reference(path)
    return {MAN / "libhako.3": roff.page("libhako", 3, tables.version, "OCI containers from C",
                                         [*body, *written(prose)])}
