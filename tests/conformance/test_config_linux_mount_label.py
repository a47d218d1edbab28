"""config-linux.md, mount label."""

from pathlib import Path

import pytest

from checks import shown_mounts
from requirements import requirement

LABEL = "system_u:object_r:container_file_t:s0:c715,c811"


@requirement("config-linux.md#mount-label", "states", "`mountLabel` is the SELinux context of the mounts")
@pytest.mark.needs(lambda: Path("/sys/fs/selinux/enforce").exists(), "no SELinux here")
def test_mount_label(runtime, bundle):
    bundle.linux["mountLabel"] = LABEL
    shown = ",".join(shown_mounts(runtime, bundle)["/dev/shm"].super_options)
    assert "context=" in shown
