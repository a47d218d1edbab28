"""SELinux: process.selinuxLabel, linux.mountLabel and their like, under the policy of tests/vm/guest/selinux.cil:
container_t may open what is container_file_t and of its own categories, and nothing of the host's."""

import ctypes
import json
import os
from pathlib import Path

import pytest

import host


def accepts(context):
    """Whether SELinux is here with a policy that knows this context."""
    try:
        Path("/sys/fs/selinux/context").write_text(context)
    except OSError:
        return False
    return True


HOST_FILE = "system_u:object_r:file_t:s0"
SHARED = "system_u:object_r:container_file_t:s0"
LABEL = "system_u:system_r:container_t:s0:c1,c2"
FILES = "system_u:object_r:container_file_t:s0:c1,c2"
OTHER = "system_u:system_r:container_t:s0:c715,c811"
OTHER_FILES = "system_u:object_r:container_file_t:s0:c715,c811"
UNKNOWN = "system_u:system_r:nosuch_t:s0"
FORBIDDEN = "system_u:system_r:locked_t:s0"  # a domain that the policy lets nobody enter
KEYCTL_GET_SECURITY = 17

pytestmark = pytest.mark.needs(lambda: accepts(LABEL) and accepts(FORBIDDEN),
                               "no SELinux with the policy of tests/vm/guest/selinux.cil")
CURRENT = "cat /proc/self/attr/current"


def relabel(top, label):
    """As engines do it with the root file system and with volumes."""
    for directory, names, files in os.walk(top):
        for path in (directory, *(os.path.join(directory, name) for name in names + files)):
            os.setxattr(path, "security.selinux", label.encode(), follow_symlinks=False)


def label_of(path):
    return os.getxattr(path, "security.selinux").decode().rstrip("\0")


def runtimes_label():
    return Path("/proc/self/attr/current").read_text().rstrip("\0")


def words(text):
    """Labels that processes printed; the kernel ends each with a NUL."""
    return text.replace("\0", "\n").split()


@pytest.fixture
def labelled(bundle):
    """A container with labels. Its programs, which other bundles share by hard links, have no categories."""
    relabel(bundle.rootfs, SHARED)
    bundle.process["selinuxLabel"] = LABEL
    bundle.linux["mountLabel"] = FILES
    return bundle


@pytest.fixture
def volume(tmp):
    """A directory of the host."""
    path = tmp / "volume"
    path.mkdir()
    (path / "file").write_text("readable\n")
    relabel(path, HOST_FILE)
    return path


# The process

@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_label_of_the_process(runtime, labelled, no_new_privileges):
    labelled.process["noNewPrivileges"] = no_new_privileges
    assert words(runtime.output(labelled.sh(f"{CURRENT}; sh -c '{CURRENT}'"))) == [LABEL, LABEL]


def test_in_a_user_namespace(runtime, labelled):
    labelled.user_namespace()
    relabel(labelled.rootfs, SHARED)
    assert words(runtime.output(labelled.sh(CURRENT))) == [LABEL]


def test_as_another_user(runtime, labelled):
    labelled.process["user"] = {"uid": 1000, "gid": 1000}
    assert words(runtime.output(labelled.capabilities().sh(CURRENT))) == [LABEL]


@pytest.mark.parametrize("label", [None, ""])
def test_none_where_none_is_asked_for(runtime, bundle, label):
    """The runtime's, then; and file systems have the labels that the policy gives them."""
    if label is not None:
        bundle.process["selinuxLabel"] = bundle.linux["mountLabel"] = label
    shown = runtime.output(bundle.sh(f"{CURRENT}; echo; cat /proc/self/mountinfo"))
    assert words(shown)[0] == runtimes_label()
    assert "context=" not in shown


def test_hooks_have_the_runtimes(runtime, labelled, tmp):
    labelled.hook_script("createRuntime", f"{CURRENT} >{tmp}/seen")
    runtime.output(labelled)
    assert words((tmp / "seen").read_text()) == [runtimes_label()]


def test_nothing_else_is_asked_for(runtime, labelled):
    """What was written to attr/ on the way has no effect on the program."""
    script = "for f in exec fscreate keycreate sockcreate; do cat /proc/self/attr/$f; done"
    assert words(runtime.output(labelled.sh(script))) == []


# What the label keeps it from

def test_the_hosts_files_are_closed(runtime, labelled, volume):
    result = runtime.run(labelled.bind(volume, "/mnt").sh("ls /mnt; cat /mnt/file"))
    assert result.out == "" and result.err.count("Permission denied") == 2


