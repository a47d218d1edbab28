/* The one list of step kinds: what the init stage can be told to do, with the arguments of each.
 * The plan's structs, its checker, `explain` and the init stage's dispatch table are made from it.
 *
 * Field types: u32 u64 i64 numbers; str a string that may be absent; strs an array of strings;
 * u32s an array of numbers; bytes an octet string. MS_* and MOUNT_ATTR_* are the kernel's values
 * (base/sys.h, sys/mount.h). Paths named target, path or destination are inside the container's
 * root; source and file are the host's. */
#ifndef HK_PLAN_STEPS_H
#define HK_PLAN_STEPS_H

/* clang-format off */

/* Write the score into /proc/self/oom_score_adj. */
#define HK_FIELDS_oom_score_adj(F) F(i64, score)
/* Write "0" into a host file: a v1 `tasks` or a `cgroup.procs`. Only while single-threaded. */
#define HK_FIELDS_cgroup_join(F) F(str, file)
/* Those CPUs; none: every one that the cgroup allows, whatever affinity the runtime was started with. */
#define HK_FIELDS_affinity(F) F(u32s, cpus)
/* setns(2) to the fd in the slot; type is one HK_CLONE_NEW* bit. */
#define HK_FIELDS_ns_join(F) F(u32, slot) F(u64, type)
/* setns(2) to the namespaces of the process whose pidfd is in HK_SLOT_INIT, all of flags at once:
 * HK_CLONE_NEW* bits. */
#define HK_FIELDS_ns_enter(F) F(u64, flags)
/* unshare(2). With HK_CLONE_NEWUSER (alone): asks the runtime for the id maps and waits for them. */
#define HK_FIELDS_ns_unshare(F) F(u64, flags)
/* setresgid, setresuid to 0 and no supplementary groups: root of the user namespace just entered.
 * set_groups: setgroups(2) must succeed; else it is tried where /proc/self/setgroups allows it.
 * keep_groups: it is not called at all. */
#define HK_FIELDS_become_root(F) F(u32, set_groups) F(u32, keep_groups)
/* /proc/self/timens_offsets, between unshare(CLONE_NEWTIME) and fork. */
#define HK_FIELDS_time_offsets(F) \
	F(u32, has_monotonic) F(i64, monotonic_sec) F(u32, monotonic_nsec) \
	F(u32, has_boottime) F(i64, boottime_sec) F(u32, boottime_nsec)
/* Go on as a child of the runtime's (CLONE_PARENT) in the pid and time namespaces entered last.
 * share_memory: in the same memory (CLONE_VM), of which no copy is made. Not with a time namespace that
 * was unshared: before Linux 6.1 the kernel refuses that, later it leaves the child in the old one. */
#define HK_FIELDS_fork(F) F(u32, share_memory)
/* setsid(2); and as pid 1, which has to ask for them, TERM, INT, HUP and QUIT end the init stage. */
#define HK_FIELDS_session(F) F(u32, unused)
#define HK_FIELDS_loopback(F) F(u32, unused) /* bring lo up: in a new network namespace it is down */
/* A NETLINK_ROUTE socket of this network namespace goes up to the runtime, which moves linux.netDevices
 * in. Nobody waits for it; HK_SYNC_NET_DEVICES does. */
#define HK_FIELDS_netlink(F) F(u32, unused)
/* Join a new session keyring of that name; or the anonymous one. label may be absent. */
#define HK_FIELDS_keyring(F) F(str, name) F(str, label) F(u32, user_namespace)

/* mount(NULL, "/", NULL, flags, NULL), before anything is mounted. */
#define HK_FIELDS_propagation(F) F(u64, flags)
/* Open the root file system, make the mount it stands on private, bind it onto itself. slave: what
 * the host mounts below it goes on to appear in it. on_host: there is no mount namespace of our own,
 * and what it stands on stays as it is: the new mount is private. open_only: nothing is bound, and
 * nothing may be mounted. readonly: from the beginning, so that nothing can be made in it. */
#define HK_FIELDS_rootfs(F) \
	F(str, source) F(u32, recursive) F(u32, slave) F(u32, open_only) F(u32, on_host) \
	F(u32, readonly)
/* A new file system instance by fsopen/fsmount, attached at target. sb_options: comma-separated,
 * for fsconfig, or for mount(2) where it has no such option. attrs: MOUNT_ATTR_*. how: HK_MOUNT_*.
 * else_bind: host path bound recursively (read-only attrs kept) where the kernel refuses the file
 * system. label: LSM context= or absent. rec_propagation comes before propagation. */
