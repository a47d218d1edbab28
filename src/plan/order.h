/* What must come before what in a plan, as data. */
#ifndef HK_PLAN_ORDER_H
#define HK_PLAN_ORDER_H

#include "plan/plan.h"

struct hk_err;

/* The plan must be one that hk_plan_check accepts. -EPROTO with the rule that is broken. */
int hk_plan_check_order(const struct hk_plan *plan, struct hk_err *err);
/* The same of a plan for a process that joins a container. */
int hk_plan_check_exec_order(const struct hk_plan *plan, struct hk_err *err);

#endif
