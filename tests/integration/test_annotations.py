"""Annotations that change what the runtime does: docs/annotations.md."""

import ctypes
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

import host

pytestmark = pytest.mark.hako_only

PR_SCHED_CORE = 62


def core_sched_errno():
    cookie = ctypes.c_uint64()
    return 0 if host.libc.prctl(PR_SCHED_CORE, 0, 0, 0, ctypes.byref(cookie)) == 0 else ctypes.get_errno()


def annotate(bundle, **values):
    bundle.config.setdefault("annotations", {}).update(values)
    return bundle


@pytest.mark.parametrize("key,value", [
    ("dev.hako.landlock", "ro:usr"), ("dev.hako.core-sched", "old"),
    ("dev.hako.readonly-rootfs", "yes"), ("run.oci.keep_original_groups", "yes"),
    ("run.oci.hooks.stdout", "out"), ("run.oci.hooks.stderr", ""),
    ("run.oci.seccomp.receiver", "agent"), ("run.oci.delegate-cgroup", ".."),
    ("run.oci.systemd.subgroup", "a/b"), ("org.systemd.property.a/b", "1"),
    ("org.criu.config", "criu.conf")])
def test_nonsense(runtime, bundle, key, value):
    annotate(bundle, **{key: value})
    result = runtime.fails(bundle)
    assert "/annotations/" + key.replace("/", "~1") in result.err
    assert "config.json:" in result.err


def test_unknown_ones_are_left_alone(runtime, bundle):
    """With a word about those that only a spelling mistake can explain."""
    annotate(bundle, **{"run.oci.no-such": "..", "dev.hako.landlok": "ro:/", "com.example": ""})
    result = runtime.run(bundle)
    assert result.status == 0
    assert "dev.hako.landlok" in result.err
    assert "run.oci" not in result.err and "com.example" not in result.err


def test_features(runtime):
    unsafe = json.loads(runtime.must("features", root=False).out)["potentiallyUnsafeConfigAnnotations"]
    assert {"org.criu.config", "org.systemd.property.", "run.oci.hooks.stdout"} <= set(unsafe)
    assert "dev.hako.landlock" not in unsafe


def test_they_are_kept(runtime, bundle):
    known = {"org.criu.config": "/etc/criu.conf", "org.systemd.property.CPUWeight": "uint64 50",
             "run.oci.systemd.subgroup": "payload"}
    annotate(bundle, **known)
    container = runtime.create(bundle.sleep())
    assert container.state()["annotations"] == known
    assert json.loads((container.state_dir / "state.json").read_text())["annotations"] == known


def check(runtime, bundle, **more):
    bundle.write()
    result = runtime.call("check", "--format", "json", bundle.path, **more)
    return {p.get("property") for p in json.loads(result.out)["problems"]}


def test_check_finds_all_of_them(runtime, bundle):
    annotate(bundle, **{"dev.hako.landlock": "ro:usr", "run.oci.hooks.stdout": "out",
                        "dev.hako.readonly-rootfs": "strict", "org.systemd.property.a/b": "1"})
    found = check(runtime, bundle.writable())
    assert {"/annotations/dev.hako.landlock", "/annotations/run.oci.hooks.stdout",
            "/annotations/dev.hako.readonly-rootfs", "/annotations/org.systemd.property.a~1b"} <= found


def test_check_knows_the_receiver(runtime, bundle, tmp):
    Path(tmp / "file").touch()
    notifying(bundle)
    assert "/linux/seccomp/listenerPath" in check(runtime, bundle)
    env = {**os.environ, "RUN_OCI_SECCOMP_RECEIVER": str(tmp / "file")}
    assert "/linux/seccomp/listenerPath" not in check(runtime, bundle, env=env)
    annotate(bundle, **{"run.oci.seccomp.receiver": str(tmp / "file")})
    assert "/annotations/run.oci.seccomp.receiver" in check(runtime, bundle)


# dev.hako.core-sched

