"""linux.netDevices. "The host" is a network namespace that each test makes and hako runs in, so that
no device of the machine is ever touched."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import host
from containers import PREFIX
from counting import IMAGE, Counting, needs_criu
from runtime import Runtime

def has_veth():
    return shutil.which("ip") and subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "hkt0", "type", "veth"],
        capture_output=True).returncode == 0


pytestmark = [pytest.mark.hako_only,
              pytest.mark.needs(has_veth, "no ip(8), or no veth devices in this kernel")]


class Network:
    """A network namespace as long as a process lives in it."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
        self.path = f"/proc/{self.holder.pid}/ns/net"
        host.wait_until(lambda: os.readlink(self.path) != host.namespace("self", "net"))
        self.enter = ["nsenter", f"--net={self.path}", "--"]

    def end(self):
        self.holder.kill()
        self.holder.wait()

    def ip(self, *args):
        return subprocess.run([*self.enter, "ip", *map(str, args)], check=True, capture_output=True,
                              text=True).stdout

    def devices(self):
        """{name: {"up", "mtu", "mac", "addresses": {address/length: what else is known of it}}}"""
        found = described(json.loads(self.ip("-json", "address", "show")))
        return {name: device for name, device in found.items() if not name.startswith("peer-")}

    def routes(self):
        return self.ip("route", "show").splitlines()

    def add(self, name, *addresses, up=True):
        """One end of a veth pair; the other stays here as peer-NAME."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", f"peer-{name}")
        self.ip("link", "set", f"peer-{name}", "up")
        for address in addresses:
            self.ip("address", "add", *address.split(), "dev", name)
        if up:
            self.ip("link", "set", name, "up")


def described(links):
    found = {}
    for link in links:
        addresses = {}
        for a in link["addr_info"]:
            if a.get("protocol") == "kernel_ll" or a["local"].startswith("fe80:"):
                continue  # made by the kernel, sooner or later
            kept = {k: a[k] for k in ("scope", "label", "broadcast", "address", "metric", "noprefixroute",
                                      "deprecated", "secondary", "nodad") if k in a}
            addresses[f"{a['local']}/{a['prefixlen']}"] = kept
        found[link["ifname"]] = SimpleNamespace(up="UP" in link["flags"], mtu=link["mtu"],
                                                mac=link.get("address"), addresses=addresses)
    return found


@pytest.fixture
def make_network():
    made = []

    def make():
        made.append(Network())
        return made[-1]

    yield make
    for network in made:
        network.end()


@pytest.fixture
def network(make_network):
    return make_network()


@pytest.fixture
def inside(network, tmp, area, program):
    """The runtime, in that namespace."""
    wrapper = tmp / "hako"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(network.enter)} {program} "$@"\n')
    wrapper.chmod(0o755)
    return Runtime(wrapper, area, f"{PREFIX}{network.holder.pid}")


def wants(bundle, **devices):
    """name=NAME_IN_THE_CONTAINER, or None for the same."""
    bundle.linux["netDevices"] = {name: {"name": other} if other else {}
                                  for name, other in devices.items()}
    return bundle


def of(container):
    """The devices in a container's network namespace."""
    return described(json.loads(subprocess.run(
        ["nsenter", f"--net=/proc/{container.pid}/ns/net", "ip", "-json", "address", "show"],
        check=True, capture_output=True, text=True).stdout))


ADDRESSES = ["10.1.2.3/24 broadcast 10.1.2.255 label d0:web metric 77",
             "10.1.2.4/24 label other:1 noprefixroute",
             "192.0.2.1 peer 192.0.2.2/32",
             "fd00::5/64",
             "fd00::6/64 preferred_lft 0 nodad",
             "fd00::7 peer fd00::8/128"]


def test_moved_with_everything(inside, network, bundle):
    network.add("d0", *ADDRESSES, "10.9.9.9/24 scope link", "10.9.8.1/24 valid_lft 500 preferred_lft 400")
    network.ip("link", "set", "d0", "mtu", "1400")
    before = network.devices()["d0"]
    container = inside.start(wants(bundle, d0="c0").sleep())
    after = of(container)
    assert sorted(after) == ["c0", "lo"] and list(network.devices()) == ["lo"]
    assert after["c0"].up and after["lo"].up
    assert (after["c0"].mtu, after["c0"].mac) == (1400, before.mac)
    # What is not permanent and global stays behind; a label goes by the device's name.
    expected = {key: dict(value) for key, value in before.addresses.items()
                if not key.startswith("10.9.")}
    for value in expected.values():
        if value.get("label", "").split(":")[0] == "d0":
            value["label"] = value["label"].replace("d0", "c0")
    assert after["c0"].addresses == expected
    assert after["c0"].addresses["10.1.2.3/24"]["label"] == "c0:web"
    assert after["c0"].addresses["10.1.2.4/24"] == {"scope": "global", "label": "other:1",
                                                   "secondary": True, "noprefixroute": True}
    assert after["c0"].addresses["fd00::6/64"]["deprecated"] is True


