"""config-linux.md, default file systems: what the runtime's own template leads to."""

import pytest

from checks import shown_mounts
from requirements import each

SECTION = "config-linux.md#default-filesystems"
FILE_SYSTEMS = {"/proc": "proc", "/sys": "sysfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs"}


@each(SECTION, "SHOULD", "`{}` is there, of its type", FILE_SYSTEMS)
def test_default_file_systems(runtime, bundle):
    mounts = shown_mounts(runtime, bundle)
    assert {point: mounts[point].type for point in FILE_SYSTEMS} == FILE_SYSTEMS


@pytest.mark.parametrize("point", FILE_SYSTEMS)
def test_what_is_in_them(runtime, bundle, point):
    probes = {"/proc": "cat /proc/sys/kernel/ostype", "/sys": "ls -d /sys/class /sys/kernel",
              "/dev/pts": "ls /dev/pts/ptmx", "/dev/shm": "echo x > /dev/shm/x && cat /dev/shm/x"}
    assert runtime.output(bundle.sh(probes[point])).strip()
