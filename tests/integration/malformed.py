"""Malformed config.json files, made of valid ones: by what schema/config.schema.json says of each
property, and by hand where properties contradict each other. Knows nothing of the runtime: each case
has the JSON pointer that it broke."""

import copy
import json
import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((SOURCE / "schema" / "config.schema.json").read_text())
DATA = SOURCE / "tests" / "unit" / "spec" / "data"
FULL = json.loads((DATA / "full.json").read_text())
USER = json.loads((DATA / "full-user-namespace.json").read_text())

MIB = 1 << 20


class Case:
    """A malformed file. content: bytes, or a config to write out. pointer: of what is wrong, None where
    the text is no JSON at all; then line and column, or None, say where it ends to be."""

    def __init__(self, name, content, pointer, place=None):
        self.name = name
        self.content = content
        self.pointer = pointer
        self.place = place

    def render(self):
        """The text, and the line and column where the broken value begins."""
        if isinstance(self.content, bytes):
            return self.content, self.place
        writer = Writer()
        writer.value(self.content)
        text = b"".join(writer.parts)
        return text, writer.offset is not None and place_of(text, writer.offset)


def place_of(text, offset):
    return text.count(b"\n", 0, offset) + 1, offset - text.rfind(b"\n", 0, offset)


class Raw(str):
    """A value as the file spells it."""


class Members(list):
    """An object as a list of pairs: keys may come twice."""


class Broken:
    """The value that a case is about."""

    def __init__(self, value):
        self.value = value


class Writer:
    def __init__(self):
        self.parts = []
        self.size = 0
        self.offset = None

    def put(self, text):
        data = text.encode("utf-8", "surrogatepass")
        self.parts.append(data)
        self.size += len(data)

    def value(self, value):
        if isinstance(value, Broken):
            self.offset = self.size
            self.value(value.value)
        elif isinstance(value, Raw):
            self.put(value)
        elif isinstance(value, (dict, Members)):
            self.sequence("{", value.items() if isinstance(value, dict) else value, "}")
        elif isinstance(value, list):
            self.sequence("[", [(None, item) for item in value], "]")
        else:
            self.put(json.dumps(value, ensure_ascii=False))

    def sequence(self, begin, pairs, end):
        self.put(begin)
        for index, (key, item) in enumerate(pairs):
            self.put(",\n" if index else "")
            if key is not None:
                self.value(key)
                self.put(":")
            self.value(item)
        self.put(end)


def pointer_of(path):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def make(name, config, path):
    return Case(name, config, pointer_of(path))


def at(config, path):
    for part in path:
        config = config[part]
    return config


def replaced(config, path, value):
    """config with the value at path changed, which is what the case is about."""
    if not path:
        return Broken(value)
    config = copy.deepcopy(config)
    at(config, path[:-1])[path[-1]] = Broken(value)
    return config


def without(config, path):
    config = copy.deepcopy(config)
    del at(config, path[:-1])[path[-1]]
    return config


# Over the schema: (path, schema, may it be absent) of each value in the config that has a schema.

def resolve(schema):
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        schema = SCHEMA["definitions"][name]
    return schema


def is_ignored(schema):
    return schema.get("description", "").startswith("Not read")


def walk(schema, value, path=(), optional=False):
    schema = resolve(schema)
    if is_ignored(schema):
        return
    yield path, schema, optional
    if isinstance(value, dict):
        for key, item in value.items():
            below = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            if below:
                may_be_absent = "properties" in schema and key not in schema.get("required", [])
                yield from walk(below, item, (*path, key), may_be_absent)
    elif isinstance(value, list):
        # One element has all there is to see: the one with most in it, a later one if there are more.
        index = max(range(len(value)), key=lambda i: (len(json.dumps(value[i])), i))
        yield from walk(schema["items"], value[index], (*path, index))


SAMPLES = {"null": None, "boolean": True, "number": 7, "string": "text", "array": [], "object": {}}


def type_of(schema):
    kind = schema.get("type", "string")
    return "number" if kind == "integer" else kind


def wrong_types(path, schema, optional):
    for kind, value in SAMPLES.items():
        if kind != type_of(schema) and not (kind == "null" and optional):
            yield kind, value


def wrong_numbers(path, schema, optional):
    if schema.get("type") != "integer":
        return
    least, most = schema["minimum"], schema["maximum"]
    candidates = [-1, least - 1, most + 1, 1 << 31, 1 << 32, 1 << 63, 1 << 64, -(1 << 63) - 1,
                  10 ** 40]
    gap = [1, 9] if "anyOf" in schema else []  # of weights: 0, or 10 and more
    for number in dict.fromkeys(candidates + gap):
        if number < least or number > most or number in gap:
            yield f"{number}" if abs(number) < 10 ** 20 else "huge", Raw(number)
    for text in ("0.5", "1e2", "1e400"):
        yield text, Raw(text)


