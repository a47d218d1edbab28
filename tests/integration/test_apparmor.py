"""AppArmor: the profile that config.json names confines the container's program, and nothing else does."""

import shutil
import subprocess

import pytest

import host


def has_apparmor():
    try:
        enabled = open("/sys/module/apparmor/parameters/enabled").read().startswith("Y")
    except OSError:
        return False
    return enabled and shutil.which("apparmor_parser") and host.has_capability(host.CAP_MAC_ADMIN)


pytestmark = pytest.mark.needs(has_apparmor, "no AppArmor in this kernel, or no apparmor_parser")

# Everything but one file. Paths of a container's root are "disconnected": not below the host's root.
PROFILE = """profile {name} flags=(attach_disconnected,mediate_deleted) {{
    file,
    capability,
    network,
    mount,
    signal,
    ptrace,
    deny /etc/secret rw,
    deny /tmp/closed w,
}}
"""
# The same, closed to other files.
OTHER = PROFILE.replace("/etc/secret", "/etc/other").replace("/tmp/closed", "/tmp/open")
LOOK = "cat /proc/self/attr/current; cat /etc/secret"


@pytest.fixture
def load(runtime, tmp):
    """load(text) gives the name of a profile that the kernel knows for as long as the test runs."""
    loaded = []

    def load(text):
        name = runtime.new_id()
        path = tmp / name
        path.write_text(text.format(name=name))
        subprocess.run(["apparmor_parser", "--skip-cache", "--replace", path], check=True)
        loaded.append(path)
        return name

    yield load
    for path in loaded:
        subprocess.run(["apparmor_parser", "--remove", path], check=True)


@pytest.fixture
def profile(load):
    return load(PROFILE)


@pytest.fixture
def secret(bundle):
    (bundle.rootfs / "etc/secret").write_text("readable\n")
    return bundle.sh(LOOK)


def test_profile_confines(runtime, secret, profile):
    secret.process["apparmorProfile"] = profile
    result = runtime.run(secret)
    assert result.out == f"{profile} (enforce)\n"
    assert "ermission denied" in result.err and result.status != 0


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_with_and_without_new_privileges(runtime, secret, profile, no_new_privileges):
    """Under no_new_privs the kernel changes profiles only toward less; from none to one is less."""
    secret.process["apparmorProfile"] = profile
    secret.process["noNewPrivileges"] = no_new_privileges
    assert runtime.run(secret).out == f"{profile} (enforce)\n"


def test_in_a_user_namespace(runtime, secret, profile):
    secret.user_namespace().process["apparmorProfile"] = profile
    assert runtime.run(secret).out == f"{profile} (enforce)\n"


def test_children_are_confined(runtime, secret, profile):
    secret.sh("sh -c 'cat /proc/self/attr/current'").process["apparmorProfile"] = profile
    assert runtime.output(secret) == f"{profile} (enforce)\n"


@pytest.mark.parametrize("name", [None, "unconfined", ""])
def test_unconfined(runtime, secret, name):
    if name is not None:
        secret.process["apparmorProfile"] = name
    assert runtime.output(secret) == "unconfined\nreadable\n"


def test_unknown_profile_is_refused(runtime, secret):
    secret.process["apparmorProfile"] = "nosuch_profile"
    result = runtime.fails(secret)
    assert "nosuch_profile" in result.err
    if runtime.is_hako:
        assert "/process/apparmorProfile" in result.err


WRITE = "echo x >/tmp/closed; echo x >/tmp/open; cat /tmp/open"


def test_denied_write(runtime, bundle, profile):
    """Root of the container, and the file's owner, may not all the same; what is beside is writable."""
    bundle.mount("/tmp", "tmpfs", "tmpfs").sh(WRITE).process["apparmorProfile"] = profile
    result = runtime.run(bundle)
    assert "/tmp/closed: Permission denied" in result.err
    assert result.out == "x\n"


# A further process

@pytest.fixture
def container(runtime, bundle, profile):
    """One that runs under the profile."""
    (bundle.rootfs / "etc/secret").write_text("readable\n")
    bundle.mount("/tmp", "tmpfs", "tmpfs").sleep().process["apparmorProfile"] = profile
    return runtime.start(bundle)


def test_exec_is_confined(container, profile):
    """As the container is, which is what config.json says of a process."""
    result = container.exec("sh", "-c", f"{LOOK}; {WRITE}")
    assert result.out == f"{profile} (enforce)\nx\n"
    assert "/etc/secret': Permission denied" in result.err
    assert "/tmp/closed: Permission denied" in result.err


@pytest.mark.shows("exec --apparmor")
def test_exec_under_another_profile(container, load):
    other = load(OTHER)
    result = container.exec("sh", "-c", f"{LOOK}; {WRITE}", options=["--apparmor", other, "--no-new-privs=false"])
    assert result.out == f"{other} (enforce)\nreadable\n"
    assert "/tmp/open: Permission denied" in result.err and "/tmp/closed" not in result.err


@pytest.mark.shows("exec --apparmor")
def test_exec_under_an_unknown_profile(container):
    result = container.exec("true", options=["--apparmor", "nosuch_profile"])
    assert result.status != 0 and "nosuch_profile" in result.err