def test_the_container_sees_it(inside, network, bundle):
    network.add("d0", "10.1.2.3/24")
    out = inside.output(wants(bundle, d0="c0").sh("ip address show c0; ls /sys/class/net"))
    assert "UP" in out and "inet 10.1.2.3/24" in out
    assert out.split()[-2:] == ["c0", "lo"]


def test_a_device_that_was_down(inside, network, bundle):
    network.add("d0", "10.1.2.3/24", up=False)
    device = of(inside.start(wants(bundle, d0=None).sleep()))["d0"]
    assert device.up and list(device.addresses) == ["10.1.2.3/24"]


def test_packets_go_through(inside, network, bundle):
    network.add("v0", "10.1.2.2/24")
    network.ip("address", "add", "10.1.2.1/24", "dev", "peer-v0")
    bundle.capabilities("CAP_NET_RAW").sh("ping -c 1 -W 5 10.1.2.1")
    assert "1 packets received" in inside.output(wants(bundle, v0="eth0"))


def test_several(inside, network, bundle):
    """Each with its own addresses; names may be swapped."""
    for i in range(4):
        network.add(f"d{i}", f"10.1.{i}.1/24")
    after = of(inside.start(wants(bundle, d0="d1", d1="d0", d2=None, d3="eth0").sleep()))
    assert {name: list(d.addresses) for name, d in after.items() if name != "lo"} == {
        "d1": ["10.1.0.1/24"], "d0": ["10.1.1.1/24"], "d2": ["10.1.2.1/24"], "eth0": ["10.1.3.1/24"]}
    assert list(network.devices()) == ["lo"]


def test_template(inside, network, make_network, bundle):
    """The kernel finds free names, and the labels follow them."""
    other = make_network()
    other.add("eth0")
    network.add("one", "10.1.1.1/24 label one:x")
    network.add("two", "10.1.2.1/24")
    wants(bundle, one="eth%d", two="eth%d").namespace("network", other.path)
    inside.start(bundle.sleep())
    after = other.devices()
    assert sorted(after) == ["eth0", "eth1", "eth2", "lo"]
    assert after["eth1"].addresses["10.1.1.1/24"]["label"] == "eth1:x"
    assert list(after["eth2"].addresses) == ["10.1.2.1/24"]


def test_alternative_name(inside, network, bundle):
    network.add("d0", "10.1.2.3/24")
    network.ip("link", "property", "add", "dev", "d0", "altname", "other")
    assert "d0" in of(inside.start(wants(bundle, other=None).sleep()))


def test_index_in_use(inside, network, make_network, bundle):
    """The kernel gives the device another index then."""
    other = make_network()
    for i in range(20):
        other.add(f"x{i}", up=False)
    network.add("d0", "10.1.2.3/24")
    inside.start(wants(bundle, d0="x").namespace("network", other.path).sleep())
    assert list(other.devices()["x"].addresses) == ["10.1.2.3/24"] and other.devices()["x"].up
    assert not other.devices()["x0"].up


def test_joined_namespace(inside, network, make_network, bundle):
    """Loopback there is none of our business."""
    other = make_network()
    network.add("d0", "10.1.2.3/24")
    inside.start(wants(bundle, d0="c0").namespace("network", other.path).sleep())
    after = other.devices()
    assert after["c0"].up and "10.1.2.3/24" in after["c0"].addresses
    assert not after["lo"].up


def test_user_namespace(inside, network, bundle):
    network.add("d0", "10.1.2.3/24", "fd00::5/64")
    after = of(inside.start(wants(bundle, d0="c0").user_namespace().sleep()))
    assert after["c0"].up and sorted(after["c0"].addresses) == ["10.1.2.3/24", "fd00::5/64"]


def test_sysctls_and_hooks_find_it(inside, network, bundle, tmp):
    network.add("d0")
    wants(bundle, d0="c0").linux["sysctl"] = {"net.ipv4.conf.c0.forwarding": "1"}
    bundle.hook_script("createRuntime", f"nsenter --net=/proc/$(grep -o '\"pid\": *[0-9]*' | "
                       f"grep -o '[0-9]*')/ns/net ip link show c0 >{tmp}/runtime")
    bundle.hook_script("createContainer", f"ip link show c0 >{tmp}/container")
    assert inside.output(bundle.sh("cat /proc/sys/net/ipv4/conf/c0/forwarding")).strip() == "1"
    assert "UP" in (tmp / "runtime").read_text() and "UP" in (tmp / "container").read_text()