def wrong_names(path, schema, optional):
    names = schema.get("enum")
    if not names:
        return
    for what, name in (("unknown", "NONSENSE"), ("lower" if names[0].isupper() else "upper",
                                                names[0].swapcase()),
                       ("space", names[0] + " "), ("escape", "\x1b[31m\x07\u202e"),
                       ("longer", names[0] * 50000)):
        yield what, name


def fitting(pattern, length):
    """A text of that length that the pattern allows, or None."""
    for unit in ("x", "/x", "0", "rwm", "MB:", "A=", "1.0.0-"):
        text = unit + unit[-1] * (length - len(unit))
        if re.search(pattern, text):
            return text
    return None


def wrong_strings(path, schema, optional):
    if schema.get("type") != "string":
        return
    pattern, longest = schema.get("pattern", ""), schema.get("maxLength")
    for text in ("relative/path", "one\ntwo", "a b:c", "\x1b]0;x\x07", "?"):
        if pattern and not re.search(pattern, text):
            yield "pattern", text
            break
    if schema.get("minLength") or (pattern and not optional and not re.search(pattern, "")):
        yield "empty", ""
    if longest:
        yield "one too long", fitting(pattern, longest + 1)
        yield "1 MiB", fitting(pattern, MIB)
    yield "NUL", Raw(r'"/a\u0000b"')
    yield "not UTF-8", Raw(r'"/a\ud800b"')


def wrong_arrays(path, schema, optional):
    if schema.get("type") != "array":
        return
    if schema.get("minItems"):
        yield "empty", []


def duplicates(config, path, schema):
    """The first member of an object once more, at its end."""
    value = at(config, path)
    if isinstance(value, dict) and value:
        key = next(iter(value))
        twice = Members([*value.items(), (key, Broken(value[key]))])
        changed = twice
        if path:
            changed = copy.deepcopy(config)
            at(changed, path[:-1])[path[-1]] = twice
        yield make(f"{pointer_of(path) or '/'}: duplicate key {key}", changed, (*path, key))


def missing(config, path, schema):
    for key in schema.get("required", []):
        where = (*path, key)
        if key not in at(config, path):
            continue
        yield make(f"{pointer_of(where)}: missing", without(config, where), where)


MUTATIONS = [wrong_types, wrong_numbers, wrong_names, wrong_strings, wrong_arrays]
# One is as good as another: they have the same schema.
SAME = {"createRuntime": "prestart", "createContainer": "prestart", "startContainer": "prestart",
        "poststart": "prestart", "throttleWriteBpsDevice": "throttleReadBpsDevice",
        "throttleReadIOPSDevice": "throttleReadBpsDevice",
        "throttleWriteIOPSDevice": "throttleReadBpsDevice"}


def over_the_schema(config, prefix="", seen=()):
    for path, schema, optional in list(walk(SCHEMA, config)):
        if tuple(SAME.get(part, part) for part in path) != path or path in seen:
            continue
        yield from missing(config, path, schema)
        if path:
            yield from duplicates(config, path, schema)
        for mutation in MUTATIONS:
            for what, value in mutation(path, schema, optional):
                name = f"{prefix}{pointer_of(path) or '/'}: {what}"
                yield make(name, replaced(config, path, value), path)


# By hand.

def edit(name, pointer, change, base=FULL):
    """change works on a copy of base."""
    config = copy.deepcopy(base)
    change(config)
    return Case(name, config, pointer)


def namespaces(*kinds, **paths):
    def change(config):
        config["linux"]["namespaces"] = [
            {"type": kind, **({"path": paths[kind]} if kind in paths else {})} for kind in kinds]
    return change


def drop_namespace(kind):
    def change(config):
        config["linux"]["namespaces"] = [
            ns for ns in config["linux"]["namespaces"] if ns["type"] != kind]
    return change


def put(path, value):
    keys = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]

    def change(config):
        at(config, keys[:-1])[keys[-1]] = value
    return change


def add(path, value):
    keys = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]

    def change(config):
        at(config, keys).append(value)
    return change


def both(*changes):
    def change(config):
        for one in changes:
            one(config)
    return change


def remove(*paths):
    def change(config):
        for path in paths:
            keys = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]
            at(config, keys[:-1]).pop(keys[-1])
    return change


ID_MAP = {"containerID": 0, "hostID": 100000, "size": 1}


