"""The configurations in contrib/ that no client here reads; the others are what the clients run with."""

import tomllib

from daemons import CONTRIB


def test_crio():
    """Debian has no CRI-O: its keys, as crio.conf(5) names them, and the same handler as the RuntimeClass."""
    runtime = tomllib.loads((CONTRIB / "kubernetes/crio.conf").read_text())["crio"]["runtime"]
    handler = runtime["runtimes"][runtime["default_runtime"]]
    assert set(handler) == {"runtime_path", "runtime_type", "runtime_root"} and handler["runtime_type"] == "oci"
    assert f"\nhandler: {runtime['default_runtime']}\n" in (CONTRIB / "kubernetes/runtimeclass.yaml").read_text()
