"""Documents that are made from the tree are as the tree is."""

import subprocess
import sys

import tree


def test_the_conformance_document_is_up_to_date():
    generator = tree.SOURCE / "tests" / "conformance" / "document.py"
    result = subprocess.run([sys.executable, "-B", generator, "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
