"""features.md and features-linux.md: what the runtime says of itself is so."""

import json
import os
import platform
import socket
import subprocess
from pathlib import Path

import pytest

import host
from requirements import covered, each, requirement, untested

STRUCTURE = "features.md#features-structure"
VERSIONS = "features.md#specification-version"
HOOKS, OPTIONS = "features.md#hooks", "features.md#mount-options"
ANNOTATIONS = "features.md#annotations"
UNSAFE = "features.md#unsafe-annotations-in-configjson"
LINUX = "features-linux.md#"


@pytest.fixture(scope="module")
def features(session_runtime):
    result = session_runtime.call("features", root=False)
    if result.status != 0:
        pytest.skip("this runtime has no features command")
    return json.loads(result.out)


def listed(features, *path):
    """What stands there, or nothing: every property but the two versions may be absent or null."""
    for name in path:
        features = (features or {}).get(name)
    if features is None:
        pytest.skip(f"{'.'.join(path)} is not among the features")
    return features


# The structure

@requirement(STRUCTURE, "SHOULD", "the features are those of the build, not of the host")
@pytest.mark.needs(lambda: "ASAN_OPTIONS" not in os.environ, "a sanitized program needs /proc")
def test_the_same_everywhere(runtime, features, tmp):
    """Without /proc and /sys, and without a privilege. Whether the kernel has a flag of seccomp, it is
    asked all the same: that list may be a subset."""
    script = ("mount -t tmpfs none /sys && mount -t tmpfs none /proc && "
              "exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \"$@\"")
    out = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", runtime.program, "features"],
                         capture_output=True, text=True, env={}, cwd="/")
    assert out.returncode == 0, out.stderr
    assert json.loads(out.stdout) == features


untested(STRUCTURE, "MUST NOT", "null is not confused with an empty value",
         reason="it binds who reads the structure; hako writes no null")


@each(VERSIONS, "REQUIRED", "`{}`", ["ociVersionMin", "ociVersionMax"])
def test_versions_are_there(features):
    assert isinstance(features["ociVersionMin"], str) and isinstance(features["ociVersionMax"], str)


@each(VERSIONS, "MUST", "`{}` is accepted in config.json", ["ociVersionMin", "ociVersionMax"])
@pytest.mark.parametrize("name", ["ociVersionMin", "ociVersionMax"])
def test_versions_are_accepted(runtime, bundle, features, name):
    bundle.config["ociVersion"] = features[name]
    assert runtime.output(bundle.args("/bin/echo", "alive")) == "alive\n"


def version(text):
    """Ordered as semver.org has it, for the versions there are: a pre-release comes before its release."""
    numbers, _, pre = text.partition("+")[0].partition("-")
    return tuple(map(int, numbers.split("."))), not pre, pre


@requirement(VERSIONS, "MUST NOT", "`ociVersionMax` is not below `ociVersionMin`")
def test_order_of_versions(features):
    assert version(features["ociVersionMin"]) <= version(features["ociVersionMax"])


def schemas():
    """The specification's own, which are not part of this repository."""
    named = os.environ.get("HAKO_SPEC_SCHEMAS")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "spec"


needs_schemas = pytest.mark.needs(lambda: (schemas() / "features-schema.json").is_file(),
                                  "no runtime-spec schemas (set HAKO_SPEC_SCHEMAS)")


def load(name):
    return json.loads((schemas() / name).read_text())


def resolve(schema, document):
    """A schema and the document that its references begin in."""
    while "$ref" in schema:
        name, _, pointer = schema["$ref"].partition("#")
        document = load(name) if name else document
        schema = document
        for part in filter(None, pointer.split("/")):
            schema = schema[part]
    return schema, document


def undefined(value, schema, document, at=""):
    """The properties that the schema does not have, by pointer."""
    schema, document = resolve(schema, document)
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return []
    found = [f"{at}/{name}" for name in value if name not in properties]
    for name in value.keys() & properties.keys():
        found += undefined(value[name], properties[name], document, f"{at}/{name}")
    return found


# The text of 1.3.0 has them, its schema has not.
FORGOTTEN = {"/linux/memoryPolicy", "/linux/intelRdt/schemata", "/linux/intelRdt/monitoring"}


@needs_schemas
@requirement(VERSIONS, "MUST NOT", "no property is there that the version does not define")
def test_defined_properties(features):
    document = load("features-schema.json")
    assert undefined({"nosuch": 1, "linux": {"cgroup": {"v3": True}}}, document, document)
    assert set(undefined(features, document, document)) <= FORGOTTEN


@needs_schemas
def test_schema(features):
    jsonschema = pytest.importorskip("jsonschema")
    if not hasattr(jsonschema, "RefResolver"):
        pytest.skip("this jsonschema has no resolver for files")
    document = load("features-schema.json")
    store = {name: load(name) for name in os.listdir(schemas()) if name.endswith(".json")}
    resolver = jsonschema.RefResolver(f"{schemas().as_uri()}/", document,
                                      store={f"{schemas().as_uri()}/{name}": s for name, s in store.items()})
    jsonschema.Draft7Validator(document, resolver=resolver).validate(features)