#define HK_FIELDS_mount(F) \
	F(str, fstype) F(str, source) F(str, target) F(str, sb_options) F(u64, attrs) \
	F(u64, rec_set) F(u64, rec_clear) F(u64, propagation) F(u64, rec_propagation) \
	F(str, else_bind) F(str, label) F(u32, how)
/* A bind mount. attrs_set/attrs_clear for the mount itself, rec_* for the whole tree. mount: its
 * index in mounts[], by which the runtime finds the mappings of an id-mapped one. */
#define HK_FIELDS_bind(F) \
	F(str, source) F(str, target) F(u32, recursive) F(u64, attrs_set) F(u64, attrs_clear) \
	F(u64, rec_set) F(u64, rec_clear) F(u64, propagation) F(u64, rec_propagation) F(u32, how) \
	F(u32, mount)
/* Change what is mounted there: the file system by fspick and fsconfig where sb_options is not
 * absent, then the mount's attributes and propagation. */
#define HK_FIELDS_remount(F) \
	F(str, target) F(str, sb_options) F(u64, attrs_set) F(u64, attrs_clear) F(u64, rec_set) \
	F(u64, rec_clear) F(u64, propagation) F(u64, rec_propagation)
/* A node by mknodat, checked, chmod and chown by fd; bound from the host's node of that path where
 * bind is set or mknod is not permitted. mode: type and permission bits. */
#define HK_FIELDS_device(F) \
	F(str, path) F(u32, mode) F(u32, major) F(u32, minor) F(u32, uid) F(u32, gid) F(u32, bind)
/* An existing link with another target, or a file, is replaced when replace is set. */
#define HK_FIELDS_symlink(F) F(str, target) F(str, path) F(u32, replace)
/* A pseudo-terminal of the container's devpts: its master goes to the console socket's slot, its
 * peer becomes stdio and the controlling terminal, and is bound onto /dev/console. */
#define HK_FIELDS_console(F) F(u32, width) F(u32, height) F(u32, uid) F(u32, bind_console)
/* Tell the runtime that this HK_SYNC_* point is reached; go on when it says so. */
#define HK_FIELDS_sync(F) F(u32, point)
/* Run a hook here: stdin is state_before + our pid in decimal + state_after. out_file,
 * err_file: the host's file that HK_SLOT_HOOK_STDOUT, HK_SLOT_HOOK_STDERR is; absent: it goes into the error. */
#define HK_FIELDS_hook(F) \
	F(str, name) F(u32, index) F(str, path) F(strs, args) F(strs, env) \
	F(i64, timeout) F(str, state_before) F(str, state_after) F(str, out_file) F(str, err_file)
/* Make the root file system "/": HK_PIVOT_*. */
#define HK_FIELDS_pivot(F) F(u32, how)
/* Propagation of "/" for the container, when all is mounted. */
#define HK_FIELDS_root_propagation(F) F(u64, flags)
#define HK_FIELDS_hostname(F) F(str, name)
#define HK_FIELDS_domainname(F) F(str, name)
/* key as a path below /proc/sys. */
#define HK_FIELDS_sysctl(F) F(str, key) F(str, value)
#define HK_FIELDS_mask(F) F(str, path)
#define HK_FIELDS_readonly(F) F(str, path)

#define HK_FIELDS_umask(F) F(u32, mask)
/* Write value into /proc/thread-self/FILE. */
#define HK_FIELDS_lsm(F) F(str, file) F(str, value)
#define HK_FIELDS_scheduler(F) \
	F(u32, policy) F(i64, nice) F(i64, priority) F(u64, flags) F(u64, runtime) F(u64, deadline) \
	F(u64, period)
#define HK_FIELDS_io_priority(F) F(u32, value) /* as ioprio_set(2) takes it */
#define HK_FIELDS_personality(F) F(u64, domain)
/* set_mempolicy(2). flags: MPOL_F_*; nodes: ascending numbers. */
#define HK_FIELDS_memory_policy(F) F(u32, mode) F(u32, flags) F(u32s, nodes)
/* A core-scheduling cookie that no other process has; or, where share is not 0, that of this process. */
#define HK_FIELDS_core_sched(F) F(u32, share)
#define HK_FIELDS_no_new_privs(F) F(u32, unused)
/* stdio that is /dev/null becomes the container's; the rest is chowned to the user. */
#define HK_FIELDS_stdio(F) F(u32, uid)
/* chdir, the directory made where missing (as root); once before the user is switched, and again
 * after it where that was not permitted. getcwd must be inside. make_only: make the directory and
 * stay: it comes before the root turns read-only, and masks and read-only paths come before any
 * chdir, or the working directory would lie beneath them. */
