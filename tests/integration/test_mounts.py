"""Mounts of every kind, where their mount points are made, and what "/" looks like in the end."""

import os
import re
import subprocess

import pytest

import host

SHOW = "cat /proc/self/mountinfo"


def shown(runtime, bundle, *options):
    """The container's mounts by mount point; the topmost of each."""
    return {m.point: m for m in host.parse_mountinfo(runtime.output(bundle.sh(SHOW), *options))}


def test_template(runtime, bundle):
    mounts = shown(runtime, bundle)
    assert mounts["/"].options >= {"ro"}
    assert mounts["/proc"].type == "proc"
    dev = mounts["/dev"]
    assert dev.type == "tmpfs"
    assert "nosuid" in dev.options and not {"ro", "relatime", "noatime", "noexec"} & dev.options
    assert {"size=65536k", "mode=755"} <= dev.super_options
    pts = mounts["/dev/pts"]
    assert pts.type == "devpts"
    assert {"gid=5", "mode=620", "ptmxmode=666"} <= pts.super_options
    assert {"nosuid", "noexec"} <= pts.options
    assert mounts["/dev/shm"].type == "tmpfs"
    assert {"nosuid", "noexec", "nodev"} <= mounts["/dev/shm"].options
    assert mounts["/dev/mqueue"].type == "mqueue"
    assert mounts["/sys"].type == "sysfs"
    assert {"nosuid", "noexec", "nodev", "ro"} <= mounts["/sys"].options


def test_order_is_that_of_the_config(runtime, bundle):
    bundle.mount("/tmp", "tmpfs", "tmpfs").mount("/tmp/in", "tmpfs", "tmpfs", ["ro"])
    points = [m.point for m in host.parse_mountinfo(runtime.output(bundle.sh(SHOW)))]
    assert points.index("/tmp") < points.index("/tmp/in")


def test_later_covers_earlier(runtime, bundle, tmp):
    (tmp / "file").write_text("below\n")
    bundle.bind(tmp, "/mnt").mount("/mnt", "tmpfs", "tmpfs")
    assert runtime.output(bundle.sh("ls /mnt")) == ""


# tmpfs

def test_tmpfs_options(runtime, bundle):
    bundle.mount("/mnt", "tmpfs", "tmpfs",
                 ["nosuid", "nodev", "noexec", "size=100k", "mode=1750", "uid=5", "gid=6"])
    bundle.sh(f"{SHOW}; stat -c '%a %u %g' /mnt")
    out = runtime.output(bundle)
    mount = {m.point: m for m in host.parse_mountinfo(out.rpartition("\n1750")[0])}["/mnt"]
    assert {"nosuid", "nodev", "noexec", "rw"} <= mount.options
    assert {"size=100k", "mode=1750", "uid=5", "gid=6"} <= mount.super_options
    assert out.endswith("1750 5 6\n")


def test_tmpfs_takes_the_mode_of_what_it_covers(runtime, bundle):
    (bundle.rootfs / "covered").mkdir()
    (bundle.rootfs / "covered").chmod(0o1735)
    bundle.mount("/covered", "tmpfs", "tmpfs").sh("stat -c %a /covered")
    assert runtime.output(bundle) == "1735\n"


def test_tmpfs_read_only(runtime, bundle):
    bundle.mount("/mnt", "tmpfs", "tmpfs", ["ro"])
    bundle.sh("touch /mnt/x")
    result = runtime.run(bundle)
    assert result.status == 1 and "Read-only file system" in result.err


def test_tmpcopyup(runtime, bundle):
    source = bundle.rootfs / "data"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "file").write_text("content\n")
    (source / "sub" / "file").chmod(0o640)
    os.chown(source / "sub" / "file", 7, 8)
    (source / "link").symlink_to("/etc/passwd")
    bundle.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"]).capabilities("CAP_DAC_OVERRIDE")
    bundle.sh("cat /data/sub/file; stat -c '%a %u %g' /data/sub/file; readlink /data/link; "
              "echo changed > /data/sub/file && cat /data/sub/file")
    assert runtime.output(bundle) == "content\n640 7 8\n/etc/passwd\nchanged\n"
    assert (source / "sub" / "file").read_text() == "content\n"