@pytest.mark.parametrize("label, is_open", [(FILES, True), (SHARED, True), (OTHER_FILES, False)])
def test_categories(runtime, labelled, volume, label, is_open):
    """Files of another container are closed, though they are of the same type."""
    relabel(volume, label)
    result = runtime.run(labelled.bind(volume, "/mnt").sh("cat /mnt/file"))
    assert result.out == ("readable\n" if is_open else "")
    assert ("Permission denied" in result.err) == (not is_open)


def test_mounts_without_a_label_are_closed(runtime, labelled):
    del labelled.linux["mountLabel"]
    assert "Permission denied" in runtime.run(labelled.sh("echo x >/dev/shm/file")).err


@pytest.mark.parametrize("user_namespace", [False, True])
def test_mounts_with_a_label_are_open(runtime, labelled, user_namespace):
    if user_namespace:
        labelled.user_namespace()
        relabel(labelled.rootfs, SHARED)
    script = "for d in /dev /dev/shm /dev/mqueue /dev/pts /proc /sys; do ls $d >/dev/null; done; " \
             "echo x >/dev/shm/file; cat /dev/shm/file"
    result = runtime.run(labelled.sh(script))
    assert (result.out, result.err) == ("x\n", "")


# Mounts

def inside(container, path):
    return f"/proc/{container.pid}/root{path}"


@pytest.fixture
def container(runtime, labelled):
    return runtime.start(labelled.mount("/tmp", "tmpfs", "tmpfs", ["mode=1777", "size=1m"]).sleep())


def test_mount_label(container):
    """Each file system that the container has for itself; with what is made in it, nodes of /dev for one."""
    for path in ("/dev", "/dev/null", "/dev/pts", "/dev/pts/ptmx", "/dev/shm", "/dev/mqueue", "/tmp"):
        assert label_of(inside(container, path)) == FILES, path


def test_what_the_kernel_labels(container):
    for path in ("/proc", "/sys", "/sys/fs/cgroup"):
        assert label_of(inside(container, path)) == label_of(path), path


def test_the_root_file_system_is_left_alone(container, labelled):
    assert label_of(labelled.rootfs) == label_of(inside(container, "/bin/busybox")) == SHARED


def test_binds_are_left_alone(runtime, labelled, volume):
    runtime.output(labelled.bind(volume, "/mnt"))
    assert label_of(volume) == label_of(volume / "file") == HOST_FILE


