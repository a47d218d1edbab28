# fish completion of hako. Written by docs/generate from the tables of src/cli.

set -g __hako_takes \
    -:--cgroup-manager \
    -:--log \
    -:--log-format \
    -:--log-level \
    -:--root \
    -:--rootless \
    check:-f \
    check:--config \
    check:--format \
    checkpoint:--empty-ns \
    checkpoint:--image-path \
    checkpoint:--manage-cgroups-mode \
    checkpoint:--network-lock \
    checkpoint:--work-path \
    checkpoint:--page-server \
    checkpoint:--parent-path \
    checkpoint:--status-fd \
    create:-b \
    create:--bundle \
    create:-f \
    create:--config \
    create:--console-socket \
    create:--pid-file \
    create:--pidfd-socket \
    create:--preserve-fds \
    create:--timeline \
    doctor:--format \
    events:--interval \
    exec:-g \
    exec:--additional-gids \
    exec:--apparmor \
    exec:-c \
    exec:--cap \
    exec:--cgroup \
    exec:--console-socket \
    exec:--cwd \
    exec:-e \
    exec:--env \
    exec:--pid-file \
    exec:--pidfd-socket \
    exec:--preserve-fds \
    exec:-p \
    exec:--process \
    exec:--process-label \
    exec:--timeline \
    exec:-u \
    exec:--user \
    explain:-f \
    explain:--config \
    explain:--format \
    explain:--id \
    list:-f \
    list:--format \
    ps:-f \
    ps:--format \
    restore:-b \
    restore:--bundle \
    restore:--console-socket \
    restore:--empty-ns \
    restore:--image-path \
    restore:--manage-cgroups-mode \
    restore:--network-lock \
    restore:--work-path \
    restore:--lsm-mount-context \
    restore:--lsm-profile \
    restore:--pid-file \
    run:-b \
    run:--bundle \
    run:-f \
    run:--config \
    run:--console-socket \
    run:--pid-file \
    run:--pidfd-socket \
    run:--preserve-fds \
    run:--timeline \
    spec:-b \
    spec:--bundle \
    update:--blkio-weight \
    update:--cpu-burst \
    update:--cpu-idle \
    update:--cpu-period \
    update:--cpu-quota \
    update:--cpu-rt-period \
    update:--cpu-rt-runtime \
    update:--cpu-share \
    update:--cpuset-cpus \
    update:--cpuset-mems \
    update:--kernel-memory \
    update:--kernel-memory-tcp \
    update:--l3-cache-schema \
    update:--mem-bw-schema \
    update:--memory \
    update:--memory-reservation \
    update:--memory-swap \
    update:--pids-limit \
    update:-r \
    update:--resources
set -g __hako_early @early@

# What stands before the word under the cursor: the command (or -), how many arguments it has, whether
# options have ended, and --root with its value.
function __hako_parse
    set -l command -
    set -l count 0
    set -l ended no
    set -l pending ''
    set -l root
    for word in (commandline -opc)[2..]
        if test -n "$pending"
            test $pending = -:--root; and set root $word
            set pending ''
        else if test $ended = no; and string match -q -- '-*=*' $word
            test $command = -; and string match -qr -- '^--?root=' $word; and set root (string replace -r '^[^=]*=' '' -- $word)
        else if test $ended = no; and test $word = --
            set ended yes
        else if test $ended = no; and string match -q -- '-?*' $word
            set -l name (string replace -r '^--?' '' -- $word)
            test (string length -- $name) = 1; and set name -$name; or set name --$name
            contains -- $command:$name $__hako_takes; and set pending $command:$name
        else if test $command = -
            set command $word
            set ended no
        else
            set count (math $count + 1)
            contains -- $command $__hako_early; and set ended yes
        end
    end
    printf '%s\n' $command $count $ended $root
end

function __hako_options_of
    set -l parsed (__hako_parse)
    test $parsed[1] = $argv[1]; and test $parsed[3] = no
end

function __hako_at
    set -l parsed (__hako_parse)
    test $parsed[1] = $argv[1]; and test $parsed[2] = (math $argv[2] - 1)
end

function __hako_containers
    set -l parsed (__hako_parse)
    set -l root
    set -q parsed[4]; and set root --root (string replace -r '^~/' "$HOME/" -- $parsed[4])
    set -l program (commandline -opc)[1]
    $program $root list -q 2>/dev/null
end