@pytest.mark.parametrize("devices", [{}, {"d0": "c0"}])
def test_the_program_is_known_by_its_name(inside, network, bundle, program, tmp, devices):
    """What moves devices needs a library: a statically linked program has executed its other form for that."""
    network.add("d0")
    bundle.hook_script("createRuntime", f"cat /proc/$PPID/comm >{tmp}/name; tr '\\0' '\\n' </proc/$PPID/cmdline >{tmp}/line")
    container = inside.create(wants(bundle, **devices).sleep(), "--no-new-keyring")
    assert (tmp / "name").read_text().strip() == Path(program).name
    line = (tmp / "line").read_text().splitlines()
    assert line[0] == str(program) and line[-2:] == ["--no-new-keyring", container.id]


def test_delete_gives_nothing_back(inside, network, bundle):
    network.add("d0", "10.1.2.3/24")
    inside.start(wants(bundle, d0="c0").sleep()).must("delete", "--force")
    assert network.ip("-brief", "link", "show").split()[0] == "lo"
    # a veth takes its peer along, when the kernel comes to take the namespace away
    host.wait_until(lambda: "d0" not in network.ip("link", "show"), "the end of the devices")


def test_explain(inside, bundle):
    """Nothing is looked for yet."""
    wants(bundle, nosuch=None).write()
    plan = inside.must("explain", bundle.path, root=False).out
    assert "net-devices" in plan and "/linux/netDevices" in plan


def test_features(inside):
    assert json.loads(inside.must("features", root=False).out)["linux"]["netDevices"]["enabled"] is True


# Failures: the device is as it was

@pytest.fixture
def untouched(network):
    """d0, which must be as it was when the test ends."""
    network.add("d0", *ADDRESSES, "10.9.9.9/24 scope link")
    before = network.devices()["d0"]
    yield
    after = network.devices()
    assert sorted(after) == ["d0", "lo"] or sorted(after) == ["d0", "d1", "lo"]
    assert vars(after["d0"]) == vars(before)


@pytest.fixture
def routes_stay(network, untouched):
    """A device that has not been moved keeps what a move loses as well."""
    network.ip("route", "add", "198.51.100.0/24", "via", "10.1.2.99")
    before = network.routes()
    yield
    assert network.routes() == before


@pytest.mark.parametrize("name, pointer", [("nosuch", "nosuch"), ("no~such", "no~0such")])
def test_no_such_device(inside, routes_stay, bundle, name, pointer):
    result = inside.fails(wants(bundle, d0="c0", **{name: None}))
    assert f"/linux/netDevices/{pointer}: find the network device '{name}'" in result.err
    assert "no such device" in result.err and "hint: " in result.err


def test_name_taken(inside, routes_stay, make_network, bundle):
    other = make_network()
    other.add("c0", up=False)
    result = inside.fails(wants(bundle, d0="c0").namespace("network", other.path), foreseen=False)
    assert "/linux/netDevices/d0: " in result.err and "has a device 'c0' already" in result.err
    assert "hint: " in result.err and "eth%d" in result.err
    assert not other.devices()["c0"].up


def test_without_libmnl(inside, network, untouched, bundle, tmp):
    """Only who moves devices needs it."""
    (tmp / "libmnl.so.0").touch()
    wrapper = Path(inside.program)
    wrapper.write_text(wrapper.read_text().replace("exec ", f"export LD_LIBRARY_PATH={tmp}\nexec "))
    result = inside.fails(wants(bundle, d0="c0"))
    assert "/linux/netDevices: load libmnl.so.0 for linux.netDevices: " in result.err
    assert "hint: install libmnl" in result.err
    bundle.linux.pop("netDevices")
    assert inside.run(bundle.sh("true")).status == 0


def test_name_of_loopback(inside, routes_stay, bundle):
    assert "has a device 'lo' already" in inside.fails(wants(bundle, d0="lo"), foreseen=False).err


def test_a_device_that_may_not_move(inside, untouched, bundle):
    """The one before it has been moved, and comes back."""
    result = inside.fails(wants(bundle, d0="c0", lo="lo1"), foreseen=False)
    assert "/linux/netDevices/lo: move the network device 'lo'" in result.err
    assert "invalid argument" in result.err and "hint: the kernel keeps loopback" in result.err