@pytest.mark.needs(lambda: core_sched_errno() == 0, "no core scheduling in this kernel, or no SMT")
def test_core_sched(runtime, bundle, helper):
    """GET gives a cookie that is not 0, and it is another one in each container."""
    annotate(bundle, **{"dev.hako.core-sched": "new"})
    bundle.bind(helper, "/helper", "ro").args("/helper", "cookie")
    first, second = runtime.output(bundle), runtime.output(bundle)
    assert first != second and "0" not in (first.strip(), second.strip())


@pytest.mark.needs(lambda: core_sched_errno() != 0, "this host has core scheduling")
def test_core_sched_that_is_not_there(runtime, bundle):
    annotate(bundle, **{"dev.hako.core-sched": "new"})
    result = runtime.fails(bundle)
    assert "/annotations/dev.hako.core-sched" in result.err and "hint:" in result.err


# dev.hako.readonly-rootfs

def strict(bundle):
    return annotate(bundle, **{"dev.hako.readonly-rootfs": "strict"})


def tree(root):
    return {str(path.relative_to(root)): path.lstat().st_mode for path in Path(root).rglob("*")}


@pytest.mark.parametrize("userns", [False, True])
def test_strict_root(runtime, bundle, userns):
    """Mounts onto what is there work, and /dev on its tmpfs; the image is as it was."""
    if userns:
        bundle.user_namespace()
    (bundle.rootfs / "sys/fs").mkdir(parents=True, exist_ok=True)
    before = tree(bundle.rootfs)
    bundle.mount("/tmp", "tmpfs", "tmpfs", []).sh(
        "echo x > /tmp/f && cat /tmp/f; test -c /dev/null && echo null; touch /f 2>/dev/null || echo ro")
    assert runtime.output(strict(bundle)).split() == ["x", "null", "ro"]
    assert tree(bundle.rootfs) == before


@pytest.mark.parametrize("change,named", [
    (lambda b, tmp: b.mount("/no/such", "tmpfs", "tmpfs", []), "/no/such"),
    (lambda b, tmp: b.bind(tmp, "/data"), "/data"),
    (lambda b, tmp: b.bind(tmp / "file", "/etc/file"), "/etc/file"),
    (lambda b, tmp: b.process.update(cwd="/job/dir"), "/job/dir"),
    (lambda b, tmp: b.linux.update(devices=[{"path": "/fuse", "type": "c", "major": 10, "minor": 229}]),
     "/fuse"),
    (lambda b, tmp: [b.without_mount(m) for m in ("/dev/pts", "/dev/shm", "/dev/mqueue", "/dev")],
     "/dev/null"),
])
@pytest.mark.parametrize("is_strict", [True, False])
def test_strict_root_makes_nothing(runtime, bundle, tmp, change, named, is_strict):
    """What the image lacks is named; without the annotation it is made."""
    (tmp / "file").touch()
    change(bundle, tmp)
    before = tree(bundle.rootfs)
    if not is_strict:
        runtime.output(bundle)
        assert tree(bundle.rootfs) != before
        return
    result = runtime.fails(strict(bundle))
    assert f"'{named}'" in result.err or f'"{named}"' in result.err
    assert "read-only file system" in result.err and "hint:" in result.err
    assert tree(bundle.rootfs) == before


def test_check_looks_into_a_strict_root(runtime, bundle, tmp):
    """As create does: on a mount things can be made, and links may lead anywhere."""
    (bundle.rootfs / "link").symlink_to("tmp")
    bundle.mount("/tmp", "tmpfs", "tmpfs", []).bind(tmp, "/tmp/made").bind(tmp, "/link/made")
    strict(bundle)
    assert check(runtime, bundle) == set()
    runtime.output(bundle)
    bundle.bind(tmp, "/data").process["cwd"] = "/work"
    assert check(runtime, bundle) == {f"/mounts/{len(bundle.mounts) - 1}/destination", "/process/cwd"}


def test_strict_root_that_is_writable(runtime, bundle):
    result = runtime.fails(strict(bundle.writable()))
    assert "/annotations/dev.hako.readonly-rootfs" in result.err and "hint:" in result.err


