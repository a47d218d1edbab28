/* What is said to criu, in order. */
#include "criu/talk.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>

static int ask(struct hk_criu *criu, struct hk_strbuf *question, enum hk_criu_type type,
	struct hk_criu_reply *ret, struct hk_err *err)
{
	HK_FD int fd = -1;
	int r = hk_criu_send(criu, question, err);

	if (r == 0)
		r = hk_criu_receive(criu, ret, &fd, err);
	if (r < 0)
		return r;
	if (ret->type != (int)type)
		return hk_refuse(err, EPROTO, "criu does not answer what it was asked");
	if (ret->success)
		return 0;
	(void)hk_refuse(err, EIO, "criu does not work here");
	hk_err_hint(err, "\"criu check\" says why");
	return -EIO;
}

static int check_version(struct hk_criu *criu, struct hk_err *err)
{
	struct hk_strbuf question = {0};
	struct hk_criu_reply reply;
	int r;

	hk_criu_put_version_request(&question);
	r = ask(criu, &question, HK_CRIU_VERSION, &reply, err);
	if (r < 0)
		return r;
	if (reply.version_major > HK_CRIU_MIN_MAJOR ||
		(reply.version_major == HK_CRIU_MIN_MAJOR &&
			reply.version_minor >= HK_CRIU_MIN_MINOR))
		return 0;
	(void)hk_refuse(
		err, ENOTSUP, "criu %d.%d is too old", reply.version_major, reply.version_minor);
	hk_err_hint(err, "install criu %d.%d or later", HK_CRIU_MIN_MAJOR, HK_CRIU_MIN_MINOR);
	return -ENOTSUP;
}

static int check_features(
	struct hk_criu *criu, const struct hk_criu_features *needed, struct hk_err *err)
{
	struct hk_strbuf question = {0};
	struct hk_criu_reply reply;
	int r;

	if (!needed->mem_track && !needed->lazy_pages)
		return 0;
	hk_criu_put_feature_request(&question, needed);
	r = ask(criu, &question, HK_CRIU_FEATURE_CHECK, &reply, err);
	if (r < 0)
		return r;
	if (needed->mem_track && !reply.features.mem_track)
		return hk_refuse(err, ENOTSUP,
			"criu cannot track memory on this kernel, as pre-dumps need it");
	if (needed->lazy_pages && !reply.features.lazy_pages)
		return hk_refuse(err, ENOTSUP,
			"criu cannot use userfaultfd on this kernel, as lazy pages need it");
	return 0;
}

static int answer(struct hk_criu *criu, bool success, struct hk_err *err)
{
	struct hk_strbuf message = {0};

	hk_criu_put_notify_answer(&message, success);
	return hk_criu_send(criu, &message, err);
}

/* A notification: hand it on, answer. failure: the first, kept while criu undoes what it has done.
 */
static int handle(struct hk_criu *criu, const struct hk_criu_task *task,
	const struct hk_criu_reply *reply, int fd, struct hk_err *failure, struct hk_err *err)
{
	int r = 0;

	if (failure->code)
		return answer(criu, false, err);
	if (task->notify)
		r = task->notify(task->userdata, reply->script, reply->notify_pid, fd, failure);
	return answer(criu, r == 0, err);
}

static int finish(const struct hk_criu_task *task, const struct hk_criu_reply *reply,
	const struct hk_err *failure, struct hk_err *err)
{
	const char *text;

	if (failure->code) { /* ours, criu's follows from it */
		if (err)
			*err = *failure;
		return -failure->code;
	}
	if (reply->success && reply->type == (int)task->type)
		return 0;
	text = hk_criu_error_of(reply->error_text);
	if (text)
		return hk_refuse(err, EIO, "criu failed: %.*s", (int)strcspn(text, "\n"), text);
	if (reply->error > 0)
		return hk_fail(err, reply->error, "criu failed");
	return hk_refuse(err, EIO, "criu failed");
}

/* Until the answer proper. */
static int converse(struct hk_criu *criu, const struct hk_criu_task *task, struct hk_err *err)
{
	struct hk_strbuf request = {0};
	struct hk_err failure = {0};
	struct hk_criu_reply reply;
	int r;

	hk_criu_put_request(&request, task->type, task->opts);
	r = hk_criu_send(criu, &request, err);
	while (r == 0) {
		HK_FD int fd = -1;

		r = hk_criu_receive(criu, &reply, &fd, err);
		if (r == 0 && reply.type != HK_CRIU_NOTIFY)
			return finish(task, &reply, &failure, err);
		if (r == 0)
			r = handle(criu, task, &reply, fd, &failure, err);
	}
	if (failure.code && err)
		*err = failure;
	return failure.code ? -failure.code : r;
}

int hk_criu_run(
	const struct hk_criu_place *place, const struct hk_criu_task *task, struct hk_err *err)
{
	struct hk_criu criu;
	int r = hk_criu_start(place, &criu, err);

	if (r < 0)
		return r;
	r = check_version(&criu, err);
	if (r == 0)
		r = check_features(&criu, &task->features, err);
	if (r == 0)
		r = converse(&criu, task, err);
	hk_criu_end(&criu);
	return r;
}
