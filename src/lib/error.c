/* hako_error: a struct hk_err with the texts that it is shown as. */
#include "lib/errors.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hako_error {
	int code;
	char property[sizeof(((struct hk_err *)0)->property)];
	char position[sizeof(((struct hk_err *)0)->position)];
	char step[sizeof(((struct hk_err *)0)->step)];
	char hint[sizeof(((struct hk_err *)0)->hint)];
	char message[1024];
	char text[1024 + 64 + 200 + 4];
};

/* What is given where there is no memory for an error; never freed. */
static const struct hako_error out_of_memory = {
	.code = ENOMEM,
	.message = "cannot allocate memory",
	.text = "cannot allocate memory",
};

static void set_message(struct hako_error *error, const struct hk_err *err)
{
	char printable[896], reason[96];

	hk_printable(err->message, printable, sizeof(printable));
	if (err->flags & HK_ERR_ERRNO_TEXT)
		(void)snprintf(error->message, sizeof(error->message), "%s: %s", printable,
			hk_errno_text(err->code, reason, sizeof(reason)));
	else
		(void)snprintf(error->message, sizeof(error->message), "%s", printable);
}

static void set_text(struct hako_error *error)
{
	(void)snprintf(error->text, sizeof(error->text), "%s%s%s%s%s", error->position,
		error->position[0] && error->property[0] ? " " : "", error->property,
		error->position[0] || error->property[0] ? ": " : "", error->message);
}

static const struct hako_error *error_new(const struct hk_err *err)
{
	struct hako_error *error = calloc(1, sizeof(*error));
	char found[sizeof(err->hint)];
	const char *hint = err->hint[0] ? err->hint : hk_hint_find(err, found, sizeof(found));

	if (!error)
		return &out_of_memory;
	error->code = err->code;
	hk_printable(err->property, error->property, sizeof(error->property));
	hk_printable(err->position, error->position, sizeof(error->position));
	hk_printable(err->step, error->step, sizeof(error->step));
	if (hint)
		hk_printable(hint, error->hint, sizeof(error->hint));
	set_message(error, err);
	set_text(error);
	return error;
}

int hk_give(int r, const struct hk_err *err, hako_error **ret)
{
	struct hk_err bare;

	if (r >= 0 || !ret)
		return r;
	if (err->code == 0) { /* a failure below that said nothing but its errno */
		memset(&bare, 0, sizeof(bare));
		(void)hk_fail(&bare, -r, "internal error");
		err = &bare;
	}
	*ret = (hako_error *)error_new(err);
	return r;
}

void hako_error_free(hako_error *err)
{
	if (err != &out_of_memory)
		free(err);
}

int hako_error_code(const hako_error *err)
{
	return err->code;
}

const char *hako_error_message(const hako_error *err)
{
	return err->message;
}

const char *hako_error_property(const hako_error *err)
{
	return err->property;
}

const char *hako_error_position(const hako_error *err)
{
	return err->position;
}

const char *hako_error_step(const hako_error *err)
{
	return err->step;
}

const char *hako_error_hint(const hako_error *err)
{
	return err->hint;
}

const char *hako_error_text(const hako_error *err)
{
	return err->text;
}
