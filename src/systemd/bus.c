/* D-Bus by libsystemd's sd-bus, which is loaded when it is needed: other hosts do not have it, and
 * even to link it would cost every start of the program more than all its own work. */
#include "systemd/bus.h"

#include "base/err.h"
#include "base/library.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define TIMEOUT_USEC 30000000ull
#define SERVICE	     "org.freedesktop.systemd1"
#define OBJECT	     "/org/freedesktop/systemd1"
#define MANAGER	     "org.freedesktop.systemd1.Manager"

#define FUNCTIONS(F)                                                                               \
	F(sd_bus_call)                                                                             \
	F(sd_bus_error_free)                                                                       \
	F(sd_bus_error_has_name)                                                                   \
	F(sd_bus_flush_close_unref)                                                                \
	F(sd_bus_get_property_string)                                                              \
	F(sd_bus_match_signal)                                                                     \
	F(sd_bus_message_append)                                                                   \
	F(sd_bus_message_appendv)                                                                  \
	F(sd_bus_message_append_basic)                                                             \
	F(sd_bus_message_close_container)                                                          \
	F(sd_bus_message_new_method_call)                                                          \
	F(sd_bus_message_open_container)                                                           \
	F(sd_bus_message_read)                                                                     \
	F(sd_bus_message_unref)                                                                    \
	F(sd_bus_open_system)                                                                      \
	F(sd_bus_open_user)                                                                        \
	F(sd_bus_process)                                                                          \
	F(sd_bus_slot_unref)                                                                       \
	F(sd_bus_wait)

/* The member of a function has its name, so that a call through it reads as without dlopen. */
struct functions {
#define F(name) __typeof__(name) *name;
	FUNCTIONS(F)
#undef F
};

struct hk_bus {
	struct functions lib;
	bool user;
	sd_bus *bus;
};

/* A job of systemd's, and how it ended. */
struct job {
	struct hk_bus *bus;
	char path[128]; /* "": not yet known */
	char result[32];
	bool done;
};

bool hk_bus_is_built(void)
{
	return true;
}

/* ---- the library and the connection ---- */

static int load(struct functions *ret, struct hk_err *err)
{
	static const struct hk_library_function wanted[] = {
#define F(name) {#name, offsetof(struct functions, name)},
		FUNCTIONS(F)
#undef F
	};
	static const struct hk_library library = {
		.name = "libsystemd.so.0",
		.purpose = "D-Bus",
		.hint = "install systemd's library (Debian: libsystemd0), or use "
			"--cgroup-manager=cgroupfs",
		.functions = wanted,
		.function_count = HK_COUNT(wanted),
	};

	return hk_library_load(&library, ret, err);
}

int hk_bus_try_library(struct hk_err *err)
{
	struct functions ignored;

	return load(&ignored, err);
}

static void advise(const struct hk_bus *bus, struct hk_err *err)
{
	hk_err_hint(err, "%s",
		bus->user ? "set XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS, as a login does; "
			    "`loginctl enable-linger` keeps a user's systemd without one; or use "
			    "--cgroup-manager=cgroupfs"
			  : "does systemd run this host, and dbus.socket? Or use "
			    "--cgroup-manager=cgroupfs");
}

static int unreachable(const struct hk_bus *bus, int errnum, struct hk_err *err)
{
	(void)hk_fail(
		err, errnum, "connect to the %s bus of systemd", bus->user ? "user" : "system");
	advise(bus, err);
	return -errnum;
}