# Hooks and mount options

@requirement(HOOKS, "MUST", "the hooks of the list are run")
def test_hooks(runtime, bundle, features, tmp):
    """Those in the container's namespace of mounts, too: they leave their mark in a volume."""
    names = listed(features, "hooks")
    bundle.bind(tmp, "/marks")
    for name in names:
        marks = "/marks" if name == "startContainer" else tmp
        bundle.hook(name, "/bin/sh", "-c", f"cat >/dev/null; echo {name} >> {marks}/hooks")
    runtime.output(bundle)
    host.wait_until(lambda: len((tmp / "hooks").read_text().split()) == len(names))
    assert sorted((tmp / "hooks").read_text().split()) == sorted(names)


# What they do is another file's matter; these need more than a mount of their own.
OTHERWISE = {"bind", "rbind", "remount", "idmap", "ridmap"}


@requirement(OPTIONS, "MUST", "the mount options of the list are recognised")
def test_mount_options(runtime, bundle, features, tmp):
    """One tmpfs with each: the kernel refuses an option that is passed on to it as unknown."""
    names = listed(features, "mountOptions")
    for name in names:
        if name not in OTHERWISE:
            bundle.mount(f"/tmp/{name}", "tmpfs", "tmpfs", [name])
    for name in {"bind", "rbind"} & set(names):
        bundle.mount(f"/tmp/{name}", "none", str(tmp), [name])
    if "remount" in names:
        bundle.mount("/tmp/again", "tmpfs", "tmpfs", []).mount("/tmp/again", "tmpfs", "tmpfs", ["remount", "ro"])
    bundle.writable()
    (bundle.rootfs / "tmp").chmod(0o755)
    mounted = runtime.output(bundle.sh("grep -c ' /tmp/' /proc/self/mountinfo"))
    assert int(mounted) >= len(set(names) - OTHERWISE)


@pytest.mark.parametrize("option", ["nosuch", "nosuid2", "RO"])
def test_mount_option_that_is_not_in_the_list(runtime, bundle, features, option):
    """Shows that the test above can fail."""
    assert option not in listed(features, "mountOptions")
    bundle.writable().mount("/tmp/x", "tmpfs", "tmpfs", [option])
    runtime.fails(bundle, foreseen=False)


covered(OPTIONS, "MUST", "the mount options of the list are recognised",
        by="integration/test_idmap.py::test_features")


@requirement(OPTIONS, "SHOULD NOT", "no option of a file system, passed to it as data, is in the list")
def test_options_of_file_systems(features):
    own = {"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "newinstance", "ptmxmode", "context",
           "lowerdir", "upperdir", "workdir", "hidepid", "data", "errors", "subvol", "discard"}
    names = listed(features, "mountOptions")
    assert not own & {name.partition("=")[0] for name in names}
    assert not [name for name in names if "=" in name]


@requirement(ANNOTATIONS, "MUST", "`annotations` are texts under names that are not empty")
def test_annotations(features):
    for key, value in listed(features, "annotations").items():
        assert key and isinstance(value, str)


@requirement(UNSAFE, "states", "`potentiallyUnsafeConfigAnnotations` are names, or beginnings that end in a dot")
def test_unsafe_annotations(features):
    names = listed(features, "potentiallyUnsafeConfigAnnotations")
    assert all(isinstance(name, str) and name.strip(".") for name in names)


# Linux

def from_linux(features, *path):
    return listed(features, "linux", *path)


@requirement(f"{LINUX}namespaces", "MUST", "the namespaces of the list are recognised")
def test_namespaces(runtime, bundle, features):
    names = from_linux(features, "namespaces")
    if not host.has_time_namespace():
        names = [name for name in names if name != "time"]
    for name in names:
        bundle.user_namespace() if name == "user" else bundle.namespace(name)
    assert runtime.output(bundle.args("/bin/echo", "alive")) == "alive\n"


@requirement(f"{LINUX}capabilities", "MUST", "the capabilities of the list are recognised")
def test_capabilities(runtime, bundle, features):
    """Each that the runtime has to give is a bit in the bounding set. They are listed in the kernel's
    order; a name that is not recognised would add no bit."""
    names = from_linux(features, "capabilities")
    held = host.host_capabilities() & (1 << len(names)) - 1
    bundle.capabilities(*(name for bit, name in enumerate(names) if held >> bit & 1))
    line = next(text for text in runtime.output(bundle.args("/bin/cat", "/proc/self/status")).splitlines()
                if text.startswith("CapBnd"))
    assert int(line.split()[1], 16) == held


@requirement(f"{LINUX}cgroup", "states", "`v1`, `v2`, `systemd`, `systemdUser` and `rdma` are true or false")
def test_cgroup(features):
    cgroup = from_linux(features, "cgroup")
    assert all(isinstance(value, bool) for value in cgroup.values())
    assert cgroup.get("v2") if host.is_v2_only() else cgroup.get("v1")


SECCOMP = f"{LINUX}seccomp"
needs_seccomp = pytest.mark.needs(lambda: platform.machine() == "x86_64", "system call names of x86_64")


