/* What a look at the user's input finds wrong. `create` gives up at the first finding; `check`
 * takes them all.
 *
 * Who finds something fills findings->err and returns hk_found(): the finding's negative errno to
 * give up, 0 to go on as if nothing had been found. */
#ifndef HK_BASE_FINDINGS_H
#define HK_BASE_FINDINGS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Nobody reads more, and each is compared with all others. */
#define HK_FINDINGS_MAX 100

struct hk_findings {
	struct hk_err *err;   /* the finding at hand; never NULL */
	bool collect;	      /* go on, and keep what was found in items */
	bool full;	      /* there were more than HK_FINDINGS_MAX: the last item says so */
	struct hk_err *items; /* in the order in which they were found */
	size_t count;
	size_t cap;
};

/* Give up at the first, which is left in err. Nothing to free. */
#define HK_FIRST_FINDING(e) ((struct hk_findings){.err = (e)})
/* Take all; scratch is overwritten with each. hk_findings_done frees them. */
#define HK_ALL_FINDINGS(scratch) ((struct hk_findings){.err = (scratch), .collect = true})

/* What is in findings->err has been found. What is said of a property, or of one below or above it,
 * that there is a finding about already is left out: it follows from that. Returns as above, -ENOMEM, or
 * -E2BIG when there are too many: then there is nothing to go on for. */
int hk_found(struct hk_findings *findings);

/* Is there a finding about that property, or about one above or below it? */
bool hk_findings_touch(const struct hk_findings *findings, const char *property);

void hk_findings_done(struct hk_findings *findings);

#endif
