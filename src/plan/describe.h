/* A plan in words. */
#ifndef HK_PLAN_DESCRIBE_H
#define HK_PLAN_DESCRIBE_H

#include "plan/plan.h"
#include "plan/sink.h"

/* The clone of the init stage, with the namespaces that it makes. */
void hk_plan_describe_clone(const struct hk_plan *plan, struct hk_sink *sink);
/* One step. An argument that is 0, false or empty is left out where that says nothing. */
void hk_plan_describe_step(
	const struct hk_plan *plan, const struct hk_step *step, struct hk_sink *sink);

/* A step's arguments alone, but for the environment that a program gets. */
void hk_plan_describe_arguments(
	const struct hk_plan *plan, const struct hk_step *step, struct hk_sink *sink);

/* The clone and every step as text, one a line. Appended. */
void hk_plan_describe(const struct hk_plan *plan, struct hk_strbuf *out);

#endif