def filtered(runtime, bundle, *rules, **more):
    """Run with such a filter."""
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(rules), **more}
    return runtime.output(bundle.args("/bin/echo", "alive")) == "alive\n"


@pytest.fixture
def listener(tmp):
    """A socket that takes what is sent, and does not look at it."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp / "agent.sock"))
        server.listen(64)
        yield str(tmp / "agent.sock")


@needs_seccomp
@requirement(SECCOMP, "MUST", "the actions of the list are recognised")
def test_actions(runtime, bundle, features, listener):
    """Each for a call that nobody makes."""
    for action in from_linux(features, "seccomp", "actions"):
        assert filtered(runtime, bundle, {"names": ["swapoff"], "action": action}, listenerPath=listener), action


@needs_seccomp
@requirement(SECCOMP, "MUST", "the operators of the list are recognised")
def test_operators(runtime, bundle, features):
    for op in from_linux(features, "seccomp", "operators"):
        args = [{"index": 0, "value": 1, "valueTwo": 1, "op": op}]
        assert filtered(runtime, bundle, {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO", "args": args}), op


@needs_seccomp
@requirement(SECCOMP, "MUST", "the architectures of the list are recognised")
def test_architectures(runtime, bundle, features):
    """One of the other byte order cannot be in a filter for this machine: the error is another than
    that of a name which is not recognised."""
    def error(arch):
        bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [arch]}
        result = runtime.run(bundle)
        return result.status and result.err.strip().rpartition(": ")[2].replace(arch, "")

    unknown = error("SCMP_ARCH_NOSUCH")
    assert unknown
    errors = {arch: error(arch) for arch in from_linux(features, "seccomp", "archs")}
    assert not [arch for arch, text in errors.items() if text and "out of domain" not in text]
    assert not errors["SCMP_ARCH_X86_64"] and not errors["SCMP_ARCH_X86"] and unknown not in errors.values()


NEEDS_NOTIFY = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"


@needs_seccomp
@each(SECCOMP, "MUST", "the flags of `{}` are recognised", ["knownFlags", "supportedFlags"])
@pytest.mark.parametrize("name", ["knownFlags", "supportedFlags"])
def test_flags(runtime, bundle, features, listener, name):
    known = from_linux(features, "seccomp", name)
    supported = from_linux(features, "seccomp", "supportedFlags")
    assert set(supported) <= set(from_linux(features, "seccomp", "knownFlags"))
    for flag in set(known) & set(supported):
        action = "SCMP_ACT_NOTIFY" if flag == NEEDS_NOTIFY else "SCMP_ACT_ERRNO"
        assert filtered(runtime, bundle, {"names": ["swapoff"], "action": action}, flags=[flag],
                        listenerPath=listener), flag


@requirement(f"{LINUX}memorypolicy", "MUST", "the modes of the list are recognised")
@pytest.mark.needs(lambda: os.path.exists("/proc/self/numa_maps"), "a kernel without NUMA")
def test_memory_policy_modes(runtime, bundle, features):
    for mode in from_linux(features, "memoryPolicy", "modes"):
        nodes = {} if mode in ("MPOL_DEFAULT", "MPOL_LOCAL") else {"nodes": "0"}
        bundle.linux["memoryPolicy"] = {"mode": mode} | nodes
        assert runtime.run(bundle).status == 0, mode


@requirement(f"{LINUX}memorypolicy", "MUST", "the flags of the list are recognised")
@pytest.mark.needs(lambda: os.path.exists("/proc/self/numa_maps"), "a kernel without NUMA")
def test_memory_policy_flags(runtime, bundle, features):
    for flag in from_linux(features, "memoryPolicy", "flags"):
        bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
        assert runtime.run(bundle).status == 0, flag


@requirement(f"{LINUX}mountextensions", "MUST", "`idmap` is enabled where mappings of mounts are recognised, "
             "in part or in whole")
def test_idmap(runtime, bundle, features, tmp):
    mapping = [{"containerID": 0, "hostID": 100000, "size": 1}]
    bundle.bind(tmp, "/mnt").mounts[-1] |= {"uidMappings": mapping, "gidMappings": mapping}
    result = runtime.run(bundle.sh("stat -c %u /mnt"))
    if from_linux(features, "mountExtensions", "idmap", "enabled"):
        assert result.out.strip() == "100000" or "idmap" in result.err or "id-map" in result.err
    else:
        assert result.out.strip() in ("", "0")


@requirement(f"{LINUX}apparmor", "states", "`enabled` says whether AppArmor is supported")
@requirement(f"{LINUX}selinux", "states", "`enabled` says whether SELinux is supported")
@requirement(f"{LINUX}intel-rdt", "states", "`enabled` says whether Intel RDT is supported")
@requirement(f"{LINUX}netdevices", "states", "`enabled` says whether network devices can be moved")
@pytest.mark.parametrize("name", ["apparmor", "selinux", "intelRdt", "netDevices"])
def test_switches(features, name):
    assert isinstance(from_linux(features, name, "enabled"), bool)
