"""The sections of the runtime specification that bind a Linux runtime, in the order of its text."""

VERSION = "1.3.0"
TEXT = f"https://github.com/opencontainers/runtime-spec/blob/v{VERSION}"

# The last is ours, for what the text only states.
KEYWORDS = {"MUST", "MUST NOT", "SHALL", "SHALL NOT", "REQUIRED", "SHOULD", "SHOULD NOT", "RECOMMENDED",
            "NOT RECOMMENDED", "states"}

# {section: (title, how many of the keywords its text has)}: a section has as many rows with one, so
# that no requirement is forgotten. Sections without a keyword are there when they have a row.
SECTIONS = {
    "spec.md#notational-conventions": ("Notational conventions", 1),
    "bundle.md#container-format": ("Container format", 4),
    "glossary.md#json": ("JSON", 2),

    "runtime.md#scope-of-a-container": ("Scope of a container", 1),
    "runtime.md#state": ("State", 8),
    "runtime.md#lifecycle": ("Lifecycle", 19),
    "runtime.md#errors": ("Errors", 1),
    "runtime.md#warnings": ("Warnings", 1),
    "runtime.md#operations": ("Operations", 1),
    "runtime.md#query-state": ("Query state", 3),
    "runtime.md#create": ("Create", 8),
    "runtime.md#start": ("Start", 5),
    "runtime.md#kill": ("Kill", 4),
    "runtime.md#delete": ("Delete", 5),

    "runtime-linux.md#file-descriptors": ("File descriptors", 0),
    "runtime-linux.md#dev-symbolic-links": ("Dev symbolic links", 1),

    "config.md#specification-version": ("Specification version", 2),
    "config.md#root": ("Root", 9),
    "config.md#mounts": ("Mounts", 9),
    "config.md#linux-mount-options": ("Linux mount options", 72),
    "config.md#posix-platform-mounts": ("POSIX-platform mounts", 6),
    "config.md#process": ("Process", 8),
    "config.md#posix-process": ("POSIX process", 8),
    "config.md#linux-process": ("Linux process", 8),
    "config.md#posix-platform-user": ("POSIX-platform user", 2),
    "config.md#hostname": ("Hostname", 0),
    "config.md#domainname": ("Domainname", 0),
    "config.md#platform-specific-configuration": ("Platform-specific configuration", 1),
    "config.md#posix-platform-hooks": ("POSIX-platform hooks", 20),
    "config.md#prestart": ("Prestart", 4),
    "config.md#createruntime-hooks": ("CreateRuntime hooks", 3),
    "config.md#createcontainer-hooks": ("CreateContainer hooks", 4),
    "config.md#startcontainer-hooks": ("StartContainer hooks", 3),
    "config.md#poststart": ("Poststart", 3),
    "config.md#poststop": ("Poststop", 3),
    "config.md#annotations": ("Annotations", 25),
    "config.md#extensibility": ("Extensibility", 1),
    "config.md#valid-values": ("Valid values", 1),

    "config-linux.md#default-filesystems": ("Default Filesystems", 1),
    "config-linux.md#namespaces": ("Namespaces", 8),
    "config-linux.md#user-namespace-mappings": ("User namespace mappings", 4),
    "config-linux.md#offset-for-time-namespace": ("Offset for Time Namespace", 0),
    "config-linux.md#devices": ("Devices", 6),
    "config-linux.md#default-devices": ("Default Devices", 1),
    "config-linux.md#control-groups": ("Control groups", 1),
    "config-linux.md#cgroups-path": ("Cgroups Path", 4),
    "config-linux.md#cgroup-ownership": ("Cgroup ownership", 9),
    "config-linux.md#allowed-device-list": ("Allowed Device list", 2),
    "config-linux.md#memory": ("Memory", 3),
    "config-linux.md#cpu": ("CPU", 2),
    "config-linux.md#block-io": ("Block IO", 6),
    "config-linux.md#huge-page-limits": ("Huge page limits", 2),
    "config-linux.md#network": ("Network", 2),
    "config-linux.md#pids": ("PIDs", 1),
    "config-linux.md#rdma": ("RDMA", 1),
    "config-linux.md#unified": ("Unified", 4),
    "config-linux.md#sysctl": ("Sysctl", 0),
    "config-linux.md#seccomp": ("Seccomp", 16),
    "config-linux.md#the-container-process-state": ("The Container Process State", 6),
    "config-linux.md#rootfs-mount-propagation": ("Rootfs Mount Propagation", 0),
    "config-linux.md#masked-paths": ("Masked Paths", 1),
    "config-linux.md#readonly-paths": ("Readonly Paths", 1),
    "config-linux.md#mount-label": ("Mount Label", 0),
    "config-linux.md#personality": ("Personality", 1),
}
