"""dev.hako.landlock: what the kernel lets a container do under rules."""

import socket
import subprocess

import pytest

import host

pytestmark = pytest.mark.hako_only

LANDLOCK_CREATE_RULESET, LANDLOCK_VERSION = 444, 1
EACCES = 13
ROX = "rox:/bin"


def abi():
    return host.libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)


def needs(least):
    return pytest.mark.needs(lambda: abi() >= least, f"no Landlock of ABI {least} in this kernel")


def with_rules(bundle, rules):
    bundle.config.setdefault("annotations", {})["dev.hako.landlock"] = rules
    return bundle


READ = "cat /etc/passwd > /dev/null 2>&1 && echo read; "
WRITE = "echo x 2> /dev/null > /tmp/file && echo wrote; "
LIST = "ls /home > /dev/null 2>&1 && echo listed; "


def try_all(bundle):
    """On a tmpfs of its own /tmp can be written to."""
    return bundle.mount("/tmp", "tmpfs", "tmpfs", ["mode=1777"]).sh(READ + WRITE + LIST + "echo end")


@needs(5)
@pytest.mark.parametrize("rules,expected", [
    ("rwx:/", "read wrote listed end"),
    (f"{ROX}; rw:/dev", "end"),
    (f"{ROX}; rw:/dev; ro:/etc", "read end"),
    (f"{ROX}; rw:/dev,/tmp", "wrote end"),
    (f"{ROX}; rw:/dev; read_dir:/home", "listed end"),
    (f"{ROX}; rw:/dev; read_file:/etc/passwd", "read end"),
    (f"{ROX}; rw:/dev; ro:/etc/passwd", "read end"),
    (f"{ROX}; rw:/dev; read_file+read_dir:/etc,/home", "read listed end"),
    (f"{ROX}; write_file+make_reg+truncate:/dev,/tmp", "wrote end"),
    (f"{ROX}; write_file+truncate:/dev,/tmp", "end"),
])
@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("nnp", [True, False])
def test_files(runtime, bundle, rules, expected, user, nnp):
    """Nothing but what a rule allows, for root as for others, whichever way it came into force."""
    bundle.process["user"] = {"uid": user, "gid": user}
    bundle.process["noNewPrivileges"] = nnp
    with_rules(try_all(bundle), rules)
    assert runtime.output(bundle).split() == expected.split()


@needs(5)
@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("nnp", [True, False])
def test_in_a_user_namespace(runtime, bundle, user, nnp):
    bundle.user_namespace()
    bundle.process["user"] = {"uid": user, "gid": user}
    bundle.process["noNewPrivileges"] = nnp
    with_rules(try_all(bundle), f"{ROX}; rw:/dev,/tmp")
    assert runtime.output(bundle).split() == ["wrote", "end"]


@needs(5)
def test_binds_those_with_all_capabilities(runtime, bundle):
    """And their children; a mount that would lead around it is refused too."""
    bundle.all_capabilities("CAP_SYS_CHROOT", "CAP_DAC_READ_SEARCH")
    bundle.process["noNewPrivileges"] = False
    with_rules(bundle, f"{ROX}; rw:/dev")
    bundle.mount("/tmp", "tmpfs", "tmpfs", [])
    script = ("sh -c 'cat /etc/passwd > /dev/null 2>&1 && echo read'; "
              "mount -t tmpfs x /tmp 2>/dev/null && echo mounted; echo end")
    assert runtime.output(bundle.sh(script)) == "end\n"


@needs(5)
def test_with_seccomp(runtime, bundle):
    """The filter comes behind it and may forbid all of its calls."""
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
                      "action": "SCMP_ACT_KILL_PROCESS"}]}
    for nnp in (True, False):
        bundle.process["noNewPrivileges"] = nnp
        with_rules(try_all(bundle), f"{ROX}; rw:/dev")
        assert runtime.output(bundle) == "end\n"
        bundle.without_mount("/tmp")


@needs(5)
def test_execute(runtime, bundle):
    """Without the right the program itself cannot be run: that is an error of start."""
    with_rules(bundle, "rw:/")
    result = runtime.fails(bundle, foreseen=False)
    assert "permission denied" in result.err.lower()


