"""The benchmark runs to its end, in one round unless --long; what it measures is not judged here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(os.geteuid() != 0, reason="the benchmark needs root")
def test_it_runs():
    script = Path(__file__).with_name("run")
    rounds = "20" if os.environ.get("HAKO_LONG") else "1"
    result = subprocess.run([sys.executable, script, "--rounds", rounds, os.environ["HAKO"]], text=True,
                            capture_output=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "### targets" in result.stdout
    # hako itself must have managed every case.
    column = [line for line in result.stdout.splitlines() if re.search(r"\bhako\b", line) and "fails" in line]
    assert column == [], result.stdout