def scheduler(policy, **more):
    return put("/process/scheduler", {"policy": policy, **more})


def contradictions():
    yield edit("hostname without uts", "/hostname", drop_namespace("uts"))
    yield edit("domainname without uts", "/domainname", both(drop_namespace("uts"), remove("/hostname")))
    yield edit("masked paths without mount", "/linux/maskedPaths", drop_namespace("mount"))
    yield edit("read-only paths without mount", "/linux/readonlyPaths",
               both(drop_namespace("mount"), remove("/linux/maskedPaths")))
    yield edit("net devices without network", "/linux/netDevices",
               both(drop_namespace("network"), remove("/linux/sysctl")))
    yield edit("time offsets without time", "/linux/timeOffsets", drop_namespace("time"))
    yield edit("time offsets of a joined namespace", "/linux/timeOffsets",
               put("/linux/namespaces/6", {"type": "time", "path": "/proc/1/ns/time"}))
    for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup", "time"):
        yield edit(f"{kind} namespace twice", "/linux/namespaces/7", add("/linux/namespaces", {"type": kind}))
        yield edit(f"{kind} namespace twice, once by path", "/linux/namespaces/7",
                   add("/linux/namespaces", {"type": kind, "path": f"/proc/1/ns/{kind}"}))
    # rlimits, scheduler, I/O priority
    yield edit("rlimit twice", "/process/rlimits/2",
               add("/process/rlimits", {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}))
    yield edit("soft above hard", "/process/rlimits/1/soft", put("/process/rlimits/1/soft", 4097))
    for policy in ("SCHED_FIFO", "SCHED_RR", "SCHED_IDLE", "SCHED_DEADLINE"):
        yield edit(f"nice with {policy}", "/process/scheduler/nice", scheduler(policy, nice=1))
    for policy in ("SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE", "SCHED_DEADLINE"):
        yield edit(f"priority with {policy}", "/process/scheduler/priority", scheduler(policy, priority=1))
    for policy in ("SCHED_FIFO", "SCHED_RR"):
        yield edit(f"no priority with {policy}", "/process/scheduler/priority", scheduler(policy))
    for name in ("runtime", "deadline", "period"):
        yield edit(f"{name} with SCHED_OTHER", f"/process/scheduler/{name}",
                   scheduler("SCHED_OTHER", **{name: 1}))
        yield edit(f"{name} with SCHED_RR", f"/process/scheduler/{name}",
                   scheduler("SCHED_RR", priority=1, **{name: 1}))
    # user namespaces
    for kind in ("uidMappings", "gidMappings"):
        yield edit(f"{kind} without user namespace", f"/linux/{kind}", put(f"/linux/{kind}", [ID_MAP]))
        yield edit(f"user namespace without {kind}", f"/linux/{kind}", remove(f"/linux/{kind}"), USER)
        yield edit(f"user namespace with no {kind}", f"/linux/{kind}", put(f"/linux/{kind}", []), USER)
        for side, entry in (("container", {"containerID": 5, "hostID": 1, "size": 3}),
                            ("host", {"containerID": 5000, "hostID": 100999, "size": 1})):
            length = len(USER["linux"][kind])
            yield edit(f"{kind} overlap in the {side}", f"/linux/{kind}/{length}",
                       add(f"/linux/{kind}", entry), USER)
        yield edit(f"{kind} beyond the last id inside", f"/linux/{kind}/0/containerID",
                   put(f"/linux/{kind}/0", {"containerID": 1, "hostID": 0, "size": 4294967295}), USER)
        yield edit(f"{kind} beyond the last id outside", f"/linux/{kind}/0/hostID",
                   put(f"/linux/{kind}/0", {"containerID": 0, "hostID": 4294967294, "size": 2}), USER)
        many = [{"containerID": i, "hostID": i, "size": 1} for i in range(341)]
        yield edit(f"too many {kind}", f"/linux/{kind}", put(f"/linux/{kind}", many), USER)
    yield edit("user that is not mapped", "/process/user/uid", put("/process/user/uid", 1001), USER)
    yield edit("group that is not mapped", "/process/user/gid", put("/process/user/gid", 1000), USER)
    yield edit("additional group that is not mapped", "/process/user/additionalGids/1",
               add("/process/user/additionalGids", 1000), USER)
    yield edit("mount's uid that is not mapped", "/mounts/0/options/0", put("/mounts/0/options/0", "uid=1001"), USER)
    yield edit("mount's gid that is not mapped", "/mounts/0/options/1", put("/mounts/0/options/1", "gid=1000"), USER)
    # sysctls
    for key, kind in (("kernel.msgmax", "ipc"), ("kernel.msgmnb", "ipc"), ("kernel.msgmni", "ipc"),
                      ("kernel.sem", "ipc"), ("kernel.shmall", "ipc"), ("kernel.shmmax", "ipc"),
                      ("kernel.shmmni", "ipc"), ("kernel.shm_rmid_forced", "ipc"),
                      ("fs.mqueue.msg_max", "ipc"), ("fs/mqueue/msg_max", "ipc"),
                      ("net.ipv4.ip_forward", "network"), ("net/ipv4/ip_forward", "network"),
                      ("kernel.domainname", "uts"), ("user.max_mnt_namespaces", "user")):
        gone = both(drop_namespace(kind), remove("/linux/netDevices", "/hostname", "/domainname"),
                    put("/linux/sysctl", {key: "1"}))
        yield edit(f"sysctl {key} without {kind}", pointer_of(("linux", "sysctl", key)), gone)
    for key in ("kernel.hostname", "kernel/hostname", "vm.swappiness", "kernel.core_pattern", "nonsense",
                "net", "net..x", "net/../kernel/core_pattern", "/net/x", "", "kernel.msgmax.x", "net/."):
        yield edit(f"sysctl '{key}'", pointer_of(("linux", "sysctl", key)), put("/linux/sysctl", {key: "1"}))
    # mounts, devices, paths
    for target in ("/", "//", "/.", "/a/..", "../..", "."):
        yield edit(f"mount on {target}", "/mounts/1/destination", put("/mounts/1/destination", target))
    for path in ("/", "/dev/..", "/../.."):
        yield edit(f"device at {path}", "/linux/devices/1/path", put("/linux/devices/1/path", path))
    for name in ("major", "minor"):
        yield edit(f"device without {name}", f"/linux/devices/1/{name}", remove(f"/linux/devices/1/{name}"))
    for name in ("B", "=B", ""):
        yield edit(f"environment '{name}'", "/process/env/2", add("/process/env", name))
    yield edit("empty program name", "/process/args/0", put("/process/args/0", ""))
    yield edit("empty annotation key", "/annotations/", put("/annotations", {"": "x"}))
    # resources
    yield edit("device rule without access", "/linux/resources/devices/0/access",
               remove("/linux/resources/devices/0/access"))
    yield edit("swap without limit", "/linux/resources/memory/swap", remove("/linux/resources/memory/limit"))
    yield edit("swap below limit", "/linux/resources/memory/swap", put("/linux/resources/memory/swap", 536870911))
    yield edit("swap with unlimited memory", "/linux/resources/memory/swap",
               put("/linux/resources/memory/limit", -1))
    for key in ("", ".", "..", "a/b", "../x", "x" * 256):
        yield edit(f"cgroup file '{key[:10]}'", pointer_of(("linux", "resources", "unified", key))[:199],
                   put("/linux/resources/unified", {key: "1"}))
    for key in ("", "a b", "a\nb", "x" * 64):
        shown = pointer_of(("linux", "resources", "rdma", key)).replace("\n", "\\n")
        yield edit(f"rdma device {key[:10]!r}", shown, put("/linux/resources/rdma", {key: {"hcaHandles": 1}}))
    # netDevices, memoryPolicy, intelRdt
    for key in ("", ".", "..", "a/b", "a:b", "a b", "x" * 16):
        yield edit(f"net device '{key}'", pointer_of(("linux", "netDevices", key)),
                   put("/linux/netDevices", {key: {}}))
        if key:
            yield edit(f"net device's name '{key}'", "/linux/netDevices/eth5/name",
                       put("/linux/netDevices/eth5/name", key))
    for mode in ("DEFAULT", "LOCAL"):
        yield edit(f"nodes with MPOL_{mode}", "/linux/memoryPolicy/nodes",
                   put("/linux/memoryPolicy", {"mode": f"MPOL_{mode}", "nodes": "0"}))
    for mode in ("BIND", "INTERLEAVE", "WEIGHTED_INTERLEAVE", "PREFERRED_MANY"):
        yield edit(f"no nodes with MPOL_{mode}", "/linux/memoryPolicy/nodes",
                   put("/linux/memoryPolicy", {"mode": f"MPOL_{mode}"}))
    for name in (".", "..", "a/b", "/a"):
        yield edit(f"closID '{name}'", "/linux/intelRdt/closID", put("/linux/intelRdt/closID", name))
    # seccomp
    yield edit("default action notify", "/linux/seccomp/defaultAction",
               both(put("/linux/seccomp/defaultAction", "SCMP_ACT_NOTIFY"), remove("/linux/seccomp/defaultErrnoRet")))
    # known when the host has been looked at, which has no resctrl
    without = remove("/linux/intelRdt", "/linux/seccomp/listenerPath")
    yield edit("notify without listener", "/linux/seccomp/listenerPath",
               both(without, remove("/linux/seccomp/listenerMetadata")))
    yield edit("notify for write", "/linux/seccomp/syscalls/1/names/1",
               put("/linux/seccomp/syscalls/1/names", ["mknod", "write"]))
    yield edit("metadata without listener", "/linux/seccomp/listenerMetadata",
               both(without, remove("/linux/seccomp/syscalls/1")))
    for action in ("ALLOW", "KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "LOG"):
        yield edit(f"default errno with {action}", "/linux/seccomp/defaultErrnoRet",
                   put("/linux/seccomp/defaultAction", f"SCMP_ACT_{action}"))
        yield edit(f"errno with {action}", "/linux/seccomp/syscalls/2/errnoRet",
                   put("/linux/seccomp/syscalls/2/action", f"SCMP_ACT_{action}"))
    yield edit("errno out of range", "/linux/seccomp/syscalls/2/errnoRet", put("/linux/seccomp/syscalls/2/errnoRet", 4096))


def nested(levels):
    return Raw("[" * levels + "]" * levels)


def text_level():
    """What is wrong with the text, whatever it says."""
    for where in ("annotations", "nonsense"):
        for levels in (129, 5000, 200000):
            pointer = ("/" + where + "/0" * 127)[:199]
            name = f"{levels} levels below /{where}"
            config = {where: nested(levels), **FULL} if where not in FULL else {**FULL, where: nested(levels)}
            yield Case(name, config, pointer)
    good = Case("", FULL, None).render()[0]
    for name, old, new, pointer in (
            ("byte that is no UTF-8", b':"web"', b':"w\xffb"', "/hostname"),
            ("overlong UTF-8", b':"web"', b':"w\xc0\xafb"', "/hostname"),
            ("surrogate in UTF-8", b':"web"', b':"w\xed\xa0\x80b"', "/hostname"),
            ("cut UTF-8", b':"web"', b':"we\xe2\x82"', "/hostname"),
            ("key that is no UTF-8", b'"cwd"', b'"cw\xff"', "/process"),
            ("key with NUL", b'"cwd"', b'"cwd\\u0000"', "/process"),
            ("key with lone surrogate", b'"cwd"', b'"cwd\\udc00"', "/process"),
            ("NUL in an unknown property", b'"hostname"', b'"unknown":"\\u0000","hostname"', "/unknown"),
            ("duplicate key by an escape", b'"cwd":"/"', b'"cwd":"/","\\u0063wd":"/"', "/process/cwd"),
            ("duplicate unknown keys", b'"hostname"', b'"u":{"a":1,"a":2},"hostname"', "/u/a")):
        assert good.count(old) == 1
        yield Case(name, good.replace(old, new), pointer)


def syntax():
    """No JSON at all."""
    good = Case("", FULL, None).render()[0]
    key = b'"hostname":'
    value = good.index(key) + len(key)
    line, column = place_of(good, value)
    for name, new, plus in (("bare word", b"web", 0), ("single quotes", b"'web'", 0), ("control character", b'"w\neb"', 2),
                            ("raw NUL", b'"w\0eb"', 2), ("raw escape", b'"w\x1beb"', 2), ("unknown escape", b'"\\web"', 2), ("leading plus", b"+1", 0),
                            ("NaN", b"NaN", 0), ("comment", b'/* x */"web"', 0), ("hexadecimal", b"0x1F", 1), ("leading zero", b"01", 1),
                            ("nothing", b"", 0), ("two values", b'"web" "web"', 6), ("bare fraction", b".5", 0)):
        yield Case(f"syntax: {name}", good[:value] + new + good[value + len('"web"'):], None,
                   (line, column + plus))
    for name, text in (("empty", b""), ("white space", b" \n\t"), ("cut", good[:-1]), ("cut in a string", good[:value + 2]),
                       ("garbage behind", good + b"x"), ("two texts", good + b"{}"), ("NUL behind", good + b"\0"),
                       ("byte order mark", b"\xef\xbb\xbf" + good), ("UTF-16", good.decode().encode("utf-16")), ("binary", bytes(range(256)))):
        yield Case(f"syntax: {name}", text, None)


def cases():
    found = list(over_the_schema(FULL))
    seen = {path for path, _, _ in walk(SCHEMA, FULL)}
    found += over_the_schema(USER, "user namespace: ", seen)
    found += contradictions()
    found += text_level()
    found += syntax()
    return found