int hk_bus_open(bool user, struct hk_bus **ret, struct hk_err *err)
{
	struct hk_bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return hk_fail(err, ENOMEM, "connect to systemd");
	bus->user = user;
	r = load(&bus->lib, err);
	if (r < 0) {
		free(bus);
		return r;
	}
	r = user ? bus->lib.sd_bus_open_user(&bus->bus) : bus->lib.sd_bus_open_system(&bus->bus);
	if (r < 0) {
		r = unreachable(bus, -r, err);
		hk_bus_close(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

void hk_bus_close(struct hk_bus *bus)
{
	if (!bus)
		return;
	if (bus->bus)
		(void)bus->lib.sd_bus_flush_close_unref(bus->bus);
	free(bus);
}

/* ---- errors ---- */

static bool has_name(struct hk_bus *bus, const sd_bus_error *error, const char *name)
{
	char whole[96];

	(void)snprintf(whole, sizeof(whole), SERVICE ".%s", name);
	return bus->lib.sd_bus_error_has_name(error, whole);
}

/* Frees the error. */
static int failed(
	struct hk_bus *bus, const char *what, sd_bus_error *error, int r, struct hk_err *err)
{
	if (has_name(bus, error, "UnitExists"))
		r = -EEXIST;
	else if (has_name(bus, error, "NoSuchUnit"))
		r = -ENOENT;
	if (!error->message)
		return unreachable(bus, -r, err);
	(void)hk_refuse(err, -r, "%s: %s", what, error->message);
	if (r == -EHOSTUNREACH) /* there is a bus, but no systemd on it */
		advise(bus, err);
	if (r == -EACCES && !bus->user)
		hk_err_hint(err, "the system's systemd makes units for root; --rootless=true asks "
				 "the user's own");
	bus->lib.sd_bus_error_free(error);
	return r;
}

/* ---- messages ---- */

static int append_basic(struct hk_bus *bus, sd_bus_message *m, char type, const union hk_atom *atom)
{
	/* sd-bus reads each type from a variable of its own */
	const uint8_t byte = (uint8_t)atom->number;
	const int boolean = atom->number != 0;
	const uint16_t half = (uint16_t)atom->number;
	const uint32_t word = (uint32_t)atom->number;
	const void *value = &atom->number;

	if (type == 'y')
		value = &byte;
	else if (type == 'b')
		value = &boolean;
	else if (type == 'n' || type == 'q')
		value = &half;
	else if (type == 'i' || type == 'u')
		value = &word;
	else if (type == 'd')
		value = &atom->real;
	else if (strchr("sog", type))
		value = atom->text;
	return bus->lib.sd_bus_message_append_basic(m, type, value);
}

static int append_row(
	struct hk_bus *bus, sd_bus_message *m, const char *types, const union hk_atom *atoms)
{
	int r = bus->lib.sd_bus_message_open_container(m, 'r', types);

	for (size_t i = 0; r >= 0 && types[i]; i++)
		r = append_basic(bus, m, types[i], &atoms[i]);
	return r < 0 ? r : bus->lib.sd_bus_message_close_container(m);
}

static int append_array(struct hk_bus *bus, sd_bus_message *m, const struct hk_variant *v)
{
	int r = bus->lib.sd_bus_message_open_container(m, 'a', v->type + 1);
	char types[16] = "";
	size_t columns = 1;

	if (v->type[1] == '(') {
		(void)snprintf(
			types, sizeof(types), "%.*s", (int)strcspn(v->type + 2, ")"), v->type + 2);
		columns = strlen(types);
	}
	for (size_t i = 0; r >= 0 && i < v->count; i += columns)
		r = types[0] ? append_row(bus, m, types, &v->atoms[i])
			     : append_basic(bus, m, v->type[1], &v->atoms[i]);
	return r < 0 ? r : bus->lib.sd_bus_message_close_container(m);
}

static int append_property(struct hk_bus *bus, sd_bus_message *m, const struct hk_unit_property *p)
{
	const struct hk_variant *v = &p->value;
	int r = bus->lib.sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = bus->lib.sd_bus_message_append_basic(m, 's', p->name);
	if (r >= 0)
		r = bus->lib.sd_bus_message_open_container(m, 'v', v->type);
	if (r >= 0)
		r = v->type[0] == 'a' ? append_array(bus, m, v)
				      : append_basic(bus, m, v->type[0], v->atoms);
	if (r >= 0)
		r = bus->lib.sd_bus_message_close_container(m);
	return r < 0 ? r : bus->lib.sd_bus_message_close_container(m);
}

static int append_properties(
	struct hk_bus *bus, sd_bus_message *m, const struct hk_unit_properties *list)
{
	int r = bus->lib.sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; r >= 0 && i < list->count; i++)
		r = append_property(bus, m, &list->items[i]);
	return r < 0 ? r : bus->lib.sd_bus_message_close_container(m);
}

/* ---- calls that are answered at once, and those that make a job ---- */

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	const char *path = NULL, *unit, *result = NULL;
	uint32_t id;

	(void)error;
	if (job->bus->lib.sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0 ||
		strcmp(path, job->path) != 0)
		return 0;
	(void)snprintf(job->result, sizeof(job->result), "%s", result);
	job->done = true;
	return 0;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int wait_for(struct hk_bus *bus, struct job *job, const char *what, struct hk_err *err)
{
	uint64_t end = now_usec() + TIMEOUT_USEC;
	sd_bus_error none = SD_BUS_ERROR_NULL;
	int r = 0;

	while (r >= 0 && !job->done) {
		uint64_t now = now_usec();

		r = bus->lib.sd_bus_process(bus->bus, NULL);
		if (r != 0 || job->done)
			continue;
		if (now >= end)
			return hk_fail(err, ETIMEDOUT, "%s: wait for systemd", what);
		r = bus->lib.sd_bus_wait(bus->bus, end - now);
		if (r == -EINTR)
			r = 0;
	}
	if (r < 0)
		return failed(bus, what, &none, r, err);
	if (strcmp(job->result, "done") != 0)
		return hk_refuse(err, EIO, "%s: systemd's job ended with '%s'", what, job->result);
	return 0;
}

/* The reply names the job; what systemd said of it since is in the queue. */
static int call_for_job(struct hk_bus *bus, sd_bus_message *m, const char *what, struct hk_err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct job job = {.bus = bus};
	sd_bus_message *reply = NULL;
	sd_bus_slot *slot = NULL;
	const char *path;
	int r;

	r = bus->lib.sd_bus_match_signal(
		bus->bus, &slot, SERVICE, OBJECT, MANAGER, "JobRemoved", on_job_removed, &job);
	if (r >= 0)
		r = bus->lib.sd_bus_call(bus->bus, m, TIMEOUT_USEC, &error, &reply);
	if (r >= 0)
		r = bus->lib.sd_bus_message_read(reply, "o", &path);
	if (r < 0) {
		r = failed(bus, what, &error, r, err);
	} else {
		(void)snprintf(job.path, sizeof(job.path), "%s", path);
		r = wait_for(bus, &job, what, err);
	}
	(void)bus->lib.sd_bus_message_unref(reply);
	(void)bus->lib.sd_bus_slot_unref(slot);
	return r;
}

static int call(struct hk_bus *bus, sd_bus_message *m, const char *what, struct hk_err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = bus->lib.sd_bus_call(bus->bus, m, TIMEOUT_USEC, &error, NULL);

	return r < 0 ? failed(bus, what, &error, r, err) : 0;
}

/* *ret is the caller's, on the heap. */
static int get(struct hk_bus *bus, const char *name, char **ret, struct hk_err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = bus->lib.sd_bus_get_property_string(
		bus->bus, SERVICE, OBJECT, MANAGER, name, &error, ret);

	return r < 0 ? failed(bus, "ask systemd what it is", &error, r, err) : 0;
}

int hk_bus_get(struct hk_bus *bus, const char *name, struct hk_arena *arena, const char **ret,
	struct hk_err *err)
{
	HK_FREE char *text = NULL;
	int r = get(bus, name, &text, err);

	if (r < 0)
		return r;
	*ret = hk_arena_strdup(arena, text);
	return *ret ? 0 : hk_fail(err, ENOMEM, "ask systemd what it is");
}

/* One of the manager's methods. */
struct method {
	const char *name;
	const char *does; /* "start the unit" */
	bool makes_job;
	bool has_auxiliary; /* it ends with a list of further units, which is always empty here */
};

/* The arguments behind the unit's name are of these types, then come the properties. */
static int compose(struct hk_bus *bus, sd_bus_message *m, const struct method *method,
	const struct hk_unit_properties *properties, const char *types, va_list arguments)
{
	int r = bus->lib.sd_bus_message_appendv(m, types, arguments);

	if (r >= 0 && properties)
		r = append_properties(bus, m, properties);
	if (r >= 0 && method->has_auxiliary)
		r = bus->lib.sd_bus_message_append(m, "a(sa(sv))", 0);
	return r;
}

static int call_method(struct hk_bus *bus, const struct method *method, const char *unit,
	const struct hk_unit_properties *properties, struct hk_err *err, const char *types, ...)
{
	sd_bus_message *m = NULL;
	va_list arguments;
	char what[300];
	int r;

	(void)snprintf(what, sizeof(what), "%s '%s'", method->does, unit);
	r = bus->lib.sd_bus_message_new_method_call(
		bus->bus, &m, SERVICE, OBJECT, MANAGER, method->name);
	va_start(arguments, types);
	if (r >= 0)
		r = compose(bus, m, method, properties, types, arguments);
	va_end(arguments);
	if (r < 0) /* memory, or a value that D-Bus does not take */
		r = hk_fail(err, -r, "%s: write the message", what);
	else
		r = method->makes_job ? call_for_job(bus, m, what, err) : call(bus, m, what, err);
	(void)bus->lib.sd_bus_message_unref(m);
	return r;
}

int hk_bus_start_unit(struct hk_bus *bus, const char *name,
	const struct hk_unit_properties *properties, struct hk_err *err)
{
	static const struct method method = {"StartTransientUnit", "start the unit", true, true};

	return call_method(bus, &method, name, properties, err, "ss", name, "fail");
}

int hk_bus_stop_unit(struct hk_bus *bus, const char *name, struct hk_err *err)
{
	static const struct method method = {"StopUnit", "stop the unit", true, false};

	return call_method(bus, &method, name, NULL, err, "ss", name, "replace");
}

int hk_bus_reset_failed_unit(struct hk_bus *bus, const char *name, struct hk_err *err)
{
	static const struct method method = {"ResetFailedUnit", "reset the unit", false, false};

	return call_method(bus, &method, name, NULL, err, "s", name);
}

int hk_bus_set_properties(struct hk_bus *bus, const char *name,
	const struct hk_unit_properties *properties, struct hk_err *err)
{
	static const struct method method = {"SetUnitProperties", "change the unit", false, false};
	const int until_it_stops = 1;
	HK_FREE char *version = NULL;
	int r = call_method(bus, &method, name, properties, err, "sb", name, until_it_stops);

	/* It replies first and writes to the cgroup after, but before it reads the next message. */
	return r < 0 ? r : get(bus, "Version", &version, err);
}

int hk_bus_attach_process(
	struct hk_bus *bus, const char *name, const char *below, pid_t pid, struct hk_err *err)
{
	static const struct method method = {
		"AttachProcessesToUnit", "put a process into the unit", false, false};

	return call_method(bus, &method, name, NULL, err, "ssau", name, below, 1, (uint32_t)pid);
}