#define HK_FIELDS_cwd(F) F(str, path) F(u32, make_only)
/* HOME from /etc/passwd, where the environment has none. */
#define HK_FIELDS_home(F) F(u32, uid)
/* The runtime sets process.rlimits from outside: to raise them takes CAP_SYS_RESOURCE on the host, and
 * to change those of another user's process too, hence before the user is switched. */
#define HK_FIELDS_rlimits(F) F(u32, unused)
/* One of them by ourselves, where our privilege is the runtime's: it saves waiting for it. */
#define HK_FIELDS_rlimit(F) F(str, name) F(u32, resource) F(u64, soft) F(u64, hard)
/* Bounding set, keepcaps, groups, gid, uid, capset, ambient; then read back. set_groups as in
 * become_root, keep_groups too. */
#define HK_FIELDS_credentials(F) \
	F(u32, uid) F(u32, gid) F(u32s, gids) F(u32, set_groups) F(u32, keep_groups) \
	F(u64, bounding) F(u64, effective) F(u64, inheritable) F(u64, permitted) F(u64, ambient)
/* Find the program as the user: a create-time error where there is none. */
#define HK_FIELDS_lookup(F) F(str, name) F(str, search_path)
/* Make a Landlock ruleset, as root, who reaches every path. fs, net, scope: what is denied but for
 * the rules, HK_LANDLOCK_*; path_rights and port_rights are those of the path or port of the same
 * index. Of a file that is no directory only the rights that it can have count. */
#define HK_FIELDS_landlock(F) \
	F(u64, fs) F(u64, net) F(u64, scope) F(strs, paths) F(u32s, path_rights) F(u32s, ports) \
	F(u32s, port_rights)
#define HK_FIELDS_landlock_restrict(F) F(u32, unused) /* it is in force from here on */
/* notify: the listener's fd goes to the runtime; dumpable: which has no CAP_SYS_PTRACE to fetch it with.
 * flags: SECCOMP_FILTER_FLAG_*. */
#define HK_FIELDS_seccomp(F) F(bytes, filter) F(u32, flags) F(u32, notify) F(u32, dumpable)
/* All but the user's program is set up; the runtime writes the state, says go. */
#define HK_FIELDS_ready(F) F(u32, unused)
/* Wait until `start` writes a byte to HK_SLOT_START. */
#define HK_FIELDS_wait_start(F) F(u32, unused)
/* close_range, execve. Never returns on success. */
#define HK_FIELDS_exec(F) F(strs, args) F(strs, env) F(u32, preserve_fds)

/* ---- an errand in a container that runs: its mounts are changed, and nothing is executed ---- */

/* The container's mount namespace is the one in the slot; namespaces: HK_CLONE_NEW* bits, those that the
 * process in HK_SLOT_INIT has for itself, where a proc has to be opened in there. From here on a mount is made where we are,
 * with the host's files in sight, and put there; what was put is taken away where a later step fails. */
#define HK_FIELDS_visit(F) F(u32, slot) F(u64, namespaces)
/* Find the mount that is exactly at target; without a target: take away those that were found. */
#define HK_FIELDS_unmount(F) F(str, target)
#define HK_FIELDS_finish(F) F(u32, unused) /* the end, as exec is of the others */

