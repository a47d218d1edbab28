"""The end of docs/compat.md: on which kinds of hosts the tests ran, and where runc and crun differ. From
matrix.json, which the last full run wrote:

    tests/run --long --matrix docs/generator/matrix.json"""

import json
from pathlib import Path

HEAD = """## Where it runs

What the last full run of the test suite (`tests/run --long`) gave on each kind of host: tests that passed, and
those that failed or were skipped, for a host lacks something or the test is about another kind of host.
*rootless* is an ordinary user; *delegation* is a cgroup v2 that belongs to that user.
"""

PEERS = """## Where runc and crun differ

The tests that need nothing but the command line of runc, with the distribution's runtimes on the host *{host}*: how
many of those that hako passes a runtime passes too, and the others by name.
"""

ORDER = ["v1", "hybrid", "v2", "v2 with systemd", "rootless, v2", "rootless, v2 with systemd",
         "rootless without delegation"]
PEERS_HOST = "v2 with systemd"


def cell(counts):
    if not counts:
        return ""
    passed, failed, skipped = counts
    words = [str(passed)] if passed else []
    words += [f"**{failed} failed**"] if failed else []
    words += [f"{skipped} skipped"] if skipped else []
    return ", ".join(words)


def hosts(found):
    columns = [name for name in ORDER if name in found]
    groups = sorted({group for name in columns for group in found[name]})
    lines = [HEAD, f"| | {' | '.join(columns)} |", f"|{'---|' * (len(columns) + 1)}"]
    for group in groups:
        lines.append(f"| {group.replace('_', ' ')} | "
                     f"{' | '.join(cell(found[name].get(group)) for name in columns)} |")
    totals = [[sum(numbers) for numbers in zip(*found[name].values())] for name in columns]
    lines.append(f"| together | {' | '.join(map(cell, totals))} |")
    return lines


def peer_cell(row):
    if not row:
        return ""
    failed = sorted(row["failed"])
    names = f": not {', '.join(f'`{name}`' for name in failed)}" if failed else ""
    return f"{row['ran'] - len(failed)} of {row['ran']}{names}"


def peers(found):
    columns = sorted(found, reverse=True)
    lines = [PEERS.format(host=PEERS_HOST), f"| | {' | '.join(columns)} |", f"|{'---|' * (len(columns) + 1)}"]
    for group in sorted({group for name in columns for group in found[name]}):
        lines.append(f"| {group.replace('_', ' ')} | "
                     f"{' | '.join(peer_cell(found[name].get(group)) for name in columns)} |")
    return lines


def sections():
    """Lines of Markdown; none before the first full run."""
    path = Path(__file__).parent / "matrix.json"
    if not path.exists():
        return []
    found = json.loads(path.read_text())
    return [*hosts(found["hosts"]), "", *(peers(found["peers"]) if found["peers"] else []), ""]
