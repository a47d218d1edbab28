/* The descriptors that go along with a new container. */
#include "lib/creation.h"

#include "base/err.h"
#include "base/fd.h"
#include "lib/descriptors.h"

/* `start` binds the socket: nobody could read it before. */
static int make_notify(struct hk_creation *c, struct hk_err *err)
{
	int r;

	if (!c->prepared.notify_dir)
		return 0;
	r = hk_notify_make_dir(c->dir, err);
	if (r < 0 || !c->run)
		return r;
	return hk_notify_open(c->dir, c->prepared.options.notify_socket, &c->notify, err);
}

static int open_console(struct hk_creation *c, struct hk_err *err)
{
	const struct hako_create_options *options = &c->prepared.options;

	return hk_console_connect(
		options->console_socket, options->console_fd, &c->slots[HK_SLOT_CONSOLE], err);
}

/* For the hooks that the init stage runs; the others open the files when it is their turn. */
static int open_hook_output(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_spec *spec = c->prepared.spec;
	struct hk_child_output files;
	int r;

	if (!spec->hooks.at[HK_HOOK_CREATE_CONTAINER].count &&
		!spec->hooks.at[HK_HOOK_START_CONTAINER].count)
		return 0;
	r = hk_hook_output_open(&spec->annotations, &files, err);
	if (r < 0)
		return r;
	c->slots[HK_SLOT_HOOK_STDOUT] = files.out;
	c->slots[HK_SLOT_HOOK_STDERR] = files.err;
	return 0;
}

static int open_namespaces(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_linux *linux = &c->prepared.spec->linux;

	for (size_t i = 0; i < linux->namespace_count; i++) {
		const struct hk_namespace *ns = &linux->namespaces[i];
		int fd;

		if (!ns->path)
			continue;
		fd = hk_namespace_open(ns->path, ns->type, err);
		if (fd < 0)
			return hk_err_at(err, "/linux/namespaces/%zu/path", i);
		c->slots[HK_SLOT_NS + ns->type] = fd;
	}
	return 0;
}

int hk_creation_open_files(struct hk_creation *c, struct hk_err *err)
{
	int r = make_notify(c, err);

	if (r == 0)
		r = open_console(c, err);
	return r < 0 ? r : open_namespaces(c, err);
}

int hk_creation_open_slots(struct hk_creation *c, struct hk_err *err)
{
	int r = hk_creation_open_files(c, err);

	if (r == 0)
		r = open_hook_output(c, err);
	if (r == 0)
		r = hk_creation_open_trace(c, err);
	if (r == 0)
		r = c->run ? hk_handshake_pipes(&c->handshake, err)
			   : hk_handshake_fifos(c->dir, &c->handshake, err);
	c->slots[HK_SLOT_START] = c->handshake.start;
	c->slots[HK_SLOT_RESULT] = c->handshake.result;
	return r;
}

void hk_creation_close_slots(struct hk_creation *c)
{
	c->slots[HK_SLOT_START] = c->slots[HK_SLOT_RESULT] = -1; /* the handshake's */
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		hk_close(&c->slots[i]);
	hk_handshake_done(&c->handshake);
	hk_notify_free(c->notify);
	c->notify = NULL;
}