@pytest.mark.parametrize("command", ["create", "run"])
@pytest.mark.parametrize("user", [False, True])
def test_no_program(inside, network, untouched, bundle, command, user):
    """A later step fails; where the container has a user namespace, its socket could not do this."""
    if user:
        bundle.user_namespace()
    network.add("d1", "10.1.7.1/24", up=False)
    result = inside.fails(wants(bundle, d0="c0", d1="d0").args("/nosuch"), command=command)
    assert "/nosuch" in result.err and "give back" not in result.err
    d1 = network.devices()["d1"]
    assert not d1.up and list(d1.addresses) == ["10.1.7.1/24"]


def test_program_that_does_not_execute(inside, untouched, bundle):
    """The last of all failures: behind "created"."""
    program = bundle.rootfs / "bin/broken"
    program.write_bytes(b"\x7fELF of no kind")
    program.chmod(0o755)
    result = inside.fails(wants(bundle, d0="c0").args("/bin/broken"), foreseen=False)
    assert "exec format error" in result.err


def test_failing_hook(inside, untouched, bundle):
    wants(bundle, d0="c0").hook_script("createRuntime", "exit 3")
    assert "exit status 3" in inside.fails(bundle).err


def test_left_behind_in_a_joined_namespace(inside, untouched, make_network, bundle):
    """Not lost, and not left in there either."""
    other = make_network()
    other.add("d0", up=False)
    inside.fails(wants(bundle, d0="c0").namespace("network", other.path).args("/nosuch"))
    assert sorted(other.devices()) == ["d0", "lo"]


def test_address_that_cannot_be_given(inside, untouched, make_network, bundle):
    other = make_network()
    subprocess.run([*other.enter, "sh", "-c",
                    "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"], check=True)
    result = inside.fails(wants(bundle, d0="c0").namespace("network", other.path), foreseen=False)
    assert "give the network device 'd0' its address fd00::" in result.err
    assert "hint: is IPv6 disabled" in result.err


def test_two_of_one_name(inside, routes_stay, bundle):
    result = inside.fails(wants(bundle, d0="c0", d1="c0"))
    assert "/linux/netDevices/d1/name: 'c0' is the name of 'd0'" in result.err


@pytest.mark.parametrize("path", [None, "own"])
def test_no_namespace_to_go_to(inside, network, routes_stay, bundle, path):
    wants(bundle, d0="c0").without_namespace("network")
    if path:
        bundle.namespace("network", network.path)
    result = inside.fails(bundle)
    assert "/linux/netDevices: network devices need" in result.err


def test_in_a_user_namespace(network, routes_stay, bundle, tmp, area, program):
    """Root of a user namespace is not the host's."""
    wrapper = tmp / "hako-as-root-of-nothing"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(network.enter)} unshare -Ur {program} "$@"\n')
    wrapper.chmod(0o755)
    runtime = Runtime(wrapper, area, f"{PREFIX}{network.holder.pid}")
    result = runtime.fails(wants(bundle, d0="c0"))
    assert "/linux/netDevices: a rootless container cannot take network devices" in result.err


@needs_criu
@pytest.mark.shows("restore --empty-ns")
def test_restore_moves_them_again(inside, network, bundle, tmp, counter):
    """Into an empty namespace. What an image has of a network criu makes itself."""
    address = "10.1.2.3/24"
    network.add("d0", address)
    counting = Counting(inside, wants(bundle, d0="c0"), tmp, counter)
    counting.start()
    counting.checkpoint(*IMAGE, "--empty-ns", "network")
    assert "d0" not in network.devices(), "it went with the namespace"
    network.add("d0", address)
    err = counting.cannot_restore(*IMAGE)
    assert "/linux/netDevices: restore moves network devices into an empty network namespace only" in err
    bundle.hook_script("createRuntime", 'pid=$(sed \'s/.*"pid":\\([0-9]*\\).*/\\1/\')\n'
                       f"grep -c c0: /proc/$pid/net/dev > {tmp}/hook; exit $(cat {tmp}/status)")
    bundle.write()
    (tmp / "status").write_text("3")
    counting.cannot_restore(*IMAGE, "--empty-ns", "network")
    assert list(network.devices()["d0"].addresses) == [address], "it has come back"
    (tmp / "status").write_text("0")
    container = counting.restore(*IMAGE, "--empty-ns", "network")
    assert (tmp / "hook").read_text() == "1\n"
    assert "d0" not in network.devices()
    device = of(container)["c0"]
    assert device.up and list(device.addresses) == [address]
