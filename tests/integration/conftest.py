"""What every suite that makes containers shares is in tests/lib."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from containers import *  # noqa: E402,F401,F403 (hooks and fixtures, which pytest finds here)
from peers import listener  # noqa: E402,F401 (a fixture)