function __hako_commands
    echo 'check'\t'report every problem of a bundle on this host, without creating anything'
    echo 'checkpoint'\t'write a running container into image files, with criu'
    echo 'create'\t'create a container; start runs its program'
    echo 'delete'\t'remove a stopped container with all that it had'
    echo 'doctor'\t'report what this host offers, and what to do about what is missing'
    echo 'events'\t'print what a container uses, and OOM kills, as lines of JSON'
    echo 'exec'\t'run another process in a container'
    echo 'explain'\t'show what create and start would do, step by step'
    echo 'features'\t'print what this build can do as JSON'
    echo 'help'\t'show what a command does and its options'
    echo 'kill'\t'send a signal to a container\'s init (default: the image\'s stop signal, or TERM)'
    echo 'list'\t'list the containers'
    echo 'mounts'\t'add mounts to a running container, or remove them'
    echo 'pause'\t'freeze the processes of a container'
    echo 'ps'\t'list the processes of a container'
    echo 'restore'\t'make a container of a checkpoint\'s image files, with criu'
    echo 'resume'\t'thaw the processes of a paused container'
    echo 'run'\t'create and start a container, and wait for its end'
    echo 'spec'\t'write a default config.json'
    echo 'start'\t'run the program of a created container'
    echo 'state'\t'print the state of a container as JSON'
    echo 'update'\t'change the limits of a container'
end