@needs(5)
def test_start_container_hook(runtime, bundle):
    """It runs confined as the program does."""
    (bundle.rootfs / "bin/hook").write_text("#!/bin/sh\ncat /etc/passwd\n")
    (bundle.rootfs / "bin/hook").chmod(0o755)
    bundle.hook("startContainer", "/bin/hook")
    with_rules(bundle, f"{ROX}; rw:/dev")
    assert "startContainer hook #0" in runtime.fails(bundle).err


@needs(5)
def test_links_stay_inside(runtime, bundle):
    """A path of a rule is the container's, whatever its links say."""
    (bundle.rootfs / "outside").symlink_to("../../../../etc")
    with_rules(try_all(bundle), f"{ROX}; rw:/dev; ro:/outside")
    assert runtime.output(bundle) == "read\nend\n"


@needs(5)
def test_of_what_is_not_there(runtime, bundle):
    with_rules(bundle, f"{ROX}; ro:/no/such")
    result = runtime.fails(bundle)
    assert "/annotations/dev.hako.landlock" in result.err
    assert "'/no/such'" in result.err and "hint:" in result.err


@needs(5)
def test_directory_rights_of_a_file(runtime, bundle):
    with_rules(bundle, f"{ROX}; read_dir:/etc/passwd")
    assert "is no directory" in runtime.fails(bundle, foreseen=False).err


@needs(1)
def test_of_an_older_abi(runtime, bundle):
    """What that ABI has not got is not restricted: TRUNCATE came with 3."""
    script = "echo xyz > /tmp/f; truncate -s 1 /tmp/f 2>/dev/null && echo cut; echo end"
    bundle.mount("/tmp", "tmpfs", "tmpfs", []).sh(script)
    with_rules(bundle, f"abi:1; {ROX}; rw:/dev; write_file+make_reg:/tmp")
    assert runtime.output(bundle) == "cut\nend\n"


@needs(4)
@pytest.mark.parametrize("allowed,errno", [(True, 0), (False, EACCES)])
def test_connect(runtime, bundle, helper, allowed, errno):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        bundle.without_namespace("network")
        with_rules(bundle, f"connect_tcp:{port if allowed else 'none'}")
        bundle.bind(helper, "/helper", "ro").args("/helper", "connect", str(port))
        assert runtime.output(bundle) == f"errno {errno}\n"


@needs(4)
@pytest.mark.parametrize("rules,errno", [("bind_tcp:none", EACCES), ("bind_tcp:1", EACCES),
                                         ("bind_tcp:8080", 0), ("connect_tcp:none", 0)])
def test_bind(runtime, bundle, helper, rules, errno):
    with_rules(bundle, rules)
    bundle.bind(helper, "/helper", "ro").args("/helper", "bind", "8080")
    assert runtime.output(bundle) == f"errno {errno}\n"


@needs(6)
@pytest.mark.parametrize("scoped", [True, False])
def test_signal(runtime, bundle, scoped):
    """Not to a process outside, which without a pid namespace could be named."""
    victim = subprocess.Popen(["sleep", "1000"])
    try:
        bundle.without_namespace("pid").capabilities("CAP_KILL")
        with_rules(bundle, "scope:signal" if scoped else "bind_tcp:none")
        bundle.sh(f"kill {victim.pid} 2>/dev/null && echo sent; echo end")
        assert runtime.output(bundle).split() == ([] if scoped else ["sent"]) + ["end"]
    finally:
        victim.kill()
        victim.wait()


@pytest.mark.needs(lambda: abi() < 1, "this kernel has Landlock")
def test_that_is_not_there(runtime, bundle):
    with_rules(bundle, "ro:/")
    result = runtime.fails(bundle)
    assert "/annotations/dev.hako.landlock" in result.err and "hint:" in result.err


@needs(1)
def test_check_looks_for_the_paths(runtime, bundle):
    def complains():
        bundle.write()
        return "/annotations/dev.hako.landlock" in runtime.call("check", bundle.path).out

    with_rules(bundle, "abi:1; rox:/bin,/dev/null,/proc/self,/work,/tmp/x")
    bundle.mount("/tmp", "tmpfs", "tmpfs", []).process["cwd"] = "/work"
    assert not complains()
    with_rules(bundle, "abi:1; rox:/bin,/no/such")
    assert complains()


@needs(1)
def test_explain(runtime, bundle):
    with_rules(bundle, "abi:1;rox:/bin").write()
    text = runtime.must("explain", bundle.path).out
    assert "paths=[/bin]  path_rights=[execute+read_file+read_dir]" in text
    assert "landlock_restrict" in text
