# bash completion of hako. Written by docs/generate from the tables of src/cli.
# shellcheck shell=bash

_hako_commands() {
	cat <<-'END'
		check
		checkpoint
		create
		delete
		doctor
		events
		exec
		explain
		features
		help
		kill
		list
		mounts
		pause
		ps
		restore
		resume
		run
		spec
		start
		state
		update
	END
}

# The options of a command; '': those before it.
_hako_options() {
	case $1 in
	'') echo --cgroup-manager --debug --log --log-format --log-level --root --rootless --systemd-cgroup --version --help ;;
	'check') echo --config --format --help ;;
	'checkpoint') echo --auto-dedup --empty-ns --ext-unix-sk --file-locks --image-path --lazy-pages --manage-cgroups-mode --network-lock --shell-job --tcp-established --work-path --leave-running --link-remap --page-server --parent-path --pre-dump --status-fd --tcp-skip-in-flight --help ;;
	'create') echo --bundle --config --console-socket --no-new-keyring --no-pivot --no-subreaper --pid-file --pidfd-socket --preserve-fds --timeline --help ;;
	'delete') echo --force --regex --help ;;
	'doctor') echo --format --help ;;
	'events') echo --interval --stats --help ;;
	'exec') echo --additional-gids --apparmor --cap --cgroup --console-socket --cwd --detach --env --ignore-paused --no-new-privs --pid-file --pidfd-socket --preserve-fds --process --process-label --timeline --tty --user --help ;;
	'explain') echo --config --format --id --help ;;
	'features') echo --help ;;
	'help') echo --help ;;
	'kill') echo --all --regex --help ;;
	'list') echo --format --quiet --help ;;
	'mounts') echo --help ;;
	'pause') echo --help ;;
	'ps') echo --format --help ;;
	'restore') echo --bundle --console-socket --auto-dedup --empty-ns --ext-unix-sk --file-locks --image-path --lazy-pages --manage-cgroups-mode --network-lock --shell-job --tcp-established --work-path --detach --keep --lsm-mount-context --lsm-profile --no-pivot --no-subreaper --pid-file --tcp-close --help ;;
	'resume') echo --help ;;
	'run') echo --bundle --config --console-socket --no-new-keyring --no-pivot --no-subreaper --pid-file --pidfd-socket --preserve-fds --detach --keep --timeline --help ;;
	'spec') echo --bundle --rootless --help ;;
	'start') echo --help ;;
	'state') echo --help ;;
	'update') echo --blkio-weight --cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpu-share --cpuset-cpus --cpuset-mems --kernel-memory --kernel-memory-tcp --l3-cache-schema --mem-bw-schema --memory --memory-reservation --memory-swap --pids-limit --resources --help ;;
	esac
}

# What the value of COMMAND:OPTION is; fails for an option that takes none.
_hako_value() {
	case $1 in
	:--cgroup-manager) echo words cgroupfs systemd disabled ;;
	:--log) echo file ;;
	:--log-format) echo words text json ;;
	:--log-level) echo words error warning info debug ;;
	:--root) echo directory ;;
	:--rootless) echo words true false auto ;;
	check:-f | check:--config) echo file ;;
	check:--format) echo words text json ;;
	checkpoint:--empty-ns) echo none ;;
	checkpoint:--image-path) echo directory ;;
	checkpoint:--manage-cgroups-mode) echo words soft full strict ignore ;;
	checkpoint:--network-lock) echo words iptables nftables skip ;;
	checkpoint:--work-path) echo directory ;;
	checkpoint:--page-server) echo none ;;
	checkpoint:--parent-path) echo directory ;;
	checkpoint:--status-fd) echo none ;;
	create:-b | create:--bundle) echo directory ;;
	create:-f | create:--config) echo file ;;
	create:--console-socket) echo file ;;
	create:--pid-file) echo file ;;
	create:--pidfd-socket) echo file ;;
	create:--preserve-fds) echo none ;;
	create:--timeline) echo file ;;
	doctor:--format) echo words table json ;;
	events:--interval) echo none ;;
	exec:-g | exec:--additional-gids) echo none ;;
	exec:--apparmor) echo none ;;
	exec:-c | exec:--cap) echo none ;;
	exec:--cgroup) echo none ;;
	exec:--console-socket) echo file ;;
	exec:--cwd) echo none ;;
	exec:-e | exec:--env) echo none ;;
	exec:--pid-file) echo file ;;
	exec:--pidfd-socket) echo file ;;
	exec:--preserve-fds) echo none ;;
	exec:-p | exec:--process) echo file ;;
	exec:--process-label) echo none ;;
	exec:--timeline) echo file ;;
	exec:-u | exec:--user) echo none ;;
	explain:-f | explain:--config) echo file ;;
	explain:--format) echo words text json ;;
	explain:--id) echo container ;;
	list:-f | list:--format) echo words table json ;;
	ps:-f | ps:--format) echo words table json ;;
	restore:-b | restore:--bundle) echo directory ;;
	restore:--console-socket) echo file ;;
	restore:--empty-ns) echo none ;;
	restore:--image-path) echo directory ;;
	restore:--manage-cgroups-mode) echo words soft full strict ignore ;;
	restore:--network-lock) echo words iptables nftables skip ;;
	restore:--work-path) echo directory ;;
	restore:--lsm-mount-context) echo none ;;
	restore:--lsm-profile) echo none ;;
	restore:--pid-file) echo file ;;
	run:-b | run:--bundle) echo directory ;;
	run:-f | run:--config) echo file ;;
	run:--console-socket) echo file ;;
	run:--pid-file) echo file ;;
	run:--pidfd-socket) echo file ;;
	run:--preserve-fds) echo none ;;
	run:--timeline) echo file ;;
	spec:-b | spec:--bundle) echo directory ;;
	update:--blkio-weight) echo none ;;
	update:--cpu-burst) echo none ;;
	update:--cpu-idle) echo words 0 1 ;;
	update:--cpu-period) echo none ;;
	update:--cpu-quota) echo none ;;
	update:--cpu-rt-period) echo none ;;
	update:--cpu-rt-runtime) echo none ;;
	update:--cpu-share) echo none ;;
	update:--cpuset-cpus) echo none ;;
	update:--cpuset-mems) echo none ;;
	update:--kernel-memory) echo none ;;
	update:--kernel-memory-tcp) echo none ;;
	update:--l3-cache-schema) echo none ;;
	update:--mem-bw-schema) echo none ;;
	update:--memory) echo none ;;
	update:--memory-reservation) echo none ;;
	update:--memory-swap) echo none ;;
	update:--pids-limit) echo none ;;
	update:-r | update:--resources) echo file ;;
	*) return 1 ;;
	esac
}