# Binds

def test_bind_directory_and_file(runtime, bundle, tmp):
    source = tmp / "source"
    source.mkdir()
    (source / "file").write_text("hello\n")
    bundle.bind(source, "/new/directory").bind(source / "file", "/new/name")
    assert runtime.output(bundle.sh("cat /new/directory/file /new/name")) == "hello\nhello\n"
    assert (bundle.rootfs / "new" / "directory").is_dir()
    assert (bundle.rootfs / "new" / "name").is_file()


def test_bind_writes_through(runtime, bundle, tmp):
    (tmp / "source").mkdir()
    bundle.bind(tmp / "source", "/mnt").sh("echo x > /mnt/made")
    runtime.output(bundle)
    assert (tmp / "source" / "made").read_text() == "x\n"


def test_bind_without_type(runtime, bundle, tmp):
    """"bind" or "rbind" among the options decides; type is only a hint."""
    (tmp / "source").write_text("x\n")
    bundle.mount("/mnt", None, tmp / "source", ["rbind"])
    bundle.mount("/mnt2", "none", tmp / "source", ["rbind"])
    assert runtime.output(bundle.sh("cat /mnt /mnt2")) == "x\nx\n"


@pytest.mark.hako_only
def test_bind_of_a_relative_source(runtime, bundle):
    """Relative to the bundle, says runtime-spec."""
    (bundle.path / "beside").write_text("beside\n")
    assert runtime.output(bundle.bind("beside", "/mnt").sh("cat /mnt")) == "beside\n"


def test_bind_over_a_link(runtime, bundle, tmp):
    """What the link leads to inside the root is covered, the link stays."""
    (tmp / "hosts").write_text("bound\n")
    (bundle.rootfs / "etc" / "resolv.conf").symlink_to("../run/systemd/resolv.conf")
    bundle.bind(tmp / "hosts", "/etc/resolv.conf")
    assert runtime.output(bundle.sh("cat /run/systemd/resolv.conf")) == "bound\n"
    assert os.readlink(bundle.rootfs / "etc" / "resolv.conf") == "../run/systemd/resolv.conf"


@pytest.mark.parametrize("option,expect,unexpected", [
    ("ro", "ro", "rw"), ("nosuid", "nosuid", ""), ("nodev", "nodev", ""), ("noexec", "noexec", ""),
    ("noatime", "noatime", "relatime"), ("nodiratime", "nodiratime", ""),
    ("relatime", "relatime", "noatime"), ("strictatime", "rw", "relatime"),
    pytest.param("nosymfollow", "nosymfollow", "", marks=pytest.mark.hako_only)])
def test_bind_flags(runtime, bundle, tmp, option, expect, unexpected):
    (tmp / "source").mkdir()
    options = shown(runtime, bundle.bind(tmp / "source", "/mnt", option))["/mnt"].options
    assert expect in options and unexpected not in options


def test_last_flag_wins(runtime, bundle, tmp):
    (tmp / "source").mkdir()
    bundle.bind(tmp / "source", "/a", "ro", "rw").bind(tmp / "source", "/b", "exec", "noexec")
    mounts = shown(runtime, bundle)
    assert "rw" in mounts["/a"].options
    assert "noexec" in mounts["/b"].options


def test_bind_and_rbind(runtime, bundle, host_mount):
    top = host_mount("top")
    (host_mount("top/sub") / "deep").write_text("")
    bundle.bind(top, "/flat").mount("/deep", "bind", top, ["rbind"])
    assert runtime.output(bundle.sh("ls /flat/sub; echo -; ls /deep/sub")) == "-\ndeep\n"


@pytest.mark.hako_only
def test_options_of_a_tmpfs_on_a_bind(runtime, bundle, tmp):
    """mount(2) passes over them; a warning names each. What may be a misspelt flag is an error."""
    source = tmp / "source"
    source.mkdir()
    source.chmod(0o700)
    bundle.mount("/mnt", "bind", source, ["mode=755", "size=1k", "rbind"])
    result = runtime.run(bundle.args("/bin/stat", "-c", "%a", "/mnt"))
    assert result.out == "700\n"
    assert "/options/0: 'mode=755'" in result.err and "/options/1: 'size=1k'" in result.err
    bundle.mounts[-1]["options"].append("nosiud")
    assert "/options/3" in runtime.fails(bundle).err


