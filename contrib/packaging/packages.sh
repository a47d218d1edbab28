# shellcheck shell=sh
# What hako's build and tests need, by distribution; sourced by contrib/quickstart, tests/run and .ci/run.

# The package manager of this host, or nothing.
hako_manager() {
	for manager in apt-get dnf apk pacman; do
		if command -v "$manager" >/dev/null 2>&1; then
			echo "$manager"
			return
		fi
	done
}

# hako_packages MANAGER build|systemd|test|client|vm|kernel: a list of package names. "systemd" is for the build too:
# without it there is no systemd cgroup manager, which some systems have no use for. "guest" is for the inside of the
# VM that tests/vm makes, beside what "build" says: see there.
hako_packages() {
	case "$1:$2" in
	apt-get:build)
		echo gcc libc6-dev make cmake pkg-config musl-tools busybox-static \
			libyajl-dev libcap-dev libseccomp-dev libmnl-dev ;;
	apt-get:systemd)
		echo libsystemd-dev ;;
	apt-get:test)
		echo g++ binutils libcmocka-dev python3 python3-pytest python3-jsonschema procps \
			util-linux iproute2 git strace clang clang-format clang-tidy cppcheck shellcheck \
			zsh fish groff-base mandoc ;;
	apt-get:client)
		echo runc crun podman conmon containerd docker.io catatonit netavark iptables uidmap \
			containernetworking-plugins python3-grpcio python3-protobuf criu ;;
	apt-get:vm)
		echo qemu-system-x86 mmdebstrap e2fsprogs ;;
	apt-get:kernel)
		echo gcc make flex bison bc perl xz-utils libelf-dev ;;
	apt-get:guest)
		echo systemd systemd-sysv dbus dbus-user-session libpam-systemd udev kmod e2fsprogs xfsprogs btrfs-progs \
			apparmor secilc uidmap python3-pytest python3-jsonschema libcmocka-dev procps util-linux iproute2 \
			iptables strace criu runc crun podman conmon catatonit netavark slirp4netns fuse-overlayfs ;;
	dnf:build)
		echo gcc make cmake pkgconf-pkg-config kernel-headers musl-gcc busybox \
			yajl-devel libcap-devel libseccomp-devel libmnl-devel ;;
	dnf:systemd)
		echo systemd-devel ;;
	dnf:test)
		echo gcc-c++ binutils libcmocka-devel python3 python3-pytest python3-jsonschema \
			procps-ng util-linux iproute git strace clang clang-tools-extra cppcheck ShellCheck \
			libasan libubsan zsh fish groff-base mandoc ;;
	dnf:client)
		echo runc crun podman conmon containerd moby-engine catatonit netavark iptables-nft \
			shadow-utils containernetworking-plugins python3-grpcio python3-protobuf criu ;;
	apk:build)
		echo gcc musl-dev make cmake pkgconf linux-headers busybox-static \
			yajl-dev libcap-dev libcap-static libseccomp-dev libseccomp-static libmnl-dev ;;
	apk:test)
		echo g++ binutils cmocka-dev python3 py3-pytest py3-jsonschema procps util-linux iproute2 git strace \
			clang clang-extra-tools cppcheck shellcheck zsh fish groff mandoc ;;
	apk:client)
		echo runc crun podman conmon containerd containerd-ctr docker catatonit netavark \
			iptables shadow-uidmap cni-plugins py3-grpcio py3-protobuf criu ;;
	pacman:build)
		echo gcc make cmake pkgconf linux-api-headers musl busybox \
			yajl libcap libseccomp libmnl ;;
	pacman:systemd)
		echo systemd-libs ;;
	pacman:test)
		echo binutils cmocka python python-pytest python-jsonschema procps-ng util-linux iproute2 git strace \
			clang cppcheck shellcheck zsh fish groff ;;
	pacman:client)
		echo runc crun podman conmon containerd docker catatonit netavark iptables \
			cni-plugins python-grpcio python-protobuf criu ;;
	esac
}

# Debian starts the daemons of what it installs, dockerd among them, unless a policy says no. The tests
# start their own.
hako_apt() {
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	apt_status=0
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends "$@"; } </dev/null || apt_status=$?
	[ -z "$policy" ] || rm -f "$policy"
	return "$apt_status"
}

# hako_install_packages MANAGER PACKAGE...: without questions, without recommended extras.
hako_install_packages() {
	manager=$1
	shift
	case "$manager" in
	apt-get) hako_apt "$@" ;;
	dnf) dnf install -y --setopt=install_weak_deps=False "$@" </dev/null ;;
	apk) apk add "$@" </dev/null ;;
	pacman) pacman -Sy --needed --noconfirm "$@" </dev/null ;;
	esac
}

# hako_install SET: all of a set, or nothing and a failure.
hako_install() {
	manager=$(hako_manager)
	if [ -z "$manager" ]; then
		echo "no apt-get, dnf, apk or pacman here: install the equivalents of these Debian packages" \
			"by hand: $(hako_packages apt-get "$1")" >&2
		return 1
	fi
	# shellcheck disable=SC2046  # a list of names
	hako_install_packages "$manager" $(hako_packages "$manager" "$1")
}

# The static busybox of the distribution: it must run where nothing else is.
hako_static_busybox() {
	for busybox in /bin/busybox /usr/bin/busybox /usr/sbin/busybox /bin/busybox.static \
		/usr/lib/busybox/busybox; do
		if [ -x "$busybox" ] && ! ldd "$busybox" >/dev/null 2>&1; then
			echo "$busybox"
			return 0
		fi
	done
	return 1
}

hako_have() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null 2>&1 || return 1
	done
}

# hako_has SET: whether everything of a set is here already, so that nothing has to be fetched.
hako_has() {
	case "$1" in
	build)
		hako_have cc make cmake pkg-config && hako_static_busybox >/dev/null &&
			pkg-config --exists yajl libcap libseccomp libmnl ;;
	systemd)
		[ -z "$(hako_packages "$(hako_manager)" systemd)" ] || pkg-config --exists libsystemd ;;
	test)
		hako_have c++ nm readelf git strace ps unshare ip &&
			hako_have clang clang-format clang-tidy cppcheck shellcheck zsh fish groff &&
			pkg-config --exists cmocka && hako_python >/dev/null &&
			"$(hako_python)" -c 'import jsonschema' >/dev/null 2>&1 ;;
	client)
		hako_have runc podman conmon containerd ctr dockerd docker catatonit criu &&
			"$(hako_python)" -c 'import grpc, google.protobuf' >/dev/null 2>&1 ;;
	vm) # made of Debian packages: nothing to install elsewhere
		[ -z "$(hako_packages "$(hako_manager)" vm)" ] ||
			hako_have qemu-system-x86_64 mmdebstrap mkfs.ext4 ;;
	kernel)
		[ -z "$(hako_packages "$(hako_manager)" kernel)" ] ||
			{ hako_have cc make flex bison bc perl xz && pkg-config --exists libelf; } ;;
	esac
}

# A python3 that has pytest: the distribution's own first, since a user's may hide it.
hako_python() {
	for python in /usr/bin/python3 python3; do
		if "$python" -c 'import pytest' >/dev/null 2>&1; then
			echo "$python"
			return 0
		fi
	done
	return 1
}
