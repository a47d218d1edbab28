"""The sections of the runtime specification that bind a Linux runtime, in the order of its text."""

VERSION = "1.3.0"
TEXT = f"https://github.com/opencontainers/runtime-spec/blob/v{VERSION}"

# The last is ours, for what the text only states.
KEYWORDS = {"MUST", "MUST NOT", "SHALL", "SHALL NOT", "REQUIRED", "SHOULD", "SHOULD NOT", "RECOMMENDED",
            "states"}

# {section: (title, how many of the keywords its text has)}: a section has as many rows as that, so
# that no requirement is forgotten. Sections without a keyword are there when they have a row.
SECTIONS = {
    "runtime-linux.md#file-descriptors": ("File descriptors", 0),
    "runtime-linux.md#dev-symbolic-links": ("Dev symbolic links", 1),
}