# What COMMAND:POSITION is.
_hako_place() {
	case $1 in
	check:1) echo directory ;;
	checkpoint:1) echo container ;;
	create:1) echo container ;;
	delete:1) echo container ;;
	doctor:1) echo directory ;;
	events:1) echo container ;;
	exec:1) echo container ;;
	explain:1) echo directory ;;
	help:1) echo command ;;
	kill:1) echo container ;;
	kill:2) echo words HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS ;;
	mounts:1) echo words add remove ;;
	mounts:2) echo container ;;
	mounts:3) echo file ;;
	pause:1) echo container ;;
	ps:1) echo container ;;
	restore:1) echo container ;;
	resume:1) echo container ;;
	run:1) echo container ;;
	start:1) echo container ;;
	state:1) echo container ;;
	update:1) echo container ;;
	esac
}

# Whether the options of a command end at its first argument.
_hako_stops_early() {
	case $1 in
	exec | kill | ps) return 0 ;;
	esac
	return 1
}

# An option in the form that the tables have: -bundle and -bundle=x are --bundle, too.
_hako_option_name() {
	local name=${1#-}
	name=${name#-}
	name=${name%%=*}
	[ ${#name} -eq 1 ] && echo "-$name" || echo "--$name"
}

# _hako_reply KIND CURRENT PREFIX, by what _hako_value and _hako_place say.
_hako_reply() {
	local candidates=() i
	case $1 in
	words\ *) mapfile -t candidates < <(compgen -W "${1#words }" -- "$2") ;;
	container) mapfile -t candidates < <(compgen -W "$("$program" "${root[@]}" list -q 2>/dev/null)" -- "$2") ;;
	command) mapfile -t candidates < <(compgen -W "$(_hako_commands)" -- "$2") ;;
	directory)
		compopt -o filenames 2>/dev/null
		mapfile -t candidates < <(compgen -d -- "$2")
		;;
	file)
		compopt -o filenames 2>/dev/null
		mapfile -t candidates < <(compgen -f -- "$2")
		;;
	esac
	for i in "${candidates[@]}"; do
		COMPREPLY+=("$3$i")
	done
}

_hako() {
	local words=() word current command='' pending='' ended='' place=1 program=${COMP_WORDS[0]} root=()
	local kind prefix='' i
	COMPREPLY=()

	# Readline takes --name=value for three words.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -gt 1 && ($word == '=' || ${COMP_WORDS[i - 1]} == '=') && ${words[-1]} == -* ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	current=${words[-1]}
	unset 'words[-1]'

	for word in "${words[@]}"; do
		if [ -n "$pending" ]; then
			[ "$pending" = :--root ] && root=(--root "${word//[\\\"\']/}")
			pending=
		elif [[ -z $ended && $word == -*=* ]]; then
			[ "$command:$(_hako_option_name "$word")" = :--root ] && root=(--root "${word#*=}")
		elif [[ -z $ended && $word == -- ]]; then
			ended=yes
		elif [[ -z $ended && $word == -?* ]]; then
			pending=$command:$(_hako_option_name "$word")
			_hako_value "$pending" >/dev/null || pending=
		elif [ -z "$command" ]; then
			command=$word
			ended=
		else
			place=$((place + 1))
			_hako_stops_early "$command" && ended=yes
		fi
	done
	[ ${#root[@]} -eq 0 ] || root[1]=${root[1]/#~\//$HOME/}

	if [ -n "$pending" ]; then
		kind=$(_hako_value "$pending")
	elif [[ -z $ended && $current == -*=* ]]; then
		kind=$(_hako_value "$command:$(_hako_option_name "$current")")
		[[ $COMP_WORDBREAKS == *=* ]] || prefix=${current%%=*}=
		current=${current#*=}
	elif [[ -z $ended && $current == -* ]]; then
		kind="words $(_hako_options "$command")"
	elif [ -z "$command" ]; then
		kind='command'
	else
		kind=$(_hako_place "$command:$place")
	fi
	_hako_reply "$kind" "$current" "$prefix"
}

complete -F _hako hako