def test_read_only_is_not_recursive(runtime, bundle, host_mount):
    top = host_mount("top")
    host_mount("top/sub")
    mounts = shown(runtime, bundle.mount("/mnt", "bind", top, ["rbind", "ro"]))
    assert "ro" in mounts["/mnt"].options and "rw" in mounts["/mnt/sub"].options


@pytest.mark.parametrize("option,expect", [
    ("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec"),
    ("rnoatime", "noatime"), ("rnodiratime", "nodiratime"),
    pytest.param("rnosymfollow", "nosymfollow", marks=pytest.mark.hako_only)])
def test_recursive_flags(runtime, bundle, host_mount, option, expect):
    top = host_mount("top")
    host_mount("top/sub")
    mounts = shown(runtime, bundle.mount("/mnt", "bind", top, ["rbind", option]))
    assert expect in mounts["/mnt"].options and expect in mounts["/mnt/sub"].options
    on_host = {m.point: m.options for m in host.mounts()}
    assert expect not in on_host[str(top)], "the host's own mounts changed"


def test_recursive_clearing(runtime, bundle, host_mount):
    top = host_mount("top")
    host.mount(None, top, flags=0x20 | 0x2 | 0x1)  # remount: nosuid, read-only
    try:
        mounts = shown(runtime, bundle.mount("/mnt", "bind", top, ["rbind", "rrw", "rsuid"]))
        assert "rw" in mounts["/mnt"].options and "nosuid" not in mounts["/mnt"].options
    finally:
        host.mount(None, top, flags=0x20)


@pytest.mark.parametrize("option,expect", [
    ("private", r"^$"), ("rprivate", r"^$"), ("shared", r"shared:\d+"), ("rshared", r"shared:\d+"),
    ("slave", r"^master:\d+$"), ("rslave", r"^master:\d+$"), ("unbindable", r"unbindable"),
    ("runbindable", r"unbindable")])
def test_propagation(runtime, bundle, host_mount, option, expect):
    top = host_mount("top", host.MS_SHARED)
    mounts = shown(runtime, bundle.mount("/mnt", "bind", top, ["rbind", option]))
    assert re.search(expect, " ".join(mounts["/mnt"].propagation))


def test_shared_mount_reaches_the_host(runtime, bundle, host_mount):
    top = host_mount("top", host.MS_SHARED)
    bundle.linux["rootfsPropagation"] = "shared"
    bundle.mount("/mnt", "bind", top, ["rbind", "rshared"]).capabilities("CAP_SYS_ADMIN")
    container = runtime.start(bundle.sh(
        "mkdir /mnt/sub && mount -t tmpfs x /mnt/sub && echo mounted; sleep 1000"))
    container.wait_output("mounted")
    try:
        assert str(top / "sub") in {m.point for m in host.mounts()}
    finally:
        container.must("delete", "--force")
        host.umount(top / "sub")


def test_host_sees_no_mount_of_the_container(runtime, bundle, area):
    before = {m.point for m in host.mounts()}
    runtime.start(bundle.sleep())
    assert {m.point for m in host.mounts() if str(area) in m.point} == \
        {point for point in before if str(area) in point}


@pytest.mark.shows("run --no-pivot")
@pytest.mark.parametrize("flags", ["", "--no-pivot"])
def test_host_with_shared_mounts_sees_none_either(runtime, bundle, tmp, flags):
    """As with systemd: "/" and all below it are shared. In a mount namespace of the test's own."""
    bundle.sleep().write()
    name = runtime.new_id()
    hako = f"{runtime.program} --root {runtime.root}"
    script = f"""
        mount --make-rshared / || exit 99
        cat /proc/self/mountinfo > {tmp}/before
        {hako} run -d {flags} --bundle {bundle.path} {name} > {tmp}/out 2>&1 || exit 98
        cat /proc/self/mountinfo > {tmp}/during
        {hako} delete --force {name}
        cat /proc/self/mountinfo > {tmp}/after"""
    result = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, f"{result.returncode} {result.stderr}"
    before = [m.point for m in host.parse_mountinfo((tmp / "before").read_text())]
    assert [m.point for m in host.parse_mountinfo((tmp / "during").read_text())] == before
    assert [m.point for m in host.parse_mountinfo((tmp / "after").read_text())] == before


