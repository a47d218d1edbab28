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
}}
"""
LOOK = "cat /proc/self/attr/current; cat /etc/secret"


@pytest.fixture
def profile(runtime, tmp):
    """The name of a profile that the kernel knows for as long as the test runs."""
    name = runtime.new_id()
    path = tmp / "profile"
    path.write_text(PROFILE.format(name=name))
    subprocess.run(["apparmor_parser", "--skip-cache", "--replace", path], check=True)
    yield name
    subprocess.run(["apparmor_parser", "--remove", path], check=True)


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
