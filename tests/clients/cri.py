"""A client of Kubernetes' CRI. The messages are described by the containerd program itself: Go programs
carry the descriptors of their protocols, so that nothing of Kubernetes' has to be in this tree."""

import functools
import re
import shutil
import zlib
from pathlib import Path

import pytest

grpc = pytest.importorskip("grpc", reason="python3-grpcio is not installed")
pytest.importorskip("google.protobuf", reason="python3-protobuf is not installed")
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory  # noqa: E402

import host  # noqa: E402
from daemons import CONTRIB  # noqa: E402

PACKAGE = "runtime.v1"
GZIP = b"\x1f\x8b\x08\0\0\0\0\0"


def compressed(program):
    """Every gzip stream without a name that a program carries, unpacked."""
    start = program.find(GZIP)
    while start >= 0:
        try:
            yield zlib.decompressobj(31).decompress(program[start:])
        except zlib.error:
            pass
        start = program.find(GZIP, start + 1)


@functools.lru_cache(maxsize=None)
def messages():
    """make(name) gives the class of a message of the CRI."""
    program = Path(shutil.which("containerd")).read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for data in compressed(program):
        file = descriptor_pb2.FileDescriptorProto()
        try:
            file.ParseFromString(data)
        except Exception:  # protobuf's implementations raise different ones
            continue
        if file.package == PACKAGE:
            # Options of Go's code generator: of no meaning on the wire.
            del file.dependency[:]
            pool.Add(file)
            return functools.partial(message_class, pool)
    pytest.skip("this containerd carries no compressed descriptors of the CRI")


def message_class(pool, name):
    descriptor = pool.FindMessageTypeByName(f"{PACKAGE}.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


class Error(Exception):
    """What a call failed with: the code's name and the text."""

    def __init__(self, error):
        super().__init__(f"{error.code().name}: {error.details()}")
        self.code = error.code().name
        self.text = error.details()


class Cri:
    """Calls as dicts: cri.call("StopContainer", container_id=..., timeout=3)."""

    def __init__(self, containerd):
        self.containerd = containerd
        self.make = messages()
        self.channel = grpc.insecure_channel(f"unix://{containerd.socket}")
        self.handler = re.search(r"^handler: (\S+)", (CONTRIB / "kubernetes/runtimeclass.yaml").read_text(),
                                 re.M).group(1)

    def call(self, method, service="RuntimeService", seconds=60, **fields):
        request = json_format.ParseDict(fields, self.make(f"{method}Request")())
        call = self.channel.unary_unary(f"/{PACKAGE}.{service}/{method}",
                                        request_serializer=lambda message: message.SerializeToString(),
                                        response_deserializer=self.make(f"{method}Response").FromString)
        try:
            return call(request, timeout=seconds * host.SLOW)
        except grpc.RpcError as error:
            raise Error(error) from None

    def remove_all(self):
        for pod in self.call("ListPodSandbox").items:
            self.call("StopPodSandbox", pod_sandbox_id=pod.id)
            self.call("RemovePodSandbox", pod_sandbox_id=pod.id)

    def close(self):
        self.channel.close()


# Namespaces as Kubernetes names who shares them.
POD, CONTAINER, NODE, TARGET = 0, 1, 2, 3


class Pod:
    """A sandbox and the containers in it. What options do not say is what a kubelet would say."""

    def __init__(self, cri, logs, name="pod", network=NODE, pid=CONTAINER, ipc=POD, linux=None, **config):
        self.cri = cri
        self.logs = logs
        self.namespaces = {"network": network, "pid": pid, "ipc": ipc}
        linux = linux or {}
        self.config = {
            "metadata": {"name": name, "uid": name, "namespace": "default", "attempt": 0},
            "log_directory": str(logs),
            "linux": {"cgroup_parent": f"/{cri.containerd.pods}", **linux, "security_context": {
                "namespace_options": self.namespaces, **linux.get("security_context", {})}},
            **({"hostname": name} if network != NODE else {}), **config}
        self.id = cri.call("RunPodSandbox", config=self.config, runtime_handler=cri.handler).pod_sandbox_id

    def create(self, *program, name="main", security=None, resources=None, **config):
        """The id of a new container."""
        wanted = {
            "metadata": {"name": name, "attempt": 0},
            "image": {"image": self.cri.containerd.image},
            "command": list(program), "log_path": f"{name}.log",
            "linux": {"resources": resources or {}, "security_context": {
                "namespace_options": self.namespaces, **(security or {})}},
            **config}
        return self.cri.call("CreateContainer", pod_sandbox_id=self.id, config=wanted,
                             sandbox_config=self.config).container_id

    def start(self, *program, **options):
        container = self.create(*(program or ("sleep", "1000")), **options)
        self.cri.call("StartContainer", container_id=container)
        return container

    def exec(self, container, *program, timeout=20):
        """(status, stdout, stderr) of a program beside the container's."""
        reply = self.cri.call("ExecSync", container_id=container, cmd=list(program), timeout=timeout)
        return reply.exit_code, reply.stdout.decode(), reply.stderr.decode()

    def output(self, *program, **options):
        """What a program prints as a container of its own, to its log."""
        container = self.start(*program, **options)
        self.wait_exit(container)
        return self.log(options.get("name", "main"))

    def status(self, container):
        return self.cri.call("ContainerStatus", container_id=container).status

    def wait_exit(self, container):
        status = host.wait_until(lambda: self.exited(container), f"the end of {container}", 30)
        return status.exit_code

    def exited(self, container):
        status = self.status(container)
        return status if status.finished_at else None

    def pid(self, container):
        reply = self.cri.call("ContainerStatus", container_id=container, verbose=True)
        return int(re.search(r'"pid":(\d+)', reply.info["info"]).group(1))

    def sandbox(self):
        """(status, pid of the pause container)"""
        reply = self.cri.call("PodSandboxStatus", pod_sandbox_id=self.id, verbose=True)
        return reply.status, int(re.search(r'"pid":(\d+)', reply.info["info"]).group(1))

    def log(self, name="main"):
        """The lines of stdout in a log file: time, stream, tag, text."""
        lines = (self.logs / f"{name}.log").read_text().splitlines()
        return "".join(f"{line.split(' ', 3)[3]}\n" for line in lines if line.split(" ", 2)[1] == "stdout")

    def log_has(self, text, name="main", seconds=15):
        host.wait_until(lambda: (self.logs / f"{name}.log").exists() and text in self.log(name),
                        f"{text!r} in the log", seconds)

    def stop(self):
        self.cri.call("StopPodSandbox", pod_sandbox_id=self.id)

    def remove(self):
        self.stop()
        self.cri.call("RemovePodSandbox", pod_sandbox_id=self.id)