def test_thousand_binds(runtime, bundle, tmp):
    (tmp / "source").mkdir()
    for i in range(1000):
        bundle.bind(tmp / "source", f"/many/{i}")
    out = runtime.output(bundle.sh("grep -c ' /many/' /proc/self/mountinfo"))
    assert out == "1000\n"


# Mount points are never made outside the root

LINKS = {
    "absolute": lambda outside: outside,
    "relative": lambda outside: "../../../../../../../.." + outside,
    "to a link": lambda outside: "/second",
    "dangling": lambda outside: outside + "/missing",
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", ["directory", "file", "tmpfs"])
def test_link_out_of_the_root(runtime, bundle, tmp, link, kind):
    outside, source = tmp / "outside", tmp / "source"
    outside.mkdir()
    source.mkdir()
    (source / "file").write_text("bound\n")
    (bundle.rootfs / "evil").symlink_to(LINKS[link](str(outside)))
    (bundle.rootfs / "second").symlink_to(str(outside))
    if kind == "tmpfs":
        bundle.mount("/evil/a/b", "tmpfs", "tmpfs")
    else:
        bundle.bind(source if kind == "directory" else source / "file", "/evil/a/b")
    result = runtime.run(bundle.sh("ls -d /evil/a/b"))
    if runtime.is_hako:
        assert (result.status, result.out) == (0, "/evil/a/b\n")
    assert os.listdir(outside) == []


@pytest.mark.parametrize("destination", ["/../../../../../../..{}/x", "/tmp/../..{}/x", "..{}/x"])
def test_destination_with_dots(runtime, bundle, tmp, destination):
    outside = tmp / "outside"
    outside.mkdir()
    bundle.mount(destination.format(outside), "tmpfs", "tmpfs")
    runtime.run(bundle)
    assert os.listdir(outside) == []


@pytest.mark.hako_only
def test_relative_destination(runtime, bundle):
    """runtime-spec wants an absolute one; containers in the wild have these."""
    bundle.mount("mnt/x", "tmpfs", "tmpfs")
    assert runtime.output(bundle.sh("grep -c ' /mnt/x ' /proc/self/mountinfo")) == "1\n"


@pytest.mark.parametrize("target", ["tmp", "/tmp", "/etc"])
@pytest.mark.parametrize("point", ["proc", "sys"])
def test_proc_and_sys_must_be_directories(runtime, bundle, point, target):
    """CVE-2019-19921: a link there puts procfs where masks do not reach."""
    (bundle.rootfs / point).rmdir()
    (bundle.rootfs / point).symlink_to(target)
    runtime.fails(bundle)


@pytest.mark.hako_only
@pytest.mark.parametrize("destination", ["/proc/self/attr", "/proc/1", "/proc/sys/kernel", "/proc/x/../sys"])
def test_nothing_over_proc(runtime, bundle, tmp, destination):
    bundle.mount(destination, "tmpfs", "tmpfs")
    assert "proc" in runtime.fails(bundle).err


@pytest.mark.parametrize("name", ["uptime", "meminfo", "cpuinfo", "stat", "loadavg", "swaps"])
def test_lxcfs_over_proc(runtime, bundle, tmp, name):
    (tmp / "fake").write_text("fake\n")
    assert runtime.output(bundle.bind(tmp / "fake", f"/proc/{name}").sh(f"cat /proc/{name}")) == "fake\n"


def test_nothing_over_the_root(runtime, bundle):
    runtime.fails(bundle.mount("/", "tmpfs", "tmpfs"))


# Refused

def test_missing_source(runtime, bundle, tmp):
    result = runtime.fails(bundle.bind(tmp / "missing", "/mnt"))
    assert str(tmp / "missing") in result.err
    assert "no such file or directory" in result.err


def test_directory_over_file(runtime, bundle, tmp):
    """moby looks for these words."""
    (tmp / "source").mkdir()
    assert "not a directory" in runtime.fails(bundle.bind(tmp / "source", "/etc/passwd")).err


def test_file_over_directory(runtime, bundle, tmp):
    (tmp / "source").write_text("")
    assert "not a directory" in runtime.fails(bundle.bind(tmp / "source", "/etc")).err


def test_unknown_file_system(runtime, bundle):
    result = runtime.fails(bundle.mount("/mnt", "nosuchfs", "none"))
    assert "no such device" in result.err
    if runtime.is_hako:
        assert f"/mounts/{len(bundle.mounts) - 1}" in result.err


def test_unknown_option(runtime, bundle):
    assert "/mnt" in runtime.fails(bundle.mount("/mnt", "tmpfs", "tmpfs", ["nosuchoption=1"])).err


def test_bad_option_value(runtime, bundle):
    runtime.fails(bundle.mount("/mnt", "tmpfs", "tmpfs", ["size=x"]))


@pytest.mark.hako_only
def test_file_system_options_on_a_bind(runtime, bundle, tmp):
    assert "uid=5" in runtime.fails(bundle.bind(tmp, "/mnt", "uid=5")).err


# The root

def test_read_only_root(runtime, bundle):
    result = runtime.run(bundle.sh("touch /x"))
    assert result.status == 1 and "Read-only file system" in result.err
    assert not (bundle.rootfs / "x").exists()


def test_writable_root(runtime, bundle):
    runtime.output(bundle.writable().sh("touch /x"))
    assert (bundle.rootfs / "x").exists()


def test_nothing_of_the_host_is_left(runtime, bundle, area):
    points = [m.point for m in host.parse_mountinfo(runtime.output(bundle.sh(SHOW)))]
    expected = [m["destination"] for m in bundle.mounts]
    hidden = bundle.linux["maskedPaths"] + bundle.linux["readonlyPaths"]
    strange = [p for p in points if p != "/" and not any(
        p == e or p.startswith(e + "/") for e in expected) and p not in hidden]
    assert strange == []
    assert points.count("/") == 1


@pytest.mark.shows("run --no-pivot")
@pytest.mark.parametrize("flags", [[], ["--no-pivot"]])
def test_root_is_the_root_file_system(runtime, bundle, flags):
    (bundle.rootfs / "mark").write_text("here\n")
    out = runtime.output(bundle.sh("cat /mark; cd /..; cat mark; ls /proc/1/root/mark"), *flags)
    assert out == "here\nhere\n/proc/1/root/mark\n"


@pytest.mark.shows("run --no-pivot")
def test_no_pivot_hides_the_host(runtime, bundle):
    """MS_MOVE and chroot leave the old root below; it must not be reachable."""
    out = runtime.output(bundle.capabilities("CAP_SYS_CHROOT").sh(
        "mkdir -p /dev/d; chroot /dev/shm /bin/true 2>/dev/null; ls /"), "--no-pivot")
    assert "var" in out and "work" not in out.split()


@pytest.mark.hako_only
@pytest.mark.parametrize("how,expect", [("shared", r"shared:"), ("rshared", r"shared:"),
                                        ("slave", r"^(master:\d+)?$"), ("private", r"^$"),
                                        ("rprivate", r"^$"), ("unbindable", "unbindable")])
def test_root_propagation(runtime, bundle, how, expect):
    bundle.linux["rootfsPropagation"] = how
    root = shown(runtime, bundle)["/"]
    assert re.search(expect, " ".join(root.propagation))


def test_bad_root_propagation(runtime, bundle):
    bundle.linux["rootfsPropagation"] = "nosuch"
    runtime.fails(bundle)


# Masked and read-only paths

def test_masked_file_and_directory(runtime, bundle):
    (bundle.rootfs / "secret").write_text("secret\n")
    (bundle.rootfs / "hidden").mkdir()
    (bundle.rootfs / "hidden" / "file").write_text("secret\n")
    bundle.linux["maskedPaths"] += ["/secret", "/hidden", "/not/there"]
    bundle.writable().sh("cat /secret; ls -A /hidden; touch /hidden/x 2>&1; cat /proc/kcore; echo end")
    out = runtime.output(bundle)
    assert "secret\n" not in out
    assert out.endswith("end\n")
    assert "Read-only file system" in out
    assert not (bundle.rootfs / "not").exists()


@pytest.mark.hako_only
def test_masked_directories_share_one_file_system(runtime, bundle):
    for name in ("a", "b", "c"):
        (bundle.rootfs / name).mkdir()
    bundle.linux["maskedPaths"] = ["/a", "/b", "/c"]
    mounts = shown(runtime, bundle)
    assert len({mounts[p].device for p in ("/a", "/b", "/c")}) == 1
    assert "ro" in mounts["/a"].options


def test_mask_source_is_not_the_containers(runtime, bundle, tmp):
    """CVE-2025-31133: the image's /dev/null is a link to something else."""
    (tmp / "dev").mkdir()
    (tmp / "dev" / "null").symlink_to("/proc/sysrq-trigger")
    (bundle.rootfs / "secret").write_text("secret\n")
    bundle.linux["maskedPaths"] = ["/secret"]
    bundle.without_mount("/dev").without_mount("/dev/pts").without_mount("/dev/shm")
    bundle.without_mount("/dev/mqueue").bind(tmp / "dev", "/dev").sh("cat /secret; ls -l /secret")
    result = runtime.run(bundle)
    if result.status == 0:
        assert re.search(r"1, +3 ", result.out)


def test_readonly_paths(runtime, bundle):
    (bundle.rootfs / "fixed").mkdir()
    bundle.linux["readonlyPaths"] += ["/fixed", "/not/there"]
    bundle.writable().sh("touch /fixed/x 2>&1; touch /fine && echo fine; "
                         "echo 1 > /proc/sys/net/ipv4/ip_forward")
    result = runtime.run(bundle)
    assert "/fixed/x: Read-only file system" in result.out
    assert "fine\n" in result.out
    assert "Read-only file system" in result.err


def test_readonly_path_keeps_flags(runtime, bundle):
    bundle.linux["readonlyPaths"] = ["/proc/sys"]
    bundle.without_mount("/proc").mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"])
    assert {"ro", "nosuid", "noexec", "nodev"} <= shown(runtime, bundle)["/proc/sys"].options


# Cgroup mounts

def test_cgroup_mount(runtime, bundle):
    out = runtime.output(bundle.sh("cat /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs "
                                   "2>/dev/null; touch /sys/fs/cgroup/x 2>&1; " + SHOW))
    assert out.startswith("1\n")
    assert re.search("touch: /sys/fs/cgroup/x: (Read-only file system|Permission denied)", out)
    kinds = {m.type for m in host.parse_mountinfo(
        "\n".join(l for l in out.splitlines() if " - " in l)) if m.point.startswith("/sys/fs/cgroup")}
    assert kinds & {"cgroup", "cgroup2"}


@pytest.mark.needs(lambda: host.has_v1("memory"), "no v1 memory controller here")
def test_cgroup_v1_mount_shows_the_own_directory(runtime, bundle):
    bundle.namespace("cgroup").resources["memory"] = {"limit": 64 << 20}
    bundle.sh("cat /sys/fs/cgroup/memory/memory.limit_in_bytes; ls -d /sys/fs/cgroup/memory/" +
              runtime.prefix + "*")
    result = runtime.run(bundle)
    assert result.out == f"{64 << 20}\n"


# Other file systems

def test_mqueue_belongs_to_the_ipc_namespace(runtime, bundle):
    bundle.writable().sh("touch /dev/mqueue/q && ls /dev/mqueue")
    assert runtime.output(bundle) == "q\n"
    assert runtime.output(bundle.sh("ls /dev/mqueue")) == ""


def test_devpts_is_a_new_instance(runtime, bundle):
    assert runtime.output(bundle.sh("ls /dev/pts")) == "ptmx\n"
