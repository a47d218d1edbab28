/* Handing the seccomp listener to the agent that config.json names. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "json/json.h"

#include <errno.h>

/* ContainerProcessState of runtime-spec's config-linux.md. */
static char *process_state(
	const char *metadata, const struct hk_hook_state *state, const char *status, pid_t pid)
{
	HK_FREE char *before = NULL, *after = NULL;
	struct hk_strbuf text = {0};
	struct hk_writer w;

	if (hk_hook_state_split(state, status, &before, &after) < 0)
		return NULL;
	hk_writer_init(&w, &text, NULL);
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "ociVersion", HK_SPEC_VERSION);
	hk_write_array_begin(&w, "fds");
	hk_write_string(&w, NULL, "seccompFd");
	hk_write_array_end(&w);
	hk_write_i64(&w, "pid", pid);
	if (metadata)
		hk_write_string(&w, "metadata", metadata);
	/* the state is written in one place only; it goes in as it is */
	hk_strbuf_printf(&text, ",\"state\":%s%d%s}", before, (int)pid, after);
	return hk_strbuf_take(&text);
}

static int hand_over(const char *path, const char *text, int listener, struct hk_err *err)
{
	HK_FD int sock = hk_socket_connect(path, err);

	return sock < 0 ? sock : hk_socket_send_fd(sock, text, listener, err);
}

int hk_seccomp_notify_send(const char *path, const char *metadata, int listener,
	const struct hk_hook_state *state, const char *status, pid_t pid, struct hk_err *err)
{
	HK_FREE char *text = process_state(metadata, state, status, pid);

	if (!text)
		return hk_fail(err, ENOMEM, "write the state for the seccomp agent");
	return hand_over(path, text, listener, err);
}
