"""What the tests of several sections look at."""

import copy

import host


def refused(runtime, bundle, pointer, **more):
    """The runtime must generate an error; ours names the property."""
    result = runtime.fails(bundle, **more)
    if runtime.is_hako:
        assert pointer in result.err, result.err
    return result


def without(entry, *names):
    """A copy of an object of config.json that lacks these properties."""
    return {name: copy.deepcopy(value) for name, value in entry.items() if name not in names}


def shown_mounts(runtime, bundle):
    """The container's mounts by mount point; the topmost of each."""
    text = runtime.output(bundle.args("/bin/cat", "/proc/self/mountinfo"))
    return {mount.point: mount for mount in host.parse_mountinfo(text)}
