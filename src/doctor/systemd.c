/* systemd, for --systemd-cgroup: is it there, and do we reach it? */
#include "doctor/doctor.h"

#include "base/err.h"
#include "base/fd.h"
#include "stage/stage.h"
#include "systemd/bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_BUS "/run/dbus/system_bus_socket"

static bool look_at_manager(struct hk_doctor *d)
{
	static const struct hk_need need = {"systemd", false, "--systemd-cgroup"};
	bool running = access("/run/systemd/system", F_OK) == 0;

	hk_doctor_add(d, &need, running ? HK_VERDICT_OK : HK_VERDICT_MISSING,
		"nothing: --cgroup-manager cgroupfs, the default, does without it", "%s",
		running ? "it runs this host" : "it does not run this host");
	return running;
}

static void look_at_library(struct hk_doctor *d)
{
	static const struct hk_need need = {"libsystemd", false, "--systemd-cgroup"};
	struct hk_err err = {0};
	int r = hk_bus_try_library(&err);

	if (r < 0)
		hk_doctor_add(d, &need, HK_VERDICT_MISSING, err.hint, "cannot %s", err.message);
	else
		hk_doctor_add(d, &need, HK_VERDICT_OK, NULL, "it is loaded when it is needed");
}

static void look_at_bus(
	struct hk_doctor *d, const struct hk_need *need, const char *path, const char *advice)
{
	struct hk_err err = {0};
	HK_FD int sock = hk_socket_connect(path, &err);

	if (sock >= 0)
		hk_doctor_add(d, need, HK_VERDICT_OK, NULL, "%s", path);
	else
		hk_doctor_add(d, need, HK_VERDICT_MISSING, advice, "%s: %s", path,
			hk_doctor_errno(d, err.code));
}

/* The path in "unix:path=/run/user/1000/bus,guid=...", else $XDG_RUNTIME_DIR/bus, as systemd's own
 * programs look for it. "" where neither says one. */
static const char *user_bus(struct hk_doctor *d)
{
	static const char prefix[] = "unix:path=";
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (address && strncmp(address, prefix, strlen(prefix)) == 0) {
		address += strlen(prefix);
		return hk_doctor_text(d, "%.*s", (int)strcspn(address, ",;"), address);
	}
	return runtime_dir && runtime_dir[0] ? hk_doctor_text(d, "%s/bus", runtime_dir) : "";
}

static void look_at_user_bus(struct hk_doctor *d)
{
	static const struct hk_need need = {
		"user bus", false, "--systemd-cgroup without privileges"};
	const char *path = user_bus(d);

	if (path[0])
		look_at_bus(d, &need, path,
			"loginctl enable-linger, and the package dbus-user-session");
	else
		hk_doctor_add(d, &need, HK_VERDICT_MISSING,
			"log in by a session of systemd's, or set XDG_RUNTIME_DIR",
			"neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
}

void hk_doctor_systemd(struct hk_doctor *d)
{
	static const struct hk_need system = {"system bus", false, "--systemd-cgroup of root"};

	if (!look_at_manager(d))
		return;
	look_at_library(d);
	look_at_bus(d, &system, SYSTEM_BUS, "start dbus.socket");
	if (d->rootless)
		look_at_user_bus(d);
}
