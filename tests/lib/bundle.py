"""A bundle: the runtime's own `spec` output as data, changed by each test, and a root file system."""

import json
import os
import subprocess
from pathlib import Path


class Bundle:
    def __init__(self, path, config, base_rootfs):
        self.path = path
        self.config = config
        self.rootfs = path / "rootfs"
        # Links to the same files: cp makes the hundreds of them far faster than shutil.
        subprocess.run(["cp", "-al", base_rootfs, self.rootfs], check=True)
        self.process["terminal"] = False
        self.process["args"] = ["/bin/true"]

    process = property(lambda self: self.config["process"])
    linux = property(lambda self: self.config["linux"])
    mounts = property(lambda self: self.config["mounts"])
    resources = property(lambda self: self.linux.setdefault("resources", {}))

    def write(self):
        (self.path / "config.json").write_text(json.dumps(self.config, indent="\t"))

    def args(self, *args):
        self.process["args"] = list(args)
        return self

    def sh(self, script):
        return self.args("/bin/sh", "-c", script)

    def sleep(self):
        """A program that runs until it is killed; as pid 1 it ignores what it does not handle."""
        return self.sh("trap 'exit 0' TERM; while :; do sleep 0.05; done")

    def env(self, **values):
        self.process["env"] += [f"{name}={value}" for name, value in values.items()]
        return self

    def writable(self):
        self.config["root"]["readonly"] = False
        return self

    def mount(self, destination, type=None, source=None, options=None):
        entry = {"destination": str(destination), "type": type, "source": source and str(source),
                 "options": options}
        self.mounts.append({key: value for key, value in entry.items() if value is not None})
        return self

    def bind(self, source, destination, *options):
        return self.mount(destination, "bind", source, ["bind", *options])

    def host_programs(self):
        """The host's own programs and libraries, read-only, for what busybox does not have."""
        for name in ("usr", "lib", "lib64", "etc/alternatives"):
            path = Path("/") / name
            if path.is_symlink():
                (self.rootfs / name).symlink_to(os.readlink(path))
            elif path.is_dir():
                (self.rootfs / name).mkdir(parents=True, exist_ok=True)
                self.bind(path, f"/{name}", "ro")
        return self

    def without_mount(self, destination):
        self.config["mounts"] = [m for m in self.mounts if m["destination"] != destination]
        return self

    def namespace(self, kind, path=None):
        """Ask for a new namespace, or to join that of path."""
        self.without_namespace(kind)
        entry = {"type": kind}
        if path:
            entry["path"] = str(path)
        self.linux["namespaces"].append(entry)
        return self

    def without_namespace(self, kind):
        self.linux["namespaces"] = [n for n in self.linux["namespaces"] if n["type"] != kind]
        return self

    def user_namespace(self, host_id=100000, size=65536):
        """Map root to host_id; the root file system goes to that user, so that it can be set up."""
        self.namespace("user")
        for kind in ("uidMappings", "gidMappings"):
            self.linux[kind] = [{"containerID": 0, "hostID": host_id, "size": size}]
        for directory, names, files in os.walk(self.rootfs):
            os.chown(directory, host_id, host_id)
            for name in names + files:
                path = Path(directory) / name
                if path.lstat().st_nlink == 1:
                    os.chown(path, host_id, host_id, follow_symlinks=False)
        return self

    def capabilities(self, *names):
        for kind in ("bounding", "effective", "permitted"):
            self.process["capabilities"][kind] = list(names)
        self.process["capabilities"].pop("ambient", None)
        self.process["capabilities"].pop("inheritable", None)
        return self

    def all_capabilities(self, *more):
        return self.capabilities("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_MKNOD",
                                 "CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_KILL", *more)

    def hook(self, kind, path, *args, **more):
        entry = {"path": str(path), "args": [os.path.basename(str(path)), *map(str, args)]} | more
        self.config.setdefault("hooks", {}).setdefault(kind, []).append(entry)
        return self

    def hook_script(self, kind, script, name=None, **more):
        """A hook that runs this shell script on the host's side."""
        path = self.path / (name or f"{kind}-{len(self.config.get('hooks', {}).get(kind, []))}.sh")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return self.hook(kind, path, **more)