def test_strict_root_holds_for_hooks(runtime, bundle):
    bundle.hook_script("createContainer", "touch made")
    assert "createContainer hook #0" in runtime.fails(strict(bundle)).err
    assert not (bundle.rootfs / "made").exists()


# run.oci.keep_original_groups

def groups(runtime, bundle, *callers):
    bundle.write()
    command = [runtime.program, "--root", runtime.root, "run", "--bundle", bundle.path, runtime.new_id()]
    result = subprocess.run(command, extra_groups=callers, capture_output=True, text=True, timeout=60,
                            stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@pytest.mark.parametrize("user", [0, 1000])
def test_groups(runtime, bundle, user):
    bundle.process["user"] = {"uid": user, "gid": user}
    bundle.sh("grep ^Groups: /proc/self/status")
    assert groups(runtime, bundle, 4711, 4712) == ["Groups:"]
    annotate(bundle, **{"run.oci.keep_original_groups": "0"})
    assert groups(runtime, bundle, 4711, 4712) == ["Groups:"]
    annotate(bundle, **{"run.oci.keep_original_groups": "1"})
    assert groups(runtime, bundle, 4711, 4712) == ["Groups:", "4711", "4712"]


def test_groups_in_a_user_namespace(runtime, bundle, tmp):
    """They show as the overflow id there, and open what the group may open."""
    (tmp / "shared").write_text("secret")
    os.chown(tmp / "shared", 0, 4711)
    (tmp / "shared").chmod(0o640)
    (bundle.rootfs / "shared").touch()
    bundle.user_namespace().bind(tmp / "shared", "/shared")
    bundle.sh("cat /shared 2>/dev/null; echo; grep ^Groups: /proc/self/status")
    assert "secret" not in groups(runtime, bundle, 4711)
    annotate(bundle, **{"run.oci.keep_original_groups": "1"})
    assert groups(runtime, bundle, 4711) == ["secret", "Groups:", "65534"]


def test_groups_and_additional_ones(runtime, bundle):
    bundle.process["user"]["additionalGids"] = [5]
    annotate(bundle, **{"run.oci.keep_original_groups": "1"})
    assert "/annotations/run.oci.keep_original_groups" in runtime.fails(bundle).err


# run.oci.hooks.stdout and stderr

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
TALK = "echo $1 out; echo $1 err >&2; "


def logged(bundle, tmp, *names):
    annotate(bundle, **{f"run.oci.hooks.{name}": str(tmp / name) for name in names})
    return tmp / "stdout", tmp / "stderr"


def talk(bundle, kind, then="exit 0"):
    script = f"#!/bin/sh\n{TALK}\n{then}\n"
    name = f"talk-{kind}"
    directory = bundle.rootfs / "bin" if kind == "startContainer" else bundle.path
    (directory / name).write_text(script)
    (directory / name).chmod(0o755)
    bundle.hook(kind, f"/bin/{name}" if kind == "startContainer" else directory / name, kind)


@pytest.mark.parametrize("userns", [False, True])
def test_hook_output(runtime, bundle, tmp, userns):
    """Of all hooks, appended in their order, whichever command runs them."""
    if userns:
        bundle.user_namespace()
        bundle.path.chmod(0o755)
    out, err = logged(bundle, tmp, "stdout", "stderr")
    out.write_text("before\n")
    for kind in KINDS:
        talk(bundle, kind)
    container = runtime.start(bundle)
    container.wait_stopped()
    container.must("delete")
    assert out.read_text().splitlines() == ["before", *(f"{kind} out" for kind in KINDS)]
    assert err.read_text().splitlines() == [f"{kind} err" for kind in KINDS]
    assert err.stat().st_mode & 0o777 == 0o600
    assert "out" not in container.output


def test_hook_output_of_one_kind_only(runtime, bundle, tmp):
    """The other goes into the error, as ever."""
    out, err = logged(bundle, tmp, "stdout")
    talk(bundle, "createRuntime", "exit 3")
    result = runtime.fails(bundle)
    assert out.read_text() == "createRuntime out\n" and not err.exists()
    assert "stderr: createRuntime err" in result.err


@pytest.mark.parametrize("kind", KINDS[:4])
def test_hook_output_of_a_failure(runtime, bundle, tmp, kind):
    out, err = logged(bundle, tmp, "stdout", "stderr")
    talk(bundle, kind, "exit 3")
    result = runtime.fails(bundle)
    assert f"{kind} hook #0: exit status 3" in result.err
    assert "hint:" in result.err and "stderr" in result.err
    assert out.read_text() == f"{kind} out\n"
    assert err.read_text() == f"{kind} err\n"


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
@pytest.mark.parametrize("make", [
    lambda path: path.symlink_to("/dev/null"), lambda path: os.mkfifo(path), lambda path: path.mkdir()])
def test_hook_output_to_no_file(runtime, bundle, tmp, kind, make):
    """No link is followed, no FIFO waited for."""
    make(tmp / "stdout")
    logged(bundle, tmp, "stdout")
    talk(bundle, kind)
    result = runtime.fails(bundle)
    assert "/annotations/run.oci.hooks.stdout" in result.err
    assert str(tmp / "stdout") in result.err


def test_hook_output_is_not_the_programs(runtime, bundle, tmp):
    """Its descriptors end with the hook."""
    logged(bundle, tmp, "stdout", "stderr")
    talk(bundle, "startContainer")
    assert str(tmp) not in runtime.output(bundle.sh("ls -l /proc/self/fd"))


# run.oci.seccomp.receiver

class Receiver:
    def __init__(self, path):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(1)
        self.server.settimeout(10)

    def listener(self):
        connection, _ = self.server.accept()
        data, fds, _, _ = socket.recv_fds(connection, 1 << 16, 4)
        target = os.readlink(f"/proc/self/fd/{fds[0]}")
        for fd in fds:
            os.close(fd)
        return json.loads(data), target

    def is_silent(self):
        self.server.setblocking(False)
        with pytest.raises(BlockingIOError):
            self.server.accept()
        return True


def notifying(bundle, **more):
    """A call that the program does not make: nobody has to answer."""
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_NOTIFY"}], **more}
    return bundle


@pytest.mark.parametrize("by", ["annotation", "environment"])
def test_receiver(runtime, bundle, tmp, by):
    receiver = Receiver(tmp / "agent")
    env = dict(os.environ)
    if by == "annotation":
        annotate(bundle, **{"run.oci.seccomp.receiver": str(tmp / "agent")})
    else:
        env["RUN_OCI_SECCOMP_RECEIVER"] = str(tmp / "agent")
    result = runtime.run(notifying(bundle, listenerMetadata="m"), env=env)
    assert result.status == 0, result.err
    state, target = receiver.listener()
    assert "seccomp notify" in target
    assert state["fds"] == ["seccompFd"] and state["metadata"] == "m"


def test_receiver_comes_behind_the_listener_path(runtime, bundle, tmp):
    path, annotation, variable = (Receiver(tmp / name) for name in "abc")
    env = {**os.environ, "RUN_OCI_SECCOMP_RECEIVER": str(tmp / "c")}
    annotate(bundle, **{"run.oci.seccomp.receiver": str(tmp / "b")})
    assert runtime.run(notifying(bundle), env=env).status == 0
    assert annotation.listener() and variable.is_silent()
    bundle.linux["seccomp"]["listenerPath"] = str(tmp / "a")
    assert runtime.run(bundle, env=env).status == 0
    assert path.listener() and annotation.is_silent() and variable.is_silent()


def test_receiver_that_is_not_there(runtime, bundle, tmp):
    annotate(bundle, **{"run.oci.seccomp.receiver": str(tmp / "agent")})
    result = runtime.fails(notifying(bundle))
    assert "/annotations/run.oci.seccomp.receiver" in result.err
    assert "no such file or directory" in result.err


# run.oci.delegate-cgroup

V2 = pytest.mark.needs(lambda: "" in host.cgroup_hierarchies(), "no cgroup v2 here")
INNER = {"run.oci.delegate-cgroup": "inner"}


def v2_path(pid):
    line = next(l for l in Path(f"/proc/{pid}/cgroup").read_text().splitlines() if l.startswith("0::"))
    return host.cgroup_hierarchies()[""].joinpath(line[3:].lstrip("/"))


@V2
@pytest.mark.parametrize("userns", [False, True])
def test_delegated_cgroup(runtime, bundle, userns):
    if userns:
        bundle.user_namespace()
    annotate(bundle.namespace("cgroup"), **INNER)
    container = runtime.start(bundle.sleep())
    path = v2_path(container.pid)
    assert path.name == "inner" and path.parent.name == container.id
    owner = 100000 if userns else 0
    for name in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
        assert (path / name).stat().st_uid == owner
    assert (path.parent / "cgroup.procs").stat().st_uid == 0
    assert not (path.parent / "cgroup.procs").read_text()
    paths = json.loads((container.state_dir / "state.json").read_text())["cgroup_paths"]
    assert paths[""] == str(path.parent)
    container.kill_and_delete()
    assert not path.parent.exists()


@V2
def test_delegated_cgroup_is_the_namespaces_root(runtime, bundle):
    annotate(bundle.namespace("cgroup"), **INNER)
    lines = runtime.output(bundle.args("/bin/cat", "/proc/self/cgroup")).splitlines()
    assert "0::/" in lines


@V2
def test_delegated_cgroup_can_be_managed(runtime, bundle):
    """Root of a user namespace makes cgroups below its own, and moves into them."""
    bundle.user_namespace()
    annotate(bundle.namespace("cgroup"), **INNER)
    bundle.without_mount("/sys/fs/cgroup").mount("/tmp", "cgroup2", "cgroup", ["rw"])
    bundle.capabilities("CAP_DAC_OVERRIDE")
    script = "mkdir /tmp/below && echo 0 > /tmp/below/cgroup.procs && grep ^0: /proc/self/cgroup"
    assert runtime.output(bundle.sh(script)) == "0::/below\n"


@V2
def test_delegated_cgroup_of_a_failed_create(runtime, bundle):
    annotate(bundle.namespace("cgroup"), **INNER)
    name = runtime.new_id()
    assert runtime.run(bundle.args("nosuchprogram"), id=name).status != 0
    assert host.cgroup_dirs(runtime.manager.directory(name)) == []


@V2
def test_signals_reach_a_delegated_cgroup(runtime, bundle):
    """kill --all and delete work on the container's own cgroup, above it."""
    annotate(bundle.namespace("cgroup").without_namespace("pid"), **INNER)
    container = runtime.start(bundle.sh("sleep 1000 & wait"))
    procs = v2_path(container.pid) / "cgroup.procs"
    host.wait_until(lambda: len(procs.read_text().split()) == 2)
    pids = procs.read_text().split()
    container.must("kill", "--all", "KILL")
    host.wait_until(lambda: not any(host.is_alive(pid) for pid in pids))
    container.must("delete")


def test_delegated_cgroup_without_a_namespace(runtime, bundle):
    annotate(bundle.without_namespace("cgroup"), **INNER)
    result = runtime.fails(bundle)
    assert "/annotations/run.oci.delegate-cgroup" in result.err and "hint:" in result.err


def test_delegated_cgroup_without_any(runtime, bundle):
    """The manager that makes no cgroup has none to delegate."""
    annotate(bundle.namespace("cgroup"), **INNER)
    bundle.resources.clear()
    bundle.without_mount("/sys/fs/cgroup").write()
    result = runtime.call("--cgroup-manager", "disabled", "run", "--bundle", bundle.path, runtime.new_id())
    assert result.status != 0
    assert "/annotations/run.oci.delegate-cgroup" in result.err
