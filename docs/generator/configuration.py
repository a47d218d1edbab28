"""hako-config(5): config.json as hako takes it, from the schema's descriptions, the table of
docs/annotations.md, and the prose around them."""

import json
import re

import roff
from pages import MAN, sections, written
from tables import SOURCE


def schema():
    return json.loads((SOURCE / "schema" / "config.schema.json").read_text())


class Walker:
    def __init__(self, root):
        self.root = root
        self.lines = []

    def resolve(self, node):
        """What stands beside a $ref goes before what it leads to."""
        while "$ref" in node:
            target = self.root
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
        return node

    def kind(self, node):
        kind = node.get("type")
        kind = " or ".join(kind) if isinstance(kind, list) else kind or "string"
        if kind == "array" and isinstance(node.get("items"), dict):
            inner = self.resolve(node["items"]).get("type")
            return f"array of {inner}s" if isinstance(inner, str) else "array"
        return kind

    def limits(self, node):
        inner = self.resolve(node["items"]) if isinstance(node.get("items"), dict) else {}
        words = []
        choices = node.get("enum") or inner.get("enum")
        if choices:
            words.append("One of " + ", ".join(f"`{choice}`" for choice in choices if choice is not None) + ".")
        if "default" in node:
            words.append(f"Default: `{json.dumps(node['default'])}`.")
        return words

    def property(self, path, node, required):
        node = self.resolve(node)
        about = [node.get("description", ""), *self.limits(node)]
        head = f"{roff.bold(roff.escape(path))} ({self.kind(node)}{', required' if required else ''})"
        self.lines += roff.term(head, " ".join(filter(None, about)) or "See below.")
        self.below(path, node)

    def below(self, path, node):
        """The properties of an object, of the entries of a list, of the values of a map."""
        node = self.resolve(node)
        for name, child in node.get("properties", {}).items():
            self.property(f"{path}.{name}" if path else name, child, name in node.get("required", []))
        for key, suffix in (("items", "[]"), ("additionalProperties", ".*")):
            inner = node.get(key)
            if isinstance(inner, dict) and "properties" in self.resolve(inner):
                self.below(path + suffix, inner)


def properties():
    root = schema()
    lines = []
    for name, node in root["properties"].items():
        walker = Walker(root)
        walker.property(name, node, name in root.get("required", []))
        lines += [f'.SS "{roff.escape(name)}"', *walker.lines]
    return lines


def annotations():
    """The rows of the table in docs/annotations.md."""
    lines = []
    text = (SOURCE / "docs" / "annotations.md").read_text()
    for name, value, effect, since in re.findall(
            r"^\| \[`([^`]+)`\]\([^)]*\) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|", text, re.M):
        lines += roff.term(roff.bold(roff.escape(name)), f"{value.strip()}: {effect.strip()}.")
    assert lines, "no table of annotations was found"
    return lines


def generate(tables):
    prose = sections("hako-config")
    before = {heading: prose.pop(heading) for heading in ("DESCRIPTION",) if heading in prose}
    about = {"ANNOTATIONS": prose.pop("ANNOTATIONS", "")}
    body = [*written(before), ".SH PROPERTIES", *properties(), *written(about), *annotations(),
            *written(prose)]
    return {MAN / "hako-config.5": roff.page("hako-config", 5, tables.version,
                                             "config.json as hako takes it", body)}