complete -c hako -f
complete -c hako -n 'test (__hako_parse)[1] = -' -a '(__hako_commands)'
complete -c hako -n '__hako_options_of -' -l cgroup-manager -x -a 'cgroupfs systemd disabled' -d 'who makes cgroups (default: cgroupfs)'
complete -c hako -n '__hako_options_of -' -l debug -d 'same as --log-level=debug'
complete -c hako -n '__hako_options_of -' -l log -r -F -d 'append log lines to this file'
complete -c hako -n '__hako_options_of -' -l log-format -x -a 'text json' -d 'how log lines are written (default: text)'
complete -c hako -n '__hako_options_of -' -l log-level -x -a 'error warning info debug' -d 'the least serious that is logged (default: warning)'
complete -c hako -n '__hako_options_of -' -l root -x -a '(__fish_complete_directories)' -d 'where the state of containers is kept'
complete -c hako -n '__hako_options_of -' -l rootless -x -a 'true false auto' -d 'whether the caller is a user without privileges (default: auto)'
complete -c hako -n '__hako_options_of -' -l systemd-cgroup -d 'same as --cgroup-manager=systemd'
complete -c hako -n '__hako_options_of -' -s v -l version -d 'show the version'
complete -c hako -n '__hako_options_of -' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of check' -s f -l config -r -F -d 'read FILE instead of the bundle\'s config.json'
complete -c hako -n '__hako_options_of check' -l format -x -a 'text json' -d 'how to print it (default: text)'
complete -c hako -n '__hako_options_of check' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of checkpoint' -l auto-dedup -d 'punch out of the image what memory is there twice'
complete -c hako -n '__hako_options_of checkpoint' -l empty-ns -x -d 'leave out what is in the namespace of this type: network'
complete -c hako -n '__hako_options_of checkpoint' -l ext-unix-sk -d 'allow Unix sockets that are connected to processes outside'
complete -c hako -n '__hako_options_of checkpoint' -l file-locks -d 'handle file locks'
complete -c hako -n '__hako_options_of checkpoint' -l image-path -x -a '(__fish_complete_directories)' -d 'where the image files are (default: checkpoint)'
complete -c hako -n '__hako_options_of checkpoint' -l lazy-pages -d 'copy memory when it is needed (userfaultfd)'
complete -c hako -n '__hako_options_of checkpoint' -l manage-cgroups-mode -x -a 'soft full strict ignore' -d 'which cgroups criu makes and fills (default: soft)'
complete -c hako -n '__hako_options_of checkpoint' -l network-lock -x -a 'iptables nftables skip' -d 'how the network is held back (default: iptables)'
complete -c hako -n '__hako_options_of checkpoint' -l shell-job -d 'allow a process whose terminal is the caller\'s'
complete -c hako -n '__hako_options_of checkpoint' -l tcp-established -d 'handle established TCP connections'
complete -c hako -n '__hako_options_of checkpoint' -l work-path -x -a '(__fish_complete_directories)' -d 'where criu\'s log goes (default: the image directory)'
complete -c hako -n '__hako_options_of checkpoint' -l leave-running -d 'go on running behind that'
complete -c hako -n '__hako_options_of checkpoint' -l link-remap -d 'give open files without a name one in their directory'
complete -c hako -n '__hako_options_of checkpoint' -l page-server -x -d 'send memory to criu\'s page server there'
complete -c hako -n '__hako_options_of checkpoint' -l parent-path -x -a '(__fish_complete_directories)' -d 'the image of an earlier pre-dump, relative to this image\'s directory'
complete -c hako -n '__hako_options_of checkpoint' -l pre-dump -d 'write memory only, and go on running; what follows is smaller'
complete -c hako -n '__hako_options_of checkpoint' -l status-fd -x -d 'write a NUL to FD when lazy pages can be asked for'
complete -c hako -n '__hako_options_of checkpoint' -l tcp-skip-in-flight -d 'leave out TCP connections that are not established yet'
complete -c hako -n '__hako_options_of checkpoint' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of create' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'the bundle (default: the working directory)'
complete -c hako -n '__hako_options_of create' -s f -l config -r -F -d 'read FILE instead of the bundle\'s config.json'
complete -c hako -n '__hako_options_of create' -l console-socket -r -F -d 'send the terminal\'s master to this socket'
complete -c hako -n '__hako_options_of create' -l no-new-keyring -d 'keep the caller\'s session keyring'
complete -c hako -n '__hako_options_of create' -l no-pivot -d 'no pivot_root, for a root file system on a ramdisk'
complete -c hako -n '__hako_options_of create' -l no-subreaper -d 'do not adopt the container\'s orphans'
complete -c hako -n '__hako_options_of create' -l pid-file -r -F -d 'write the pid of the container\'s init'
complete -c hako -n '__hako_options_of create' -l pidfd-socket -r -F -d 'send a pidfd of the container\'s init to this socket'
complete -c hako -n '__hako_options_of create' -l preserve-fds -x -d 'pass N more file descriptors on, from 3'
complete -c hako -n '__hako_options_of create' -l timeline -r -F -d 'write what was done when, as a trace for Perfetto; -: as text to stderr'
complete -c hako -n '__hako_options_of create' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of delete' -s f -l force -d 'kill it first where it runs; no error where it does not exist'
complete -c hako -n '__hako_options_of delete' -s r -l regex -d 'ID is an extended regular expression: remove all containers whose ids match it'
complete -c hako -n '__hako_options_of delete' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of doctor' -l format -x -a 'table json' -d 'how to print it (default: table)'
complete -c hako -n '__hako_options_of doctor' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of events' -l interval -x -d 'time between two samples, such as 100ms or 1m30s (default: 5s)'
complete -c hako -n '__hako_options_of events' -l stats -d 'print one sample and end'
complete -c hako -n '__hako_options_of events' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of exec' -s g -l additional-gids -x -d 'add a supplementary group'
complete -c hako -n '__hako_options_of exec' -l apparmor -x -d 'set the AppArmor profile'
complete -c hako -n '__hako_options_of exec' -s c -l cap -x -d 'add to the bounding, effective and permitted sets'
complete -c hako -n '__hako_options_of exec' -l cgroup -x -d 'run in an existing cgroup below the container\'s'
complete -c hako -n '__hako_options_of exec' -l console-socket -r -F -d 'send the terminal\'s master to this socket'
complete -c hako -n '__hako_options_of exec' -l cwd -x -d 'the working directory in the container'
complete -c hako -n '__hako_options_of exec' -s d -l detach -d 'do not wait for the process\'s end'
complete -c hako -n '__hako_options_of exec' -s e -l env -x -d 'add to the environment'
complete -c hako -n '__hako_options_of exec' -l ignore-paused -d 'in a paused container too: the process runs when that is resumed'
complete -c hako -n '__hako_options_of exec' -l no-new-privs -d 'set no_new_privs'
complete -c hako -n '__hako_options_of exec' -l pid-file -r -F -d 'write the process\'s pid'
complete -c hako -n '__hako_options_of exec' -l pidfd-socket -r -F -d 'send a pidfd of the process to this socket'
complete -c hako -n '__hako_options_of exec' -l preserve-fds -x -d 'pass N more file descriptors on, from 3'
complete -c hako -n '__hako_options_of exec' -s p -l process -r -F -d 'read the process object from FILE, in the place of config.json\'s'
complete -c hako -n '__hako_options_of exec' -l process-label -x -d 'set the SELinux label'
complete -c hako -n '__hako_options_of exec' -l timeline -r -F -d 'write what was done when, as a trace for Perfetto; -: as text to stderr'
complete -c hako -n '__hako_options_of exec' -s t -l tty -d 'give the process a terminal'
complete -c hako -n '__hako_options_of exec' -s u -l user -x -d 'run as this user'
complete -c hako -n '__hako_options_of exec' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of explain' -s f -l config -r -F -d 'read FILE instead of the bundle\'s config.json'
complete -c hako -n '__hako_options_of explain' -l format -x -a 'text json' -d 'how to print it (default: text)'
complete -c hako -n '__hako_options_of explain' -l id -x -a '(__hako_containers)' -d 'the container\'s id (default: container)'
complete -c hako -n '__hako_options_of explain' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of features' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of help' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of kill' -s a -l all -d 'signal every process of the container'
complete -c hako -n '__hako_options_of kill' -s r -l regex -d 'ID is an extended regular expression: signal all containers whose ids match it'
complete -c hako -n '__hako_options_of kill' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of list' -s f -l format -x -a 'table json' -d 'how to print them (default: table)'
complete -c hako -n '__hako_options_of list' -s q -l quiet -d 'print only ids'
complete -c hako -n '__hako_options_of list' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of mounts' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of pause' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of ps' -s f -l format -x -a 'table json' -d 'the lines of the host\'s ps (default), or the pids alone'
complete -c hako -n '__hako_options_of ps' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of restore' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'the bundle (default: the working directory)'
complete -c hako -n '__hako_options_of restore' -l console-socket -r -F -d 'send the terminal\'s master to this socket'
complete -c hako -n '__hako_options_of restore' -l auto-dedup -d 'punch out of the image what memory is there twice'
complete -c hako -n '__hako_options_of restore' -l empty-ns -x -d 'leave out what is in the namespace of this type: network'
complete -c hako -n '__hako_options_of restore' -l ext-unix-sk -d 'allow Unix sockets that are connected to processes outside'
complete -c hako -n '__hako_options_of restore' -l file-locks -d 'handle file locks'
complete -c hako -n '__hako_options_of restore' -l image-path -x -a '(__fish_complete_directories)' -d 'where the image files are (default: checkpoint)'
complete -c hako -n '__hako_options_of restore' -l lazy-pages -d 'copy memory when it is needed (userfaultfd)'
complete -c hako -n '__hako_options_of restore' -l manage-cgroups-mode -x -a 'soft full strict ignore' -d 'which cgroups criu makes and fills (default: soft)'
complete -c hako -n '__hako_options_of restore' -l network-lock -x -a 'iptables nftables skip' -d 'how the network is held back (default: iptables)'
complete -c hako -n '__hako_options_of restore' -l shell-job -d 'allow a process whose terminal is the caller\'s'
complete -c hako -n '__hako_options_of restore' -l tcp-established -d 'handle established TCP connections'
complete -c hako -n '__hako_options_of restore' -l work-path -x -a '(__fish_complete_directories)' -d 'where criu\'s log goes (default: the image directory)'
complete -c hako -n '__hako_options_of restore' -s d -l detach -d 'do not wait for the container\'s end'
complete -c hako -n '__hako_options_of restore' -l keep -d 'do not delete the container at its end'
complete -c hako -n '__hako_options_of restore' -l lsm-mount-context -x -d 'SELinux context for mounts that have one in the image'
complete -c hako -n '__hako_options_of restore' -l lsm-profile -x -d 'LSM profile of the processes: apparmor:NAME or selinux:LABEL'
complete -c hako -n '__hako_options_of restore' -l no-pivot -d 'accepted, and without effect: criu enters the root file system in its own way'
complete -c hako -n '__hako_options_of restore' -l no-subreaper -d 'do not adopt the container\'s orphans'
complete -c hako -n '__hako_options_of restore' -l pid-file -r -F -d 'write the pid of the container\'s init'
complete -c hako -n '__hako_options_of restore' -l tcp-close -d 'close the established TCP connections of the image'
complete -c hako -n '__hako_options_of restore' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of resume' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of run' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'the bundle (default: the working directory)'
complete -c hako -n '__hako_options_of run' -s f -l config -r -F -d 'read FILE instead of the bundle\'s config.json'
complete -c hako -n '__hako_options_of run' -l console-socket -r -F -d 'send the terminal\'s master to this socket'
complete -c hako -n '__hako_options_of run' -l no-new-keyring -d 'keep the caller\'s session keyring'
complete -c hako -n '__hako_options_of run' -l no-pivot -d 'no pivot_root, for a root file system on a ramdisk'
complete -c hako -n '__hako_options_of run' -l no-subreaper -d 'do not adopt the container\'s orphans'
complete -c hako -n '__hako_options_of run' -l pid-file -r -F -d 'write the pid of the container\'s init'
complete -c hako -n '__hako_options_of run' -l pidfd-socket -r -F -d 'send a pidfd of the container\'s init to this socket'
complete -c hako -n '__hako_options_of run' -l preserve-fds -x -d 'pass N more file descriptors on, from 3'
complete -c hako -n '__hako_options_of run' -s d -l detach -d 'do not wait for the container\'s end'
complete -c hako -n '__hako_options_of run' -l keep -d 'do not delete the container at its end'
complete -c hako -n '__hako_options_of run' -l timeline -r -F -d 'write what was done when, as a trace for Perfetto; -: as text to stderr'
complete -c hako -n '__hako_options_of run' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of spec' -s b -l bundle -x -a '(__fish_complete_directories)' -d 'where to write (default: the working directory)'
complete -c hako -n '__hako_options_of spec' -l rootless -d 'for a user without privileges'
complete -c hako -n '__hako_options_of spec' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of start' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of state' -s h -l help -d 'show this help'
complete -c hako -n '__hako_options_of update' -l blkio-weight -x -d 'weight of disk I/O, 10 to 1000'
complete -c hako -n '__hako_options_of update' -l cpu-burst -x -d 'unused quota that may be saved up, in microseconds'
complete -c hako -n '__hako_options_of update' -l cpu-idle -x -a '0 1' -d '1: run only when nothing else does'
complete -c hako -n '__hako_options_of update' -l cpu-period -x -d 'period of the CPU quota, in microseconds'
complete -c hako -n '__hako_options_of update' -l cpu-quota -x -d 'CPU time in each period, in microseconds; -1: no limit'
complete -c hako -n '__hako_options_of update' -l cpu-rt-period -x -d 'period of the realtime quota (cgroup v1)'
complete -c hako -n '__hako_options_of update' -l cpu-rt-runtime -x -d 'realtime CPU time in each period (cgroup v1)'
complete -c hako -n '__hako_options_of update' -l cpu-share -x -d 'weight of CPU time, 2 to 262144'
complete -c hako -n '__hako_options_of update' -l cpuset-cpus -x -d 'CPUs to run on, such as 0-3,7'
complete -c hako -n '__hako_options_of update' -l cpuset-mems -x -d 'memory nodes to take memory from'
complete -c hako -n '__hako_options_of update' -l kernel-memory -x -d 'ignored: kernels have no such limit any more'
complete -c hako -n '__hako_options_of update' -l kernel-memory-tcp -x -d 'ignored, as with runc: --resources can set it on cgroup v1'
complete -c hako -n '__hako_options_of update' -l l3-cache-schema -x -d 'share of the L3 cache, for resctrl'
complete -c hako -n '__hako_options_of update' -l mem-bw-schema -x -d 'share of memory bandwidth, for resctrl'
complete -c hako -n '__hako_options_of update' -l memory -x -d 'limit of memory, such as 64m; -1: no limit'
complete -c hako -n '__hako_options_of update' -l memory-reservation -x -d 'memory to be left alone under pressure'
complete -c hako -n '__hako_options_of update' -l memory-swap -x -d 'limit of memory and swap together; -1: no limit'
complete -c hako -n '__hako_options_of update' -l pids-limit -x -d 'limit of processes and threads; -1: no limit'
complete -c hako -n '__hako_options_of update' -s r -l resources -r -F -d 'read a linux.resources object from FILE or, by -, stdin; of the other flags only the schemas count then'
complete -c hako -n '__hako_options_of update' -s h -l help -d 'show this help'
complete -c hako -n '__hako_at check 1' -a '(__fish_complete_directories)'
complete -c hako -n '__hako_at checkpoint 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at create 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at delete 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at doctor 1' -a '(__fish_complete_directories)'
complete -c hako -n '__hako_at events 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at exec 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at explain 1' -a '(__fish_complete_directories)'
complete -c hako -n '__hako_at help 1' -a '(__hako_commands)'
complete -c hako -n '__hako_at kill 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at kill 2' -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
complete -c hako -n '__hako_at mounts 1' -a 'add remove'
complete -c hako -n '__hako_at mounts 2' -a '(__hako_containers)'
complete -c hako -n '__hako_at mounts 3' -F
complete -c hako -n '__hako_at pause 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at ps 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at restore 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at resume 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at run 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at start 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at state 1' -a '(__hako_containers)'
complete -c hako -n '__hako_at update 1' -a '(__hako_containers)'
