"""Programs that cannot be executed: the error says whether it is the file, its interpreter, its dynamic
loader, or its machine; for create, run and exec alike."""

import struct

import pytest

EM = {"x86-64": 62, "64-bit ARM": 183, "RISC-V": 243, "s390": 22}


def native_machine():
    with open("/proc/self/exe", "rb") as file:
        return struct.unpack_from("<H", file.read(20), 18)[0]


def elf(machine=None, loader=None, segments=1):
    """A 64-bit ELF file, with a PT_INTERP segment where a loader is named."""
    offset = 64 + 56
    header = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 2, machine or native_machine(), 1,
                         0, 64, 0, 0, 64, 56, segments if loader else 0, 64, 0, 0)
    if not loader:
        return header
    name = loader.encode() + b"\0"
    return header + struct.pack("<IIQQQQQQ", 3, 4, offset, 0, 0, len(name), len(name), 1) + name


@pytest.fixture(params=["create", "exec"])
def error_of(request, runtime, bundle):
    """error_of(contents, mode=...) is what is said of a program with these contents."""

    def get(contents, mode=0o755, files=()):
        for name, text in ((("opt/tool", contents),) + tuple(files)):
            path = bundle.rootfs / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            path.chmod(mode if name == "opt/tool" else 0o755)
        if request.param == "create":
            bundle.args("/opt/tool")
            bundle.write()
            result = runtime.call("run", "--bundle", bundle.path, runtime.new_id())
            assert result.status == 1
        else:
            result = runtime.start(bundle.sleep()).exec("/opt/tool")
            assert result.status == 255
        return result.err

    return get


def test_missing_interpreter(error_of):
    assert ('exec: "/opt/tool": its interpreter /bin/nosuch is missing: no such file or directory'
            in error_of("#!/bin/nosuch -x\n"))


def test_carriage_return(error_of):
    error = error_of("#!/bin/sh\r\necho\r\n")
    assert "its interpreter /bin/sh" in error and "carriage return" in error


def test_interpreter_of_an_interpreter(error_of):
    assert "its interpreter /bin/nosuch is missing" in error_of(
        "#!/opt/second\n", files=[("opt/second", "#! /bin/nosuch\n")])


def test_interpreter_that_cannot_be_executed(error_of):
    assert ("its interpreter /etc/passwd cannot be executed: permission denied"
            in error_of("#!/etc/passwd\n"))


def test_missing_loader(error_of):
    error = error_of(elf(loader="/lib/ld-nosuch.so.1"))
    assert "its dynamic loader /lib/ld-nosuch.so.1 is missing: no such file or directory" in error
    assert "another C library" in error


def test_missing_loader_of_an_interpreter(error_of):
    assert "its dynamic loader /lib/ld-nosuch.so.1 is missing" in error_of(
        "#!/opt/second\n", files=[("opt/second", elf(loader="/lib/ld-nosuch.so.1"))])


def test_other_machine(error_of):
    machine = EM["s390"] if native_machine() != EM["s390"] else EM["x86-64"]
    error = error_of(elf(machine=machine))
    assert "exec /opt/tool: exec format error" in error
    assert "is a program for s390 machines, and this is" in error


def test_neither_elf_nor_script(error_of):
    error = error_of("echo forgot the first line\n")
    assert "exec format error" in error and 'does not begin with the "#!" of a script' in error


def test_empty_file(error_of):
    assert "/opt/tool is empty" in error_of("")


@pytest.mark.parametrize("contents", [
    b"#!", b"#!\n", b"#!   ", b"#!/" + b"x" * 5000, b"\x7fELF", elf()[:20], elf(loader="/x")[:70],
    elf(loader="/x", segments=65535), elf(loader="relative"), elf(loader="/x")[:-1] + b"y",
])
def test_nonsense_is_an_error_of_execve(error_of, contents):
    """Whatever is in the file, we neither hang nor crash over it."""
    error = error_of(contents)
    assert "killed" not in error and "ended unexpectedly" not in error
    assert "exec" in error
