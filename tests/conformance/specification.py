"""The sections of the runtime specification that bind a Linux runtime, in the order of its text."""

VERSION = "1.3.0"
TEXT = f"https://github.com/opencontainers/runtime-spec/blob/v{VERSION}"

# The last is ours, for what the text only states.
KEYWORDS = {"MUST", "MUST NOT", "SHALL", "SHALL NOT", "REQUIRED", "SHOULD", "SHOULD NOT", "RECOMMENDED",
            "states"}

# {section: (title, how many of the keywords its text has)}: a section has as many rows as that, so
# that no requirement is forgotten. Sections without a keyword are there when they have a row.
SECTIONS = {
    "spec.md#notational-conventions": ("Notational conventions", 1),
    "bundle.md#container-format": ("Container format", 4),
    "glossary.md#json": ("JSON", 2),

    "runtime.md#scope-of-a-container": ("Scope of a container", 1),
    "runtime.md#state": ("State", 8),
    "runtime.md#lifecycle": ("Lifecycle", 19),
    "runtime.md#errors": ("Errors", 1),
    "runtime.md#warnings": ("Warnings", 1),
    "runtime.md#operations": ("Operations", 1),
    "runtime.md#query-state": ("Query state", 3),
    "runtime.md#create": ("Create", 8),
    "runtime.md#start": ("Start", 5),
    "runtime.md#kill": ("Kill", 4),
    "runtime.md#delete": ("Delete", 5),

    "runtime-linux.md#file-descriptors": ("File descriptors", 0),
    "runtime-linux.md#dev-symbolic-links": ("Dev symbolic links", 1),
}
