"""runtime-linux.md: what a process of Linux finds open, and the links in /dev."""

import os

from requirements import each, requirement

LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
         "stderr": "/proc/self/fd/2"}


@requirement("runtime-linux.md#file-descriptors", "states",
             "without being asked, only standard input, output and error are open in the container")
def test_only_the_standard_streams_are_open(runtime, bundle, helper):
    bundle.bind(helper, "/tmp/helper").args("/tmp/helper", "fds")
    with open("/dev/null") as extra:
        os.set_inheritable(extra.fileno(), True)
        assert runtime.output(bundle, pass_fds=(extra.fileno(),)).split() == ["0", "1", "2"]


@each("runtime-linux.md#dev-symbolic-links", "MUST",
      "`/dev/{0}` links into `/proc/self/fd`, where that is after the mounts", LINKS)
def test_dev_has_its_links(runtime, bundle):
    bundle.sh(" && ".join(f"readlink /dev/{name}" for name in LINKS))
    assert runtime.output(bundle).split() == list(LINKS.values())
