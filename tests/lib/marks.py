"""The marks of every suite that runs the program: where a test can run, and what it is about."""

import os

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "hako_only: beyond the command line of runc 1.1")
    config.addinivalue_line("markers", "needs(condition, reason): skipped where the host lacks it")
    config.addinivalue_line("markers", "unprivileged: for an ordinary user; others run as root")
    config.addinivalue_line("markers", "shows(*flags): the commands (\"exec\") and flags (\"exec --cap\") that"
                                       " the test is about; docs/compat.md lists them")


def pytest_runtest_setup(item):
    if os.geteuid() != 0 and not item.get_closest_marker("unprivileged"):
        pytest.skip("containers need root here")
    for mark in item.iter_markers("needs"):
        condition, reason = mark.args
        if not condition():
            pytest.skip(reason)