def test_tmpcopyup(runtime, labelled):
    (labelled.rootfs / "data").mkdir()
    (labelled.rootfs / "data/file").write_text("copied\n")
    relabel(labelled.rootfs / "data", SHARED)
    container = runtime.start(labelled.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"]).sleep())
    assert label_of(inside(container, "/data/file")) == FILES
    assert container.exec_output("cat", "/data/file") == "copied\n"


def test_read_only(runtime, labelled):
    """mqueue is labelled while it still can be."""
    next(m for m in labelled.mounts if m["destination"] == "/dev/mqueue")["options"].append("ro")
    assert label_of(inside(runtime.start(labelled.sleep()), "/dev/mqueue")) == FILES


@pytest.mark.parametrize("context", [f'"{FILES}"', SHARED])
def test_context_as_a_mount_option(runtime, labelled, context):
    """In quotes where there are commas in it. Without mountLabel, which is the same option."""
    del labelled.linux["mountLabel"]
    labelled.mount("/tmp", "tmpfs", "tmpfs", ["mode=1777", f"context={context}", "size=1m"])
    container = runtime.start(labelled.sleep())
    assert label_of(inside(container, "/tmp")) == context.strip('"')
    if runtime.is_hako:
        runtime.must("check", labelled.path)


@pytest.mark.hako_only
@pytest.mark.shows("mounts")
def test_mounts_that_are_added(runtime, container, tmp):
    """With the container's label, as if config.json had had them."""
    (tmp / "mounts.json").write_text(json.dumps([{"type": "tmpfs", "source": "tmpfs", "destination": "/var"}]))
    assert runtime.call("mounts", "add", container.id, tmp / "mounts.json").err == ""
    assert label_of(inside(container, "/var")) == FILES


# A further process

def test_exec_has_the_containers_label(container):
    assert words(container.exec_output("sh", "-c", CURRENT)) == [LABEL]


@pytest.mark.shows("exec --process-label")
def test_exec_under_another_label(container):
    result = container.exec("sh", "-c", f"{CURRENT}; echo x >/tmp/file", options=["--process-label", OTHER])
    assert words(result.out) == [OTHER]
    assert "/tmp/file: Permission denied" in result.err


@pytest.mark.shows("exec --process")
def test_exec_with_a_process_file(container, tmp):
    process = {"cwd": "/", "args": ["/bin/sh", "-c", CURRENT], "user": {"uid": 0, "gid": 0}, "selinuxLabel": OTHER}
    (tmp / "process.json").write_text(json.dumps(process))
    result = container.runtime.must("exec", "--process", tmp / "process.json", container.id)
    assert words(result.out) == [OTHER]


@pytest.mark.shows("exec --process-label")
@pytest.mark.parametrize("label", [UNKNOWN, FORBIDDEN])
def test_exec_under_a_label_that_is_refused(container, label):
    result = container.exec("true", options=["--process-label", label])
    assert result.status != 0 and label in result.err
    assert container.status == "running"


# The session keyring

def keyring_label(container):
    """What keyctl(2) says of the keyring that the container has by its name."""
    keys = container.exec_output("cat", "/proc/keys").splitlines()
    serial = next(int(line.split()[0], 16) for line in keys if f"_ses.{container.id}" in line)
    text = ctypes.create_string_buffer(256)
    assert host.libc.syscall(250, KEYCTL_GET_SECURITY, serial, text, len(text)) > 0
    return text.value.decode()


@pytest.mark.needs(lambda: os.path.exists("/proc/keys"), "no keyrings in this kernel")
@pytest.mark.parametrize("label", [LABEL, None])
def test_label_of_the_keyring(runtime, labelled, label):
    if not label:
        del labelled.process["selinuxLabel"]
    labelled.linux["maskedPaths"] = []
    assert keyring_label(runtime.start(labelled.sleep())) == (label or runtimes_label())


# Errors

@pytest.mark.parametrize("label", [UNKNOWN, "nonsense", LABEL + ",c9999", FILES + ":more"])
def test_label_that_the_policy_does_not_know(runtime, labelled, label):
    labelled.process["selinuxLabel"] = label
    error = runtime.fails(labelled).err
    assert label in error
    if runtime.is_hako:
        assert "/process/selinuxLabel" in error and "invalid argument" in error


@pytest.mark.parametrize("label", [UNKNOWN, "nonsense"])
def test_mount_label_that_the_policy_does_not_know(runtime, labelled, label):
    labelled.linux["mountLabel"] = label
    error = runtime.fails(labelled).err
    if runtime.is_hako:
        assert label in error and "/linux/mountLabel" in error


@pytest.mark.parametrize("no_new_privileges, error", [(True, "peration not permitted"), (False, "ermission denied")])
def test_domain_that_may_not_be_entered(runtime, labelled, no_new_privileges, error):
    """The kernel says so only when the program is executed."""
    labelled.process.update(selinuxLabel=FORBIDDEN, noNewPrivileges=no_new_privileges)
    for result in (runtime.fails(labelled, foreseen=False), runtime.create(labelled).call("start")):
        assert result.status != 0 and error in result.err
        if runtime.is_hako:
            assert FORBIDDEN in result.err


def test_program_that_is_no_entry_to_the_domain(runtime, labelled, volume):
    """A program of the host's, by its label, is none of the container's."""
    (volume / "program").write_bytes((labelled.rootfs / "bin/busybox").read_bytes())
    (volume / "program").chmod(0o755)
    relabel(volume, HOST_FILE)
    result = runtime.fails(labelled.bind(volume, "/mnt").args("/mnt/program", "true"), foreseen=False)
    assert "peration not permitted" in result.err or "ermission denied" in result.err


# What is said of it

@pytest.mark.shows("features")
def test_features(runtime):
    features = json.loads(runtime.must("features", root=False).out)
    assert features["linux"]["selinux"] == {"enabled": True}


@pytest.mark.hako_only
@pytest.mark.shows("doctor")
def test_doctor(runtime):
    line = next(line for line in runtime.call("doctor", root=False).out.splitlines() if " SELinux " in line)
    assert line.split(maxsplit=1) == ["ok", "SELinux                on, enforcing"]


@pytest.mark.hako_only
def test_check_of_a_bundle_without_fault(runtime, labelled):
    labelled.write()
    assert "0 problems" in runtime.must("check", labelled.path).out