/* The enum's name, the struct's name, what it does in a few words (error messages, explain). */
#define HK_STEP_KINDS(X) \
	X(OOM_SCORE_ADJ, oom_score_adj, "set the OOM score adjustment") \
	X(CGROUP_JOIN, cgroup_join, "join the cgroup") \
	X(AFFINITY, affinity, "reset the CPU affinity") \
	X(NS_JOIN, ns_join, "join a namespace") \
	X(NS_ENTER, ns_enter, "enter the container's namespaces") \
	X(NS_UNSHARE, ns_unshare, "make namespaces") \
	X(BECOME_ROOT, become_root, "become root of the user namespace") \
	X(TIME_OFFSETS, time_offsets, "set the time namespace's offsets") \
	X(FORK, fork, "enter the pid namespace") \
	X(SESSION, session, "start a session") \
	X(LOOPBACK, loopback, "set up loopback") \
	X(NETLINK, netlink, "set up the network devices") \
	X(KEYRING, keyring, "join a session keyring") \
	X(PROPAGATION, propagation, "set mount propagation") \
	X(ROOTFS, rootfs, "open the root file system") \
	X(MOUNT, mount, "mount a file system") \
	X(BIND, bind, "bind mount") \
	X(REMOUNT, remount, "change mount attributes") \
	X(DEVICE, device, "make a device node") \
	X(SYMLINK, symlink, "make a symbolic link") \
	X(CONSOLE, console, "open the console") \
	X(SYNC, sync, "wait for the runtime") \
	X(HOOK, hook, "run a hook") \
	X(PIVOT, pivot, "enter the root file system") \
	X(ROOT_PROPAGATION, root_propagation, "set the root's propagation") \
	X(HOSTNAME, hostname, "set the host name") \
	X(DOMAINNAME, domainname, "set the domain name") \
	X(SYSCTL, sysctl, "set a sysctl") \
	X(MASK, mask, "mask a path") \
	X(READONLY, readonly, "make a path read-only") \
	X(UMASK, umask, "set the umask") \
	X(LSM, lsm, "set the LSM label") \
	X(SCHEDULER, scheduler, "set the scheduler") \
	X(IO_PRIORITY, io_priority, "set the I/O priority") \
	X(PERSONALITY, personality, "set the personality") \
	X(MEMORY_POLICY, memory_policy, "set the memory policy") \
	X(CORE_SCHED, core_sched, "set the core-scheduling cookie") \
	X(NO_NEW_PRIVS, no_new_privs, "set no_new_privs") \
	X(STDIO, stdio, "prepare stdio") \
	X(CWD, cwd, "change the working directory") \
	X(HOME, home, "find the home directory") \
	X(RLIMITS, rlimits, "set resource limits") \
	X(RLIMIT, rlimit, "set a resource limit") \
	X(CREDENTIALS, credentials, "switch user and capabilities") \
	X(LOOKUP, lookup, "find the program") \
	X(LANDLOCK, landlock, "make the Landlock rules") \
	X(LANDLOCK_RESTRICT, landlock_restrict, "restrict by Landlock") \
	X(SECCOMP, seccomp, "load the seccomp filter") \
	X(READY, ready, "report ready") \
	X(WAIT_START, wait_start, "wait for start") \
	X(EXEC, exec, "execute the program") \
	X(VISIT, visit, "enter the running container") \
	X(UNMOUNT, unmount, "unmount") \
	X(FINISH, finish, "end")

/* clang-format on */

/* how of a mount or bind */
enum hk_mount_how {
	HK_MOUNT_PLAIN_DIR = 1u << 0, /* destination must be a real directory: proc, sysfs, ... */
	HK_MOUNT_TMPCOPYUP = 1u << 1, /* copy what the destination held into the new tmpfs */
	HK_MOUNT_KEEP_MODE = 1u << 2, /* tmpfs: take the mode of the directory it covers */
	HK_MOUNT_IDMAP = 1u << 3,     /* id-mapped: the source comes from the runtime */
	HK_MOUNT_IDMAP_TREE = 1u << 4, /* the same, with all mounts below it */
	HK_MOUNT_LABEL_XATTR = 1u << 5, /* the label is an attribute of its root, not an option */
	HK_MOUNT_CHANGES = 1u << 6, /* a remount will want it: its name may lead elsewhere by then */
};

enum hk_sync_point {
	HK_SYNC_HOOKS,	 /* mounts and devices are there: prestart and createRuntime hooks run */
	HK_SYNC_RLIMITS, /* of the step rlimits */
	HK_SYNC_SCHEDULER, /* of the steps scheduler and io_priority, which may not themselves */
	HK_SYNC_IO_PRIORITY,
	HK_SYNC_NET_DEVICES, /* hooks and sysctls that come may want linux.netDevices to be there */
};

enum hk_pivot {
	HK_PIVOT_ROOT,	 /* pivot_root(".", ".") */
	HK_PIVOT_MOVE,	 /* --no-pivot: MS_MOVE and chroot */
	HK_PIVOT_CHROOT, /* no mount namespace of its own */
};

/* Descriptors that come with the plan. */
enum hk_slot {
	HK_SLOT_CONSOLE,     /* connected stream socket: takes the pty's master */
	HK_SLOT_START,	     /* read side: a byte says start */
	HK_SLOT_RESULT,	     /* write side: a byte before the exec that closes it; struct hk_err */
	HK_SLOT_HOOK_STDOUT, /* host files that take the output of hooks */
	HK_SLOT_HOOK_STDERR,
	HK_SLOT_TRACE,   /* memory to note in when each step begins and ends: struct hk_trace */
	HK_SLOT_INIT, /* pidfd of the container's first process, for one that joins it */
	HK_SLOT_ROOT, /* its root directory, where the mount namespace is not its own */
	HK_SLOT_NS,   /* + enum hk_ns_type: namespaces to join */
	HK_SLOT_COUNT = HK_SLOT_NS + 8,
};

#endif
