/* hako_explain: the plan that create would run, as text. */
#include <hako/plan.h>

#include "base/str.h"
#include "lib/errors.h"
#include "lib/prepare.h"
#include "state/state.h"

#include <errno.h>

static int explain(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	char **ret, struct hk_err *err)
{
	struct hk_prepared p = {0};
	struct hk_strbuf out = {0};
	int r;

	r = hk_id_check(id, err);
	if (r == 0)
		r = hk_prepare_options(runtime, id, options, &p, err);
	if (r == 0)
		r = hk_prepare(&p, err);
	if (r == 0) {
		hk_plan_describe(p.plan, &out);
		*ret = hk_strbuf_take(&out);
		r = *ret ? 0 : hk_fail(err, ENOMEM, "describe the plan");
	}
	hk_prepared_done(&p);
	return r;
}

int hako_explain(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	char **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(explain(runtime, id, options, ret, &e), &e, err);
}
